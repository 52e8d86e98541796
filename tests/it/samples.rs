//! A sample on its way: from the share that a client says, through the real service, to figures of all views.

use serde_json::{Value, json};

use crate::support::server::Server;

/// A view that played for 20 s, sampled at `rate`.
fn view(id: &str, rate: &Value, counters: &Value) -> Value {
    let mut totals = json!({"startup_ms": 400, "playing_ms": 20_000, "watch_ms": 20_400});
    totals.as_object_mut().unwrap().extend(counters.as_object().unwrap().clone());
    json!({"id": id, "set": {"sample_rate": rate, "viewer_id": id}, "events": [
        {"seq": 1, "t_ms": 0, "type": "play"},
        {"seq": 2, "t_ms": 20_400, "type": "viewend", "c": totals},
    ]})
}

async fn settle(server: &Server) {
    server.ledger(Server::TOKEN, &[""; 0]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_view_of_a_sample_stands_for_more_than_one() {
    let server = Server::start(&[]).await;
    let said = json!({"upscale_ms": 10_000, "downscale_ms": 0, "dropped_frames": 0});
    let views = [
        view("quarter", &json!(0.25), &said),
        view("tenth", &json!(0.1), &json!({})),
        // What is no share of anything is not said at all; the least there is, is a millionth.
        view("none", &json!(0), &json!({})),
        view("more", &json!(1.5), &json!({})),
        view("word", &json!("0.5"), &json!({})),
        view("least", &json!(1e-300), &json!({"upscale_ms": null})),
    ];
    let (status, answer) = server.beacon(&json!({"v": 1, "views": views})).await;
    assert_eq!((status, &answer["rejected"]), (202, &json!([])), "{answer}");
    let now_ms = chrono::Utc::now().timestamp_millis();
    let event = |number: u32, word: &str, more: Value| {
        let mut event =
            json!({"ake": Server::INGEST_KEY, "xid": "mux", "xsqno": number, "uti": now_ms, "e": word});
        event.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        event
    };
    let body = json!({"events": [
        event(1, "viewstart", json!({"msara": 0.5, "mvrid": "mux"})),
        event(2, "viewend", json!({"xpntimscv": 5_000, "xwati": 5_000, "xtitofifr": 300})),
    ]});
    let posted = server.http.post(server.at("/")).body(body.to_string()).header("content-type", "text/plain");
    assert!(posted.send().await.unwrap().status().is_success());
    settle(&server).await;

    for (id, rate, weight) in [
        ("quarter", json!(0.25), 4.0),
        ("tenth", json!(0.1), 10.0),
        ("none", Value::Null, 1.0),
        ("more", Value::Null, 1.0),
        ("word", Value::Null, 1.0),
        ("least", json!(0.000001), 1e6),
        ("mux", json!(0.5), 2.0),
    ] {
        let (_, view) = server.get(&format!("/data/v1/video-views/{id}")).await;
        assert_eq!(
            (&view["data"]["sample_rate"], view["data"]["weight"].as_f64()),
            (&rate, Some(weight)),
            "{id}"
        );
    }
    let (_, view) = server.get("/data/v1/video-views/quarter").await;
    assert_eq!(view["data"]["events"][0]["details"]["sample_rate"], "0.25");
    let quality = 100.0 * (-0.33 * 0.5_f64).exp();
    assert!((view["data"]["video_quality_score"].as_f64().unwrap() - quality).abs() < 1e-9);
    assert_eq!(view["data"]["rebuffer_score"], 100.0);
    let (_, unknown) = server.get("/data/v1/video-views/least").await;
    assert_eq!(unknown["data"]["video_quality_score"], Value::Null);

    let value = async |metric: &str, query: &str| {
        let path = format!("/data/v1/metrics/{metric}/overall?filters[]=!viewer_id:least{query}");
        let (_, answer) = server.get(&path).await;
        (answer["data"]["value"].clone(), answer["data"]["total_views"].clone())
    };
    assert_eq!(value("views", "").await, (json!(19.0), json!(19)));
    assert_eq!(value("views", "&filters[]=sample_rate:0.25").await, (json!(4.0), json!(4)));
    assert_eq!(value("unique_viewers", "").await, (json!(6.0), json!(19)));
    assert_eq!(value("playing_time", "").await, (json!(17.0 * 20_000.0 + 2.0 * 5_000.0), json!(19)));
    // Only who said so has frames to drop.
    assert_eq!(value("dropped_frames", "").await, (json!(0.0), json!(4)));
    assert_eq!(value("upscale_percentage", "").await, (json!(0.5), json!(4)));
}
