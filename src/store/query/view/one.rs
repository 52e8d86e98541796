//! Everything known of one view, unfolded here from its merged states.
//!
//! Of one view, planning the columns of `views` takes ten times as long as reading it. So its states are read as they are
//! stored, and what `views` derives from them (`schema/clickhouse/0017_played.sql`) is derived here, by the same
//! rules; `tests/it/api/one_view.rs` holds the two against each other.

use std::collections::BTreeMap;

use serde::{Deserialize, de::IgnoredAny};
use serde_json::{Map, Value, json};

use crate::event::{
    Counters,
    attribute::{ATTRIBUTES, MILLIONTHS, Spec, Type},
    metric::score::Outcome,
    overcount,
};

/// What is read besides the attributes. The checksum is the engine's, as in [`super::ERROR_ID`].
pub(super) const STATES: &str = "view_id, toUnixTimestamp64Milli(view_start) AS start_ms, \
    toUnixTimestamp64Milli(last_received_at) AS last_received_ms, anchor_ms, last_t_ms, play_t_ms, first_frame_t_ms, \
    custom, startup_ms, player_startup_ms, page_load_ms, playing_ms, watch_ms, rebuffer_ms, rebuffer_count, seek_ms, \
    seek_count, dropped_frames, upscale_ms, downscale_ms, scaling_said, max_upscale, bitrate_ms, max_playhead_ms, \
    playhead_ms, segment_from_ms, segment_to_ms, course, course_ranges, error_code, error_message, \
    CRC32(error_code.2) AS error_checksum, length(error_sequences) AS error_count, attempted, fatal, business, ended, \
    closed, last_sequence";

/// Silent for so long, a viewer who saw nothing has left; and for so long, any view is over.
const LEFT_MS: i64 = 60_000;
const OVER_MS: i64 = 3_600_000;

/// The sequence a value was said with, and the value.
type Latest<T> = (u64, T);
/// How much a course was reckoned from: how many moments, and what matters to merging alone.
type Extent = (u32, IgnoredAny, IgnoredAny);
/// Playing, watching and rebuffering time, rebuffers, seeking time, seeks, bitrate times playing time.
type Totals = (u32, u32, u32, u32, u32, u32, u64);

/// The row of a view in `view_states`, merged.
#[derive(Deserialize)]
pub(super) struct States {
    view_id: String,
    start_ms: i64,
    last_received_ms: i64,
    anchor_ms: Option<i64>,
    last_t_ms: Option<i64>,
    play_t_ms: Option<i64>,
    first_frame_t_ms: Option<i64>,
    custom: BTreeMap<String, Latest<String>>,
    startup_ms: Option<u32>,
    player_startup_ms: Option<u32>,
    page_load_ms: Option<u32>,
    playing_ms: u32,
    watch_ms: u32,
    rebuffer_ms: u32,
    rebuffer_count: u32,
    seek_ms: u32,
    seek_count: u32,
    dropped_frames: u32,
    upscale_ms: u32,
    downscale_ms: u32,
    scaling_said: u8,
    max_upscale: Option<u32>,
    bitrate_ms: u64,
    max_playhead_ms: u64,
    playhead_ms: Latest<u64>,
    segment_from_ms: BTreeMap<u32, u32>,
    segment_to_ms: BTreeMap<u32, u32>,
    course: (Extent, Totals),
    course_ranges: (Extent, Vec<(u32, u32)>),
    error_code: Latest<String>,
    error_message: Latest<String>,
    error_checksum: u32,
    error_count: u64,
    attempted: u8,
    fatal: u8,
    business: u8,
    ended: u8,
    closed: u8,
    last_sequence: u64,
    /// By their names, each with the sequence it was said with.
    #[serde(flatten)]
    attributes: Map<String, Value>,
}

impl States {
    /// When it began: an id may have been given twice.
    pub(super) const fn start_ms(&self) -> i64 {
        self.start_ms
    }

    /// All of it by column name; times are Unix ms. Unknown attributes are null: a reader of one view wants to tell that
    /// from an empty title.
    pub(super) fn known(mut self, now_ms: i64) -> Map<String, Value> {
        self.choose_totals();
        let attributes = ATTRIBUTES.iter().map(|spec| (spec.name.to_owned(), self.attribute(spec)));
        let mut known: Map<String, Value> = attributes.collect();
        for part in [self.times(), self.totals(), self.course(), self.outcome(now_ms), self.scores(now_ms)] {
            if let Value::Object(part) = part {
                known.extend(part);
            }
        }
        known
    }

    /// Of a client that sends no totals, those of its course.
    const fn choose_totals(&mut self) {
        if self.is_reckoned() {
            let totals = self.course.1;
            (self.playing_ms, self.watch_ms, self.rebuffer_ms) = (totals.0, totals.1, totals.2);
            (self.rebuffer_count, self.seek_ms, self.seek_count) = (totals.3, totals.4, totals.5);
            self.bitrate_ms = totals.6;
        }
    }

    /// Without what the client counts twice.
    fn played_ms(&self) -> u32 {
        if self.is_reckoned() {
            return self.playing_ms;
        }
        let totals = Counters {
            startup_ms: self.startup_ms,
            playing_ms: Some(self.playing_ms),
            watch_ms: Some(self.watch_ms),
            rebuffer_ms: Some(self.rebuffer_ms),
            rebuffer_count: Some(self.rebuffer_count),
            seek_ms: Some(self.seek_ms),
            ..Counters::default()
        };
        let sdk = self.said("sdk").and_then(Value::as_str).unwrap_or_default();
        overcount::playing_ms(sdk, &totals).unwrap_or_default()
    }

    const fn is_reckoned(&self) -> bool {
        self.course.0.0 > 0
    }

    fn said(&self, name: &str) -> Option<&Value> {
        self.attributes.get(name)?.get(1)
    }

    fn attribute(&self, spec: &Spec) -> Value {
        match (spec.kind, self.said(spec.name)) {
            (Type::Text, Some(Value::String(text))) if !text.is_empty() => text.as_str().into(),
            (Type::Number, Some(Value::Number(number))) if number.as_u64() != Some(0) => {
                number.clone().into()
            }
            (Type::Share, _) => number(self.sample_rate().map(|rate| rate / f64::from(MILLIONTHS))),
            _ => Value::Null,
        }
    }

    /// In millionths, if the client reports a sample.
    fn sample_rate(&self) -> Option<f64> {
        self.said("sample_rate").and_then(Value::as_f64).filter(|rate| *rate > 0.0)
    }

    /// How many views this one stands for; a rate is never below a millionth.
    fn weight(&self) -> f64 {
        let all = f64::from(MILLIONTHS);
        self.sample_rate().map_or(1.0, |rate| all / rate.min(all))
    }

    fn times(&self) -> Value {
        let by_events_ms =
            self.last_t_ms.zip(self.anchor_ms).map_or(0, |(at, anchor)| at.wrapping_add(anchor));
        json!({
            "view_id": self.view_id,
            "view_start_ms": self.start_ms,
            "view_end_ms": by_events_ms.max(self.start_ms).min(self.last_received_ms),
            "updated_ms": self.last_received_ms,
            "video_startup_ms": self.video_startup_ms(),
            "player_startup_ms": self.player_startup_ms,
            "page_load_ms": self.page_load_ms,
        })
    }

    fn totals(&self) -> Value {
        json!({
            "playing_ms": self.played_ms(),
            "watch_ms": self.watch_ms,
            "rebuffer_ms": self.rebuffer_ms,
            "rebuffer_count": self.rebuffer_count,
            "seek_ms": self.seek_ms,
            "seek_count": self.seek_count,
            "dropped_frames": self.dropped_frames,
            "upscale_ms": self.upscale_ms,
            "downscale_ms": self.downscale_ms,
            "bitrate_ms": self.bitrate_ms,
        })
    }

    fn course(&self) -> Value {
        let custom = self.custom.iter().map(|(name, said)| (name.clone(), said.1.as_str().into()));
        json!({
            "custom": custom.collect::<Map<String, Value>>(),
            "max_playhead_ms": self.max_playhead_ms,
            "playhead_ms": self.playhead_ms.1,
            "ranges": self.ranges(),
            "weight": number(Some(self.weight())),
            "last_sequence": self.last_sequence,
        })
    }

    fn outcome(&self, now_ms: i64) -> Value {
        let told = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let has_ended = self.closed == 1 || self.ended == 1 || self.fatal == 1;
        let is_silent = self.last_received_ms < now_ms - OVER_MS;
        json!({
            "error_id": if self.error_code.1.is_empty() { 0 } else { self.error_checksum },
            "error_code": told(&self.error_code.1),
            "error_message": told(&self.error_message.1),
            "error_count": self.error_count,
            "view_started": self.started(),
            "playback_failure": self.fatal == 1,
            "playback_business_exception": self.business == 1,
            "played_to_end": self.ended == 1,
            "view_ended": has_ended,
            "exit_before_video_start": self.left_before_start(now_ms),
            "view_dropped": self.attempted == 1 && is_silent && !has_ended && self.business != 1,
        })
    }

    fn scores(&self, now_ms: i64) -> Value {
        let measures_scaling = self.scaling_said == 1 || self.upscale_ms > 0 || self.downscale_ms > 0;
        let outcome = Outcome {
            attempted: self.attempted == 1,
            failed: self.fatal == 1,
            started: self.started(),
            left_before_start: self.left_before_start(now_ms),
            waited_ms: self.waited_ms(),
            startup_ms: self.video_startup_ms(),
            playing_ms: self.played_ms(),
            watch_ms: self.watch_ms,
            rebuffer_ms: self.rebuffer_ms,
            rebuffer_count: self.rebuffer_count,
            upscale_ms: measures_scaling.then_some(self.upscale_ms),
            max_upscale: self.max_upscale.map(|largest| f64::from(largest) / f64::from(MILLIONTHS)),
        };
        json!({
            "viewer_experience_score": number(outcome.experience()),
            "playback_success_score": number(outcome.success()),
            "startup_time_score": number(outcome.startup()),
            "rebuffer_score": number(outcome.smoothness()),
            "video_quality_score": number(outcome.quality()),
        })
    }

    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "as ClickHouse cuts it")]
    fn video_startup_ms(&self) -> Option<u32> {
        let by_events = || Some(self.first_frame_t_ms?.wrapping_sub(self.play_t_ms?).max(0) as u32);
        self.startup_ms.or_else(by_events)
    }

    fn ranges(&self) -> Vec<[u32; 2]> {
        if self.is_reckoned() {
            return self.course_ranges.1.iter().map(|range| [range.0, range.1]).collect();
        }
        // Both maps have the same keys, in their order: a stretch is told with both of its ends.
        let told = self.segment_from_ms.values().zip(self.segment_to_ms.values());
        told.filter(|(from, to)| to > from).map(|(from, to)| [*from, *to]).collect()
    }

    const fn started(&self) -> bool {
        self.first_frame_t_ms.is_some() || self.startup_ms.is_some() || self.playing_ms > 0
    }

    const fn left_before_start(&self, now_ms: i64) -> bool {
        let has_left = self.closed == 1 || self.last_received_ms < now_ms - LEFT_MS;
        self.attempted == 1 && !self.started() && self.fatal != 1 && self.business != 1 && has_left
    }

    /// How long a view that has not begun has been waited for: the client's own measure, else by its events.
    fn waited_ms(&self) -> Option<u32> {
        if self.started() || self.attempted != 1 {
            return None;
        }
        if self.watch_ms > 0 {
            return Some(self.watch_ms);
        }
        let by_events_ms = self.last_t_ms?.wrapping_sub(self.play_t_ms?).max(0);
        Some(u32::try_from(by_events_ms).unwrap_or(u32::MAX))
    }
}

/// A number as ClickHouse writes it: a whole one without a fraction.
#[expect(clippy::cast_possible_truncation, reason = "below 2^53, where they are whole")]
fn number(value: Option<f64>) -> Value {
    match value {
        Some(whole) if whole.fract() == 0.0 && whole.abs() < 9e15 => (whole as i64).into(),
        other => other.into(),
    }
}
