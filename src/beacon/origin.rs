//! From which pages a key takes beacons, and what browsers are told about it.
//!
//! A key without origins answers every page, since players run on their customers' sites. A key with origins answers
//! those alone, by name. What sends no `Origin` is no page: apps and servers are let in by their key.

use actix_web::{
    HttpMessage, HttpRequest, HttpResponse,
    http::{
        StatusCode,
        header::{self, HeaderValue},
    },
};

use super::refusal::Refusal;
use crate::control::IngestKey;

/// The page's origin, once it was held against a key that has some.
struct Compared(HeaderValue);

/// Lets a request through if the key takes beacons from its page.
///
/// # Errors
/// [`Refusal::ForeignOrigin`].
pub fn check(request: &HttpRequest, key: &IngestKey) -> Result<(), Refusal> {
    let Some(origin) = request.headers().get(header::ORIGIN) else { return Ok(()) };
    if key.origins.are_any() {
        return Ok(());
    }
    request.extensions_mut().insert(Compared(origin.clone()));
    match origin.to_str().is_ok_and(|origin| key.origins.allow(origin)) {
        true => Ok(()),
        false => Err(Refusal::ForeignOrigin),
    }
}

/// Narrows an answer that any page may read to the one page that was compared; to none if it was refused. (A format that
/// answers refusals like successes lets the page see it: its player would send again for ever.)
pub fn narrow(request: &HttpRequest, mut response: HttpResponse) -> HttpResponse {
    if let Some(Compared(origin)) = request.extensions().get::<Compared>() {
        let is_refused = response.status() == StatusCode::FORBIDDEN;
        let headers = response.headers_mut();
        headers.remove(header::ACCESS_CONTROL_ALLOW_ORIGIN);
        if !is_refused {
            headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
        }
        headers.append(header::VARY, HeaderValue::from_static("origin"));
    }
    response
}
