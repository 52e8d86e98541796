//! HEAD, ETag and Server-Timing on everything that can be read.

use std::time::Duration;

use playhead::{
    control::{Scopes, TokenSettings},
    pipeline::live::monitor::INTERVAL_MS,
};
use serde_json::Value;

use super::{
    data::{an_hour_ago, random_views, write},
    server::{Server, store, unlimited},
};

/// What is for sessions, of things that are made first, streamed, or told with a token of its own.
const ELSEWHERE: [&str; 11] = [
    "environment}",
    "ingest_key}",
    "people",
    "invitations",
    "sessions",
    "erasure_id",
    "annotations/",
    "incidents/",
    "export",
    "viewer-count",
    "system",
];
/// Live passes time so often, and then some.
const TICK_MS: i64 = 1_500;
/// What is about no stretch of time.
const TIMELESS: [&str; 6] = ["view-1", "/monitoring/", "/live/", "/audit", "/sql/", "/refusals"];

/// What monitoring tells is of now and turns with each of its intervals: not between questions that come just after one.
async fn just_after_a_turn() {
    let into_ms = chrono::Utc::now().timestamp_millis().rem_euclid(INTERVAL_MS);
    if !(TICK_MS..=INTERVAL_MS / 2).contains(&into_ms) {
        let rest_ms = (INTERVAL_MS - into_ms) % INTERVAL_MS + TICK_MS;
        tokio::time::sleep(Duration::from_millis(rest_ms.unsigned_abs())).await;
    }
}

#[tokio::test]
async fn every_read_can_be_a_head_and_is_not_sent_to_those_who_have_it() {
    let server = Server::start(unlimited());
    let mut tenant = server.tenant().await;
    let all = TokenSettings { scopes: Scopes::ALL, ..TokenSettings::default() };
    tenant.token = server.control.create_token(&tenant.id, &all).await.unwrap();
    let until = an_hour_ago();
    write(&store(), &tenant.id, &random_views(43, 20, until)).await;
    let document: Value = serde_json::from_str(&playhead::web::openapi::document().unwrap()).unwrap();
    let reads = document["paths"].as_object().unwrap().iter().filter(|(_, item)| !item["get"].is_null());
    let frame = format!("?timeframe[]={}&timeframe[]={}", until / 1000 - 86_400, until / 1000);
    let mut paths: Vec<String> = reads
        .map(|(path, _)| path.as_str())
        .filter(|path| path.starts_with("/data/v1/") && !ELSEWHERE.iter().any(|part| path.contains(part)))
        .map(|path| {
            let metric = match path {
                path if path.ends_with("histogram-timeseries") => "video-startup-time",
                path if path.contains("/monitoring/") => "current-concurrent-viewers",
                _ => "views",
            };
            let path = path
                .replace("{metric}", metric)
                .replace("{dimension}", "country")
                .replace("{topic}", "problems")
                .replace("{video_id}", "video-a")
                .replace("{id}", "view-1");
            if TIMELESS.iter().any(|part| path.contains(part)) { path } else { path + &frame }
        })
        .collect();
    paths.push("/data/v1/openapi.json".to_owned());
    assert!(paths.len() >= 11, "{paths:?}");
    for path in paths {
        let url = format!("{}{path}", server.url);
        let send = |method: reqwest::Method, tag: Option<&str>| {
            let request =
                server.http.request(method, &url).basic_auth(&tenant.token.id, Some(&tenant.token.secret));
            tag.map_or_else(
                || request.try_clone().unwrap(),
                |tag| request.try_clone().unwrap().header("if-none-match", tag),
            )
            .send()
        };
        if path.contains("/monitoring/") {
            just_after_a_turn().await;
        }
        let got = send(reqwest::Method::GET, None).await.unwrap();
        assert_eq!(got.status(), 200, "{path}");
        let tag = got.headers()["etag"].to_str().unwrap().to_owned();
        let timing: Vec<_> = got.headers().get_all("server-timing").iter().collect();
        assert!(timing.last().unwrap().to_str().unwrap().starts_with("total;dur="), "{path}: {timing:?}");
        assert_eq!(got.headers()["cache-control"], "private, no-cache");
        let length = got.bytes().await.unwrap().len();

        let head = send(reqwest::Method::HEAD, None).await.unwrap();
        assert_eq!(
            (head.status().as_u16(), head.headers()["etag"].to_str().unwrap()),
            (200, tag.as_str()),
            "{path}"
        );
        assert_eq!(head.headers()["content-length"], length.to_string());
        assert!(head.bytes().await.unwrap().is_empty());

        let again = send(reqwest::Method::GET, Some(&tag)).await.unwrap();
        assert_eq!(
            (again.status().as_u16(), again.headers()["etag"].to_str().unwrap()),
            (304, tag.as_str()),
            "{path}"
        );
        assert!(again.bytes().await.unwrap().is_empty());
        let other = send(reqwest::Method::GET, Some("\"other\"")).await.unwrap();
        assert_eq!((other.status().as_u16(), other.bytes().await.unwrap().len()), (200, length), "{path}");
    }
    let nobody = server.http.head(format!("{}/data/v1/metrics", server.url)).send().await.unwrap();
    assert_eq!(nobody.status(), 401);
    assert_eq!(nobody.headers()["cache-control"], "private, no-store");
}
