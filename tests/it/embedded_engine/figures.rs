//! What a batch and a look-up cost; printed with `--nocapture`, not asserted, because machines differ.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use clickhouse::Client;
use clickhouse::native::builder::BlockBuilder;
use playhead::store::embedded::EmbeddedClickHouse;

use super::{EVENTS, Event, READY, execute, insert, settings};

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
        insert(&client, round * 100_000..(round + 1) * 100_000, &format!("row-{round}"))
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
    block.upsert_column::<u64>("id").expect("column").add_all(ids()).expect("added");
    let names: Vec<String> = (0..17).map(|name| format!("event-{name}")).collect();
    let named = ids().map(|id| names[(id % 17) as usize].as_str());
    block.upsert_column::<&str>("name").expect("column").add_all(named).expect("added");
    block
        .upsert_column::<u32>("playhead_ms")
        .expect("column")
        .add_all(ids().map(|id| id as u32))
        .expect("added");
    block.upsert_column::<f64>("bitrate").expect("column").add_all(ids().map(|id| id as f64)).expect("added");
    let notes = ids().map(|id| (id.is_multiple_of(5)).then_some("a note"));
    block.upsert_column::<Option<&str>>("note").expect("column").add_all(notes).expect("added");
    let mut insert =
        client.insert_native("events").with_setting("insert_deduplication_token", format!("native-{round}"));
    insert.write(&block.build().expect("block")).await.expect("written");
    insert.end().await.expect("inserted");
}
