//! Live state: reads the log's tail beside the processor, so that it goes on while ClickHouse is down.
//!
//! After a restart the tail begins some minutes back (the position is kept in a small file), which rebuilds the open
//! views from their last beacons. The same is done for an environment in which a record has caused a panic, less that record.

mod bounds;
mod counts;
mod heat;
pub mod monitor;
pub mod resume;
mod seen;
pub mod shares;
pub mod standing;
pub mod state;
pub mod window;

use std::{
    collections::HashMap,
    ops::Range,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use parking_lot::Mutex;
use tokio::sync::watch;

pub use self::heat::BUCKET_MS;
use self::{resume::Resume, state::Environment};
use crate::{
    clock::Clock,
    event::Record,
    log::{EventLog, LogError, Position, StoredRecord, TailFrom},
    panics::caught,
    telemetry::{Metric, gauge},
};

/// How often time passes for silent views and charts.
const TICK: Duration = Duration::from_secs(1);
/// Beacons that arrived longer ago are history: the longest chart of live is an hour.
const HISTORY_MS: i64 = 3_600_000;
/// What arrived less long ago is the present.
const CURRENT_MS: i64 = 2_000;
/// Wait before the tail is opened again after an error.
const REOPEN: Duration = Duration::from_secs(1);

/// The live state of all environments, shared between the feed and the questions asked of it.
#[derive(Debug, Default)]
pub struct Live {
    environments: Mutex<HashMap<String, Environment>>,
    changed: watch::Sender<u64>,
    /// The log was read up to what had arrived by then, Unix ms.
    current_to_ms: AtomicI64,
    /// And for the first time to its end then, Unix ms; 0: not yet.
    followed_from_ms: AtomicI64,
}

impl Live {
    /// Looks at one environment; an unknown one is empty.
    pub fn read<T>(&self, environment: &str, look: impl FnOnce(&Environment) -> T) -> T {
        let environments = self.environments.lock();
        match environments.get(environment) {
            Some(environment) => look(environment),
            None => look(&Environment::default()),
        }
    }

    /// Wakes whenever something changed.
    pub fn subscribe(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    /// How far live is behind what has arrived, ms: the age of the newest record read, or of the last look that found
    /// nothing more to read.
    pub fn data_age_ms(&self, now_ms: i64) -> i64 {
        match self.current_to_ms.load(Ordering::Relaxed) {
            0 => 0,
            current_to_ms => (now_ms - current_to_ms).max(0),
        }
    }

    /// The log was read to its end at `now_ms`.
    pub fn caught_up(&self, now_ms: i64) {
        self.current_to_ms.fetch_max(now_ms, Ordering::Relaxed);
        let _ = self.followed_from_ms.compare_exchange(0, now_ms, Ordering::Relaxed, Ordering::Relaxed);
    }

    /// The seconds of which all that arrived has been read: whoever has no point in one of them had no viewer, and it is not
    /// that nothing is known.
    pub fn followed_s(&self) -> Range<i64> {
        match self.followed_from_ms.load(Ordering::Relaxed) {
            0 => 0..0,
            from_ms => from_ms / 1000 + 1..self.current_to_ms.load(Ordering::Relaxed) / 1000,
        }
    }

    /// Takes in records of one partition; history is nobody's present. The places among them of those over which our own code
    /// panics come back: their environments are empty and have to be built anew.
    pub fn learn<'a>(&self, records: impl Iterator<Item = &'a Record<'a>>, now_ms: i64) -> Vec<usize> {
        let mut environments = self.environments.lock();
        let mut panicked = Vec::new();
        for (place, record) in records.enumerate() {
            if now_ms - record.received_ms >= HISTORY_MS {
                continue;
            }
            let environment = match environments.get_mut(&*record.environment) {
                Some(environment) => environment,
                None => environments.entry(record.environment.to_string()).or_default(),
            };
            if caught(|| environment.learn(record)).is_err() {
                environments.remove(&*record.environment);
                panicked.push(place);
            }
            self.current_to_ms.fetch_max(record.received_ms, Ordering::Relaxed);
        }
        drop(environments);
        self.changed.send_modify(|version| *version += 1);
        panicked
    }

    /// Lets time pass.
    pub fn tick(&self, now_ms: i64) {
        let mut environments = self.environments.lock();
        // One that cannot bear it begins anew with what comes next.
        environments.retain(|_, environment| caught(|| environment.tick(now_ms)).is_ok());
        Environment::share_room(environments.values_mut());
        gauge(Metric::LiveViews, environments.values().map(|e| e.views.len()).sum::<usize>() as f64);
        drop(environments);
        self.changed.send_modify(|version| *version += 1);
    }
}

/// Follows the log and feeds [`Live`] until the task is dropped.
pub async fn follow(log: Arc<dyn EventLog>, live: Arc<Live>, clock: Clock, mut resume: Resume) {
    loop {
        if let Err(error) = follow_once(&*log, &live, &clock, &mut resume).await {
            tracing::warn!(%error, "the live tail broke off; opening it again");
            tokio::time::sleep(REOPEN).await;
        }
    }
}

async fn follow_once(
    log: &dyn EventLog,
    live: &Live,
    clock: &Clock,
    resume: &mut Resume,
) -> Result<(), LogError> {
    let mut tail = log.tail(TailFrom(resume.positions())).await?;
    let mut next_tick = tokio::time::Instant::now() + TICK;
    loop {
        let wait = next_tick.saturating_duration_since(tokio::time::Instant::now());
        match tail.next(wait).await {
            Ok(Some((partition, records))) => {
                let read = decode(partition, &records, resume);
                let panicked = live.learn(read.iter().map(|(_, record)| record), clock.now_ms());
                if let (Some(first), Some(last)) = (records.first(), records.last()) {
                    resume.begin(partition, first.offset, clock.now_ms());
                    resume.mark(partition, last.offset + 1, clock.now_ms());
                }
                panicked.into_iter().for_each(|place| resume.leave_out(read[place].0));
            }
            Ok(None) => {
                live.caught_up(clock.now_ms());
                resume.survived().await;
            }
            // The processor quarantines it; live only steps over.
            Err(LogError::Corrupt { position, .. }) => {
                resume.mark(position.partition, position.offset + 1, clock.now_ms());
                return Ok(());
            }
            Err(error) => return Err(error),
        }
        if tokio::time::Instant::now() >= next_tick {
            live.tick(clock.now_ms());
            // There may always be more to read, and never nothing.
            if (1..CURRENT_MS).contains(&live.data_age_ms(clock.now_ms())) {
                resume.survived().await;
            }
            resume.save(clock.now_ms()).await;
            if resume.rewind(clock.now_ms()) {
                tracing::warn!("live is read again from some minutes back, without what has caused a panic");
                return Ok(());
            }
            next_tick = tokio::time::Instant::now() + TICK;
        }
    }
}

fn decode<'a>(partition: u32, records: &'a [StoredRecord], resume: &Resume) -> Vec<(Position, Record<'a>)> {
    let read = records.iter().filter_map(|stored| {
        let position = Position { partition, offset: stored.offset };
        let record = Record::from_bytes(&stored.payload).ok()?;
        (!resume.leaves_out(position)).then_some((position, record))
    });
    read.collect()
}
