//! Appends on their way to the disk: a queue bounded in bytes between many callers and one writing thread.

use std::{
    collections::VecDeque,
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use tokio::sync::oneshot;

use crate::log::{AppendError, NewRecord, Position};

/// One call of `append`.
pub(super) struct Pending {
    pub records: Vec<NewRecord>,
    /// What its records take on the disk.
    pub bytes: usize,
    pub reply: oneshot::Sender<Result<Vec<Position>, AppendError>>,
}

#[derive(Default)]
struct State {
    /// Since when the writer has been busy with one group.
    busy_since: Option<Instant>,
    waiting: VecDeque<Pending>,
    /// Waiting or being written.
    bytes: usize,
    closed: bool,
    /// What the writer sleeps for: so many bytes. Nobody wakes it for less, since each time costs as much as a beacon's
    /// decoding. None while it is awake.
    asleep_for: Option<usize>,
    /// Why the writer cannot write now.
    fault: Option<String>,
}

/// So many that wait keep the processor busy, and what it saves is worth more to all of them than being answered at once.
const CROWD: usize = 64;

/// How long appends gather before they are taken.
#[derive(Debug, Clone, Copy)]
pub(super) struct Gather {
    pub until: Instant,
    /// If they are a crowd by then.
    pub crowd_until: Instant,
}

impl Gather {
    /// A crowd for twice as long and a half.
    pub fn from_now(pace: Duration) -> Self {
        let now = Instant::now();
        Self { until: now + pace, crowd_until: now + pace * 5 / 2 }
    }
}

/// See the module.
pub(super) struct Queue {
    state: Mutex<State>,
    changed: Condvar,
    /// A disk that is busy with one group for longer than this gets nothing more to do.
    patience: Duration,
}

impl Queue {
    pub fn new(patience: Duration) -> Self {
        Self { state: Mutex::default(), changed: Condvar::default(), patience }
    }

    /// Hands an append to the writer, unless `admit`, told the bytes ahead of it, says otherwise.
    pub fn push(
        &self,
        pending: Pending,
        admit: impl FnOnce(usize) -> Result<(), AppendError>,
    ) -> Result<(), AppendError> {
        let mut state = self.lock();
        self.check(&state)?;
        admit(state.bytes)?;
        state.bytes += pending.bytes;
        state.waiting.push_back(pending);
        if state.asleep_for.is_some_and(|bytes| state.bytes >= bytes) {
            state.asleep_for = None;
            drop(state);
            self.changed.notify_all();
        }
        Ok(())
    }

    /// Whether appends are taken at all, and the bytes waiting.
    pub fn status(&self) -> Result<usize, AppendError> {
        let state = self.lock();
        self.check(&state)?;
        Ok(state.bytes)
    }

    fn check(&self, state: &State) -> Result<(), AppendError> {
        if state.closed {
            return Err(AppendError::Unavailable("it is closed".into()));
        }
        if let Some(fault) = &state.fault {
            return Err(AppendError::Unavailable(fault.clone()));
        }
        match state.busy_since.map(|since| since.elapsed()) {
            Some(busy) if busy > self.patience => {
                Err(AppendError::Unavailable(format!("the disk has been busy with one write for {busy:.1?}")))
            }
            _ => Ok(()),
        }
    }

    /// Waits for appends and takes up to `max_bytes` of them (one at least). Having found some, waits for more as `gather` says,
    /// or until there are as many bytes. `None` when the queue is closed and empty.
    pub fn take(&self, max_bytes: usize, gather: Option<Gather>) -> Option<Vec<Pending>> {
        let mut state = self.lock();
        while state.waiting.is_empty() {
            if state.closed {
                return None;
            }
            state.asleep_for = Some(0);
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        while let Some(gather) = gather
            && state.bytes < max_bytes
            && !state.closed
        {
            let until = if state.waiting.len() < CROWD { gather.until } else { gather.crowd_until };
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            state.asleep_for = Some(max_bytes);
            state = self.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        state.asleep_for = None;
        let mut group: Vec<Pending> = Vec::new();
        let mut bytes = 0;
        while let Some(next) = state.waiting.front() {
            if !group.is_empty() && bytes + next.bytes > max_bytes {
                break;
            }
            bytes += next.bytes;
            group.extend(state.waiting.pop_front());
        }
        state.busy_since = Some(Instant::now());
        Some(group)
    }

    /// `bytes` are off the writer's hands.
    pub fn done(&self, bytes: usize) {
        let mut state = self.lock();
        state.bytes = state.bytes.saturating_sub(bytes);
        state.busy_since = None;
    }

    /// Refuses appends for `reason` until [`Self::recovered`]; gives back what was waiting.
    pub fn fail(&self, reason: &str) -> Vec<Pending> {
        let mut state = self.lock();
        state.fault = Some(reason.to_owned());
        (state.bytes, state.busy_since) = (0, None);
        state.waiting.drain(..).collect()
    }

    pub fn recovered(&self) {
        self.lock().fault = None;
    }

    /// Takes no more appends; the writer finishes what is here.
    pub fn close(&self) {
        self.lock().closed = true;
        self.changed.notify_all();
    }

    /// Sleeps for `pause`, or until the queue is closed: true then.
    pub fn closed_within(&self, pause: Duration) -> bool {
        let state = self.lock();
        let (state, _) = self
            .changed
            .wait_timeout_while(state, pause, |state| !state.closed)
            .unwrap_or_else(PoisonError::into_inner);
        state.closed
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing panics while it holds this lock, and a half-done change of these fields does not exist.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
