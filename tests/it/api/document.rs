//! The API's document: committed, and what the code says. That its routes are there, `wall.rs` shows by asking them all.

use std::{collections::BTreeSet, path::Path};

use regex::Regex;
use serde_json::Value;

use super::server::{Server, unlimited};
use crate::tidy::sources;

const COMMITTED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/schema/openapi.json");

#[test]
fn the_committed_document_is_what_the_code_says() {
    let current = playhead::web::openapi::document().unwrap();
    if std::env::var_os("PLAYHEAD_BLESS").is_some() {
        std::fs::write(COMMITTED, &current).unwrap();
    }
    let committed = std::fs::read_to_string(COMMITTED).unwrap_or_default();
    assert!(
        current == committed,
        "schema/openapi.json is out of date: run the test once with PLAYHEAD_BLESS=1"
    );
}

/// Two types of one name would be one in the document, and half of the answers would look otherwise than it says.
#[test]
fn no_two_types_have_one_name_in_it() {
    let type_of_document = Regex::new(
        r"derive\([^)]*ToSchema\)\](?:\s*#\[schema\(as = (?<renamed>\w+)\)\])?(?:\s*#\[.*\]|\s*///.*)*\s*(?:pub(?:\(.*\))? )?(?:struct|enum) (?<name>\w+)",
    )
    .unwrap();
    let mut seen = BTreeSet::new();
    for path in sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src")) {
        let source = std::fs::read_to_string(&path).unwrap();
        for found in type_of_document.captures_iter(&source) {
            let name = found.name("renamed").or(found.name("name")).unwrap().as_str().to_owned();
            assert!(seen.insert(name.clone()), "{name} again in {}", path.display());
        }
    }
    assert!(seen.len() > 100, "{seen:?}");
}

/// Whoever makes a client of the document has to be able to read every answer to a statement.
#[test]
fn a_cell_of_an_answer_in_sql_may_be_anything() {
    let document: Value = serde_json::from_str(&playhead::web::openapi::document().unwrap()).unwrap();
    let cell = &document["components"]["schemas"]["StatementAnswer"]["properties"]["rows"]["items"]["items"];
    assert!(cell.is_object() && cell.get("type").is_none(), "{cell}");
}

/// Generators refuse a document in which two operations share a name, a parameter stands twice, an answer says nothing of
/// itself, or a tuple ends with `items: false`.
#[test]
fn clients_can_be_generated_from_it() {
    let document: Value = serde_json::from_str(&playhead::web::openapi::document().unwrap()).unwrap();
    let mut names = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let name = operation["operationId"].as_str().unwrap().to_owned();
            assert!(names.insert(name.clone()), "{name} again: {method} {path}");
            let parameters = operation["parameters"].as_array().into_iter().flatten();
            let mut said = BTreeSet::new();
            for parameter in parameters {
                let (place, name) = (parameter["in"].as_str().unwrap(), parameter["name"].as_str().unwrap());
                assert!(said.insert((place, name)), "{method} {path}: {name} again");
            }
            for (status, answer) in operation["responses"].as_object().unwrap() {
                let says = answer["description"].as_str().is_some_and(|words| !words.is_empty());
                assert!(says || answer["$ref"].is_string(), "{method} {path} {status}: {answer}");
            }
        }
    }
    assert!(names.contains("get_metrics_by_metric_overall") && names.len() > 80, "{names:?}");
    let point = &document["components"]["schemas"]["TimeseriesAnswer"]["properties"]["data"]["items"];
    assert!(point["items"].is_object() && point["minItems"] == 3 && point["maxItems"] == 3, "{point}");
}

#[tokio::test]
async fn it_is_served_to_everybody() {
    let server = Server::start(unlimited());
    let answer = server.http.get(format!("{}/data/v1/openapi.json", server.url)).send().await.unwrap();
    assert_eq!(answer.text().await.unwrap(), playhead::web::openapi::document().unwrap());
}

/// Every number that a GET may be asked with, at its documented end and just beyond.
#[tokio::test]
async fn documented_bounds_are_those_of_the_code() {
    let server = Server::start(unlimited());
    let tenant = server.tenant().await;
    let document: Value = serde_json::from_str(&playhead::web::openapi::document().unwrap()).unwrap();
    let mut bounds = 0;
    for (path, operations) in document["paths"].as_object().unwrap() {
        let metric = if path.contains("/monitoring/") { "current-concurrent-viewers" } else { "views" };
        let address = path.replace("{metric}", metric).replace("{dimension}", "cdn").replace(['{', '}'], "");
        for parameter in operations["get"]["parameters"].as_array().into_iter().flatten() {
            let (name, most) = (parameter["name"].as_str().unwrap(), parameter["schema"]["maximum"].as_u64());
            let Some(most) = most.filter(|_| parameter["in"] == "query") else { continue };
            for (value, is_within) in [(most, true), (most + 1, false)] {
                let answer = server.ask(&tenant, &address, &[(name, &value.to_string())]).await;
                // For owners' sessions alone, or about something that is not there.
                if matches!(answer.status().as_u16(), 403 | 404) {
                    continue;
                }
                let problem: Value = answer.json().await.unwrap_or_default();
                assert_eq!(problem["parameter"] != name, is_within, "{path}: {name}={value}: {problem}");
                bounds += 1;
            }
        }
    }
    assert!(bounds > 60, "{bounds}");
}
