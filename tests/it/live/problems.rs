//! What is wrong now: groups that fare worse than everybody else by more than chance, told as it comes and goes.

use playhead::web::live::patch;
use serde_json::{Value, json};

use super::{Client, object};
use crate::support::server::Server;

/// So many views begin at a time.
const A_BEACON: usize = 20;

fn view(id: &str, cdn: &str, then: &str) -> Value {
    let mut events = vec![
        json!({"seq": 1, "t_ms": 0, "type": "play", "playhead_ms": 0}),
        json!({"seq": 2, "t_ms": 300, "type": "playing", "playhead_ms": 0}),
    ];
    match then {
        "error" => events.push(json!({"seq": 3, "t_ms": 900, "type": "error", "playhead_ms": 600,
            "error": {"code": "404", "message": "gone", "severity": "fatal"}})),
        "rebufferstart" => {
            events.push(json!({"seq": 3, "t_ms": 900, "type": "rebufferstart", "playhead_ms": 600}));
        }
        _ => {}
    }
    json!({"id": id, "set": {"video_id": "film", "video_title": "Film", "cdn": cdn}, "events": events})
}

async fn post(server: &Server, cdn: &str, then: &str, count: usize) {
    let views: Vec<Value> = (0..count).map(|n| view(&format!("{cdn}-{then}-{n}"), cdn, then)).collect();
    for some in views.chunks(A_BEACON) {
        let (status, answer) = server.beacon(&json!({"v": 1, "views": some})).await;
        assert_eq!(status, 202, "{answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_fares_much_worse_is_told_and_who_does_so_by_chance_is_not() {
    let server = Server::start(&[]).await;
    let mut client = Client::signed_in(&server).await;
    client.send(&json!({"type": "subscribe", "id": "p", "topic": "problems"})).await;
    let mut state = object(&client.next_of("snapshot").await["state"]);
    assert_eq!(state["rows"], json!({}));

    post(&server, "good", "playing", 60).await;
    post(&server, "good", "rebufferstart", 1).await;
    // All of a handful rebuffer; three of thirty-three fail: neither says anything.
    post(&server, "tiny", "rebufferstart", 3).await;
    post(&server, "bad", "error", 3).await;
    post(&server, "bad", "playing", 18).await;
    post(&server, "bad", "rebufferstart", 12).await;
    while state["rows"]["cdn=bad:rebuffering"]["affected"] != 12 {
        patch::apply(&mut state, object(&client.next_of("delta").await["changes"]));
    }
    let bad = json!({"dimension": "cdn", "value": "bad", "kind": "rebuffering", "viewers": 30, "affected": 12,
        "ratio": 0.4, "elsewhere_ratio": 4.0 / 64.0});
    assert_eq!(state["rows"], json!({"cdn=bad:rebuffering": bad}));

    // They go on playing: nothing is wrong any more.
    for n in 0..12 {
        let ended = json!({"seq": 4, "t_ms": 1500, "type": "rebufferend", "playhead_ms": 600});
        let goes_on = json!({"seq": 5, "t_ms": 1500, "type": "playing", "playhead_ms": 600});
        let id = format!("bad-rebufferstart-{n}");
        server.beacon(&json!({"v": 1, "views": [{"id": id, "events": [ended, goes_on]}]})).await;
    }
    while state["rows"] != json!({}) {
        patch::apply(&mut state, object(&client.next_of("delta").await["changes"]));
    }
}
