//! EPAS as Eyevinn's web SDK sends it: what was captured becomes views that hold what the scripts did, whatever the
//! order; answers are what the SDK expects; and what is no EPAS is refused with a reason.

use std::collections::BTreeMap;

use playhead::event::{Kind, Record, View};
use reqwest::header::CONTENT_TYPE;
use serde_json::{Value, json};

use crate::support::{
    capture::{Beacon, epas_captures, epas_records},
    server::Server,
};

const JSON: &str = "application/json; charset=utf-8";

fn path() -> String {
    format!("/in/{}/epas", Server::INGEST_KEY)
}

/// Posts a body as somebody with this user agent.
async fn post(server: &Server, agent: &str, body: impl Into<reqwest::Body>) -> (u16, Value) {
    let request =
        server.http.post(server.at(&path())).header(CONTENT_TYPE, JSON).header("x-epas-version", "0.3.1");
    let answer = request.header("user-agent", agent).body(body).send().await.unwrap();
    assert_eq!(answer.headers()["access-control-allow-origin"], "*");
    (answer.status().as_u16(), answer.json().await.unwrap_or_default())
}

/// Waits until everything posted so far can be read: a native beacon tells where the log stands.
async fn settle(server: &Server) -> String {
    let marker = json!({"views": [{"id": "marker", "events": [{"seq": 1, "t_ms": 0, "type": "viewinit"}]}]});
    let (status, answer) = server.beacon(&marker).await;
    assert_eq!(status, 202, "{answer}");
    answer["position"].as_str().unwrap().to_owned()
}

async fn view(server: &Server, id: &str) -> Value {
    let wait = settle(server).await;
    let (status, found) =
        server.get(&format!("/data/v1/video-views/{id}?wait_for={wait}&wait_ms=30000")).await;
    assert_eq!(status, 200, "{id}: {found}");
    found["data"].clone()
}

fn fold<'a, 'b: 'a>(records: impl IntoIterator<Item = &'a Record<'b>>) -> BTreeMap<String, View> {
    let mut views = BTreeMap::<String, View>::new();
    for record in records {
        views.entry(record.view_id.to_string()).or_default().merge(&View::of(record));
    }
    views
}

fn records(beacons: &[Beacon]) -> Vec<Record<'static>> {
    let begun_ms = timestamp(&beacons[0]) - beacons[0].at_ms;
    beacons.iter().flat_map(|beacon| epas_records(beacon, begun_ms + beacon.at_ms)).collect()
}

fn timestamp(beacon: &Beacon) -> i64 {
    serde_json::from_str::<Value>(&beacon.body).unwrap()["timestamp"].as_i64().unwrap()
}

#[test]
fn captures_hold_what_their_scripts_did() {
    for (name, beacons) in epas_captures() {
        insta::assert_debug_snapshot!(name, fold(&records(&beacons)));
    }
}

#[test]
fn every_event_is_taken_as_itself_and_order_and_repetition_do_not_matter() {
    for (name, beacons) in epas_captures() {
        let records = records(&beacons);
        assert_eq!(records.len(), beacons.len(), "{name}: one record per POST");
        let mut sequences: Vec<u64> = records.iter().map(|record| record.events[0].sequence).collect();
        sequences.sort_unstable();
        sequences.dedup();
        assert_eq!(sequences.len(), beacons.len(), "{name}: two events share an identity");
        let expected = fold(&records);
        assert_eq!(expected.len(), 1, "{name}");
        assert_eq!(fold(records.iter().rev()), expected, "{name} reversed");
        assert_eq!(fold(records.iter().chain(&records)), expected, "{name} twice");
    }
}

#[test]
fn events_are_what_the_sdk_means_by_them() {
    let said = |body: Value| epas_records(&Beacon { at_ms: 0, body: body.to_string() }, 1_795_314_391_400);
    let event = |mut body: Value| {
        let base =
            json!({"sessionId": "s", "timestamp": 1_795_314_391_345_i64, "playhead": 1.2345, "duration": 24});
        base.as_object().unwrap().iter().for_each(|(name, value)| {
            body.as_object_mut().unwrap().entry(name).or_insert_with(|| value.clone());
        });
        said(body).remove(0).events.remove(0)
    };
    let words = [
        ("init", Kind::Viewinit),
        ("loading", Kind::Play),
        ("playing", Kind::Playing),
        ("paused", Kind::Pause),
        ("buffering", Kind::Rebufferstart),
        ("buffered", Kind::Rebufferend),
        ("seeking", Kind::Seeking),
        ("seeked", Kind::Seeked),
        ("bitrate_changed", Kind::Renditionchange),
        ("heartbeat", Kind::Heartbeat),
        ("stopped", Kind::Viewend),
        ("loaded", Kind::Other),
        ("metadata", Kind::Other),
        ("somethingnew", Kind::Other),
    ];
    for (word, kind) in words {
        let event = event(json!({"event": word}));
        assert_eq!((event.kind(), event.t_ms), (kind, 1_795_314_391_345), "{word}");
        assert_eq!(event.label(), if kind == Kind::Other { word } else { kind.wire() });
        assert_eq!(event.playhead_ms, Some(1235), "{word}");
    }
    assert_eq!(event(json!({"event": "stopped", "payload": {"reason": "ended"}})).kind(), Kind::Ended);
    assert_eq!(event(json!({"event": "playing", "playhead": -1, "duration": -1})).playhead_ms, None);
    assert_eq!(
        event(json!({"event": "playing", "playhead": -1})).playhead_ms,
        Some(0),
        "the SDK's word for 0"
    );
    assert_eq!(event(json!({"event": "playing", "playhead": null, "duration": null})).attributes, []);

    let facts = |event: playhead::event::Event<'_>| -> BTreeMap<String, String> {
        let name = |attribute: &playhead::event::Attribute<'_>| match &*attribute.name {
            "" => format!("{:?}", attribute.key()),
            name => name.to_owned(),
        };
        let text = |attribute: &playhead::event::Attribute<'_>| match attribute.number {
            0 => attribute.text.to_string(),
            number => number.to_string(),
        };
        event.attributes.iter().map(|attribute| (name(attribute), text(attribute))).collect()
    };
    let metadata = facts(event(json!({"event": "metadata", "shardId": "x", "payload": {
        "live": true, "contentId": "42", "contentTitle": "Tides", "userId": "anna",
        "contentUrl": "https://u:p@cdn.example:8443/a/master.m3u8?token=secret#t=1", "deviceType": "tv",
        "accessToken": "secret", "extra": {"poster": "https://img.example/p.jpg?sig=secret", "cookie": "secret"},
    }})));
    let expected = [
        ("StreamType", "live"),
        ("VideoDurationMs", "24000"),
        ("VideoId", "42"),
        ("VideoTitle", "Tides"),
        ("ViewerId", "anna"),
        ("SourceHostname", "cdn.example:8443"),
        ("contentUrl", "https://cdn.example:8443/a/master.m3u8"),
        ("deviceType", "tv"),
        ("extra", r#"{"poster":"https://img.example/p.jpg"}"#),
        ("shardId", "x"),
    ];
    assert_eq!(metadata, expected.map(|(name, text)| (name.to_owned(), text.to_owned())).into());

    let rendition = facts(event(json!({"event": "bitrate_changed", "payload": {
        "bitrate": 566.4, "width": 640, "height": 360, "videoBitrate": 500,
    }})));
    assert_eq!(rendition["RenditionBitrate"], "566400");
    assert_eq!((rendition["RenditionWidth"].as_str(), rendition["RenditionHeight"].as_str()), ("640", "360"));
    assert_eq!(rendition["videoBitrate"], "500");

    let wrong = event(json!({"event": "error", "payload": {
        "category": "NETWORK", "message": "404 https://cdn.example/1.ts?token=secret", "data": {"fatal": true},
    }}));
    let failure = wrong.failure.clone().unwrap();
    assert_eq!((&*failure.code, &*failure.message), ("NETWORK", "404 https://cdn.example/1.ts"));
    assert_eq!(failure.severity().wire(), "fatal");
    assert_eq!(facts(wrong)["data"], r#"{"fatal":true}"#);
    let warning = event(json!({"event": "warning", "payload": {"code": "slow"}}));
    assert_eq!(warning.failure.unwrap().severity().wire(), "warning");

    assert_eq!(event(json!({"event": "error"})).failure.unwrap().severity().wire(), "fatal");

    let slow = event(json!({"event": "heartbeat", "timestamp": 1_795_000_000_000_i64}));
    assert_eq!(slow.t_ms, 1_795_000_000_000, "a clock that is days off is a clock all the same");
}

/// What follows from the timestamps of the capture `name`, reckoned by hand.
fn figures(name: &str) -> Value {
    let figures = |startup_ms, playing_ms, rebuffer_ms, range: [u64; 2]| {
        json!({
            "video_startup_ms": startup_ms, "playing_ms": playing_ms, "rebuffer_ms": rebuffer_ms,
            "rebuffer_count": u8::from(rebuffer_ms > 0), "seek_count": 0, "seek_ms": 0, "ranges": [range],
            "watch_ms": startup_ms + playing_ms + rebuffer_ms,
        })
    };
    match name {
        "epas-normal" => figures(484, 24_102, 0, [5, 24_000]),
        "epas-normal_nosid" => figures(531, 24_540, 0, [6, 24_000]),
        // 6,235 ms before the stall and 18,681 after it; the playhead crept on by 60 ms in it.
        "epas-rebuffer_xhold" => figures(579, 24_916, 2_437, [6, 24_000]),
        // Nothing is known after the last heartbeat.
        "epas-close" => figures(486, 5_000, 0, [8, 4_969]),
        // Up to the error. The page reported one that hls.js got over; what comes after `stopped` changes nothing.
        "epas-error" => figures(389, 924, 0, [3, 890]),
        other => panic!("nothing is known of {other}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn captures_posted_as_they_were_become_one_view_each() {
    let server = Server::start(&[]).await;
    for (name, beacons) in epas_captures() {
        // The collector's clock is today's; the events keep their distances.
        let shift = chrono::Utc::now().timestamp_millis() - timestamp(&beacons[0]);
        let bodies = beacons.iter().map(|beacon| {
            let mut body: Value = serde_json::from_str(&beacon.body).unwrap();
            body["timestamp"] = (timestamp(beacon) - 30_000 + shift).into();
            body.to_string()
        });
        let bodies: Vec<String> = bodies.collect();
        // Once as they came, then the end again and all but the beginning backwards: the same events.
        let again = bodies[1..].iter().rev();
        let mut id = String::new();
        for (number, body) in bodies.iter().chain(again).enumerate() {
            let (status, answer) = post(&server, &format!("agent of {name}"), body.clone()).await;
            assert_eq!(status, 200, "{name} {body}: {answer}");
            if number == 0 {
                id = answer["sessionId"].as_str().unwrap().to_owned();
                assert_eq!(answer, json!({"sessionId": id, "heartbeatInterval": 10_000}));
            }
            if number > 0 {
                assert_eq!(answer, json!({"sessionId": id, "valid": true}), "{name} {body}");
            }
        }
        let view = view(&server, &id).await;
        let events = view["events"].as_array().unwrap();
        assert_eq!(events.len(), bodies.len(), "{name}: {view}");
        assert_eq!(view["video_id"], "content-0001", "{name}");
        assert_eq!(view["viewer_id"], "u1", "{name}");
        assert_eq!(view["sdk"], "epas 0.3.1", "{name}");
        assert_eq!(view["source_hostname"], "127.0.0.1:9102", "{name}");
        assert_eq!(view["view_started"], true, "{name}");
        assert_eq!(view["view_ended"], name != "epas-close", "{name}: nothing is sent when a page is closed");
        assert_eq!(view["playback_failure"], name == "epas-error", "{name}");
        for (figure, value) in figures(&name).as_object().unwrap() {
            assert_eq!(view[figure], *value, "{figure} of {name}");
        }
    }
    let wait = settle(&server).await;
    let (_, list) =
        server.get(&format!("/data/v1/video-views?limit=100&wait_for={wait}&wait_ms=30000")).await;
    assert_eq!(list["total_row_count"], epas_captures().len(), "{list}");
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_bodies_are_refused_with_a_reason() {
    let server = Server::start(&[]).await;
    let now = chrono::Utc::now().timestamp_millis();
    let good = json!({"event": "init", "sessionId": "s", "timestamp": now, "playhead": -1, "duration": -1});
    let with = |name: &str, value: Value| {
        let mut event = good.clone();
        event[name] = value;
        event.to_string().into_bytes()
    };
    let mut damaged = with("sessionId", "BAD".into());
    let at = damaged.windows(3).position(|window| window == b"BAD").unwrap();
    damaged[at] = 0xff;
    let cases: [(Vec<u8>, u16, &str); 17] = [
        (b"".to_vec(), 400, "bad_json"),
        (b"not json".to_vec(), 400, "bad_json"),
        (b"[]".to_vec(), 400, "bad_beacon"),
        (b"7".to_vec(), 400, "bad_event"),
        (b"{}".to_vec(), 400, "bad_type"),
        (with("event", "".into()), 400, "bad_type"),
        (with("event", json!({})), 400, "bad_type"),
        (with("timestamp", "soon".into()), 400, "bad_time"),
        (with("timestamp", Value::Null), 400, "bad_time"),
        (with("timestamp", (-1).into()), 400, "bad_time"),
        (with("sessionId", 7.into()), 400, "bad_view_id"),
        (with("sessionId", "x".repeat(1000).into()), 400, "bad_view_id"),
        (with("sessionId", "a\u{0}b".into()), 400, "bad_view_id"),
        (damaged, 400, "invalid_utf8"),
        (["[".repeat(100), "]".repeat(100)].concat().into_bytes(), 400, "too_deep"),
        (serde_json::to_vec(&vec![7; 10_001]).unwrap(), 413, "too_many_events"),
        (vec![b' '; 1 << 20], 413, "body_too_large"),
    ];
    for (body, status, code) in cases {
        let shown = String::from_utf8_lossy(&body[..body.len().min(60)]).into_owned();
        let (answered, problem) = post(&server, "a", body).await;
        assert_eq!((answered, problem["code"].as_str()), (status, Some(code)), "{shown}: {problem}");
        assert_eq!((&problem["valid"], problem["message"].is_string()), (&json!(false), true), "{problem}");
    }
    // What is odd but meant is taken.
    for (name, value) in [
        ("playhead", json!("far")),
        ("playhead", json!(1e300)),
        ("duration", Value::Null),
        ("payload", json!([1, 2])),
        ("payload", json!({"live": "yes", "contentId": {}, "width": -1, "x".repeat(500): 1})),
        ("event", json!("🎬")),
    ] {
        let (status, answer) = post(&server, "a", with(name, value.clone())).await;
        assert_eq!(status, 200, "{name} {value}: {answer}");
    }
    // One bad event costs itself.
    let both =
        json!([good, {"event": "loading"}, {"event": "loading", "sessionId": "s", "timestamp": now + 1}]);
    let (status, answer) = post(&server, "a", both.to_string()).await;
    assert_eq!(
        (status, &answer["sessionId"], &answer["rejected"][0]["code"]),
        (200, &json!("s"), &json!("bad_time"))
    );

    let elsewhere =
        server.http.post(server.at("/in/nobody/epas")).header(CONTENT_TYPE, JSON).body(good.to_string());
    let answer = elsewhere.send().await.unwrap();
    assert_eq!(answer.status(), 401);
    assert_eq!(answer.json::<Value>().await.unwrap()["code"], "unknown_key");
}

#[tokio::test(flavor = "multi_thread")]
async fn too_much_is_told_to_come_back() {
    let server = Server::start(&[("ADMIT_EVENTS_PER_S", "1")]).await;
    let now = chrono::Utc::now().timestamp_millis();
    let many: Vec<Value> =
        (0..6_000).map(|n| json!({"event": "heartbeat", "sessionId": "s", "timestamp": now + n})).collect();
    assert_eq!(post(&server, "a", json!(many).to_string()).await.0, 200);
    let request =
        server.http.post(server.at(&path())).header(CONTENT_TYPE, JSON).body(json!(many).to_string());
    let answer = request.send().await.unwrap();
    assert_eq!(answer.status(), 429);
    assert!(answer.headers()["retry-after"].to_str().unwrap().parse::<u64>().unwrap() >= 1);
    let problem: Value = answer.json().await.unwrap();
    assert_eq!(
        (&problem["code"], problem.get("valid")),
        (&json!("over_limit"), None),
        "it may be valid later"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn browsers_may_send_the_headers_of_the_sdk() {
    let server = Server::start(&[]).await;
    let asked = server.http.request(reqwest::Method::OPTIONS, server.at(&path())).send().await.unwrap();
    assert_eq!(asked.status(), 204);
    let header = |name: &str| asked.headers()[name].to_str().unwrap().to_owned();
    for name in ["content-type", "x-epas-event", "x-epas-version"] {
        assert!(header("access-control-allow-headers").contains(name), "{name}");
    }
    assert_eq!(header("access-control-max-age"), "86400");
    assert_eq!(header("access-control-allow-origin"), "*");
}

#[tokio::test(flavor = "multi_thread")]
async fn views_without_an_id_are_told_apart_by_their_senders() {
    let mut server = Server::start(&[]).await;
    let now = chrono::Utc::now().timestamp_millis();
    let say = |word: &str, after: i64| json!({"event": word, "timestamp": now + after}).to_string();
    let id = |answer: &Value| answer["sessionId"].as_str().unwrap().to_owned();

    let first = id(&post(&server, "anna", say("init", 0)).await.1);
    let others = id(&post(&server, "otto", say("init", 0)).await.1);
    assert_ne!(first, others);
    assert_eq!(id(&post(&server, "anna", say("loading", 10)).await.1), first);
    assert_eq!(id(&post(&server, "otto", say("loading", 10)).await.1), others);
    let second = id(&post(&server, "anna", say("init", 2_000)).await.1);
    assert_ne!(second, first, "a new init is a new view");
    assert_eq!(id(&post(&server, "anna", say("playing", 2_100)).await.1), second);
    assert_eq!(id(&post(&server, "otto", say("playing", 500)).await.1), others);

    // A restart forgets whose view it was; what comes after stays together all the same.
    assert!(server.terminate().await.success());
    server.restart().await;
    let after = id(&post(&server, "anna", say("heartbeat", 12_100)).await.1);
    assert!(after.starts_with("unnamed-"), "{after}");
    assert_eq!(id(&post(&server, "anna", say("heartbeat", 22_100)).await.1), after);
    assert_ne!(id(&post(&server, "otto", say("heartbeat", 10_500)).await.1), after);
    assert_eq!(view(&server, &second).await["events"].as_array().unwrap().len(), 2);
    assert_eq!(view(&server, &after).await["events"].as_array().unwrap().len(), 2);
}
