//! What happens around every request: a request id, who it is from, what is left to them, and errors in one form.

use actix_web::{
    Error, HttpMessage, HttpResponse,
    body::{BoxBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    http::{
        Method, StatusCode,
        header::{self, HeaderName, HeaderValue},
    },
    middleware::Next,
    web::Data,
};

use std::time::Instant;

use super::{
    address::{client_address, limit_key},
    api::ApiState,
    auth::{Via, same_site},
    error::ApiError,
    limit::Left,
};

/// Lets in who may read, and counts. Inside of [`envelope`].
pub async fn guard(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let admitted = match (state(&request), client(&request)) {
        (Some(state), Some(address)) => {
            let admission = state.admit(request.request(), address).await;
            if let Some(left) = admission.left {
                request.extensions_mut().insert(left);
            }
            admission.reader.and_then(|reader| {
                let safe = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
                if matches!(reader.via, Via::Session(_)) && !safe {
                    same_site(request.request())?;
                }
                Ok(reader)
            })
        }
        _ => Err(ApiError::Internal("a request without state or peer".to_owned())),
    };
    match admitted {
        Ok(reader) => {
            request.extensions_mut().insert(reader);
            next.call(request).await.map(ServiceResponse::map_into_boxed_body)
        }
        Err(error) => Ok(request.error_response(error).map_into_boxed_body()),
    }
}

/// Gives each request an id and each answer its headers, and every error the same form, whoever made it.
pub async fn envelope(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let begun = Instant::now();
    let request_id = uuid::Uuid::now_v7().simple().to_string();
    let answered = next.call(request).await?.map_into_boxed_body();
    let mut answered = match failure(answered.response()) {
        None => answered,
        Some(error) => {
            log(&error, &request_id, answered.request().path());
            let (request, _) = answered.into_parts();
            ServiceResponse::new(request, error.response(Some(&request_id)))
        }
    };
    let left = answered.request().extensions().get::<Left>().copied();
    let headers = answered.headers_mut();
    if let Some(left) = left {
        left.write(headers);
    }
    if let Ok(value) = HeaderValue::from_str(&request_id) {
        headers.insert(HeaderName::from_static("x-request-id"), value);
    }
    if let Ok(value) =
        HeaderValue::from_str(&format!("total;dur={:.1}", begun.elapsed().as_secs_f64() * 1000.0))
    {
        headers.append(HeaderName::from_static("server-timing"), value);
    }
    if !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
    }
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    Ok(answered)
}

/// The error in an answer, if it is one: ours, or what the framework made of a bad request.
fn failure(response: &HttpResponse) -> Option<ApiError> {
    if let Some(error) = response.error().and_then(Error::as_error::<ApiError>) {
        return Some(error.clone());
    }
    let detail = || response.error().map_or_else(|| response.status().to_string(), ToString::to_string);
    match response.status() {
        StatusCode::NOT_FOUND => Some(ApiError::NotFound("there is nothing at this address".to_owned())),
        StatusCode::PAYLOAD_TOO_LARGE => Some(ApiError::BodyTooLarge),
        StatusCode::UNSUPPORTED_MEDIA_TYPE => Some(ApiError::UnsupportedMedia),
        status if status.is_client_error() => Some(ApiError::InvalidBody(detail())),
        status if status.is_server_error() => Some(ApiError::Internal(detail())),
        _ => None,
    }
}

fn log(error: &ApiError, request_id: &str, path: &str) {
    let (code, cause) = (error.code(), error.cause().unwrap_or_default());
    match error.level() {
        tracing::Level::ERROR => tracing::error!(code, cause, request_id, path, "request failed"),
        tracing::Level::WARN => tracing::warn!(code, cause, request_id, path, "request failed"),
        tracing::Level::INFO => tracing::info!(code, request_id, path, "request refused"),
        _ => tracing::debug!(code, request_id, path, "request refused"),
    }
}

fn state(request: &ServiceRequest) -> Option<Data<ApiState>> {
    request.app_data::<Data<ApiState>>().cloned()
}

fn client(request: &ServiceRequest) -> Option<std::net::IpAddr> {
    let state = request.app_data::<Data<ApiState>>()?;
    client_address(request.head(), &state.trusted_proxies).map(limit_key)
}
