//! ETags: whoever has an answer already is told that it is still right, instead of being sent it again.

use actix_web::{
    Error, HttpResponse,
    body::{BoxBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    http::{
        Method, StatusCode,
        header::{self, HeaderValue},
    },
    middleware::Next,
};
use bytes::Bytes;
use sha2::{Digest, Sha256};

/// Bytes of the hash that make a tag: two answers of one address will never share one.
const TAG_BYTES: usize = 16;

/// Gives every good answer to a read its ETag, and answers 304 to those who have it.
pub async fn conditional(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let is_read = matches!(*request.method(), Method::GET | Method::HEAD);
    let answered = next.call(request).await?.map_into_boxed_body();
    if !is_read || answered.status() != StatusCode::OK {
        return Ok(answered);
    }
    let (request, response) = answered.into_parts();
    let (head, body) = response.into_parts();
    let known = request.headers().get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    let response = match body.try_into_bytes() {
        Ok(bytes) => {
            let tag = tag(&bytes);
            let is_known = known.is_some_and(|known| matches(known, &tag));
            let mut response = head.set_body(BoxBody::new(if is_known { Bytes::new() } else { bytes }));
            if is_known {
                *response.status_mut() = StatusCode::NOT_MODIFIED;
                response.headers_mut().remove(header::CONTENT_TYPE);
            }
            tagged(response, &tag)
        }
        // A stream is not known before it is sent.
        Err(body) => head.set_body(body),
    };
    Ok(ServiceResponse::new(request, response))
}

fn tagged(mut response: HttpResponse, tag: &str) -> HttpResponse {
    if let Ok(value) = HeaderValue::from_str(tag) {
        response.headers_mut().insert(header::ETAG, value);
    }
    // May be kept, but not used without asking.
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    response
}

/// Weak: the same answer may be compressed one way or another.
fn tag(body: &[u8]) -> String {
    let hash = Sha256::digest(body);
    let hex: String = hash.iter().take(TAG_BYTES).map(|byte| format!("{byte:02x}")).collect();
    format!("W/\"{hex}\"")
}

/// Whether an `If-None-Match` names the tag.
fn matches(known: &str, tag: &str) -> bool {
    let opaque = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    known.trim() == "*" || known.split(',').any(|known| opaque(known) == opaque(tag))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_found_in_every_form_of_the_header() {
        let tag = tag(b"{}");
        let strong = tag.trim_start_matches("W/");
        for known in [tag.as_str(), strong, "*", &format!("\"x\", {tag}"), &format!("{strong},\"y\"")] {
            assert!(matches(known, &tag), "{known}");
        }
        assert!(!matches("\"x\"", &tag) && !matches("", &tag));
    }
}
