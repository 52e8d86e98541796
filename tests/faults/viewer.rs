//! Viewers whose every beacon a row decides on: what they send, when, and how often. They keep their bytes, so that they can
//! send them again.

use std::sync::Arc;

use serde_json::json;

use super::{
    ledger::{Format, Ledger},
    server::Server,
};

/// Events in a beacon.
const EVENTS: u64 = 10;

/// Somebody who watches one video.
pub struct Viewer {
    pub view: String,
    ledger: Arc<Ledger>,
    /// Everything sent so far.
    beacons: Vec<serde_json::Value>,
}

impl Viewer {
    /// So many of them.
    pub fn crowd(number: usize, ledger: &Arc<Ledger>) -> Vec<Self> {
        let new = |_| Self {
            view: uuid::Uuid::new_v4().to_string(),
            ledger: Arc::clone(ledger),
            beacons: Vec::new(),
        };
        (0..number).map(new).collect()
    }

    /// Sends the next ten events of the view.
    pub async fn go_on(&mut self, server: &Server) -> Result<(), String> {
        let first = 1 + self.beacons.len() as u64 * EVENTS;
        let sequences: Vec<u64> = (first..first + EVENTS).collect();
        let event = |seq: &u64| {
            let kind = if *seq == 1 { "play" } else { "heartbeat" };
            json!({"seq": seq, "t_ms": seq * 100, "type": kind, "playhead_ms": seq * 100, "c": {"playing_ms": seq * 100}})
        };
        let events: Vec<_> = sequences.iter().map(event).collect();
        let view = json!({"id": self.view, "set": {"video_id": "film"}, "events": events});
        let beacon = json!({"v": 1, "views": [view]});
        let last = first + EVENTS - 1;
        self.ledger.sent(Format::Native, &self.view, &sequences, Some(last * 100));
        taken(server, &beacon).await?;
        self.ledger.acknowledged(&self.view, &sequences);
        self.beacons.push(beacon);
        Ok(())
    }

    /// Sends all of it again, as it was.
    pub async fn repeat(&self, server: &Server) -> Result<(), String> {
        for beacon in &self.beacons {
            taken(server, beacon).await?;
        }
        Ok(())
    }
}

async fn taken(server: &Server, beacon: &serde_json::Value) -> Result<(), String> {
    match server.beacon(beacon).await {
        (202, _) => Ok(()),
        (status, answer) => Err(format!("a beacon was answered {status}: {answer}")),
    }
}
