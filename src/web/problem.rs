//! Error answers in one form, for beacons, files and the API alike: RFC 9457 problem JSON with a stable code, and the
//! `error` member that the Mux API clients read.

use actix_web::{HttpResponse, HttpResponseBuilder, http::StatusCode};
use serde::Serialize;
use serde_json::{Map, Value};

use super::sql::screen::Fault;

/// RFC 9457 with additions.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Problem {
    /// `urn:playhead:error:` and the code.
    #[serde(rename = "type")]
    kind: String,
    title: String,
    status: u16,
    detail: String,
    /// Stable word for programs.
    code: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// The parameter at fault.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parameter: Option<String>,
    /// What would have been taken.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    choices: Vec<String>,
    /// What is wrong with the SQL.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub statement: Option<Fault>,
    error: MuxError,
}

/// The part the official Mux clients read.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct MuxError {
    #[serde(rename = "type")]
    kind: &'static str,
    messages: Vec<String>,
}

impl Problem {
    /// `code` is for programs, `detail` for people.
    pub fn new(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Self {
        let detail = detail.into();
        Self {
            kind: format!("urn:playhead:error:{code}"),
            title: status.canonical_reason().unwrap_or("Error").to_owned(),
            status: status.as_u16(),
            code,
            request_id: None,
            parameter: None,
            choices: Vec::new(),
            statement: None,
            error: MuxError { kind: code, messages: vec![detail.clone()] },
            detail,
        }
    }

    /// Names what would have been taken instead.
    pub fn choices(mut self, choices: Vec<String>) -> Self {
        if !choices.is_empty() {
            self.error.messages.push(format!("choices: {}", choices.join(", ")));
        }
        self.choices = choices;
        self
    }

    /// An answer with the problem's status, for further headers.
    pub fn builder(&self) -> HttpResponseBuilder {
        HttpResponse::build(StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR))
    }

    /// The answer, with the headers `response` has already.
    pub fn send(&self, response: HttpResponseBuilder) -> HttpResponse {
        self.send_with(response, Map::new())
    }

    /// The same with members beyond ours, which RFC 9457 allows.
    pub fn send_with(&self, mut response: HttpResponseBuilder, members: Map<String, Value>) -> HttpResponse {
        let mut body = serde_json::to_value(self).unwrap_or_default();
        if let Value::Object(problem) = &mut body {
            problem.extend(members);
        }
        response.content_type("application/problem+json").body(body.to_string())
    }
}
