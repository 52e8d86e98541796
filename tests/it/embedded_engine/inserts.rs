//! Rows going in: once, whole or not at all, and onto the disk.

use std::collections::BTreeMap;
use std::time::Duration;

use clickhouse::native::DataTypeNode;
use clickhouse::native::builder::BlockBuilder;
use clickhouse::native::encode::{Encode, ValueWriter};

use super::{EVENTS, Event, event, execute, insert, number, start, wait_for};

#[tokio::test]
async fn rows_go_in_once_and_come_back_as_they_were() {
    let engine = start().await;
    let client = engine.handle.client();
    execute(&client, EVENTS).await;
    insert(&client, 0..100_000, "batch-1").await.expect("inserted");
    insert(&client, 0..100_000, "batch-1").await.expect("repeat is accepted");
    assert_eq!(number(&client, "SELECT count() FROM events").await, 100_000);
    insert(&client, 100_000..100_010, "batch-2").await.expect("inserted");
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
    execute(&client, "CREATE TABLE blocks (id UInt64) ENGINE = MergeTree ORDER BY id").await;
    let mut native = client.insert_native("blocks");
    for part in 0..30_u64 {
        let mut block = BlockBuilder::new();
        block
            .upsert_column::<u64>("id")
            .expect("column")
            .add_all((0..50_000).map(|row| part * 50_000 + row))
            .expect("added");
        native.write(&block.build().expect("block")).await.expect("written");
    }
    native.end().await.expect("inserted");
    assert_eq!(number(&client, "SELECT count() FROM blocks").await, 1_500_000);
    assert_eq!(number(&client, "SELECT count() FROM system.parts WHERE table = 'blocks'").await, 1);
}

#[tokio::test]
async fn a_body_of_200_megabytes_goes_through() {
    let engine = start().await;
    let client = engine.handle.client();
    execute(&client, "CREATE TABLE bodies (id UInt64, text String) ENGINE = MergeTree ORDER BY id").await;
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
    assert_eq!(number(&client, "SELECT sum(length(text)) FROM bodies").await, 200_000_000);
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
async fn a_merged_part_has_no_statistics_beside_its_rows() {
    let engine = start().await;
    let client = engine.handle.client();
    execute(&client, EVENTS).await;
    insert(&client, 0..10, "a").await.expect("inserted");
    insert(&client, 10..20, "b").await.expect("inserted");
    execute(&client, "OPTIMIZE TABLE events FINAL").await;
    let part = "SELECT path FROM system.parts WHERE active AND table = 'events'";
    let part = client.query(part).fetch_one::<String>().await.expect("one part");
    let files = std::fs::read_dir(part).expect("its files").map(|file| file.expect("a file").file_name());
    let files: Vec<_> = files.map(|name| name.to_string_lossy().into_owned()).collect();
    assert!(files.iter().any(|name| name.starts_with("data")), "{files:?}");
    assert!(!files.iter().any(|name| name.starts_with("statistics")), "{files:?}");
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
    wait_for(&client, "SELECT count() FROM system.processes WHERE query_kind = 'Insert'", 0).await;
}

#[tokio::test]
async fn compressed_inserts_and_inline_rows_work_too() {
    let engine = start().await;
    let client = engine.handle.client().with_compression(clickhouse::Compression::Lz4);
    execute(&client, EVENTS).await;
    insert(&client, 0..50_000, "lz4").await.expect("inserted");
    assert_eq!(number(&client, "SELECT count() FROM events").await, 50_000);
    execute(&client, "INSERT INTO events (id, name) VALUES (1000000, 'a;b'), (1000001, 'it''s')").await;
    execute(&client, "INSERT INTO events (id, name) FORMAT JSONEachRow\n{\"id\": 1000002, \"name\": \"x\"}")
        .await;
    assert_eq!(number(&client, "SELECT count() FROM events WHERE id >= 1000000").await, 3);
}

/// A `DateTime64(3)` for the client's column blocks, which know no such Rust type.
struct Millis(i64);

impl Encode for Millis {
    fn produces() -> DataTypeNode {
        DataTypeNode::new("DateTime64(3)").expect("a type")
    }

    fn encode(&self, writer: &mut ValueWriter<'_>) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        Ok(writer.write_fixed(&self.0.to_le_bytes())?)
    }
}

/// The blocks' types are not quite the table's: the engine converts plain integers to dates and times, and
/// plain values to what LowCardinality and SimpleAggregateFunction wrap.
#[tokio::test]
async fn column_blocks_fit_the_columns_of_the_schema() {
    let engine = start().await;
    let client = engine.handle.client();
    execute(
        &client,
        "CREATE TABLE columns (day Date, at DateTime, at_ms DateTime64(3), name LowCardinality(String),
            id UUID, title SimpleAggregateFunction(max, Tuple(UInt32, String)),
            spans SimpleAggregateFunction(maxMap, Map(UInt32, UInt32)),
            seen SimpleAggregateFunction(groupUniqArrayArray, Array(UInt32)),
            first SimpleAggregateFunction(min, Nullable(UInt64)))
         ENGINE = AggregatingMergeTree ORDER BY at SETTINGS allow_dimensions_outside_sorting_key = 1",
    )
    .await;
    let mut block = BlockBuilder::new();
    let id = uuid::Uuid::from_u128(0x0198_c5b2_7d11_7abc_8def_0123_4567_89ab);
    block.upsert_column::<u16>("day").expect("column").add(20_000).expect("added");
    block.upsert_column::<u32>("at").expect("column").add(1_790_000_000).expect("added");
    block.upsert_column::<Millis>("at_ms").expect("column").add(Millis(1_790_000_000_123)).expect("added");
    block.upsert_column::<&str>("name").expect("column").add("low").expect("added");
    block.upsert_column::<uuid::Uuid>("id").expect("column").add(id).expect("added");
    block.upsert_column::<(u32, &str)>("title").expect("column").add((7, "a title")).expect("added");
    let spans = BTreeMap::from([(1_u32, 5_u32), (2, 9)]);
    block.upsert_column::<BTreeMap<u32, u32>>("spans").expect("column").add(spans).expect("added");
    block.upsert_column::<Vec<u32>>("seen").expect("column").add(vec![3]).expect("added");
    block.upsert_column::<Option<u64>>("first").expect("column").add(None).expect("added");
    let mut native = client.insert_native("columns");
    native.write(&block.build().expect("block")).await.expect("written");
    native.end().await.expect("inserted");
    let row: String = client
        .query(
            "SELECT toString(tuple(day, at, at_ms, name, id, title, spans, seen, first)) FROM columns FINAL",
        )
        .fetch_one()
        .await
        .expect("selected");
    assert_eq!(
        row,
        "('2024-10-04','2026-09-21 14:13:20','2026-09-21 14:13:20.123','low',\
         '0198c5b2-7d11-7abc-8def-0123456789ab',(7,'a title'),{1:5,2:9},[3],NULL)"
    );
}
