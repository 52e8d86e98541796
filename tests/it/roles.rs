//! The same binary split over processes: one collects, one processes and answers, Kafka and a ClickHouse given by its
//! URL stand between them. The ClickHouse
//! is behind TLS.

use serde_json::json;
use tempfile::TempDir;

use crate::support::{
    kafka,
    server::{Server, TRUST},
    store::migrated,
    tls::Front,
};

#[tokio::test(flavor = "multi_thread")]
async fn one_collects_and_another_answers() {
    let data = TempDir::new().unwrap();
    let (engine, _store) = migrated(&data).await;
    let topic = kafka::ephemeral();
    let front = Front::of(engine.url().trim_start_matches("http://").parse().unwrap(), data.path()).await;
    let (user, password) = (engine.user().to_owned(), engine.password().to_owned());
    let outside = [
        ("KAFKA_BROKERS", topic.brokers.as_str()),
        ("KAFKA_TOPIC", &topic.topic),
        ("KAFKA_GROUP", &topic.group),
        ("CLICKHOUSE_URL", &front.url),
        (TRUST, front.certificate.to_str().unwrap()),
        ("CLICKHOUSE_USER", &user),
        ("CLICKHOUSE_PASSWORD", &password),
    ];
    let with_role = |role| [&outside[..], &[("ROLES", role)]].concat();
    let collector = Server::start(&with_role("collect")).await;
    let reader = Server::start(&with_role("process,query")).await;

    let event = json!({"seq": 1, "t_ms": 0, "type": "play"});
    let beacon = json!({"v": 1, "views": [{"id": "far", "set": {"video_id": "film"}, "events": [event]}]});
    let (status, answer) = collector.beacon(&beacon).await;
    assert_eq!(status, 202, "{answer}");
    let position = answer["position"].as_str().unwrap();
    let path = format!("/data/v1/video-views/far?wait_for={position}&wait_ms=30000");
    let (status, view) = reader.get(&path).await;
    assert_eq!((status, view["data"]["video_id"].as_str()), (200, Some("film")), "{view}");

    // Each does its own part only, and neither has an engine or a log of its own.
    assert_eq!(collector.get("/data/v1/video-views").await.0, 404);
    assert_eq!(reader.beacon(&beacon).await.0, 404);
    for server in [&collector, &reader] {
        for engine in ["log", "clickhouse"] {
            assert!(!server.data_dir().join(engine).exists(), "{engine}");
        }
    }
}
