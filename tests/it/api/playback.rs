//! How long renditions played and what stalls followed, from real beacons of mux-embed and from marks made up for each rule.

use serde_json::{Value, json};

use super::{
    data::{an_hour_ago, insert, timestamp},
    server::{Server, store, unlimited},
};

const RENDITION: u8 = 1;
const BEGUN: u8 = 2;
const OVER: u8 = 3;
const SEEKED: u8 = 4;

/// A view with marks, in two pieces; `weight` says how many views it stands for.
async fn write(environment: &str, id: &str, weight: u64, marks: &[(u8, u32, u64, u32)]) {
    let numbered: Vec<_> = marks.iter().enumerate().map(|(n, mark)| (n.to_string(), json!(mark))).collect();
    let (early, late) = numbered.split_at(numbered.len() / 2);
    let begun_ms = an_hour_ago();
    let pieces = [early, late].map(|part| {
        json!({
            "environment": environment,
            "view_id": id,
            "view_start": timestamp(begun_ms),
            "last_received_at": timestamp(begun_ms + 60_000),
            "anchor_ms": begun_ms,
            "first_t_ms": 0,
            "last_t_ms": 60_000,
            "attempted": 1,
            "playing_ms": 50_000,
            "rebuffer_ms": 3_000,
            "sample_rate": [1, 1_000_000 / weight],
            "marks": part.iter().cloned().collect::<serde_json::Map<_, _>>(),
        })
    });
    insert(&store(), "view_states", &pieces).await;
}

fn column(answer: &Value, name: &str) -> Vec<Value> {
    answer["data"].as_array().unwrap().iter().map(|row| row[name].clone()).collect()
}

#[tokio::test]
async fn each_rendition_played_until_the_next_and_the_last_to_the_end() {
    let server = Server::start(unlimited());
    let tenant = server.tenant().await;
    let low = (RENDITION, 0, 400_000, 360);
    write(
        &tenant.id,
        "up-and-down",
        1,
        &[low, (RENDITION, 10_000, 2_000_000, 720), (RENDITION, 45_000, 400_000, 360)],
    )
    .await;
    write(&tenant.id, "of-two", 2, &[(RENDITION, 5_000, 0, 480)]).await;
    write(&tenant.id, "says-nothing", 1, &[]).await;
    let answer = server.answer(&tenant, "/data/v1/renditions", &[]).await;
    assert_eq!(column(&answer, "height"), [480, 720, 360]);
    assert_eq!(column(&answer, "bitrate"), [Value::Null, json!(2_000_000), json!(400_000)]);
    assert_eq!(column(&answer, "playing_time"), [90_000, 35_000, 15_000]);
    assert_eq!(column(&answer, "views"), [2, 1, 1]);
    assert_eq!(answer["total_row_count"], 3);
    let shares: f64 = column(&answer, "share").iter().filter_map(Value::as_f64).sum();
    assert!((shares - 1.0).abs() < 1e-9);
}

#[tokio::test]
async fn a_stall_is_told_by_what_it_followed() {
    let server = Server::start(unlimited());
    let tenant = server.tenant().await;
    let marks = [
        (RENDITION, 0, 400_000, 360),
        // Within the first three seconds.
        (BEGUN, 2_000, 0, 0),
        (OVER, 2_000, 500, 0),
        // Half a second after a change.
        (RENDITION, 5_000, 2_000_000, 720),
        (BEGUN, 5_500, 500, 0),
        (OVER, 5_500, 1_500, 0),
        // A second after a seek, and a second later.
        (SEEKED, 20_000, 0, 0),
        (BEGUN, 21_000, 1_500, 0),
        (OVER, 21_000, 1_700, 0),
        // Nothing near, and not over yet: it has lasted as long as the view's own total says.
        (BEGUN, 40_000, 1_700, 0),
    ];
    write(&tenant.id, "stalls", 1, &marks).await;
    write(&tenant.id, "twice", 2, &[(SEEKED, 500, 0, 0), (BEGUN, 600, 0, 0), (OVER, 600, 100, 0)]).await;
    let answer = server.answer(&tenant, "/data/v1/stalls", &[]).await;
    assert_eq!(column(&answer, "after"), ["nothing", "rendition_change", "start", "seek"]);
    assert_eq!(column(&answer, "rebuffer_time"), [1_300, 1_000, 500, 400]);
    assert_eq!(column(&answer, "rebuffer_count"), [1, 1, 1, 3]);
    assert_eq!(column(&answer, "views"), [1, 1, 1, 3]);
    assert_eq!(answer["total_row_count"], 4);
}
