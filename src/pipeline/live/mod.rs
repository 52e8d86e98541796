//! Live state: reads the log's tail beside the processor, so that it goes on while ClickHouse is down.
//!
//! After a restart the tail begins some minutes back (the position is kept in a small file), which rebuilds the open
//! views from their last beacons. The same is done for an environment in which a record has caused a panic, less that record.

pub mod bounds;
mod counts;
mod heat;
pub mod monitor;
pub mod resume;
mod seen;
pub mod shares;
pub mod standing;
pub mod state;
pub mod wary;
pub mod window;

use std::{
    ops::Range,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use foldhash::HashMap;
use parking_lot::Mutex;
use tokio::sync::watch;

pub use self::heat::BUCKET_MS;
use self::{bounds::Room, resume::Resume, state::Environment, wary::Wary};
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
/// Clocks differ by less. A beacon from further ahead was stamped by a wrong one.
const AHEAD_MS: i64 = 30_000;
/// Records in memory at a time, each some kilobytes: their pages are in the cache and need not be cleared for the next ones.
const AT_A_TIME: usize = 32;
/// Wait before the tail is opened again after an error.
const REOPEN: Duration = Duration::from_secs(1);

/// The live state of all environments, shared between the feed and the questions asked of it.
#[derive(Debug, Default)]
pub struct Live {
    environments: Mutex<HashMap<String, Environment>>,
    room: Room,
    changed: watch::Sender<u64>,
    /// The log was read up to what had arrived by then, Unix ms.
    current_to_ms: AtomicI64,
    /// And for the first time to its end then, Unix ms; 0: not yet.
    followed_from_ms: AtomicI64,
    ticked_ms: AtomicI64,
}

impl Live {
    /// With so much room for views.
    pub fn with_room(room: Room) -> Self {
        Self { room, ..Self::default() }
    }

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
                None => environments
                    .entry(record.environment.to_string())
                    .or_insert_with(|| Environment::with_room(self.room)),
            };
            let is_ahead = record.received_ms - now_ms > AHEAD_MS;
            // It would make all others look silent until then.
            let corrected = is_ahead.then(|| Record { received_ms: now_ms, ..record.clone() });
            let record = corrected.as_ref().unwrap_or(record);
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

    /// Lets time pass. If the clock was set back, what is known belongs to a time that is still to come: it is forgotten, and
    /// the last minutes have to be read again.
    pub fn tick(&self, now_ms: i64) -> bool {
        let mut environments = self.environments.lock();
        let back_ms = self.ticked_ms.swap(now_ms, Ordering::Relaxed) - now_ms;
        let was_set_back = back_ms > AHEAD_MS;
        if was_set_back {
            tracing::warn!(back_ms, "the clock was set back; live begins anew");
            environments.values_mut().for_each(|environment| environment.begin_anew(now_ms));
            self.current_to_ms.store(now_ms, Ordering::Relaxed);
            self.followed_from_ms.store(now_ms, Ordering::Relaxed);
        }
        // One that cannot bear it begins anew with what comes next.
        environments.retain(|_, environment| caught(|| environment.tick(now_ms)).is_ok());
        Environment::share_room(self.room, environments.values_mut());
        gauge(Metric::LiveViews, environments.values().map(|e| e.views.len()).sum::<usize>() as f64);
        drop(environments);
        self.changed.send_modify(|version| *version += 1);
        was_set_back
    }
}

/// Follows the log and feeds [`Live`].
pub struct Feed {
    pub live: Arc<Live>,
    pub clock: Clock,
    pub resume: Resume,
    pub wary: Wary,
}

impl Feed {
    /// Until the task is dropped.
    pub async fn follow(mut self, log: Arc<dyn EventLog>) {
        loop {
            if let Err(error) = self.follow_once(&*log).await {
                tracing::warn!(%error, "the live tail broke off; opening it again");
                tokio::time::sleep(REOPEN).await;
            }
        }
    }

    async fn follow_once(&mut self, log: &dyn EventLog) -> Result<(), LogError> {
        self.wary.forget();
        let mut tail = log.tail(TailFrom(self.resume.positions())).await?;
        let mut next_tick = tokio::time::Instant::now() + TICK;
        loop {
            let wait = next_tick.saturating_duration_since(tokio::time::Instant::now());
            match tail.next(wait).await {
                Ok(Some((partition, mut records))) => {
                    records.retain(|stored| {
                        !self.resume.leaves_out(Position { partition, offset: stored.offset })
                    });
                    if !self.wary.keep(partition, &mut records) {
                        self.read(partition, &records).await;
                    } else if self.wary.is_full() {
                        self.read_what_waits().await;
                    }
                }
                Ok(None) => {
                    self.read_what_waits().await;
                    self.wary.caught_up();
                    self.live.caught_up(self.clock.now_ms());
                    self.resume.survived().await;
                }
                // The processor quarantines it; live only steps over.
                Err(LogError::Corrupt { position, .. }) => {
                    self.read_what_waits().await;
                    self.resume.mark(position.partition, position.offset + 1, self.clock.now_ms());
                    return Ok(());
                }
                Err(error) => return Err(error),
            }
            if tokio::time::Instant::now() >= next_tick {
                self.read_what_waits().await;
                if self.tick().await {
                    return Ok(());
                }
                next_tick = tokio::time::Instant::now() + TICK;
            }
        }
    }

    /// Lets time pass; whether the log has to be read again from some minutes back.
    async fn tick(&mut self) -> bool {
        let now_ms = self.clock.now_ms();
        if self.live.tick(now_ms) {
            self.resume.begin_again(now_ms);
            return true;
        }
        // There may always be more to read, and never nothing.
        if (1..CURRENT_MS).contains(&self.live.data_age_ms(now_ms)) {
            self.resume.survived().await;
        }
        self.resume.save(now_ms).await;
        let has_to = self.resume.rewind(now_ms);
        if has_to {
            tracing::warn!("live is read again from some minutes back, without what has caused a panic");
        }
        has_to
    }

    async fn read_what_waits(&mut self) {
        let (waiting, deadly) = self.wary.tried().await;
        if !deadly.is_empty() {
            self.resume.shun(deadly).await;
        }
        for (partition, records) in waiting {
            self.read(partition, &records).await;
        }
    }

    async fn read(&mut self, partition: u32, records: &[StoredRecord]) {
        self.wary.note(partition, records).await;
        let mut panicked = Vec::new();
        for records in records.chunks(AT_A_TIME) {
            let read = decode(partition, records);
            let places = self.live.learn(read.iter().map(|(_, record)| record), self.clock.now_ms());
            panicked.extend(places.into_iter().map(|place| read[place].0));
        }
        if let (Some(first), Some(last)) = (records.first(), records.last()) {
            let now_ms = self.clock.now_ms();
            self.resume.begin(partition, first.offset, now_ms);
            self.resume.mark(partition, last.offset + 1, now_ms);
        }
        panicked.into_iter().for_each(|position| self.resume.leave_out(position));
    }
}

fn decode(partition: u32, records: &[StoredRecord]) -> Vec<(Position, Record<'_>)> {
    let read = records.iter().filter_map(|stored| {
        let position = Position { partition, offset: stored.offset };
        Some((position, Record::from_bytes(&stored.payload).ok()?))
    });
    read.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Event, Kind};

    const NOW_MS: i64 = 1_800_000_000_000;
    const HOUR_MS: i64 = 3_600_000;

    fn hear(live: &Live, view_id: &'static str, received_ms: i64, now_ms: i64) {
        let event = Event { sequence: 1, kind: Kind::Playing as i32, ..Event::default() };
        let environment = "e".into();
        let record = Record {
            environment,
            view_id: view_id.into(),
            received_ms,
            events: vec![event],
            ..Record::default()
        };
        assert!(live.learn([&record].into_iter(), now_ms).is_empty());
    }

    fn viewers(live: &Live) -> usize {
        live.read("e", |environment| {
            environment.views.values().filter(|view| view.standing.is_viewer()).count()
        })
    }

    #[test]
    fn who_was_stamped_by_a_clock_that_is_ahead_makes_nobody_else_look_silent() {
        let live = Live::default();
        hear(&live, "here", NOW_MS, NOW_MS);
        hear(&live, "ahead", NOW_MS + HOUR_MS, NOW_MS);
        live.tick(NOW_MS + 1_000);
        assert_eq!((viewers(&live), live.data_age_ms(NOW_MS + 1_000)), (2, 1_000));
        live.tick(NOW_MS + 60_000);
        assert_eq!(viewers(&live), 0, "both are silent");
    }

    #[test]
    fn after_the_clock_was_set_back_views_are_shown_as_before() {
        let live = Live::default();
        hear(&live, "before", NOW_MS + HOUR_MS, NOW_MS + HOUR_MS);
        live.tick(NOW_MS + HOUR_MS);
        live.caught_up(NOW_MS + HOUR_MS);
        assert!(live.tick(NOW_MS));
        // Read again, and new.
        hear(&live, "before", NOW_MS + HOUR_MS, NOW_MS + 100);
        hear(&live, "new", NOW_MS + 100, NOW_MS + 100);
        assert!(!live.tick(NOW_MS + 3_000));
        assert_eq!((viewers(&live), live.data_age_ms(NOW_MS + 3_000)), (2, 2_900));
        // A second back is nothing.
        assert!(!live.tick(NOW_MS + 2_000));
        assert_eq!(viewers(&live), 2);
    }
}
