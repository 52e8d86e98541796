//! From which pages a key takes beacons, and what browsers are told about it.
//!
//! A key without origins answers every page, since players run on their customers' sites. A key with origins answers
//! those alone, by name. What sends no `Origin` is no page: apps and servers are let in by their key.

use std::cell::OnceCell;

use actix_web::{
    HttpResponse,
    dev::RequestHead,
    http::{
        StatusCode,
        header::{self, HeaderValue},
    },
};

use super::refusal::Refusal;
use crate::control::IngestKey;

/// The head of a beacon request.
pub struct Incoming<'r> {
    pub head: &'r RequestHead,
    /// The page's origin, once it was held against a key that has some.
    compared: OnceCell<HeaderValue>,
}

impl<'r> From<&'r RequestHead> for Incoming<'r> {
    fn from(head: &'r RequestHead) -> Self {
        Self { head, compared: OnceCell::new() }
    }
}

impl Incoming<'_> {
    /// Lets a request through if the key takes beacons from its page.
    ///
    /// # Errors
    /// [`Refusal::ForeignOrigin`].
    pub fn check(&self, key: &IngestKey) -> Result<(), Refusal> {
        let Some(origin) = self.head.headers().get(header::ORIGIN) else { return Ok(()) };
        if key.origins.are_any() {
            return Ok(());
        }
        let origin = self.compared.get_or_init(|| origin.clone());
        match origin.to_str().is_ok_and(|origin| key.origins.allow(origin)) {
            true => Ok(()),
            false => Err(Refusal::ForeignOrigin),
        }
    }

    /// The page that was compared, for [`narrow`].
    pub fn into_page(self) -> Option<HeaderValue> {
        self.compared.into_inner()
    }
}

/// Narrows an answer that any page may read to the one page that was compared; to none if it was refused. (A format that
/// answers refusals like successes lets the page see it: its player would send again for ever.)
pub fn narrow(page: Option<HeaderValue>, mut response: HttpResponse) -> HttpResponse {
    if let Some(origin) = page {
        let is_refused = response.status() == StatusCode::FORBIDDEN;
        let headers = response.headers_mut();
        headers.remove(header::ACCESS_CONTROL_ALLOW_ORIGIN);
        if !is_refused {
            headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        }
        headers.append(header::VARY, HeaderValue::from_static("origin"));
    }
    response
}
