//! `--backfill-days D --events N`: the viewers of the past days, sent as fast as the collector takes them.
//!
//! The stories are those of the present. Each view is sent in a few requests that say when they arrived
//! (`playhead-received-ms`, which a collector takes from its own machine only), oldest view first, so that the
//! processor writes one day after the other.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use futures_util::{StreamExt, stream};
use rand::{SeedableRng, rngs::StdRng};
use tokio::time::{Instant, sleep};

use super::{
    Opening, Run,
    chance::Chance,
    courier::{Courier, Delivery, Way},
    format::{Letter, body},
    verdict::Verdict,
    world::Person,
};

/// Views under way at once.
const VIEWS_AT_ONCE: usize = 64;
/// Views have their chances from here on, viewers below.
const FIRST_VIEW: u64 = 1 << 40;
/// Longest view, ms.
const LONGEST_MS: u64 = 40 * 60_000;
/// Events that wait longer than this for company are sent, ms.
const REQUEST_MS: u64 = 5 * 60_000;
const HOUR_MS: u64 = 3_600_000;
const DAY_MS: u64 = 24 * HOUR_MS;
/// How many watch in each hour of the day (UTC), relative to each other.
const HOURS: [(f64, u64); 24] = [
    (4.0, 0),
    (3.0, 1),
    (2.0, 2),
    (1.0, 3),
    (1.0, 4),
    (1.0, 5),
    (2.0, 6),
    (3.0, 7),
    (4.0, 8),
    (4.0, 9),
    (4.0, 10),
    (5.0, 11),
    (6.0, 12),
    (5.0, 13),
    (5.0, 14),
    (5.0, 15),
    (6.0, 16),
    (7.0, 17),
    (9.0, 18),
    (11.0, 19),
    (12.0, 20),
    (11.0, 21),
    (8.0, 22),
    (6.0, 23),
];

/// What is to be made.
#[derive(Debug, Clone, Copy)]
pub struct Past {
    pub days: u64,
    pub events: u64,
}

/// A view that is going to be told: when it begins, and its number, from which all the rest of it follows.
struct Planned {
    opened_ms: i64,
    number: u64,
}

/// Sends all of it.
pub async fn run(run: &Run, past: Past) {
    let now_ms = chrono::Utc::now().timestamp_millis();
    let (expected, sent) = (past.events, AtomicU64::new(0));
    let mut left = usize::try_from(expected).unwrap_or(usize::MAX);
    let views = planned(run, past, now_ms).into_iter().map_while(|planned| {
        let mut delivery = run.past_view(&planned, now_ms);
        if let [.., last, next] = delivery.letters.get(..=left).unwrap_or_default() {
            delivery.is_cut_short = last.moment == next.moment;
        }
        delivery.letters.truncate(left);
        left -= delivery.letters.len();
        (!delivery.letters.is_empty()).then_some(delivery)
    });
    let delivered = stream::iter(views).map(|delivery| async {
        let events = delivery.letters.len() as u64;
        run.courier.deliver_past(delivery).await;
        let before = sent.fetch_add(events, Ordering::Relaxed);
        if before * 20 / expected != (before + events) * 20 / expected {
            eprintln!("{} of {expected} events", before + events);
        }
    });
    delivered.buffer_unordered(VIEWS_AT_ONCE).collect::<()>().await;
}

/// The views in the order in which they begin: just as many as have the events that are asked for, so that the history
/// ends now and not when it has run out of events.
fn planned(run: &Run, past: Past, now_ms: i64) -> Vec<Planned> {
    let mut chance = Chance(StdRng::seed_from_u64(run.seed));
    let mut planned = Vec::new();
    let mut events = 0;
    while events < past.events {
        let view = Planned { opened_ms: opened_ms(past, now_ms, &mut chance), number: planned.len() as u64 };
        events += run.past_view(&view, now_ms).letters.len() as u64;
        planned.push(view);
    }
    planned.sort_unstable_by_key(|view| (view.opened_ms, view.number));
    planned
}

/// When some view begins.
fn opened_ms(past: Past, now_ms: i64, chance: &mut Chance) -> i64 {
    let first_ms = now_ms - (past.days * DAY_MS) as i64;
    loop {
        let day = chance.between(0, past.days + 1);
        let time_ms = chance.weighted(&HOURS) * HOUR_MS + chance.between(0, HOUR_MS);
        let midnight_ms = first_ms - first_ms.rem_euclid(DAY_MS as i64);
        let opened_ms = midnight_ms + (day * DAY_MS + time_ms) as i64;
        if (first_ms..now_ms - 60_000).contains(&opened_ms) {
            return opened_ms;
        }
    }
}

impl Run {
    fn past_view(&self, &Planned { opened_ms, number }: &Planned, now_ms: i64) -> Delivery {
        let mut chance = self.chance_of(FIRST_VIEW + number);
        let number = chance.between(0, self.viewers);
        let person = Person::new(number, &mut self.chance_of(number));
        let longest_ms = u64::try_from(now_ms - opened_ms).unwrap_or(0).min(LONGEST_MS);
        self.view(&person, &mut chance, Opening { at: Instant::now(), ms: opened_ms }, longest_ms)
    }
}

impl Courier {
    /// Delivers a view of the past until all of it was answered for or it is given up.
    async fn deliver_past(&self, mut delivery: Delivery) {
        let mut way = Way::new(Instant::now());
        self.write_truth(&delivery, None).await;
        while way.done < delivery.letters.len() && !self.is_over() {
            let batch = together(&delivery.letters[way.done..], way.done == 0, self.dialect.most_events());
            let written_ms = batch.last().map_or(0, |letter| letter.written_ms);
            let count = batch.len();
            let received_ms = (delivery.page.opened_ms - delivery.person.skew_ms)
                + (written_ms + delivery.chance.lasting_ms(90.0, 0.5)) as i64;
            way.sent = way.sent.max(way.done + count);
            let body = body(self.dialect, &delivery.page, batch.iter(), written_ms);
            match self.post(&delivery.person, body, count, Some(received_ms)).await {
                Verdict::Retry { after } => {
                    way.failures += 1;
                    let wait_ms = self.dialect.backoff_ms(way.failures, delivery.chance.fraction());
                    sleep(after + Duration::from_millis(wait_ms.min(5_000))).await;
                }
                verdict => self.conclude(&delivery, &mut way, count, verdict).await,
            }
        }
        self.tally.view(delivery.letters.len(), delivery.letters.len() - way.done);
        self.write_truth(&delivery, Some(&way)).await;
    }
}

/// What goes into one request: the first event alone, so that the view begins when it began.
fn together(letters: &[Letter], is_first: bool, most: usize) -> &[Letter] {
    let until_ms = letters.first().map_or(0, |letter| letter.written_ms) + REQUEST_MS;
    let count = letters.partition_point(|letter| letter.written_ms <= until_ms);
    &letters[..count.min(if is_first { 1 } else { most })]
}
