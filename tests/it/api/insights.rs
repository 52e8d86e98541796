//! Insights against their definition in plain Rust.

use std::collections::BTreeMap;

use playhead::event::metric::{Direction, Measurement, by_id};

use super::{
    data::{TestView, sampled},
    metrics::{World, assert_close, assert_rounded},
    oracle::{oracle, said},
};

type ValueOf = fn(&TestView) -> Option<String>;

/// The causes that views of tests carry. A view without a custom dimension is in no group of it.
const CAUSES: [(&str, ValueOf); 6] = [
    ("country", |view| Some(view.country.clone())),
    ("cdn", |view| Some(view.cdn.clone())),
    ("video_id", |view| Some(view.video_id.clone())),
    ("video_title", |view| Some(view.video_title.clone())),
    ("stream_type", |view| Some(if view.is_live { "live" } else { "on-demand" }.to_owned())),
    ("custom.plan", |view| Some(view.plan.clone()).filter(|plan| !plan.is_empty())),
];

/// How far the views with a value move the whole for the worse.
fn impact(metric: &str, measurement: Measurement, group: &[&TestView], whole: &[&TestView]) -> f64 {
    let ((value, part), (of_all, all)) = (
        oracle(metric, measurement, group.iter().copied()),
        oracle(metric, measurement, whole.iter().copied()),
    );
    let (Some(value), Some(of_all)) = (value, of_all) else { return 0.0 };
    let above = match measurement {
        Measurement::Sum | Measurement::Count => value - of_all * part / all,
        _ => (value - of_all) * part / all,
    };
    match by_id(metric).unwrap().direction {
        Direction::LowerIsBetter => above,
        Direction::HigherIsBetter => -above,
        Direction::Neither => 0.0,
    }
}

#[tokio::test]
async fn insights_are_the_values_that_drag_a_metric_down() {
    let world = World::of(|views| sampled(31, views)).await;
    let [from, to] = world.frame();
    let frame = [("timeframe[]", from.as_str()), ("timeframe[]", to.as_str())];
    for (metric, measurement) in [
        ("playback_failure_percentage", Measurement::Average),
        ("video_startup_time", Measurement::Median),
        ("rebuffer_percentage", Measurement::Average),
        ("playback_success_score", Measurement::Average),
        ("rebuffer_duration", Measurement::Sum),
    ] {
        let whole: Vec<_> = world.within(metric, |view| said(metric, view).is_some()).collect();
        let mut expected: BTreeMap<(&str, String), Vec<&TestView>> = BTreeMap::new();
        for view in &whole {
            for (dimension, of) in CAUSES {
                if let Some(value) = of(view) {
                    expected.entry((dimension, value)).or_default().push(view);
                }
            }
        }
        let path = format!("/data/v1/metrics/{metric}/insights");
        let ask = async |extra: &[(&str, &str)]| {
            let measured = [("measurement", measurement.name())];
            let query: Vec<_> = frame.iter().chain(&measured).chain(extra).copied().collect();
            world.server.answer(&world.tenant, &path, &query).await
        };
        let answer = ask(&[("limit", "1000")]).await;
        let rows = answer["data"].as_array().unwrap();
        assert_eq!(rows.len(), expected.len(), "{metric}");
        assert_eq!(answer["total_row_count"], expected.len());
        let mut worst = f64::INFINITY;
        for row in rows {
            let (column, field) =
                (row["filter_column"].as_str().unwrap(), row["filter_value"].as_str().unwrap_or_default());
            let what = format!("{metric} of {column} {field}");
            let views = &expected[&(column, field.to_owned())];
            let (value, count) = oracle(metric, measurement, views.iter().copied());
            assert_close(&row["metric"], value, &what);
            assert_rounded(&row["total_views"], count, &what);
            let harm = impact(metric, measurement, views, &whole);
            let found = row["negative_impact_score"].as_f64().unwrap();
            assert!((found - harm).abs() <= 1e-9 * harm.abs().max(1.0), "{what}: {found} != {harm}");
            assert!(found <= worst, "{what}: the worst first");
            worst = found;
        }
        let page = ask(&[("limit", "3"), ("page", "2")]).await;
        assert_eq!(page["data"].as_array().unwrap()[..], rows[3..6], "{metric}");
        let beyond = ask(&[("limit", "3"), ("page", "900")]).await;
        assert_eq!(
            (beyond["data"].as_array().unwrap().len(), &beyond["total_row_count"]),
            (0, &answer["total_row_count"])
        );
        let best = ask(&[("limit", "1"), ("order_direction", "asc")]).await;
        let least = rows.last().unwrap()["negative_impact_score"].as_f64();
        assert_eq!(best["data"][0]["negative_impact_score"].as_f64(), least);
    }
    let neither = world.server.answer(&world.tenant, "/data/v1/metrics/views/insights", &frame).await;
    assert_eq!(neither["data"].as_array().unwrap().len(), 0);
}
