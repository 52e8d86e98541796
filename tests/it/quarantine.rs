//! `playhead quarantine` against a running service, on both logs: what is there, what is in it, and back it goes.

use std::{
    process::Stdio,
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;
use playhead::{
    event::{Event, Kind, Record},
    log::{
        LogSettings, NewRecord, Position, open,
        quarantine::{Quarantine, Quarantined},
        segment::SegmentSettings,
    },
};
use serde_json::Value;
use tokio::process::Command;

use crate::support::{kafka, server::Server};

/// Runs the command with the settings of `server`; the exit code and everything printed.
async fn quarantine(server: &Server, arguments: &[&str]) -> (i32, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_playhead"))
        .arg("quarantine")
        .args(arguments)
        .arg("--data-dir")
        .arg(server.data_dir())
        .args(["--admin-addr", server.admin_url().trim_start_matches("http://")])
        .stdin(Stdio::null())
        .output()
        .await
        .unwrap();
    let printed = [output.stdout, output.stderr].concat();
    (output.status.code().unwrap(), String::from_utf8(printed).unwrap())
}

/// A record of a view that nobody has sent, and one that is none.
fn record(view_id: &str) -> Record<'static> {
    let event = Event { sequence: 1, kind: Kind::Play.into(), ..Event::default() };
    let received_ms = chrono::Utc::now().timestamp_millis();
    let (environment, view_id) = ("test".into(), view_id.to_owned().into());
    Record { environment, view_id, received_ms, events: vec![event], ..Record::default() }
}

/// Puts poison into the main log, and what is no poison any more into the quarantine.
async fn prepare(main: &LogSettings, beside: &LogSettings) {
    let (log, quarantine) = (open(main).await.unwrap(), open(beside).await.unwrap());
    let poison = NewRecord { key: "x".into(), payload: Bytes::from_static(b"no record") };
    log.append(vec![poison]).await.unwrap();
    let mended = Quarantined {
        position: Position { partition: 0, offset: 4000 },
        reason: "refused in its time".into(),
        quarantined_ms: 1,
        is_deadly: false,
        payload: Some(record("late").to_bytes()),
    };
    Quarantine::new(Arc::clone(&quarantine)).store(&[mended]).await.unwrap();
    log.close().await;
    quarantine.close().await;
}

async fn listed(server: &Server, word: &str) -> String {
    let begun = Instant::now();
    loop {
        let (code, list) = quarantine(server, &["list"]).await;
        assert_eq!(code, 0, "{list}");
        if list.contains(word) {
            return list;
        }
        assert!(begun.elapsed() < Duration::from_secs(60), "{list}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

async fn browsed_and_replayed(server: &Server) {
    let list = listed(server, "9 bytes: ").await;
    assert!(list.contains("environment test, view late: 1 play\n    refused in its time"), "{list}");
    let (code, shown) = quarantine(server, &["show", "0:1"]).await;
    let shown: Value = serde_json::from_str(&shown).unwrap();
    assert_eq!(
        (code, shown["payload"].as_str(), &shown["record"]),
        (0, Some("bm8gcmVjb3Jk"), &Value::Null),
        "{shown}"
    );

    // What is no record now is none after a replay either; the other one is back, and the partition goes on.
    let (code, said) = quarantine(server, &["replay", "--all"]).await;
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("0:1 stays in quarantine: still no record"), "{said}");
    let position =
        said.split("0:0 is in the log again, at ").nth(1).unwrap().split_whitespace().next().unwrap();
    let path = format!("/data/v1/video-views/late?wait_for={position}&wait_ms=30000");
    let (status, view) = server.get(&path).await;
    assert_eq!(status, 200, "{view}");

    let (code, said) = quarantine(server, &["show", "0:77"]).await;
    assert!(code == 1 && said.contains("nothing is at 0:77"), "{said}");
    let without_pass = server.http.get(format!("{}/quarantine", server.admin_url())).send().await.unwrap();
    assert_eq!(without_pass.status(), 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_the_embedded_log_is_browsed_and_replayed() {
    let mut server = Server::start(&[]).await;
    assert_eq!(quarantine(&server, &["list"]).await, (0, "the quarantine is empty\n".into()));
    server.terminate().await;
    let of = |name: &str| {
        let dir = server.data_dir().join(name);
        LogSettings::Embedded(SegmentSettings::new(dir, &[playhead::pipeline::GROUP]))
    };
    prepare(&of("log"), &of("log.quarantine")).await;
    let (code, said) = quarantine(&server, &["list"]).await;
    assert!(code == 1 && said.contains("is the service running?"), "{said}");
    server.restart().await;
    browsed_and_replayed(&server).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_kafka_is_browsed_and_replayed() {
    let mut topic = tokio::task::spawn_blocking(kafka::ephemeral).await.unwrap();
    topic.partitions = 1;
    let mut beside = topic.clone();
    beside.topic.push_str(".quarantine");
    prepare(&LogSettings::Kafka(topic.clone()), &LogSettings::Kafka(beside)).await;
    let server = Server::start(&[
        ("KAFKA_BROKERS", &topic.brokers),
        ("KAFKA_TOPIC", &topic.topic),
        ("KAFKA_GROUP", &topic.group),
    ])
    .await;
    browsed_and_replayed(&server).await;
}
