//! A viewer is erased for good and no other is touched; everything a tenant owns comes out; what is over is over.

use std::time::{Duration, Instant};

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio_tungstenite::{connect_async, tungstenite::Message};

use crate::{keys::playhead, support::server::Server};

/// A view of somebody, told in two beacons.
async fn watch(server: &Server, view: &str, viewer: &str) {
    for (seq, kind) in [(1, "play"), (2, "playing")] {
        let event = json!({"seq": seq, "t_ms": seq * 100, "type": kind, "set": {"viewer_id": viewer}});
        let view = json!({"id": view, "set": {"video_id": "film", "viewer_id": viewer}, "events": [event]});
        let (status, answer) = server.beacon(&json!({"v": 1, "views": [view]})).await;
        assert_eq!(status, 202, "{answer}");
    }
}

struct Admin(String, String);

impl Admin {
    async fn new(server: &Server, scopes: &[&str]) -> Self {
        let mut arguments = vec!["token", "create", "--name", "privacy"];
        scopes.iter().for_each(|scope| arguments.extend(["--scope", scope]));
        let made = playhead(server, &arguments).await.unwrap();
        Self(made["id"].as_str().unwrap().to_owned(), made["secret"].as_str().unwrap().to_owned())
    }

    async fn ask(&self, server: &Server, method: &str, path: &str) -> (u16, String) {
        let request =
            server.http.request(method.parse().unwrap(), server.at(path)).basic_auth(&self.0, Some(&self.1));
        let answer = request.send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    }
}

/// What is stored of views, once everything sent has been processed.
async fn stored(server: &Server, views: &[&str]) -> Vec<Value> {
    server.ledger(Server::TOKEN, views).await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_erased_viewer_is_gone_and_everything_else_comes_out() {
    let mut server = Server::start(&[]).await;
    let admin = Admin::new(&server, &["read", "admin"]).await;
    watch(&server, "anna-1", "anna").await;
    watch(&server, "otto-1", "otto").await;
    // Somebody who signs in while they watch is that viewer for the whole view, whatever comes later.
    watch(&server, "both-1", "anna").await;
    let event = json!({"seq": 9, "t_ms": 900, "type": "heartbeat"});
    let changed = json!({"id": "both-1", "set": {"viewer_id": "otto"}, "events": [event]});
    assert_eq!(server.beacon(&json!({"v": 1, "views": [changed]})).await.0, 202);

    // At once: what lies in the log is waited for.
    let (status, text) = admin.ask(&server, "DELETE", "/data/v1/viewers/anna").await;
    assert_eq!(status, 202, "{text}");
    let asked: Value = serde_json::from_str(&text).unwrap();
    assert!(asked["finished_ms"].is_null() && !text.contains("anna"), "{text}");
    let path = format!("/data/v1/erasures/{}", asked["id"].as_str().unwrap());
    let begun = Instant::now();
    let receipt = loop {
        let (status, text) = admin.ask(&server, "GET", &path).await;
        assert_eq!(status, 200, "{text}");
        let receipt: Value = serde_json::from_str(&text).unwrap();
        if receipt["finished_ms"].is_i64() {
            break receipt;
        }
        assert!(begun.elapsed() < Duration::from_secs(60), "{receipt}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    };
    assert_eq!((receipt["views"].as_u64(), receipt["event_rows"].as_u64()), (Some(2), Some(5)), "{receipt}");
    assert!(receipt["view_rows"].as_u64().unwrap() >= 2, "{receipt}");
    assert_eq!(receipt["viewer_sha256"], playhead::control::digest("test\0anna"));

    let stored = stored(&server, &["anna-1", "both-1", "otto-1"]).await;
    for (view, rows) in stored.iter().zip([0, 0, 2]) {
        assert_eq!(view["raw_event_rows"], rows, "{view}");
        assert_eq!(view["view_rows"], u64::from(rows > 0), "{view}");
    }
    assert_eq!(admin.ask(&server, "GET", "/data/v1/video-views/anna-1").await.0, 404);
    assert_eq!(admin.ask(&server, "GET", "/data/v1/video-views/otto-1").await.0, 200);

    an_erased_view_stays_erased(&mut server).await;
    everything_comes_out(&server, &admin).await;
    the_command_line_asks_too(&server).await;
    a_token_that_ends_ends_its_sockets(&server).await;
}

/// What a view that goes on tells of itself, the totals since its beginning among it.
async fn go_on(server: &Server, view: &str, seq: u64) {
    let totals = json!({"playing_ms": 60_000, "watch_ms": 61_000, "startup_ms": 300});
    let event =
        json!({"seq": seq, "t_ms": seq * 100, "type": "heartbeat", "c": totals, "seg": [0, 0, 60_000]});
    let view = json!({"id": view, "set": {"video_id": "film"}, "events": [event]});
    let (status, answer) = server.beacon(&json!({"v": 1, "views": [view]})).await;
    assert_eq!(status, 202, "{answer}");
}

/// A player does not know that its viewer was erased.
async fn an_erased_view_stays_erased(server: &mut Server) {
    let nothing = |stored: &[Value]| {
        assert!(stored[0]["raw_event_rows"] == 0 && stored[0]["view_rows"] == 0, "{}", stored[0]);
        assert_eq!(stored[1]["view_rows"], 1, "{}", stored[1]);
    };
    go_on(server, "anna-1", 3).await;
    go_on(server, "otto-1", 1).await;
    nothing(&stored(server, &["anna-1", "otto-1"]).await);
    assert_eq!(live_view(server, "anna-1").await["view"], json!({}));
    assert_eq!(live_view(server, "otto-1").await["view"]["video_id"], "film");

    // And when nobody remembers it.
    assert!(server.terminate().await.success());
    server.restart().await;
    go_on(server, "anna-1", 4).await;
    go_on(server, "otto-1", 1).await;
    nothing(&stored(server, &["anna-1", "otto-1"]).await);
    let metrics = server.http.get(format!("{}/metrics", server.admin_url())).send().await.unwrap();
    let metrics = metrics.text().await.unwrap();
    assert!(metrics.contains("playhead_events_processed_total{fate=\"suppressed\"} 1\n"), "{metrics}");
}

/// A view as live has it.
async fn live_view(server: &Server, view: &str) -> Value {
    let (mut socket, _) = connect_async(server.at("/live").replacen("http", "ws", 1)).await.unwrap();
    let auth = json!({"type": "auth", "token": Server::TOKEN});
    socket.send(Message::text(auth.to_string())).await.unwrap();
    let subscribe = json!({"type": "subscribe", "id": "1", "topic": "view", "query": {"view_id": view}});
    socket.send(Message::text(subscribe.to_string())).await.unwrap();
    loop {
        let message = tokio::time::timeout(Duration::from_secs(30), socket.next()).await.expect("a frame");
        if let Message::Text(text) = message.unwrap().unwrap() {
            let frame: Value = serde_json::from_str(&text).unwrap();
            if frame["type"] == "snapshot" {
                return frame["state"].clone();
            }
        }
    }
}

async fn everything_comes_out(server: &Server, admin: &Admin) {
    let (status, text) = admin.ask(server, "GET", "/data/v1/export").await;
    assert_eq!(status, 200, "{text}");
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).expect(line)).collect();
    let of = |kind: &str| lines.iter().filter(|line| line["kind"] == kind).collect::<Vec<_>>();
    assert_eq!(of("environment")[0]["id"], "test");
    assert_eq!((of("ingest_key").len(), of("token").len(), of("erasure").len()), (1, 2, 1));
    let views = of("view");
    assert_eq!(
        (views.len(), &views[0]["view_id"], &views[0]["viewer_id"]),
        (1, &json!("otto-1"), &json!("otto"))
    );
    let sequences: Vec<_> = of("event").iter().map(|event| event["sequence"].clone()).collect();
    assert_eq!(sequences, [json!(1), json!(2)]);
    assert_eq!(lines.last().unwrap(), &json!({"kind": "end"}));
    assert!(!text.contains("anna") && !text.contains(&admin.1), "{text}");
}

async fn the_command_line_asks_too(server: &Server) {
    watch(server, "otto-2", "otto").await;
    let asked = playhead(server, &["viewer", "erase", "otto"]).await.unwrap();
    let begun = Instant::now();
    loop {
        let receipts = playhead(server, &["viewer", "receipts"]).await.unwrap();
        let receipt =
            receipts.as_array().unwrap().iter().find(|one| one["id"] == asked["id"]).unwrap().clone();
        if receipt["finished_ms"].is_i64() {
            assert_eq!(receipt["views"], 2, "{receipt}");
            break;
        }
        assert!(begun.elapsed() < Duration::from_secs(60), "{receipt}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(stored(server, &["otto-1"]).await[0]["raw_event_rows"], 0);
}

/// A revocation counts on an open websocket too, within seconds.
async fn a_token_that_ends_ends_its_sockets(server: &Server) {
    let Admin(id, secret) = Admin::new(server, &["read"]).await;
    let (mut socket, _) = connect_async(server.at("/live").replacen("http", "ws", 1)).await.unwrap();
    let auth = json!({"type": "auth", "token": format!("{id}:{secret}")});
    socket.send(Message::text(auth.to_string())).await.unwrap();
    let subscribe = json!({"type": "subscribe", "id": "1", "topic": "overview"});
    socket.send(Message::text(subscribe.to_string())).await.unwrap();
    let mut has_seen = false;
    let begun = Instant::now();
    loop {
        let message = tokio::time::timeout(Duration::from_secs(30), socket.next()).await.expect("news");
        match message.unwrap().unwrap() {
            Message::Text(text) if text.contains("\"snapshot\"") && !has_seen => {
                has_seen = true;
                playhead(server, &["token", "revoke", &id]).await.unwrap();
            }
            Message::Close(frame) => {
                assert_eq!(u16::from(frame.unwrap().code), 4401);
                break;
            }
            _ => assert!(begun.elapsed() < Duration::from_secs(90), "it goes on"),
        }
    }
    assert!(has_seen);
    // A token that may not read may not be here at all.
    let Admin(id, secret) = Admin::new(server, &["sql"]).await;
    let (mut socket, _) = connect_async(server.at("/live").replacen("http", "ws", 1)).await.unwrap();
    let auth = json!({"type": "auth", "token": format!("{id}:{secret}")});
    socket.send(Message::text(auth.to_string())).await.unwrap();
    while let Some(message) = socket.next().await {
        if let Message::Close(frame) = message.unwrap() {
            assert_eq!(u16::from(frame.unwrap().code), 4403);
            return;
        }
    }
    panic!("it was let in");
}
