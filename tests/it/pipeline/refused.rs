//! Rows that ClickHouse refuses for good: they cost themselves, not their neighbours, and each has one fate.

use playhead::event::{Event, Kind};

use super::*;

const CURSED: &str = "cursed";

/// A record of a view with custom events of these names, counted from 1.
fn record(view_id: &str, names: &[&str]) -> Record<'static> {
    let event = |(index, name): (usize, &&str)| Event {
        sequence: index as u64 + 1,
        t_ms: index as i64,
        kind: Kind::Other.into(),
        name: (*name).to_owned().into(),
        ..Event::default()
    };
    Record {
        environment: "e".into(),
        view_id: view_id.to_owned().into(),
        received_ms: chrono::Utc::now().timestamp_millis(),
        events: names.iter().enumerate().map(event).collect(),
        ..Record::default()
    }
}

async fn append(bench: &Bench, records: &[Record<'_>]) -> Vec<Position> {
    bench.append(records.iter().map(|record| (record.key(), record.to_bytes())).collect()).await
}

async fn execute(store: &Store, statement: &str) {
    store.client.query(statement).execute().await.unwrap_or_else(|error| panic!("{statement}: {error}"));
}

/// View and event names as analysts see them.
async fn stored(store: &Store) -> Vec<(String, String)> {
    let select = "SELECT view_id, event FROM events ORDER BY view_id, sequence";
    store.client.query(select).fetch_all().await.unwrap()
}

fn rows(of: &[(&str, &str)]) -> Vec<(String, String)> {
    of.iter().map(|(view, event)| ((*view).to_owned(), (*event).to_owned())).collect()
}

async fn quarantined(log: &Arc<dyn EventLog>) -> Vec<(Position, playhead::log::quarantine::Quarantined)> {
    Quarantine::new(Arc::clone(log)).newest(100).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_event_costs_itself_and_comes_back_when_its_time_has_come() {
    let bench = Bench::start().await;
    execute(&bench.store, "ALTER TABLE event_rows ADD CONSTRAINT no_curse CHECK event != 'cursed'").await;
    let mut records: Vec<Record<'static>> =
        (0..40).map(|i| record(&format!("good-{i:02}"), &["a", "b"])).collect();
    records.insert(17, record("hit", &["before", CURSED, "after"]));
    let positions = append(&bench, &records).await;
    bench.settled(&positions).await;

    let expected = stored(&bench.store).await;
    assert_eq!(expected.len(), 82);
    assert_eq!(expected[80..], rows(&[("hit", "before"), ("hit", "after")]));
    let kept = quarantined(&bench.quarantine).await;
    assert_eq!(kept.len(), 1);
    assert_eq!(kept[0].1.position, positions[17]);
    assert!(kept[0].1.reason.contains("no_curse"), "{}", kept[0].1.reason);
    let payload = Record::from_bytes(kept[0].1.payload.as_ref().unwrap()).unwrap();
    assert_eq!(payload.events, [records[17].events[1].clone()]);

    // Nothing is left of the search, and the partition goes on.
    let twins: u64 = bench
        .store
        .client
        .query("SELECT count() FROM system.tables WHERE name LIKE '%probe%'")
        .fetch_one()
        .await
        .unwrap();
    assert_eq!(twins, 0);
    bench.settled(&append(&bench, &[record("later", &["a"])]).await).await;

    execute(&bench.store, "ALTER TABLE event_rows DROP CONSTRAINT no_curse").await;
    let quarantine = Quarantine::new(Arc::clone(&bench.quarantine));
    for _ in 0..2 {
        let again = quarantine.replay(&kept[0].1, payload.key(), &*bench.log).await.unwrap();
        bench.settled(&[again]).await;
    }
    assert_eq!(
        stored(&bench.store).await[80..83],
        rows(&[("hit", "before"), ("hit", CURSED), ("hit", "after")])
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_view_takes_its_own_records_along_and_no_others() {
    let bench = Bench::start().await;
    execute(&bench.store, "ALTER TABLE view_states ADD CONSTRAINT no_long CHECK last_sequence < 3").await;
    let records = [
        record("good", &["a"]),
        record("long", &["a", "b"]),
        record("long", &["a", "b", "c", "d"]),
        record("other", &["a"]),
    ];
    let positions = append(&bench, &records).await;
    bench.settled(&positions).await;
    let expected = rows(&[("good", "a"), ("long", "a"), ("long", "b"), ("other", "a")]);
    assert_eq!(stored(&bench.store).await, expected);
    let kept = quarantined(&bench.quarantine).await;
    assert_eq!(kept.iter().map(|(_, entry)| entry.position).collect::<Vec<_>>(), [positions[2]]);
    assert_eq!(shown(&bench.store).await.len(), 3);
}

/// The crash comes when the good rows are in and the bad one is not yet in quarantine; the cause is gone afterwards.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_left_out_stays_out_after_a_crash() {
    let mut bench = Bench::start().await;
    execute(&bench.store, "ALTER TABLE event_rows ADD CONSTRAINT no_curse CHECK event != 'cursed'").await;
    bench.quarantine.close().await;
    let positions = append(&bench, &[record("good", &["a"]), record("hit", &[CURSED, "b"])]).await;
    let begun = std::time::Instant::now();
    while stored(&bench.store).await.len() < 2 {
        assert!(begun.elapsed() < PATIENCE, "the good rows are not in");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    execute(&bench.store, "ALTER TABLE event_rows DROP CONSTRAINT no_curse").await;
    let dir = bench._data.path().join("second-quarantine");
    bench.quarantine =
        log::open(&LogSettings::Embedded(SegmentSettings::new(dir, &[pipeline::GROUP]))).await.unwrap();
    bench.restart_processor().await;
    bench.settled(&positions).await;
    assert_eq!(stored(&bench.store).await, rows(&[("good", "a"), ("hit", "b")]));
    assert_eq!(quarantined(&bench.quarantine).await.len(), 1);
}

/// A schema that is wrong is no reason to empty the log into quarantine.
#[tokio::test(flavor = "multi_thread")]
async fn a_table_that_refuses_everything_is_waited_for() {
    let bench = Bench::start().await;
    execute(&bench.store, "ALTER TABLE event_rows ADD CONSTRAINT nothing CHECK sequence = 0").await;
    let records: Vec<Record<'static>> = (0..400).map(|i| record(&format!("{i}"), &["a"])).collect();
    let positions = append(&bench, &records).await;
    assert!(!bench.progress.wait(&positions, Duration::from_secs(3)).await);
    assert_eq!(quarantined(&bench.quarantine).await.len(), 0);
    execute(&bench.store, "ALTER TABLE event_rows DROP CONSTRAINT nothing").await;
    bench.settled(&positions).await;
    assert_eq!(stored(&bench.store).await.len(), 400);
}
