//! What every operation may answer beside what it is for, added to each by what it takes, so that no handler forgets one.

use utoipa::{
    Modify,
    openapi::{
        Content, ContentBuilder, HttpMethod, OpenApi, Ref, RefOr, Response, ResponseBuilder,
        path::{Operation, ParameterIn},
    },
};

const PROBLEM_JSON: &str = "application/problem+json";

/// Status, name among the document's responses, and what it means.
const ANSWERS: [(&str, &str, &str); 11] = [
    ("304", "NotModified", "Still the answer `If-None-Match` names"),
    ("400", "BadRequest", "Something in the request is wrong; it says what, and what would be right"),
    ("401", "Unauthorized", "Nobody, or nobody known, asks"),
    ("403", "Forbidden", "Not for those who ask, or asked from another site"),
    ("404", "NotFound", "There is no such thing"),
    ("413", "ContentTooLarge", "The body is too large"),
    ("415", "UnsupportedMediaType", "The body is not JSON"),
    ("429", "TooManyRequests", "`Retry-After` says when to come again"),
    ("500", "InternalServerError", "The server failed"),
    ("503", "ServiceUnavailable", "A part of the server is away, or the question is too heavy"),
    ("504", "GatewayTimeout", "The position was not reached in time"),
];

/// What a status means.
pub fn meaning(status: &str) -> Option<&'static str> {
    ANSWERS.iter().find(|(known, ..)| *known == status).map(|(_, _, words)| *words)
}

/// Declares problems as what they are, and where they can occur.
pub struct Problems;

impl Modify for Problems {
    fn modify(&self, document: &mut OpenApi) {
        let components = document.components.get_or_insert_default();
        for (status, name, description) in ANSWERS {
            let mut response = ResponseBuilder::new().description(description).build();
            as_problem(status, &mut response);
            components.responses.insert(name.to_owned(), RefOr::T(response));
        }
        for (path, item) in &mut document.paths.paths {
            for (method, operation) in super::operations_of(item) {
                declare(path, &method, operation);
            }
        }
    }
}

fn declare(path: &str, method: &HttpMethod, operation: &mut Operation) {
    for (status, name, _) in ANSWERS {
        let known = &mut operation.responses.responses;
        if !known.contains_key(status) && may_answer(status, path, method, operation) {
            let response = RefOr::Ref(Ref::from_response_name(name));
            operation.responses.responses.insert(status.to_owned(), response);
        }
    }
    for (status, response) in &mut operation.responses.responses {
        if let RefOr::T(response) = response {
            as_problem(status, response);
        }
    }
}

fn may_answer(status: &str, path: &str, method: &HttpMethod, operation: &Operation) -> bool {
    let parameters = || {
        operation.parameters.iter().flatten().filter_map(|parameter| match parameter {
            RefOr::T(parameter) => Some(parameter),
            RefOr::Ref(_) => None,
        })
    };
    let is_data = path.starts_with("/data/v1/");
    let (is_get, has_body) = (*method == HttpMethod::Get, operation.request_body.is_some());
    match status {
        "304" => is_data && is_get,
        // Every address of data reads its parameters, and refuses those it does not know.
        "400" => is_data || has_body,
        "401" | "429" => is_data,
        "403" => !is_get,
        "404" => parameters().any(|parameter| matches!(parameter.parameter_in, ParameterIn::Path)),
        "413" | "415" => has_body,
        "504" => parameters().any(|parameter| parameter.name.starts_with("wait_")),
        _ => true,
    }
}

/// Errors are problem JSON, whatever a handler says of them.
fn as_problem(status: &str, response: &mut Response) {
    if status.starts_with(['4', '5']) {
        let content: Content = ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem"))).build();
        response.content = [(PROBLEM_JSON.to_owned(), RefOr::T(content))].into();
    }
}
