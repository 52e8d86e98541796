//! How good the oracle is: every formula with one thing wrong in it has to be told from the right one.
//!
//! The formulas of the registry are changed one place at a time and asked of the same views as the oracle, for each
//! country. A wrong one that gives the right figures everywhere means that the views of the tests are too tame.
//!
//! A run looks at every fourth mistake, to be quick; `PLAYHEAD_MUTANTS=all` at all of them.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::{StreamExt as _, stream};
use playhead::{
    event::metric::{Formula, METRICS, Measurement, Metric, by_id},
    store::Store,
};

use super::{
    data::{TestView, an_hour_ago, random_views, sampled, write},
    oracle::{concurrent, oracle},
    server::{Server, store, unlimited},
};

/// What is mistaken for what.
const MISTAKES: [(&str, &str); 24] = [
    (" / ", " * "),
    (" * ", " + "),
    (" + ", " - "),
    (" - ", " + "),
    (" AND ", " OR "),
    (" OR ", " AND "),
    ("NOT ", ""),
    ("IS NOT NULL", "IS NULL"),
    (" > 0", " = 0"),
    (" >= ", " < "),
    (" <= ", " > "),
    ("!= ''", "= ''"),
    ("!= 'live'", "= 'live'"),
    ("sqrt(", "abs("),
    ("exp(", "abs("),
    ("-0.33", "0.33"),
    ("-10", "10"),
    ("pow(", "least("),
    ("greatest(", "least("),
    ("notEmpty(", "empty("),
    ("uniqExactIf(viewer_id,", "sumIf(1,"),
    (", whole_weight,", ", 1,"),
    ("sumIf(", "maxIf("),
    ("arraySort(", "("),
];

/// Columns, and the one that each is mistaken for.
const COLUMNS: [(&str, &str); 38] = [
    ("present_from_ms", "present_to_ms"),
    ("present_to_ms", "present_from_ms"),
    ("renditions", "played_ranges"),
    ("rendition_upshift_count", "rendition_downshift_count"),
    ("rendition_downshift_count", "rendition_upshift_count"),
    ("request_throughput", "request_latency_ms"),
    ("request_latency_ms", "max_request_latency_ms"),
    ("max_request_latency_ms", "request_latency_ms"),
    ("preroll_request_ms", "preroll_load_ms"),
    ("preroll_load_ms", "preroll_request_ms"),
    ("ad_attempt_count", "ad_break_count"),
    ("ad_break_count", "ad_attempt_count"),
    ("ad_error_count", "ad_startup_error_count"),
    ("view_has_ad", "view_started"),
    ("weight", "whole_weight"),
    ("playing_ms", "watch_ms"),
    ("watch_ms", "playing_ms"),
    ("rebuffer_ms", "seek_ms"),
    ("rebuffer_count", "seek_count"),
    ("seek_ms", "rebuffer_ms"),
    ("seek_count", "rebuffer_count"),
    ("bitrate_ms", "playing_ms"),
    ("upscale_ms", "downscale_ms"),
    ("downscale_ms", "upscale_ms"),
    ("dropped_frames", "rebuffer_count"),
    ("live_latency_ms", "player_startup_ms"),
    ("video_startup_ms", "player_startup_ms"),
    ("player_startup_ms", "page_load_ms"),
    ("page_load_ms", "player_startup_ms"),
    ("waited_ms", "watch_ms"),
    ("media_seen_ms", "max_playhead_ms"),
    ("video_duration_ms", "playing_ms"),
    ("viewer_id", "video_id"),
    ("playback_failure", "playback_business_exception"),
    ("playback_business_exception", "playback_failure"),
    ("view_started", "view_ended"),
    ("exit_before_video_start", "playback_failure"),
    ("view_dropped", "view_started"),
];

const TOO_TAME: [Measurement; 4] = [
    Measurement::Percentile25,
    Measurement::Percentile75,
    Measurement::Percentile90,
    Measurement::Percentile99,
];

fn is_word(character: char) -> bool {
    character.is_ascii_alphanumeric() || character == '_'
}

/// One mistake in so many is tried.
fn step() -> usize {
    if std::env::var("PLAYHEAD_MUTANTS").is_ok_and(|which| which == "all") { 1 } else { 4 }
}

/// Every text that comes of one change to `text`.
fn mutants(text: &str) -> BTreeSet<String> {
    let mut mutants = BTreeSet::new();
    let mut replace = |at: usize, length: usize, by: &str| {
        mutants.insert(format!("{}{by}{}", &text[..at], &text[at + length..]));
    };
    for (right, wrong) in MISTAKES {
        text.match_indices(right).for_each(|(at, _)| replace(at, right.len(), wrong));
    }
    let mut at = 0;
    while at < text.len() {
        let rest = &text[at..];
        let word: String = rest.chars().take_while(|c| is_word(*c) || *c == '.').collect();
        let before = text[..at].chars().next_back();
        if let Some((_, wrong)) = COLUMNS.iter().find(|(column, _)| *column == word) {
            replace(at, word.len(), wrong);
        } else if let Some(number) = word.parse::<f64>().ok().filter(|n| *n != 0.0 && before != Some('[')) {
            replace(at, word.len(), &format!("{}", number * 1.25));
        }
        at += word.len().max(rest.chars().next().map_or(1, char::len_utf8));
    }
    mutants
}

/// Figures by group of views: small groups, so that a small mistake shows in one of them.
type Figures = BTreeMap<String, Option<f64>>;

/// What an expression gives for each group, or why ClickHouse will not run it.
async fn ask(store: &Store, tenant: &str, aggregate: &str, valid: &str) -> Result<Figures, String> {
    let select = format!(
        "WITH toUnixTimestamp64Milli(view_start) AS present_from_ms, \
         greatest(toUnixTimestamp64Milli(view_end), present_from_ms + 1) AS present_to_ms, 1000 AS present_of_ms SELECT concat(country, '/', cdn) AS group, {aggregate} AS value FROM views \
         WHERE environment = '{tenant}' AND ({valid}) GROUP BY group"
    );
    let rows = store.client.query(&select).fetch_all::<(String, Option<f64>)>().await;
    rows.map(|rows| rows.into_iter().collect()).map_err(|error| error.to_string())
}

fn expected(metric: &Metric, measurement: Measurement, views: &[TestView]) -> Figures {
    let mut groups: BTreeMap<String, Vec<&TestView>> = BTreeMap::new();
    for view in views {
        groups.entry(format!("{}/{}", view.country, view.cdn)).or_default().push(view);
    }
    let of_group = |views: Vec<&TestView>| match (metric.formula, measurement) {
        (Formula::Concurrent, measurement) => {
            let attempts: Vec<_> = views.into_iter().filter(|view| view.attempted).collect();
            let (most, together_ms) = concurrent(attempts.iter().copied(), i64::MIN, i64::MAX);
            let value = if measurement == Measurement::Maximum { most } else { together_ms / 1000.0 };
            (Some(value), attempts.len() as f64)
        }
        _ => oracle(metric.id, measurement, views),
    };
    let figures = groups.into_iter().map(|(group, views)| (group, of_group(views)));
    figures.filter(|(_, (_, count))| *count > 0.0).map(|(group, (value, _))| (group, value)).collect()
}

fn same(found: &Figures, expected: &Figures) -> bool {
    let close = |found: &Option<f64>, expected: &Option<f64>| match (found, expected) {
        (Some(found), Some(expected)) => (found - expected).abs() <= 1e-9 * expected.abs().max(1.0),
        (found, expected) => found == expected,
    };
    found.len() == expected.len()
        && found.iter().zip(expected).all(|((a, found), (b, expected))| a == b && close(found, expected))
}

/// The metric with one thing wrong in what it computes or in which views it is about.
fn mistaken(metric: &Metric) -> Vec<Metric> {
    let of_text = |text: &str| -> Vec<&'static str> {
        mutants(text).into_iter().map(|mutant| &*Box::leak(mutant.into_boxed_str())).collect()
    };
    let formulas: Vec<Formula> = match metric.formula {
        Formula::Views | Formula::Concurrent => Vec::new(),
        Formula::Distinct(value) => of_text(value).into_iter().map(Formula::Distinct).collect(),
        Formula::Value(value) => of_text(value).into_iter().map(Formula::Value).collect(),
        Formula::Share(condition) => of_text(condition).into_iter().map(Formula::Share).collect(),
        Formula::Ratio { of, to } => {
            let of_mutants = of_text(of).into_iter().map(|of| Formula::Ratio { of, to });
            of_mutants.chain(of_text(to).into_iter().map(|to| Formula::Ratio { of, to })).collect()
        }
        Formula::Wait { ms, left } => {
            let ms_mutants = of_text(ms).into_iter().map(|ms| Formula::Wait { ms, left });
            ms_mutants.chain(of_text(left).into_iter().map(|left| Formula::Wait { ms, left })).collect()
        }
    };
    let by_formula = formulas.into_iter().map(|formula| Metric { formula, ..*metric });
    by_formula.chain(of_text(metric.valid).into_iter().map(|valid| Metric { valid, ..*metric })).collect()
}

/// Views of all kinds in an environment of their own, and the right figures of them.
struct World {
    _server: Server,
    store: Store,
    tenant: String,
    views: Vec<TestView>,
}

impl World {
    async fn new() -> Self {
        let server = Server::start(unlimited());
        let tenant = server.tenant().await.id;
        let views = sampled(17, random_views(19, 600, an_hour_ago()));
        write(&store(), &tenant, &views).await;
        Self { _server: server, store: store(), tenant, views }
    }

    /// Whether an expression cannot be told from the right one; false too if it does not run.
    async fn passes(&self, aggregate: &str, valid: &str, right: &Figures) -> bool {
        ask(&self.store, &self.tenant, aggregate, valid).await.is_ok_and(|found| same(&found, right))
    }

    /// The same, however the metric is measured.
    async fn passes_in_all(&self, mutant: &Metric, right: &[(Measurement, Figures)]) -> bool {
        for (measurement, right) in right {
            let aggregate = mutant.aggregate(*measurement, "1").unwrap();
            if !self.passes(&aggregate, mutant.valid, right).await {
                return false;
            }
        }
        true
    }
}

#[tokio::test]
async fn the_oracle_tells_every_mistaken_metric_from_the_right_one() {
    let world = World::new().await;
    let (mut tried, mut survivors) = (0, Vec::new());
    for metric in &METRICS {
        let figures = |measurement| (measurement, expected(metric, measurement, &world.views));
        let right: Vec<_> = metric.offered().into_iter().map(figures).collect();
        assert!(world.passes_in_all(metric, &right).await, "{} itself", metric.id);
        let answers = stream::iter(mistaken(metric).into_iter().step_by(step()))
            .map(async |mutant| (world.passes_in_all(&mutant, &right).await, mutant))
            .buffer_unordered(4);
        let answers: Vec<_> = answers.collect().await;
        tried += answers.len();
        survivors.extend(answers.into_iter().filter(|(passes, _)| *passes).map(|(_, mutant)| mutant));
    }
    println!("{tried} mistaken metrics, {} got through", survivors.len());
    assert!(survivors.is_empty(), "{survivors:#?}");
}

/// The aggregation is the same for all metrics of a kind: one of each is enough.
#[tokio::test]
async fn the_oracle_tells_every_mistaken_aggregation_from_the_right_one() {
    let world = World::new().await;
    let (mut tried, mut survivors) = (0, Vec::new());
    for id in [
        "views",
        "unique_viewers",
        "playing_time",
        "exits_before_video_start",
        "rebuffer_percentage",
        "video_startup_time_with_exits",
        "concurrent_viewers",
    ] {
        let metric = by_id(id).unwrap();
        // The other percentiles are these with another number, and a quarter of the views is often all zeros.
        let told = metric.offered().into_iter().filter(|measurement| !TOO_TAME.contains(measurement));
        for measurement in told {
            let right = expected(metric, measurement, &world.views);
            for mutant in mutants(&metric.aggregate(measurement, "1").unwrap()).into_iter().step_by(step()) {
                tried += 1;
                if world.passes(&mutant, metric.valid, &right).await {
                    survivors.push((id, measurement, mutant));
                }
            }
        }
    }
    println!("{tried} mistaken aggregations, {} got through", survivors.len());
    assert!(survivors.is_empty(), "{survivors:#?}");
}
