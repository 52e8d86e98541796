//! The embedded log against a model of it: any order of appends, commits, reopenings and torn ends.

use std::fs::File;

use playhead::log::{EventLog, LogError, segment::SegmentLog};
use proptest::prelude::*;
use tempfile::TempDir;

use super::{append, read_around, segments, small};

#[derive(Debug, Clone)]
enum Step {
    /// Records of these sizes, in one call.
    Append(Vec<usize>),
    /// Group `process` is done with this share of the log, with an intent or without.
    Commit(f64, bool),
    Reopen,
    /// Closed, and this many bytes were half written behind the end when the power went.
    Torn(Vec<u8>),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => prop::collection::vec(0..3000_usize, 1..6).prop_map(Step::Append),
        2 => (0.0..=1.0, any::<bool>()).prop_map(|(share, intent)| Step::Commit(share, intent)),
        1 => Just(Step::Reopen),
        1 => prop::collection::vec(any::<u8>(), 1..60).prop_map(Step::Torn),
    ]
}

/// What the log should hold.
#[derive(Default)]
struct Model {
    records: Vec<String>,
    committed: u64,
    intent: Option<String>,
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    #[test]
    fn behaves_like_a_list_with_a_bookmark(steps in prop::collection::vec(step(), 1..25)) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        runtime.block_on(run(steps));
    }
}

async fn run(steps: Vec<Step>) {
    let dir = tempfile::tempdir().unwrap();
    let mut model = Model::default();
    let mut log = SegmentLog::open(small(dir.path())).unwrap();
    for step in steps {
        match step {
            Step::Append(sizes) => {
                for size in sizes {
                    let text = format!("{:x>size$}", model.records.len());
                    assert_eq!(append(&log, text.clone()).await.unwrap(), model.records.len() as u64);
                    model.records.push(text);
                }
            }
            Step::Commit(share, with_intent) => {
                let end = model.records.len() as u64;
                let offset = model.committed + ((end - model.committed) as f64 * share) as u64;
                let intent = with_intent.then(|| format!("{offset}-{end}"));
                let mut consumer = log.consumer("process").await.unwrap();
                consumer.next(std::time::Duration::ZERO).await.unwrap();
                consumer.commit(0, offset, intent.as_deref()).await.unwrap();
                (model.committed, model.intent) = (offset, intent);
            }
            Step::Reopen => log = reopen(log, &dir, &[]).await,
            Step::Torn(garbage) => log = reopen(log, &dir, &garbage).await,
        }
        check(&log, &model).await;
    }
}

async fn reopen(log: SegmentLog, dir: &TempDir, garbage: &[u8]) -> SegmentLog {
    use std::io::Write;
    log.close().await;
    drop(log);
    let last = segments(dir.path()).pop().unwrap();
    File::options().append(true).open(last).unwrap().write_all(garbage).unwrap();
    SegmentLog::open(small(dir.path())).unwrap()
}

async fn check(log: &SegmentLog, model: &Model) {
    assert_eq!(log.end().await.unwrap()[&0], model.records.len() as u64);
    assert_eq!(log.committed("process").await.unwrap()[&0], model.committed);
    let mut consumer = log.consumer("process").await.unwrap();
    let left = model.records.len() as u64 - model.committed;
    let mut assigned = None;
    if let Ok(playhead::log::ConsumerEvent::Assigned(mut assignments)) =
        consumer.next(std::time::Duration::ZERO).await
    {
        assigned = assignments.pop();
    }
    let assigned = assigned.expect("a lone consumer is assigned at once");
    assert_eq!((assigned.offset, assigned.intent), (model.committed, model.intent.clone()));
    let (seen, corrupt) = read_around(&mut *consumer, left).await;
    assert!(corrupt.is_empty());
    for (position, text) in seen.records {
        assert_eq!(text, model.records[position.offset as usize]);
    }
    assert!(!matches!(
        consumer.commit(0, model.committed, model.intent.as_deref()).await,
        Err(LogError::Fenced { .. })
    ));
}
