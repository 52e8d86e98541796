//! Many questions in one request: each answer is the one its own address gives.

use playhead::{
    control::NewEnvironment,
    web::limit::{Rate, Rates},
};
use reqwest::Response;
use serde_json::{Value, json};

use super::{
    metrics::World,
    server::{Server, unlimited},
};

async fn post(server: &Server, tenant: &NewEnvironment, body: &Value) -> Response {
    let url = format!("{}/data/v1/query", server.url);
    let request = server.http.post(url).basic_auth(&tenant.token.id, Some(&tenant.token.secret));
    request.json(body).send().await.unwrap()
}

async fn answered(server: &Server, tenant: &NewEnvironment, body: &Value) -> Value {
    let response = post(server, tenant, body).await;
    let (status, text) = (response.status(), response.text().await.unwrap());
    assert_eq!(status, 200, "{text}");
    serde_json::from_str(&text).unwrap()
}

/// What the address of a question answers.
async fn alone(world: &World, question: &Value, selection: &Value) -> Value {
    let mut query: Vec<(String, String)> = Vec::new();
    let texts = |value: &Value| value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned);
    for (name, value) in selection.as_object().unwrap().iter().chain(question.as_object().unwrap()) {
        match (name.as_str(), value) {
            ("metric" | "kind" | "selection" | "fields", _) => {}
            (_, Value::Array(values)) => {
                query.extend(values.iter().map(|value| (name.clone(), texts(value))))
            }
            _ => query.push((name.clone(), texts(value))),
        }
    }
    let pairs: Vec<_> = query.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let [metric, kind] = ["metric", "kind"].map(|name| question[name].as_str().unwrap());
    world.server.answer(&world.tenant, &format!("/data/v1/metrics/{metric}/{kind}"), &pairs).await
}

/// Equal up to the last bits of sums, which are added in any order.
fn assert_same(found: &Value, expected: &Value, what: &str) {
    match (found, expected) {
        (Value::Array(found), Value::Array(expected)) => {
            assert_eq!(found.len(), expected.len(), "{what}");
            found.iter().zip(expected).for_each(|(found, expected)| assert_same(found, expected, what));
        }
        (Value::Object(found), Value::Object(expected)) => {
            assert!(found.keys().eq(expected.keys()), "{what}: {found:?} {expected:?}");
            found
                .iter()
                .for_each(|(name, found)| assert_same(found, &expected[name], &format!("{what}.{name}")));
        }
        (Value::Number(one), Value::Number(other)) => {
            let (one, other) = (one.as_f64().unwrap(), other.as_f64().unwrap());
            assert!((one - other).abs() <= 1e-9 * other.abs().max(1.0), "{what}: {one} != {other}");
        }
        _ => assert_eq!(found, expected, "{what}"),
    }
}

#[tokio::test]
async fn each_answer_is_that_of_its_own_address_and_equal_selections_are_one_query() {
    let world = World::new().await;
    let shared = json!({"timeframe": world.frame(), "filters": ["(country:DE or cdn:fastly)"]});
    let own = json!({"timeframe": world.frame(), "metric_filters": ["rebuffer_count>=1"], "in_progress": "exclude"});
    let questions = json!({
        // By the end of views, one query for four.
        "startup": {"metric": "video_startup_time", "kind": "overall"},
        "slow startup": {"metric": "video_startup_time", "kind": "overall", "measurement": "95th"},
        "waiting": {"metric": "video_startup_time_with_exits", "kind": "overall"},
        "slow waiting": {"metric": "video_startup_time_with_exits", "kind": "overall", "measurement": "95th"},
        // By their start: another.
        "viewers": {"metric": "unique_viewers", "kind": "overall"},
        "hours": {"metric": "rebuffer_percentage", "kind": "timeseries"},
        "hours again": {"metric": "playback_failure_percentage", "kind": "timeseries", "order_direction": "desc"},
        "days": {"metric": "rebuffer_percentage", "kind": "timeseries", "group_by": "day"},
        "worst": {"metric": "playback_failure_percentage", "kind": "breakdown", "group_by": "viewer_id", "limit": 3},
        "most": {"metric": "rebuffer_count", "kind": "breakdown", "group_by": "viewer_id", "order_by": "views", "limit": 2,
                 "page": 2},
        "by name": {"metric": "dropped_frames", "kind": "breakdown", "group_by": "viewer_id", "order_by": "field"},
        "own": {"metric": "video_startup_time", "kind": "overall", "selection": own},
    });
    let body = json!({"selection": shared, "questions": questions});
    let answer = answered(&world.server, &world.tenant, &body).await;
    assert_eq!(answer["meta"]["queries"], 6);
    for (name, question) in questions.as_object().unwrap() {
        let selection = if name == "own" { &own } else { &shared };
        let mut expected = alone(&world, question, selection).await;
        let mut found = answer["data"][name]["answer"].clone();
        // Cursors hold the last bits of sums.
        for answer in [&mut expected, &mut found] {
            if let Some(cursor) = answer.get_mut("next_cursor") {
                *cursor = cursor.is_string().into();
            }
        }
        assert_same(&found, &expected, name);
    }
}

#[tokio::test]
async fn each_question_is_refused_by_itself_and_answers_with_the_fields_asked_for() {
    let world = World::new().await;
    let frame = world.frame();
    let body = json!({
        "selection": {"timeframe": frame},
        "questions": {
            "good": {"metric": "views", "kind": "overall", "fields": ["value"]},
            "rows": {"metric": "views", "kind": "breakdown", "order_by": "field", "fields": ["views", "field"]},
            "steps": {"metric": "views", "kind": "timeseries", "fields": ["value"]},
            "no metric": {"metric": "nothing", "kind": "overall"},
            "no filter": {"metric": "views", "kind": "overall", "selection": {"filters": ["(country:DE or"]}},
            "no field": {"metric": "views", "kind": "overall", "fields": ["negative_impact"]},
            "no page": {"metric": "views", "kind": "breakdown", "page": 0},
        },
    });
    let answer = answered(&world.server, &world.tenant, &body).await;
    let data = &answer["data"];
    let value = alone(&world, &body["questions"]["good"], &body["selection"]).await["data"]["value"].clone();
    assert_eq!(data["good"]["answer"]["data"], json!({"value": value}));
    assert!(data["good"].get("problem").is_none());
    let row = data["rows"]["answer"]["data"][1].as_object().unwrap();
    assert!(row.keys().eq(["field", "views"]), "{row:?}");
    assert!(
        data["steps"]["answer"]["data"]
            .as_array()
            .unwrap()
            .iter()
            .all(|step| step.as_array().unwrap().len() == 1)
    );
    for (name, status, choice) in [
        ("no metric", 404, ""),
        ("no filter", 400, "dimension:value"),
        ("no field", 400, "total_views"),
        ("no page", 400, "1 to 100000"),
    ] {
        let problem = &data[name]["problem"];
        assert_eq!(problem["status"], status, "{name}: {data}");
        assert!(problem["choices"].to_string().contains(choice), "{name}: {problem}");
        assert!(data[name].get("answer").is_none());
    }
    for (bad, code) in [
        (json!({"questions": {}}), "invalid_body"),
        (json!({"questions": {"a": {"metric": "views"}}}), "invalid_body"),
        (json!({"questions": {"a": {"metric": "views", "kind": "overall", "filters": []}}}), "invalid_body"),
        (json!([]), "invalid_body"),
    ] {
        let refused = post(&world.server, &world.tenant, &bad).await;
        assert_eq!(refused.status(), 400, "{bad}");
        assert_eq!(refused.json::<Value>().await.unwrap()["code"], code);
    }
}

#[tokio::test]
async fn a_batch_counts_as_many_requests_as_it_makes_queries() {
    let rate = Rate { refill: std::time::Duration::from_secs(600), ..Rate::per_second(1, 5) };
    let server = Server::start(Rates { requests: rate, ..unlimited() });
    let tenant = server.tenant().await;
    let question = |group_by: &str| json!({"metric": "views", "kind": "breakdown", "group_by": group_by});
    let one = json!({"questions": {"a": question("cdn"), "b": question("cdn")}});
    let two = json!({"questions": {"a": question("cdn"), "b": question("country")}});
    let left = |response: &Response| response.headers()["ratelimit-remaining"].to_str().unwrap().to_owned();
    let first = post(&server, &tenant, &one).await;
    assert_eq!((first.status().as_u16(), left(&first).as_str()), (200, "4"));
    assert!(first.headers()["server-timing"].to_str().unwrap().contains("cache;desc=miss"));
    for remaining in ["2", "0"] {
        let next = post(&server, &tenant, &two).await;
        assert_eq!((next.status().as_u16(), left(&next).as_str()), (200, remaining));
    }
    let refused = post(&server, &tenant, &one).await;
    assert_eq!(refused.status(), 429);
    assert!(refused.headers().contains_key("retry-after"));
}
