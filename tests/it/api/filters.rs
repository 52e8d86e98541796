//! Filters of every form against the same conditions in plain Rust, over random views and random expressions.

use std::collections::BTreeSet;

use rand::{RngExt, SeedableRng, rngs::StdRng};
use serde_json::Value;

use super::{
    data::{TestView, an_hour_ago, random_views, write},
    metrics::World,
    oracle::{Said, said},
    server::{Server, store, unlimited},
};

/// Random questions of a run.
const ROUNDS: usize = 48;

/// A filter as it is written, and what it means.
struct Wanted {
    text: String,
    holds: Box<dyn Fn(&TestView) -> bool>,
}

impl Wanted {
    fn new(text: String, holds: impl Fn(&TestView) -> bool + 'static) -> Self {
        Self { text, holds: Box::new(holds) }
    }

    fn not(self) -> Self {
        let holds = self.holds;
        Self { text: format!("!{}", self.text), holds: Box::new(move |view| !holds(view)) }
    }
}

type TextOf = fn(&TestView) -> String;

/// Dimensions with texts and values to look for.
const TEXTS: [(&str, TextOf, [&str; 4]); 6] = [
    ("country", |view| view.country.clone(), ["DE", "FR", "us", "e"]),
    ("cdn", |view| view.cdn.clone(), ["akamai", "Fastly", "fast", "a"]),
    ("video_title", |view| view.video_title.clone(), ["Aaa", "It's \\ \"B\"", "it's \\", "B\""]),
    ("viewer_user_id", |view| view.viewer_id.clone(), ["u1", "u2", "U", "3"]),
    ("custom.plan", |view| view.plan.clone(), ["gold", "free", "GO", "e"]),
    ("player_error_code", |view| view.error_code.clone(), ["404", "decode", "4", "dr"]),
];

type NumberOf = fn(&TestView) -> Option<f64>;

/// Dimensions with numbers; nothing known is no number.
const NUMBERS: [(&str, NumberOf, [u32; 3]); 2] = [
    ("video_duration_ms", |view| Some(view.duration_ms as f64), [120_000, 300_000, 480_000]),
    (
        "live_latency_ms",
        |view| Some(view.live_latency_ms as f64).filter(|ms| *ms > 0.0),
        [1_000, 20_000, 35_000],
    ),
];

const METRICS: [(&str, [f64; 3]); 5] = [
    ("rebuffer_count", [1.0, 3.0, 0.0]),
    ("video_startup_time", [500.0, 3000.0, 7000.5]),
    ("seek_latency", [50.0, 100.0, 400.0]),
    ("rebuffer_percentage", [0.0, 0.01, 0.05]),
    ("viewer_experience_score", [0.0, 50.0, 80.0]),
];

fn of_one_view(metric: &str, view: &TestView) -> Option<f64> {
    match said(metric, view)? {
        Said::Number(number) => Some(number),
        Said::Fraction(of, to) => (to > 0.0).then(|| of / to),
        Said::Text(_) | Said::Wait(..) => None,
    }
}

type Compares = fn(f64, f64) -> bool;

const COMPARISONS: [(&str, Compares); 4] =
    [(">=", |a, b| a >= b), ("<=", |a, b| a <= b), (">", |a, b| a > b), ("<", |a, b| a < b)];

fn quoted(value: &str, in_quotes: bool) -> String {
    if in_quotes {
        format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\""))
    } else {
        value.to_owned()
    }
}

/// One condition; values are in quotes where a filter is in parentheses.
fn condition(random: &mut StdRng, views: &[TestView], in_quotes: bool) -> Wanted {
    let wanted = match random.random_range(0..10) {
        0..5 => text_condition(random, in_quotes),
        5 => number_condition(random),
        6 => time_condition(random, views),
        7 => {
            let (name, _) = METRICS[random.random_range(0..METRICS.len())];
            Wanted::new(format!("?{name}"), move |view| of_one_view(name, view).is_some())
        }
        8 => {
            let (name, choices) = METRICS[random.random_range(0..METRICS.len())];
            let bound = choices[random.random_range(0..3)];
            let (sign, holds) = COMPARISONS[random.random_range(0..COMPARISONS.len())];
            let text = format!("{name}{sign}{bound}");
            Wanted::new(text, move |view| of_one_view(name, view).is_some_and(|value| holds(value, bound)))
        }
        _ => {
            let truth = random.random_bool(0.5);
            Wanted::new(format!("playback_failure:{truth}"), move |view| view.fatal == truth)
        }
    };
    if random.random_bool(0.3) { wanted.not() } else { wanted }
}

fn text_condition(random: &mut StdRng, in_quotes: bool) -> Wanted {
    let (name, of, choices) = TEXTS[random.random_range(0..TEXTS.len())];
    let value = choices[random.random_range(0..4)];
    let (written, lower) = (quoted(value, in_quotes), value.to_lowercase());
    match random.random_range(0..6) {
        0 => Wanted::new(format!("+{name}:{written}"), move |view| of(view).to_lowercase().contains(&lower)),
        1 => Wanted::new(format!("-{name}:{written}"), move |view| !of(view).to_lowercase().contains(&lower)),
        2 => {
            Wanted::new(format!("^{name}:{written}"), move |view| of(view).to_lowercase().starts_with(&lower))
        }
        3 => Wanted::new(format!("?{name}"), move |view| !of(view).is_empty()),
        4 => Wanted::new(format!("{name}:__empty__"), move |view| of(view).is_empty()),
        _ => Wanted::new(format!("{name}:{written}"), move |view| of(view) == value),
    }
}

fn number_condition(random: &mut StdRng) -> Wanted {
    let (name, of, choices) = NUMBERS[random.random_range(0..NUMBERS.len())];
    let bound = f64::from(choices[random.random_range(0..3)]);
    match random.random_range(0..3) {
        0 => Wanted::new(format!("{name}:{bound}"), move |view| of(view) == Some(bound)),
        1 => {
            let [low, _, high] = choices.map(f64::from);
            let holds = move |view: &TestView| of(view).is_some_and(|value| (low..=high).contains(&value));
            Wanted::new(format!("{name}:{low}..{high}"), holds)
        }
        _ => {
            let (sign, holds) = COMPARISONS[random.random_range(0..COMPARISONS.len())];
            let text = format!("{name}{sign}{bound}");
            Wanted::new(text, move |view| of(view).is_some_and(|value| holds(value, bound)))
        }
    }
}

fn time_condition(random: &mut StdRng, views: &[TestView]) -> Wanted {
    let moment_ms = views[random.random_range(0..views.len())].start_ms;
    let moment = chrono::DateTime::from_timestamp_millis(moment_ms).unwrap();
    let written = moment.to_rfc3339_opts(chrono::SecondsFormat::Millis, true);
    let (sign, holds) = COMPARISONS[random.random_range(0..COMPARISONS.len())];
    Wanted::new(format!("view_start{sign}{written}"), move |view| {
        holds(view.start_ms as f64, moment_ms as f64)
    })
}

/// A tree of conditions, written so that it needs to know what binds closer.
fn expression(random: &mut StdRng, views: &[TestView], depth: u32) -> Wanted {
    if depth == 0 || random.random_bool(0.3) {
        return condition(random, views, true);
    }
    let (one, other) = (expression(random, views, depth - 1), expression(random, views, depth - 1));
    match random.random_range(0..4) {
        0 => {
            let text = format!("({} or {})", one.text, other.text);
            Wanted::new(text, move |view| (one.holds)(view) || (other.holds)(view))
        }
        1 => {
            let text = format!("(({}) and ({}))", one.text, other.text);
            Wanted::new(text, move |view| (one.holds)(view) && (other.holds)(view))
        }
        2 => {
            let text = format!("not ({} AND\t{})", one.text, other.text);
            Wanted::new(text, move |view| !((one.holds)(view) && (other.holds)(view)))
        }
        _ => {
            let third = condition(random, views, true);
            let text = format!("({} or {} and {})", third.text, one.text, other.text);
            Wanted::new(text, move |view| (third.holds)(view) || (one.holds)(view) && (other.holds)(view))
        }
    }
}

async fn listed(world: &World, filters: &[(&str, &str)]) -> BTreeSet<String> {
    let [from, to] = world.frame();
    let mut query = vec![("timeframe[]", from.as_str()), ("timeframe[]", to.as_str()), ("limit", "1000")];
    query.extend(filters);
    let answer = world.server.answer(&world.tenant, "/data/v1/video-views", &query).await;
    let rows = answer["data"].as_array().unwrap();
    rows.iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect()
}

fn expected(world: &World, holds: impl Fn(&TestView) -> bool) -> BTreeSet<String> {
    let within = world.within("rebuffer_count", |view| view.attempted && holds(view));
    within.map(|view| view.id.clone()).collect()
}

#[tokio::test]
async fn random_filters_find_the_views_they_are_true_of() {
    let world = World::new().await;
    let mut random = StdRng::seed_from_u64(23);
    let all = expected(&world, |_| true).len();
    let mut telling = 0;
    for round in 0..ROUNDS {
        // Two filters at once, one as Mux writes it and one in parentheses: both hold.
        let (plain, tree) =
            (condition(&mut random, &world.views, false), expression(&mut random, &world.views, 3));
        let tree = Wanted { text: format!("({})", tree.text), ..tree };
        let chosen: Vec<&Wanted> = match round % 3 {
            0 => vec![&plain],
            1 => vec![&tree],
            _ => vec![&plain, &tree],
        };
        let pairs: Vec<_> = chosen.iter().map(|wanted| ("filters[]", wanted.text.as_str())).collect();
        let found = listed(&world, &pairs).await;
        let expected = expected(&world, |view| chosen.iter().all(|wanted| (wanted.holds)(view)));
        telling += usize::from(!expected.is_empty() && expected.len() < all);
        assert_eq!(found, expected, "{pairs:?}");
    }
    println!("{ROUNDS} random filters, {telling} of them true of some views and not of others");
    assert!(telling > ROUNDS / 2, "{telling}");
}

#[tokio::test]
async fn every_documented_form_is_read_wherever_filters_are() {
    let world = World::new().await;
    type Holds = fn(&TestView) -> bool;
    let cases: [(&str, Holds); 8] = [
        ("(country:DE or cdn:fastly)", |view| view.country == "DE" || view.cdn == "fastly"),
        ("(country:DE and (rebuffer_count>=3 or playback_failure:true))", |view| {
            view.country == "DE" && (view.started() && view.rebuffer_count >= 3 || view.fatal)
        }),
        ("+video_title:IT'S", |view| view.video_title.starts_with("It's")),
        // A plus that nobody encoded.
        (" cdn:aka", |view| view.cdn == "akamai"),
        ("!?custom.plan", |view| view.plan.is_empty()),
        ("video_startup_time:1000..3000", |view| {
            view.attempted && view.startup_ms.is_some_and(|ms| (1000..=3000).contains(&ms))
        }),
        ("!(country:DE or country:FR)", |view| !matches!(view.country.as_str(), "DE" | "FR")),
        ("live_latency_ms<20000", |view| (1..20_000).contains(&view.live_latency_ms)),
    ];
    for (filter, holds) in cases {
        let found = listed(&world, &[("filters[]", filter)]).await;
        let expected = expected(&world, holds);
        assert!(!expected.is_empty(), "{filter}");
        assert_eq!(found, expected, "{filter}");
    }
    // Of a metric filter, all but dimensions.
    let found = listed(&world, &[("metric_filters[]", "(rebuffer_count>3 or !?video_startup_time)")]).await;
    let holds = |view: &TestView| {
        view.started() && view.rebuffer_count > 3 || !view.attempted || view.startup_ms.is_none()
    };
    assert_eq!(found, expected(&world, holds));
    let refused = world
        .server
        .ask(&world.tenant, "/data/v1/video-views", &[("filters[]", "(country:DE or planet:x)")])
        .await;
    let problem: Value = refused.json().await.unwrap();
    assert!(problem["detail"].as_str().unwrap().contains("at character 16"), "{problem}");
    assert_eq!(problem["parameter"], "filters[]");
}

#[tokio::test]
async fn views_under_way_are_counted_or_left_out_as_asked() {
    let server = Server::start(unlimited());
    let tenant = server.tenant().await;
    let views = random_views(29, 200, an_hour_ago());
    write(&store(), &tenant.id, &views).await;
    let count = async |words: &[(&str, &str)]| {
        let query: Vec<_> = [("timeframe[]", "7:days")].iter().chain(words).copied().collect();
        let answer = server.answer(&tenant, "/data/v1/metrics/rebuffer_percentage/overall", &query).await;
        answer["data"]["total_views"].as_u64().unwrap() as usize
    };
    let attempted: Vec<_> = views.iter().filter(|view| view.attempted).collect();
    let over = attempted.iter().filter(|view| view.is_over()).count();
    assert!(over < attempted.len());
    assert_eq!(count(&[]).await, attempted.len());
    assert_eq!(count(&[("in_progress", "include")]).await, attempted.len());
    assert_eq!(count(&[("in_progress", "exclude")]).await, over);
    assert_eq!(count(&[("in_progress", "only")]).await, attempted.len() - over);
}
