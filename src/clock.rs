//! Time as a thing that is passed in, so that tests can set it.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

/// The wall clock, or a test's own.
#[derive(Debug, Clone, Default)]
pub struct Clock {
    set_ms: Option<Arc<AtomicI64>>,
}

impl Clock {
    /// The machine's clock.
    pub fn system() -> Self {
        Self::default()
    }

    /// A clock that stands at `ms` until the returned handle is changed.
    pub fn set(ms: i64) -> (Self, Arc<AtomicI64>) {
        let handle = Arc::new(AtomicI64::new(ms));
        (Self { set_ms: Some(Arc::clone(&handle)) }, handle)
    }

    /// Unix time, ms.
    pub fn now_ms(&self) -> i64 {
        match &self.set_ms {
            Some(ms) => ms.load(Ordering::Relaxed),
            None => chrono::Utc::now().timestamp_millis(),
        }
    }
}
