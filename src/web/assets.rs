//! The pages, embedded in the binary: hashed names cached for ever, documents never.

use actix_web::{
    HttpRequest, HttpResponse, Route, guard,
    http::{StatusCode, header},
    web,
};
use rust_embed::RustEmbed;

use super::problem::Problem;

/// The dashboard and the demo page, as built from `dashboards/`.
#[derive(RustEmbed)]
#[folder = "dashboards/dist"]
struct Pages;

/// The SDK with its adapters, as built from `sdk-js/`.
#[derive(RustEmbed)]
#[folder = "sdk-js/dist"]
#[include = "*.js"]
#[include = "*.mjs"]
struct Sdk;

const FOR_EVER: &str = "public, max-age=31536000, immutable";
const ASK_AGAIN: &str = "no-cache";
/// Nothing but our own files; the SDK and the socket go to this origin.
const CONTENT_SECURITY_POLICY: &str = "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data: \
    blob:; media-src 'self' blob:; connect-src 'self' ws: wss:; object-src 'none'; base-uri 'none'; frame-ancestors 'none'";

/// Paths the dashboard's own router answers; each is its document.
const APP_PATHS: [&str; 21] = [
    "/",
    "/login",
    "/sql",
    "/start",
    "/overview",
    "/explore",
    "/explore/{metric}",
    "/videos",
    "/videos/{id}",
    "/views",
    "/views/{id}",
    "/errors",
    "/errors/{code}",
    "/compare",
    "/alerts",
    "/alerts/{id}",
    "/usage",
    "/quality",
    "/system",
    "/settings",
    "/settings/{section}",
];

/// The routes.
pub fn routes(config: &mut web::ServiceConfig) {
    for path in APP_PATHS {
        config.route(path, get().to(|| page("index.html")));
    }
    config
        .route("/demo", get().to(|| page("demo.html")))
        .route("/demo/{file}", get().to(public_file))
        .route("/sdk/{file:.*}", get().to(sdk))
        .route("/assets/{file:.*}", get().to(asset));
}

/// GET and HEAD: monitors ask for the head alone.
fn get() -> Route {
    web::route().guard(guard::Any(guard::Get()).or(guard::Head()))
}

async fn page(name: &'static str) -> HttpResponse {
    match Pages::get(name) {
        Some(file) => HttpResponse::Ok()
            .content_type("text/html; charset=utf-8")
            .insert_header((header::CACHE_CONTROL, ASK_AGAIN))
            .insert_header((header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY))
            .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
            .insert_header((header::REFERRER_POLICY, "same-origin"))
            .body(file.data.into_owned()),
        None => missing(),
    }
}

async fn asset(path: web::Path<String>) -> HttpResponse {
    let name = format!("assets/{path}");
    Pages::get(&name).map_or_else(missing, |file| whole(&name, file.data.into_owned(), FOR_EVER))
}

/// The SDK keeps its name over releases, so it is asked for again; any site may load it.
async fn sdk(file: web::Path<String>) -> HttpResponse {
    let Some(found) = Sdk::get(&file) else { return missing() };
    let mut response = whole(&file, found.data.into_owned(), "public, max-age=300");
    response.headers_mut().insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, header::HeaderValue::from_static("*"));
    response
}

/// The demo's video: players seek in it, so ranges are answered.
async fn public_file(request: HttpRequest, file: web::Path<String>) -> HttpResponse {
    let name = format!("demo/{file}");
    let Some(found) = Pages::get(&name) else { return missing() };
    let bytes = found.data.into_owned();
    let range = request.headers().get(header::RANGE).and_then(|value| value.to_str().ok());
    match range.and_then(|range| byte_range(range, bytes.len())) {
        None => {
            let mut response = whole(&name, bytes, ASK_AGAIN);
            response.headers_mut().insert(header::ACCEPT_RANGES, header::HeaderValue::from_static("bytes"));
            response
        }
        Some((first, last)) => HttpResponse::build(StatusCode::PARTIAL_CONTENT)
            .content_type(mime_guess::from_path(&name).first_or_octet_stream().as_ref())
            .insert_header((header::ACCEPT_RANGES, "bytes"))
            .insert_header((header::CONTENT_RANGE, format!("bytes {first}-{last}/{}", bytes.len())))
            .body(bytes[first..=last].to_vec()),
    }
}

/// `bytes=first-last`, `bytes=first-` or `bytes=-length`; several ranges are answered whole.
fn byte_range(header: &str, length: usize) -> Option<(usize, usize)> {
    let (first, last) = header.strip_prefix("bytes=")?.split_once('-')?;
    let end = length.checked_sub(1)?;
    let range = match (first.parse::<usize>(), last.parse::<usize>()) {
        (Ok(first), Ok(last)) => (first, last.min(end)),
        (Ok(first), Err(_)) if last.is_empty() => (first, end),
        (Err(_), Ok(suffix)) if first.is_empty() => (length.saturating_sub(suffix), end),
        _ => return None,
    };
    (range.0 <= range.1).then_some(range)
}

fn whole(name: &str, bytes: Vec<u8>, cache: &'static str) -> HttpResponse {
    HttpResponse::Ok()
        .content_type(mime_guess::from_path(name).first_or_octet_stream().as_ref())
        .insert_header((header::CACHE_CONTROL, cache))
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .body(bytes)
}

fn missing() -> HttpResponse {
    let problem = Problem::new(StatusCode::NOT_FOUND, "not_found", "there is no such file");
    problem.send(problem.builder())
}

#[cfg(test)]
mod tests {
    use super::byte_range;

    #[test]
    fn ranges_as_players_ask_for_them() {
        assert_eq!(byte_range("bytes=0-", 10), Some((0, 9)));
        assert_eq!(byte_range("bytes=2-4", 10), Some((2, 4)));
        assert_eq!(byte_range("bytes=2-400", 10), Some((2, 9)));
        assert_eq!(byte_range("bytes=-3", 10), Some((7, 9)));
        assert_eq!(byte_range("bytes=20-", 10), None);
        assert_eq!(byte_range("bytes=a-b", 10), None);
    }
}
