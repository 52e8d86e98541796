//! Who is there at the same time: the most at once and the mean, against counting heads at every arrival.

use serde_json::Value;

use super::{
    data::{TestView, an_hour_ago, sampled},
    metrics::{World, assert_close},
    oracle::concurrent,
};

const HOUR_MS: i64 = 3_600_000;
const PATH: &str = "/data/v1/metrics/concurrent_viewers";

/// The views asked about, and the two figures of them between two times.
fn expected(world: &World, from_ms: i64, to_ms: i64, which: impl Fn(&TestView) -> bool) -> [f64; 2] {
    let attempts = world.views.iter().filter(|view| view.attempted && which(view));
    let (most, together_ms) = concurrent(attempts, from_ms, to_ms);
    [most, together_ms / (to_ms - from_ms) as f64]
}

async fn asked(world: &World, kind: &str, measurement: &str, more: &[(&str, &str)]) -> Value {
    let [from, to] = world.frame();
    let mut query =
        vec![("timeframe[]", from.as_str()), ("timeframe[]", to.as_str()), ("measurement", measurement)];
    query.extend(more);
    world.server.answer(&world.tenant, &format!("{PATH}/{kind}"), &query).await
}

async fn compare(world: World) {
    let (from_ms, to_ms) = (world.from_ms, world.to_ms);
    for (number, measurement) in ["max", "avg"].into_iter().enumerate() {
        let close = |found: &Value, expected: [f64; 2], what: &str| {
            assert_close(found, Some(expected[number]), &format!("{measurement} {what}"));
        };
        let overall = asked(&world, "overall", measurement, &[]).await;
        close(&overall["data"]["value"], expected(&world, from_ms, to_ms, |_| true), "overall");

        let one = asked(&world, "overall", measurement, &[("filters[]", "video_id:video-a")]).await;
        let of_one = expected(&world, from_ms, to_ms, |view| view.video_id == "video-a");
        close(&one["data"]["value"], of_one, "of one video");

        let series = asked(&world, "timeseries", measurement, &[("group_by", "hour")]).await;
        let rows = series["data"].as_array().unwrap();
        assert!(rows.len() > 30, "an hour each: {}", rows.len());
        for row in rows {
            let start = chrono::DateTime::parse_from_rfc3339(row[0].as_str().unwrap()).unwrap();
            let start_ms = start.timestamp_millis();
            let within = expected(&world, start_ms.max(from_ms), (start_ms + HOUR_MS).min(to_ms), |_| true);
            close(&row[1], within, &format!("at {start}"));
        }

        let more = [("group_by", "country"), ("order_by", "field"), ("limit", "100")];
        let groups = asked(&world, "breakdown", measurement, &more).await;
        assert_eq!(groups["data"].as_array().unwrap().len(), 5);
        for group in groups["data"].as_array().unwrap() {
            let country = group["field"].as_str().unwrap_or_default();
            let of_country = expected(&world, from_ms, to_ms, |view| view.country == country);
            close(&group["value"], of_country, country);
        }
    }
}

#[tokio::test]
async fn viewers_at_the_same_time_are_counted_as_they_come_and_go() {
    compare(World::new().await).await;
}

#[tokio::test]
async fn of_samples_everyone_stands_for_as_many_as_they_do() {
    compare(World::of(|views| sampled(11, views)).await).await;
}

#[tokio::test]
async fn nobody_is_zero_and_not_unknown() {
    let world = World::of(|views| views.into_iter().take(1).collect()).await;
    for measurement in ["max", "avg"] {
        let answer = asked(&world, "overall", measurement, &[("filters[]", "country:XX")]).await;
        assert_eq!(answer["data"]["value"], 0.0, "{measurement}");
    }
}

/// All beacons of a view came in one request, or its first one only so far: start and end are the same instant.
#[tokio::test]
async fn who_was_there_for_an_instant_counts_in_it() {
    let together_ms = an_hour_ago() - 10 * HOUR_MS;
    let at_once = |views: Vec<TestView>| {
        let instants = views.into_iter().enumerate().map(|(number, view)| {
            let start_ms = if number < 40 { together_ms } else { view.start_ms };
            TestView { start_ms, length_ms: 0, attempted: true, ..view }
        });
        instants.collect()
    };
    let world = World::of(at_once).await;
    assert_eq!(asked(&world, "overall", "max", &[]).await["data"]["value"], 40.0);
    compare(world).await;
}
