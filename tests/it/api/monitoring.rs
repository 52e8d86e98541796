//! Monitoring against what is known of made-up viewers: who was there at the end of each interval, what happened in it,
//! and that all time watched is somewhere.

mod story;

use std::collections::BTreeMap;

use playhead::{
    event::{Counters, Record},
    pipeline::live::Live,
};
use rand::{RngExt, SeedableRng, rngs::StdRng, seq::SliceRandom};
use serde_json::Value;

use self::story::{End, HEARTBEAT_MS, Story, expected};
use super::server::{Server, unlimited};

/// Lets the stories happen, second by second, some records twice and some of the repeats late.
pub fn happen(
    live: &Live,
    environment: &str,
    stories: &[impl AsRef<[Record<'static>]>],
    seed: u64,
    until_ms: i64,
) {
    let mut random = StdRng::seed_from_u64(seed);
    let mut deliveries: Vec<(i64, Record<'_>)> = Vec::new();
    for record in stories.iter().flat_map(AsRef::as_ref) {
        let record = Record { environment: environment.into(), ..record.clone() };
        if random.random_bool(0.3) {
            deliveries.push((record.received_ms + random.random_range(0..60_000), record.clone()));
        }
        deliveries.push((record.received_ms, record));
    }
    deliveries.shuffle(&mut random);
    deliveries.sort_by_key(|(at_ms, _)| *at_ms);
    let mut deliveries = deliveries.into_iter().peekable();
    let first_s = deliveries.peek().map_or(until_ms, |(at_ms, _)| *at_ms).div_euclid(1000);
    for second in first_s..=until_ms / 1000 {
        live.tick(second * 1000);
        while let Some((_, record)) = deliveries.next_if(|(at_ms, _)| *at_ms < (second + 1) * 1000) {
            live.learn([&record].into_iter(), second * 1000);
        }
    }
}

/// Thirty viewers of all kinds in the last minutes, for tests of shapes.
pub fn some_viewers(live: &Live, environment: &str) {
    let now_ms = chrono::Utc::now().timestamp_millis();
    let mut random = StdRng::seed_from_u64(5);
    let stories: Vec<_> =
        (0..30).map(|n| Story::random(&mut random, n, now_ms - 330_000).records()).collect();
    happen(live, environment, &stories, 5, now_ms);
}

fn close(found: &Value, expected: Option<f64>, what: &str) {
    match (found.as_f64(), expected) {
        (Some(found), Some(expected)) => {
            assert!((found - expected).abs() < 1e-9, "{what}: {found} != {expected}")
        }
        (None, None) => {}
        _ => panic!("{what}: {found} != {expected:?}"),
    }
}

#[tokio::test]
async fn each_interval_has_whom_it_had_and_what_happened_in_it() {
    let server = Server::start(unlimited());
    let tenant = server.tenant().await;
    let now_ms = chrono::Utc::now().timestamp_millis();
    let from_ms = now_ms - 700_000;
    let mut random = StdRng::seed_from_u64(23);
    let stories: Vec<_> = (0..150).map(|n| Story::random(&mut random, n, from_ms)).collect();
    let records: Vec<_> = stories.iter().map(Story::records).collect();
    happen(&server.live, &tenant.id, &records, 23, now_ms);
    let people: Vec<&Story> = stories.iter().filter(|story| story.bot_class.is_empty()).collect();
    let from = ((from_ms - 10_000) / 1000).to_string();
    let millis = |date: &Value| {
        chrono::DateTime::parse_from_rfc3339(date.as_str().unwrap()).unwrap().timestamp_millis()
    };

    for metric in [
        "current-concurrent-viewers",
        "playback-failure-percentage",
        "video-startup-failure-percentage",
        "exits-before-video-start",
    ] {
        let path = format!("/data/v1/monitoring/metrics/{metric}");
        for (filter, selected) in [
            ("!country:XX", people.clone()),
            ("country:DE", people.iter().copied().filter(|s| s.country == "DE").collect()),
            ("!cdn:fastly", people.iter().copied().filter(|s| s.cdn != "fastly").collect()),
        ] {
            let query = [("timestamp", from.as_str()), ("filters[]", filter)];
            let answer = server.answer(&tenant, &format!("{path}/timeseries"), &query).await;
            let points = answer["data"].as_array().unwrap();
            assert!(points.len() > 100, "{}", points.len());
            for point in points {
                let (value, viewers, _) = expected(metric, &selected, millis(&point["date"]));
                let what = format!("{metric} {filter} {}", point["date"]);
                close(&point["value"], value, &what);
                assert_eq!(point["concurrent_viewers"].as_f64().unwrap(), viewers.round(), "{what}");
            }
        }
        let (begin, end) = ((from_ms / 1000 + 100).to_string(), (from_ms / 1000 + 300).to_string());
        let query = [
            ("timeframe[]", begin.as_str()),
            ("timeframe[]", end.as_str()),
            ("dimension", "country"),
            ("bots", "include"),
        ];
        let answer = server.answer(&tenant, &format!("{path}/breakdown-timeseries"), &query).await;
        for point in answer["data"].as_array().unwrap() {
            let start_ms = millis(&point["date"]);
            for part in point["values"].as_array().unwrap() {
                let country = part["value"].as_str().unwrap_or_default();
                let here: Vec<_> = stories.iter().filter(|s| s.country == country).collect();
                let (value, viewers, starting) = expected(metric, &here, start_ms);
                close(&part["metric_value"], value, &format!("{metric} {country} {start_ms}"));
                assert_eq!(part["concurrent_viewers"].as_f64().unwrap(), viewers.round());
                assert_eq!(part["starting_up_viewers"].as_f64().unwrap(), starting.round());
            }
        }
    }
}

#[tokio::test]
async fn all_time_watched_is_in_the_intervals_and_startups_are_counted_once() {
    let server = Server::start(unlimited());
    let tenant = server.tenant().await;
    let now_ms = chrono::Utc::now().timestamp_millis();
    let from_ms = now_ms - 700_000;
    let mut random = StdRng::seed_from_u64(29);
    let stories: Vec<_> = (0..80).map(|n| Story::random(&mut random, n, from_ms)).collect();
    let records: Vec<_> = stories.iter().map(Story::records).collect();
    happen(&server.live, &tenant.id, &records, 29, now_ms);
    let said = |cdn: &str| -> [f64; 2] {
        let totals = stories.iter().filter(|s| s.cdn == cdn).map(|s| {
            let tail_ms = if s.end == End::Vanishes { 0 } else { s.tail_ms };
            let (watch_ms, rebuffer_ms) = s.totals(s.stalls_ms.len(), tail_ms);
            [watch_ms as f64 * s.weight(), rebuffer_ms as f64 * s.weight()]
        });
        totals.fold([0.0; 2], |sum, of| [sum[0] + of[0], sum[1] + of[1]])
    };
    let found = server.live.read(&tenant.id, |environment| {
        let mut found: BTreeMap<String, [f64; 2]> = BTreeMap::new();
        let cdn = playhead::pipeline::live::monitor::Dimension::parse("cdn").unwrap();
        for (_, slot) in environment.monitor.closed(from_ms - 60_000, now_ms + 10_000) {
            for (group, cell) in &slot.cells {
                let sum = found.entry(group.value(cdn).to_owned()).or_default();
                sum[0] += cell.watch_ms as f64 * group.weight();
                sum[1] += cell.rebuffer_ms as f64 * group.weight();
            }
        }
        found
    });
    for (cdn, [watch_ms, rebuffer_ms]) in found {
        let expected = said(&cdn);
        assert!((watch_ms - expected[0]).abs() < 1e-3, "{cdn}: {watch_ms} != {expected:?}");
        assert!((rebuffer_ms - expected[1]).abs() < 1e-3, "{cdn}: {rebuffer_ms} != {expected:?}");
    }

    let path = "/data/v1/monitoring/metrics/video-startup-time/histogram-timeseries";
    let answer = server.answer(&tenant, path, &[("bots", "include")]).await;
    let buckets = answer["meta"]["buckets"].as_array().unwrap();
    for (index, bucket) in buckets.iter().enumerate() {
        let inside = |ms: i64| {
            ms >= bucket["start"].as_i64().unwrap() && bucket["end"].as_i64().is_none_or(|end| ms < end)
        };
        let expected: f64 =
            stories.iter().filter(|s| s.startup_ms.is_some_and(inside)).map(Story::weight).sum();
        let points = answer["data"].as_array().unwrap().iter();
        let found: f64 = points.map(|point| point["bucket_values"][index]["count"].as_f64().unwrap()).sum();
        assert_eq!(found, expected, "{bucket}");
    }
    for point in answer["data"].as_array().unwrap().iter().filter(|point| point["sum"] == 1) {
        assert_eq!((&point["median"], &point["max_percentage"]), (&point["p95"], &Value::from(1.0)));
        assert_eq!(point["average"], point["median"]);
    }
}

/// Sums over everything that was counted: time watched, time rebuffering, bit/s times time, and startups.
fn sums(live: &Live, environment: &str) -> [u64; 4] {
    live.read(environment, |environment| {
        let mut sums = [0; 4];
        for (_, slot) in environment.monitor.closed(0, i64::MAX) {
            for cell in slot.cells.values() {
                sums =
                    [sums[0] + cell.watch_ms, sums[1] + cell.rebuffer_ms, sums[2] + cell.bitrate_ms, sums[3]];
            }
            sums[3] += slot.startups.len() as u64;
        }
        sums
    })
}

#[test]
fn one_absurd_counter_moves_no_more_than_the_time_that_passed_and_views_from_before_bring_no_past() {
    let now_ms = chrono::Utc::now().timestamp_millis();
    let story = Story {
        startup_ms: Some(500),
        stalls_ms: vec![0; 6],
        end: End::Vanishes,
        sample_rate: 0,
        ..Story::random(&mut StdRng::seed_from_u64(1), 0, now_ms - 400_000)
    };
    let lived = |change: &dyn Fn(&mut Counters)| {
        let live = Live::default();
        let mut records = story.records();
        change(records[4].events[0].counters.as_mut().unwrap());
        happen(&live, "e", &[records], 1, now_ms);
        sums(&live, "e")
    };
    let [watch_ms, rebuffer_ms, bitrate_ms, startups] = lived(&|_| {});
    assert_eq!((watch_ms, rebuffer_ms, startups), (60_500, 0, 1));
    let most_ms = HEARTBEAT_MS as u64 + 30_000;
    let absurd = lived(&|c| c.watch_ms = Some(u32::MAX));
    assert!(
        absurd[0] <= watch_ms + most_ms && absurd[1..] == [rebuffer_ms, bitrate_ms, startups],
        "{absurd:?}"
    );
    let absurd = lived(&|c| c.rebuffer_ms = Some(u32::MAX));
    assert!(absurd[1] <= most_ms && absurd[0] == watch_ms && absurd[2] == bitrate_ms, "{absurd:?}");
    let absurd = lived(&|c| c.bitrate_ms = Some(u64::MAX));
    assert!(absurd[2] <= bitrate_ms + most_ms * 1_000_000_000 && absurd[0] == watch_ms, "{absurd:?}");
    let absurd = lived(&|c| c.startup_ms = Some(u32::MAX));
    assert_eq!(absurd, [watch_ms, rebuffer_ms, bitrate_ms, startups]);

    // Heard of only after a restart, a minute in: it did not start then, and its minute is not of now.
    let live = Live::default();
    happen(&live, "e", &[story.records().split_off(6)], 1, now_ms);
    let [watch_ms, _, _, startups] = sums(&live, "e");
    assert_eq!((watch_ms, startups), (10_000, 0));
}

#[tokio::test]
async fn monitoring_names_what_it_takes() {
    let server = Server::start(unlimited());
    let tenant = server.tenant().await;
    let base = "/data/v1/monitoring/metrics";
    for (path, parameter, value, choice) in [
        ("current-average-bitrate/breakdown", "dimension", "shoe_size", "country"),
        ("current-average-bitrate/breakdown", "order_by", "size", "negative_impact"),
        ("current-average-bitrate/timeseries", "filters[]", "planet:x", "asn"),
        ("current-average-bitrate/timeseries", "filters[]", "country", "dimension:value"),
        ("current-average-bitrate/timeseries", "timestamp", "1", "or later"),
        ("current-average-bitrate/breakdown-timeseries", "timeframe[]", "24:hours", "10:minutes"),
        ("current-average-bitrate/breakdown-timeseries", "limit", "101", "1 to 100"),
    ] {
        let response = server.ask(&tenant, &format!("{base}/{path}"), &[(parameter, value)]).await;
        assert_eq!(response.status(), 400, "{path} {parameter}={value}");
        let problem: Value = response.json().await.unwrap();
        assert!(problem["choices"].to_string().contains(choice), "{problem}");
    }
    for path in ["happiness/timeseries", "current-average-bitrate/histogram-timeseries"] {
        assert_eq!(server.ask(&tenant, &format!("{base}/{path}"), &[]).await.status(), 404, "{path}");
    }
    // Nobody has been seen yet: nothing is known, which is not zero.
    let answer = server.answer(&tenant, &format!("{base}/current-concurrent-viewers/timeseries"), &[]).await;
    assert_eq!(answer["data"], serde_json::json!([]));
}

#[tokio::test]
async fn cdns_are_scored_by_what_they_did_in_the_window() {
    let server = Server::start(unlimited());
    let tenant = server.tenant().await;
    let now_ms = chrono::Utc::now().timestamp_millis();
    let mut random = StdRng::seed_from_u64(31);
    // All of it within the ten minutes that are looked at, and some still there at the end.
    let mut stories: Vec<_> = (0..120).map(|n| Story::random(&mut random, n, now_ms - 560_000)).collect();
    stories.retain(|story| story.last_ms() < now_ms - 30_000);
    let records: Vec<_> = stories.iter().map(Story::records).collect();
    happen(&server.live, &tenant.id, &records, 31, now_ms);
    let answer = server.answer(&tenant, "/data/v1/cdn-scores", &[("window_s", "600")]).await;
    let end_ms = answer["timeframe"][1].as_i64().unwrap() * 1000;
    let rows = answer["data"].as_array().unwrap();
    assert_eq!(rows.len(), 8, "four countries by two CDNs");
    for row in rows {
        let here: Vec<_> = stories
            .iter()
            .filter(|s| {
                s.bot_class.is_empty()
                    && s.country == row["country"].as_str().unwrap_or_default()
                    && row["cdn"] == s.cdn
            })
            .collect();
        let sum = |value: &dyn Fn(&Story) -> f64| -> f64 { here.iter().map(|s| value(s) * s.weight()).sum() };
        let totals =
            |s: &Story| s.totals(s.stalls_ms.len(), if s.end == End::Vanishes { 0 } else { s.tail_ms });
        let (watch, stalled) = (sum(&|s| totals(s).0 as f64), sum(&|s| totals(s).1 as f64));
        let viewers = sum(&|s| f64::from(s.over_ms() >= end_ms));
        let failures = sum(&|s| f64::from(s.end == End::Fails && s.over_ms() < end_ms));
        let starts = sum(&|s| f64::from(s.startup_ms.is_some()));
        let startup = sum(&|s| s.startup_ms.unwrap_or(0) as f64) / starts;
        let what = format!("{} {}", row["country"], row["cdn"]);
        for (name, expected) in [
            ("watch_ms", watch),
            ("concurrent_viewers", viewers),
            ("rebuffer_percentage", stalled / watch),
            ("playback_failure_percentage", failures / (viewers + failures)),
            ("video_startup_time", startup),
        ] {
            let found = row[name].as_f64().unwrap();
            assert!(
                (found - expected).abs() <= 1e-9 * expected.max(1.0),
                "{what} {name}: {found} != {expected}"
            );
        }
        let score = 100.0 * (1.0 - failures / (viewers + failures)) * (-10.0 * stalled / watch).exp() * 8.0
            / (8.0 + startup / 1000.0);
        assert!((row["score"].as_f64().unwrap() - score).abs() < 1e-9, "{what}");
    }
    let best_first = rows.windows(2).all(|pair| {
        pair[0]["country"] != pair[1]["country"] || pair[0]["score"].as_f64() >= pair[1]["score"].as_f64()
    });
    assert!(best_first);
}
