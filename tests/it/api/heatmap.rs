//! Heatmaps against the plainest way to count: look at every bucket of every range.

use std::sync::OnceLock;

use playhead::{
    event::metric::Bucket,
    store::query::{
        Scope,
        dimension::Dimension,
        filter::Filter,
        heatmap::{Cut, Heatmap},
        timeframe::Timeframe,
    },
};
use proptest::prelude::*;

use super::{
    data::{TestView, an_hour_ago, write},
    server::{Server, store, unlimited},
};

/// `(plays, viewers)` of a bucket from `from` to before `to`, in the fraction's own small units.
fn brute_force(
    views: &[TestView],
    duration_ms: u64,
    numerator: u64,
    denominator: u64,
) -> (Vec<u64>, Vec<u64>) {
    let buckets = (duration_ms * numerator).div_ceil(denominator);
    let mut plays = vec![0; buckets as usize];
    let mut viewers = plays.clone();
    for view in views {
        for bucket in 0..buckets {
            let overlaps = |(from, to): (u32, u32)| {
                let (from, to) = (u64::from(from), u64::from(to).min(duration_ms));
                from < to
                    && from * numerator < (bucket + 1) * denominator
                    && to * numerator > bucket * denominator
            };
            let times = view.segments.iter().filter(|range| overlaps(**range)).count() as u64;
            plays[bucket as usize] += times;
            viewers[bucket as usize] += times.min(1);
        }
    }
    (plays, viewers)
}

/// What most views report, of equals the longest; else where they got to, without who is far beyond the half of them.
fn length_ms(views: &[TestView]) -> u64 {
    let mut counts = std::collections::BTreeMap::<u64, usize>::new();
    for view in views.iter().filter(|view| view.duration_ms > 0) {
        *counts.entry(view.duration_ms).or_default() += 1;
    }
    if let Some((duration_ms, _)) =
        counts.into_iter().max_by_key(|(duration_ms, count)| (*count, *duration_ms))
    {
        return duration_ms;
    }
    let end = |view: &TestView| {
        view.segments.iter().filter(|(from, to)| to > from).map(|(_, to)| u64::from(*to)).max()
    };
    let mut ends: Vec<u64> = views.iter().filter_map(end).collect();
    ends.sort_unstable();
    let Some(middle) = ends.get(ends.len() / 2).copied() else { return 0 };
    ends.into_iter().rfind(|end| *end <= 10 * middle).unwrap_or(0)
}

fn runtime() -> &'static tokio::runtime::Runtime {
    static RUNTIME: OnceLock<tokio::runtime::Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| tokio::runtime::Runtime::new().unwrap())
}

async fn measured(views: &[TestView], cuts: &[Cut]) -> Vec<Heatmap> {
    let environment = uuid::Uuid::new_v4().simple().to_string();
    write(&store(), &environment, views).await;
    let timeframe = Timeframe::day(chrono::Utc::now().timestamp_millis());
    let scope = Scope::new(environment.into(), timeframe, Bucket::ViewStart);
    let dimension = Dimension::parse("video_id").unwrap();
    let video = Filter { dimension, value: "v".to_owned(), negated: false };
    let mut heatmaps = Vec::new();
    for cut in cuts {
        heatmaps.push(store().heatmap(&scope, &video, *cut).await.unwrap());
    }
    heatmaps
}

fn view(number: usize, duration_ms: u64, segments: Vec<(u32, u32)>) -> TestView {
    TestView {
        id: format!("h{number}"),
        start_ms: an_hour_ago(),
        length_ms: 1000,
        attempted: true,
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

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn every_bucket_is_counted_exactly(
        views in prop::collection::vec((prop_oneof![Just(0), 1u64..120_000], ranges()), 1..6),
        buckets in 1u32..300,
    ) {
        let views: Vec<_> = views
            .into_iter()
            .enumerate()
            .map(|(number, (duration, segments))| view(number, duration, segments))
            .collect();
        let duration = length_ms(&views);
        let found = runtime().block_on(measured(&views, &[Cut::Seconds, Cut::Buckets(buckets)]));

        let (plays, viewers) = brute_force(&views, duration, 1, 1000);
        prop_assert_eq!(&found[0].plays, &plays);
        prop_assert_eq!(&found[0].viewers, &viewers);
        prop_assert_eq!(found[0].total_views, views.len() as u64);
        if duration > 0 {
            let (plays, viewers) = brute_force(&views, duration, buckets.into(), duration);
            prop_assert_eq!(found[1].plays.len(), buckets as usize);
            prop_assert_eq!(&found[1].plays, &plays);
            prop_assert_eq!(&found[1].viewers, &viewers);
        }
    }
}

#[tokio::test]
async fn the_answer_has_a_bucket_for_each_second_and_rewatching_counts() {
    let server = Server::start(unlimited());
    let tenant = server.tenant().await;
    let views = [
        view(0, 10_500, vec![(0, 4_000), (2_000, 3_000)]),
        view(1, 10_500, vec![(3_999, 4_001)]),
        view(2, 0, vec![]),
    ];
    write(&store(), &tenant.id, &views).await;
    let path = "/data/v1/engagement/videos/v/heatmap";
    let seconds = server.answer(&tenant, path, &[("resolution", "second")]).await;
    let data = &seconds["data"];
    assert_eq!(data["total_views"], 3);
    assert_eq!(data["bucket_ms"], 1000.0);
    assert_eq!(data["value"], serde_json::json!([1, 1, 2, 2, 1, 0, 0, 0, 0, 0, 0]));
    assert_eq!(data["viewers"], serde_json::json!([1, 1, 1, 2, 1, 0, 0, 0, 0, 0, 0]));
    let default = server.answer(&tenant, path, &[]).await;
    assert_eq!(default["data"]["value"].as_array().unwrap().len(), 100);
    assert_eq!(default["data"]["bucket_ms"], 105.0);
    let unknown = server.answer(&tenant, "/data/v1/engagement/videos/nobody/heatmap", &[]).await;
    assert_eq!(unknown["data"]["total_views"], 0);
    assert_eq!(unknown["data"]["value"], serde_json::json!([]));
}

#[tokio::test]
async fn one_absurd_view_stretches_nobodys_heatmap() {
    let mut views: Vec<TestView> = (0..20).map(|number| view(number, 0, vec![(0, 60_000)])).collect();
    views.push(view(20, 0, vec![(0, 604_800_000)]));
    let found = measured(&views, &[Cut::Buckets(6)]).await;
    assert_eq!(found[0].plays, [21; 6]);
    views.push(view(21, 1_000_000_000, vec![]));
    views.extend((22..25).map(|number| view(number, 60_000, vec![])));
    let found = measured(&views, &[Cut::Buckets(6)]).await;
    assert_eq!((found[0].bucket_ms, found[0].plays[5]), (10_000.0, 21));
}

#[tokio::test]
async fn no_player_can_make_it_longer_than_a_day() {
    let video = view(
        0,
        u64::from(u32::MAX) * 1000,
        vec![(0, 1_000), (86_399_000, u32::MAX), (u32::MAX - 5, u32::MAX)],
    );
    let found = measured(&[video], &[Cut::Seconds]).await;
    assert_eq!(found[0].plays.len(), 86_400);
    assert_eq!((found[0].plays[0], found[0].plays[1], found[0].plays[86_399]), (1, 0, 1));
}
