//! Fan-out: each distinct question is evaluated once per flush, its change encoded once, and sent to everybody who
//! asked. A question nobody asks any more is forgotten.

use std::{
    collections::HashMap,
    sync::{Arc, Weak},
    time::Duration,
};

use parking_lot::Mutex;
use serde_json::{Map, Value};
use tokio::sync::broadcast;

use super::{patch, question::Question};
use crate::{clock::Clock, pipeline::live::Live};

/// Shortest time between two evaluations.
const FLUSH: Duration = Duration::from_millis(100);
/// Deltas a slow subscriber may be behind before it gets a new snapshot.
const BACKLOG: usize = 64;

/// A change of an answer, encoded for all who asked: the JSON text of `changes`.
#[derive(Debug, Clone)]
pub struct Change {
    pub seq: u64,
    pub changes: Arc<str>,
}

/// One question with its newest answer.
#[derive(Debug)]
pub struct Channel {
    question: Question,
    latest: Mutex<(u64, Map<String, Value>)>,
    changes: broadcast::Sender<Change>,
}

impl Channel {
    /// The newest state, and all changes after it.
    pub fn join(&self) -> (u64, Map<String, Value>, broadcast::Receiver<Change>) {
        // Subscribed under the lock, so that no change falls between the state and the first receive.
        let latest = self.latest.lock();
        (latest.0, latest.1.clone(), self.changes.subscribe())
    }

    fn flush(&self, live: &Live, now_ms: i64) {
        let answer = self.question.answer(live, now_ms);
        let mut latest = self.latest.lock();
        let changes = patch::diff(&latest.1, &answer);
        if changes.is_empty() {
            return;
        }
        *latest = (latest.0 + 1, answer);
        let Ok(text) = serde_json::to_string(&changes) else { return };
        // No receiver is no error: the last one may just have left.
        let _ = self.changes.send(Change { seq: latest.0, changes: text.into() });
    }
}

/// All questions being asked.
#[derive(Debug)]
pub struct Hub {
    live: Arc<Live>,
    clock: Clock,
    channels: Mutex<HashMap<Question, Weak<Channel>>>,
}

impl Hub {
    /// A hub over `live`.
    pub fn new(live: Arc<Live>, clock: Clock) -> Self {
        Self { live, clock, channels: Mutex::new(HashMap::new()) }
    }

    /// The channel of a question; it lives as long as somebody holds it.
    pub fn channel(&self, question: &Question) -> Arc<Channel> {
        let mut channels = self.channels.lock();
        if let Some(channel) = channels.get(question).and_then(Weak::upgrade) {
            return channel;
        }
        let now_ms = self.clock.now_ms();
        let channel = Arc::new(Channel {
            question: question.clone(),
            // Numbers go on rising over restarts, so an old `since` never fits by accident.
            latest: Mutex::new((now_ms.unsigned_abs(), question.answer(&self.live, now_ms))),
            changes: broadcast::Sender::new(BACKLOG),
        });
        channels.insert(question.clone(), Arc::downgrade(&channel));
        channel
    }

    /// How far live is behind what has arrived, ms.
    pub fn data_age_ms(&self) -> i64 {
        self.live.data_age_ms(self.clock.now_ms())
    }

    /// The server's clock, for frames.
    pub fn now_ms(&self) -> i64 {
        self.clock.now_ms()
    }

    /// Evaluates what is asked whenever something changed, until the task is dropped.
    pub async fn run(self: Arc<Self>) {
        let mut changed = self.live.subscribe();
        while changed.changed().await.is_ok() {
            let channels: Vec<Arc<Channel>> = {
                let mut channels = self.channels.lock();
                channels.retain(|_, channel| channel.strong_count() > 0);
                channels.values().filter_map(Weak::upgrade).collect()
            };
            let now_ms = self.clock.now_ms();
            channels.iter().for_each(|channel| channel.flush(&self.live, now_ms));
            tokio::time::sleep(FLUSH).await;
        }
    }
}
