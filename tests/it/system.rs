//! What the service says of itself: to a tenant what was refused of theirs, to an owner how the node is.

use reqwest::header;
use serde_json::{Value, json};

use crate::support::server::Server;

/// Sends a body to the intake and returns the status.
async fn send(server: &Server, key: &str, body: &str) -> u16 {
    let request = server.http.post(server.at(&format!("/in/{key}")));
    let request =
        request.header(header::USER_AGENT, "a player").header(header::ORIGIN, "https://example.org");
    request
        .header(header::CONTENT_TYPE, "application/json")
        .body(body.to_owned())
        .send()
        .await
        .unwrap()
        .status()
        .as_u16()
}

/// A session of whoever started the server.
async fn owner(server: &Server) -> String {
    let printed = server.output();
    let code = printed.split("#code=").nth(1).and_then(|rest| rest.split_whitespace().next()).unwrap();
    let opened = server.http.post(server.at("/session")).json(&json!({"code": code})).send().await.unwrap();
    assert_eq!(opened.status(), 204);
    let cookie = opened.headers()[header::SET_COOKIE].to_str().unwrap();
    cookie.split(';').next().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_reads_what_was_refused_and_an_owner_how_the_node_is() {
    let server = Server::start(&[]).await;
    let in_part = json!({"v": 1, "views": [{"id": "one", "set": {"video_id": "film"}, "events": [
        {"seq": 1, "t_ms": 0, "type": "play"}, {"seq": 2, "t_ms": 5, "type": 7}]}]});
    assert_eq!(send(&server, Server::INGEST_KEY, &in_part.to_string()).await, 202);
    for _ in 0..2 {
        assert_eq!(send(&server, Server::INGEST_KEY, "{").await, 400);
    }
    assert_eq!(send(&server, "nobodys", "{").await, 401);

    let (status, answer) = server.get("/data/v1/refusals").await;
    assert_eq!(status, 200, "{answer}");
    let [json, event] = &answer["data"].as_array().unwrap()[..] else { panic!("two kinds: {answer}") };
    assert_eq!(
        (&json["reason"], &json["count"], &json["whole_beacons"]),
        (&json!("bad_json"), &json!(2), &json!(true))
    );
    assert_eq!((&event["count"], &event["whole_beacons"]), (&json!(1), &json!(false)));
    let example = &event["example"];
    assert_eq!((&example["view_id"], &example["sequence"]), (&json!("one"), &json!(2)));
    assert_eq!(
        (&example["origin"], &example["user_agent"]),
        (&json!("https://example.org"), &json!("a player"))
    );
    assert_eq!(example["ingest_key"], Server::INGEST_KEY);

    let (status, _) = server.get("/data/v1/system").await;
    assert_eq!(status, 403, "a token is of one environment, and this is about all");
    let asked = server.http.get(server.at("/data/v1/system")).header(header::COOKIE, owner(&server).await);
    let state: Value = asked.send().await.unwrap().json().await.unwrap();
    let state = &state["data"];
    assert_eq!(
        (&state["ready"], &state["log"]["partitions"][0]["end"]),
        (&json!(true), &json!(1)),
        "{state}"
    );
    assert!(state["log"]["bytes"].as_u64() > Some(0), "{state}");
    assert!(state["clickhouse"]["disk"]["total_bytes"].as_u64() > Some(0), "{state}");
    let refused = state["counters"].as_array().unwrap().iter().find(|series| {
        series["name"] == "playhead_beacons_refused_total" && series["labels"]["code"] == "unknown_key"
    });
    assert_eq!(refused.unwrap()["value"], 1.0);
    let exported = server.http.get(format!("{}/metrics", server.admin_url())).send().await.unwrap();
    let exported = exported.text().await.unwrap();
    let line = "playhead_beacons_refused_total{format=\"native\",code=\"unknown_key\"} 1";
    assert!(exported.lines().any(|found| found == line), "the same as for monitoring: {exported}");
}
