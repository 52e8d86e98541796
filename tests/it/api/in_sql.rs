//! What the API says a question is in SQL, asked behind the wall of the SQL port: the numbers are the API's own.

use std::collections::BTreeMap;

use playhead::{
    control::{NewToken, Scopes, TokenSettings},
    event::metric::{METRICS, Measurement},
};
use reqwest::StatusCode;
use serde_json::{Value, json};

use super::{
    data::sampled,
    metrics::{World, assert_close},
};

/// Values that SQL could take for its own words.
const FILTERS: [&str; 3] =
    ["!country:D' OR 1=1 --", "!cdn:a\\' AND ) FROM views WHERE (?", "video_startup_time:0..1e9"];

struct Analyst {
    world: World,
    token: NewToken,
}

impl Analyst {
    async fn new() -> Self {
        let world = World::of(|views| sampled(17, views)).await;
        let all = TokenSettings { scopes: Scopes::ALL, ..TokenSettings::default() };
        let token = world.server.control.create_token(&world.tenant.id, &all).await.unwrap();
        Self { world, token }
    }

    /// A question's answer by the API, and the rows of its statement by their columns' names.
    async fn both(&self, path: &str, more: &[(&str, &str)]) -> (Value, Vec<BTreeMap<String, Value>>) {
        let [from, to] = self.world.frame();
        let mut query = vec![("timeframe[]", from.as_str()), ("timeframe[]", to.as_str())];
        query.extend(more);
        let World { server, tenant, .. } = &self.world;
        let told = server.answer(tenant, &format!("{path}/sql"), &query).await;
        let statement = told["data"]["query"].as_str().unwrap();
        (server.answer(tenant, path, &query).await, self.rows(statement).await)
    }

    async fn rows(&self, statement: &str) -> Vec<BTreeMap<String, Value>> {
        let request = self.world.server.http.post(format!("{}/data/v1/sql", self.world.server.url));
        let request = request.basic_auth(&self.token.id, Some(&self.token.secret));
        let answer = request.json(&json!({ "query": statement })).send().await.unwrap();
        let status = answer.status();
        let answer: Value = answer.json().await.unwrap();
        assert_eq!(status, StatusCode::OK, "{statement}\n{answer}");
        let names = || {
            answer["columns"]
                .as_array()
                .unwrap()
                .iter()
                .map(|column| column["name"].as_str().unwrap().to_owned())
        };
        let rows = answer["rows"].as_array().unwrap().iter();
        rows.map(|row| names().zip(row.as_array().unwrap().iter().cloned()).collect()).collect()
    }
}

/// Numbers of 64 bits come as texts.
fn whole(value: &Value) -> u64 {
    value
        .as_u64()
        .or_else(|| value.as_str()?.parse().ok())
        .unwrap_or_else(|| panic!("{value} is no whole number"))
}

#[tokio::test]
async fn every_metric_has_a_statement_that_gives_its_number() {
    let analyst = Analyst::new().await;
    let World { server, tenant, .. } = &analyst.world;
    let [from, to] = analyst.world.frame();
    let questions: BTreeMap<&str, Value> =
        METRICS.iter().map(|metric| (metric.id, json!({"metric": metric.id, "kind": "overall"}))).collect();
    let asked = json!({"selection": {"timeframe": [from, to]}, "questions": questions});
    let request = server.http.post(format!("{}/data/v1/query", server.url)).json(&asked);
    let answers = request.basic_auth(&tenant.token.id, Some(&tenant.token.secret)).send().await.unwrap();
    let answers: Value = answers.json().await.unwrap();
    for metric in METRICS {
        let path = format!("/data/v1/metrics/{}/overall/sql", metric.id);
        let told = server.answer(tenant, &path, &[("timeframe[]", &from), ("timeframe[]", &to)]).await;
        let rows = analyst.rows(told["data"]["query"].as_str().unwrap()).await;
        let answer = &answers["data"][metric.id]["answer"]["data"];
        assert_close(&rows[0]["value"], answer["value"].as_f64(), metric.id);
        assert_eq!(whole(&rows[0]["views"]), answer["total_views"], "{}", metric.id);
    }
    // A filter by what has another name there.
    let filtered = [("metric_filters[]", "rendition_change_count:1..2")];
    let (answer, rows) = analyst.both("/data/v1/metrics/views/overall", &filtered).await;
    assert!(answer["data"]["total_views"].as_u64() > Some(0), "{answer}");
    assert_eq!(whole(&rows[0]["views"]), answer["data"]["total_views"]);
}

#[tokio::test]
async fn courses_and_breakdowns_have_statements_with_all_their_rows() {
    let analyst = Analyst::new().await;
    let filters = FILTERS.map(|filter| ("filters[]", filter));
    for (metric, measurement) in [
        ("views", Measurement::Count),
        ("video_startup_time", Measurement::Percentile95),
        ("rebuffer_percentage", Measurement::Average),
        ("concurrent_viewers", Measurement::Maximum),
    ] {
        let measured = [("measurement", measurement.name())];
        let path = format!("/data/v1/metrics/{metric}/timeseries");
        let (answer, rows) =
            analyst.both(&path, &[&measured[..], &filters, &[("group_by", "hour")]].concat()).await;
        let steps: Vec<_> = answer["data"].as_array().unwrap().iter().filter(|step| step[2] != 0).collect();
        assert!(
            steps.len() > 10 && steps.len() == rows.len(),
            "{metric}: {} steps, {} rows",
            steps.len(),
            rows.len()
        );
        for (step, row) in steps.iter().zip(&rows) {
            let time = row["time"].as_str().unwrap().replace(' ', "T");
            assert!(
                time.starts_with(step[0].as_str().unwrap().trim_end_matches('Z')),
                "{time} is not {}",
                step[0]
            );
            assert_close(&row["value"], step[1].as_f64(), &format!("{metric} at {time}"));
            assert_eq!(whole(&row["views"]), step[2], "{metric} at {time}");
        }
        for order in ["negative_impact", "views", "value", "field"] {
            let path = format!("/data/v1/metrics/{metric}/breakdown");
            let by = [("group_by", "country"), ("order_by", order), ("limit", "2"), ("page", "2")];
            let (answer, rows) = analyst.both(&path, &[&measured[..], &filters, &by].concat()).await;
            let groups = answer["data"].as_array().unwrap();
            assert!(!groups.is_empty() && groups.len() == rows.len(), "{metric} by {order}");
            for (group, row) in groups.iter().zip(&rows) {
                let what = format!("{metric} by {order}: {row:?}");
                assert_eq!(row["field"], group["field"].as_str().unwrap_or_default(), "{what}");
                assert_close(&row["value"], group["value"].as_f64(), &what);
                assert_close(&row["negative_impact"], group["negative_impact"].as_f64(), &what);
                assert_eq!(whole(&row["views"]), group["views"], "{what}");
            }
        }
    }
}

#[tokio::test]
async fn insights_errors_and_heatmaps_have_statements_too() {
    let analyst = Analyst::new().await;
    let (answer, rows) =
        analyst.both("/data/v1/metrics/video_startup_time/insights", &[("limit", "5")]).await;
    let rows: Vec<_> = rows.iter().filter(|row| row["dimension"] != "").collect();
    assert_eq!(rows.len(), 5);
    for (insight, row) in answer["data"].as_array().unwrap().iter().zip(rows) {
        assert_eq!((&row["dimension"], &row["field"]), (&insight["filter_column"], &insight["filter_value"]));
        assert_close(&row["values"][0], insight["metric"].as_f64(), "an insight");
        assert_close(&row["impacts"][0], insight["negative_impact_score"].as_f64(), "an impact");
    }
    let (answer, rows) = analyst.both("/data/v1/errors", &[]).await;
    let errors = answer["data"].as_array().unwrap();
    let rows: Vec<_> = rows.iter().filter(|row| row["code"] != "").collect();
    assert!(!errors.is_empty() && errors.len() == rows.len(), "{answer}");
    for (error, row) in errors.iter().zip(rows) {
        assert_eq!(
            (&row["code"], whole(&row["views"])),
            (&error["player_error_code"], whole(&error["count"]))
        );
        assert_close(&row["share"], error["percentage"].as_f64(), "a share");
    }
    the_heatmap(&analyst).await;
}

async fn the_heatmap(analyst: &Analyst) {
    let World { server, tenant, .. } = &analyst.world;
    let [from, to] = analyst.world.frame();
    let path = "/data/v1/engagement/videos/video-a/heatmap";
    let frame = [("timeframe[]", from.as_str()), ("timeframe[]", to.as_str())];
    let told = server.answer(tenant, &format!("{path}/sql"), &frame).await;
    let rows = analyst.rows(told["data"]["query"].as_str().unwrap()).await;
    let by_second: BTreeMap<u64, _> = rows.iter().map(|row| (whole(&row["second"]), row)).collect();
    let heatmap = server.answer(tenant, path, &[&frame[..], &[("resolution", "second")]].concat()).await;
    let [plays, viewers] = ["value", "viewers"].map(|name| heatmap["data"][name].as_array().unwrap());
    assert!(plays.iter().any(|plays| *plays != 0), "{heatmap}");
    for (second, (plays, viewers)) in plays.iter().zip(viewers).enumerate() {
        let row = by_second.get(&(second as u64));
        let found = row.map_or((0, 0), |row| (whole(&row["plays"]), whole(&row["viewers"])));
        assert_eq!(found, (whole(plays), whole(viewers)), "second {second}");
    }
}

#[tokio::test]
async fn views_viewers_and_usage_have_statements_too() {
    let analyst = Analyst::new().await;
    for order in ["view_end", "watch_time", "viewer_experience_score"] {
        let by = [("order_by", order), ("limit", "7"), ("page", "2"), ("filters[]", FILTERS[0])];
        let (answer, rows) = analyst.both("/data/v1/video-views", &by).await;
        let views = answer["data"].as_array().unwrap();
        assert!(views.len() == 7 && rows.len() == 7, "{} of {}", rows.len(), views.len());
        for (view, row) in views.iter().zip(&rows) {
            assert_eq!((&row["view_id"], &row["watch_ms"]), (&view["id"], &view["watch_time"]), "by {order}");
            assert_eq!(row["playback_failure"], view["playback_failure"], "by {order}");
            let score = view["viewer_experience_score"].as_f64();
            assert_close(&row["viewer_experience_score"], score, "a score");
        }
    }
    for rows_of in [[("group_by", "viewer_id")], [("group_by", "view_id")]] {
        let path = "/data/v1/engagement/videos/video-a/viewers";
        let by = [&rows_of[..], &[("order_by", "percent_viewed"), ("limit", "9")]].concat();
        let (answer, rows) = analyst.both(path, &by).await;
        let viewers = answer["data"].as_array().unwrap();
        assert!(!viewers.is_empty() && viewers.len() == rows.len(), "{answer}");
        for (viewer, row) in viewers.iter().zip(&rows) {
            assert_eq!(row["view_ids"], viewer["view_ids"]);
            assert_eq!(whole(&row["seen_ms"]), viewer["seen_ms"]);
            assert_eq!(whole(&row["rows"]), answer["total_row_count"]);
        }
    }
    let (answer, rows) = analyst.both("/data/v1/usage", &[("group_by", "hour")]).await;
    let steps = answer["data"].as_array().unwrap().iter();
    let steps: Vec<_> = steps.filter(|step| step["views"] != 0 || step["events"] != 0).collect();
    assert!(!steps.is_empty() && steps.len() == rows.len(), "{} steps, {} rows", steps.len(), rows.len());
    for (step, row) in steps.iter().zip(&rows) {
        let time = row["time"].as_str().unwrap().replace(' ', "T");
        assert!(time.starts_with(step["date"].as_str().unwrap().trim_end_matches('Z')), "{time}: {step}");
        assert_eq!(
            [whole(&row["views"]), whole(&row["events"])].map(Value::from),
            [step["views"].clone(), step["events"].clone()]
        );
        assert_close(&row["minutes_watched"], step["minutes_watched"].as_f64(), "minutes");
    }
    let World { server, tenant, .. } = &analyst.world;
    let further = server.ask(tenant, "/data/v1/video-views/sql", &[("cursor", "x")]).await;
    assert_eq!(further.status(), StatusCode::BAD_REQUEST, "a statement has no cursor");
}
