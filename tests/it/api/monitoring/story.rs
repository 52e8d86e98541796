//! Made-up viewers, known in full, and what each metric of monitoring is of them.

use playhead::event::{Attribute, AttributeKey, Counters, Event, Failure, Format, Kind, Record, Severity};
use rand::{RngExt, rngs::StdRng};

const INTERVAL_MS: i64 = 5_000;
pub const HEARTBEAT_MS: i64 = 10_000;
/// Silence after which a view has gone.
const GONE_MS: i64 = 35_000;

/// How a viewer ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    Leaves,
    Fails,
    Vanishes,
}

/// One viewer, known in full. Times are Unix ms.
#[derive(Debug, Clone)]
pub struct Story {
    pub id: String,
    pub country: &'static str,
    pub cdn: &'static str,
    pub bot_class: &'static str,
    pub sample_rate: u64,
    pub play_ms: i64,
    pub startup_ms: Option<i64>,
    /// Rebuffering within each heartbeat after the start.
    pub stalls_ms: Vec<i64>,
    pub bitrate: u64,
    pub end: End,
    /// After the last heartbeat, or of waiting for the first frame.
    pub tail_ms: i64,
}

impl Story {
    pub fn random(random: &mut StdRng, number: usize, from_ms: i64) -> Self {
        let pick = |random: &mut StdRng, all: &[&'static str]| all[random.random_range(0..all.len())];
        let startup_ms = random.random_bool(0.8).then(|| random.random_range(80..12_000));
        let heartbeats = if startup_ms.is_some() { random.random_range(0..20) } else { 0 };
        Self {
            id: format!("story-{number}"),
            country: pick(random, &["DE", "FR", "US", ""]),
            cdn: pick(random, &["akamai", "fastly"]),
            bot_class: if random.random_bool(0.1) { "monitoring" } else { "" },
            sample_rate: if random.random_bool(0.2) { 250_000 } else { 0 },
            play_ms: from_ms + random.random_range(0..300_000),
            startup_ms,
            stalls_ms: (0..heartbeats).map(|_| (random.random_range(-4_000..3_000_i64)).max(0)).collect(),
            bitrate: random.random_range(1..6) * 1_000_000,
            end: [End::Leaves, End::Fails, End::Vanishes][random.random_range(0..3)],
            tail_ms: random.random_range(500..9_000),
        }
    }

    pub fn weight(&self) -> f64 {
        if self.sample_rate == 0 { 1.0 } else { 1e6 / self.sample_rate as f64 }
    }

    /// The last thing said before the end.
    pub fn last_ms(&self) -> i64 {
        self.play_ms + self.startup_ms.unwrap_or(0) + HEARTBEAT_MS * self.stalls_ms.len() as i64
    }

    /// When it is over: said, or noticed in the second after the silence.
    pub fn over_ms(&self) -> i64 {
        match self.end {
            End::Vanishes => (self.last_ms() + GONE_MS + 999) / 1000 * 1000,
            _ => self.last_ms() + self.tail_ms,
        }
    }

    pub fn totals(&self, heartbeats: usize, tail_ms: i64) -> (i64, i64) {
        let watch_ms = self.startup_ms.unwrap_or(0) + HEARTBEAT_MS * heartbeats as i64 + tail_ms;
        (watch_ms, self.stalls_ms[..heartbeats].iter().sum())
    }

    pub fn event(
        &self,
        sequence: u64,
        at_ms: i64,
        kind: Kind,
        heartbeats: usize,
        tail_ms: i64,
    ) -> Record<'static> {
        let (watch_ms, rebuffer_ms) = self.totals(heartbeats, tail_ms);
        let playing_ms = (watch_ms - rebuffer_ms - self.startup_ms.unwrap_or(watch_ms)).max(0) as u32;
        let failure = (kind == Kind::Error).then(|| Failure {
            code: "boom".into(),
            severity: Severity::Fatal as i32,
            ..Failure::default()
        });
        let started = self.startup_ms.filter(|_| kind != Kind::Play);
        let event = Event {
            sequence,
            t_ms: at_ms - self.play_ms,
            kind: kind as i32,
            counters: Some(Counters {
                watch_ms: Some(watch_ms as u32),
                rebuffer_ms: Some(rebuffer_ms as u32),
                playing_ms: Some(playing_ms),
                bitrate_ms: (playing_ms > 0).then(|| u64::from(playing_ms) * self.bitrate),
                startup_ms: started.map(|ms| ms as u32),
                ..Counters::default()
            }),
            attributes: vec![
                Attribute::of_text(AttributeKey::Cdn, self.cdn),
                Attribute {
                    key: AttributeKey::SampleRate as i32,
                    number: self.sample_rate,
                    ..Attribute::default()
                },
            ],
            failure,
            ..Event::default()
        };
        Record {
            environment: "".into(),
            view_id: self.id.clone().into(),
            format: Format::Native as i32,
            received_ms: at_ms,
            anchor_ms: self.play_ms,
            events: vec![event],
            origin: vec![
                Attribute::of_text(AttributeKey::Country, self.country),
                Attribute::of_text(AttributeKey::BotClass, self.bot_class),
            ],
        }
    }

    pub fn records(&self) -> Vec<Record<'static>> {
        let mut records = vec![self.event(1, self.play_ms, Kind::Play, 0, -self.startup_ms.unwrap_or(0))];
        if let Some(startup_ms) = self.startup_ms {
            records.push(self.event(2, self.play_ms + startup_ms, Kind::Playing, 0, 0));
        }
        for n in 1..=self.stalls_ms.len() {
            let at_ms = self.play_ms + self.startup_ms.unwrap_or(0) + HEARTBEAT_MS * n as i64;
            records.push(self.event(n as u64 + 2, at_ms, Kind::Heartbeat, n, 0));
        }
        let kind = match self.end {
            End::Leaves => Kind::Viewend,
            End::Fails => Kind::Error,
            End::Vanishes => return records,
        };
        records.push(self.event(99, self.over_ms(), kind, self.stalls_ms.len(), self.tail_ms));
        records
    }
}

fn ratio(of: f64, to: f64) -> Option<f64> {
    (to > 0.0).then(|| of / to)
}

/// The definitions once more: one interval of some stories.
pub fn expected(metric: &str, stories: &[&Story], start_ms: i64) -> (Option<f64>, f64, f64) {
    let end_ms = start_ms + INTERVAL_MS;
    let within = |ms: i64| (start_ms..end_ms).contains(&ms);
    let sum = |condition: &dyn Fn(&Story) -> bool| -> f64 {
        stories.iter().filter(|story| condition(story)).map(|story| story.weight()).sum()
    };
    let there = sum(&|s| s.play_ms < end_ms && s.over_ms() >= end_ms);
    let first_frame_ms = |s: &Story| s.startup_ms.map_or(s.over_ms(), |ms| s.play_ms + ms);
    let starting = sum(&|s| s.play_ms < end_ms && first_frame_ms(s) >= end_ms);
    let attempts = starting + sum(&|s| within(first_frame_ms(s)));
    let failed = sum(&|s| s.end == End::Fails && within(s.over_ms()));
    let failed_to_start = sum(&|s| s.end == End::Fails && s.startup_ms.is_none() && within(s.over_ms()));
    let left = sum(&|s| {
        let waited = s.end == End::Vanishes || s.tail_ms >= 1000;
        s.end != End::Fails && s.startup_ms.is_none() && waited && within(s.over_ms())
    });
    let value = match metric {
        "current-concurrent-viewers" => Some(there + failed),
        "playback-failure-percentage" => ratio(failed, there + failed),
        "video-startup-failure-percentage" => ratio(failed_to_start, attempts),
        "exits-before-video-start" => ratio(left, attempts),
        other => panic!("{other}"),
    };
    (value, there + failed, starting)
}
