//! Every metric, measured every way, against the same definitions computed over the same views in plain Rust.

use std::collections::BTreeMap;

use playhead::{
    control::NewEnvironment,
    event::metric::{Bucket, METRICS, Measurement},
};
use serde_json::Value;

use super::{
    data::{TestView, an_hour_ago, random_views, sampled, write},
    oracle::{concurrent, oracle, said, time_of, weight},
    server::{Server, store, unlimited},
};

pub fn assert_close(found: &Value, expected: Option<f64>, what: &str) {
    match (found.as_f64(), expected) {
        (None, None) => assert!(found.is_null(), "{what}: {found}"),
        (Some(found), Some(expected)) => {
            assert!(
                (found - expected).abs() <= 1e-9 * expected.abs().max(1.0),
                "{what}: {found} != {expected}"
            );
        }
        _ => panic!("{what}: {found} != {expected:?}"),
    }
}

/// A server with views of one tenant, and a window of time over most of them.
pub struct World {
    pub server: Server,
    pub tenant: NewEnvironment,
    pub views: Vec<TestView>,
    pub from_ms: i64,
    pub to_ms: i64,
}

impl World {
    pub async fn new() -> Self {
        Self::of(|views| views).await
    }

    pub async fn of(change: impl Fn(Vec<TestView>) -> Vec<TestView>) -> Self {
        let server = Server::start(unlimited());
        let tenant = server.tenant().await;
        let until = an_hour_ago();
        let views = change(random_views(7, 200, until));
        write(&store(), &tenant.id, &views).await;
        // A window that cuts off views at both ends, by start as by end.
        Self { server, tenant, views, from_ms: until - 40 * 3_600_000, to_ms: until - 3 * 3_600_000 }
    }

    pub fn frame(&self) -> [String; 2] {
        [self.from_ms / 1000, self.to_ms / 1000].map(|second| second.to_string())
    }

    pub fn within<'a>(
        &'a self,
        metric: &'a str,
        filter: impl Fn(&TestView) -> bool + 'a,
    ) -> impl Iterator<Item = &'a TestView> {
        self.views
            .iter()
            .filter(move |view| (self.from_ms..self.to_ms).contains(&time_of(metric, view)) && filter(view))
    }
}

#[tokio::test]
async fn every_metric_measured_every_way_is_what_its_definition_says() {
    compare(World::new().await).await;
}

#[tokio::test]
async fn views_of_samples_count_for_as_many_as_they_stand_for() {
    compare(World::of(|views| sampled(11, views)).await).await;
}

/// Whole numbers of views that need not be.
pub fn assert_rounded(found: &Value, expected: f64, what: &str) {
    let found = found.as_f64().unwrap();
    assert!(
        found.fract() == 0.0 && (found - expected).abs() <= 0.5 + 1e-9 * expected,
        "{what}: {found} != {expected}"
    );
}

async fn compare(world: World) {
    let [from, to] = world.frame();
    let mut checked = 0;
    // Who is there at the same time has its own test: `concurrency.rs`.
    for metric in METRICS.iter().filter(|metric| metric.bucket != Bucket::Presence) {
        for measurement in metric.offered() {
            let query = [
                ("timeframe[]", from.as_str()),
                ("timeframe[]", to.as_str()),
                ("measurement", measurement.name()),
            ];
            let what = format!("{} {}", metric.id, measurement.name());
            let path = format!("/data/v1/metrics/{}", metric.id);

            let answer = world.server.answer(&world.tenant, &format!("{path}/overall"), &query).await;
            let all: Vec<_> = world.within(metric.id, |_| true).collect();
            let (value, views) = oracle(metric.id, measurement, all.iter().copied());
            let valid: Vec<_> = all.iter().filter(|view| said(metric.id, view).is_some()).collect();
            assert!(valid.len() > 10, "{what}: too few views to say anything");
            assert_close(&answer["data"]["value"], value, &what);
            assert_rounded(&answer["data"]["total_views"], views, &what);
            let watched = valid.iter().map(|view| f64::from(view.watch_ms) * weight(view)).sum();
            let played = valid.iter().map(|view| f64::from(view.playing_ms) * weight(view)).sum();
            assert_rounded(&answer["data"]["total_watch_time"], watched, &what);
            assert_rounded(&answer["data"]["total_playing_time"], played, &what);

            timeseries(&world, metric.id, measurement, &query).await;
            breakdown(&world, metric.id, measurement, &query).await;
            checked += 1;
        }
    }
    println!(
        "{checked} metrics and measurements equal to the oracle, each overall, over time and by country"
    );
}

async fn timeseries(world: &World, metric: &str, measurement: Measurement, query: &[(&str, &str)]) {
    let path = format!("/data/v1/metrics/{metric}/timeseries");
    let answer = world.server.answer(&world.tenant, &path, query).await;
    assert_eq!(answer["meta"]["granularity"], "hour");
    let mut steps: BTreeMap<i64, Vec<&TestView>> = BTreeMap::new();
    for view in world.within(metric, |_| true) {
        steps.entry(time_of(metric, view).div_euclid(3_600_000)).or_default().push(view);
    }
    let rows = answer["data"].as_array().unwrap();
    assert_eq!(answer["total_row_count"], rows.len());
    let numbers = world.from_ms.div_euclid(3_600_000)..=(world.to_ms - 1).div_euclid(3_600_000);
    assert_eq!(rows.len(), numbers.clone().count(), "{metric}: a row for each hour");
    for (row, number) in rows.iter().zip(numbers) {
        let start = chrono::DateTime::from_timestamp(number * 3600, 0).unwrap();
        assert_eq!(row[0], start.to_rfc3339_opts(chrono::SecondsFormat::Secs, true));
        let views = steps.get(&number).cloned().unwrap_or_default();
        let (value, count) = oracle(metric, measurement, views);
        assert_close(&row[1], value, &format!("{metric} {} at {start}", measurement.name()));
        assert_rounded(&row[2], count, &format!("{metric} at {start}"));
    }
}

async fn breakdown(world: &World, metric: &str, measurement: Measurement, query: &[(&str, &str)]) {
    let path = format!("/data/v1/metrics/{metric}/breakdown");
    let extra = [("group_by", "country"), ("order_by", "field"), ("limit", "100")];
    let query: Vec<_> = query.iter().copied().chain(extra).collect();
    let answer = world.server.answer(&world.tenant, &path, &query).await;
    let mut countries: BTreeMap<&str, Vec<&TestView>> = BTreeMap::new();
    for view in world.within(metric, |view| said(metric, view).is_some()) {
        countries.entry(&view.country).or_default().push(view);
    }
    let rows = answer["data"].as_array().unwrap();
    assert_eq!(answer["total_row_count"], countries.len(), "{metric}");
    assert_eq!(rows.len(), countries.len(), "{metric}");
    for (row, (country, views)) in rows.iter().zip(countries) {
        assert_eq!(row["field"].as_str().unwrap_or_default(), country, "{metric}: in order of the field");
        let (value, count) = oracle(metric, measurement, views);
        assert_close(&row["value"], value, &format!("{metric} {} in {country}", measurement.name()));
        assert_rounded(&row["views"], count, &format!("{metric} in {country}"));
    }
}

#[tokio::test]
async fn filters_of_one_dimension_are_alternatives_and_all_else_holds_together() {
    let world = World::new().await;
    let [from, to] = world.frame();
    type Condition = fn(&TestView) -> bool;
    let cases: [(&[&str], &[&str], Condition); 10] = [
        (&["country:DE"], &[], |view| view.country == "DE"),
        (&["country:DE", "country:FR"], &[], |view| matches!(view.country.as_str(), "DE" | "FR")),
        (&["country:DE", "cdn:fastly"], &[], |view| view.country == "DE" && view.cdn == "fastly"),
        (&["!country:DE", "!country:FR"], &[], |view| !matches!(view.country.as_str(), "DE" | "FR")),
        (&["country:__empty__"], &[], |view| view.country.is_empty()),
        (&["video_title:It's \\ \"B\""], &[], |view| view.video_title.starts_with("It's")),
        (&["custom.plan:gold", "playback_failure:false"], &[], |view| view.plan == "gold" && !view.fatal),
        (&["viewer_user_id:u1"], &[], |view| view.viewer_id == "u1"),
        (&[], &["rebuffer_count>=3"], |view| view.started() && view.rebuffer_count >= 3),
        (&["!player_error_code:404"], &["video_startup_time<1000"], |view| {
            view.error_code != "404" && view.startup_ms.is_some_and(|ms| ms < 1000)
        }),
    ];
    for (filters, metric_filters, condition) in cases {
        let mut query = vec![("timeframe[]", from.as_str()), ("timeframe[]", to.as_str())];
        query.extend(filters.iter().map(|filter| ("filters[]", *filter)));
        query.extend(metric_filters.iter().map(|filter| ("metric_filters[]", *filter)));
        for metric in ["views", "playing_time", "playback_failure_percentage"] {
            let path = format!("/data/v1/metrics/{metric}/overall");
            let answer = world.server.answer(&world.tenant, &path, &query).await;
            let default = METRICS.iter().find(|known| known.id == metric).unwrap().default;
            let (value, views) = oracle(metric, default, world.within(metric, condition));
            let what = format!("{metric} with {filters:?} {metric_filters:?}");
            assert!(views > 0.0, "{what}: says nothing");
            assert_close(&answer["data"]["value"], value, &what);
            assert_rounded(&answer["data"]["total_views"], views, &what);
        }
    }
}

#[tokio::test]
async fn groups_come_in_pages_in_the_order_asked_for() {
    let world = World::new().await;
    let path = "/data/v1/metrics/playback_failure_percentage/breakdown";
    let [from, to] = world.frame();
    let frame = [("timeframe[]", from.as_str()), ("timeframe[]", to.as_str()), ("group_by", "viewer_id")];
    let ask = async |extra: &[(&str, &str)]| {
        let query: Vec<_> = frame.iter().chain(extra).copied().collect();
        world.server.answer(&world.tenant, path, &query).await
    };
    let all = ask(&[("limit", "100"), ("order_by", "value"), ("order_direction", "asc")]).await;
    let values: Vec<f64> =
        all["data"].as_array().unwrap().iter().map(|row| row["value"].as_f64().unwrap()).collect();
    assert!(values.is_sorted(), "{values:?}");
    let mut paged = Vec::new();
    for page in ["1", "2", "3", "4"] {
        let part =
            ask(&[("limit", "2"), ("page", page), ("order_by", "value"), ("order_direction", "asc")]).await;
        assert_eq!(part["total_row_count"], all["total_row_count"]);
        paged.extend(part["data"].as_array().unwrap().clone());
    }
    assert_eq!(&Value::from(paged), &all["data"]);

    // What groups do to the whole adds up to nothing, and the worst comes first.
    let impact = ask(&[("limit", "100")]).await;
    let impacts: Vec<f64> = impact["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["negative_impact"].as_f64().unwrap())
        .collect();
    assert!(impacts.iter().rev().is_sorted(), "{impacts:?}");
    assert!(impacts.iter().sum::<f64>().abs() < 1e-9 && impacts[0] > 0.0, "{impacts:?}");
}

#[tokio::test]
async fn what_nobody_measured_is_unknown_and_not_zero() {
    let server = Server::start(unlimited());
    let tenant = server.tenant().await;
    for metric in &METRICS {
        let path = format!("/data/v1/metrics/{}/overall", metric.id);
        let answer = server.answer(&tenant, &path, &[]).await;
        let counted = matches!(metric.default, Measurement::Count | Measurement::Sum | Measurement::Maximum);
        assert_eq!(answer["data"]["value"].is_null(), !counted, "{}: {answer}", metric.id);
        assert_eq!(answer["data"]["total_views"], 0);
        assert_eq!(answer["timeframe"].as_array().unwrap().len(), 2);
    }
    let minutes = server
        .answer(&tenant, "/data/v1/metrics/video_startup_time/timeseries", &[("timeframe[]", "60:minutes")])
        .await;
    assert_eq!(minutes["meta"]["granularity"], "minute");
    assert!(minutes["data"].as_array().unwrap().iter().all(|row| row[1].is_null() && row[2] == 0));
}

/// Reckoned by hand. Of eight who wait one leaves after half a second and three after 2.5 s, so of those who wait at 1, 2,
/// 3 and 4 s the parts 6/7, 5/6, 1/2 and nothing go on waiting: 0.86, 0.71, 0.36, 0.
#[tokio::test]
async fn those_who_left_while_waiting_count_as_having_waited_that_long() {
    let server = Server::start(unlimited());
    let start_ms = an_hour_ago() - 3_600_000;
    let view = |number: usize, startup_ms: Option<u32>, watch_ms: u32| TestView {
        id: format!("wait-{number}"),
        start_ms,
        length_ms: 10_000,
        attempted: true,
        closed: true,
        startup_ms,
        watch_ms,
        ..TestView::default()
    };
    let begun = [1000, 2000, 3000, 4000].map(|ms| (Some(ms), 9000));
    let left = [500, 2500, 2500, 2500].map(|ms| (None, ms));
    let of = |waits: &[(Option<u32>, u32)]| -> Vec<TestView> {
        waits
            .iter()
            .enumerate()
            .map(|(number, (startup_ms, watch_ms))| view(number, *startup_ms, *watch_ms))
            .collect()
    };
    let tenant = server.tenant().await;
    write(&store(), &tenant.id, &of(&[begun, left].concat())).await;
    let value = async |tenant: &NewEnvironment, metric: &str, measurement: &str| {
        let path = format!("/data/v1/metrics/{metric}/overall");
        let answer = server.answer(tenant, &path, &[("measurement", measurement)]).await;
        answer["data"]["value"].as_f64()
    };
    assert_eq!(value(&tenant, "video_startup_time", "median").await, Some(2500.0));
    assert_eq!(value(&tenant, "video_startup_time_with_exits", "median").await, Some(3000.0));
    assert_eq!(value(&tenant, "video_startup_time_with_exits", "95th").await, Some(4000.0));
    // Someone waited longer than anyone who started, so nobody knows when the last would have.
    let tenant = server.tenant().await;
    write(&store(), &tenant.id, &of(&[&begun[..], &left, &[(None, 9000)]].concat())).await;
    assert_eq!(value(&tenant, "video_startup_time_with_exits", "median").await, Some(3000.0));
    assert_eq!(value(&tenant, "video_startup_time_with_exits", "95th").await, None);
}

/// The most who were there at once, and how many were there at all.
fn there_in_germany(world: &World) -> (Option<f64>, f64) {
    let there = world.views.iter().filter(|view| {
        let overlaps = view.start_ms < world.to_ms && view.end_ms() >= world.from_ms;
        overlaps && view.attempted && view.country == "DE"
    });
    let (most, _) = concurrent(there.clone(), world.from_ms, world.to_ms);
    (Some(most), there.count() as f64)
}

#[tokio::test]
async fn the_catalogue_the_comparison_and_the_dimensions_say_what_there_is() {
    let world = World::new().await;
    let catalogue = world.server.answer(&world.tenant, "/data/v1/metrics", &[]).await;
    assert_eq!(catalogue["total_row_count"], METRICS.len());
    assert_eq!(catalogue["data"][0]["id"], "views");

    let [from, to] = world.frame();
    let frame = [("timeframe[]", from.as_str()), ("timeframe[]", to.as_str())];
    let query: Vec<_> = frame.into_iter().chain([("dimension", "country"), ("value", "DE")]).collect();
    let comparison = world.server.answer(&world.tenant, "/data/v1/metrics/comparison", &query).await;
    let rows = comparison["data"].as_array().unwrap();
    assert_eq!(comparison["total_row_count"], METRICS.len() + 1);
    let of_germany =
        |metric: &'static str| world.within(metric, |view| view.country == "DE" && view.attempted);
    assert_eq!(rows[0]["name"], "totals");
    assert_eq!(rows[0]["started_views"], of_germany("views").count());
    assert_eq!(rows[0]["ended_views"], of_germany("rebuffer_count").count());
    let viewers = oracle("unique_viewers", Measurement::Count, of_germany("views")).0;
    assert_eq!(rows[0]["unique_viewers"].as_f64(), viewers);
    for (row, metric) in rows[1..].iter().zip(&METRICS) {
        let (value, views) = match metric.bucket {
            Bucket::Presence => there_in_germany(&world),
            _ => oracle(metric.id, metric.default, world.within(metric.id, |view| view.country == "DE")),
        };
        assert_eq!(row["metric"], metric.id);
        assert_close(&row["value"], value, metric.id);
        assert_rounded(&row["view_count"], views, metric.id);
    }

    let names = world.server.answer(&world.tenant, "/data/v1/dimensions", &[]).await;
    assert!(names["data"]["basic"].as_array().unwrap().contains(&"country".into()));
    let values = world.server.answer(&world.tenant, "/data/v1/dimensions/country", &frame).await;
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    for view in world.within("views", |view| view.attempted) {
        *counts.entry(&view.country).or_default() += 1;
    }
    let found: BTreeMap<&str, u64> = values["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| (row["value"].as_str().unwrap_or_default(), row["total_count"].as_u64().unwrap()))
        .collect();
    assert_eq!(found, counts);
}
