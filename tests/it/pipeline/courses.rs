//! Views whose client does not count, on their way through the processor: whatever order, repetition and batches their
//! beacons come in, and however often the processor forgets, they are shown as what follows from all of them.

use std::collections::BTreeMap;

use playhead::{
    event::{Record, View},
    pipeline::timelines,
    store::{
        rows::{ViewRow, view_block},
        writer::Table,
    },
};
use proptest::{
    prelude::*,
    strategy::ValueTree,
    test_runner::{RngSeed, TestRunner},
};
use tempfile::TempDir;

use super::Bench;
use crate::{
    support::store::migrated,
    timeline::{
        Shown, any_events, lagging, reckoned, record, renditions, renditions_of, shown, stalls, stalls_of,
    },
};

const VIEWS: usize = 60;
/// Processors that follow each other, with what each gets to read.
const PROCESSORS: usize = 4;

/// The beacons of all views: cut anywhere, some of them twice, in any order.
fn beacons(runner: &mut TestRunner) -> Vec<Record<'static>> {
    let received_ms = chrono::Utc::now().timestamp_millis();
    let mut beacons = Vec::new();
    for number in 0..VIEWS {
        let events = any_events().new_tree(runner).unwrap().current();
        let length = prop_oneof![Just(1_usize), 1_usize..9].new_tree(runner).unwrap().current();
        for events in events.chunks(length) {
            let beacon = record(&format!("{number:05}"), received_ms, events.to_vec());
            let times = prop_oneof![4 => Just(1), 1 => Just(2)].new_tree(runner).unwrap().current();
            beacons.extend(std::iter::repeat_n(beacon, times));
        }
    }
    Just(beacons).prop_shuffle().new_tree(runner).unwrap().current()
}

fn expected<T>(beacons: &[Record], of_view: fn(&View) -> T) -> Vec<T> {
    let mut views = BTreeMap::<&str, View>::new();
    for beacon in beacons {
        views.entry(&beacon.view_id).or_default().merge(&View::of(beacon));
    }
    views.values().map(of_view).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn however_a_course_comes_in_it_is_shown_whole() {
    let config = ProptestConfig { rng_seed: RngSeed::Fixed(4), ..ProptestConfig::default() };
    let beacons = beacons(&mut TestRunner::new(config));
    let mut bench = Bench::start().await;
    for part in beacons.chunks(beacons.len() / PROCESSORS + 1) {
        let mut positions = Vec::new();
        // More than one batch for each processor, so that it has something to remember.
        for batch in part.chunks(part.len() / 2 + 1) {
            positions =
                bench.append(batch.iter().map(|beacon| (beacon.key(), beacon.to_bytes())).collect()).await;
            bench.settled(&positions).await;
        }
        bench.restart_processor().await;
        // Read from the last committed batch on, as after a crash.
        bench.settled(&positions).await;
    }
    assert_eq!(shown(&bench.store).await, expected(&beacons, Shown::of));
    assert_eq!(reckoned(&bench.store).await, expected(&beacons, Shown::of));
    assert_eq!(renditions(&bench.store).await, expected(&beacons, renditions_of));
    assert_eq!(stalls(&bench.store).await, expected(&beacons, stalls_of));
    assert_eq!(lagging(&bench.store).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_earlier_version_wrote_is_caught_up_with() {
    let data = TempDir::new().unwrap();
    let (_engine, store) = migrated(&data).await;
    let beacons = beacons(&mut TestRunner::deterministic());
    let now_ms = chrono::Utc::now().timestamp_millis();
    // Pieces, and no course with any of them.
    let rows = beacons.iter().map(|beacon| ViewRow {
        environment: &beacon.environment,
        view_start_ms: now_ms,
        view_id: &beacon.view_id,
        view: View::of(beacon),
        course: None,
    });
    let block = view_block(&rows.collect::<Vec<_>>());
    store.insert(Table::ViewStates, &block, "once").await.unwrap();
    assert_eq!(lagging(&store).await, VIEWS as u64);

    for _ in 0..2 {
        timelines::catch_up(&store).await.unwrap();
        assert_eq!(lagging(&store).await, 0);
        assert_eq!(shown(&store).await, expected(&beacons, Shown::of));
    }
}
