//! Limits: exactly the burst goes through, everyone is told what is left, and guessing is slowed down.

use std::time::Duration;

use playhead::web::limit::{Rate, Rates};
use reqwest::StatusCode;
use serde_json::json;

use super::server::{LOGIN_CODE, Server, unlimited};

/// `burst` at once and hardly anything after.
fn once(burst: u32) -> Rate {
    Rate { refill: Duration::from_secs(600), ..Rate::per_second(1, burst) }
}

#[tokio::test]
async fn of_many_requests_at_once_exactly_the_burst_is_answered() {
    let server = Server::start(Rates { requests: once(10), ..unlimited() });
    let (tenant, other) = (server.tenant().await, server.tenant().await);
    let asked = (0..40).map(|_| server.ask(&tenant, "/data/v1/dimensions", &[]));
    let answers = futures_util::future::join_all(asked).await;
    let ok: Vec<_> = answers.iter().filter(|answer| answer.status() == StatusCode::OK).collect();
    assert_eq!(ok.len(), 10);
    let mut left: Vec<u32> = ok
        .iter()
        .map(|answer| answer.headers()["ratelimit-remaining"].to_str().unwrap().parse().unwrap())
        .collect();
    // Two at the same instant may be told the same.
    left.sort_unstable();
    assert!(left[0] == 0 && left[9] == 9, "{left:?}");
    let mut turns = Vec::new();
    for refused in answers.iter().filter(|answer| answer.status() != StatusCode::OK) {
        assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
        let header = |name: &str| refused.headers()[name].to_str().unwrap().parse::<u64>().unwrap();
        assert_eq!((header("ratelimit-limit"), header("ratelimit-remaining")), (10, 0));
        turns.push(header("retry-after").div_ceil(600));
        assert_eq!(header("ratelimit-reset"), 6000);
    }
    // Each has a time of its own to come back, or most of them would be refused again.
    turns.sort_unstable();
    assert_eq!(turns, (1..=30).collect::<Vec<_>>());
    assert_eq!(server.ask(&other, "/data/v1/dimensions", &[]).await.status(), StatusCode::OK);
}

#[tokio::test]
async fn who_comes_back_when_told_to_is_answered_however_many_were_refused() {
    let server = Server::start(Rates { requests: Rate::per_second(20, 80), ..unlimited() });
    let tenant = server.tenant().await;
    let comes_back = async || {
        let first = server.ask(&tenant, "/data/v1/dimensions", &[]).await;
        let Some(wait) = first.headers().get("retry-after") else { return (0, first.status()) };
        let wait: u64 = wait.to_str().unwrap().parse().unwrap();
        tokio::time::sleep(Duration::from_secs(wait)).await;
        (wait, server.ask(&tenant, "/data/v1/dimensions", &[]).await.status())
    };
    let came = futures_util::future::join_all((0..180).map(|_| comes_back())).await;
    let refused_again = came.iter().filter(|(_, status)| *status != StatusCode::OK).count();
    assert_eq!(refused_again, 0, "{came:?}");
    assert!(came.iter().any(|(wait, _)| *wait >= 2), "{came:?}");
}

#[tokio::test]
async fn guessing_bars_the_address_but_not_those_who_are_known() {
    let server = Server::start(Rates { failures: once(3), ..unlimited() });
    let (known, unknown) = (server.tenant().await, server.tenant().await);
    let url = format!("{}/data/v1/dimensions", server.url);
    let chosen = ["first", "second"];
    let settings = json!({"environments": [{"name": "chosen",
        "tokens": chosen.map(|id| json!({"id": id, "secret": "chosen"}))}]});
    server.control.bootstrap(serde_json::from_value(settings).unwrap()).await.unwrap();
    let ask = async |id: &str| {
        let answer = server.http.get(&url).basic_auth(id, Some("chosen")).send().await;
        answer.unwrap().status().as_u16()
    };
    assert_eq!(ask(chosen[0]).await, 200);
    assert_eq!(server.ask(&known, "/data/v1/dimensions", &[]).await.status(), StatusCode::OK);
    let guess = || server.http.get(&url).basic_auth(&unknown.token.id, Some("guess")).send();
    let statuses = [guess().await, guess().await, guess().await, guess().await, guess().await]
        .map(|answer| answer.unwrap().status().as_u16());
    assert_eq!(statuses, [401, 401, 401, 429, 429]);
    // A secret made here cannot be guessed: the right one is let in, also for the first time.
    assert_eq!(server.ask(&unknown, "/data/v1/dimensions", &[]).await.status(), StatusCode::OK);
    assert_eq!(server.ask(&known, "/data/v1/dimensions", &[]).await.status(), StatusCode::OK);
    // One that somebody chose is not looked at, or guessing would go on, unless it was right before.
    assert_eq!(ask(chosen[0]).await, 200);
    assert_eq!(ask(chosen[1]).await, 429);
    // Another address, told by the trusted proxy, is not concerned.
    let elsewhere = server
        .http
        .get(&url)
        .header("x-forwarded-for", "203.0.113.7")
        .basic_auth(&unknown.token.id, Some(&unknown.token.secret));
    assert_eq!(elsewhere.send().await.unwrap().status(), StatusCode::OK);
}

#[tokio::test]
async fn a_flood_of_made_up_tokens_costs_the_database_nothing() {
    let server = Server::start(Rates { failures: once(1), ..unlimited() });
    let [before, meanwhile] = [server.tenant().await, server.tenant().await];
    let url = format!("{}/data/v1/dimensions", server.url);
    let made_up = async |number: usize| {
        let id = format!("{number:032x}");
        server.http.get(&url).basic_auth(id, Some("made up")).send().await.unwrap().status().as_u16()
    };
    assert_eq!([made_up(0).await, made_up(1).await, made_up(2).await], [401, 429, 429]);
    assert_eq!(server.ask(&before, "/data/v1/dimensions", &[]).await.status(), StatusCode::OK);
    let flood = futures_util::future::join_all((0..300).map(&made_up));
    let (flood, known) = tokio::join!(flood, server.ask(&meanwhile, "/data/v1/dimensions", &[]));
    assert!(flood.iter().all(|status| *status == 429), "{flood:?}");
    assert_eq!(known.status(), StatusCode::OK);
    // Whoever asked the database now would be told 503.
    server.control.close().await;
    let flood = futures_util::future::join_all((0..300).map(&made_up)).await;
    assert!(flood.iter().all(|status| *status == 429), "{flood:?}");
}

#[tokio::test]
async fn signing_in_is_tried_so_often_and_no_more() {
    let server = Server::start(Rates { sign_ins: once(3), ..unlimited() });
    server.tenant().await;
    let url = format!("{}/session", server.url);
    let attempt = |code: &'static str| server.http.post(&url).json(&json!({"code": code})).send();
    for _ in 0..3 {
        assert_eq!(attempt("guess").await.unwrap().status(), StatusCode::UNAUTHORIZED);
    }
    let refused = attempt(LOGIN_CODE).await.unwrap();
    assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
    assert!(refused.headers().contains_key("retry-after"));
}
