//! Who may ask, and what they see: every way to show who one is, and no way around the walls between tenants.

use base64::{Engine, engine::general_purpose::STANDARD};
use futures_util::future::join_all;
use playhead::web::auth::{Principal, Proof};
use reqwest::{Response, StatusCode};
use serde_json::{Value, json};

use super::{
    data::{an_hour_ago, random_views, write},
    server::{LOGIN_CODE, Server, store, unlimited},
};

/// Every route that answers about views.
const ROUTES: [&str; 23] = [
    "/data/v1/metrics/views/overall",
    "/data/v1/metrics/playing_time/timeseries",
    "/data/v1/metrics/rebuffer_percentage/breakdown",
    "/data/v1/metrics/rebuffer_percentage/insights",
    "/data/v1/metrics/comparison",
    "/data/v1/errors",
    "/data/v1/video-views",
    "/data/v1/video-views/view-1",
    "/data/v1/dimensions/country",
    "/data/v1/engagement/videos/video-a/heatmap",
    "/data/v1/engagement/videos/video-a/retention",
    "/data/v1/engagement/videos/video-a/hotspots",
    "/data/v1/engagement/videos/video-a/comparison",
    "/data/v1/engagement/videos/video-a/viewers",
    "/data/v1/engagement/videos/video-a/live",
    "/data/v1/engagement/views/view-1",
    "/data/v1/environments",
    "/data/v1/monitoring/metrics/current-concurrent-viewers/timeseries",
    "/data/v1/monitoring/metrics/current-concurrent-viewers/breakdown",
    "/data/v1/cdn-scores",
    "/data/v1/annotations",
    "/data/v1/incidents",
    "/data/v1/exports/views",
];

async fn problem(response: Response, status: StatusCode, code: &str) -> Value {
    assert_eq!(response.status(), status);
    assert_eq!(response.headers()["content-type"], "application/problem+json");
    let request_id = response.headers()["x-request-id"].to_str().unwrap().to_owned();
    let problem: Value = response.json().await.unwrap();
    assert_eq!(problem["code"], code);
    assert_eq!(problem["status"], status.as_u16());
    assert_eq!(problem["request_id"], request_id);
    assert_eq!(problem["error"]["type"], code);
    assert!(!problem["error"]["messages"].as_array().unwrap().is_empty());
    problem
}

#[tokio::test]
async fn credentials_are_taken_in_every_documented_form_and_no_other() {
    let server = Server::start(unlimited());
    let tenant = server.tenant().await;
    let url = format!("{}/data/v1/metrics", server.url);
    let pair = format!("{}:{}", tenant.token.id, tenant.token.secret);
    let encoded = STANDARD.encode(&pair);
    let send =
        async |header: &str| server.http.get(&url).header("authorization", header).send().await.unwrap();
    for good in [
        format!("Basic {encoded}"),
        format!("basic {encoded}"),
        format!("Bearer {encoded}"),
        format!("Bearer {pair}"),
    ] {
        assert_eq!(send(&good).await.status(), StatusCode::OK, "{good}");
    }
    let wrong = STANDARD.encode(format!("{}:wrong", tenant.token.id));
    let nobody = STANDARD.encode("nobody:x");
    let demo = server.demo_tokens.issue(tenant.id.as_str().into(), "video-a");
    for bad in [
        format!("Basic {wrong}"),
        format!("Basic {nobody}"),
        "Basic %%%".to_owned(),
        "Bearer x".to_owned(),
        format!("Digest {encoded}"),
        format!("Bearer {demo}"),
        String::new(),
    ] {
        let response = send(&bad).await;
        assert!(response.headers().contains_key("www-authenticate"), "{bad}");
        problem(response, StatusCode::UNAUTHORIZED, "bad_credentials").await;
    }
    let nothing = server.http.get(&url).send().await.unwrap();
    problem(nothing, StatusCode::UNAUTHORIZED, "unauthenticated").await;

    // A revoked token is gone at once on the node that revoked it.
    assert!(server.control.revoke_token(&tenant.id, &tenant.token.id).await.unwrap());
    assert_eq!(send(&format!("Basic {encoded}")).await.status(), StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn the_websocket_takes_tokens_and_demo_tokens() {
    let server = Server::start(unlimited());
    let tenant = server.tenant().await;
    let pair = format!("{}:{}", tenant.token.id, tenant.token.secret);
    let reader = Principal::Reader { environment: tenant.id.as_str().into() };
    let who = async |token: &str| server.authenticator.principal(&Proof::Token(token.to_owned())).await.ok();
    assert_eq!(who(&pair).await, Some(reader));
    let demo = server.demo_tokens.issue(tenant.id.as_str().into(), "v");
    let principal = Principal::Demo { environment: tenant.id.as_str().into(), video_id: "v".into() };
    assert_eq!(who(&demo).await, Some(principal));
    for bad in ["", "demo.x", "x:y", &format!("{pair}x")] {
        assert_eq!(who(bad).await, None, "{bad}");
    }
}

#[tokio::test]
async fn a_session_opens_turns_and_closes() {
    let server = Server::start(unlimited());
    let session = format!("{}/session", server.url);
    let (first, second) = (server.tenant().await, server.tenant().await);
    let post = async |body: Value| server.http.post(&session).json(&body).send().await.unwrap();
    problem(post(json!({"code": "wrong"})).await, StatusCode::UNAUTHORIZED, "bad_credentials").await;
    let password = json!({"email": "a@example.org", "password": "x"});
    problem(post(password).await, StatusCode::UNAUTHORIZED, "bad_credentials").await;
    problem(post(json!({"nothing": 1})).await, StatusCode::BAD_REQUEST, "invalid_body").await;
    problem(post(json!({"code": "x".repeat(20_000)})).await, StatusCode::PAYLOAD_TOO_LARGE, "body_too_large")
        .await;
    let form =
        server.http.post(&session).body(format!("{{\"code\":\"{LOGIN_CODE}\"}}")).send().await.unwrap();
    problem(form, StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type").await;

    let cookie = server.sign_in().await;
    let with = |request: reqwest::RequestBuilder| request.header("cookie", &cookie);
    let shown: Value = with(server.http.get(&session)).send().await.unwrap().json().await.unwrap();
    assert_eq!(shown["environment"], first.id);
    assert_eq!(shown["environments"][0]["ingest_key"], first.ingest_key);
    assert_eq!(shown["environments"][1]["id"], second.id);

    let turn = |to: &str| with(server.http.put(&session)).json(&json!({"environment": to})).send();
    assert_eq!(turn(&second.id).await.unwrap().status(), StatusCode::NO_CONTENT);
    problem(turn("nowhere").await.unwrap(), StatusCode::NOT_FOUND, "not_found").await;
    let metrics = format!("{}/data/v1/metrics", server.url);
    assert_eq!(with(server.http.get(&metrics)).send().await.unwrap().status(), StatusCode::OK);

    assert_eq!(with(server.http.delete(&session)).send().await.unwrap().status(), StatusCode::NO_CONTENT);
    for url in [&session, &metrics] {
        let closed = with(server.http.get(url)).send().await.unwrap();
        problem(closed, StatusCode::UNAUTHORIZED, "unauthenticated").await;
    }
}

#[tokio::test]
async fn only_people_make_environments_and_only_from_our_own_pages() {
    let server = Server::start(unlimited());
    let tenant = server.tenant().await;
    let url = format!("{}/data/v1/environments", server.url);
    let body = json!({"name": "Big Event"});
    let token = server.http.post(&url).basic_auth(&tenant.token.id, Some(&tenant.token.secret));
    problem(token.json(&body).send().await.unwrap(), StatusCode::FORBIDDEN, "forbidden").await;

    let cookie = server.sign_in().await;
    let post = || server.http.post(&url).header("cookie", &cookie).json(&body);
    for (name, value) in
        [("origin", "https://evil.example"), ("origin", "null"), ("sec-fetch-site", "cross-site")]
    {
        let crossed = post().header(name, value).send().await.unwrap();
        problem(crossed, StatusCode::FORBIDDEN, "cross_site").await;
    }
    let made = post().header("origin", &server.url).send().await.unwrap();
    assert_eq!(made.status(), StatusCode::CREATED);
    let made: Value = made.json().await.unwrap();
    assert_eq!(made["id"], "big-event");
    let key = server.control.ingest_key(made["ingest_key"].as_str().unwrap()).await.unwrap();
    assert_eq!(&*key.unwrap().environment, "big-event");
    let reads = server
        .http
        .get(format!("{}/data/v1/metrics/views/overall", server.url))
        .basic_auth(made["token"]["id"].as_str().unwrap(), made["token"]["secret"].as_str())
        .send();
    assert_eq!(reads.await.unwrap().status(), StatusCode::OK);
    problem(post().send().await.unwrap(), StatusCode::CONFLICT, "conflict").await;
}

#[tokio::test]
async fn no_route_shows_a_tenant_anything_of_another() {
    let server = Server::start(unlimited());
    let (full, empty) = (server.tenant().await, server.tenant().await);
    write(&store(), &full.id, &random_views(5, 50, an_hour_ago())).await;
    let frame = [("timeframe[]", "7:days")];
    for route in ROUTES {
        assert_eq!(server.ask(&full, route, &frame).await.status(), StatusCode::OK, "{route}");
        let response = server.ask(&empty, route, &frame).await;
        if route.ends_with("view-1") {
            problem(response, StatusCode::NOT_FOUND, "not_found").await;
            continue;
        }
        let answer: Value = response.json().await.unwrap();
        let text = answer.to_string();
        for mark in ["view-", "video-a", "Aaa", "DE", full.id.as_str()] {
            assert!(!text.contains(&format!("\"{mark}")), "{route} shows {mark}: {text}");
        }
        let data = &answer["data"];
        match route {
            "/data/v1/environments" => assert_eq!(data[0]["id"], empty.id),
            "/data/v1/metrics/comparison" => {
                assert!(data.as_array().unwrap().iter().all(|row| row["view_count"] == 0), "{data}");
            }
            _ if route.ends_with("timeseries") => {
                assert!(data.as_array().unwrap().iter().all(|row| row[2] == 0), "{data}");
            }
            _ if data.is_array() => assert_eq!(data, &json!([]), "{route}"),
            _ => assert_eq!(data["total_views"], 0, "{route}"),
        }
    }
}

#[tokio::test]
async fn answers_say_what_is_wrong_and_what_would_be_right() {
    let server = Server::start(unlimited());
    let tenant = server.tenant().await;
    let overall = "/data/v1/metrics/views/overall";
    for (path, query, parameter, choice) in [
        (overall, ("timeframe[]", "soon"), "timeframe[]", "24:hours"),
        (overall, ("filters[]", "planet:earth"), "filters[]", "country"),
        (overall, ("measurement", "median"), "measurement", "count"),
        (overall, ("filter", "country:DE"), "filter", "filters[]"),
        (overall, ("metric_filters[]", "views>1"), "metric_filters[]", "rebuffer_count"),
        ("/data/v1/metrics/views/timeseries", ("group_by", "week"), "group_by", "hour"),
        ("/data/v1/metrics/views/breakdown", ("group_by", "planet"), "group_by", "country"),
        ("/data/v1/metrics/views/breakdown", ("order_by", "size"), "order_by", "negative_impact"),
        ("/data/v1/errors", ("order_by", "last_seen"), "order_by", "count"),
        ("/data/v1/errors/sql", ("order_direction", "asc"), "order_direction", "desc"),
        ("/data/v1/video-views", ("limit", "0"), "limit", "1 to 1000"),
        ("/data/v1/video-views", ("page", "-1"), "page", "1 to"),
        ("/data/v1/video-views", ("order_direction", "up"), "order_direction", "asc"),
        ("/data/v1/engagement/videos/v/heatmap", ("resolution", "hour"), "resolution", "second"),
        ("/data/v1/engagement/videos/v/heatmap", ("buckets", "99999999"), "buckets", "1 to 86400"),
        (overall, ("wait_for", "x"), "wait_for", "partition:offset"),
    ] {
        let refused = server.ask(&tenant, path, &[query]).await;
        let problem = problem(refused, StatusCode::BAD_REQUEST, "invalid_parameters").await;
        assert_eq!(problem["parameter"], parameter);
        let choices = problem["choices"].to_string();
        assert!(choices.contains(choice), "{path} {query:?}: {choices}");
    }
    for path in [
        "/data/v1/nothing",
        "/data/v1/metrics/nothing/overall",
        "/data/v1/dimensions/nothing",
        "/data/v1/video-views/x",
    ] {
        problem(server.ask(&tenant, path, &[]).await, StatusCode::NOT_FOUND, "not_found").await;
    }
    let posted = server
        .http
        .post(format!("{}{overall}", server.url))
        .basic_auth(&tenant.token.id, Some(&tenant.token.secret));
    let posted = posted.send().await.unwrap();
    assert_eq!(posted.headers()["allow"], "GET, HEAD");
    problem(posted, StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed").await;
}

#[tokio::test]
async fn a_read_may_wait_for_a_position() {
    let server = Server::start(unlimited());
    let tenant = server.tenant().await;
    let path = "/data/v1/metrics/views/overall";
    let there = server.ask(&tenant, path, &[("wait_for", "0:5,1:7"), ("wait_ms", "100")]).await;
    assert_eq!(there.status(), StatusCode::OK);
    assert!(there.headers()["server-timing"].to_str().unwrap().contains("bypass"));
    let late =
        server.ask(&tenant, path, &[("wait_for", "0:5"), ("wait_for", "0:500"), ("wait_ms", "50")]).await;
    problem(late, StatusCode::GATEWAY_TIMEOUT, "position_late").await;
    let timing =
        async || server.ask(&tenant, path, &[]).await.headers()["server-timing"].to_str().unwrap().to_owned();
    // At once, however long an answer takes; the second in which answers are shared may still turn among them.
    let asked = join_all((0..8).map(async |_| timing().await)).await;
    let is_told = |word: &str| asked.iter().any(|timing| timing.contains(word));
    assert!(is_told("miss") && is_told("hit"), "{asked:?}");
}
