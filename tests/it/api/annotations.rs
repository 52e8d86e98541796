//! Annotations and incidents: made, found, changed and walled in by environment.

use playhead::control::{Incident, IncidentDetail, IncidentStatus, NewEnvironment, Severity};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::server::{Server, unlimited};

/// Sends as a tenant.
async fn send(
    server: &Server,
    tenant: &NewEnvironment,
    method: Method,
    path: &str,
    body: &Value,
) -> (StatusCode, Value) {
    let request = server
        .http
        .request(method, format!("{}/data/v1{path}", server.url))
        .basic_auth(&tenant.token.id, Some(&tenant.token.secret))
        .json(body);
    let response = request.send().await.unwrap();
    (response.status(), response.json().await.unwrap_or_default())
}

#[tokio::test]
async fn an_annotation_is_made_changed_and_deleted_by_its_environment_alone() {
    let server = Server::start(unlimited());
    let (tenant, stranger) = (server.tenant().await, server.tenant().await);
    let says = json!({"date": 1_795_000_000, "note": "new CDN", "sub_property_id": "eu"});
    let (status, made) = send(&server, &tenant, Method::POST, "/annotations", &says).await;
    assert_eq!(status, StatusCode::CREATED, "{made}");
    let made = &made["data"];
    assert_eq!((&made["date"], &made["note"]), (&json!("2026-11-18T11:06:40Z"), &says["note"]));
    assert_eq!(made["created_by"], format!("token {}", tenant.token.id));
    let path = format!("/annotations/{}", made["id"].as_str().unwrap());

    for (method, body) in
        [(Method::GET, json!({})), (Method::PATCH, json!({"note": "x"})), (Method::DELETE, json!({}))]
    {
        assert_eq!(send(&server, &stranger, method, &path, &body).await.0, StatusCode::NOT_FOUND);
    }
    let (status, changed) =
        send(&server, &tenant, Method::PATCH, &path, &json!({"note": "new CDN in Europe"})).await;
    assert_eq!((status, &changed["data"]["note"]), (StatusCode::OK, &json!("new CDN in Europe")));
    assert_eq!(changed["data"]["sub_property_id"], "eu");
    let (_, changed) = send(&server, &tenant, Method::PATCH, &path, &json!({"sub_property_id": ""})).await;
    assert_eq!(changed["data"]["sub_property_id"], json!(null));
    for (body, word) in [
        (json!({"note": "no date"}), "date"),
        (json!({"date": 1, "note": "  "}), "note"),
        (json!({"date": 1, "note": "x".repeat(4_001)}), "note"),
        (json!({"date": -1, "note": "x"}), "-1"),
        (json!({"date": 1, "note": "x", "colour": "red"}), "colour"),
    ] {
        let (status, problem) = send(&server, &tenant, Method::POST, "/annotations", &body).await;
        assert_eq!((status, &problem["code"]), (StatusCode::BAD_REQUEST, &json!("invalid_body")));
        assert!(problem["detail"].as_str().unwrap().contains(word), "{problem}");
    }
    assert_eq!(send(&server, &tenant, Method::DELETE, &path, &json!({})).await.0, StatusCode::NO_CONTENT);
    for method in [Method::GET, Method::DELETE] {
        assert_eq!(send(&server, &tenant, method, &path, &json!({})).await.0, StatusCode::NOT_FOUND);
    }
}

#[tokio::test]
async fn annotations_are_listed_by_what_they_are_about_page_by_page() {
    let server = Server::start(unlimited());
    let tenant = server.tenant().await;
    for n in 0..5 {
        let says = json!({"date": 1_795_000_000 + 100 * n, "note": format!("note {n}")});
        send(&server, &tenant, Method::POST, "/annotations", &says).await;
    }
    let notes = |answer: &Value| -> Vec<String> {
        answer["data"]
            .as_array()
            .unwrap()
            .iter()
            .map(|row| row["note"].as_str().unwrap().to_owned())
            .collect()
    };
    let all = server.answer(&tenant, "/data/v1/annotations", &[]).await;
    assert_eq!(notes(&all), ["note 4", "note 3", "note 2", "note 1", "note 0"]);
    let query = [("limit", "2"), ("page", "2"), ("order_direction", "asc")];
    let page = server.answer(&tenant, "/data/v1/annotations", &query).await;
    assert_eq!((notes(&page), &page["total_row_count"]), (vec!["note 2".into(), "note 3".into()], &json!(5)));
    let query = [("timeframe[]", "1795000100"), ("timeframe[]", "1795000300")];
    let some = server.answer(&tenant, "/data/v1/annotations", &query).await;
    assert_eq!(
        (notes(&some), &some["timeframe"]),
        (vec!["note 2".into(), "note 1".into()], &json!([1795000100, 1795000300]))
    );
    let other = server.tenant().await;
    assert_eq!(server.answer(&other, "/data/v1/annotations", &[]).await["total_row_count"], 0);
}

fn incident(id: &str, hour: i64, resolved: Option<i64>, measurement: &str, cdn: &str) -> Incident {
    let at = |hour: i64| 1_795_000_000_000 + hour * 3_600_000;
    Incident {
        id: id.to_owned(),
        key: format!("{measurement}:{cdn}"),
        status: if resolved.is_some() { IncidentStatus::Closed } else { IncidentStatus::Open },
        severity: if hour % 2 == 0 { Severity::Alert } else { Severity::Warning },
        measurement: measurement.to_owned(),
        measured_value: Some(0.25),
        affected_views: 10 * hour,
        affected_views_per_hour: 100.0 / (hour + 1) as f64,
        started_ms: at(hour),
        resolved_ms: resolved.map(at),
        opened_by: None,
        acknowledged: None,
        detail: IncidentDetail {
            breakdowns: vec![("cdn".to_owned(), cdn.to_owned())],
            ..IncidentDetail::default()
        },
    }
}

#[tokio::test]
async fn incidents_are_found_ordered_and_related() {
    let server = Server::start(unlimited());
    let (tenant, stranger) = (server.tenant().await, server.tenant().await);
    for saved in [
        incident("a", 0, Some(2), "playback_failure_percentage", "akamai"),
        incident("b", 1, None, "playback_failure_percentage", "fastly"),
        incident("c", 2, Some(4), "rebuffer_percentage", "akamai"),
        incident("d", 5, None, "rebuffer_percentage", "akamai"),
        incident("e", 1, Some(2), "video_startup_time", "fastly"),
    ] {
        // Saved as it was found, and again as it went on.
        let found = Incident { status: IncidentStatus::Open, resolved_ms: None, ..saved.clone() };
        server.control.save_incident(&tenant.id, &found).await.unwrap();
        server.control.save_incident(&tenant.id, &saved).await.unwrap();
    }
    let ids = async |path: &str, query: &[(&str, &str)]| {
        let answer = server.answer(&tenant, path, query).await;
        let ids = answer["data"]
            .as_array()
            .unwrap()
            .iter()
            .map(|row| row["id"].as_str().unwrap())
            .collect::<String>();
        (ids, answer["total_row_count"].as_i64().unwrap())
    };
    let list = "/data/v1/incidents";
    assert_eq!(ids(list, &[]).await, ("dcbea".to_owned(), 5));
    assert_eq!(ids(list, &[("status", "open")]).await, ("db".to_owned(), 2));
    assert_eq!(ids(list, &[("severity", "alert"), ("status", "closed")]).await, ("ca".to_owned(), 2));
    assert_eq!(ids(list, &[("order_by", "negative_impact")]).await.0, "abecd");
    assert_eq!(
        ids(list, &[("order_by", "views"), ("order_direction", "asc"), ("limit", "2")]).await,
        ("ab".to_owned(), 5)
    );
    // At the same time, of the same metric or the same CDN.
    assert_eq!(ids("/data/v1/incidents/a/related", &[]).await, ("cb".to_owned(), 2));
    assert_eq!(ids("/data/v1/incidents/d/related", &[]).await, (String::new(), 0));

    let shown = server.answer(&tenant, "/data/v1/incidents/a", &[]).await;
    for (name, value) in [
        ("status", json!("closed")),
        ("severity", json!("alert")),
        ("measured_value", json!(0.25)),
        ("started_at", json!("2026-11-18T11:06:40Z")),
        ("breakdowns", json!([{"id": "cdn:akamai", "name": "cdn", "value": "akamai"}])),
        ("notifications", json!([])),
    ] {
        assert_eq!(shown["data"][name], value, "{name}");
    }
    assert_eq!(server.ask(&stranger, "/data/v1/incidents/a", &[]).await.status(), StatusCode::NOT_FOUND);
    let wrong = server.ask(&tenant, list, &[("status", "asleep")]).await;
    assert_eq!(wrong.json::<Value>().await.unwrap()["choices"], json!(["open", "closed", "expired"]));
}
