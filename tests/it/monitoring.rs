//! Monitoring of the real service: from a beacon to the newest interval, without ClickHouse in between.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::server::Server;

/// An interval, and a busy machine.
const PATIENCE: Duration = Duration::from_secs(90);

fn watching(view: &str, cdn: &str) -> Value {
    json!({"v": 1, "views": [{"id": view, "set": {"video_id": "film", "cdn": cdn, "rendition_bitrate": 3_000_000}, "events": [
        {"seq": 1, "t_ms": 0, "type": "play", "playhead_ms": 0},
        {"seq": 2, "t_ms": 400, "type": "playing", "playhead_ms": 0, "c": {"startup_ms": 400, "watch_ms": 400}},
        {"seq": 3, "t_ms": 4400, "type": "heartbeat", "playhead_ms": 3000,
            "c": {"startup_ms": 400, "watch_ms": 4400, "playing_ms": 3000, "rebuffer_ms": 1000, "rebuffer_count": 1}}]}]})
}

fn failing(view: &str) -> Value {
    json!({"v": 1, "views": [{"id": view, "set": {"video_id": "film", "cdn": "fastly"}, "events": [
        {"seq": 1, "t_ms": 0, "type": "play"},
        {"seq": 2, "t_ms": 900, "type": "error", "error": {"code": "404", "severity": "fatal"}}]}]})
}

/// Asks until the answer is as it should be.
async fn until(server: &Server, path: &str, is_there: impl Fn(&Value) -> bool) -> Value {
    let begun = Instant::now();
    loop {
        let (status, answer) = server.get(&format!("/data/v1{path}")).await;
        assert_eq!(status, 200, "{answer}");
        if is_there(&answer["data"]) {
            return answer["data"].clone();
        }
        assert!(begun.elapsed() < PATIENCE, "{path}: {answer}");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn beacons_are_in_the_newest_interval_seconds_later() {
    let server = Server::start(&[]).await;
    let begun = Instant::now();
    for (view, cdn) in [("a", "akamai"), ("b", "akamai"), ("c", "fastly")] {
        assert_eq!(server.beacon(&watching(view, cdn)).await.0, 202);
    }
    assert_eq!(server.beacon(&failing("d")).await.0, 202);
    let metric = "/monitoring/metrics/current-concurrent-viewers";
    let by_cdn = format!("{metric}/breakdown?dimension=cdn&order_by=views");
    let rows = until(&server, &by_cdn, |rows| rows[0]["concurrent_viewers"] == 2).await;
    println!("beacon to breakdown: {:?}", begun.elapsed());
    assert_eq!((&rows[0]["value"], &rows[0]["metric_value"]), (&json!("akamai"), &json!(2.0)));

    // The failure was of one interval, in which its viewer is counted.
    let fails = "/monitoring/metrics/playback-failure-percentage/timeseries?filters[]=cdn:fastly";
    let points = until(&server, fails, |points| {
        points.as_array().is_some_and(|points| points.iter().any(|point| point["value"].as_f64() > Some(0.0)))
    });
    let points = points.await;
    assert!(
        points.as_array().unwrap().iter().filter(|point| point["value"].as_f64() > Some(0.0)).count() == 1
    );

    let scores = until(&server, "/cdn-scores?window_s=600", |rows| {
        rows.as_array().is_some_and(|rows| rows.len() == 2)
    })
    .await;
    let akamai = &scores[0];
    assert_eq!((&akamai["cdn"], &akamai["watch_ms"]), (&json!("akamai"), &json!(8_800.0)));
    assert!((akamai["rebuffer_percentage"].as_f64().unwrap() - 2_000.0 / 8_800.0).abs() < 1e-9, "{akamai}");
    assert_eq!(akamai["video_startup_time"], 400.0);
}
