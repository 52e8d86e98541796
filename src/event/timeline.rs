//! The course of a view whose client counts nothing itself (CMCD, EPAS): when it was in which state, where the playhead
//! stood and at what bitrate. Its totals and played ranges follow from it.
//!
//! A timeline is a map from [`order`] to [`Moment`], joined by union, so it is a semilattice like the rest of a view.
//! What follows from it is [`Timeline::course`]; the processor stores it beside the view ([`super::course`]). The
//! ClickHouse view `reckoned_courses` takes the same steps for views that were stored without
//! (`schema/clickhouse/0010_courses.sql`); `tests/it/timeline.rs` holds the two against each other.
//!
//! The rules, each because a real player made it necessary:
//! - Before the first frame everything is starting: dash.js buffers and seeks there.
//! - Rebuffering that comes out of a seek belongs to the seek, and while paused to the pause: hls.js reports both.
//! - "Goes on" (a seek or stall is over) is playing or paused, whichever the viewer wanted last.
//! - What says nothing of the state is noted once per [`SLOT_MS`], as a sign of life and for its bitrate; requests are
//!   three quarters of what CMCD sends.
//! - A client that is silent for longer than [`MOST_MS`] was asleep for the rest of it.
//! - A player that failed to load more plays what it has: dash.js tells the error seconds before the picture stops. What
//!   is played between a fatal error and the stall it leads to counts, the stall does not.
//! - Where a seek ends a stretch, its end is reckoned by the clock: the reported playhead is the target already.

use std::collections::BTreeMap;

use super::{
    record::{AttributeKey, Counters, Event, Kind},
    state::State,
};

/// Most moments of one view: two days of a live stream with one for each slot, and states besides. The processor sees to
/// it ([`Timeline::fit`]): it has the timeline whole, and reckons it anew with each piece.
pub const MOST: usize = 20_000;

/// Length of the slots for events without a state, ms.
const SLOT_MS: i64 = 10_000;
/// Longest time between two moments that counts, ms.
const MOST_MS: i64 = 300_000;
/// A playhead beyond a week is no place in a video.
const LONGEST_MEDIA_MS: u64 = 7 * 24 * 3_600_000;
/// Stretches this close together, ms, are one: clients do not report to the frame.
const SEAM_MS: i64 = 250;
/// Faster than this times the clock, plus a second, no player plays: the playhead jumped.
const MOST_RATE: i64 = 4;
/// A stall this soon after a seek, and in so much of the beginning, follows from it; as in `views` of clients with totals.
const SOON_MS: i64 = 1_000;
const BEGINNING_MS: i64 = 3_000;
/// Bits of an order that tell events of one millisecond apart.
const TURN_BITS: u32 = 12;

/// A seek or stall is over and what was before goes on; besides the codes of [`State`].
const GOES_ON: u8 = 9;
const SAYS_NOTHING: u8 = State::Idle as u8;
const STARTING: u8 = State::Starting as u8;
const PLAYING: u8 = State::Playing as u8;
const PAUSED: u8 = State::Paused as u8;
const SEEKING: u8 = State::Seeking as u8;
const REBUFFERING: u8 = State::Rebuffering as u8;
const FAILED: u8 = State::Failed as u8;

/// Where an event stands in a view that is ordered by time: the millisecond and the turn within it.
pub fn order(t_ms: i64, turn: u32) -> u64 {
    let t_ms = u64::try_from(t_ms).unwrap_or(0).min(u64::MAX >> TURN_BITS);
    (t_ms << TURN_BITS) | u64::from(turn & ((1 << TURN_BITS) - 1))
}

/// What one event says; the larger of two for one place wins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment {
    /// A code of [`State`], or 9 for "goes on"; 0 says nothing.
    pub state: u8,
    /// −1 if unknown.
    pub playhead_ms: i64,
    /// Bit/s; 0 says nothing.
    pub bitrate: u64,
}

/// All that is known of a view's course. `Default` is the neutral element.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Timeline(pub BTreeMap<u64, Moment>);

/// What follows from a timeline.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Course {
    pub totals: Counters,
    /// `[from_ms, to_ms)` of media, in the order of watching.
    pub ranges: Vec<(u32, u32)>,
    /// Bitrate (bit/s; 0: not said) and how long it played (ms), from the smallest on.
    pub renditions: Vec<(u64, u32)>,
    /// In order; as many and as long together as the totals say.
    pub stalls: Vec<Stall>,
}

/// Once the picture stood still, and how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stall {
    pub after: After,
    /// How long the picture had moved by then, ms.
    pub at_playing_ms: u32,
    pub rebuffer_ms: u32,
}

/// What a stall followed. A change of rendition is none of it: what is said here of the bitrate is of what is being loaded,
/// some seconds ahead of the picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum After {
    Nothing = 0,
    /// Within [`SOON_MS`] of playing after a seek.
    Seek = 1,
    /// Within [`BEGINNING_MS`] of playing.
    Start = 2,
}

/// A moment with its state made out and the time until the next.
struct Span {
    at_ms: i64,
    for_ms: i64,
    state: u8,
    moment: Moment,
}

impl Timeline {
    /// Notes an event.
    pub fn learn(&mut self, order: u64, event: &Event<'_>) {
        let state = code(event);
        let bitrate = event.attributes.iter().find(|a| a.key() == AttributeKey::RenditionBitrate);
        let bitrate = bitrate.map_or(0, |attribute| attribute.number);
        let (order, playhead_ms) = if state == SAYS_NOTHING && event.kind() == Kind::Other {
            (self::order(event.t_ms - event.t_ms.rem_euclid(SLOT_MS), 0), None)
        } else {
            let believed = event.playhead_ms.filter(|playhead_ms| *playhead_ms < LONGEST_MEDIA_MS);
            (order, believed.and_then(|playhead_ms| i64::try_from(playhead_ms).ok()))
        };
        self.note(order, Moment { state, playhead_ms: playhead_ms.unwrap_or(-1), bitrate });
    }

    /// Joins what `other` knows.
    pub fn merge(&mut self, other: &Self) {
        other.0.iter().for_each(|(order, moment)| self.note(*order, *moment));
    }

    /// Lets go of what is not in `known` and finds no room beside it, the latest first; how much that was.
    pub fn fit(&mut self, known: &Self, most: usize) -> usize {
        let mut room = most.saturating_sub(known.0.len());
        let before = self.0.len();
        self.0.retain(|order, _| {
            if known.0.contains_key(order) {
                return true;
            }
            let fits = room > 0;
            room = room.saturating_sub(1);
            fits
        });
        before - self.0.len()
    }

    fn note(&mut self, order: u64, moment: Moment) {
        self.0.entry(order).and_modify(|known| *known = (*known).max(moment)).or_insert(moment);
    }

    /// Whether there is nothing to follow from.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Totals and ranges of a view last heard of at `last_t_ms` on the client's clock.
    pub fn course(&self, last_t_ms: i64) -> Course {
        let spans = self.spans(last_t_ms);
        let ms_in = |states: &[u8]| {
            let of_states = spans.iter().filter(|span| states.contains(&span.state));
            total(of_states.map(|span| span.for_ms).sum())
        };
        let entries = |state: u8| {
            let before = std::iter::once(SAYS_NOTHING).chain(spans.iter().map(|span| span.state));
            let entered =
                spans.iter().zip(before).filter(|(span, before)| span.state == state && *before != state);
            u32::try_from(entered.count()).ok()
        };
        let renditions = renditions(&spans);
        let bitrate_ms = renditions.iter().map(|(bitrate, ms)| bitrate.saturating_mul((*ms).into()));
        let totals = Counters {
            playing_ms: ms_in(&[PLAYING]),
            rebuffer_ms: ms_in(&[REBUFFERING]),
            rebuffer_count: entries(REBUFFERING),
            seek_ms: ms_in(&[SEEKING]),
            seek_count: entries(SEEKING),
            watch_ms: ms_in(&[STARTING, PLAYING, SEEKING, REBUFFERING]),
            bitrate_ms: Some(bitrate_ms.fold(0, u64::saturating_add)),
            ..Counters::default()
        };
        Course { totals, stalls: stalls(&spans), ranges: ranges(spans), renditions }
    }

    fn spans(&self, last_t_ms: i64) -> Vec<Span> {
        let at_ms = |order: &u64| (order >> TURN_BITS).cast_signed();
        let ends = self.0.keys().skip(1).map(at_ms).chain([i64::MAX]);
        let mut so_far = SoFar::default();
        let spans = self.0.iter().zip(ends).zip(self.said_next()).map(|(((order, moment), end_ms), next)| {
            let at_ms = at_ms(order);
            let end_ms = if end_ms == i64::MAX { last_t_ms.max(at_ms) } else { end_ms };
            let state = so_far.state_at(moment.state, next);
            Span { at_ms, for_ms: (end_ms - at_ms).min(MOST_MS), state, moment: *moment }
        });
        spans.collect()
    }

    /// For each moment the first code from there on that is a state other than failed.
    fn said_next(&self) -> Vec<u8> {
        let mut next = SAYS_NOTHING;
        let backwards = self.0.values().rev().map(|moment| {
            if !matches!(moment.state, SAYS_NOTHING | FAILED) {
                next = moment.state;
            }
            next
        });
        let mut next: Vec<u8> = backwards.collect();
        next.reverse();
        next
    }
}

/// What the moments so far have left behind for the next.
#[derive(Default)]
struct SoFar {
    said: u8,
    wish: u8,
    before_stall: u8,
    before_failure: u8,
    started: bool,
}

impl SoFar {
    fn state_at(&mut self, code: u8, next: u8) -> u8 {
        if code != SAYS_NOTHING {
            self.said = code;
        }
        if matches!(self.said, STARTING | PLAYING | PAUSED) {
            self.wish = self.said;
        }
        self.started |= self.said == PLAYING;
        let state = match self.said {
            GOES_ON if self.wish == PAUSED => PAUSED,
            GOES_ON => PLAYING,
            said => said,
        };
        if state != REBUFFERING {
            self.before_stall = state;
        }
        if state != FAILED {
            self.before_failure = state;
        }
        match state {
            PLAYING | SEEKING | REBUFFERING if !self.started => STARTING,
            REBUFFERING if self.before_stall != PLAYING => self.before_stall,
            FAILED if self.before_failure == PLAYING && next == REBUFFERING => PLAYING,
            state => state,
        }
    }
}

fn code(event: &Event<'_>) -> u8 {
    match event.kind() {
        Kind::Seeked | Kind::Rebufferend => GOES_ON,
        kind => State::after(kind, event.is_fatal()).map_or(SAYS_NOTHING, |state| state as u8),
    }
}

fn total(ms: i64) -> Option<u32> {
    Some(u32::try_from(ms).unwrap_or(u32::MAX))
}

fn renditions(spans: &[Span]) -> Vec<(u64, u32)> {
    let mut bitrate = 0;
    let mut renditions: BTreeMap<u64, u32> = BTreeMap::new();
    for span in spans {
        if span.moment.bitrate > 0 {
            bitrate = span.moment.bitrate;
        }
        if span.state != PLAYING || span.for_ms == 0 {
            continue;
        }
        let for_ms = u32::try_from(span.for_ms).unwrap_or(u32::MAX);
        let ms = renditions.entry(bitrate).or_default();
        *ms = ms.saturating_add(for_ms);
    }
    renditions.into_iter().collect()
}

fn stalls(spans: &[Span]) -> Vec<Stall> {
    let (mut playing_ms, mut seeked_at_ms, mut before) = (0, None, SAYS_NOTHING);
    let mut stalls: Vec<Stall> = Vec::new();
    let bounded = |ms: i64| u32::try_from(ms).unwrap_or(u32::MAX);
    for span in spans {
        match (span.state, stalls.last_mut()) {
            (PLAYING, _) => playing_ms += span.for_ms,
            (SEEKING, _) => seeked_at_ms = Some(playing_ms),
            (REBUFFERING, Some(stall)) if before == REBUFFERING => {
                stall.rebuffer_ms = stall.rebuffer_ms.saturating_add(bounded(span.for_ms));
            }
            (REBUFFERING, _) => {
                let after = match seeked_at_ms {
                    Some(seeked_at_ms) if playing_ms - seeked_at_ms <= SOON_MS => After::Seek,
                    _ if playing_ms <= BEGINNING_MS => After::Start,
                    _ => After::Nothing,
                };
                let (at_playing_ms, rebuffer_ms) = (bounded(playing_ms), bounded(span.for_ms));
                stalls.push(Stall { after, at_playing_ms, rebuffer_ms });
            }
            _ => {}
        }
        before = span.state;
    }
    stalls
}

fn ranges(spans: Vec<Span>) -> Vec<(u32, u32)> {
    let end_ms = spans.last().map_or(0, |span| span.at_ms + span.for_ms);
    // A mere sign of life has no place in a stretch.
    let told: Vec<Span> = spans
        .into_iter()
        .filter(|span| span.moment.state != SAYS_NOTHING || span.moment.playhead_ms >= 0)
        .collect();
    let mut ranges: Vec<(i64, i64)> = Vec::new();
    let mut seam_ms = None;
    for (index, span) in told.iter().enumerate() {
        let next = told.get(index + 1);
        if span.state == SEEKING {
            seam_ms = None;
        }
        if span.state != PLAYING {
            continue;
        }
        let for_ms = (next.map_or(end_ms, |next| next.at_ms) - span.at_ms).min(MOST_MS);
        let reported = next.filter(|next| next.state != SEEKING).map_or(-1, |next| next.moment.playhead_ms);
        let Some((from_ms, to_ms)) = stretch(span.moment.playhead_ms, reported, for_ms) else { continue };
        let is_close = seam_ms.is_some_and(|seam_ms: i64| (from_ms - seam_ms).abs() <= SEAM_MS);
        match ranges.last_mut() {
            Some(last) if is_close => last.1 = last.1.max(to_ms),
            _ => ranges.push((from_ms, to_ms)),
        }
        seam_ms = Some(to_ms);
    }
    let bounded = |ms: i64| u32::try_from(ms).unwrap_or(u32::MAX);
    ranges.into_iter().map(|(from_ms, to_ms)| (bounded(from_ms), bounded(to_ms))).collect()
}

/// What was played in `for_ms` from one reported playhead to the next; −1 is unknown.
fn stretch(from_ms: i64, reported_ms: i64, for_ms: i64) -> Option<(i64, i64)> {
    let from_ms = match (from_ms, reported_ms) {
        (0.., _) => from_ms,
        (_, 0..) => (reported_ms - for_ms).max(0),
        _ => return None,
    };
    let is_played = (from_ms..=from_ms + MOST_RATE * for_ms + 1000).contains(&reported_ms);
    let to_ms = if is_played { reported_ms } else { from_ms + for_ms };
    (to_ms > from_ms).then_some((from_ms, to_ms))
}
