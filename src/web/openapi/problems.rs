//! The refusals every operation may give, added to each by what it takes, so that no handler forgets one.

use utoipa::{
    Modify,
    openapi::{
        ContentBuilder, HttpMethod, OpenApi, Ref, RefOr, ResponseBuilder,
        path::{Operation, ParameterIn},
    },
};

const PROBLEM_JSON: &str = "application/problem+json";
const PROBLEM: &str = "#/components/schemas/Problem";

/// Declares problems as what they are, and where they can occur.
pub struct Problems;

impl Modify for Problems {
    fn modify(&self, document: &mut OpenApi) {
        for (path, item) in &mut document.paths.paths {
            for (method, operation) in [
                (HttpMethod::Get, &mut item.get),
                (HttpMethod::Post, &mut item.post),
                (HttpMethod::Put, &mut item.put),
                (HttpMethod::Patch, &mut item.patch),
                (HttpMethod::Delete, &mut item.delete),
            ] {
                if let Some(operation) = operation {
                    declare(path, &method, operation);
                }
            }
        }
    }
}

fn declare(path: &str, method: &HttpMethod, operation: &mut Operation) {
    let parameters = || {
        operation.parameters.iter().flatten().filter_map(|parameter| match parameter {
            RefOr::T(parameter) => Some(parameter),
            RefOr::Ref(_) => None,
        })
    };
    let takes =
        |place: fn(&ParameterIn) -> bool| parameters().any(|parameter| place(&parameter.parameter_in));
    let has_query = takes(|place| matches!(place, ParameterIn::Query));
    let has_path = takes(|place| matches!(place, ParameterIn::Path));
    let has_body = operation.request_body.is_some();
    let waits = parameters().any(|parameter| parameter.name.starts_with("wait_"));
    let is_data = path.starts_with("/data/v1/");
    // Every address of data reads its parameters, and refuses those it does not know.
    let possible = [
        ("400", "Something in the request is wrong; it says what, and what would be right", is_data || has_query || has_body),
        ("401", "Nobody, or nobody known, asks", is_data),
        ("403", "Not for those who ask, or asked from another site", *method != HttpMethod::Get),
        ("404", "There is no such thing", has_path),
        ("413", "The body is too large", has_body),
        ("415", "The body is not JSON", has_body),
        ("429", "Too many requests; `Retry-After` says when to come again", is_data),
        ("500", "The server failed", true),
        ("503", "A part of the server is away, or the question is too heavy", true),
        ("504", "The position was not reached in time", waits),
    ];
    for (status, description, is_possible) in possible {
        if is_possible && !operation.responses.responses.contains_key(status) {
            let response = ResponseBuilder::new().description(description).build();
            operation.responses.responses.insert(status.to_owned(), RefOr::T(response));
        }
    }
    for (status, response) in &mut operation.responses.responses {
        if let RefOr::T(response) = response
            && !status.starts_with('2')
        {
            let content = ContentBuilder::new().schema(Some(Ref::new(PROBLEM))).build();
            response.content = [(PROBLEM_JSON.to_owned(), RefOr::T(content))].into();
        }
    }
}
