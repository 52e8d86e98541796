//! Lists in parts: by page and by cursor, while rows arrive.

use playhead::control::NewEnvironment;
use serde_json::Value;

use super::{
    data::{TestView, an_hour_ago, random_views, write},
    metrics::World,
    server::{Server, store, unlimited},
};

/// All parts of a list, one cursor after the other; `between` happens after the first.
async fn followed(
    server: &Server,
    tenant: &NewEnvironment,
    path: &str,
    query: &[(&str, &str)],
    between: impl AsyncFn(),
) -> Vec<Value> {
    let mut rows = Vec::new();
    let mut cursor: Option<String> = None;
    loop {
        let mut query = query.to_vec();
        query.extend(cursor.as_deref().map(|cursor| ("cursor", cursor)));
        let answer = server.answer(tenant, path, &query).await;
        rows.extend(answer["data"].as_array().unwrap().clone());
        if cursor.is_none() {
            between().await;
        }
        match answer["next_cursor"].as_str() {
            Some(next) => cursor = Some(next.to_owned()),
            None => return rows,
        }
    }
}

fn ids(rows: &[Value]) -> Vec<&str> {
    rows.iter().map(|row| row["id"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_list_of_views_goes_on_where_it_stopped_while_views_arrive() {
    let server = Server::start(unlimited());
    let until = an_hour_ago();
    let views = random_views(37, 80, until - 7_200_000);
    for (order, direction) in [
        ("view_end", "desc"),
        ("view_start", "asc"),
        ("watch_time", "desc"),
        ("video_startup_time", "asc"),
        ("viewer_experience_score", "desc"),
    ] {
        let tenant = server.tenant().await;
        write(&store(), &tenant.id, &views).await;
        let query = [("timeframe[]", "7:days"), ("order_by", order), ("order_direction", direction)];
        let whole: Vec<_> = query.iter().chain(&[("limit", "1000")]).copied().collect();
        let whole = server.answer(&tenant, "/data/v1/video-views", &whole).await;
        let arrive = async || {
            // At both ends of every order.
            let late = [0, 3_600_000, u32::MAX / 2].map(|watch_ms| TestView {
                id: format!("late-{watch_ms}"),
                start_ms: if watch_ms == 0 { until } else { until - 4 * 24 * 3_600_000 },
                length_ms: 1000,
                attempted: true,
                closed: true,
                startup_ms: Some(if watch_ms == 0 { 1 } else { 3_000_000 }),
                watch_ms,
                ..TestView::default()
            });
            write(&store(), &tenant.id, &late).await;
        };
        let part: Vec<_> = query.iter().chain(&[("limit", "15")]).copied().collect();
        let rows = followed(&server, &tenant, "/data/v1/video-views", &part, arrive).await;
        let old: Vec<&str> = ids(&rows).into_iter().filter(|id| !id.starts_with("late")).collect();
        assert_eq!(old, ids(whole["data"].as_array().unwrap()), "{order} {direction}");
    }
}

#[tokio::test]
async fn groups_go_on_where_they_stopped_and_a_page_beyond_the_end_counts_them() {
    let world = World::new().await;
    let path = "/data/v1/metrics/video_startup_time/breakdown";
    let [from, to] = world.frame();
    let frame = [("timeframe[]", from.as_str()), ("timeframe[]", to.as_str()), ("group_by", "viewer_id")];
    for order in ["negative_impact", "value", "views", "field"] {
        for direction in ["asc", "desc"] {
            let query: Vec<_> =
                frame.iter().chain(&[("order_by", order), ("order_direction", direction)]).copied().collect();
            let whole = world.server.answer(&world.tenant, path, &query).await;
            assert!(whole["next_cursor"].is_null());
            let part: Vec<_> = query.iter().chain(&[("limit", "2")]).copied().collect();
            let rows = followed(&world.server, &world.tenant, path, &part, async || {}).await;
            assert_eq!(Value::from(rows), whole["data"], "{order} {direction}");
            let beyond: Vec<_> = part.iter().chain(&[("page", "900")]).copied().collect();
            let beyond = world.server.answer(&world.tenant, path, &beyond).await;
            assert_eq!(beyond["data"].as_array().unwrap().len(), 0);
            assert_eq!(beyond["total_row_count"], whole["total_row_count"]);
            assert_eq!(beyond["total_row_count"], 7);
        }
    }
    let values: Vec<_> = frame[..2].iter().chain(&[("page", "90")]).copied().collect();
    let values = world.server.answer(&world.tenant, "/data/v1/dimensions/country", &values).await;
    assert_eq!(values["total_row_count"], 5);
}

#[tokio::test]
async fn a_cursor_belongs_to_one_order_and_to_no_page() {
    let world = World::new().await;
    let path = "/data/v1/video-views";
    let first = world.server.answer(&world.tenant, path, &[("timeframe[]", "7:days"), ("limit", "3")]).await;
    let cursor = first["next_cursor"].as_str().unwrap();
    for (query, parameter) in [
        ([("cursor", cursor), ("page", "2")], "page"),
        ([("cursor", cursor), ("order_by", "view_start")], "cursor"),
        ([("cursor", "made-up"), ("limit", "3")], "cursor"),
    ] {
        let refused = world.server.ask(&world.tenant, path, &query).await;
        assert_eq!(refused.status(), 400);
        let problem: Value = refused.json().await.unwrap();
        assert_eq!(problem["parameter"], parameter, "{problem}");
    }
    // The timeframe is that of the first answer, whatever is said now.
    let next =
        world.server.answer(&world.tenant, path, &[("cursor", cursor), ("timeframe[]", "1:minutes")]).await;
    assert_eq!(next["timeframe"], first["timeframe"]);
    assert_eq!(next["total_row_count"], first["total_row_count"]);
}

#[tokio::test]
async fn a_line_of_the_list_says_what_tells_views_apart() {
    let server = Server::start(unlimited());
    let tenant = server.tenant().await;
    let views = random_views(41, 60, an_hour_ago());
    write(&store(), &tenant.id, &views).await;
    let answer =
        server.answer(&tenant, "/data/v1/video-views", &[("timeframe[]", "7:days"), ("limit", "100")]).await;
    for row in answer["data"].as_array().unwrap() {
        let view = views.iter().find(|view| row["id"] == view.id.as_str()).unwrap();
        assert_eq!(row["cdn"].as_str().unwrap_or_default(), view.cdn);
        assert_eq!(row["playback_business_exception"], view.business);
        assert_eq!(row["in_progress"], !view.is_over(), "{row}");
        assert!(row["player_software"].is_null());
    }
}
