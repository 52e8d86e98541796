//! Beacons at an even pace. Each is timed from when it was due, so that a server that stalls is not spared.

use std::{
    fmt,
    time::{Duration, Instant},
};

use tokio::task::JoinSet;

use crate::service::{Service, WATCHED};

/// Time between two beacons: some way below what one core takes.
const PACE: Duration = Duration::from_millis(4);

/// Milliseconds from when each beacon was due to its answer, in order.
pub struct Delays(Vec<f64>);

impl Delays {
    /// The value that so many per cent are below.
    pub fn percentile_ms(&self, percent: usize) -> f64 {
        let place = (self.0.len() * percent / 100).min(self.0.len() - 1);
        self.0.get(place).copied().expect("there are beacons")
    }
}

impl fmt::Display for Delays {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [p50, p99] = [50, 99].map(|percent| self.percentile_ms(percent));
        write!(to, "p50 {p50:.2} ms, p99 {p99:.2} ms of {}", self.0.len())
    }
}

/// Sends for so long.
pub async fn send(to: &Service, length: Duration) -> Delays {
    let begun = Instant::now();
    let mut sent = JoinSet::new();
    let mut due = begun;
    while due < begun + length {
        tokio::time::sleep_until(due.into()).await;
        let request = to.client.post(format!("http://{}/in/{WATCHED}", to.http));
        let request = request.header("content-type", "application/json").body(beacon());
        let was_due = due;
        sent.spawn(async move {
            let answer = request.send().await.expect("an answer");
            assert!(answer.status().is_success(), "{}", answer.status());
            was_due.elapsed().as_secs_f64() * 1000.0
        });
        due += PACE;
    }
    let mut delays = sent.join_all().await;
    delays.sort_by(f64::total_cmp);
    Delays(delays)
}

fn beacon() -> String {
    let id = uuid::Uuid::new_v4();
    format!(
        r#"{{"v":1,"views":[{{"id":"{id}","set":{{"video_id":"title-1","viewer_id":"viewer-1"}},"events":[{{"seq":1,"t_ms":0,"type":"play"}},{{"seq":2,"t_ms":900,"type":"heartbeat","playhead_ms":500}}]}}]}}"#
    )
}
