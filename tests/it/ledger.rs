//! The ledger: whatever happens to the server, what it acknowledged is there, once, and nothing else is.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Output, Stdio},
    time::Duration,
};

use playhead::{
    simulate::ledger::{self, Entry, Truth},
    store::{
        Store,
        embedded::{EmbeddedClickHouse, Settings},
    },
};
use serde_json::{Value, json};
use tokio::process::{Child, Command};

use crate::support::server::Server;

fn playhead() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_playhead"));
    command.kill_on_drop(true).stdin(Stdio::null());
    command
}

/// Thirty viewers who live six times as fast for twelve seconds.
fn simulate(server: &Server, format: &str, ledger: &Path) -> Child {
    playhead()
        .args(["simulate", "--viewers", "30", "--seconds", "12", "--rate-factor", "6", "--seed", "7"])
        .args(["--target", &server.url(), "--ingest-key", Server::INGEST_KEY, "--format", format, "--ledger"])
        .arg(ledger)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts")
}

async fn succeeded(child: Child) -> String {
    let output = child.wait_with_output().await.expect("its end");
    assert!(output.status.success(), "{}", shown(&output));
    shown(&output)
}

async fn verify(server: &Server, ledger: &Path, wait: &str) -> Output {
    let verify = playhead()
        .args(["verify", "--target", &server.url(), "--token", Server::TOKEN, "--wait", wait, "--ledger"])
        .arg(ledger)
        .output();
    verify.await.expect("the program runs")
}

fn shown(output: &Output) -> String {
    format!(
        "{}{}{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

fn last_line(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).lines().last().unwrap_or_default().to_owned()
}

/// Both formats at once; the ledgers come back.
async fn crowd(server: &Server, dir: &Path) -> (Vec<Child>, PathBuf, PathBuf) {
    let (native, mux) = (dir.join("native.ledger"), dir.join("mux.ledger"));
    let children = vec![simulate(server, "native", &native), simulate(server, "mux", &mux)];
    (children, native, mux)
}

async fn assert_equal(server: &Server, ledger: &Path) {
    let output = verify(server, ledger, "60s").await;
    let acknowledged = ledger::read::<Entry>(ledger).expect("a ledger").len();
    assert!(acknowledged > 200, "only {acknowledged} acknowledged");
    assert_eq!(
        last_line(&output),
        format!("missing 0 invented 0 doubled 0 of {acknowledged} acknowledged"),
        "{}",
        shown(&output)
    );
    assert_eq!(output.status.code(), Some(0));
    let truths: Vec<Truth> = ledger::read(&ledger::truth_path(ledger)).expect("truths");
    let compared = truths.iter().filter(|truth| truth.figures.is_some()).count();
    assert!(compared >= 30, "the figures of {compared} views are known");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_acknowledged_is_there_once() {
    let mut server = Server::start(&[]).await;
    let dir = tempfile::tempdir().expect("temp dir");
    let (children, native, mux) = crowd(&server, dir.path()).await;
    for child in children {
        println!("{}", succeeded(child).await);
    }
    assert_equal(&server, &native).await;
    assert_equal(&server, &mux).await;
    assert_eq!(server.terminate().await.code(), Some(0), "{}", server.output());
}

/// Their sequences are hashes and their totals follow from what happened when; the ledger and the figures hold all the same.
#[tokio::test(flavor = "multi_thread")]
async fn cmcd_records_that_were_accepted_are_there_once() {
    let mut server = Server::start(&[]).await;
    let dir = tempfile::tempdir().expect("temp dir");
    let ledger = dir.path().join("cmcd.ledger");
    let crowd = simulate(&server, "cmcd", &ledger);
    tokio::time::sleep(Duration::from_secs(5)).await;
    server.kill9();
    server.restart().await;
    println!("{}", succeeded(crowd).await);
    assert_equal(&server, &ledger).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_loses_nothing() {
    let mut server = Server::start(&[]).await;
    let dir = tempfile::tempdir().expect("temp dir");
    let (children, native, mux) = crowd(&server, dir.path()).await;
    for pause in [4, 3] {
        tokio::time::sleep(Duration::from_secs(pause)).await;
        server.kill9();
        server.restart().await;
    }
    for child in children {
        println!("{}", succeeded(child).await);
    }
    assert_equal(&server, &native).await;
    assert_equal(&server, &mux).await;
}

/// EPAS's events have hashes for numbers and no totals; they come one by one, and again when an answer was lost.
#[tokio::test(flavor = "multi_thread")]
async fn a_kill_loses_nothing_of_epas() {
    let mut server = Server::start(&[]).await;
    let dir = tempfile::tempdir().expect("temp dir");
    let ledger = dir.path().join("epas.ledger");
    let child = simulate(&server, "epas", &ledger);
    tokio::time::sleep(Duration::from_secs(5)).await;
    server.kill9();
    server.restart().await;
    println!("{}", succeeded(child).await);
    assert_equal(&server, &ledger).await;
    assert_eq!(server.terminate().await.code(), Some(0), "{}", server.output());
}

#[tokio::test(flavor = "multi_thread")]
async fn planted_faults_are_found() {
    let mut server = Server::start(&[]).await;
    let dir = tempfile::tempdir().expect("temp dir");
    let ledger = dir.path().join("ledger");
    succeeded(simulate(&server, "native", &ledger)).await;
    assert_equal(&server, &ledger).await;
    let acknowledged = ledger::read::<Entry>(&ledger).expect("a ledger").len();
    let mut truths: Vec<Truth> = ledger::read(&ledger::truth_path(&ledger)).expect("truths");
    truths.retain(|truth| truth.figures.is_some());
    let [a, b, c, d, e] = [0, 1, 2, 3, 4].map(|index: usize| truths[index].view.as_ref());

    // Somebody else's beacon for a view of the ledger: an event that was never sent, with more than was ever played.
    let event = json!({"seq": 4000, "t_ms": 900_000, "type": "heartbeat", "c": {"playing_ms": 400_000_000}});
    let beacon = json!({"v": 1, "views": [{"id": a, "events": [event]}]});
    let url = format!("{}/in/{}", server.url(), Server::INGEST_KEY);
    let answer = reqwest::Client::new().post(url).json(&beacon).send().await.expect("an answer");
    assert_eq!(answer.status(), 202);
    assert_counts(&server, &ledger, [0, 1, 1], acknowledged).await;

    // Rows changed by hand, on four other views: one lost, one made up, one there twice, and a whole view twice. The
    // copies lie in another hour, where no merge finds them.
    tamper(&mut server, &[
        format!("ALTER TABLE event_rows DELETE WHERE view_id = '{b}' AND sequence = 1 SETTINGS mutations_sync = 2"),
        format!("INSERT INTO event_rows SELECT * REPLACE (4000 AS sequence) FROM event_rows WHERE view_id = '{c}' LIMIT 1"),
        format!("INSERT INTO event_rows SELECT * REPLACE (view_start + INTERVAL 1 HOUR AS view_start) FROM event_rows WHERE view_id = '{d}' AND sequence = 1"),
        format!("INSERT INTO view_states SELECT * REPLACE (view_start + INTERVAL 1 HOUR AS view_start) FROM view_states FINAL WHERE view_id = '{e}'"),
    ])
    .await;
    assert_counts(&server, &ledger, [1, 2, 3], acknowledged).await;
}

/// Runs statements on the server's own data while it is down.
async fn tamper(server: &mut Server, statements: &[String]) {
    assert_eq!(server.terminate().await.code(), Some(0), "{}", server.output());
    let mut settings = Settings::new(server.data_dir().join("clickhouse"));
    settings.program = Some(env!("CARGO_BIN_EXE_playhead").into());
    let engine = EmbeddedClickHouse::start(settings).expect("starts");
    engine.ready(Duration::from_secs(60)).await.expect("ready");
    let store = Store::new(&engine.url(), engine.user(), engine.password());
    for statement in statements {
        store.client.query(statement).execute().await.unwrap_or_else(|error| panic!("{statement}: {error}"));
    }
    engine.stop().await;
    server.restart().await;
}

async fn assert_counts(
    server: &Server,
    ledger: &Path,
    [missing, invented, doubled]: [u64; 3],
    acknowledged: usize,
) {
    let output = verify(server, ledger, "60s").await;
    let expected =
        format!("missing {missing} invented {invented} doubled {doubled} of {acknowledged} acknowledged");
    assert_eq!(last_line(&output), expected, "{}", shown(&output));
    assert_eq!(output.status.code(), Some(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn mistakes_of_the_caller_and_a_silent_server_have_their_own_codes() {
    let dir = tempfile::tempdir().expect("temp dir");
    let ledger = dir.path().join("ledger");
    let code = |output: Output| (output.status.code(), shown(&output));
    let hasty = playhead()
        .args([
            "simulate",
            "--viewers",
            "1",
            "--seconds",
            "1",
            "--target",
            "http://127.0.0.1:9",
            "--ingest-key",
            "k",
        ])
        .args(["--rate-factor", "0", "--ledger"])
        .arg(&ledger)
        .output();
    let (hasty, text) = code(hasty.await.expect("runs"));
    assert_eq!(hasty, Some(2), "{text}");
    assert!(text.contains("--rate-factor 0"), "{text}");

    fs::write(&ledger, "").expect("written");
    let empty = playhead()
        .args(["verify", "--target", "http://127.0.0.1:9", "--token", "a:b", "--ledger"])
        .arg(&ledger)
        .output();
    let (empty, text) = code(empty.await.expect("runs"));
    assert!(empty == Some(2) && text.contains("nothing was acknowledged"), "{text}");

    let entry = json!({"format": "native", "view": "v", "seq": 1, "acked_ms": 1, "position": null});
    fs::write(&ledger, format!("{entry}\n")).expect("written");
    // The discard port: nobody answers there.
    let silent = playhead()
        .args(["verify", "--target", "http://127.0.0.1:9", "--token", "a:b", "--wait", "600ms", "--ledger"])
        .arg(&ledger)
        .output();
    let (silent, text) = code(silent.await.expect("runs"));
    assert_eq!(silent, Some(3), "{text}");

    let server = Server::start(&[]).await;
    let wrong = playhead()
        .args(["verify", "--target", &server.url(), "--token", "reader:wrong", "--ledger"])
        .arg(&ledger)
        .output();
    let (wrong, text) = code(wrong.await.expect("runs"));
    assert_eq!(wrong, Some(2), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_environment_made_on_the_side_takes_and_shows_beacons() {
    let server = Server::start(&[]).await;
    let output = playhead()
        .args(["environment", "create", "Second Tenant", "--json", "--data-dir"])
        .arg(server.data_dir())
        .output();
    let output = output.await.expect("runs");
    assert!(output.status.success(), "{}", shown(&output));
    let made: Value = serde_json::from_slice(&output.stdout).expect("one JSON object");
    let (id, secret) =
        (made["token"]["id"].as_str().expect("an id"), made["token"]["secret"].as_str().expect("a secret"));
    let client = reqwest::Client::new();
    let sent = client
        .post(format!("{}/in/{}", server.url(), made["ingest_key"].as_str().expect("a key")))
        .header("content-type", "text/plain")
        .body(r#"{"v":1,"views":[{"id":"side-1","events":[{"seq":1,"t_ms":0,"type":"play"},{"seq":3,"t_ms":9,"type":"playing"}]}]}"#)
        .send()
        .await
        .expect("an answer");
    assert_eq!(sent.status(), 202);
    let stored = async |token: &str| server.ledger(token, &["side-1"]).await.remove(0);
    let own = stored(&format!("{id}:{secret}")).await;
    assert_eq!((&own["sequences"], &own["view_rows"]), (&json!([[1, 1], [3, 3]]), &Value::from(1)));
    let other = stored(Server::TOKEN).await;
    assert_eq!((&other["event_rows"], &other["view_rows"]), (&Value::from(0), &Value::from(0)));
}

#[tokio::test(flavor = "multi_thread")]
async fn history_stands_where_it_was() {
    let server = Server::start(&[]).await;
    let dir = tempfile::tempdir().expect("temp dir");
    for format in ["native", "mux", "epas"] {
        let ledger = dir.path().join(format);
        let past = playhead()
            .args([
                "simulate",
                "--backfill-days",
                "30",
                "--events",
                "6000",
                "--seed",
                "7",
                "--format",
                format,
            ])
            .args(["--target", &server.url(), "--ingest-key", Server::INGEST_KEY, "--ledger"])
            .arg(&ledger)
            .output();
        let output = past.await.expect("the program runs");
        assert!(output.status.success(), "{}", shown(&output));
        assert_equal(&server, &ledger).await;
        assert_eq!(ledger::read::<Entry>(&ledger).expect("a ledger").len(), 6000);
    }
    let timeframe = format!("timeframe[]={}:days", 31);
    let path = format!("/data/v1/metrics/views/timeseries?{timeframe}&group_by=day");
    let (status, answer) = server.get(&path).await;
    assert_eq!(status, 200, "{answer}");
    let days = answer["data"].as_array().expect("days");
    let watched = days.iter().filter(|day| day[1].as_f64().is_some_and(|views| views > 0.0)).count();
    assert!(watched >= 28, "views on {watched} of 31 days: {answer}");
    // The present knows nothing of it.
    let (_, overview) = server.get("/data/v1/metrics/views/overall?timeframe[]=1:hour").await;
    assert!(overview["data"]["value"].as_f64().expect("a count") < 20.0, "{overview}");
}
