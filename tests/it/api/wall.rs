//! The walls, route by route: every operation of the API's document has a line in [`cases`], and one without fails the test.
//!
//! Each is tried with the ids of another tenant, by a token that may do everything and by the session of an admin, and
//! then with every scope and role that should not be enough.

mod cases;

use std::collections::BTreeSet;

use playhead::control::{
    AnnotationChange, Incident, IncidentDetail, IncidentStatus, NewEnvironment, Role, Scope, Scopes,
    Severity, TokenSettings,
};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use self::cases::{
    CASES,
    Wall::{Common, Own, Owners, Selection, Session, SignedIn, Thing},
};
use super::{
    data::{an_hour_ago, random_views, write},
    server::{Server, store, unlimited},
};

/// A tenant with one of everything that has an id.
struct Full {
    environment: NewEnvironment,
    erasure: String,
    annotation: String,
    incident: String,
    saved: String,
    email: String,
    session: String,
    cookie: String,
    invitation: String,
}

impl Full {
    async fn new(server: &Server) -> Self {
        let environment = server.tenant().await;
        write(&store(), &environment.id, &random_views(5, 50, an_hour_ago())).await;
        let control = &server.control;
        let email = format!("anna@{}.example", environment.id);
        let cookie = signed_in(server, &email, Role::Admin, &environment.id).await;
        let now = chrono::Utc::now().timestamp_millis();
        let asking = control.session(&cookie, now).await.unwrap().unwrap();
        let invited =
            control.invite(&email, Role::Viewer, std::slice::from_ref(&environment.id)).await.unwrap();
        let erasure = control.request_erasure(&environment.id, "gone", "the test").await.unwrap().id;
        let noted =
            AnnotationChange { at_ms: Some(now), note: Some("a release".into()), sub_property_id: None };
        let annotation = control.create_annotation(&environment.id, noted, "the test").await.unwrap().id;
        let incident = uuid::Uuid::new_v4().to_string();
        control.save_incident(&environment.id, &an_incident(&incident, now)).await.unwrap();
        let query = "SELECT 'kept by the other'";
        let saved = control.save_query(&environment.id, "kept", query, "the test").await.unwrap().id;
        let (session, invitation) = (asking.id, invited.invitation.id);
        Self { environment, erasure, annotation, incident, saved, email, session, cookie, invitation }
    }

    /// A path with this tenant's ids in it.
    fn fill(&self, path: &str) -> String {
        let id = match path {
            path if path.contains("/annotations/") => &self.annotation,
            path if path.contains("/incidents/") => &self.incident,
            _ => "view-1",
        };
        let metric = match path {
            path if path.ends_with("histogram-timeseries") => "video-startup-time",
            path if path.contains("/monitoring/") => "current-concurrent-viewers",
            _ => "views",
        };
        let mut filled = path
            .replace("{metric}", metric)
            .replace("{file}", "2026-11-22.csv")
            .replace("{dimension}", "country")
            .replace("{topic}", "views")
            .replace("{video_id}", "video-a")
            .replace("{viewer_id}", "gone")
            .replace("{id}", id);
        for (name, id) in [
            ("{environment}", &self.environment.id),
            ("{ingest_key}", &self.environment.ingest_key),
            ("{token_id}", &self.environment.token.id),
            ("{email}", &self.email),
            ("{invitation_id}", &self.invitation),
            ("{session_id}", &self.session),
            ("{erasure_id}", &self.erasure),
            ("{saved_id}", &self.saved),
            ("{query_id}", &self.saved),
        ] {
            filled = filled.replace(name, id);
        }
        assert!(!filled.contains('{'), "{path} takes an id that no tenant has here");
        filled
    }

    /// Everything that belongs to this tenant alone, as it may be seen by chance.
    fn marks(&self) -> Vec<&str> {
        let Full { environment, erasure, annotation, incident, saved, email, session, invitation, .. } = self;
        let NewEnvironment { id, ingest_key, token } = environment;
        vec![
            id,
            ingest_key,
            &token.id,
            &token.secret,
            erasure,
            annotation,
            incident,
            "a release",
            saved,
            "kept by the other",
            email,
            session,
            invitation,
            "view-",
            "video-a",
        ]
    }
}

fn an_incident(id: &str, started_ms: i64) -> Incident {
    Incident {
        id: id.to_owned(),
        key: "cdn".into(),
        status: IncidentStatus::Open,
        severity: Severity::Alert,
        measurement: "playback_failure_percentage".into(),
        measured_value: Some(0.5),
        affected_views: 5,
        affected_views_per_hour: 5.0,
        started_ms,
        resolved_ms: None,
        opened_by: None,
        acknowledged: None,
        detail: IncidentDetail::default(),
    }
}

/// Who asks.
enum Caller {
    Token(String, String),
    Cookie(String),
}

async fn signed_in(server: &Server, email: &str, role: Role, environment: &str) -> String {
    let environments: &[String] = if role == Role::Owner { &[] } else { &[environment.to_owned()] };
    let invited = server.control.invite(email, role, environments).await.unwrap();
    server.control.accept_invitation(&invited.code, "a long password").await.unwrap().unwrap();
    server.control.open_session(Some(email), "").await.unwrap()
}

async fn token(server: &Server, environment: &str, scopes: Scopes) -> Caller {
    let settings = TokenSettings { scopes, ..TokenSettings::default() };
    let token = server.control.create_token(environment, &settings).await.unwrap();
    Caller::Token(token.id, token.secret)
}

/// Asks a route, with what its body has to be.
async fn ask(server: &Server, who: &Caller, method: &str, path: &str) -> (StatusCode, String) {
    let unique = uuid::Uuid::new_v4().simple().to_string();
    let body = match (method, path.rsplit('/').next().unwrap()) {
        ("post", "annotations") => json!({"date": 1_795_000_000, "note": "another"}),
        ("patch", _) if path.contains("/annotations/") => json!({"note": "changed"}),
        ("post", "incidents") => {
            json!({"description": "another", "severity": "alert", "measurement": "views"})
        }
        ("post", "log") => json!({"action": "note", "note": "changed"}),
        ("post", "query") => json!({"questions": {"views": {"metric": "views", "kind": "overall"}}}),
        ("post", "viewer-tokens") => json!({"video_id": "video-b"}),
        ("post", "environments") | ("patch", _) => json!({"name": format!("n-{unique}")}),
        ("post", "tokens") => json!({"scopes": ["admin"]}),
        ("post", "invitations") => json!({"email": format!("{unique}@example.org"), "role": "owner"}),
        ("put", _) if path.contains("/people/") => json!({"role": "owner"}),
        ("post", "sql") => json!({"query": "SELECT * FROM views AS v, events AS e LIMIT 100"}),
        (_, _) if path.contains("/sql/saved") => json!({"name": unique, "query": "SELECT 1"}),
        ("post", "ledger") => json!(["view-1", "view-2"]),
        _ => json!({}),
    };
    let method: Method = method.to_uppercase().parse().unwrap();
    let is_about_views = !path.contains("/monitoring/")
        && ["/metrics/", "/video-views", "/dimensions/", "/engagement/"]
            .iter()
            .any(|part| path.contains(part));
    let query = if is_about_views { "?timeframe[]=7:days" } else { "" };
    let mut request = server.http.request(method.clone(), format!("{}{path}{query}", server.url));
    request = match who {
        Caller::Token(id, secret) => request.basic_auth(id, Some(secret)),
        Caller::Cookie(cookie) => request.header("cookie", format!("playhead_session={cookie}")),
    };
    if method != Method::GET && method != Method::DELETE {
        request = request.json(&body);
    }
    let answer = request.send().await.unwrap();
    (answer.status(), answer.text().await.unwrap())
}

/// A problem but for what differs with every request.
fn without_request_id(text: &str) -> Value {
    let mut value: Value = serde_json::from_str(text).unwrap_or_else(|_| text.into());
    if let Some(object) = value.as_object_mut() {
        object.remove("request_id");
    }
    value
}

#[test]
fn every_operation_has_a_case() {
    let document: Value = serde_json::from_str(&playhead::web::openapi::document().unwrap()).unwrap();
    let mut documented = BTreeSet::new();
    for (path, operations) in document["paths"].as_object().unwrap() {
        for method in operations.as_object().unwrap().keys() {
            documented.insert(format!("{method} {path}"));
        }
    }
    let tried: BTreeSet<String> = CASES.iter().map(|(method, path, ..)| format!("{method} {path}")).collect();
    assert_eq!(documented, tried, "on the left what the document has, on the right what is tried here");
}

#[tokio::test]
async fn no_route_reaches_through_the_wall() {
    let server = Server::start(unlimited());
    let (full, other) = (Full::new(&server).await, server.tenant().await);
    // Another tenant's things that never were.
    let nobodys = Full {
        environment: NewEnvironment {
            id: "t-never".into(),
            ingest_key: "neverneverneverneverneve".into(),
            token: playhead::control::NewToken { id: "never".into(), secret: "never".into() },
        },
        erasure: "never".into(),
        annotation: "never".into(),
        incident: "never".into(),
        saved: "never".into(),
        email: "never@example.org".into(),
        session: "never".into(),
        cookie: String::new(),
        invitation: "never".into(),
    };
    let admin = signed_in(&server, &format!("otto@{}.example", other.id), Role::Admin, &other.id).await;
    let callers = [token(&server, &other.id, Scopes::ALL).await, Caller::Cookie(admin.clone())];
    for who in &callers {
        for (method, path, wall, _) in CASES.into_iter().filter(|case| case.2 != Session) {
            let (status, text) = ask(&server, who, method, &full.fill(path)).await;
            let case = format!("{method} {path}: {status} {text}");
            match (wall, who) {
                (Common | Own | Selection, _) => assert!(status.is_success(), "{case}"),
                (Thing, _) | (SignedIn, Caller::Cookie(_)) if path.contains('{') => {
                    assert_eq!(status, StatusCode::NOT_FOUND, "{case}");
                    let (_, nothing) = ask(&server, who, method, &nobodys.fill(path)).await;
                    assert_eq!(
                        without_request_id(&text),
                        without_request_id(&nothing),
                        "it shows that there is one"
                    );
                }
                (SignedIn, Caller::Cookie(_)) => assert!(status.is_success(), "{case}"),
                _ => assert_eq!(status, StatusCode::FORBIDDEN, "{case}"),
            }
            if wall == Selection {
                let is_empty =
                    ["\"total_views\":0", "\"view_rows\":0"].iter().any(|none| text.contains(none));
                assert!(is_empty, "{case}");
            }
            let asked_for = full.fill(path);
            for mark in full.marks() {
                // What the caller said itself may come back.
                let is_echo = asked_for.contains(mark) || (path.ends_with("ledger") && mark == "view-");
                assert!(is_echo || !text.contains(mark), "{method} {path} shows {mark}: {text}");
            }
        }
    }
    // Nor does a session turn to what its person is not in.
    let turned = server
        .http
        .put(format!("{}/session", server.url))
        .header("cookie", format!("playhead_session={admin}"))
        .json(&json!({"environment": full.environment.id}));
    assert_eq!(turned.send().await.unwrap().status(), StatusCode::NOT_FOUND);

    // And everything is where it was.
    let control = &server.control;
    let NewEnvironment { id, ingest_key, token } = &full.environment;
    assert!(control.verify_token(&token.id, &token.secret).await.unwrap().is_some());
    assert!(control.ingest_key(ingest_key).await.unwrap().is_some());
    assert_eq!(control.list_keys(id).await.unwrap().len(), 1);
    assert_eq!(control.tenant(id).await.unwrap().environment.name, *id);
    let now = chrono::Utc::now().timestamp_millis();
    assert!(control.session(&full.cookie, now).await.unwrap().is_some());
    assert_eq!(control.receipts(id).await.unwrap().len(), 1);
    let answer =
        server.answer(&full.environment, "/data/v1/metrics/views/overall", &[("timeframe[]", "7:days")]);
    assert!(answer.await["data"]["total_views"].as_u64().unwrap() > 0);
}

#[tokio::test]
async fn every_route_asks_for_its_scope() {
    let server = Server::start(unlimited());
    let full = Full::new(&server).await;
    let id = &full.environment.id;
    let cases = || CASES.into_iter().filter(|case| case.2 != Session);
    for (method, path, wall, needs) in cases() {
        let all_but: Scopes = Scope::ALL.into_iter().filter(|scope| *scope != needs).collect();
        let (status, text) = ask(&server, &token(&server, id, all_but).await, method, &full.fill(path)).await;
        assert_eq!(status, StatusCode::FORBIDDEN, "{method} {path}: {text}");
        let is_named = matches!(wall, Owners | SignedIn) || text.contains(&format!("`{}`", needs.word()));
        assert!(is_named, "{method} {path}: {text}");
    }
    // Of roles the least that may and the greatest that may not; they are ordered.
    let mut cookies = Vec::new();
    for role in Role::ALL {
        cookies.push(signed_in(&server, &format!("{}@{id}.example", role.word()), role, id).await);
    }
    for (method, path, wall, needs) in cases() {
        let may = |role: Role| match wall {
            Owners => role == Role::Owner,
            SignedIn => true,
            _ => role.scopes().has(needs),
        };
        let least = Role::ALL.into_iter().position(may).unwrap();
        let around =
            cookies.iter().enumerate().filter(|(at, _)| (least.saturating_sub(1)..=least).contains(at));
        for (at, cookie) in around {
            let (status, text) =
                ask(&server, &Caller::Cookie(cookie.clone()), method, &full.fill(path)).await;
            let role = Role::ALL[at].word();
            assert_eq!(
                status != StatusCode::FORBIDDEN,
                at == least,
                "{role} {method} {path}: {status} {text}"
            );
            assert!(!status.is_server_error(), "{method} {path}: {text}");
        }
    }
    // A scope is enough by itself.
    for scope in Scope::ALL {
        let who = token(&server, id, [scope].into_iter().collect()).await;
        let its = cases().filter(|(_, _, wall, needs)| *needs == scope && !matches!(wall, Owners | SignedIn));
        for (method, path, ..) in its {
            let (status, text) = ask(&server, &who, method, &full.fill(path)).await;
            let is_fine = status.is_success() || status == StatusCode::NOT_FOUND;
            assert!(is_fine, "{} {method} {path}: {status} {text}", scope.word());
        }
    }
}

#[tokio::test]
async fn nobody_gives_a_token_more_than_they_have() {
    let server = Server::start(unlimited());
    let tenant = server.tenant().await;
    let who = token(&server, &tenant.id, [Scope::Read, Scope::Admin].into_iter().collect()).await;
    let Caller::Token(id, secret) = &who else { panic!("a token") };
    let wish = |scopes: Value| {
        let request = server.http.post(format!("{}/data/v1/tokens", server.url)).basic_auth(id, Some(secret));
        request.json(&json!({"name": "t", "scopes": scopes})).send()
    };
    assert_eq!(wish(json!(["read", "sql"])).await.unwrap().status(), StatusCode::FORBIDDEN);
    for bad in [json!([]), json!(["fly"]), json!("read")] {
        let refused = wish(bad.clone()).await.unwrap();
        assert_eq!(refused.status(), StatusCode::BAD_REQUEST, "{bad}");
        let problem: Value = refused.json().await.unwrap();
        assert!(bad == json!("read") || problem["detail"].to_string().contains("write"), "{problem}");
    }
    let made: Value = wish(json!(["read"])).await.unwrap().json().await.unwrap();
    assert_eq!(made["scopes"], json!(["read"]));
    let listed = ask(&server, &who, "get", "/data/v1/tokens").await.1;
    assert!(
        listed.contains(made["id"].as_str().unwrap()) && !listed.contains(made["secret"].as_str().unwrap())
    );
    assert!(!listed.contains("hash"), "{listed}");
}
