//! Incidents that people open, take on, note something about and resolve.

use playhead::control::{Role, Scope, Scopes, TokenSettings};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::server::{Server, unlimited};

const ALL: &str = "/data/v1/incidents";

/// What a token's request to change something is answered.
async fn send(server: &Server, token: (&str, &str), path: &str, body: Value) -> (StatusCode, Value) {
    let request = server.http.request(Method::POST, format!("{}{path}", server.url));
    let answer = request.basic_auth(token.0, Some(token.1)).json(&body).send().await.unwrap();
    (answer.status(), answer.json().await.unwrap_or_default())
}

#[tokio::test]
async fn an_incident_is_opened_taken_on_noted_and_resolved() {
    let server = Server::start(unlimited());
    let mut tenant = server.tenant().await;
    let all = TokenSettings { scopes: Scopes::ALL, ..TokenSettings::default() };
    let [first, second] = [
        server.control.create_token(&tenant.id, &all).await.unwrap(),
        server.control.create_token(&tenant.id, &all).await.unwrap(),
    ];
    tenant.token = first.clone();
    let [anna, ben] = [&first, &second].map(|token| (token.id.as_str(), token.secret.as_str()));
    let by = |token: (&str, &str)| format!("token {}", token.0);

    let wish = json!({
        "description": " edge-b answers 503 ", "severity": "alert", "measurement": "playback_failure_percentage",
        "started_at": 1_795_000_000, "breakdowns": [{"name": "cdn", "value": "edge-b"}], "note": "a customer called",
    });
    let (status, opened) = send(&server, anna, ALL, wish).await;
    assert_eq!(status, StatusCode::CREATED, "{opened}");
    for (name, value) in [
        ("description", json!("edge-b answers 503")),
        ("status", json!("open")),
        ("severity", json!("alert")),
        ("measured_value", Value::Null),
        ("started_at", json!("2026-11-18T11:06:40Z")),
        ("breakdowns", json!([{"id": "cdn:edge-b", "name": "cdn", "value": "edge-b"}])),
        ("opened_by", json!(by(anna))),
        ("acknowledged_by", Value::Null),
    ] {
        assert_eq!(opened["data"][name], value, "{name}");
    }
    let id = opened["data"]["id"].as_str().unwrap();
    let (one, log) = (format!("{ALL}/{id}"), format!("{ALL}/{id}/log"));
    assert_eq!(server.answer(&tenant, &one, &[]).await["data"], opened["data"], "as it is read");

    let (status, taken) = send(&server, ben, &log, json!({"action": "acknowledge"})).await;
    assert_eq!((status, &taken["data"]["acknowledged_by"]), (StatusCode::CREATED, &json!(by(ben))));
    let (status, refused) = send(&server, anna, &log, json!({"action": "acknowledge"})).await;
    assert_eq!((status, &refused["code"]), (StatusCode::CONFLICT, &json!("conflict")), "{refused}");
    assert_eq!(refused["detail"], format!("{} has acknowledged it already", by(ben)));
    let (status, _) = send(&server, ben, &log, json!({"action": "note", "note": "moved to edge-a"})).await;
    assert_eq!(status, StatusCode::CREATED);
    let (status, resolved) = send(&server, ben, &log, json!({"action": "resolve", "note": " fixed "})).await;
    assert_eq!((status, &resolved["data"]["status"]), (StatusCode::CREATED, &json!("closed")));
    assert!(resolved["data"]["resolved_at"].is_string());
    for action in ["resolve", "acknowledge"] {
        let (status, refused) = send(&server, anna, &log, json!({"action": action})).await;
        assert_eq!(
            (status, &refused["detail"]),
            (StatusCode::CONFLICT, &json!("the incident is over already"))
        );
    }
    let (status, _) = send(&server, anna, &log, json!({"action": "note", "note": "afterwards"})).await;
    assert_eq!(status, StatusCode::CREATED, "what was learned is noted when it is over");

    let told = server.answer(&tenant, &log, &[]).await;
    let lines: Vec<_> = told["data"].as_array().unwrap().iter().collect();
    let said = lines
        .iter()
        .map(|line| ["action", "actor", "note"].map(|name| line[name].as_str().unwrap().to_owned()));
    assert_eq!(
        said.collect::<Vec<_>>(),
        [
            ["open".into(), by(anna), "a customer called".into()],
            ["acknowledge".into(), by(ben), String::new()],
            ["note".into(), by(ben), "moved to edge-a".into()],
            ["resolve".into(), by(ben), "fixed".into()],
            ["note".into(), by(anna), "afterwards".into()],
        ]
    );
    assert!(lines.iter().all(|line| line["at_ms"].as_i64().unwrap() > 1_700_000_000_000));
    let audit = server.answer(&tenant, "/data/v1/audit", &[("deed", "incident")]).await;
    let deeds: Vec<_> = audit["data"].as_array().unwrap().iter().map(|line| line["deed"].clone()).collect();
    let expected =
        ["incident.note", "incident.resolve", "incident.note", "incident.acknowledge", "incident.open"];
    assert_eq!(deeds, expected, "newest first");
}

#[tokio::test]
async fn what_cannot_be_is_refused_and_whoever_reads_only_reads() {
    let server = Server::start(unlimited());
    let tenant = server.tenant().await;
    let writer = (tenant.token.id.as_str(), tenant.token.secret.as_str());
    let wish = |change: Value| {
        let mut wish =
            json!({"description": "it stalls", "severity": "warning", "measurement": "rebuffer_percentage"});
        wish.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        wish
    };
    for wrong in [
        json!({"description": "  "}),
        json!({"description": "x".repeat(201)}),
        json!({"severity": "catastrophe"}),
        json!({"measurement": "happiness"}),
        json!({"breakdowns": [{"name": "shoe_size", "value": "44"}]}),
        json!({"breakdowns": vec![json!({"name": "cdn", "value": "a"}); 11]}),
        json!({"started_at": u32::MAX}),
        json!({"note": "x".repeat(4_001)}),
        json!({"status": "closed"}),
    ] {
        let (status, answer) = send(&server, writer, ALL, wish(wrong.clone())).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{wrong}: {answer}");
    }
    assert_eq!(server.answer(&tenant, ALL, &[]).await["total_row_count"], 0, "nothing of it is kept");

    let (_, opened) = send(&server, writer, ALL, wish(json!({}))).await;
    let log = format!("{ALL}/{}/log", opened["data"]["id"].as_str().unwrap());
    for wrong in
        [json!({"action": "note", "note": "  "}), json!({"action": "reopen"}), json!({"note": "what"})]
    {
        assert_eq!(send(&server, writer, &log, wrong.clone()).await.0, StatusCode::BAD_REQUEST, "{wrong}");
    }
    let missing = format!("{ALL}/nowhere/log");
    for action in ["acknowledge", "note", "resolve"] {
        let body = json!({"action": action, "note": "who?"});
        assert_eq!(send(&server, writer, &missing, body).await.0, StatusCode::NOT_FOUND, "{action}");
    }

    let reads = TokenSettings { scopes: [Scope::Read].into_iter().collect(), ..TokenSettings::default() };
    let reader = server.control.create_token(&tenant.id, &reads).await.unwrap();
    let reader = (reader.id.as_str(), reader.secret.as_str());
    for (path, body) in [(ALL, wish(json!({}))), (log.as_str(), json!({"action": "resolve"}))] {
        assert_eq!(send(&server, reader, path, body).await.0, StatusCode::FORBIDDEN, "{path}");
    }
    assert!(!Role::Viewer.scopes().has(Scope::Write) && Role::Editor.scopes().has(Scope::Write));
}
