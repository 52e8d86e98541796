//! The other tenant: statements that try to eat the machine, and an API client that asks as much as its token may.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use crate::service::{NEIGHBOUR, Service, TOKEN};

/// Each eats something else: all rows against all, memory, sorting, and one call that cannot be stopped. As many as one
/// token may run.
const HEAVY: [&str; 4] = [
    "SELECT count() FROM numbers(1000000) AS a, numbers(1000000) AS b WHERE cityHash64(a.number, b.number) = 1",
    "SELECT uniqExact(number, toString(number)) FROM numbers(900000000)",
    "SELECT number FROM numbers(900000000) ORDER BY sipHash64(number) LIMIT 1000000, 1",
    "SELECT editDistance(repeat('a', 30000), repeat('b', 30000))",
];
/// What the API client asks, each time of another timeframe, so that no answer is known.
const PATHS: [&str; 4] = [
    "/metrics/video_startup_time/overall?measurement=95th",
    "/metrics/rebuffer_percentage/timeseries?group_by=hour",
    "/metrics/video_startup_time/breakdown?group_by=video_title",
    "/video-views?limit=25",
];
/// Clients that ask the API side by side.
const ASKERS: usize = 8;
/// After an answer that asks for patience: shorter than it asks for, so that no place stays empty.
const PATIENCE: Duration = Duration::from_millis(50);
/// What there is to ask about.
const HISTORY: [&str; 6] = ["--backfill-days", "1", "--events", "30000", "--seed", "7"];

/// What goes on beside the beacons.
pub struct Asked {
    asking: JoinSet<()>,
    counts: Arc<Counts>,
    begun: Instant,
}

#[derive(Default)]
struct Counts {
    answered: AtomicU64,
    refused: AtomicU64,
}

impl Asked {
    fn begin<A: Future<Output = ()> + Send + 'static>(
        askers: usize,
        asker: impl Fn(usize, Arc<Counts>) -> A,
    ) -> Self {
        let counts = Arc::new(Counts::default());
        let asking = (0..askers).map(|nth| asker(nth, Arc::clone(&counts))).collect();
        Self { asking, counts, begun: Instant::now() }
    }

    /// Ends it; what it came to.
    pub async fn stop(mut self) -> String {
        let seconds = self.begun.elapsed().as_secs_f64();
        self.asking.shutdown().await;
        let per_second = |count: &AtomicU64| count.load(Ordering::Relaxed) as f64 / seconds;
        let (answered, refused) = (per_second(&self.counts.answered), per_second(&self.counts.refused));
        format!("{answered:.1} answers and {refused:.1} refusals a second")
    }
}

/// Lets the neighbour have some views, and waits until they can be asked about.
pub async fn history(service: &Service) {
    let mut viewers = service.simulate(NEIGHBOUR, &HISTORY);
    let ended = tokio::task::spawn_blocking(move || viewers.wait()).await.expect("a thread");
    assert!(ended.is_ok_and(|status| status.success()), "the neighbour's views were not sent");
    let mut before = String::new();
    loop {
        let rows = service.sql("SELECT count() FROM events").await.unwrap_or_default();
        if rows == before {
            println!("the neighbour has {} events", rows.trim());
            return;
        }
        before = rows;
        tokio::time::sleep(Duration::from_secs(3)).await;
    }
}

/// Heavy statements, each begun again when its limits end it.
pub fn eat(service: &Service) -> Asked {
    let url = format!("http://{}/", service.sql);
    Asked::begin(HEAVY.len(), |nth, counts| {
        let (http, url) = (service.client.clone(), url.clone());
        async move {
            loop {
                let asked = http.post(&url).basic_auth(TOKEN.0, Some(TOKEN.1)).body(HEAVY[nth]).send();
                // An error is an end as well, and a place that is not free yet is waited for.
                count(&counts, asked.await.is_ok_and(|answer| answer.status().is_success())).await;
            }
        }
    })
}

/// Questions to the API, as many as the token may ask.
pub fn ask(service: &Service) -> Asked {
    let base = format!("http://{}/data/v1", service.http);
    Asked::begin(ASKERS, |nth, counts| {
        let (http, base) = (service.client.clone(), base.clone());
        async move {
            for turn in 0.. {
                let to_s = chrono::Utc::now().timestamp() / 3600 * 3600 + (nth + turn * ASKERS) as i64;
                let from_s = to_s - 2 * 86_400;
                let path = PATHS[(nth + turn) % PATHS.len()];
                let url = format!("{base}{path}&timeframe[]={from_s}&timeframe[]={to_s}");
                let asked = http.get(url).basic_auth(TOKEN.0, Some(TOKEN.1)).send();
                count(&counts, asked.await.is_ok_and(|answer| answer.status().is_success())).await;
            }
        }
    })
}

async fn count(counts: &Counts, is_answered: bool) {
    if is_answered {
        counts.answered.fetch_add(1, Ordering::Relaxed);
        return;
    }
    counts.refused.fetch_add(1, Ordering::Relaxed);
    tokio::time::sleep(PATIENCE).await;
}
