//! The embedded engine end to end: the official client against the real library in a real child process.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use clickhouse::native::builder::BlockBuilder;
use clickhouse::{Client, Row};
use playhead::store::embedded::{EmbeddedClickHouse, Settings, StartError};
use serde::{Deserialize, Serialize};
use tempfile::TempDir;

const READY: Duration = Duration::from_secs(60);

/// A running engine with data that is thrown away.
struct Engine {
    handle: EmbeddedClickHouse,
    data: TempDir,
}

fn settings(data: &TempDir) -> Settings {
    let mut settings = Settings::new(data.path().join("engine"));
    settings.program = Some(env!("CARGO_BIN_EXE_playhead").into());
    settings.memory_limit = 2 << 30;
    settings
}

async fn start() -> Engine {
    let data = tempfile::tempdir().expect("temp dir");
    let handle = EmbeddedClickHouse::start(settings(&data)).expect("starts");
    handle.ready(READY).await.expect("ready");
    Engine { handle, data }
}

#[derive(Row, Serialize, Deserialize, Clone, Debug, PartialEq)]
struct Event {
    id: u64,
    name: String,
    playhead_ms: u32,
    bitrate: f64,
    note: Option<String>,
}

fn event(id: u64) -> Event {
    Event {
        id,
        name: format!("event-{}", id % 17),
        playhead_ms: (id % 100_000) as u32,
        bitrate: id as f64 / 3.0,
        note: (id % 5 == 0).then(|| "a note".to_owned()),
    }
}

const EVENTS: &str = "CREATE TABLE events (id UInt64, name LowCardinality(String), playhead_ms UInt32,
    bitrate Float64, note Nullable(String), at DateTime DEFAULT now())
    ENGINE = MergeTree ORDER BY id TTL at + INTERVAL 90 DAY
    SETTINGS non_replicated_deduplication_window = 1000";

async fn execute(client: &Client, sql: &str) {
    client
        .query(sql)
        .execute()
        .await
        .unwrap_or_else(|error| panic!("{sql}: {error}"));
}

async fn number(client: &Client, sql: &str) -> u64 {
    client
        .query(sql)
        .fetch_one::<u64>()
        .await
        .unwrap_or_else(|error| panic!("{sql}: {error}"))
}

async fn insert(
    client: &Client,
    ids: impl Iterator<Item = u64>,
    token: &str,
) -> clickhouse::error::Result<()> {
    let mut insert = client
        .insert::<Event>("events")
        .await?
        .with_setting("insert_deduplication_token", token);
    for id in ids {
        insert.write(&event(id)).await?;
    }
    insert.end().await
}

#[tokio::test]
async fn rows_go_in_once_and_come_back_as_they_were() {
    let engine = start().await;
    let client = engine.handle.client();
    execute(&client, EVENTS).await;
    insert(&client, 0..100_000, "batch-1").await.expect("inserted");
    insert(&client, 0..100_000, "batch-1")
        .await
        .expect("repeat is accepted");
    assert_eq!(number(&client, "SELECT count() FROM events").await, 100_000);
    insert(&client, 100_000..100_010, "batch-2")
        .await
        .expect("inserted");
    assert_eq!(number(&client, "SELECT count() FROM events").await, 100_010);

    let rows: Vec<Event> = client
        .query("SELECT ?fields FROM events WHERE id IN ({ids:Array(UInt64)}) ORDER BY id")
        .param("ids", vec![5_u64, 99_999, 100_003])
        .fetch_all()
        .await
        .expect("selected");
    assert_eq!(rows, [event(5), event(99_999), event(100_003)]);
}

#[tokio::test]
async fn one_insert_is_one_block_whatever_its_size_and_pieces() {
    let engine = start().await;
    let client = engine.handle.client();
    execute(
        &client,
        "CREATE TABLE blocks (id UInt64) ENGINE = MergeTree ORDER BY id",
    )
    .await;
    let mut native = client.insert_native("blocks");
    for part in 0..30_u64 {
        let mut block = BlockBuilder::new();
        block
            .upsert_column::<u64>("id")
            .expect("column")
            .add_all((0..50_000).map(|row| part * 50_000 + row))
            .expect("added");
        native
            .write(&block.build().expect("block"))
            .await
            .expect("written");
    }
    native.end().await.expect("inserted");
    assert_eq!(number(&client, "SELECT count() FROM blocks").await, 1_500_000);
    assert_eq!(
        number(&client, "SELECT count() FROM system.parts WHERE table = 'blocks'").await,
        1
    );
}

#[tokio::test]
async fn a_large_body_goes_through_in_bounded_memory() {
    let engine = start().await;
    let client = engine.handle.client();
    execute(
        &client,
        "CREATE TABLE bodies (id UInt64, text String) ENGINE = MergeTree ORDER BY id",
    )
    .await;
    let mut insert = client.insert_formatted_with("INSERT INTO bodies FORMAT RowBinary");
    let mut buffer = Vec::with_capacity(1 << 20);
    for id in 0..200_u64 {
        // a million-byte string: its length as a varint of three bytes
        buffer.clear();
        buffer.extend_from_slice(&id.to_le_bytes());
        buffer.extend_from_slice(&[0xc0, 0x84, 0x3d]);
        buffer.resize(buffer.len() + 1_000_000, b'x');
        insert.send(buffer.clone().into()).await.expect("sent");
    }
    insert.end().await.expect("inserted");
    assert_eq!(
        number(&client, "SELECT sum(length(text)) FROM bodies").await,
        200_000_000
    );
}

#[tokio::test]
async fn the_kinds_of_tables_the_schema_uses_work() {
    let engine = start().await;
    let client = engine.handle.client();
    execute(
        &client,
        "CREATE TABLE views (env UInt32, start DateTime, id String,
            plays SimpleAggregateFunction(max, UInt64),
            first SimpleAggregateFunction(min, DateTime64(3)),
            title SimpleAggregateFunction(max, Tuple(UInt32, String)),
            seg_from SimpleAggregateFunction(minMap, Map(UInt32, UInt32)),
            seg_to SimpleAggregateFunction(maxMap, Map(UInt32, UInt32)),
            stalls SimpleAggregateFunction(groupUniqArrayArray, Array(UInt32)))
         ENGINE = AggregatingMergeTree PARTITION BY toDate(start) ORDER BY (env, start, id)
         TTL start + INTERVAL 90 DAY SETTINGS ttl_only_drop_parts = 1",
    )
    .await;
    #[derive(Row, Serialize, Deserialize, Debug, PartialEq)]
    struct View {
        env: u32,
        start: u32,
        id: String,
        plays: u64,
        first: i64,
        title: (u32, String),
        seg_from: Vec<(u32, u32)>,
        seg_to: Vec<(u32, u32)>,
        stalls: Vec<u32>,
    }
    let start = 1_790_000_000 + 86_400 * 30;
    let patch = |plays, first, title: (u32, &str), from, to, stalls| View {
        env: 1,
        start,
        id: "v".into(),
        plays,
        first,
        title: (title.0, title.1.into()),
        seg_from: vec![(1, from)],
        seg_to: vec![(1, to)],
        stalls,
    };
    for (token, view) in [
        ("a", patch(3, 5_000, (2, "late"), 100, 900, vec![7])),
        ("b", patch(9, 4_000, (1, "zzz early"), 50, 400, vec![3, 7])),
        ("c", patch(4, 6_000, (3, "final"), 70, 1_000, vec![])),
    ] {
        let mut insert = client
            .insert::<View>("views")
            .await
            .expect("insert")
            .with_setting("log_comment", token);
        insert.write(&view).await.expect("written");
        insert.end().await.expect("inserted");
    }
    let merged: View = client
        .query("SELECT ?fields FROM (SELECT * REPLACE (arraySort(stalls) AS stalls) FROM views FINAL)")
        .fetch_one()
        .await
        .expect("merged");
    assert_eq!(merged, patch(9, 4_000, (3, "final"), 50, 1_000, vec![3, 7]));

    execute(
        &client,
        "CREATE TABLE replaced (id UInt64, v UInt64) ENGINE = ReplacingMergeTree(v) ORDER BY id",
    )
    .await;
    execute(&client, "INSERT INTO replaced VALUES (1, 1), (2, 1)").await;
    execute(&client, "INSERT INTO replaced VALUES (1, 2)").await;
    assert_eq!(number(&client, "SELECT sum(v) FROM replaced FINAL").await, 3);
    execute(
        &client,
        "ALTER TABLE replaced DELETE WHERE id = 2 SETTINGS mutations_sync = 1",
    )
    .await;
    assert_eq!(number(&client, "SELECT count() FROM replaced FINAL").await, 1);
}

#[tokio::test]
async fn acknowledged_rows_are_synced_to_the_disk() {
    let engine = start().await;
    let client = engine.handle.client();
    execute(&client, EVENTS).await;
    let synced = "SELECT sum(value) FROM system.events WHERE event IN ('FileSync', 'DirectorySync')";
    let before = number(&client, synced).await;
    insert(&client, 0..10, "t").await.expect("inserted");
    assert!(number(&client, synced).await > before);
}

#[tokio::test]
async fn errors_are_clickhouses_own() {
    let engine = start().await;
    let client = engine.handle.client();
    execute(&client, EVENTS).await;
    let error = client
        .query("SELECT * FROM nowhere")
        .execute()
        .await
        .expect_err("no such table")
        .to_string();
    assert!(
        error.contains("Code: 60. DB::Exception") && error.contains("UNKNOWN_TABLE"),
        "{error}"
    );

    let http = reqwest::Client::new();
    let post = |sql: &'static str, query: &'static str| {
        http.post(format!("{}/?{query}", engine.handle.url()))
            .header("X-ClickHouse-User", engine.handle.user())
            .header("X-ClickHouse-Key", engine.handle.password())
            .body(sql)
            .send()
    };
    for (sql, query, status, code) in [
        ("SELECT * FROM nowhere", "", 404, "60"),
        ("SELEC 1", "", 400, "62"),
        ("SELECT 1; SELECT 2", "", 400, "62"),
        ("SELECT 1", "no_such_setting=1", 404, "115"),
        ("SELECT 1", "database=nowhere", 404, "81"),
        ("SELECT throwIf(1)", "", 500, "395"),
        (
            "{\"id\":1}{\"id\":\"x\"}",
            "query=INSERT+INTO+events+FORMAT+JSONEachRow",
            400,
            "27",
        ),
        ("x", "query=INSERT+INTO+nowhere+FORMAT+CSV", 404, "60"),
        ("SELECT * FROM file('/etc/passwd')", "", 403, "497"),
        ("SELECT 1 INTO OUTFILE '/tmp/playhead-outfile'", "", 403, "497"),
        (
            "SELECT * FROM url('http://127.0.0.1:1/', 'LineAsString')",
            "",
            403,
            "497",
        ),
        (
            "SELECT * FROM s3('http://127.0.0.1:1/bucket/key', 'LineAsString')",
            "",
            403,
            "497",
        ),
        ("SELECT * FROM remote('127.0.0.1:1', system.one)", "", 403, "497"),
        ("CREATE TABLE f (a UInt8) ENGINE = File(CSV)", "", 403, "497"),
    ] {
        let answer = post(sql, query).await.expect("answered");
        let header = answer.headers().get("x-clickhouse-exception-code").cloned();
        let got = (
            answer.status().as_u16(),
            header
                .as_ref()
                .and_then(|code| code.to_str().ok())
                .map(str::to_owned),
        );
        let body = answer.text().await.expect("body");
        assert_eq!(got, (status, Some(code.to_owned())), "{sql}: {body}");
        assert!(
            body.starts_with(&format!("Code: {code}. DB::Exception: ")),
            "{sql}: {body}"
        );
    }
    assert_eq!(number(&client, "SELECT count() FROM events").await, 0);

    let answer = post("SELECT 1 AS x FORMAT JSONEachRow", "query_id=mine")
        .await
        .expect("answered");
    assert_eq!(answer.headers()["x-clickhouse-query-id"], "mine");
    assert_eq!(answer.headers()["x-clickhouse-format"], "JSONEachRow");
    assert_eq!(answer.text().await.expect("body"), "{\"x\":1}\n");
}

#[tokio::test]
async fn only_the_password_opens_it() {
    let engine = start().await;
    for client in [
        engine.handle.client().with_password("guess"),
        engine.handle.client().with_user("default"),
        Client::default().with_url(engine.handle.url()),
    ] {
        let error = client
            .query("SELECT 1")
            .execute()
            .await
            .expect_err("refused")
            .to_string();
        assert!(error.contains("AUTHENTICATION_FAILED"), "{error}");
    }
    let basic = reqwest::Client::new()
        .post(engine.handle.url())
        .basic_auth(engine.handle.user(), Some(engine.handle.password()))
        .body("SELECT 7")
        .send()
        .await
        .expect("answered");
    assert_eq!(basic.text().await.expect("body"), "7\n");
}

#[tokio::test]
async fn a_long_question_keeps_nobody_waiting_and_stops_with_its_client() {
    let engine = start().await;
    let client = engine.handle.client();
    execute(&client, EVENTS).await;
    let endless = "SELECT count() FROM numbers(1000000000000) WHERE cityHash64(number) = 1";
    let slow = {
        let client = client.clone();
        tokio::spawn(async move { client.query(endless).fetch_one::<u64>().await })
    };
    let running = "SELECT count() FROM system.processes WHERE query LIKE '%cityHash64(number)%'
        AND query NOT LIKE '%system.processes%'";
    wait_for(&client, running, 1).await;
    let started = Instant::now();
    insert(&client, 0..100, "t").await.expect("inserted");
    assert_eq!(number(&client, "SELECT count() FROM events").await, 100);
    assert!(
        started.elapsed() < Duration::from_secs(5),
        "took {:?}",
        started.elapsed()
    );
    slow.abort();
    wait_for(&client, running, 0).await;
}

async fn wait_for(client: &Client, sql: &str, wanted: u64) {
    let started = Instant::now();
    while number(client, sql).await != wanted {
        assert!(
            started.elapsed() < Duration::from_secs(10),
            "{sql} is not {wanted}"
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn settings_are_for_one_statement_unless_there_is_a_session() {
    let engine = start().await;
    let client = engine.handle.client();
    let threads = "SELECT toUInt64(getSetting('max_block_size'))";
    let default = number(&client, threads).await;
    let with = client.clone().with_setting("max_block_size", "4321");
    assert_eq!(number(&with, threads).await, 4321);
    execute(&client, "SET max_block_size = 1234").await;
    execute(&client, "CREATE TEMPORARY TABLE scratch (a UInt8)").await;
    for _ in 0..20 {
        assert_eq!(number(&client, threads).await, default);
    }
    assert!(client.query("SELECT * FROM scratch").execute().await.is_err());

    let session = client.clone().with_setting("session_id", "s");
    execute(&session, "SET max_block_size = 1234").await;
    execute(&session, "CREATE TEMPORARY TABLE scratch (a UInt8)").await;
    execute(&session, "INSERT INTO scratch VALUES (5)").await;
    assert_eq!(number(&session, threads).await, 1234);
    assert_eq!(
        number(&session.clone().with_setting("max_block_size", "99"), threads).await,
        99
    );
    assert_eq!(
        number(&session, threads).await,
        1234,
        "a URL's settings do not stay in the session"
    );
    assert_eq!(number(&session, "SELECT toUInt64(sum(a)) FROM scratch").await, 5);
    assert_eq!(
        number(&client.clone().with_setting("session_id", "other"), threads).await,
        default
    );
}

#[tokio::test]
async fn large_answers_stream_and_show_where_they_fail() {
    let engine = start().await;
    let client = engine.handle.client();
    let mut rows = client
        .query("SELECT number, toString(number) FROM numbers(3000000)")
        .fetch::<(u64, String)>()
        .expect("query");
    let mut seen = 0_u64;
    while let Some((number, text)) = rows.next().await.expect("row") {
        assert!(number.to_string() == text && number == seen);
        seen += 1;
    }
    assert_eq!(seen, 3_000_000);

    let mut failing = client
        .query("SELECT number + throwIf(number = 2500000) FROM numbers(3000000) SETTINGS max_threads = 1")
        .fetch::<u64>()
        .expect("query");
    let error = loop {
        match failing.next().await {
            Ok(Some(_)) => {}
            Ok(None) => panic!("the end came instead of the error"),
            Err(error) => break error.to_string(),
        }
    };
    assert!(error.contains("Code: 395"), "{error}");

    let raw = reqwest::Client::new()
        .post(engine.handle.url())
        .basic_auth(engine.handle.user(), Some(engine.handle.password()))
        .body("SELECT throwIf(number = 2500000) FROM numbers(3000000)")
        .send()
        .await
        .expect("starts well");
    assert!(
        raw.bytes().await.is_err(),
        "a client that knows no exception block sees a cut body"
    );
}

#[tokio::test]
async fn an_insert_cut_half_way_leaves_nothing() {
    let engine = start().await;
    let client = engine.handle.client();
    execute(&client, EVENTS).await;
    let mut cut = client.insert::<Event>("events").await.expect("insert");
    for id in 0..200_000 {
        cut.write(&event(id)).await.expect("written");
    }
    drop(cut);
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(number(&client, "SELECT count() FROM events").await, 0);
    wait_for(
        &client,
        "SELECT count() FROM system.processes WHERE query_kind = 'Insert'",
        0,
    )
    .await;
}

#[tokio::test]
async fn compressed_inserts_and_inline_rows_work_too() {
    let engine = start().await;
    let client = engine
        .handle
        .client()
        .with_compression(clickhouse::Compression::Lz4);
    execute(&client, EVENTS).await;
    insert(&client, 0..50_000, "lz4").await.expect("inserted");
    assert_eq!(number(&client, "SELECT count() FROM events").await, 50_000);
    execute(
        &client,
        "INSERT INTO events (id, name) VALUES (1000000, 'a;b'), (1000001, 'it''s')",
    )
    .await;
    execute(
        &client,
        "INSERT INTO events (id, name) FORMAT JSONEachRow\n{\"id\": 1000002, \"name\": \"x\"}",
    )
    .await;
    assert_eq!(
        number(&client, "SELECT count() FROM events WHERE id >= 1000000").await,
        3
    );
}

/// Kills the child while inserts go on, several times: what was acknowledged is there, a batch that was not
/// is sent again under its token and counted once, and the address stays.
#[tokio::test]
async fn a_killed_engine_comes_back_with_everything_acknowledged() {
    let engine = start().await;
    let client = engine.handle.client();
    execute(&client, EVENTS).await;
    let url = engine.handle.url();
    let writer = {
        let client = client.clone();
        tokio::spawn(async move {
            let mut retries = 0;
            for batch in 0..60_u64 {
                let ids = || batch * 2_000..(batch + 1) * 2_000;
                while let Err(error) = insert(&client, ids(), &format!("batch-{batch}")).await {
                    retries += 1;
                    assert!(retries < 200, "never comes back: {error}");
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
            }
            retries
        })
    };
    for _ in 0..4 {
        tokio::time::sleep(Duration::from_millis(700)).await;
        if let Some(pid) = engine.handle.pid() {
            kill(pid);
        }
    }
    let retries = writer.await.expect("the writer ends well");
    engine.handle.ready(READY).await.expect("ready again");
    assert_eq!(engine.handle.url(), url);
    assert!(
        engine.handle.restarts() >= 1,
        "restarted {}",
        engine.handle.restarts()
    );
    let ids: Vec<u64> = client
        .query("SELECT id FROM events")
        .fetch_all()
        .await
        .expect("selected");
    let distinct: BTreeSet<u64> = ids.iter().copied().collect();
    println!("restarts {}, retried inserts {retries}", engine.handle.restarts());
    assert_eq!((ids.len(), distinct.len()), (120_000, 120_000));
}

fn kill(pid: u32) {
    std::process::Command::new("kill")
        .args(["-9", &pid.to_string()])
        .status()
        .expect("kill runs");
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
    assert!(
        started.elapsed() < Duration::from_secs(14),
        "took {:?}",
        started.elapsed()
    );
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
        .args([
            "--exact",
            "embedded_engine::parent_that_will_be_killed",
            "--nocapture",
        ])
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
    assert!(
        !alive(child),
        "the orphan is gone before the successor opens its data"
    );
    assert_eq!(
        number(&handle.client(), "SELECT count() FROM events").await,
        1_000
    );
    assert_eq!(
        handle.restarts(),
        0,
        "the successor waits for the data instead of failing"
    );
}

#[tokio::test]
async fn a_missing_library_says_what_to_do() {
    let data = tempfile::tempdir().expect("temp dir");
    let mut settings = settings(&data);
    settings.library = Some(data.path().join("libchdb.so"));
    let error = EmbeddedClickHouse::start(settings)
        .err()
        .expect("not there")
        .to_string();
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
        Err(StartError::NotReady {
            last_end: Some(end), ..
        }) => assert!(end.contains("exit status: 1"), "{end}"),
        other => panic!("{other:?}"),
    }
    assert!(handle.stop().await);
}

/// What a batch and a look-up cost; printed, not asserted, because it depends on the machine.
#[tokio::test]
async fn figures() {
    let data = tempfile::tempdir().expect("temp dir");
    let started = Instant::now();
    let handle = EmbeddedClickHouse::start(settings(&data)).expect("starts");
    handle.ready(READY).await.expect("ready");
    println!("start to ready: {:?}", started.elapsed());
    let client = handle.client();
    execute(&client, EVENTS).await;
    let mut best = BTreeMap::new();
    for round in 0..5_u64 {
        let begun = Instant::now();
        insert(
            &client,
            round * 100_000..(round + 1) * 100_000,
            &format!("row-{round}"),
        )
        .await
        .expect("inserted");
        note(&mut best, "100,000 rows RowBinary", begun);
        let begun = Instant::now();
        native(&client, round).await;
        note(&mut best, "100,000 rows Native", begun);
    }
    for id in 0..200_u64 {
        let begun = Instant::now();
        let found: Event = client
            .query("SELECT ?fields FROM events WHERE id = ? LIMIT 1")
            .bind(id * 7)
            .fetch_one()
            .await
            .expect("row");
        assert_eq!(found.id, id * 7);
        note(&mut best, "point select", begun);
    }
    for (what, mut times) in best {
        times.sort();
        println!("{what}: best {:?}, median {:?}", times[0], times[times.len() / 2]);
    }
}

fn note(times: &mut BTreeMap<&'static str, Vec<Duration>>, what: &'static str, begun: Instant) {
    times.entry(what).or_default().push(begun.elapsed());
}

async fn native(client: &Client, round: u64) {
    let ids = || (1_000_000 + round * 100_000..).take(100_000);
    let mut block = BlockBuilder::new();
    block
        .upsert_column::<u64>("id")
        .expect("column")
        .add_all(ids())
        .expect("added");
    let names: Vec<String> = (0..17).map(|name| format!("event-{name}")).collect();
    let named = ids().map(|id| names[(id % 17) as usize].as_str());
    block
        .upsert_column::<&str>("name")
        .expect("column")
        .add_all(named)
        .expect("added");
    block
        .upsert_column::<u32>("playhead_ms")
        .expect("column")
        .add_all(ids().map(|id| id as u32))
        .expect("added");
    block
        .upsert_column::<f64>("bitrate")
        .expect("column")
        .add_all(ids().map(|id| id as f64))
        .expect("added");
    let notes = ids().map(|id| (id % 5 == 0).then_some("a note"));
    block
        .upsert_column::<Option<&str>>("note")
        .expect("column")
        .add_all(notes)
        .expect("added");
    let mut insert = client
        .insert_native("events")
        .with_setting("insert_deduplication_token", format!("native-{round}"));
    insert
        .write(&block.build().expect("block"))
        .await
        .expect("written");
    insert.end().await.expect("inserted");
}
