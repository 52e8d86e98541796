//! Views one by one: the list's order, paging and filters, and one view in full with its events.

use serde_json::{Value, json};

use super::{
    data::{TestView, an_hour_ago, insert, random_views, sampled, timestamp, write},
    oracle::{Said, said, weight},
    server::{Server, store, unlimited},
};

#[tokio::test]
async fn views_are_listed_by_their_end_and_counted_in_full() {
    let server = Server::start(unlimited());
    let tenant = server.tenant().await;
    let until = an_hour_ago();
    let views = random_views(3, 60, until);
    write(&store(), &tenant.id, &views).await;
    let from = until - 30 * 3_600_000;
    let [from_s, to_s] = [from / 1000, until / 1000].map(|second| second.to_string());
    let frame = [("timeframe[]", from_s.as_str()), ("timeframe[]", to_s.as_str())];
    let listed = async |extra: &[(&str, &str)]| {
        let query: Vec<_> = frame.iter().chain(extra).copied().collect();
        server.answer(&tenant, "/data/v1/video-views", &query).await
    };
    let expected = |condition: &dyn Fn(&TestView) -> bool| {
        let mut found: Vec<_> = views
            .iter()
            .filter(|view| view.attempted && (from..until).contains(&view.end_ms()) && condition(view))
            .collect();
        found.sort_by_key(|view| (-view.end_ms(), view.id.clone()));
        found.into_iter().map(|view| view.id.clone()).collect::<Vec<_>>()
    };
    let ids = |answer: &Value| -> Vec<String> {
        answer["data"].as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect()
    };

    let all = listed(&[("limit", "1000")]).await;
    assert_eq!(ids(&all), expected(&|_| true));
    assert_eq!(all["total_row_count"], ids(&all).len());
    for row in all["data"].as_array().unwrap() {
        let view = views.iter().find(|view| row["id"] == view.id.as_str()).unwrap();
        let expected = said("viewer_experience_score", view);
        match (row["viewer_experience_score"].as_f64(), expected) {
            (Some(found), Some(Said::Number(expected))) => assert!((found - expected).abs() < 1e-9, "{row}"),
            (found, expected) => assert!(found.is_none() && expected.is_none(), "{row}"),
        }
    }
    let mut paged = Vec::new();
    for page in 1..=(ids(&all).len() / 10 + 1) {
        paged.extend(ids(&listed(&[("page", &page.to_string())]).await));
    }
    assert_eq!(paged, ids(&all));
    let mine = listed(&[("limit", "1000"), ("viewer_id", "u1")]).await;
    assert_eq!(ids(&mine), expected(&|view| view.viewer_id == "u1"));

    // An error's number finds the views with that error.
    let row = all["data"].as_array().unwrap().iter().find(|row| !row["error_type_id"].is_null()).unwrap();
    let (number, code) = (row["error_type_id"].to_string(), row["player_error_code"].as_str().unwrap());
    let failed = listed(&[("limit", "1000"), ("error_id", &number)]).await;
    assert_eq!(ids(&failed), expected(&|view| view.error_code == code));
}

#[tokio::test]
async fn errors_are_counted_by_their_codes() {
    let server = Server::start(unlimited());
    let tenant = server.tenant().await;
    let until = an_hour_ago();
    let views = sampled(47, random_views(5, 120, until));
    write(&store(), &tenant.id, &views).await;
    let [from_s, to_s] = [until / 1000 - 100_000, until / 1000].map(|second| second.to_string());
    let query = [("timeframe[]", from_s.as_str()), ("timeframe[]", &to_s), ("filters[]", "!country:DE")];
    let answer = server.answer(&tenant, "/data/v1/errors", &query).await;
    let within = (until - 100_000_000)..until;
    let all: Vec<_> = views
        .iter()
        .filter(|view| view.attempted && within.contains(&view.end_ms()) && view.country != "DE")
        .collect();
    let whole: f64 = all.iter().map(|view| weight(view)).sum();
    let rows = answer["data"].as_array().unwrap();
    assert_eq!((rows.len(), &answer["total_row_count"]), (3, &json!(3)));
    let mut before = u64::MAX;
    for row in rows {
        let with: Vec<_> =
            all.iter().filter(|view| row["player_error_code"] == view.error_code.as_str()).collect();
        let views: f64 = with.iter().map(|view| weight(view)).sum();
        let count = row["count"].as_u64().unwrap();
        assert!((count as f64 - views).abs() <= 0.5 + 1e-9 && count <= before, "{row}: {views}");
        assert!((row["percentage"].as_f64().unwrap() - views / whole).abs() < 1e-9, "{row}");
        let last = with.iter().map(|view| view.end_ms()).max().unwrap();
        let last = chrono::DateTime::from_timestamp(last / 1000, 0).unwrap();
        assert_eq!(row["last_seen"], last.to_rfc3339_opts(chrono::SecondsFormat::Secs, true));
        assert_eq!(row["code"], if row["player_error_code"] == "404" { json!(404) } else { json!(null) });
        before = count;
    }
}

#[tokio::test]
async fn one_view_has_every_attribute_and_its_events_in_order() {
    let server = Server::start(unlimited());
    let tenant = server.tenant().await;
    // Long enough under way, and still for a while.
    let start = an_hour_ago() + 1_800_000;
    let view = TestView {
        id: "a/b?c".to_owned(),
        start_ms: start,
        length_ms: 30_000,
        attempted: true,
        startup_ms: Some(640),
        playing_ms: 20_000,
        watch_ms: 25_000,
        rebuffer_ms: 5_000,
        rebuffer_count: 2,
        video_id: "v1".to_owned(),
        video_title: "A title".to_owned(),
        viewer_id: "viewer".to_owned(),
        country: "DE".to_owned(),
        plan: "gold".to_owned(),
        duration_ms: 60_000,
        segments: vec![(0, 10_000), (5_000, 15_000)],
        ..TestView::default()
    };
    write(&store(), &tenant.id, &[view]).await;
    let event = |sequence: u64, name: &str, t_ms: i64, late_ms: i64| {
        json!({
            "environment": tenant.id, "view_id": "a/b?c", "view_start": timestamp(start), "sequence": sequence,
            "event": name, "t_ms": t_ms, "anchor_ms": start + late_ms,
            "received_at": timestamp(start + t_ms + late_ms + 1000), "playhead_ms": t_ms,
            "attributes": {"cdn": "fastly"},
        })
    };
    // A slow beacon (its anchor is later) neither moves nor reorders what it tells.
    let rows = [event(3, "pause", 3000, 900), event(1, "play", 0, 0), event(2, "playing", 640, 0)];
    insert(&store(), "event_rows", &rows).await;

    let answer = server.answer(&tenant, "/data/v1/video-views/a%2Fb%3Fc", &[]).await;
    let data = &answer["data"];
    for (name, value) in [
        ("id", json!("a/b?c")),
        ("view_id", json!("a/b?c")),
        ("environment_id", json!(tenant.id)),
        ("video_title", json!("A title")),
        ("viewer_user_id", json!("viewer")),
        ("country_code", json!("DE")),
        ("time_to_first_frame", json!(640)),
        ("watch_time", json!(25_000)),
        ("buffering_count", json!(2)),
        ("rebuffer_percentage", json!("0.2")),
        ("view_playing_time", json!("20000")),
        ("video_duration", json!(60_000)),
        ("playback_failure", json!(false)),
        ("watched", json!(true)),
        ("player_error_code", json!(null)),
        ("error_type_id", json!(null)),
        ("custom", json!({"plan": "gold"})),
        ("custom_1", json!(null)),
        ("ranges", json!([[0, 10_000], [5_000, 15_000]])),
        ("cdn", json!(null)),
        ("weight", json!(1)),
        ("view_dropped", json!(false)),
        ("playback_success_score", json!(100)),
        ("startup_time_score", json!(800.0 / 8.64)),
        ("video_quality_score", json!(null)),
        ("quality_score", json!(null)),
        ("playback_score", json!("100")),
    ] {
        assert_eq!(data[name], value, "{name}");
    }
    // Quality is not known: startup and smoothness are all there is.
    let smoothness = 50.0 / 2.0_f64.sqrt() + 50.0 * (-2.0_f64).exp();
    for (score, expected) in
        [("rebuffer_score", smoothness), ("viewer_experience_score", (smoothness * 800.0 / 8.64).sqrt())]
    {
        // Mux Data writes fractions as texts; our own name for one is a number.
        let found = data[score].as_f64().or_else(|| data[score].as_str()?.parse().ok()).unwrap();
        assert!((found - expected).abs() < 1e-9, "{score}: {found}");
    }
    let time = |ms: i64| {
        chrono::DateTime::from_timestamp_millis(ms)
            .unwrap()
            .to_rfc3339_opts(chrono::SecondsFormat::Millis, true)
    };
    assert_eq!(data["view_start"], time(start));
    assert_eq!(data["view_end"], time(start + 30_000));
    let events: Vec<_> = data["events"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| (event["name"].as_str().unwrap(), event["event_time"].as_i64().unwrap() - start))
        .collect();
    assert_eq!(events, [("play", 0), ("playing", 640), ("pause", 3000)]);
    assert_eq!(data["events"][1]["playback_time"], 640);
    assert_eq!(data["events"][1]["details"]["cdn"], "fastly");
}
