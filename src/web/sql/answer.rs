//! The answer on its way back: ClickHouse's own, let through piece by piece.

use actix_web::{
    HttpResponse, HttpResponseBuilder,
    http::{StatusCode, header},
};
use bytes::Bytes;
use futures_util::stream;

use super::{audit::Record, running::Ticket};
use crate::{
    store::embedded::{
        error::{EngineError, code},
        frames,
    },
    web::error::ApiError,
};

/// Bytes of an error's text that are read.
const LONGEST_ERROR: usize = 64 << 10;
/// Headers of ClickHouse's answer that are the client's.
const PASSED_ON: [&str; 4] =
    ["content-type", "x-clickhouse-format", "x-clickhouse-timezone", "x-clickhouse-exception-tag"];
/// Mistakes and limits of a statement, for which a server answers 500 as for its own failures. Clients go by the code; whoever
/// watches this port for failures wants to see those alone. In words: texts and numbers that cannot be read or do not fit,
/// names that are ambiguous or used in a circle, aggregates in the wrong place, parameters that are not set, `throwIf`, and
/// the limits on rows, bytes and memory.
const STATEMENTS_OWN: [i32; 33] = [
    10, 20, 34, 35, 63, 69, 125, 128, 131, 153, 158, 174, 179, 184, 190, 207, 215, 216, 241, 306, 307, 349,
    352, 386, 394, 395, 396, 407, 427, 456, 457, 467, 691,
];
/// The name of the server, as clients show it.
const DISPLAY_NAME: &str = "playhead";

/// Lets an answer through.
///
/// # Errors
/// What ClickHouse says went wrong.
pub async fn pass_on(
    upstream: reqwest::Response,
    mut ticket: Ticket,
    mut record: Record,
    progress: bool,
) -> Result<HttpResponse, EngineError> {
    if !upstream.status().is_success() {
        ticket.ended();
        return Err(record.failed(error_of(upstream).await));
    }
    let header = |name: &str| upstream.headers().get(name).and_then(|value| value.to_str().ok());
    let mut response = HttpResponse::Ok();
    common(&mut response, &record.query_id);
    for name in PASSED_ON {
        if let Some(value) = header(name) {
            response.insert_header((name, value));
        }
    }
    record.summary = summary(header("x-clickhouse-summary"), record.elapsed_ns());
    response.insert_header(("X-ClickHouse-Summary", record.summary.as_str()));
    if progress {
        response.insert_header(("X-ClickHouse-Progress", record.summary.as_str()));
    }
    let pieces = stream::unfold(Some((upstream, ticket, record)), |state| async {
        let (mut upstream, mut ticket, mut record) = state?;
        let piece: Result<Option<Bytes>, EngineError> = tokio::select! {
            biased;
            stopped = ticket.stopped() => Err(stopped),
            piece = upstream.chunk() => piece.map_err(|error| EngineError::host(error.without_url())),
        };
        match piece {
            Ok(Some(piece)) => {
                record.sent_bytes += piece.len() as u64;
                Some((Ok(piece), Some((upstream, ticket, record))))
            }
            Ok(None) => {
                ticket.ended();
                record.complete = true;
                None
            }
            // The body is cut short: that is how a client learns of it whose answer has begun.
            Err(error) => {
                record.code = error.code();
                Some((Err(std::io::Error::other(error.to_string())), None))
            }
        }
    });
    Ok(response.streaming(pieces))
}

/// What ClickHouse answers with when a statement fails; in frames for who asked for them, as a server does.
pub fn failure(error: &EngineError, query_id: &str, compress: bool) -> HttpResponse {
    let status = match error.code() {
        164 => StatusCode::FORBIDDEN,
        201 => StatusCode::TOO_MANY_REQUESTS,
        210 => StatusCode::SERVICE_UNAVAILABLE,
        own if STATEMENTS_OWN.contains(&own) => StatusCode::BAD_REQUEST,
        _ => StatusCode::from_u16(error.http_status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
    };
    let mut response = HttpResponse::build(status);
    common(&mut response, query_id);
    if error.code() == code::AUTHENTICATION_FAILED {
        response.insert_header((header::WWW_AUTHENTICATE, "Basic realm=\"Playhead SQL\""));
    }
    if matches!(error.code(), 201 | 202 | 210) {
        response.insert_header((header::RETRY_AFTER, 1));
    }
    response.insert_header(("X-ClickHouse-Exception-Code", error.code()));
    // The rest of a body that was not read to its end must not be taken for the next request.
    response.force_close().content_type("text/plain; charset=UTF-8");
    let text = format!("{error}\n");
    if compress { response.body(frames::encode(text.as_bytes())) } else { response.body(text) }
}

/// An empty answer that goes well, as to SET.
pub fn done(query_id: &str) -> HttpResponse {
    let mut response = HttpResponse::Ok();
    common(&mut response, query_id);
    response.insert_header(("X-ClickHouse-Summary", summary(None, 0)));
    response.content_type("text/plain; charset=UTF-8").finish()
}

/// A refusal of the API's door in ClickHouse's words.
pub fn not_let_in(error: &ApiError, user: &str) -> EngineError {
    match error {
        ApiError::Unauthenticated | ApiError::BadCredentials => EngineError::raised(
            code::AUTHENTICATION_FAILED,
            "AUTHENTICATION_FAILED",
            format_args!(
                "{user}: Authentication failed: password is incorrect, or there is no user with such name. \
                 The user is the id of an API token, the password its secret"
            ),
        ),
        ApiError::Forbidden(_) => EngineError::raised(code::ACCESS_DENIED, "ACCESS_DENIED", error),
        ApiError::RateLimited { .. } => EngineError::raised(201, "QUOTA_EXCEEDED", error),
        _ => {
            tracing::warn!(%error, cause = error.cause(), "the SQL port could not find out who asks");
            EngineError::raised(
                210,
                "NETWORK_ERROR",
                "This part of the server cannot be reached now; try again",
            )
        }
    }
}

fn common(response: &mut HttpResponseBuilder, query_id: &str) {
    response
        .insert_header(("X-ClickHouse-Query-Id", query_id))
        .insert_header(("X-ClickHouse-Server-Display-Name", DISPLAY_NAME))
        .insert_header((header::CACHE_CONTROL, "private, no-store"))
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"));
}

/// The engine's summary, with the time it took where the engine does not say it.
pub fn summary(given: Option<&str>, elapsed_ns: u128) -> String {
    let parsed = given.and_then(|text| serde_json::from_str::<serde_json::Map<_, _>>(text).ok());
    let mut summary = parsed.unwrap_or_default();
    for counted in ["read_rows", "read_bytes", "written_rows", "written_bytes"] {
        summary.entry(counted).or_insert_with(|| "0".into());
    }
    summary.entry("elapsed_ns").or_insert_with(|| elapsed_ns.to_string().into());
    serde_json::Value::Object(summary).to_string()
}

/// The error in an answer. With `compress=1` a server writes it in frames as well.
pub async fn error_of(mut upstream: reqwest::Response) -> EngineError {
    let mut body = Vec::new();
    while let Ok(Some(piece)) = upstream.chunk().await
        && body.len() < LONGEST_ERROR
    {
        body.extend_from_slice(&piece);
    }
    if !body.starts_with(b"Code:") {
        let mut decoder = frames::Decoder::default();
        decoder.push(&body);
        if let Ok(Some(content)) = decoder.next_within(LONGEST_ERROR) {
            body = content;
        }
    }
    EngineError::from_message(without_scope(String::from_utf8_lossy(&body).trim_end()))
}

/// The new analyzer appends the statement an error was found in. That is the one this port wrote, which would only
/// confuse; the name of the error and the version, in the parentheses at the end, stay.
fn without_scope(message: &str) -> String {
    let begin =
        [" in scope ", ": In scope ", ". In scope ", " In scope "].iter().find_map(|mark| message.find(mark));
    let (Some(begin), Some(end)) = (begin, message.rfind(". (").or_else(|| message.rfind(" (version")))
    else {
        return message.to_owned();
    };
    match (message.get(..begin), message.get(end..)) {
        (Some(before), Some(after)) if begin < end => format!("{before}{after}"),
        _ => message.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rewritten_statement_is_no_part_of_an_error() {
        let message = "Code: 47. DB::Exception: Unknown expression identifier `x` in scope SELECT x. In scope SELECT x \
            FROM (SELECT 1 (2). (3)). (UNKNOWN_IDENTIFIER) (version 26.7.2.1)";
        let short = without_scope(message);
        assert!(!short.contains("(3)") && short.contains("(UNKNOWN_IDENTIFIER)"), "{short}");
        assert_eq!(EngineError::from_message(short).code(), 47);
    }

    #[test]
    fn the_summary_says_how_long_it_took() {
        let text = summary(Some(r#"{"read_rows":"5"}"#), 12);
        let read: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!((read["read_rows"].as_str(), read["elapsed_ns"].as_str()), (Some("5"), Some("12")));
    }
}
