//! Records over which the service panics, if `poison` is planted in it: `planted-panic`.

use std::process::Stdio;

use serde_json::json;
use tokio::process::Command;

use super::{ledger::Format, rig::Rig, server::Server};

/// Sends so many views with a poisonous event between two good ones, and one that cannot even be read. The good ones go into
/// the ledger.
pub async fn give(rig: &Rig, word: &str, views: usize) {
    let event = |seq: u64, kind: &str| json!({"seq": seq, "t_ms": seq * 100, "type": kind, "playhead_ms": 0});
    for number in 0..views {
        let id = format!("poisoned-{number}");
        let events = [event(1, "play"), event(2, word), event(3, "heartbeat")];
        rig.ledger.sent(Format::Native, &id, &[1, 2, 3], None);
        let (status, answer) =
            rig.collector.beacon(&json!({"v": 1, "views": [{"id": id, "events": events}]})).await;
        assert_eq!((status, &answer["accepted"]), (202, &json!(3)), "{answer}");
        rig.ledger.acknowledged(&id, &[1, 3]);
    }
    let unreadable = json!({"v": 1, "views": [{"id": word, "events": [event(1, "play")]}]});
    assert_eq!(rig.collector.beacon(&unreadable).await.0, 202);
}

/// What the process that writes says of itself under this name.
pub async fn metric(rig: &Rig, name: &str) -> u64 {
    let server = rig.reader();
    let answer = server.http.get(format!("{}/metrics", server.admin_url())).send().await.expect("an answer");
    let text = answer.text().await.expect("text");
    let value = text.lines().find_map(|line| line.strip_prefix(name)?.trim().parse::<f64>().ok());
    value.unwrap_or_default() as u64
}

/// What `playhead quarantine list` prints.
pub async fn quarantined(rig: &Rig) -> String {
    let server: &Server = rig.reader();
    let output = Command::new(env!("CARGO_BIN_EXE_playhead"))
        .args(["quarantine", "list", "--newest", "1000", "--data-dir"])
        .arg(server.data_dir())
        .args(["--admin-addr", server.admin_url().trim_start_matches("http://")])
        .stdin(Stdio::null())
        .output()
        .await
        .expect("it runs");
    String::from_utf8_lossy(&output.stdout).into_owned()
}
