//! Records that the service does not bear, if `poison` is planted in it: over `planted-panic` it panics, over [`DEADLY`] words
//! the process ends.

use std::{
    process::Stdio,
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use tokio::{process::Command, time::sleep};

use super::{
    ledger::Format,
    rig::{Rig, SETTLING},
    server::Server,
};

/// An abort, a stack that overflows, memory that runs out.
const DEADLY: [&str; 3] = ["planted-abort", "planted-depth", "planted-hunger"];
/// What lives so long has got over it.
const ALIVE: Duration = Duration::from_secs(5);
/// A player that gets no answer gives up then.
const TRIES: usize = 3;

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

/// A beacon with a good view and so many that end the process, and one that cannot even be read.
pub fn deadly_beacon(views: usize) -> Value {
    let event = |seq: u64, kind: &str| json!({"seq": seq, "t_ms": seq * 100, "type": kind, "playhead_ms": 0});
    let view = |id: &str, kind: &str| json!({"id": id, "events": [event(1, "play"), event(2, kind)]});
    let mut sent = vec![view("beside", "heartbeat"), view("planted-abort", "heartbeat")];
    sent.extend((0..views).map(|number| view(&format!("deadly-{number}"), DEADLY[number % DEADLY.len()])));
    json!({"v": 1, "views": sent})
}

/// Sends a [`deadly_beacon`] and starts the process again until it stays. How often it had ended. Those records may be in the
/// log more than once then, as whoever gets no answer sends again.
pub async fn outlive(rig: &mut Rig, views: usize) -> usize {
    let body = deadly_beacon(views);
    rig.ledger.sent(Format::Native, "beside", &[1, 2], None);
    let (begun, mut ends, mut since, mut tries) = (Instant::now(), 0, Instant::now(), 0);
    loop {
        assert!(
            begun.elapsed() < SETTLING,
            "it ends again and again, {ends} times: {}",
            rig.reader().output()
        );
        if tries < TRIES {
            let request = rig.collector.http.post(rig.collector.at(&format!("/in/{}", Server::INGEST_KEY)));
            match request.json(&body).send().await {
                Ok(answer) if answer.status() == 202 => {
                    rig.ledger.acknowledged("beside", &[1, 2]);
                    tries = TRIES;
                }
                // Nobody listens yet.
                Err(error) if error.is_connect() => {}
                _ => tries += 1,
            }
        }
        if rig.processor.as_mut().unwrap_or(&mut rig.collector).revive() {
            (ends, since) = (ends + 1, Instant::now());
        }
        if tries == TRIES && since.elapsed() > ALIVE && deadly(rig).await > views {
            return ends;
        }
        sleep(Duration::from_millis(100)).await;
    }
}

/// How many records are in quarantine because the process ended over them.
pub async fn deadly(rig: &Rig) -> usize {
    quarantined(rig).await.matches("the process that handles it ends: signal: 6").count()
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
    quarantine(rig, &["list", "--newest", "1000"]).await
}

/// What `playhead quarantine` prints.
pub async fn quarantine(rig: &Rig, arguments: &[&str]) -> String {
    let server: &Server = rig.reader();
    let output = Command::new(env!("CARGO_BIN_EXE_playhead"))
        .arg("quarantine")
        .args(arguments)
        .arg("--data-dir")
        .arg(server.data_dir())
        .args(["--admin-addr", server.admin_url().trim_start_matches("http://")])
        .stdin(Stdio::null())
        .output()
        .await
        .expect("it runs");
    String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned()
}
