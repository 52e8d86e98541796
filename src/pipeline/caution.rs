//! How long nothing is read here that another process has not borne before: since something ended one over what it read.
//! Whoever sends such a record is likely to send it again.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use parking_lot::Mutex;

/// After the last such record. It costs a second reading of everything, and a child a second.
const LASTS: Duration = Duration::from_hours(1);
/// While it is found out whether the last process ended over what live was reading.
const IN_DOUBT: Duration = Duration::from_secs(10);

/// Shared by all that read the log in this process. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Caution(Arc<Mutex<Until>>);

#[derive(Debug, Default)]
struct Until {
    found: Option<Instant>,
    doubted: Option<Instant>,
}

impl Caution {
    /// Such a record has been found.
    pub fn renew(&self) {
        self.0.lock().found = Some(Instant::now() + LASTS);
    }

    /// There may be such a record, and who knows where is looking at it.
    pub fn doubt(&self) {
        self.0.lock().doubted = Some(Instant::now() + IN_DOUBT);
    }

    /// Whether such a record was found lately.
    pub fn is_on(&self) -> bool {
        self.0.lock().found.is_some_and(|until| Instant::now() < until)
    }

    /// Whether one was found, or may be.
    pub fn is_on_or_in_doubt(&self) -> bool {
        self.is_on() || self.0.lock().doubted.is_some_and(|until| Instant::now() < until)
    }
}
