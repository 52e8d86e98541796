//! People over HTTP: invited, signed in, changing their password, looking after their sessions, and slowed down.

use std::time::Duration;

use playhead::web::limit::{Rate, Rates};
use reqwest::{Response, StatusCode};
use serde_json::{Value, json};

use super::server::{Server, unlimited};

const PASSWORD: &str = "correct horse";

async fn send(server: &Server, method: &str, path: &str, cookie: &str, body: Value) -> Response {
    let request = server.http.request(method.parse().unwrap(), format!("{}{path}", server.url));
    request.header("cookie", cookie).json(&body).send().await.unwrap()
}

fn cookie_of(answer: &Response) -> String {
    let cookie = answer.headers()["set-cookie"].to_str().unwrap();
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"), "{cookie}");
    cookie.split(';').next().unwrap().to_owned()
}

/// Invites and accepts; the cookie of whoever came.
async fn invited(server: &Server, owner: &str, wish: Value) -> String {
    let made = send(server, "POST", "/data/v1/invitations", owner, wish).await;
    assert_eq!(made.status(), StatusCode::CREATED);
    let made: Value = made.json().await.unwrap();
    let code = made["code"].as_str().unwrap();
    assert_eq!(made["path"], format!("/login#invitation={code}"));
    let accept = async |password: &str| {
        send(server, "POST", "/session/invitation", "", json!({"code": code, "password": password})).await
    };
    assert_eq!(accept("short").await.status(), StatusCode::BAD_REQUEST);
    let came = accept(PASSWORD).await;
    assert_eq!(came.status(), StatusCode::NO_CONTENT);
    assert_eq!(accept(PASSWORD).await.status(), StatusCode::NOT_FOUND, "it works once");
    cookie_of(&came)
}

#[tokio::test]
async fn somebody_invited_signs_in_and_looks_after_themselves() {
    let server = Server::start(unlimited());
    let (tenant, _other) = (server.tenant().await, server.tenant().await);
    let owner = server.sign_in().await;
    let wish = json!({"email": "Anna@example.org", "role": "editor", "environments": [tenant.id]});
    let first = invited(&server, &owner, wish).await;
    let shown: Value = send(&server, "GET", "/session", &first, json!(null)).await.json().await.unwrap();
    assert_eq!((&shown["email"], &shown["role"]), (&json!("anna@example.org"), &json!("editor")));
    assert_eq!(shown["scopes"], json!(["read", "sql", "write"]));
    assert_eq!(shown["environments"].as_array().unwrap().len(), 1);
    assert_eq!(shown["environment"], tenant.id);

    let sign_in = async |password: &str| {
        send(&server, "POST", "/session", "", json!({"email": "ANNA@example.org", "password": password}))
            .await
    };
    assert_eq!(sign_in("wrong").await.status(), StatusCode::UNAUTHORIZED);
    let second = cookie_of(&sign_in(PASSWORD).await);
    let sessions: Value =
        send(&server, "GET", "/data/v1/sessions", &second, json!(null)).await.json().await.unwrap();
    let sessions = sessions["data"].as_array().unwrap();
    assert_eq!(sessions.len(), 2, "the owner's is not shown: {sessions:?}");
    let ended = sessions.iter().find(|session| session["is_this"] == false).unwrap();
    let path = format!("/data/v1/sessions/{}", ended["id"].as_str().unwrap());
    assert_eq!(send(&server, "DELETE", &path, &second, json!(null)).await.status(), StatusCode::NO_CONTENT);
    assert_eq!(
        send(&server, "GET", "/session", &first, json!(null)).await.status(),
        StatusCode::UNAUTHORIZED
    );

    let change = async |old: &str, new: &str| {
        send(&server, "PUT", "/session/password", &second, json!({"old": old, "new": new})).await.status()
    };
    assert_eq!(change("wrong", "something else").await, StatusCode::UNAUTHORIZED);
    assert_eq!(change(PASSWORD, "short").await, StatusCode::BAD_REQUEST);
    assert_eq!(change(PASSWORD, "something else").await, StatusCode::NO_CONTENT);
    assert_eq!(sign_in(PASSWORD).await.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(sign_in("something else").await.status(), StatusCode::NO_CONTENT);
    let unnamed =
        send(&server, "PUT", "/session/password", &owner, json!({"old": "", "new": "something"})).await;
    assert_eq!(unnamed.status(), StatusCode::FORBIDDEN);

    let people: Value =
        send(&server, "GET", "/data/v1/people", &owner, json!(null)).await.json().await.unwrap();
    assert_eq!(people["data"][0]["email"], "anna@example.org");
    assert!(
        people["data"][0]["last_sign_in_ms"].is_i64() && !people.to_string().contains("argon2"),
        "{people}"
    );
    let gone = send(&server, "DELETE", "/data/v1/people/anna@example.org", &owner, json!(null)).await;
    assert_eq!(gone.status(), StatusCode::NO_CONTENT);
    assert_eq!(
        send(&server, "GET", "/session", &second, json!(null)).await.status(),
        StatusCode::UNAUTHORIZED
    );
    assert_eq!(sign_in("something else").await.status(), StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn an_account_is_tried_so_often_and_no_more_from_wherever() {
    let thrice = Rate { refill: Duration::from_secs(600), ..Rate::per_second(1, 3) };
    let server = Server::start(Rates { accounts: thrice, ..unlimited() });
    server.tenant().await;
    let attempt = |number: u8, email: &'static str| {
        let request = server.http.post(format!("{}/session", server.url));
        let request = request.header("x-forwarded-for", format!("203.0.113.{number}"));
        request.json(&json!({"email": email, "password": "guess"})).send()
    };
    // Nobody of that address has an account: that does not show.
    for number in 0..3 {
        assert_eq!(attempt(number, "a@example.org").await.unwrap().status(), StatusCode::UNAUTHORIZED);
    }
    let refused = attempt(3, "A@example.org").await.unwrap();
    assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
    assert!(refused.headers().contains_key("retry-after"));
    assert_eq!(attempt(4, "b@example.org").await.unwrap().status(), StatusCode::UNAUTHORIZED);
    server.sign_in().await;
}
