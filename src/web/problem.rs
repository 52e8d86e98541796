//! Error answers in one form: RFC 9457 problem JSON with a code, and the `error` member the Mux API clients read.

use actix_web::{
    HttpResponse,
    http::{StatusCode, header},
};
use serde_json::json;

/// An error answer being put together.
#[derive(Debug)]
pub struct Problem {
    status: StatusCode,
    code: &'static str,
    detail: String,
    retry_after_s: Option<u64>,
}

impl Problem {
    /// `code` is for programs, `detail` for people.
    pub fn new(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Self {
        Self { status, code, detail: detail.into(), retry_after_s: None }
    }

    /// Says when to come back.
    pub fn retry_after_s(mut self, seconds: u64) -> Self {
        self.retry_after_s = Some(seconds);
        self
    }

    /// The answer.
    pub fn response(&self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status);
        response.content_type("application/problem+json").insert_header((header::CACHE_CONTROL, "no-store"));
        if let Some(seconds) = self.retry_after_s {
            response.insert_header((header::RETRY_AFTER, seconds));
        }
        if self.status == StatusCode::UNAUTHORIZED {
            // Not Basic: a browser would ask the viewer of a video for a password.
            response.insert_header((header::WWW_AUTHENTICATE, "Bearer realm=\"playhead\""));
        }
        response.body(
            json!({
                "type": "about:blank",
                "title": self.status.canonical_reason().unwrap_or("Error"),
                "status": self.status.as_u16(),
                "code": self.code,
                "detail": self.detail,
                "error": {"type": self.code, "messages": [self.detail]},
            })
            .to_string(),
        )
    }
}
