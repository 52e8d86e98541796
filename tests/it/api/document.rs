//! The API's document: committed, served, and true to the routes.

use serde_json::Value;

use super::server::{Server, unlimited};

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

#[tokio::test]
async fn every_documented_read_is_there() {
    let server = Server::start(unlimited());
    let tenant = server.tenant().await;
    let response = server.http.get(format!("{}/data/v1/openapi.json", server.url)).send().await.unwrap();
    let document: Value = response.json().await.unwrap();
    let paths = document["paths"].as_object().unwrap();
    assert!(paths.len() >= 11, "{}", paths.len());
    for (path, operations) in paths {
        if operations.get("get").is_none() || path == "/session" {
            continue;
        }
        let metric = match path {
            path if path.ends_with("histogram-timeseries") => "video-startup-time",
            path if path.contains("/monitoring/") => "current-concurrent-viewers",
            _ => "views",
        };
        let path = path
            .replace("{metric}", metric)
            .replace("{dimension}", "country")
            .replace("{video_id}", "v")
            .replace("{file}", "2026-11-22.csv")
            .replace("{id}", "none");
        let expected = match path {
            ref path if path.contains("/none") => 404,
            // It takes a token of its own.
            ref path if path.ends_with("/viewer-count") => 401,
            _ => 200,
        };
        assert_eq!(server.ask(&tenant, &path, &[]).await.status(), expected, "{path}");
    }
}
