//! The child process: killed, stopped, orphaned, never able to start.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use playhead::store::embedded::{EmbeddedClickHouse, Settings, StartError};

use super::{EVENTS, Engine, READY, execute, insert, number, settings, start};

/// Kills the child while inserts go on, several times: what was acknowledged is there, a batch that was not
/// is sent again under its token and counted once, and the address stays.
#[tokio::test]
async fn a_killed_engine_comes_back_with_everything_acknowledged() {
    let engine = start().await;
    let client = engine.handle.client();
    execute(&client, EVENTS).await;
    let url = engine.handle.url();
    let enough = Arc::new(AtomicBool::new(false));
    let writer = {
        let (client, enough) = (client.clone(), Arc::clone(&enough));
        tokio::spawn(async move {
            let (mut batches, mut retries) = (0_u64, 0);
            while !enough.load(Ordering::Relaxed) {
                let ids = || batches * 2_000..(batches + 1) * 2_000;
                // A kill can leave a token behind without its rows, so a retry comes under a token of its own.
                let mut token = format!("batch-{batches}");
                while let Err(error) = insert(&client, ids(), &token).await {
                    retries += 1;
                    token = format!("batch-{batches}-retry-{retries}");
                    assert!(retries < 500, "never comes back: {error}");
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
                batches += 1;
            }
            (batches, retries)
        })
    };
    for _ in 0..5 {
        tokio::time::sleep(Duration::from_millis(400)).await;
        engine.handle.ready(READY).await.expect("back");
        kill(engine.handle.pid().expect("runs"));
    }
    enough.store(true, Ordering::Relaxed);
    let (batches, retries) = writer.await.expect("the writer ends well");
    engine.handle.ready(READY).await.expect("ready again");
    assert_eq!(engine.handle.url(), url);
    assert_eq!(engine.handle.restarts(), 5);
    let ids: Vec<u64> = client.query("SELECT id FROM events").fetch_all().await.expect("selected");
    let distinct: BTreeSet<u64> = ids.iter().copied().collect();
    println!("5 kills, {batches} batches acknowledged, {retries} retried");
    let rows = batches as usize * 2_000;
    assert_eq!(distinct.len(), rows, "every acknowledged row is there");
    assert!(ids.len() <= rows + retries * 2_000, "only a retried batch may be there twice");
}

fn kill(pid: u32) {
    std::process::Command::new("kill").args(["-9", &pid.to_string()]).status().expect("kill runs");
}

fn alive(pid: u32) -> bool {
    // A zombie has no command line any more.
    std::fs::read(format!("/proc/{pid}/cmdline")).is_ok_and(|line| !line.is_empty())
}

#[tokio::test]
async fn a_stop_is_graceful_and_a_second_start_goes_on() {
    let Engine { handle, data } = start().await;
    let client = handle.client();
    execute(&client, EVENTS).await;
    insert(&client, 0..1_000, "t").await.expect("inserted");
    let pid = handle.pid().expect("runs");
    let started = Instant::now();
    assert!(handle.stop().await, "ended in good order");
    println!("stop took {:?}", started.elapsed());
    assert!(!alive(pid));
    assert!(client.query("SELECT 1").execute().await.is_err());

    let again = EmbeddedClickHouse::start(settings(&data)).expect("starts");
    again.ready(READY).await.expect("ready");
    assert_eq!(number(&again.client(), "SELECT count() FROM events").await, 1_000);
    assert!(again.stop().await);
}

#[tokio::test]
async fn a_stop_does_not_wait_for_endless_statements() {
    let Engine { handle, data: _data } = start().await;
    let client = handle.client();
    let slow = tokio::spawn(async move {
        client
            .query("SELECT count() FROM numbers(1000000000000) WHERE cityHash64(number) = 1")
            .execute()
            .await
    });
    tokio::time::sleep(Duration::from_millis(300)).await;
    let started = Instant::now();
    assert!(handle.stop().await, "ended in good order");
    assert!(started.elapsed() < Duration::from_secs(14), "took {:?}", started.elapsed());
    assert!(slow.await.expect("joins").is_err());
}

/// The parent of the next test, in a process of its own; does nothing when the tests run it.
#[tokio::test]
async fn parent_that_will_be_killed() {
    let Some(directory) = std::env::var_os("PLAYHEAD_TEST_PARENT_DIR") else {
        return;
    };
    let mut settings = Settings::new(directory);
    settings.program = Some(env!("CARGO_BIN_EXE_playhead").into());
    let handle = EmbeddedClickHouse::start(settings).expect("starts");
    handle.ready(READY).await.expect("ready");
    execute(&handle.client(), EVENTS).await;
    insert(&handle.client(), 0..1_000, "t").await.expect("inserted");
    println!("child {}", handle.pid().expect("runs"));
    std::future::pending::<()>().await;
}

#[tokio::test]
async fn the_child_goes_with_its_parent_and_lets_a_successor_in() {
    use std::io::{BufRead, BufReader};
    let data = tempfile::tempdir().expect("temp dir");
    let mut parent = std::process::Command::new(std::env::current_exe().expect("this program"))
        .args(["--exact", "embedded_engine::process::parent_that_will_be_killed", "--nocapture"])
        .env("PLAYHEAD_TEST_PARENT_DIR", data.path().join("engine"))
        .stdout(std::process::Stdio::piped())
        .spawn()
        .expect("starts");
    let output = BufReader::new(parent.stdout.take().expect("piped"));
    let child: u32 = output
        .lines()
        .map_while(Result::ok)
        .find_map(|line| line.split_once("child ")?.1.parse().ok())
        .expect("tells its child");
    assert!(alive(child));
    parent.kill().expect("killed");
    parent.wait().expect("gone");

    // At once, while the orphan may still hold the data.
    let handle = EmbeddedClickHouse::start(settings(&data)).expect("starts");
    handle.ready(READY).await.expect("ready");
    assert!(!alive(child), "the orphan is gone before the successor opens its data");
    assert_eq!(number(&handle.client(), "SELECT count() FROM events").await, 1_000);
    assert_eq!(handle.restarts(), 0, "the successor waits for the data instead of failing");
}

#[tokio::test]
async fn a_missing_library_says_what_to_do() {
    let data = tempfile::tempdir().expect("temp dir");
    let mut settings = settings(&data);
    settings.library = Some(data.path().join("libchdb.so"));
    let error = EmbeddedClickHouse::start(settings).err().expect("not there").to_string();
    assert!(error.contains("make setup"), "{error}");
}

#[tokio::test]
async fn an_engine_that_cannot_start_is_reported() {
    let data = tempfile::tempdir().expect("temp dir");
    let mut settings = settings(&data);
    let broken = data.path().join("libchdb.so");
    std::fs::write(&broken, b"not a library").expect("written");
    settings.library = Some(broken);
    let handle = EmbeddedClickHouse::start(settings).expect("the child starts");
    match handle.ready(Duration::from_secs(3)).await {
        Err(StartError::NotReady { last_end: Some(end), .. }) => {
            assert!(end.contains("exit status: 1"), "{end}")
        }
        other => panic!("{other:?}"),
    }
    assert!(handle.stop().await);
}

/// While a question is long in coming the engine leaves a processor to those who take beacons in, with all its threads, and
/// takes it back afterwards.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_long_question_leaves_a_processor_to_others() {
    let engine = start().await;
    let pid = engine.handle.pid().expect("runs");
    // The engine's allocator keeps threads of its own on one processor each.
    let most = *processors_of_threads(pid).last().expect("threads");
    let client = engine.handle.client();
    let question = "SELECT max(sipHash64(number)) FROM numbers_mt(1000000000000)";
    let asked = tokio::spawn(async move { client.query(question).execute().await });
    if most == 1 {
        return;
    }
    until(|| processors_of_threads(pid) == BTreeSet::from([most - most.div_ceil(4)])).await;
    // Whoever asked leaves, and the question is stopped.
    asked.abort();
    until(|| processors_of_threads(pid) == BTreeSet::from([most])).await;
}

/// How many processors each thread may run on, each number once.
fn processors_of_threads(pid: u32) -> BTreeSet<usize> {
    let threads = std::fs::read_dir(format!("/proc/{pid}/task")).expect("a process").flatten();
    let statuses = threads.filter_map(|thread| std::fs::read_to_string(thread.path().join("status")).ok());
    let mask =
        |status: String| Some(status.lines().find_map(|line| line.strip_prefix("Cpus_allowed:"))?.to_owned());
    let count =
        |mask: String| mask.chars().filter_map(|digit| digit.to_digit(16)).map(u32::count_ones).sum::<u32>();
    statuses.filter_map(mask).map(|mask| count(mask) as usize).collect()
}

async fn until(holds: impl Fn() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < READY, "not within {READY:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
