//! Ingest keys as the collector takes them: origins, quotas, rotation, all set while it runs; and the command line beside
//! it, on the same database.

use std::process::Stdio;

use reqwest::{Method, Response};
use serde_json::{Value, json};
use tokio::process::Command;

use crate::support::server::Server;

const GOOD: &str = "https://www.example.org";
const FOREIGN: &str = "https://www.example.org.evil.example";

/// Runs `playhead` on the server's data and returns what it prints.
pub async fn playhead(server: &Server, arguments: &[&str]) -> Result<Value, String> {
    let output = Command::new(env!("CARGO_BIN_EXE_playhead"))
        .args(arguments)
        .arg("--json")
        .arg("--data-dir")
        .arg(server.data_dir())
        .stdin(Stdio::null())
        .output()
        .await
        .expect("the program runs");
    match output.status.success() {
        true => Ok(serde_json::from_slice(&output.stdout).expect("one JSON value")),
        false => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
    }
}

fn beacon(view: &str, events: u32) -> Value {
    let events: Vec<_> =
        (1..=events).map(|seq| json!({"seq": seq, "t_ms": seq, "type": "heartbeat"})).collect();
    json!({"v": 1, "views": [{"id": view, "events": events}]})
}

/// A request from a page, or from none.
async fn from_page(
    server: &Server,
    method: Method,
    path: &str,
    origin: Option<&str>,
    body: String,
) -> Response {
    let mut request =
        server.http.request(method, server.at(path)).header("content-type", "text/plain").body(body);
    if let Some(origin) = origin {
        request = request.header("origin", origin);
    }
    request.send().await.unwrap()
}

fn header<'a>(answer: &'a Response, name: &str) -> Option<&'a str> {
    answer.headers().get(name).map(|value| value.to_str().unwrap())
}

async fn counted(server: &Server, parts: &[&str]) -> f64 {
    let text = server
        .http
        .get(format!("{}/metrics", server.admin_url()))
        .send()
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    let lines = text.lines().filter(|line| parts.iter().all(|part| line.contains(part)));
    lines.filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok()).sum()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_says_from_where_and_how_much_and_hands_over_to_another() {
    let server = Server::start(&[]).await;
    fenced_keys_answer_their_pages_alone(&server).await;
    a_quota_is_the_key_s_own(&server).await;
    a_rotation_loses_no_beacon(&server).await;
    the_command_line_says_what_is_wrong(&server).await;
}

async fn fenced_keys_answer_their_pages_alone(server: &Server) {
    let made =
        playhead(server, &["key", "create", "--name", "fenced", "--origin", "https://*.example.org"]).await;
    let key = made.unwrap()["ingest_key"].as_str().unwrap().to_owned();
    let native = format!("/in/{key}");
    for (origin, status, allowed) in [
        (Some(GOOD), 202, Some(GOOD)),
        (Some(FOREIGN), 403, None),
        (Some("null"), 403, None),
        (None, 202, Some("*")),
    ] {
        let answer = from_page(server, Method::POST, &native, origin, beacon("fenced", 1).to_string()).await;
        assert_eq!(answer.status(), status, "{origin:?}");
        assert_eq!(header(&answer, "access-control-allow-origin"), allowed, "{origin:?}");
        assert_eq!(header(&answer, "vary").is_some_and(|vary| vary.contains("origin")), origin.is_some());
        if status == 403 {
            assert_eq!(answer.json::<Value>().await.unwrap()["code"], "foreign_origin");
        }
    }
    for path in [native.clone(), format!("{native}/cmcd"), format!("{native}/epas")] {
        let asked =
            async |origin| from_page(server, Method::OPTIONS, &path, Some(origin), String::new()).await;
        let (good, foreign) = (asked(GOOD).await, asked(FOREIGN).await);
        assert_eq!((good.status().as_u16(), header(&good, "access-control-allow-origin")), (204, Some(GOOD)));
        assert_eq!((foreign.status().as_u16(), header(&foreign, "access-control-allow-origin")), (403, None));
        assert_eq!(header(&foreign, "access-control-allow-headers"), None);
    }
    // Players of these formats send again for ever on a no, so they hear none; nothing is kept all the same.
    let record = "e=ps,ts=1795313029786,sid=\"s\",cid=\"c\",sta=p,v=2".to_owned();
    let cmcd = from_page(server, Method::POST, &format!("{native}/cmcd"), Some(FOREIGN), record).await;
    assert_eq!((cmcd.status().as_u16(), header(&cmcd, "playhead-accepted")), (204, Some("0")));
    let mux =
        json!({"events": [{"e": "viewstart", "ake": key, "xid": "mux-view", "xsqno": "1"}]}).to_string();
    let mux = from_page(server, Method::POST, "/", Some(FOREIGN), mux).await;
    assert_eq!((mux.status().as_u16(), header(&mux, "access-control-allow-origin")), (204, Some(FOREIGN)));
    assert!(counted(server, &["playhead_beacons_refused_total", "foreign_origin"]).await >= 4.0);
    // A key without origins answers every page.
    let open =
        from_page(server, Method::POST, "/in/testkey", Some(FOREIGN), beacon("open", 1).to_string()).await;
    assert_eq!((open.status().as_u16(), header(&open, "access-control-allow-origin")), (202, Some("*")));
}

async fn a_quota_is_the_key_s_own(server: &Server) {
    let made = playhead(server, &["key", "create", "--events-per-s", "1"]).await.unwrap();
    let path = format!("/in/{}", made["ingest_key"].as_str().unwrap());
    let full = from_page(server, Method::POST, &path, None, beacon("quota", 50).to_string()).await;
    assert_eq!(full.status(), 202, "one beacon always fits");
    let over = from_page(server, Method::POST, &path, None, beacon("quota", 1).to_string()).await;
    assert_eq!(over.status(), 429);
    let wait: u64 = header(&over, "retry-after").unwrap().parse().unwrap();
    assert!((1..=50).contains(&wait), "{wait}");
    let problem: Value = over.json().await.unwrap();
    assert_eq!((problem["code"].as_str(), problem["status"].as_u64()), (Some("over_quota"), Some(429)));
    let record = "e=ps,ts=1795313029786,sid=\"s\",cid=\"c\",sta=p,v=2".to_owned();
    let cmcd = from_page(server, Method::POST, &format!("{path}/cmcd"), None, record).await;
    assert_eq!((cmcd.status().as_u16(), header(&cmcd, "playhead-accepted")), (204, Some("0")));
    assert!(
        (counted(server, &["playhead_events_intake_total", "shed", "over_quota"]).await - 2.0).abs() < 0.1
    );
    let (status, _) = server.beacon(&beacon("neighbour", 10)).await;
    assert_eq!(status, 202, "another key is not concerned");
}

async fn a_rotation_loses_no_beacon(server: &Server) {
    let old = playhead(server, &["key", "create", "--name", "rotated"]).await.unwrap();
    let old = old["ingest_key"].as_str().unwrap();
    let new = playhead(server, &["key", "rotate", old]).await.unwrap();
    let new = new["ingest_key"].as_str().unwrap();
    let send = async |key: &str| {
        let body = beacon("rotated", 1).to_string();
        from_page(server, Method::POST, &format!("/in/{key}"), None, body).await.status().as_u16()
    };
    assert_eq!((send(old).await, send(new).await), (202, 202));
    playhead(server, &["key", "retire", old]).await.unwrap();
    // The command line is another process: the collector sees it within seconds.
    let begun = std::time::Instant::now();
    while send(old).await != 401 {
        assert!(begun.elapsed().as_secs() < 60, "the old key still works");
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    assert_eq!(send(new).await, 202);
    let listed = playhead(server, &["key", "list"]).await.unwrap();
    let of =
        |key: &str| listed.as_array().unwrap().iter().find(|one| one["ingest_key"] == key).unwrap().clone();
    assert!(
        of(old)["retired_ms"].is_i64() && of(old)["replaced_by"] == new && of(new)["retired_ms"].is_null()
    );
    assert!(of(old)["last_used_ms"].is_i64(), "{listed}");
}

async fn the_command_line_says_what_is_wrong(server: &Server) {
    for (arguments, said) in [
        (&["key", "create", "--origin", "example.org"][..], "is no origin"),
        (&["key", "retire", "nosuchkey"], "no such ingest key"),
        (&["key", "list", "--environment", "nowhere"], "choices: test"),
        (&["token", "create", "--scope", "fly"], "read, sql, write, admin"),
        (&["user", "invite", "a@example.org", "--role", "king"], "viewer, editor, admin, owner"),
        (&["user", "invite", "a@example.org", "--role", "viewer"], "choices: test"),
        (&["environment", "retention", "test", "91"], "from 1 to 90"),
        (&["environment", "create", "Test"], "exists already"),
    ] {
        let error = playhead(server, arguments).await.expect_err("it is wrong");
        assert!(error.contains(said), "{arguments:?}: {error}");
    }
    let renamed = playhead(server, &["environment", "rename", "test", "Production"]).await.unwrap();
    assert_eq!((renamed["id"].as_str(), renamed["name"].as_str()), (Some("test"), Some("Production")));
    let invited =
        playhead(server, &["user", "invite", "a@example.org", "--role", "viewer", "--environment", "test"]);
    assert_eq!(invited.await.unwrap()["role"], "viewer");
}
