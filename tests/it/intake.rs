//! The collector over HTTP, in a process of its own: answers by the contract, and what was good is there afterwards.

use std::io::Write;

use reqwest::header::{CONTENT_ENCODING, CONTENT_TYPE};
use serde_json::{Value, json};

use crate::support::{capture::mux_captures, server::Server};

fn beacon(view: &str, events: Value) -> Value {
    json!({"v": 1, "views": [{"id": view, "set": {"video_id": "film", "video_title": "Film"}, "events": events}]})
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// Posts raw bytes and returns status and code.
async fn post(
    server: &Server,
    path: &str,
    kind: &str,
    encoding: Option<&str>,
    body: Vec<u8>,
) -> (u16, String) {
    let mut request = server.http.post(server.at(path)).header(CONTENT_TYPE, kind).body(body);
    if let Some(encoding) = encoding {
        request = request.header(CONTENT_ENCODING, encoding);
    }
    let answer = request.send().await.unwrap();
    let status = answer.status().as_u16();
    let problem: Value = answer.json().await.unwrap_or_default();
    (status, problem["code"].as_str().unwrap_or_default().to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_input_is_refused_by_name_and_good_neighbours_are_stored() {
    let server = Server::start(&[]).await;
    let path = format!("/in/{}", Server::INGEST_KEY);
    let (json, text) = ("application/json", "text/plain;charset=UTF-8");
    let deep = format!("{{\"views\":{}{}}}", "[".repeat(100), "]".repeat(100)).into_bytes();
    let bomb = gzip(&vec![b' '; 16 << 20]);
    let many = json!({"views": [{"id": "m", "events": vec![json!({}); 10_001]}]}).to_string().into_bytes();
    let cases = [
        (path.as_str(), json, None, b"not json".to_vec(), 400, "bad_json"),
        (&path, json, None, b"".to_vec(), 400, "bad_json"),
        (&path, json, None, b"[]".to_vec(), 400, "bad_beacon"),
        (&path, json, None, b"{\"v\":2,\"views\":[]}".to_vec(), 400, "bad_beacon"),
        (&path, json, None, deep, 400, "too_deep"),
        (&path, json, None, vec![b' '; 10 << 20], 413, "body_too_large"),
        (&path, json, Some("gzip"), bomb, 413, "inflated_too_large"),
        (&path, json, Some("gzip"), b"no gzip".to_vec(), 400, "bad_gzip"),
        (&path, json, Some("br"), b"{}".to_vec(), 415, "unsupported_encoding"),
        (&path, "text/html", None, b"{}".to_vec(), 415, "unsupported_type"),
        (&path, json, None, many, 413, "too_many_events"),
        ("/in/nobody", text, None, b"{}".to_vec(), 401, "unknown_key"),
        ("/", text, None, b"{\"events\":[{\"ake\":\"nobody\"}]}".to_vec(), 401, "unknown_key"),
        // mux-embed re-sends on anything else, for ever.
        ("/", text, None, b"not json".to_vec(), 204, ""),
    ];
    for (path, kind, encoding, body, status, code) in cases {
        let shown = String::from_utf8_lossy(&body[..body.len().min(40)]).into_owned();
        let answer = post(&server, path, kind, encoding, body).await;
        assert_eq!(answer, (status, code.to_owned()), "{path} {shown}");
    }

    let mixed = beacon(
        "mixed",
        json!([
            {"seq": 1, "t_ms": 0, "type": "play", "playhead_ms": 0},
            {"seq": -1, "t_ms": 5, "type": "playing"},
            {"seq": 2, "t_ms": "soon", "type": "playing"},
            {"seq": 3, "t_ms": 400, "type": "playing", "playhead_ms": -7, "c": {"playing_ms": 1e300, "watch_ms": 400}},
            "not an event",
            {"seq": 4, "t_ms": 500, "type": "somethingnew"},
        ]),
    );
    let (status, answer) = server.beacon(&mixed).await;
    assert_eq!((status, &answer["accepted"]), (202, &json!(3)), "{answer}");
    let codes: Vec<&str> =
        answer["rejected"].as_array().unwrap().iter().map(|r| r["code"].as_str().unwrap()).collect();
    assert_eq!(codes, ["bad_sequence", "bad_time", "bad_event"]);

    // A number that no double holds costs itself, and bytes that are no UTF-8 cost their own event only.
    let raw = format!(
        "{{\"views\":[{{\"id\":\"raw\",\"set\":{{\"video_id\":\"film\"}},\"events\":[{},{},{}]}}]}}",
        r#"{"seq":1,"t_ms":0,"type":"play"}"#,
        r#"{"seq":2,"t_ms":1,"type":"playing","playhead_ms":1e999}"#,
        r#"{"seq":3,"t_ms":2,"type":"playing","set":{"video_title":"BAD"}}"#,
    );
    let mut bytes = raw.into_bytes();
    let at = bytes.windows(3).position(|window| window == b"BAD").unwrap();
    bytes[at] = 0xff;
    let request =
        server.http.post(server.at(&path)).header(CONTENT_TYPE, text).header(CONTENT_ENCODING, "gzip");
    let answer: Value = request.body(gzip(&bytes)).send().await.unwrap().json().await.unwrap();
    assert_eq!(answer["accepted"], 2, "{answer}");
    let codes: Vec<&str> =
        answer["rejected"].as_array().unwrap().iter().map(|r| r["code"].as_str().unwrap()).collect();
    assert_eq!(codes, ["invalid_utf8"]);

    let wait = answer["position"].as_str().unwrap();
    for (view, events) in [("mixed", 3), ("raw", 2)] {
        let (status, found) =
            server.get(&format!("/data/v1/video-views/{view}?wait_for={wait}&wait_ms=30000")).await;
        assert_eq!(status, 200, "{view}: {found}");
        assert_eq!(found["data"]["events"].as_array().unwrap().len(), events, "{view}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn captured_views_survive_a_kill_and_a_stop_as_one_row_each() {
    let mut server = Server::start(&[]).await;
    let mut sent = std::collections::BTreeSet::new();
    let captures = mux_captures();
    let steps = captures.iter().map(|(_, beacons)| beacons.len()).max().unwrap();
    for step in 0..steps {
        for beacon in captures.iter().filter_map(|(_, beacons)| beacons.get(step)) {
            let body = beacon.body.replace("abc123env", Server::INGEST_KEY);
            let parsed: Value = serde_json::from_str(&body).unwrap();
            let ids =
                parsed["events"].as_array().unwrap().iter().map(|e| e["xid"].as_str().unwrap().to_owned());
            sent.extend(ids);
            assert_eq!(post(&server, "/", "text/plain", None, body.into_bytes()).await.0, 204);
        }
        if step == 3 {
            server.kill9();
            server.restart().await;
        }
        if step == 7 {
            assert!(server.terminate().await.success(), "SIGTERM ends with 0");
            server.restart().await;
        }
    }
    let last = server.beacon(&beacon("last", json!([{"seq": 1, "t_ms": 0, "type": "play"}]))).await.1;
    let wait = last["position"].as_str().unwrap();
    let (status, list) =
        server.get(&format!("/data/v1/video-views?limit=100&wait_for={wait}&wait_ms=30000")).await;
    assert_eq!(status, 200, "{list}");
    let ids: Vec<String> =
        list["data"].as_array().unwrap().iter().map(|view| view["id"].as_str().unwrap().to_owned()).collect();
    let mut unique = ids.clone();
    unique.sort();
    unique.dedup();
    assert_eq!(unique.len(), ids.len(), "a view in two rows");
    sent.insert("last".to_owned());
    assert_eq!(unique.into_iter().collect::<std::collections::BTreeSet<_>>(), sent);
}

#[tokio::test(flavor = "multi_thread")]
async fn browsers_that_ask_for_privacy_are_not_told_apart() {
    let server = Server::start(&[]).await;
    let post = |view: &'static str, signal: Option<&'static str>| {
        let set = json!({"video_id": "film", "viewer_id": "bob", "session_id": "s"});
        let event = json!({"seq": 1, "t_ms": 0, "type": "play"});
        let body = json!({"views": [{"id": view, "set": set, "events": [event]}]});
        let mut request = server.http.post(server.at(&format!("/in/{}", Server::INGEST_KEY))).json(&body);
        if let Some(name) = signal {
            request = request.header(name, "1");
        }
        request.send()
    };
    let mut position = Value::Null;
    for (view, signal) in [("open", None), ("dnt", Some("dnt")), ("gpc", Some("sec-gpc"))] {
        position = post(view, signal).await.unwrap().json::<Value>().await.unwrap()["position"].clone();
    }
    let wait = position.as_str().unwrap();
    for (view, expected) in [("gpc", Value::Null), ("dnt", Value::Null), ("open", json!("bob"))] {
        let (_, shown) =
            server.get(&format!("/data/v1/video-views/{view}?wait_for={wait}&wait_ms=30000")).await;
        assert_eq!(shown["data"]["viewer_id"], expected, "{view}: {shown}");
        assert_eq!(shown["data"]["video_id"], "film");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_is_short_of_room_says_so_before_it_is_full() {
    let server = Server::start(&[("LOG_MAX_BYTES", "262144")]).await;
    let filling = |view: String, events: u32| {
        let event =
            |seq| json!({"seq": seq, "t_ms": seq, "type": "play", "set": {"page_url": "x".repeat(4000)}});
        beacon(&view, json!((0..events).map(event).collect::<Vec<_>>()))
    };
    // Nearly all of it at once, and then by the spoonful.
    assert_eq!(server.beacon(&filling("large".to_owned(), 58)).await.0, 202);
    let mut statuses = Vec::new();
    for n in 0..10 {
        statuses.push(server.beacon(&filling(format!("small-{n}"), 1)).await.0);
    }
    // What is processed makes room again.
    assert!(statuses[0] == 202 && statuses.contains(&503), "{statuses:?}");
    assert!(server.output().contains("short of room"), "{}", server.output());
}

/// Whoever writes an SDK finds out which of its values mean nothing here.
#[tokio::test(flavor = "multi_thread")]
async fn a_value_that_is_left_out_is_counted_by_its_name() {
    let server = Server::start(&[]).await;
    let wrong = json!({"seq": 1, "t_ms": 0, "type": "error", "c": {"playing_ms": "12"}, "seg": [0, 9000, 5000],
        "error": "boom", "set": {"video_title": {"en": "Film"}, "cdn": null}});
    let shapes = json!({"seq": 2, "t_ms": 1, "type": "pause", "c": [1], "seg": null});
    let (status, answer) = server.beacon(&beacon("left-out", json!([wrong, shapes]))).await;
    assert_eq!((status, &answer["accepted"]), (202, &json!(2)), "{answer}");
    let metrics = server.http.get(format!("{}/metrics", server.admin_url())).send().await.unwrap();
    let metrics = metrics.text().await.unwrap();
    let counted =
        |name: &str| metrics.contains(&format!("playhead_fields_dropped_total{{reason=\"{name}\"}} 1"));
    for name in ["playing_ms", "seg", "error", "video_title", "c"] {
        assert!(counted(name), "{name}: {metrics}");
    }
    assert!(!metrics.contains("reason=\"cdn\""), "nothing said is nothing wrong");
    for (_, kind) in metrics.lines().filter_map(|line| line.split_once("# TYPE ")) {
        let name = kind.split(' ').next().unwrap();
        assert!(metrics.contains(&format!("# HELP {name} ")), "{name} says what it is: {metrics}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_bad_value_costs_itself_in_every_format() {
    let server = Server::start(&[]).await;
    let native = r#"{"views":[{"id":"n","set":{"video_title":"cut \ud83d"},"events":[{"seq":1,"t_ms":0,"type":"play","c":{"watch_ms":1e400}}]}]}"#;
    let mux = r#"{"events":[{"ake":"testkey","xid":"m","xsqno":1,"uti":1795313029786,"e":"viewstart","vtt":"cut \ud83d","xwati":99999999999999999999999}]}"#;
    let epas = r#"{"event":"metadata","sessionId":"e","timestamp":1795313029786,"playhead":1e999,"duration":-1,"payload":{"contentTitle":"cut \ud83d"}}"#;
    let prefix = format!("/in/{}", Server::INGEST_KEY);
    for (path, body, status) in
        [(prefix.clone(), native, 202), ("/".to_owned(), mux, 204), (format!("{prefix}/epas"), epas, 200)]
    {
        assert_eq!(post(&server, &path, "application/json", None, body.into()).await.0, status, "{path}");
    }
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(120);
    for view in ["n", "m", "e"] {
        loop {
            let (_, shown) = server.get(&format!("/data/v1/video-views/{view}")).await;
            if shown["data"]["video_title"] == "cut " {
                break;
            }
            assert!(std::time::Instant::now() < deadline, "{view}: {shown}");
            tokio::time::sleep(std::time::Duration::from_millis(200)).await;
        }
    }
}
