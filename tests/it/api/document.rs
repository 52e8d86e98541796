//! The API's document: committed, and what the code says. That its routes are there, `wall.rs` shows by asking them all.

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
async fn it_is_served_to_everybody() {
    let server = Server::start(unlimited());
    let answer = server.http.get(format!("{}/data/v1/openapi.json", server.url)).send().await.unwrap();
    assert_eq!(answer.text().await.unwrap(), playhead::web::openapi::document().unwrap());
}
