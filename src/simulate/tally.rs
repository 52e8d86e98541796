//! What a run counted, and its summary.

use std::{
    fmt,
    time::{Duration, Instant},
};

use parking_lot::Mutex;

/// Counts of a run.
#[derive(Debug)]
pub struct Tally {
    started: Instant,
    counts: Mutex<Counts>,
}

#[derive(Debug, Default, Clone)]
struct Counts {
    views: u64,
    events_made: u64,
    events_dropped: u64,
    events_unsent: u64,
    retried: u64,
    refused: u64,
    lost_answers: u64,
    /// How long each accepted request took, µs.
    latencies_us: Vec<u32>,
}

impl Default for Tally {
    fn default() -> Self {
        Self { started: Instant::now(), counts: Mutex::default() }
    }
}

impl Tally {
    /// A view was over, with so many events, of which some were never acknowledged.
    pub fn view(&self, made: usize, unsent: usize) {
        let mut counts = self.counts.lock();
        counts.views += 1;
        counts.events_made += made as u64;
        counts.events_unsent += unsent as u64;
    }

    /// A request was answered with 2xx.
    pub fn accepted(&self, took: Duration) {
        self.counts.lock().latencies_us.push(u32::try_from(took.as_micros()).unwrap_or(u32::MAX));
    }

    /// A request has to be sent again.
    pub fn retried(&self) {
        self.counts.lock().retried += 1;
    }

    /// An answer arrived and was taken as lost, as happens on bad networks.
    pub fn lost_answer(&self) {
        self.counts.lock().lost_answers += 1;
    }

    /// A request was refused for good, or some events of an accepted one.
    pub fn refused(&self, events: usize) {
        let mut counts = self.counts.lock();
        counts.refused += 1;
        counts.events_dropped += events as u64;
    }

    /// The end of the run.
    pub fn summary(&self, acknowledged: u64) -> Summary {
        let mut counts = self.counts.lock().clone();
        counts.latencies_us.sort_unstable();
        Summary { counts, acknowledged, took: self.started.elapsed() }
    }
}

/// A run in numbers.
pub struct Summary {
    counts: Counts,
    acknowledged: u64,
    took: Duration,
}

impl Summary {
    fn latency_ms(&self, share: f64) -> f64 {
        let sorted = &self.counts.latencies_us;
        let rank = ((sorted.len() as f64 * share).ceil() as usize).clamp(1, sorted.len().max(1));
        sorted.get(rank - 1).map_or(0.0, |us| f64::from(*us) / 1000.0)
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (counts, seconds) = (&self.counts, self.took.as_secs_f64());
        let requests = counts.latencies_us.len();
        writeln!(f, "views     {} in {seconds:.1} s", counts.views)?;
        writeln!(
            f,
            "events    {} acknowledged of {} made ({} died with their page or were given up, {} refused)",
            self.acknowledged, counts.events_made, counts.events_unsent, counts.events_dropped
        )?;
        writeln!(
            f,
            "requests  {requests} accepted, {} retried, {} refused, {} sent again for an answer that got lost",
            counts.retried, counts.refused, counts.lost_answers
        )?;
        writeln!(
            f,
            "rate      {:.1} events/s, {:.1} requests/s",
            self.acknowledged as f64 / seconds,
            requests as f64 / seconds
        )?;
        write!(f, "answer    p50 {:.1} ms, p99 {:.1} ms", self.latency_ms(0.5), self.latency_ms(0.99))
    }
}
