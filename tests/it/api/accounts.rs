//! Usage, exports and public viewer counts against what was written.

use std::collections::BTreeMap;

use playhead::event::{Attribute, AttributeKey, Event, Format, Kind, Record};
use reqwest::StatusCode;
use serde_json::{Value, json};

use super::{
    data::{TestView, an_hour_ago, insert, random_views, timestamp, write},
    server::{Server, store, unlimited},
};

const DAY_MS: i64 = 86_400_000;
const SECOND_BEACON_MS: i64 = 100_000;

#[tokio::test]
async fn usage_is_what_came_in_day_by_day() {
    let server = Server::start(unlimited());
    let (tenant, stranger) = (server.tenant().await, server.tenant().await);
    let views = random_views(41, 80, an_hour_ago());
    write(&store(), &tenant.id, &views).await;
    // Three events of two beacons for each view, one of them twice.
    let rows: Vec<_> = views
        .iter()
        .enumerate()
        .flat_map(|(n, view)| {
            [(1, 0), (2, 0), (3, 1), (3, 1)].map(|(sequence, beacon)| {
                json!({"environment": tenant.id, "view_id": view.id, "view_start": timestamp(view.start_ms),
                    "sequence": sequence, "event": "heartbeat", "received_at": timestamp(view.start_ms + SECOND_BEACON_MS * beacon),
                    "log_partition": 0, "log_offset": 10 * n as i64 + beacon})
            })
        })
        .collect();
    insert(&store(), "event_rows", &rows).await;
    let answer = server.answer(&tenant, "/data/v1/usage", &[("timeframe[]", "7:days")]).await;
    let days = answer["data"].as_array().unwrap();
    assert_eq!(days.len(), 8, "seven days touch eight dates");
    for day in days {
        let start =
            chrono::DateTime::parse_from_rfc3339(day["date"].as_str().unwrap()).unwrap().timestamp_millis();
        let within = |ms: i64| (start..start + DAY_MS).contains(&ms);
        let begun: Vec<&TestView> = views.iter().filter(|v| v.attempted && within(v.start_ms)).collect();
        let minutes: f64 = begun.iter().map(|view| f64::from(view.watch_ms) / 60_000.0).sum();
        let second = views.iter().filter(|v| within(v.start_ms + SECOND_BEACON_MS)).count();
        let first = views.iter().filter(|v| within(v.start_ms)).count();
        assert_eq!((&day["views"], &day["environment"]), (&json!(begun.len()), &json!(tenant.id)));
        assert!((day["minutes_watched"].as_f64().unwrap() - minutes).abs() < 1e-6, "{day}");
        assert_eq!(
            (&day["events"], &day["beacons"]),
            (&json!(2 * first + second), &json!(first + second)),
            "{day}"
        );
    }
    let nothing = server.answer(&stranger, "/data/v1/usage", &[]).await;
    assert!(nothing["data"].as_array().unwrap().iter().all(|day| day["views"] == 0 && day["events"] == 0));
}

#[tokio::test]
async fn exports_hold_every_view_of_their_day_and_hour_once() {
    let server = Server::start(unlimited());
    let (tenant, stranger) = (server.tenant().await, server.tenant().await);
    let views = random_views(43, 150, an_hour_ago());
    write(&store(), &tenant.id, &views).await;
    let mut days: BTreeMap<String, Vec<&TestView>> = BTreeMap::new();
    for view in &views {
        days.entry(timestamp(view.start_ms)[..10].to_owned()).or_default().push(view);
    }
    let answer = server.answer(&tenant, "/data/v1/exports/views", &[]).await;
    let listed: Vec<_> =
        answer["data"].as_array().unwrap().iter().map(|day| day["export_date"].as_str().unwrap()).collect();
    assert_eq!(listed, days.keys().rev().map(String::as_str).collect::<Vec<_>>());

    let read = async |path: &str| {
        let response = server.ask(&tenant, path, &[]).await;
        assert_eq!(response.status(), StatusCode::OK, "{path}");
        response.text().await.unwrap()
    };
    for day in answer["data"].as_array().unwrap() {
        let mut expected = days[day["export_date"].as_str().unwrap()].clone();
        expected.sort_by_key(|view| view.id.clone());
        let [csv, ndjson] = [0, 1].map(|file| day["files"][file]["path"].as_str().unwrap());
        let text = read(ndjson).await;
        let mut rows: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        rows.sort_by_key(|row| row["view_id"].as_str().unwrap().to_owned());
        assert_eq!(rows.len(), expected.len());
        for (row, view) in rows.iter().zip(expected) {
            assert_eq!((&row["view_id"], &row["playing_ms"]), (&json!(view.id), &json!(view.playing_ms)));
            assert_eq!(
                (&row["country"], &row["view_attempted"]),
                (&json!(view.country), &json!(u8::from(view.attempted)))
            );
            assert!(
                row.get("environment").is_none() && row["view_start"].as_str().unwrap().ends_with('Z'),
                "{row}"
            );
        }
        let text = read(csv).await;
        assert!(text.lines().next().unwrap().starts_with("\"view_id\",\"view_start\""), "{text:.80}");
        assert_eq!(text.lines().count(), rows.len() + 1);
    }
    let hour = &timestamp(views[0].start_ms)[..13].replace(' ', "T");
    let within = views.iter().filter(|v| timestamp(v.start_ms)[..13].replace(' ', "T") == *hour).count();
    assert_eq!(read(&format!("/data/v1/exports/views/{hour}.ndjson")).await.lines().count(), within);

    let foreign = server.ask(&stranger, &format!("/data/v1/exports/views/{hour}.ndjson"), &[]).await;
    assert_eq!(foreign.text().await.unwrap(), "");
    let unknown = server.ask(&tenant, "/data/v1/exports/views/yesterday.xls", &[]).await;
    assert_eq!(unknown.status(), StatusCode::NOT_FOUND);
}

/// Somebody who watches a video now.
fn watching(environment: &str, view: &str, video: &str) -> Record<'static> {
    let now_ms = chrono::Utc::now().timestamp_millis();
    let event = |sequence, kind: Kind| Event { sequence, kind: kind as i32, ..Event::default() };
    Record {
        environment: environment.to_owned().into(),
        view_id: view.to_owned().into(),
        format: Format::Native as i32,
        received_ms: now_ms,
        anchor_ms: now_ms,
        events: vec![event(1, Kind::Play), event(2, Kind::Playing)],
        origin: vec![Attribute::of_text(AttributeKey::VideoId, video.to_owned())],
    }
}

#[tokio::test]
async fn a_page_shows_the_count_of_its_video_and_nothing_else() {
    let server = Server::start(unlimited());
    let (tenant, stranger) = (server.tenant().await, server.tenant().await);
    let records = [
        watching(&tenant.id, "a", "film"),
        watching(&tenant.id, "b", "film"),
        watching(&tenant.id, "c", "other"),
        watching(&stranger.id, "d", "film"),
    ];
    server.live.learn(records.iter(), chrono::Utc::now().timestamp_millis());
    let url = format!("{}/data/v1/viewer-tokens", server.url);
    let sign = async |tenant: &playhead::control::NewEnvironment, body: Value| {
        let request =
            server.http.post(&url).basic_auth(&tenant.token.id, Some(&tenant.token.secret)).json(&body);
        let response = request.send().await.unwrap();
        (response.status(), response.json::<Value>().await.unwrap())
    };
    let show = async |token: &str| {
        let url = format!("{}/data/v1/viewer-count?token={token}", server.url);
        let response = server.http.get(url).send().await.unwrap();
        assert_eq!(response.headers()["access-control-allow-origin"], "*");
        (response.status(), response.json::<Value>().await.unwrap())
    };
    let token = async |tenant, body| sign(tenant, body).await.1["data"]["token"].as_str().unwrap().to_owned();
    let film = token(&tenant, json!({"video_id": "film"})).await;
    assert_eq!(show(&film).await, (StatusCode::OK, json!({"viewers": 2})));
    assert_eq!(show(&token(&tenant, json!({"video_id": "none"})).await).await.1, json!({"viewers": 0}));
    let theirs = token(&stranger, json!({"video_id": "film", "lifetime_s": 315_360_000})).await;
    assert_eq!(show(&theirs).await.1, json!({"viewers": 1}));

    // Nothing of a token can be changed, and it opens nothing else.
    let parts: Vec<&str> = film.split('.').collect();
    let other: Vec<&str> = theirs.split('.').collect();
    for forged in [
        format!("{}.{}.{}", parts[0], other[1], parts[2]),
        format!("{}.{}.{}", other[0], parts[1], parts[2]),
        format!("{}.{}.", parts[0], parts[1]),
        format!("{}.{}", parts[0], parts[1]),
        "x".repeat(5_000),
        String::new(),
    ] {
        let (status, problem) = show(&forged).await;
        assert_eq!((status, &problem["code"]), (StatusCode::UNAUTHORIZED, &json!("bad_credentials")));
    }
    let used =
        server.http.get(format!("{}/data/v1/metrics", server.url)).bearer_auth(&film).send().await.unwrap();
    assert_eq!(used.status(), StatusCode::UNAUTHORIZED);
    let expired = server.control.sign_viewer_count(&tenant.id, "film", 1_000, "test").await.unwrap();
    assert_eq!(show(&expired).await.0, StatusCode::UNAUTHORIZED);
    for bad in [json!({"video_id": ""}), json!({"video_id": "v", "lifetime_s": 0}), json!({})] {
        assert_eq!(sign(&tenant, bad).await.0, StatusCode::BAD_REQUEST);
    }

    let revoke = server.http.delete(&url).basic_auth(&tenant.token.id, Some(&tenant.token.secret));
    assert_eq!(revoke.send().await.unwrap().status(), StatusCode::NO_CONTENT);
    assert_eq!(show(&film).await.0, StatusCode::UNAUTHORIZED);
    assert_eq!(show(&theirs).await.0, StatusCode::OK);
    assert_eq!(show(&token(&tenant, json!({"video_id": "film"})).await).await.1, json!({"viewers": 2}));
}
