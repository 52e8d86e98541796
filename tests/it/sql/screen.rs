//! The SQL screen's side of the API: the port's statements, wall and limits, as rows a browser can keep; and the audit log,
//! which says who asked and who did what.

use std::time::Duration;

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::tenants::{Tenant, Tenants, VIEWS, line, lines};

const SLOW: &str =
    "SELECT count() FROM numbers(300000) AS a, numbers(300000) AS b WHERE cityHash64(a.number, b.number) = 1";

#[tokio::test(flavor = "multi_thread")]
async fn the_screen_asks_behind_the_same_wall() {
    let tenants = Tenants::start().await;
    rows_and_cost(&tenants).await;
    errors_have_their_place(&tenants).await;
    cancelling(&tenants).await;
    nothing_of_another_tenant(&tenants).await;
    what_can_be_named(&tenants).await;
    saved_queries(&tenants).await;
    the_audit_log(&tenants).await;
    queries_of_ones_own(&tenants).await;
}

async fn send(
    tenants: &Tenants,
    who: &Tenant,
    method: Method,
    path: &str,
    body: Value,
) -> (StatusCode, Value) {
    let request = tenants.server.http.request(method, tenants.server.at(&format!("/data/v1{path}")));
    let answer = request.basic_auth(&who.token, Some(&who.secret)).json(&body).send().await.unwrap();
    let status = answer.status();
    (status, answer.json().await.unwrap_or_default())
}

async fn ask(tenants: &Tenants, query: &str) -> (StatusCode, Value) {
    send(tenants, &tenants.own, Method::POST, "/sql", json!({"query": query})).await
}

async fn rows_and_cost(tenants: &Tenants) {
    let (status, answer) =
        ask(tenants, "SELECT count() AS n, toDecimal64(1, 2), nan, NULL, [1, 2], map('a', 1) FROM views")
            .await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    assert_eq!(answer["columns"][0], json!({"name": "n", "type": "UInt64"}));
    // 64 bits, decimals and what is no number in JSON come as texts.
    assert_eq!(answer["rows"], json!([[VIEWS.to_string(), "1", "nan", null, [1, 2], {"a": 1}]]));
    assert!(answer["cost"]["read_rows"].as_u64().unwrap() >= VIEWS as u64, "{answer}");
    assert_eq!(answer["truncated"], false);
    // Parameters, and no more rows than wanted, whatever the statement says of its form.
    let body = json!({"query": "SELECT number FROM numbers(toUInt64({n:UInt64})) FORMAT CSV SETTINGS limit = 0",
        "parameters": {"n": "50"}, "limit": 20});
    let (_, answer) = send(tenants, &tenants.own, Method::POST, "/sql", body).await;
    assert_eq!((answer["rows"].as_array().unwrap().len(), &answer["truncated"]), (20, &json!(true)));
    let (_, answer) = ask(tenants, "SELECT number FROM numbers(1000000)").await;
    assert_eq!((answer["rows"].as_array().unwrap().len(), &answer["truncated"]), (10_000, &json!(true)));
    for statement in ["SHOW TABLES", "DESCRIBE views", "EXPLAIN SELECT 1", "SELECT 1 UNION ALL SELECT 2"] {
        let (status, answer) = ask(tenants, statement).await;
        assert!(
            status.is_success() && !answer["rows"].as_array().unwrap().is_empty(),
            "{statement}: {answer}"
        );
    }
}

async fn errors_have_their_place(tenants: &Tenants) {
    for (statement, status, code, number, place) in [
        ("SELECT 'ä' FORM views", 400, "sql_syntax", 62, json!({"begin": 16, "end": 21})),
        ("SELECT vido_id FROM views", 400, "sql_failed", 47, json!({"begin": 7, "end": 14})),
        ("SELECT * FROM file('x')", 403, "sql_refused", 497, Value::Null),
        ("DROP TABLE views", 403, "sql_refused", 497, Value::Null),
        ("SELECT 1 SETTINGS max_ast_depth = 1", 403, "sql_refused", 164, Value::Null),
        ("SELECT * FROM nothing", 400, "sql_failed", 60, Value::Null),
        ("SELECT throwIf(1)", 400, "sql_failed", 395, Value::Null),
        ("SET max_threads = 1", 400, "sql_failed", 36, Value::Null),
        ("SELECT repeat('x', 4000) FROM numbers(10000)", 400, "sql_result_too_large", 396, Value::Null),
        (
            "SELECT count() FROM numbers(2000000000) SETTINGS max_rows_to_read = 10",
            400,
            "sql_too_heavy",
            158,
            Value::Null,
        ),
        ("", 400, "sql_syntax", 62, Value::Null),
    ] {
        let (got, problem) = ask(tenants, statement).await;
        let seen = (
            got.as_u16(),
            problem["code"].as_str().unwrap_or_default(),
            problem["statement"]["code"].as_i64().unwrap_or_default(),
        );
        assert_eq!(seen, (status, code, number), "{statement}: {:.300}", problem.to_string());
        let found = &problem["statement"]["place"];
        assert!(place.is_null() || *found == place, "{statement}: {problem}");
        assert!(!problem["detail"].as_str().unwrap().contains("sql_views"), "{problem}");
    }
    for body in [
        json!({}),
        json!({"query": 1}),
        json!({"query": "SELECT 1", "limit": 0}),
        json!({"query": "SELECT 1", "x": 1}),
    ] {
        let (status, problem) = send(tenants, &tenants.own, Method::POST, "/sql", body).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{problem}");
    }
    let reader = Tenant { token: format!("{}-reads", tenants.own.token), ..tenants.own.clone() };
    let (status, problem) = send(tenants, &reader, Method::POST, "/sql", json!({"query": "SELECT 1"})).await;
    assert_eq!((status, problem["code"].as_str()), (StatusCode::FORBIDDEN, Some("forbidden")));
}

/// A statement is stopped by who asked it, by nobody else, and is then a conflict and no answer.
async fn cancelling(tenants: &Tenants) {
    let slow =
        send(tenants, &tenants.own, Method::POST, "/sql", json!({"query": SLOW, "query_id": "slow one"}));
    let stop = async {
        loop {
            let (own, none) = (&tenants.own, json!(null));
            let (status, _) =
                send(tenants, &tenants.other, Method::DELETE, "/sql/slow%20one", none.clone()).await;
            assert_eq!(status, StatusCode::NOT_FOUND, "another tenant's statement");
            let (status, _) = send(tenants, own, Method::DELETE, "/sql/slow%20one", none).await;
            if status == StatusCode::NO_CONTENT {
                break;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    let ((status, problem), ()) = tokio::join!(slow, stop);
    assert_eq!(
        (status, problem["code"].as_str()),
        (StatusCode::CONFLICT, Some("sql_cancelled")),
        "{problem}"
    );
}

async fn nothing_of_another_tenant(tenants: &Tenants) {
    let traces = tenants.other.traces();
    for attack in lines(include_str!("attacks.txt")).into_iter().step_by(9) {
        let (_, text) = line(attack, tenants);
        let (status, answer) = ask(tenants, &text).await;
        assert!(!traces.iter().any(|trace| answer.to_string().contains(trace)), "{text}: {status} {answer}");
    }
}

async fn what_can_be_named(tenants: &Tenants) {
    let (status, schema) = send(tenants, &tenants.own, Method::GET, "/sql/schema", json!(null)).await;
    assert_eq!(status, StatusCode::OK, "{schema}");
    let names: Vec<&str> =
        schema["tables"].as_array().unwrap().iter().map(|table| table["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["views", "events", "sessions", "engagement", "video_days"]);
    let columns = schema["tables"][0]["columns"].as_array().unwrap();
    assert!(
        columns.iter().all(|column| column["name"] != "environment" && column["comment"] != ""),
        "{columns:?}"
    );
    assert!(schema["functions"].as_array().unwrap().contains(&json!("quantileExact")));
    assert!(schema["limits"]["seconds"].as_u64().unwrap() > 0);
    assert!(tenants.server.sql_url().ends_with(&format!(":{}", schema["port"])), "{}", schema["port"]);
}

async fn saved_queries(tenants: &Tenants) {
    let (own, other) = (&tenants.own, &tenants.other);
    let wish = |name: &str| json!({"name": name, "query": "SELECT 1"});
    let (status, made) = send(tenants, own, Method::POST, "/sql/saved", wish("weekly")).await;
    assert_eq!(status, StatusCode::CREATED, "{made}");
    let (status, _) = send(tenants, own, Method::POST, "/sql/saved", wish("weekly")).await;
    assert_eq!(status, StatusCode::CONFLICT);
    assert_eq!(send(tenants, other, Method::POST, "/sql/saved", wish("weekly")).await.0, StatusCode::CREATED);
    let (_, second) = send(tenants, own, Method::POST, "/sql/saved", wish("daily")).await;
    let path = format!("/sql/saved/{}", made["id"].as_str().unwrap());
    let (status, changed) =
        send(tenants, own, Method::PUT, &path, json!({"name": "weekly", "query": "SELECT 2"})).await;
    assert_eq!((status, &changed["query"]), (StatusCode::OK, &json!("SELECT 2")));
    assert_eq!(send(tenants, own, Method::PUT, &path, wish("daily")).await.0, StatusCode::CONFLICT);
    assert_eq!(send(tenants, other, Method::PUT, &path, wish("stolen")).await.0, StatusCode::NOT_FOUND);
    assert_eq!(send(tenants, other, Method::DELETE, &path, json!(null)).await.0, StatusCode::NOT_FOUND);
    let (_, listed) = send(tenants, own, Method::GET, "/sql/saved", json!(null)).await;
    let names: Vec<&str> =
        listed["data"].as_array().unwrap().iter().map(|saved| saved["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["daily", "weekly"]);
    let path = format!("/sql/saved/{}", second["id"].as_str().unwrap());
    assert_eq!(send(tenants, own, Method::DELETE, &path, json!(null)).await.0, StatusCode::NO_CONTENT);
    for bad in [wish(""), json!({"name": "a", "query": " "}), wish(&"x".repeat(200)), wish("two\nlines")] {
        assert_eq!(send(tenants, own, Method::POST, "/sql/saved", bad).await.0, StatusCode::BAD_REQUEST);
    }
}

/// Whoever may ask keeps queries too, and leaves those of others alone.
async fn queries_of_ones_own(tenants: &Tenants) {
    let own = &tenants.own;
    let viewer = &Tenant { token: format!("{}-asks", own.token), ..own.clone() };
    let reader = &Tenant { token: format!("{}-reads", own.token), ..own.clone() };
    let wish = |name: &str| json!({"name": name, "query": "SELECT 1"});
    let keep = async |who, name| {
        let (status, made) = send(tenants, who, Method::POST, "/sql/saved", wish(name)).await;
        (status, format!("/sql/saved/{}", made["id"].as_str().unwrap_or_default()))
    };
    let (status, theirs) = keep(viewer, "mine").await;
    assert_eq!(status, StatusCode::CREATED);
    let (_, ours) = keep(own, "ours").await;
    assert_eq!(keep(reader, "not for readers").await.0, StatusCode::FORBIDDEN);

    assert_eq!(send(tenants, viewer, Method::PUT, &theirs, wish("mine, better")).await.0, StatusCode::OK);
    for (method, body) in [(Method::PUT, wish("taken over")), (Method::DELETE, json!(null))] {
        let (status, problem) = send(tenants, viewer, method.clone(), &ours, body.clone()).await;
        assert_eq!(status, StatusCode::FORBIDDEN, "{problem}");
        assert!(problem["detail"].as_str().unwrap().contains("`write`"), "{problem}");
        let nobodys = "/sql/saved/0198c0de-0000-7000-8000-000000000000";
        assert_eq!(send(tenants, viewer, method, nobodys, body).await.0, StatusCode::NOT_FOUND);
    }
    assert_eq!(send(tenants, own, Method::PUT, &theirs, wish("edited")).await.0, StatusCode::OK);
    assert_eq!(send(tenants, viewer, Method::DELETE, &theirs, json!(null)).await.0, StatusCode::NO_CONTENT);
}

/// By the command line, on the database of the running service: the tokens here have no scope to read it.
async fn the_audit_log(tenants: &Tenants) {
    let audit = |arguments: &[&str]| {
        let run = std::process::Command::new(env!("CARGO_BIN_EXE_playhead"))
            .args(["audit", "--json", "--limit", "1000", "--data-dir"])
            .arg(tenants.server.data_dir())
            .args(arguments)
            .output()
            .unwrap();
        assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
        serde_json::from_slice::<Value>(&run.stdout).unwrap().as_array().unwrap().clone()
    };
    // Statements are written a moment later.
    let asked = loop {
        let asked = audit(&["--environment", "alpha", "--deed", "sql"]);
        if asked.iter().any(|line| line["detail"]["query"].as_str().unwrap().contains("vido_id")) {
            break asked;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    };
    let find = |part: &str| {
        asked.iter().find(|line| line["detail"]["query"].as_str().unwrap().contains(part)).unwrap()
    };
    let line = find("vido_id");
    assert_eq!((&line["actor"], &line["address"]), (&json!("token token-alpha"), &json!("127.0.0.1")));
    assert_eq!((&line["detail"]["outcome"], &line["detail"]["code"]), (&json!("failed"), &json!(47)));
    assert_eq!(
        (&find("300000")["subject"], &find("300000")["detail"]["code"]),
        (&json!("slow one"), &json!(394))
    );
    assert_eq!(find("file('x')")["detail"]["outcome"], "refused");
    let saved = audit(&["--environment", "alpha", "--deed", "query"]);
    let deeds: Vec<&str> = saved.iter().map(|line| line["deed"].as_str().unwrap()).collect();
    assert_eq!(deeds, ["query.delete", "query.change", "query.save", "query.save"], "newest first");
    let all = json!(audit(&["--environment", "beta"])).to_string();
    assert!(all.contains("weekly") && !all.contains("vido_id"), "{all}");
    assert!(!json!(asked).to_string().contains(&tenants.own.secret));
}
