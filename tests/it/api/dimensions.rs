//! Dimensions of the site's own: found with their types, filtered and grouped by name.

use serde_json::{Value, json};

use super::{
    data::{an_hour_ago, insert, timestamp},
    server::{Server, store, unlimited},
};

/// A view with custom dimensions and a class of robots.
fn view(environment: &str, id: usize, custom: &Value, bot_class: &str) -> Value {
    let start = timestamp(an_hour_ago());
    let custom: serde_json::Map<_, _> =
        custom.as_object().unwrap().iter().map(|(name, text)| (name.clone(), json!([1, text]))).collect();
    json!({"environment": environment, "view_id": format!("view-{id}"), "view_start": start,
        "last_received_at": start, "attempted": 1, "custom": custom, "bot_class": [1, bot_class]})
}

#[tokio::test]
async fn custom_dimensions_are_found_with_their_types_and_used_by_name() {
    let server = Server::start(unlimited());
    let tenant = server.tenant().await;
    let rows: Vec<_> = (0..60)
        .map(|n| {
            let (plan, member) = (["gold", "free", "trial"][n % 3], ["true", "false"][n % 2]);
            let mixed = if n == 0 { "x".to_owned() } else { n.to_string() };
            let said = json!({"plan": plan, "seats": (n % 7).to_string(), "member": member, "mixed": mixed});
            let custom = if n % 5 == 4 { json!({}) } else { said };
            view(&tenant.id, n, &custom, if n < 6 { "seo" } else { "" })
        })
        .collect();
    insert(&store(), "view_states", &rows).await;
    let people: Vec<usize> = (6..60).filter(|n| n % 5 != 4).collect();

    let answer = server.answer(&tenant, "/data/v1/dimensions", &[]).await;
    let mut custom = answer["data"]["custom"].as_array().unwrap().clone();
    custom.sort_by_key(|found| found["name"].as_str().unwrap().to_owned());
    let found: Vec<_> =
        custom.iter().map(|found| (&found["name"], &found["type"], &found["values"])).collect();
    // The one text among the numbers is a robot's.
    assert_eq!(
        found,
        [
            (&json!("custom.member"), &json!("boolean"), &json!(2)),
            (&json!("custom.mixed"), &json!("number"), &json!(people.len())),
            (&json!("custom.plan"), &json!("string"), &json!(3)),
            (&json!("custom.seats"), &json!("number"), &json!(7)),
        ]
    );
    assert!(custom.iter().all(|found| found["total_count"] == people.len()));
    let with_robots = server.answer(&tenant, "/data/v1/dimensions", &[("bots", "include")]).await;
    let mixed = with_robots["data"]["custom"]
        .as_array()
        .unwrap()
        .iter()
        .find(|found| found["name"] == "custom.mixed");
    assert_eq!(mixed.unwrap()["type"], "string");

    let gold = people.iter().filter(|n| *n % 3 == 0).count();
    let query = [("filters[]", "custom.plan:gold")];
    let answer = server.answer(&tenant, "/data/v1/metrics/views/overall", &query).await;
    assert_eq!(answer["data"]["value"], gold as f64);
    let query = [("group_by", "custom.seats"), ("limit", "100")];
    let answer = server.answer(&tenant, "/data/v1/metrics/views/breakdown", &query).await;
    for row in answer["data"].as_array().unwrap() {
        let expected = match row["field"].as_str() {
            Some(seats) => people.iter().filter(|n| (*n % 7).to_string() == seats).count(),
            None => (6..60).filter(|n| n % 5 == 4).count(),
        };
        assert_eq!(row["views"], expected, "{row}");
    }
}
