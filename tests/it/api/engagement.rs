//! Engagement against the plainest way to count ([`oracle`]), and what its answers hold.

mod oracle;

use std::sync::OnceLock;

use playhead::control::NewEnvironment;
use proptest::prelude::*;
use serde_json::{Value, json};

use self::oracle::{Oracle, length_ms, millionths};
use super::{
    data::{TestView, an_hour_ago, write},
    server::{Server, store, unlimited},
};

const VIDEO: &str = "/data/v1/engagement/videos/v";

fn runtime() -> &'static tokio::runtime::Runtime {
    static RUNTIME: OnceLock<tokio::runtime::Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| tokio::runtime::Runtime::new().unwrap())
}

fn server() -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    SERVER.get_or_init(|| Server::start(unlimited()))
}

/// A tenant with these views and no others.
async fn tenant(views: &[TestView]) -> NewEnvironment {
    let tenant = server().tenant().await;
    write(&store(), &tenant.id, views).await;
    tenant
}

/// `data` of an answer about the video.
async fn data(tenant: &NewEnvironment, what: &str, query: &[(&str, &str)]) -> Value {
    server().answer(tenant, &format!("{VIDEO}/{what}"), query).await["data"].take()
}

/// Half an hour old, so that it is under way unless it says that it is closed.
fn view(number: usize, duration_ms: u64, segments: Vec<(u32, u32)>) -> TestView {
    TestView {
        id: format!("h{number}"),
        start_ms: an_hour_ago() + 1_800_000,
        length_ms: 1000,
        attempted: true,
        closed: true,
        video_id: "v".to_owned(),
        duration_ms,
        segments,
        ..TestView::default()
    }
}

fn ranges() -> impl Strategy<Value = Vec<(u32, u32)>> {
    // Often on the edges of seconds, often touching, sometimes empty or backwards.
    let place = prop_oneof![0u32..90_000, (0u32..90).prop_map(|second| second * 1000)];
    prop::collection::vec((place.clone(), place), 0..8)
}

prop_compose! {
    fn any_view()(
        duration_ms in prop_oneof![Just(0), Just(60_000), 1u64..120_000],
        segments in ranges(),
        closed in any::<bool>(),
        country in prop::sample::select(vec!["DE", "FR"]),
        sample_rate in prop::sample::select(vec![0u64, 1_000_000, 500_000, 300_000, 70_000]),
    ) -> TestView {
        TestView { closed, country: country.to_owned(), sample_rate, ..view(0, duration_ms, segments) }
    }
}

fn is_like(found: &Value, expected: &[f64]) -> bool {
    let found = found.as_array().unwrap();
    let near = |(found, expected): (&Value, &f64)| (found.as_f64().unwrap() - expected).abs() < 1e-6;
    found.len() == expected.len() && found.iter().zip(expected).all(near)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn every_bucket_is_counted_exactly(
        mut views in prop::collection::vec(any_view(), 1..8),
        buckets in 1u32..300,
        country in prop::sample::select(vec!["", "DE"]),
        with_running in any::<bool>(),
        is_by_second in any::<bool>(),
    ) {
        for (number, view) in views.iter_mut().enumerate() {
            view.id = format!("r{number}");
        }
        let counted: Vec<_> = views
            .iter()
            .filter(|view| (with_running || view.closed) && (country.is_empty() || view.country == country))
            .collect();
        let duration_ms = length_ms(&counted);
        let (numerator, denominator) = if is_by_second { (1, 1000) } else { (buckets.into(), duration_ms.max(1)) };
        let oracle = Oracle { views: counted, duration_ms, numerator, denominator };

        let (in_progress, buckets) = (if with_running { "include" } else { "exclude" }, buckets.to_string());
        let mut query = vec![("in_progress", in_progress)];
        query.push(if is_by_second { ("resolution", "second") } else { ("buckets", &buckets) });
        let filter = format!("country:{country}");
        if !country.is_empty() {
            query.push(("filters[]", &filter));
        }
        let (heatmap, retention) = runtime().block_on(async {
            let tenant = tenant(&views).await;
            (data(&tenant, "heatmap", &query).await, data(&tenant, "retention", &query).await)
        });
        let total = (oracle.views.iter().map(|view| millionths(view)).sum::<u64>() + 500_000) / 1_000_000;
        prop_assert_eq!(&heatmap["total_views"], &json!(total));
        for (name, expected) in oracle.heatmap().as_object().unwrap() {
            prop_assert_eq!(&heatmap[name], expected, "{}", name);
        }
        for (name, expected) in oracle.starts_and_stops().as_object().unwrap() {
            prop_assert_eq!(&retention[name], expected, "{}", name);
        }
        prop_assert!(is_like(&retention["retention"], &oracle.retention()), "{retention} {:?}", oracle.retention());
    }
}

#[tokio::test]
async fn the_answer_has_a_bucket_for_each_second_and_rewatching_counts() {
    let tenant = tenant(&[
        view(0, 10_500, vec![(0, 4_000), (2_000, 3_000)]),
        // Touches two seconds, and jumps within the second.
        view(1, 10_500, vec![(3_999, 4_001), (4_500, 4_600)]),
        view(2, 0, vec![]),
    ])
    .await;
    let seconds = data(&tenant, "heatmap", &[("resolution", "second")]).await;
    assert_eq!(seconds["total_views"], 3);
    assert_eq!(seconds["played_views"], 2);
    assert_eq!(seconds["bucket_ms"], 1000.0);
    assert_eq!(seconds["duration_ms"], 10_500);
    assert_eq!(seconds["value"], json!([1, 1, 2, 2, 2, 0, 0, 0, 0, 0, 0]));
    assert_eq!(seconds["viewers"], json!([1, 1, 1, 2, 1, 0, 0, 0, 0, 0, 0]));
    assert_eq!(seconds["rewatched"], json!([0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0]));
    assert_eq!(seconds["skipped"], json!([1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0]));
    assert_eq!(seconds["not_reached"], json!([1, 1, 1, 1, 2, 3, 3, 3, 3, 3, 3]));
    let default = data(&tenant, "heatmap", &[]).await;
    assert_eq!(default["value"].as_array().unwrap().len(), 100);
    assert_eq!(default["bucket_ms"], 105.0);
    let path = "/data/v1/engagement/videos/nobody/heatmap";
    let unknown = server().answer(&tenant, path, &[]).await;
    assert_eq!(unknown["data"]["total_views"], 0);
    assert_eq!(unknown["data"]["value"], json!([]));
}

#[tokio::test]
async fn one_absurd_view_stretches_nobodys_heatmap() {
    let mut views: Vec<TestView> = (0..20).map(|number| view(number, 0, vec![(0, 60_000)])).collect();
    views.push(view(20, 0, vec![(0, 604_800_000)]));
    let found = data(&tenant(&views).await, "heatmap", &[("buckets", "6")]).await;
    assert_eq!(found["value"], json!([21, 21, 21, 21, 21, 21]));
    views.push(view(21, 1_000_000_000, vec![]));
    views.extend((22..25).map(|number| view(number, 60_000, vec![])));
    let found = data(&tenant(&views).await, "heatmap", &[("buckets", "6")]).await;
    assert_eq!((&found["bucket_ms"], &found["value"][5]), (&json!(10_000.0), &json!(21)));
}

#[tokio::test]
async fn no_player_can_make_it_longer_than_a_day() {
    let segments = vec![(0, 1_000), (86_399_000, u32::MAX), (u32::MAX - 5, u32::MAX)];
    let tenant = tenant(&[view(0, u64::from(u32::MAX) * 1000, segments)]).await;
    let found = data(&tenant, "heatmap", &[("resolution", "second")]).await;
    assert_eq!(found["value"].as_array().unwrap().len(), 86_400);
    assert_eq!([0, 1, 86_399].map(|second: usize| found["value"][second].as_u64().unwrap()), [1, 0, 1]);
}

#[tokio::test]
async fn what_is_replayed_is_hot_and_what_is_jumped_over_is_cold() {
    // Nobody leaves before 100 s, then one after the other; a third replays 40 s to 45 s, half jump over 70 s to 76 s.
    let audience = |number: u32| {
        let end = 100_000 + number * 200;
        let mut segments =
            if number.is_multiple_of(2) { vec![(0, 70_000.min(end)), (76_000, end)] } else { vec![(0, end)] };
        if number.is_multiple_of(3) {
            segments.push((40_000, 45_000));
        }
        view(number as usize, 120_000, segments)
    };
    let views: Vec<TestView> = (0..100).map(audience).collect();
    let tenant = tenant(&views).await;
    let hot = data(&tenant, "hotspots", &[]).await;
    let cold = data(&tenant, "hotspots", &[("order_direction", "asc")]).await;
    let places = |data: &Value| -> Vec<(u64, u64)> {
        let spots = data["hotspots"].as_array().unwrap().iter();
        spots.map(|spot| (spot["start_ms"].as_u64().unwrap(), spot["end_ms"].as_u64().unwrap())).collect()
    };
    assert_eq!(places(&hot), [(40_000, 45_000)], "{hot}");
    assert_eq!(places(&cold), [(70_000, 76_000)], "{cold}");
    assert_eq!(hot["hotspots"][0]["plays"], 134.0);
    assert_eq!(hot["hotspots"][0]["expected"], 100.0);
    assert_eq!(hot["hotspots"][0]["score"], 0.57265);
    let none = data(&tenant, "hotspots", &[("filters[]", "country:XX")]).await;
    assert_eq!(none, json!({"total_views": 0, "hotspots": []}));
    let limited = data(&tenant, "hotspots", &[("limit", "1"), ("buckets", "60")]).await;
    assert_eq!(limited["hotspots"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_video_is_compared_with_those_of_like_length() {
    // Six videos of which 0.3, 0.4, … 0.8 of the views reach the end, one much longer, one hardly watched, one live.
    let many = |video: &str, duration_ms: u32, views: u32, stay: u32| -> Vec<TestView> {
        let one = |number: u32| {
            let end = if number < views * stay / 10 { duration_ms } else { duration_ms / 2 };
            let id = format!("{video}-{number}");
            let is_live = video == "live";
            let playing_ms = end;
            let base = view(0, duration_ms.into(), vec![(0, end)]);
            TestView { id, video_id: video.to_owned(), is_live, playing_ms, ..base }
        };
        (0..views).map(one).collect()
    };
    let mut views = many("v", 100_000, 40, 7);
    for (number, stay) in (3..=8).enumerate() {
        views.extend(many(&format!("other-{number}"), 90_000 + number as u32 * 5_000, 30, stay));
    }
    views.extend(many("long", 200_000, 30, 1));
    views.extend(many("live", 100_000, 30, 1));
    views.extend(many("hardly", 100_000, 29, 1));
    let tenant = tenant(&views).await;
    let found = data(&tenant, "comparison", &[]).await;
    assert_eq!(found["retention"][49], 1.0);
    assert_eq!(found["retention"][50], 0.7);
    let typical = &found["typical"];
    assert_eq!((&typical["videos"], &typical["views"]), (&json!(6), &json!(180)));
    assert_eq!((&typical["shortest_ms"], &typical["longest_ms"]), (&json!(90_000), &json!(115_000)));
    assert_eq!((&typical["median"][49], &typical["median"][50]), (&json!(1.0), &json!(0.55)));
    assert_eq!(
        (&typical["lower_quartile"][99], &typical["upper_quartile"][99]),
        (&json!(0.425), &json!(0.675))
    );
    // Lower are 0.3 to 0.6, equal is 0.7: four and a half of six.
    assert_eq!((&typical["rank"][49], &typical["rank"][50]), (&json!(0.5), &json!(0.75)));
    let few = data(
        &tenant,
        "comparison",
        &[("filters[]", "!video_id:other-0"), ("filters[]", "!video_id:other-1")],
    )
    .await;
    assert_eq!(few["typical"], Value::Null);
}

#[tokio::test]
async fn each_viewer_has_coloured_ranges() {
    let by = |viewer: &str, id: &str, age_ms: i64, segments: Vec<(u32, u32)>| {
        let base = view(0, 10_000, segments);
        let start_ms = base.start_ms - age_ms;
        TestView { id: id.to_owned(), viewer_id: viewer.to_owned(), start_ms, ..base }
    };
    let running = TestView { closed: false, ..by("", "now", 0, vec![(0, 5_000)]) };
    let tenant = tenant(&[
        by("ada", "first", 60_000, vec![(0, 4_000), (1_000, 2_000), (6_000, 7_000)]),
        by("ada", "second", 30_000, vec![(1_500, 3_000)]),
        by("bob", "bobs", 20_000, vec![]),
        running,
    ])
    .await;
    let answer = server().answer(&tenant, &format!("{VIDEO}/viewers"), &[]).await;
    assert_eq!(answer["total_row_count"], 3);
    let rows = answer["data"].as_array().unwrap();
    let names: Vec<_> = rows.iter().map(|row| row["viewer_id"].clone()).collect();
    assert_eq!(names, [Value::Null, json!("bob"), json!("ada")]);
    assert_eq!((&rows[0]["running"], &rows[2]["running"]), (&json!(true), &json!(false)));
    let ada = &rows[2];
    assert_eq!((&ada["views"], &ada["view_ids"]), (&json!(2), &json!(["second", "first"])));
    assert_eq!((&ada["seen_ms"], &ada["percent_viewed"]), (&json!(5_000), &json!(0.5)));
    let pass = |from_ms: u64, to_ms: u64, times: u32, part: &str| json!({"from_ms": from_ms, "to_ms": to_ms, "times": times, "part": part});
    assert_eq!(
        ada["ranges"],
        json!([
            pass(0, 1_000, 1, "played"),
            pass(1_000, 1_500, 2, "played"),
            pass(1_500, 2_000, 3, "played"),
            pass(2_000, 3_000, 2, "played"),
            pass(3_000, 4_000, 1, "played"),
            pass(4_000, 6_000, 0, "skipped"),
            pass(6_000, 7_000, 1, "played"),
            pass(7_000, 10_000, 0, "not_reached"),
        ])
    );
    assert_eq!(rows[1]["ranges"], json!([pass(0, 10_000, 0, "not_reached")]));

    let query =
        [("group_by", "view_id"), ("order_by", "percent_viewed"), ("limit", "2"), ("in_progress", "exclude")];
    let by_view = server().answer(&tenant, &format!("{VIDEO}/viewers"), &query).await;
    assert_eq!(by_view["total_row_count"], 3);
    let ids: Vec<_> =
        by_view["data"].as_array().unwrap().iter().map(|row| row["view_ids"][0].clone()).collect();
    assert_eq!(ids, ["first", "second"]);
    let only_ada = server().answer(&tenant, &format!("{VIDEO}/viewers"), &[("viewer_id", "ada")]).await;
    assert_eq!((&only_ada["total_row_count"], &only_ada["data"][0]["views"]), (&json!(1), &json!(2)));
    let one = server().answer(&tenant, "/data/v1/engagement/views/second", &[]).await;
    assert_eq!((&one["data"]["video_id"], &one["data"]["viewer_id"]), (&json!("v"), &json!("ada")));
    assert_eq!(one["data"]["ranges"][1], pass(1_500, 3_000, 1, "played"));
}

#[tokio::test]
async fn what_cannot_be_asked_is_refused_with_what_can() {
    let tenant = tenant(&[]).await;
    for (what, name, value, choice) in [
        ("heatmap", "buckets", "0", "1 to 86400"),
        ("heatmap", "in_progress", "maybe", "exclude"),
        ("retention", "resolution", "hour", "second"),
        ("hotspots", "order_direction", "up", "asc"),
        ("viewers", "group_by", "country", "view_id"),
        ("viewers", "order_by", "name", "percent_viewed"),
        ("live", "clock", "wall", "programme"),
    ] {
        let response = server().ask(&tenant, &format!("{VIDEO}/{what}"), &[(name, value)]).await;
        assert_eq!(response.status(), 400, "{what} {name}");
        let problem = response.text().await.unwrap();
        assert!(problem.contains(choice), "{what} {name}: {problem}");
    }
    let long = [("timeframe[]", "7:days"), ("resolution", "second")];
    assert_eq!(server().ask(&tenant, &format!("{VIDEO}/live"), &long).await.status(), 400);
}
