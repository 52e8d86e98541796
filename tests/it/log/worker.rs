//! A small processor that follows the intent protocol, for tests that crash it.
//!
//! It stands for what the real one does with ClickHouse: decide a batch, commit the intent, insert under a token that
//! names the batch, commit that it is done. The store drops a batch whose token it has, as ClickHouse does.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use playhead::log::{AppendError, ConsumerEvent, EventLog, LogConsumer, LogError, Position};

use tokio::{task::JoinHandle, time::sleep};

use super::support::{record, text};

/// Where batches end up.
#[derive(Default)]
pub struct Store {
    batches: Mutex<HashMap<String, Vec<(Position, String)>>>,
    repeated: Mutex<usize>,
}

impl Store {
    fn insert(&self, token: String, rows: Vec<(Position, String)>) {
        match self.batches.lock().unwrap().entry(token) {
            std::collections::hash_map::Entry::Occupied(there) => {
                assert_eq!(*there.get(), rows, "a batch was rebuilt differently: {}", there.key());
                *self.repeated.lock().unwrap() += 1;
            }
            std::collections::hash_map::Entry::Vacant(place) => {
                place.insert(rows);
            }
        }
    }

    pub fn len(&self) -> usize {
        self.batches.lock().unwrap().values().map(Vec::len).sum()
    }

    pub fn repeated(&self) -> usize {
        *self.repeated.lock().unwrap()
    }

    /// All rows; a position that was inserted twice is a failure.
    pub fn rows(&self) -> BTreeMap<Position, String> {
        let mut rows = BTreeMap::new();
        for (token, batch) in &*self.batches.lock().unwrap() {
            for (position, text) in batch {
                assert!(
                    rows.insert(*position, text.clone()).is_none(),
                    "{position} is in two batches, one is {token}"
                );
            }
        }
        rows
    }
}

/// How a life of the worker went on.
#[derive(Debug, PartialEq, Eq)]
pub enum End {
    Stopped,
    Crashed,
}

struct Part {
    /// The next offset to commit.
    done: u64,
    /// The last offset of an intended batch.
    intended: Option<u64>,
    rows: Vec<String>,
}

pub struct Worker<'a> {
    pub store: &'a Store,
    pub stop: &'a AtomicBool,
    /// How likely it is to crash at each step.
    pub crashes: f64,
    parts: BTreeMap<u32, Part>,
    pub fenced: usize,
}

struct Crash;

impl<'a> Worker<'a> {
    pub fn new(store: &'a Store, stop: &'a AtomicBool, crashes: f64) -> Self {
        Self { store, stop, crashes, parts: BTreeMap::new(), fenced: 0 }
    }

    /// One life: until it is stopped, or crashes.
    pub async fn run(&mut self, log: &dyn EventLog, group: &str) -> End {
        self.parts.clear();
        let mut consumer = log.consumer(group).await.unwrap();
        while !self.stop.load(Ordering::Acquire) {
            match consumer.next(Duration::from_millis(50)).await {
                Ok(event) => self.take(event),
                Err(LogError::Unavailable(_)) => continue,
                Err(error) => panic!("{error}"),
            }
            let ready: Vec<u32> = self.parts.keys().copied().collect();
            for partition in ready {
                if self.batch(&mut *consumer, partition).await.is_err() {
                    return End::Crashed;
                }
            }
        }
        End::Stopped
    }

    fn take(&mut self, event: ConsumerEvent) {
        match event {
            ConsumerEvent::Assigned(assignments) => {
                for assigned in assignments {
                    let intended = assigned.intent.map(|intent| {
                        let (from, to) = intent.split_once('-').unwrap();
                        assert_eq!(from.parse(), Ok(assigned.offset));
                        to.parse().unwrap()
                    });
                    self.parts.insert(
                        assigned.partition,
                        Part { done: assigned.offset, intended, rows: Vec::new() },
                    );
                }
            }
            ConsumerEvent::Revoked(partitions) => {
                self.parts.retain(|partition, _| !partitions.contains(partition))
            }
            ConsumerEvent::Records { partition, records } => {
                // After a refused commit records may still come until the partition is assigned again.
                let Some(part) = self.parts.get_mut(&partition) else {
                    return;
                };
                assert_eq!(
                    records[0].offset,
                    part.done + part.rows.len() as u64,
                    "partition {partition} jumps"
                );
                part.rows.extend(records.iter().map(text));
            }
            ConsumerEvent::Idle => {}
        }
    }

    async fn batch(&mut self, consumer: &mut dyn LogConsumer, partition: u32) -> Result<(), Crash> {
        let part = &self.parts[&partition];
        let from = part.done;
        let to = match part.intended {
            Some(to) if from + part.rows.len() as u64 > to => to,
            None if !part.rows.is_empty() => from + part.rows.len().min(40) as u64 - 1,
            _ => return Ok(()),
        };
        if part.intended.is_none()
            && !self.commit(consumer, partition, from, Some(&format!("{from}-{to}"))).await?
        {
            return Ok(());
        }
        let rows = self.parts[&partition].rows[..=(to - from) as usize].to_vec();
        let places = (from..).map(|offset| Position { partition, offset });
        self.store.insert(format!("{partition}:{from}-{to}"), places.zip(rows).collect());
        if self.commit(consumer, partition, to + 1, None).await? {
            let part = self.parts.get_mut(&partition).unwrap();
            part.rows.drain(..=(to - from) as usize);
            (part.done, part.intended) = (to + 1, None);
        }
        Ok(())
    }

    /// Whether the partition is still ours; if not, everything about it is dropped.
    async fn commit(
        &mut self,
        consumer: &mut dyn LogConsumer,
        partition: u32,
        offset: u64,
        intent: Option<&str>,
    ) -> Result<bool, Crash> {
        self.maybe_crash()?;
        loop {
            match consumer.commit(partition, offset, intent).await {
                Ok(()) => break,
                Err(LogError::Fenced { .. }) => {
                    self.fenced += 1;
                    self.parts.remove(&partition);
                    return Ok(false);
                }
                Err(LogError::Unavailable(_)) => sleep(Duration::from_millis(50)).await,
                Err(error) => panic!("{error}"),
            }
        }
        self.maybe_crash()?;
        Ok(true)
    }

    fn maybe_crash(&self) -> Result<(), Crash> {
        if rand::random_bool(self.crashes) { Err(Crash) } else { Ok(()) }
    }
}

/// Appends numbered records until told to stop; gives back what was acknowledged, by position.
async fn keep_appending(
    log: Arc<dyn EventLog>,
    writer: usize,
    stop: Arc<AtomicBool>,
) -> Vec<(Position, String)> {
    let mut acknowledged = Vec::new();
    for i in 0.. {
        if stop.load(Ordering::Acquire) {
            break;
        }
        // A refused record is not sent again, so whatever is in the log twice was doubled by the log.
        let text = format!("{writer}-{i}");
        match log.append(vec![record(&format!("{writer}-{}", i % 5), text.clone())]).await {
            Ok(positions) => acknowledged.push((positions[0], text)),
            Err(AppendError::Unavailable(_)) => sleep(Duration::from_millis(20)).await,
            Err(error) => panic!("{error}"),
        }
        sleep(Duration::from_millis(1)).await;
    }
    acknowledged
}

pub type Writing = (Arc<AtomicBool>, Vec<JoinHandle<Vec<(Position, String)>>>);

/// Sets `count` writers off.
pub fn start_writers(log: &Arc<dyn EventLog>, count: usize) -> Writing {
    let stop = Arc::new(AtomicBool::new(false));
    let writers = (0..count)
        .map(|writer| tokio::spawn(keep_appending(Arc::clone(log), writer, Arc::clone(&stop))))
        .collect();
    (stop, writers)
}

/// Stops them; everything that was acknowledged to them, by position.
pub async fn stop_writers((stop, writers): Writing) -> BTreeMap<Position, String> {
    stop.store(true, Ordering::Release);
    let mut acknowledged = BTreeMap::new();
    for writer in writers {
        for (position, text) in writer.await.unwrap() {
            assert!(acknowledged.insert(position, text).is_none(), "{position} was given twice");
        }
    }
    acknowledged
}
