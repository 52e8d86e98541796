//! The audit log over HTTP: every deed leaves a line that says who, whence and what, to those who may read it.

use std::collections::BTreeSet;

use playhead::control::Deed;
use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};

use super::server::{LOGIN_CODE, Server, unlimited};

async fn send(server: &Server, method: Method, path: &str, cookie: &str, body: Value) -> Response {
    let request = server.http.request(method, format!("{}{path}", server.url));
    request.header("cookie", cookie).json(&body).send().await.unwrap()
}

/// Does something and reads what came back.
async fn done(server: &Server, method: Method, path: &str, cookie: &str, body: Value) -> Value {
    let answer = send(server, method, path, cookie, body).await;
    assert!(answer.status().is_success(), "{path}: {}", answer.status());
    answer.json().await.unwrap_or_default()
}

fn cookie_of(answer: &Response) -> String {
    answer.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned()
}

fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value[name].as_str().unwrap()
}

#[tokio::test]
async fn every_deed_leaves_a_line_and_no_secret() {
    let server = Server::start(unlimited());
    let (tenant, other) = (server.tenant().await, server.tenant().await);
    let owner = server.sign_in().await;
    done(&server, Method::PUT, "/session", &owner, json!({"environment": tenant.id})).await;
    let secrets = administer(&server, &owner, &tenant.id).await;

    let (mut lines, mut cursor) = (Vec::new(), String::new());
    loop {
        let page =
            done(&server, Method::GET, &format!("/data/v1/audit?limit=7{cursor}"), &owner, json!(null)).await;
        lines.extend(page["data"].as_array().unwrap().clone());
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    let ids: Vec<&str> = lines.iter().map(|line| text(line, "id")).collect();
    assert!(ids.windows(2).all(|pair| pair[0] > pair[1]), "newest first, none twice");
    let seen: BTreeSet<&str> = lines.iter().map(|line| text(line, "deed")).collect();
    // What is made there is told there.
    let elsewhere = BTreeSet::from([Deed::EnvironmentCreated.word()]);
    let all: BTreeSet<&str> = Deed::ALL.iter().map(|deed| deed.word()).collect();
    assert_eq!(seen, &all - &elsewhere);
    assert!(lines.iter().all(|line| line["address"] == "127.0.0.1" && line["at_ms"].as_i64() > Some(0)));
    let written = json!(lines).to_string();
    for secret in secrets.iter().map(String::as_str).chain([LOGIN_CODE, "not my password", "a viewer's id"]) {
        assert!(!written.contains(secret), "{secret} is in the log");
    }
    let failed =
        |whose: &str| lines.iter().any(|line| line["deed"] == "session.fail" && line["subject"] == whose);
    // A known address is named; an unknown one may be a password in the wrong field.
    assert!(failed("anna@example.org") && failed("") && failed("the operator"), "{written}");
    let keys = done(&server, Method::GET, "/data/v1/audit?deed=key&limit=100", &owner, json!(null)).await;
    assert!(keys["data"].as_array().unwrap().iter().all(|line| text(line, "deed").starts_with("key.")));
    for bad in ["deed=fly", "cursor=x", "limit=0", "page=2", "deed=ke"] {
        let refused = send(&server, Method::GET, &format!("/data/v1/audit?{bad}"), &owner, json!(null)).await;
        assert_eq!(refused.status(), StatusCode::BAD_REQUEST, "{bad}");
    }

    // An admin of the environment reads what was done in it; of the installation only owners do.
    let admin = server.control.create_token(&tenant.id, &admins()).await.unwrap();
    let read = server.http.get(format!("{}/data/v1/audit?limit=1000", server.url));
    let read: Value =
        read.basic_auth(&admin.id, Some(&admin.secret)).send().await.unwrap().json().await.unwrap();
    let deeds: BTreeSet<&str> =
        read["data"].as_array().unwrap().iter().map(|line| text(line, "deed")).collect();
    assert!(
        deeds.contains("key.create") && !deeds.iter().any(|deed| deed.starts_with("session.")),
        "{deeds:?}"
    );
    let stranger = server.control.create_token(&other.id, &admins()).await.unwrap();
    let read = server.http.get(format!("{}/data/v1/audit?limit=1000", server.url));
    let read: Value =
        read.basic_auth(&stranger.id, Some(&stranger.secret)).send().await.unwrap().json().await.unwrap();
    assert_eq!(read, json!({"data": [], "next_cursor": null}));
}

fn admins() -> playhead::control::TokenSettings {
    let scopes = playhead::control::Scopes::ALL;
    playhead::control::TokenSettings { scopes, ..Default::default() }
}

/// One of everything; the secrets that came out of it.
async fn administer(server: &Server, owner: &str, environment: &str) -> Vec<String> {
    let (post, put, delete) = (Method::POST, Method::PUT, Method::DELETE);
    let act = async |method: &Method, path: &str, body: Value| {
        done(server, method.clone(), path, owner, body).await
    };
    let key = act(&post, "/data/v1/ingest-keys", json!({"name": "site"})).await;
    let key = format!("/data/v1/ingest-keys/{}", text(&key, "ingest_key"));
    act(&put, &key, json!({"name": "page"})).await;
    act(&post, &format!("{key}/rotate"), json!({})).await;
    act(&delete, &key, json!(null)).await;
    let token = act(&post, "/data/v1/tokens", json!({"name": "t", "scopes": ["read"]})).await;
    act(&delete, &format!("/data/v1/tokens/{}", text(&token, "id")), json!(null)).await;
    let made =
        act(&post, "/data/v1/environments", json!({"name": uuid::Uuid::new_v4().simple().to_string()})).await;
    act(&Method::PATCH, &format!("/data/v1/environments/{environment}"), json!({"retention_days": 30})).await;
    act(&delete, "/data/v1/viewers/a%20viewer's%20id", json!(null)).await;
    act(&Method::GET, "/data/v1/export", json!(null)).await;
    let saved = act(&post, "/data/v1/sql/saved", json!({"name": "n", "query": "SELECT 1"})).await;
    let saved = format!("/data/v1/sql/saved/{}", text(&saved, "id"));
    act(&put, &saved, json!({"name": "m", "query": "SELECT 2"})).await;
    act(&delete, &saved, json!(null)).await;
    act(&post, "/data/v1/sql", json!({"query": "SELECT 1"})).await;
    let incident = json!({"description": "d", "severity": "alert", "measurement": "views"});
    let incident = act(&post, "/data/v1/incidents", incident).await;
    let log = format!("/data/v1/incidents/{}/log", text(&incident["data"], "id"));
    for action in ["acknowledge", "note", "resolve"] {
        act(&post, &log, json!({"action": action, "note": "n"})).await;
    }

    let wish = |email: &str| json!({"email": email, "role": "viewer", "environments": [environment]});
    let lost = act(&post, "/data/v1/invitations", wish("otto@example.org")).await;
    act(&delete, &format!("/data/v1/invitations/{}", text(&lost, "id")), json!(null)).await;
    let invited = act(&post, "/data/v1/invitations", wish("anna@example.org")).await;
    let accept = json!({"code": text(&invited, "code"), "password": "my first password"});
    let anna = cookie_of(&send(server, post.clone(), "/session/invitation", "", accept).await);
    let change = json!({"old": "my first password", "new": "my second password"});
    done(server, put.clone(), "/session/password", &anna, change).await;
    for wrong in [
        json!({"email": "ANNA@example.org", "password": "not my password"}),
        json!({"email": "not my password", "password": "x"}),
        json!({"code": "x"}),
    ] {
        let refused = send(server, post.clone(), "/session", "", wrong).await;
        assert_eq!(refused.status(), StatusCode::UNAUTHORIZED);
    }
    let sessions = done(server, Method::GET, "/data/v1/sessions", &anna, json!(null)).await;
    let own = format!("/data/v1/sessions/{}", text(&sessions["data"][0], "id"));
    done(server, delete.clone(), &own, &anna, json!(null)).await;
    let role = json!({"role": "editor", "environments": [environment]});
    act(&put, "/data/v1/people/anna@example.org", role).await;
    act(&delete, "/data/v1/people/anna@example.org", json!(null)).await;
    let secrets = [text(&token, "secret"), text(&made["token"], "secret"), text(&invited, "code")];
    let passwords = ["my first password", "my second password"];
    let cookies = [owner, &anna].map(|cookie| cookie.split_once('=').unwrap().1);
    secrets.into_iter().chain(passwords).chain(cookies).map(str::to_owned).collect()
}
