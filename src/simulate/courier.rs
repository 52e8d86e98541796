//! Brings the letters of a view to the collector as the SDKs do: in small batches, one request at a time, each kept
//! until it was answered for.

use std::{sync::Arc, time::Duration};

use reqwest::header;
use tokio::{
    sync::{Semaphore, watch},
    time::{Instant, sleep_until, timeout},
};

use super::{
    chance::Chance,
    format::{Dialect, Letter, Page, body},
    ledger::{Entry, Figures, Journal, Truth},
    moment::Story,
    tally::Tally,
    verdict::{Answer, Verdict, judge},
    world::Person,
};

/// Requests under way at once, each on a connection that is kept.
const CONNECTIONS: usize = 512;
/// Without an answer for this long a request counts as lost.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(20);
/// Longest wait between tries, in real time.
const LONGEST_WAIT: Duration = Duration::from_secs(30);
/// A clock that is further ahead is not the measure of a view (the server allows five minutes), ms.
const MOST_SKEW_MS: i64 = 240_000;
/// Share of answers that get lost on the way, so that what was accepted is sent again.
const LOST_ANSWERS: f64 = 0.005;

/// What a run shares.
pub struct Courier {
    pub http: reqwest::Client,
    pub url: String,
    pub dialect: Dialect,
    pub journal: Journal,
    pub tally: Tally,
    /// How much faster than real time viewers live.
    pub rate_factor: f64,
    /// When what is still not acknowledged is given up.
    pub give_up_at: Instant,
    slots: Semaphore,
    /// Why the run cannot go on.
    failure: watch::Sender<Option<String>>,
}

/// A view being delivered.
pub struct Delivery {
    pub page: Page,
    pub person: Person,
    pub story: Story,
    pub letters: Vec<Letter>,
    /// The last moment is told in part only: no figures follow from it.
    pub is_cut_short: bool,
    pub opened: Instant,
    pub chance: Chance,
}

impl Courier {
    /// A courier to `url`.
    ///
    /// # Errors
    /// When the HTTP client cannot be made.
    pub fn new(
        url: String,
        dialect: Dialect,
        journal: Journal,
        rate_factor: f64,
        give_up_at: Instant,
    ) -> reqwest::Result<Self> {
        let http = reqwest::Client::builder().no_proxy().pool_max_idle_per_host(CONNECTIONS).build()?;
        let slots = Semaphore::new(CONNECTIONS);
        let failure = watch::Sender::new(None);
        Ok(Self {
            http,
            url,
            dialect,
            journal,
            tally: Tally::default(),
            rate_factor,
            give_up_at,
            slots,
            failure,
        })
    }

    /// Why the run cannot go on, once it cannot.
    pub async fn failed(&self) -> String {
        let mut failure = self.failure.subscribe();
        match failure.wait_for(Option::is_some).await {
            Ok(reason) => reason.clone().unwrap_or_default(),
            Err(_) => std::future::pending().await,
        }
    }

    /// Delivers a view until all of it was answered for, its page has died, or it is given up.
    pub async fn deliver(self: Arc<Self>, mut delivery: Delivery) {
        let mut way = Way::new(delivery.opened);
        self.write_truth(&delivery, None).await;
        while way.done < delivery.letters.len() {
            let due = self.moment(&delivery, due_ms(&delivery.letters[way.done..])).max(way.not_before);
            let dies = self.moment(&delivery, delivery.story.length_ms);
            if delivery.story.vanished && due >= dies
                || due >= self.give_up_at
                || self.failure.borrow().is_some()
            {
                break;
            }
            sleep_until(due).await;
            self.send(&mut delivery, &mut way).await;
        }
        self.tally.view(delivery.letters.len(), delivery.letters.len() - way.done);
        self.write_truth(&delivery, Some(&way)).await;
    }

    /// Sends what there is and draws the conclusions from the answer.
    async fn send(&self, delivery: &mut Delivery, way: &mut Way) {
        let elapsed_ms = (delivery.opened.elapsed().as_secs_f64() * self.rate_factor * 1000.0) as u64;
        let waiting = &delivery.letters[way.done..];
        let written = waiting.partition_point(|letter| letter.written_ms <= elapsed_ms);
        let batch = &waiting[..written.clamp(1, self.dialect.most_events())];
        way.sent = way.sent.max(way.done + batch.len());
        let body = body(self.dialect, &delivery.page, batch.iter(), elapsed_ms);
        let is_last = batch.len() == waiting.len() && !delivery.story.vanished;
        let mut verdict = if is_last && self.dialect.doubles_the_last() {
            let (first, second) = tokio::join!(
                self.post(&delivery.person, body.clone(), batch.len(), None),
                self.post(&delivery.person, body, batch.len(), None)
            );
            if matches!(first, Verdict::Done { .. }) { first } else { second }
        } else {
            self.post(&delivery.person, body, batch.len(), None).await
        };
        if matches!(verdict, Verdict::Done { .. }) && delivery.chance.happens(LOST_ANSWERS) {
            self.tally.lost_answer();
            verdict = Verdict::Retry { after: Duration::ZERO };
        }
        let count = batch.len();
        if let Verdict::Retry { after } = verdict {
            way.failures += 1;
            let backoff_ms = self.dialect.backoff_ms(way.failures, delivery.chance.fraction());
            let backoff = Duration::from_millis(backoff_ms).div_f64(self.rate_factor).min(LONGEST_WAIT);
            way.not_before = Instant::now() + after + backoff;
        }
        self.conclude(delivery, way, count, verdict).await;
    }

    /// Writes down what an answer settles; a retry settles nothing.
    pub(super) async fn conclude(&self, delivery: &Delivery, way: &mut Way, count: usize, verdict: Verdict) {
        match verdict {
            Verdict::Done { position, rejected } => {
                self.record(delivery, way.done..way.done + count, position, &rejected).await;
                way.whole &= rejected.is_empty();
                way.done += count;
                way.failures = 0;
            }
            Verdict::Drop => {
                self.tally.refused(count);
                way.whole = false;
                way.done += count;
            }
            Verdict::Retry { .. } => {}
            Verdict::Stop(reason) => drop(self.failure.send_replace(Some(reason))),
        }
    }

    /// Whether nothing more is to be sent.
    pub(super) fn is_over(&self) -> bool {
        Instant::now() >= self.give_up_at || self.failure.borrow().is_some()
    }

    /// Posts a body of `count` events; `received_ms` is when it is to have arrived, if that is in the past.
    pub(super) async fn post(
        &self,
        person: &Person,
        body: String,
        count: usize,
        received_ms: Option<i64>,
    ) -> Verdict {
        let Ok(_slot) = self.slots.acquire().await else { return Verdict::Retry { after: Duration::ZERO } };
        let begun = Instant::now();
        let mut request = self
            .http
            .post(&self.url)
            .header(header::CONTENT_TYPE, self.dialect.content_type())
            .header(header::USER_AGENT, person.device.user_agent)
            .header("x-forwarded-for", person.address.to_string())
            .body(body);
        if let Some(received_ms) = received_ms {
            request = request.header("playhead-received-ms", received_ms);
        }
        let answer = async { Answer::read(request.send().await?).await };
        let verdict = match timeout(ANSWER_TIMEOUT, answer).await {
            Ok(Ok(answer)) => judge(self.dialect, &answer, count),
            Ok(Err(_)) | Err(_) => Verdict::Retry { after: Duration::ZERO },
        };
        match verdict {
            Verdict::Done { .. } => self.tally.accepted(begun.elapsed()),
            Verdict::Retry { .. } => self.tally.retried(),
            Verdict::Drop | Verdict::Stop(_) => {}
        }
        verdict
    }

    async fn record(
        &self,
        delivery: &Delivery,
        acknowledged: std::ops::Range<usize>,
        position: Option<String>,
        rejected: &[u64],
    ) {
        let acked_ms = chrono::Utc::now().timestamp_millis();
        let sequences = delivery.letters[acknowledged].iter().map(|letter| letter.sequence);
        let entries: Vec<Entry> = sequences
            .filter(|seq| !rejected.contains(seq))
            .map(|seq| Entry {
                format: self.dialect.name().to_owned(),
                view: Arc::clone(&delivery.page.view_id),
                seq,
                acked_ms,
                position: position.clone(),
            })
            .collect();
        if !rejected.is_empty() {
            self.tally.refused(rejected.len());
        }
        if !self.journal.acknowledged(entries).await {
            self.failure.send_replace(Some("the ledger cannot be written".to_owned()));
        }
    }

    pub(super) async fn write_truth(&self, delivery: &Delivery, at_end: Option<&Way>) {
        let is_told = |way: &&Way| way.whole && way.done == way.sent && !delivery.is_cut_short;
        let figures = at_end.filter(is_told).and_then(|way| {
            let last = delivery.letters[..way.done].last()?;
            figures(self.dialect, delivery, last.moment)
        });
        let sequences = match self.dialect {
            Dialect::Native | Dialect::Mux => Vec::new(),
            Dialect::Cmcd | Dialect::Epas => delivery.letters.iter().map(|letter| letter.sequence).collect(),
        };
        let truth = Truth {
            format: self.dialect.name().to_owned(),
            view: Arc::clone(&delivery.page.view_id),
            events: delivery.letters.len() as u64,
            sequences,
            sent: at_end.map(|way| way.sent as u64),
            figures,
        };
        if !self.journal.truth(truth).await {
            self.failure.send_replace(Some("the ledger cannot be written".to_owned()));
        }
    }

    /// A time of the page on our clock.
    fn moment(&self, delivery: &Delivery, t_ms: u64) -> Instant {
        delivery.opened + Duration::from_millis(t_ms).div_f64(self.rate_factor)
    }
}

/// How far a delivery has come.
pub(super) struct Way {
    /// Letters answered for (or dropped), and given to the network at least once.
    pub(super) done: usize,
    pub(super) sent: usize,
    /// Nothing was refused.
    whole: bool,
    pub(super) failures: u32,
    not_before: Instant,
}

impl Way {
    /// The beginning, at `opened`.
    pub(super) fn new(opened: Instant) -> Self {
        Self { done: 0, sent: 0, whole: true, failures: 0, not_before: opened }
    }
}

/// When the waiting letters have to leave: the first of them all whose patience ends.
fn due_ms(waiting: &[Letter]) -> u64 {
    let mut due_ms = u64::MAX;
    for letter in waiting {
        if letter.written_ms >= due_ms {
            break;
        }
        due_ms = due_ms.min(letter.written_ms + letter.patience_ms);
    }
    due_ms
}

/// The figures of a view as of one of its moments, if what was sent tells them.
fn figures(dialect: Dialect, delivery: &Delivery, moment: usize) -> Option<Figures> {
    let Delivery { story, person, .. } = delivery;
    // The server does not go by such a clock, and without totals there is nothing else to reckon by.
    if !dialect.tells_totals() && person.skew_ms > MOST_SKEW_MS {
        return None;
    }
    let mut ranges = std::collections::BTreeMap::new();
    for stretch in story.moments[..=moment].iter().filter_map(|moment| moment.stretch) {
        ranges.insert(stretch.number, (stretch.from_ms, stretch.to_ms));
    }
    // Where there is no title to be at, CMCD's playhead is an hour of the day, and EPAS's is unknown.
    if !dialect.tells_totals() && story.title.duration_ms.is_none() {
        ranges.clear();
    }
    let totals = story.moments[moment].totals;
    Some(Figures {
        playing_ms: totals.playing_ms,
        watch_ms: totals.watch_ms,
        rebuffer_ms: totals.rebuffer_ms,
        rebuffer_count: totals.rebuffer_count,
        seek_ms: totals.seek_ms,
        seek_count: totals.seek_count,
        startup_ms: totals.startup_ms,
        played_ranges: ranges.into_values().collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn letter(written_ms: u64, patience_ms: u64) -> Letter {
        Letter { sequence: 1, text: String::new(), written_ms, patience_ms, moment: 0 }
    }

    #[test]
    fn an_urgent_letter_takes_the_patient_ones_with_it() {
        assert_eq!(due_ms(&[letter(0, 10_000), letter(4000, 10_000)]), 10_000);
        assert_eq!(due_ms(&[letter(0, 10_000), letter(4000, 0)]), 4000);
        assert_eq!(due_ms(&[letter(0, 10_000), letter(11_000, 0)]), 10_000);
    }
}
