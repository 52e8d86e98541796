//! Asking and counting: wall time of each answer, CPU time and what was read on average.

use std::time::{Duration, Instant};

use crate::{
    questions::Questions,
    relay::Read,
    service::{READ, Service},
};

/// What else goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Condition {
    /// Each time another timeframe, and the engine's own caches emptied; the files are in the page cache.
    Cold,
    /// The same again within its second.
    Cached,
    /// Each time another timeframe, while viewers send: today's rows lie in many parts.
    Ingesting,
}

impl Condition {
    pub const ALL: [Self; 3] = [Self::Cold, Self::Cached, Self::Ingesting];
}

/// One line of a table.
struct Sample {
    median_ms: f64,
    p95_ms: f64,
    cpu_ms: f64,
    read: Read,
}

/// Viewers of the present, and how much faster than we they live.
const VIEWERS: [&str; 6] = ["--viewers", "400", "--rate-factor", "20", "--seconds", "3600"];
/// Between two questions: fifty a second are what one token may ask.
const PAUSE: Duration = Duration::from_millis(25);
/// Until they have all arrived, or enough of them.
const WARM_UP: Duration = Duration::from_secs(20);

/// Asks every question `times` times and prints a table.
pub async fn table(service: &Service, questions: &Questions, condition: Condition, times: usize) {
    let mut viewers = None;
    if condition == Condition::Ingesting {
        viewers = Some(service.simulate(READ, &VIEWERS));
        tokio::time::sleep(WARM_UP).await;
        let parts = "SELECT count() FROM system.parts WHERE active AND table = 'view_states' \
            AND partition = toString(toYYYYMMDD(now('UTC')))";
        println!("today's views lie in {} parts", service.sql(parts).await);
    }
    println!("\n## {condition:?}\n");
    println!(
        "| question | median ms | p95 ms | CPU ms | rows | MB | statements | by hand: median ms | CPU ms |"
    );
    println!("|---|---|---|---|---|---|---|---|---|");
    for question in &questions.0 {
        let nth = |nth| if condition == Condition::Cached { 0 } else { nth };
        let asked = sample(service, times, condition, |time| question.ask(service, nth(time))).await;
        let by_hand = match condition {
            Condition::Cached => None,
            _ => Some(sample(service, times, condition, |time| question.ask_by_hand(service, time)).await),
        };
        print(&question.name, &asked, by_hand.as_ref(), times);
    }
    if let Some(mut viewers) = viewers {
        let _ = viewers.kill();
        let _ = viewers.wait();
    }
}

async fn sample<A: Future>(
    service: &Service,
    times: usize,
    condition: Condition,
    ask: impl Fn(usize) -> A,
) -> Sample {
    // Plans, connections and pages are warm before anything counts.
    ask(times).await;
    let (cpu_s, read) = (service.cpu_s(), service.relay.read());
    let mut walls_ms = Vec::with_capacity(times);
    for nth in 0..times {
        if condition == Condition::Cold {
            service.sql("SYSTEM DROP MARK CACHE").await;
        }
        let begun = Instant::now();
        ask(nth).await;
        walls_ms.push(begun.elapsed().as_secs_f64() * 1000.0);
        tokio::time::sleep(PAUSE).await;
    }
    walls_ms.sort_by(f64::total_cmp);
    let after = service.relay.read();
    Sample {
        median_ms: walls_ms[times / 2],
        p95_ms: walls_ms[(times * 95 / 100).min(times - 1)],
        cpu_ms: (service.cpu_s() - cpu_s) * 1000.0 / times as f64,
        read: Read {
            statements: after.statements - read.statements,
            rows: after.rows - read.rows,
            bytes: after.bytes - read.bytes,
        },
    }
}

fn print(name: &str, asked: &Sample, by_hand: Option<&Sample>, times: usize) {
    let of_one = |sum: u64| sum as f64 / times as f64;
    let by_hand = by_hand.map_or_else(
        || "| |".to_owned(),
        |by_hand| format!("{:.0} | {:.0} |", by_hand.median_ms, by_hand.cpu_ms),
    );
    println!(
        "| {name} | {:.0} | {:.0} | {:.0} | {:.0} | {:.1} | {:.1} | {by_hand}",
        asked.median_ms,
        asked.p95_ms,
        asked.cpu_ms,
        of_one(asked.read.rows),
        of_one(asked.read.bytes) / 1e6,
        of_one(asked.read.statements),
    );
}
