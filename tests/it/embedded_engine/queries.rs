//! Questions: what comes back, what is refused, and that one does not disturb another.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use clickhouse::{Client, Row};
use serde::{Deserialize, Serialize};

use super::{EVENTS, execute, insert, number, start, wait_for};

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
        seg_to: BTreeMap<u32, u32>,
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
        seg_to: BTreeMap::from([(1, to)]),
        stalls,
    };
    for (token, view) in [
        ("a", patch(3, 5_000, (2, "late"), 100, 900, vec![7])),
        ("b", patch(9, 4_000, (1, "zzz early"), 50, 400, vec![3, 7])),
        ("c", patch(4, 6_000, (3, "final"), 70, 1_000, vec![])),
    ] {
        let mut insert =
            client.insert::<View>("views").await.expect("insert").with_setting("log_comment", token);
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
    execute(&client, "ALTER TABLE replaced DELETE WHERE id = 2 SETTINGS mutations_sync = 1").await;
    assert_eq!(number(&client, "SELECT count() FROM replaced FINAL").await, 1);
}

#[tokio::test]
async fn errors_are_clickhouses_own() {
    let engine = start().await;
    let client = engine.handle.client();
    execute(&client, EVENTS).await;
    let error = client.query("SELECT * FROM nowhere").execute().await.expect_err("no such table").to_string();
    assert!(error.contains("Code: 60. DB::Exception") && error.contains("UNKNOWN_TABLE"), "{error}");

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
        ("{\"id\":1}{\"id\":\"x\"}", "query=INSERT+INTO+events+FORMAT+JSONEachRow", 400, "27"),
        ("x", "query=INSERT+INTO+nowhere+FORMAT+CSV", 404, "60"),
        ("SELECT * FROM file('/etc/passwd')", "", 403, "497"),
        ("SELECT 1 INTO OUTFILE '/tmp/playhead-outfile'", "", 403, "497"),
        ("SELECT * FROM url('http://127.0.0.1:1/', 'LineAsString')", "", 403, "497"),
        ("SELECT * FROM s3('http://127.0.0.1:1/bucket/key', 'LineAsString')", "", 403, "497"),
        ("SELECT * FROM remote('127.0.0.1:1', system.one)", "", 403, "497"),
        ("CREATE TABLE f (a UInt8) ENGINE = File(CSV)", "", 403, "497"),
    ] {
        let answer = post(sql, query).await.expect("answered");
        let header = answer.headers().get("x-clickhouse-exception-code").cloned();
        let got = (
            answer.status().as_u16(),
            header.as_ref().and_then(|code| code.to_str().ok()).map(str::to_owned),
        );
        let body = answer.text().await.expect("body");
        assert_eq!(got, (status, Some(code.to_owned())), "{sql}: {body}");
        assert!(body.starts_with(&format!("Code: {code}. DB::Exception: ")), "{sql}: {body}");
    }
    assert_eq!(number(&client, "SELECT count() FROM events").await, 0);

    let answer = post("SELECT 1 AS x FORMAT JSONEachRow", "query_id=mine").await.expect("answered");
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
        let error = client.query("SELECT 1").execute().await.expect_err("refused").to_string();
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
    assert!(started.elapsed() < Duration::from_secs(5), "took {:?}", started.elapsed());
    slow.abort();
    wait_for(&client, running, 0).await;
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
    assert_eq!(number(&session.clone().with_setting("max_block_size", "99"), threads).await, 99);
    assert_eq!(number(&session, threads).await, 1234, "a URL's settings do not stay in the session");
    assert_eq!(number(&session, "SELECT toUInt64(sum(a)) FROM scratch").await, 5);
    assert_eq!(number(&client.clone().with_setting("session_id", "other"), threads).await, default);
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
    assert!(raw.bytes().await.is_err(), "a client that knows no exception block sees a cut body");
}

/// The engine writes each streamed piece as a document of its own; joined they must be the one document that
/// an answer as a whole is.
#[tokio::test]
async fn streamed_answers_are_the_same_as_whole_ones() {
    let engine = start().await;
    let ask = async |format: &str, query: &str| {
        let sql = format!(
            "SELECT number AS n, concat('a\\n', toString(n)) AS `s\\n`, [n] AS l FROM numbers(150000) FORMAT {format}"
        );
        reqwest::Client::new()
            .post(format!("{}/?{query}", engine.handle.url()))
            .basic_auth(engine.handle.user(), Some(engine.handle.password()))
            .body(sql)
            .send()
            .await
            .expect("answered")
            .bytes()
            .await
            .expect("complete")
    };
    for format in [
        "TSV",
        "TSVRaw",
        "TSVWithNames",
        "TSVWithNamesAndTypes",
        "CSV",
        "CSVWithNames",
        "JSONEachRow",
        "JSONCompactEachRow",
        "JSONCompactEachRowWithNames",
        "RowBinary",
        "RowBinaryWithNamesAndTypes",
        "Native",
        "Values",
    ] {
        let (streamed, whole) = (ask(format, "").await, ask(format, "wait_end_of_query=1").await);
        assert!(whole.len() > 1_000_000, "{format}: {}", String::from_utf8_lossy(&whole));
        assert!(streamed == whole, "{format}: {} bytes streamed, {} as a whole", streamed.len(), whole.len());
    }
}

#[tokio::test]
async fn the_second_piece_of_an_answer_does_not_wait_for_the_first_to_be_acknowledged() {
    let engine = start().await;
    let http = reqwest::Client::new();
    let mut waits = Vec::new();
    for _ in 0..21 {
        let request = http
            .post(format!("{}/?default_format=RowBinary&max_block_size=1", engine.handle.url()))
            .header("X-ClickHouse-User", engine.handle.user())
            .header("X-ClickHouse-Key", engine.handle.password())
            .body("SELECT number + sleepEachRow(0.002) FROM numbers(3)");
        let mut answer = request.send().await.expect("an answer");
        let first = answer.chunk().await.expect("a piece").expect("not the last");
        let begun = Instant::now();
        let rest = answer.bytes().await.expect("the rest");
        waits.push(begun.elapsed());
        assert_eq!((first.len(), rest.len()), (8, 16), "in pieces");
    }
    // A kernel that waits with its acknowledgement does so for 40 ms.
    waits.sort_unstable();
    assert!(waits[10] < Duration::from_millis(20), "{waits:?}");
}

#[tokio::test]
async fn questions_cannot_take_the_places_of_inserts() {
    let engine = start().await;
    let client = engine.handle.client();
    execute(&client, EVENTS).await;
    let endless =
        "SELECT count() FROM numbers(1000000000000) WHERE cityHash64(number) = 1 SETTINGS max_threads = 1";
    let questions: Vec<_> = (0..40)
        .map(|_| {
            let client = client.clone();
            tokio::spawn(async move { client.query(endless).execute().await })
        })
        .collect();
    tokio::time::sleep(Duration::from_millis(500)).await;
    // Without validation there is no DESCRIBE TABLE, which would be one more question in the queue.
    let started = Instant::now();
    insert(&client.clone().with_validation(false), 0..1_000, "t").await.expect("inserted");
    println!("an insert beside 40 endless questions took {:?}", started.elapsed());
    for question in questions {
        question.abort();
    }
    wait_for(&client, "SELECT count() FROM events", 1_000).await;
}

#[tokio::test]
async fn a_statement_too_large_for_the_memory_fails_alone() {
    let engine = start().await;
    let client = engine.handle.client();
    let pid = engine.handle.pid();
    let error = client
        .query("SELECT length(groupArray(toString(number))) FROM numbers(1000000000)")
        .fetch_one::<u64>()
        .await
        .expect_err("too large")
        .to_string();
    assert!(error.contains("MEMORY_LIMIT_EXCEEDED"), "{error}");
    assert_eq!(number(&client, "SELECT toUInt64(1)").await, 1);
    assert_eq!((engine.handle.pid(), engine.handle.restarts()), (pid, 0));
}
