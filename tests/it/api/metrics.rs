//! Every metric, measured every way, against the same definitions computed over the same views in plain Rust.

use std::collections::{BTreeMap, BTreeSet};

use playhead::{
    control::NewEnvironment,
    event::metric::{METRICS, Measurement},
};
use serde_json::Value;

use super::{
    data::{TestView, an_hour_ago, random_views, write},
    server::{Server, store, unlimited},
};

/// What a view says about a metric: nothing (not valid), or a value, or two to be summed and divided.
enum Said {
    Number(f64),
    Fraction(f64, f64),
    Text(String),
}

fn said(metric: &str, view: &TestView) -> Option<Said> {
    let number = |value: Option<u32>| value.map(|value| Said::Number(f64::from(value)));
    let truth = |value: bool| Some(Said::Number(if value { 1.0 } else { 0.0 }));
    if !view.attempted {
        return None;
    }
    match metric {
        "views" => Some(Said::Number(1.0)),
        "unique_viewers" => (!view.viewer_id.is_empty()).then(|| Said::Text(view.viewer_id.clone())),
        "playing_time" => number(Some(view.playing_ms)),
        "video_startup_time" => number(view.startup_ms),
        "player_startup_time" => number(view.player_startup_ms),
        "page_load_time" => number(view.page_load_ms),
        "startup_time_score" => {
            view.startup_ms.map(|ms| Said::Number(100.0 * 8.0 / (8.0 + f64::from(ms) / 1000.0)))
        }
        "rebuffer_percentage" => Some(Said::Fraction(view.rebuffer_ms.into(), view.watch_ms.into())),
        "rebuffer_frequency" => {
            Some(Said::Fraction(f64::from(view.rebuffer_count) * 60_000.0, view.watch_ms.into()))
        }
        "rebuffer_count" => view.started().then_some(view.rebuffer_count).and_then(|n| number(Some(n))),
        "rebuffer_duration" => view.started().then_some(view.rebuffer_ms).and_then(|n| number(Some(n))),
        "seek_latency" => (view.seek_count > 0)
            .then(|| Said::Number(f64::from(view.seek_ms) / f64::from(view.seek_count))),
        "weighted_average_bitrate" => (view.bitrate_ms > 0 && view.playing_ms > 0)
            .then(|| Said::Number(view.bitrate_ms as f64 / f64::from(view.playing_ms))),
        "playback_failure_percentage" => truth(view.fatal),
        "video_startup_failure_percentage" => truth(view.fatal && !view.started()),
        "playback_business_exception_percentage" => truth(view.business),
        "video_startup_business_exception_percentage" => truth(view.business && !view.started()),
        "exits_before_video_start" => truth(view.left_before_start()),
        other => panic!("the oracle does not know {other}"),
    }
}

fn percentile(mut values: Vec<f64>, level: f64) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let place = level * (values.len().checked_sub(1)? as f64);
    let (low, high) = (values[place.floor() as usize], values[place.ceil() as usize]);
    Some(low + (high - low) * place.fract())
}

/// Value and number of views, straight from the definitions.
fn oracle<'a>(
    metric: &str,
    measurement: Measurement,
    views: impl IntoIterator<Item = &'a TestView>,
) -> (Option<f64>, u64) {
    let said: Vec<_> = views.into_iter().filter_map(|view| said(metric, view)).collect();
    let numbers: Vec<f64> = said
        .iter()
        .filter_map(|said| match said {
            Said::Number(value) => Some(*value),
            Said::Fraction(of, to) => (*to > 0.0).then(|| of / to),
            Said::Text(_) => None,
        })
        .collect();
    let sum: f64 = numbers.iter().sum();
    let mean = |sum: f64, count: f64| (count > 0.0).then(|| sum / count);
    let fractions = said.iter().filter_map(|said| match said {
        Said::Fraction(of, to) => Some((of, to)),
        _ => None,
    });
    let (of, to) = fractions.fold((0.0, 0.0), |(of, to), (o, t)| (of + o, to + t));
    let is_ratio = metric.starts_with("rebuffer_p") || metric.starts_with("rebuffer_f");
    let is_share = metric.ends_with("percentage") && !is_ratio || metric == "exits_before_video_start";
    let distinct: BTreeSet<_> =
        said.iter().filter_map(|said| if let Said::Text(text) = said { Some(text) } else { None }).collect();
    let value = match measurement {
        Measurement::Average if is_ratio => mean(of, to),
        Measurement::Average => mean(sum, numbers.len() as f64),
        Measurement::Median => percentile(numbers, 0.5),
        Measurement::Percentile95 => percentile(numbers, 0.95),
        Measurement::Sum => Some(sum),
        Measurement::Count if metric == "unique_viewers" => Some(distinct.len() as f64),
        Measurement::Count if is_share => Some(sum),
        Measurement::Count => Some(said.len() as f64),
    };
    (value, said.len() as u64)
}

fn by_start(metric: &str) -> bool {
    matches!(metric, "views" | "unique_viewers" | "playing_time")
}

fn time_of(metric: &str, view: &TestView) -> i64 {
    if by_start(metric) { view.start_ms } else { view.end_ms() }
}

fn assert_close(found: &Value, expected: Option<f64>, what: &str) {
    match (found.as_f64(), expected) {
        (None, None) => assert!(found.is_null(), "{what}: {found}"),
        (Some(found), Some(expected)) => {
            assert!((found - expected).abs() <= 1e-9 * expected.abs().max(1.0), "{what}: {found} != {expected}");
        }
        _ => panic!("{what}: {found} != {expected:?}"),
    }
}

struct World {
    server: Server,
    tenant: NewEnvironment,
    views: Vec<TestView>,
    from_ms: i64,
    to_ms: i64,
}

impl World {
    async fn new() -> Self {
        let server = Server::start(unlimited());
        let tenant = server.tenant().await;
        let until = an_hour_ago();
        let views = random_views(7, 200, until);
        write(&store(), &tenant.id, &views).await;
        // A window that cuts off views at both ends, by start as by end.
        Self { server, tenant, views, from_ms: until - 40 * 3_600_000, to_ms: until - 3 * 3_600_000 }
    }

    fn frame(&self) -> [String; 2] {
        [self.from_ms / 1000, self.to_ms / 1000].map(|second| second.to_string())
    }

    fn within<'a>(
        &'a self,
        metric: &'a str,
        filter: impl Fn(&TestView) -> bool + 'a,
    ) -> impl Iterator<Item = &'a TestView> {
        self.views.iter().filter(move |view| {
            (self.from_ms..self.to_ms).contains(&time_of(metric, view)) && filter(view)
        })
    }
}

#[tokio::test]
async fn every_metric_measured_every_way_is_what_its_definition_says() {
    let world = World::new().await;
    let [from, to] = world.frame();
    let mut checked = 0;
    for metric in &METRICS {
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
            assert!(views > 10, "{what}: too few views to say anything");
            assert_close(&answer["data"]["value"], value, &what);
            assert_eq!(answer["data"]["total_views"], views, "{what}");
            let valid: Vec<_> = all.iter().filter(|view| said(metric.id, view).is_some()).collect();
            let watched: u64 = valid.iter().map(|view| u64::from(view.watch_ms)).sum();
            let played: u64 = valid.iter().map(|view| u64::from(view.playing_ms)).sum();
            assert_eq!(answer["data"]["total_watch_time"], watched, "{what}");
            assert_eq!(answer["data"]["total_playing_time"], played, "{what}");

            timeseries(&world, metric.id, measurement, &query).await;
            breakdown(&world, metric.id, measurement, &query).await;
            checked += 1;
        }
    }
    println!("{checked} metrics and measurements equal to the oracle, each overall, over time and by country");
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
        assert_eq!(row[2], count, "{metric} at {start}");
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
        assert_eq!(row["views"], count, "{metric} in {country}");
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
            assert!(views > 0, "{what}: says nothing");
            assert_close(&answer["data"]["value"], value, &what);
            assert_eq!(answer["data"]["total_views"], views, "{what}");
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
    let impacts: Vec<f64> =
        impact["data"].as_array().unwrap().iter().map(|row| row["negative_impact"].as_f64().unwrap()).collect();
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
        let counted = matches!(metric.default, Measurement::Count | Measurement::Sum);
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
    for (row, metric) in comparison["data"].as_array().unwrap().iter().zip(&METRICS) {
        let (value, views) =
            oracle(metric.id, metric.default, world.within(metric.id, |view| view.country == "DE"));
        assert_eq!(row["metric"], metric.id);
        assert_close(&row["value"], value, metric.id);
        assert_eq!(row["view_count"], views);
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
