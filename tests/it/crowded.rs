//! Much of one thing: ten thousand events in one view, five hundred views of one viewer, a view that goes on after it has said
//! that it is over, two tabs that are one view, and thousands of new views at once. Each event is there once.

use serde_json::{Value, json};

use crate::support::server::Server;

/// What the ledger says of these views: event rows and view rows.
async fn stored(server: &Server, views: &[String]) -> Vec<(u64, u64)> {
    let lines = server.ledger(Server::TOKEN, views).await;
    let rows = |line: &Value| (line["event_rows"].as_u64().unwrap(), line["view_rows"].as_u64().unwrap());
    lines.iter().map(rows).collect()
}

fn beacon(views: Vec<Value>) -> Value {
    json!({"v": 1, "views": views})
}

#[tokio::test(flavor = "multi_thread")]
async fn much_of_one_thing_is_there_once() {
    let server = Server::start(&[]).await;
    let events: Vec<Value> =
        (1..=10_000).map(|seq| json!({"seq": seq, "t_ms": seq, "type": "pause"})).collect();
    assert_eq!(server.beacon(&beacon(vec![json!({"id": "dense", "events": events})])).await.0, 202);
    assert_eq!(stored(&server, &["dense".to_owned()]).await, [(10_000, 1)]);

    let ids: Vec<String> = (0..500).map(|number| format!("fan-{number}")).collect();
    for some in ids.chunks(50) {
        let view = |id: &String| json!({"id": id, "set": {"viewer_id": "fan", "video_id": "film"}, "events": [{"seq": 1, "t_ms": 0, "type": "play"}]});
        assert_eq!(server.beacon(&beacon(some.iter().map(view).collect())).await.0, 202);
    }
    assert_eq!(stored(&server, &ids).await, vec![(1, 1); 500]);
    let (_, counted) = server.get("/data/v1/metrics/unique_viewers/overall?filters[]=video_id:film").await;
    assert_eq!(counted["data"]["value"], 1.0, "{counted}");

    for (seq, kind) in
        [(1, "viewinit"), (2, "play"), (3, "viewend"), (4, "heartbeat"), (5, "viewinit"), (6, "viewend")]
    {
        let event = json!({"seq": seq, "t_ms": seq * 1000, "type": kind});
        assert_eq!(server.beacon(&beacon(vec![json!({"id": "undead", "events": [event]})])).await.0, 202);
    }
    assert_eq!(stored(&server, &["undead".to_owned()]).await, [(6, 1)]);

    // A tab that was duplicated: the same ids, and each tells a story of its own under them.
    for (kind, playing_ms) in [("heartbeat", 500), ("pause", 900), ("error", 100)] {
        let event = |seq| json!({"seq": seq, "t_ms": seq * 1000, "type": kind, "c": {"playing_ms": playing_ms * seq}});
        let events: Vec<Value> = (1..=3).map(event).collect();
        assert_eq!(server.beacon(&beacon(vec![json!({"id": "twins", "events": events})])).await.0, 202);
    }
    assert_eq!(stored(&server, &["twins".to_owned()]).await, [(3, 1)]);
    let (_, view) = server.get("/data/v1/video-views/twins").await;
    assert_eq!(view["data"]["view_id"], "twins", "{view}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crowd_of_new_views_with_the_longest_ids_is_there_once() {
    let server = Server::start(&[]).await;
    let ids: Vec<String> = (0..3_000).map(|number| format!("{number:'>128}")).collect();
    let view = |id: &String| json!({"id": id, "events": [{"seq": 1, "t_ms": 0, "type": "play"}]});
    for some in ids.chunks(1_500) {
        assert_eq!(server.beacon(&beacon(some.iter().map(view).collect())).await.0, 202);
    }
    for some in ids.chunks(500) {
        assert_eq!(stored(&server, some).await, vec![(1, 1); some.len()]);
    }
}
