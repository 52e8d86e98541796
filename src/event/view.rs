//! A view as a semilattice: what is known about one attempt to watch one video.
//!
//! [`View::of`] turns a record into the knowledge it carries, [`View::merge`] joins two pieces of knowledge. Merging is
//! associative, commutative and idempotent, so repeats, late beacons, reordering and replays cannot change the
//! outcome (the property test `tests/it/view_laws.rs` says so). ClickHouse merges the same columns by the same
//! rules (`schema/clickhouse/0002_view_states.sql`), so a view may be inserted in as many pieces as convenient.
//!
//! | kind of fact | merged by |
//! |---|---|
//! | cumulative counter, last time, flag | larger |
//! | first time, server anchor | smaller |
//! | state that changes (title, CDN, rendition, error) | the value with the highest order (sequence) |
//! | played stretches | per number: smallest start, largest end |
//! | course of a view without totals | union by time ([`super::timeline`]); what follows from it is stored by [`super::course`] |
//! | changes of rendition, stalls, seeks, ads | union by order ([`super::marks`]) |
//! | events of the customer's own | union by sequence ([`super::moments`]) |
//! | things counted one by one (errors) | union of their sequences |

use std::collections::BTreeSet;

use super::{
    bounds,
    by_key::ByKey,
    counters::raise,
    marks::Marks,
    moments::Moments,
    overcount,
    record::{Attribute, AttributeKey, Counters, Event, Format, Kind, Record, Severity},
    short::Short,
    state::State,
    timeline::{Course, Timeline},
};
use crate::planted;

/// A value and the order (sequence) it was said with; the highest wins, ties by value.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Latest<T> {
    pub order: u64,
    pub value: T,
}

impl<T: Ord> Latest<T> {
    fn learn(&mut self, order: u64, value: T) {
        if (order, &value) > (self.order, &self.value) {
            *self = Self { order, value };
        }
    }
}

impl Latest<String> {
    /// The same, copying the text only if it wins.
    fn learn_text(&mut self, order: u64, value: &str) {
        if (order, value) > (self.order, self.value.as_str()) {
            self.order = order;
            value.clone_into(&mut self.value);
        }
    }
}

/// Everything known about a view. `Default` is the neutral element: nothing known.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct View {
    /// Server receive times, Unix ms.
    pub first_received_ms: Option<i64>,
    pub last_received_ms: i64,
    /// Smallest receive − sent: event clock + this = server clock.
    pub anchor_ms: Option<i64>,
    /// On the client's event clock: first and last event, play request, first frame.
    pub first_t_ms: Option<i64>,
    pub last_t_ms: Option<i64>,
    pub play_t_ms: Option<i64>,
    pub first_frame_t_ms: Option<i64>,
    pub last_sequence: u64,
    pub counters: Counters,
    /// Furthest media position reached.
    pub max_playhead_ms: u64,
    pub playhead_ms: Latest<u64>,
    pub state: Latest<State>,
    /// Whether the viewer has paused; kept apart because a seek hides it.
    pub paused: Latest<bool>,
    pub text: ByKey<Latest<String>>,
    pub number: ByKey<Latest<u64>>,
    pub custom: Short<String, Latest<String>>,
    /// Played stretches by number.
    pub segment_from_ms: Short<u32, u32>,
    pub segment_to_ms: Short<u32, u32>,
    /// What happened when, if the client sends no totals.
    pub timeline: Timeline,
    /// Changes of rendition, stalls, seeks and ads, by order.
    pub marks: Marks,
    /// What the viewer did of the customer's own, by sequence.
    pub moments: Moments,
    /// Sequences of errors that are not warnings, newest code and message of them.
    pub error_sequences: BTreeSet<u64>,
    pub error_code: Latest<String>,
    pub error_message: Latest<String>,
    /// Play was attempted: from here on it counts as a view.
    pub attempted: bool,
    pub fatal: bool,
    pub business: bool,
    pub ended: bool,
    pub closed: bool,
}

impl View {
    /// What one record knows.
    pub fn of(record: &Record<'_>) -> Self {
        let mut view = Self::default();
        view.learn(record);
        view
    }

    /// Joins what a record knows: the same as [`Self::merge`] of [`Self::of`], without making the piece first.
    pub fn learn(&mut self, record: &Record<'_>) {
        self.first_received_ms = smaller(self.first_received_ms, Some(record.received_ms));
        self.last_received_ms = self.last_received_ms.max(record.received_ms);
        self.anchor_ms = smaller(self.anchor_ms, Some(record.anchor_ms));
        let first_order = record.events.iter().map(|event| record.order_of(event)).min().unwrap_or(0);
        for attribute in &record.origin {
            // What the server concluded gives way to what the client says, whenever it says it.
            let order = if attribute.key() == AttributeKey::StreamType { 0 } else { first_order };
            self.learn_attribute(order, attribute);
        }
        let play_t_ms = self.play_t_ms;
        for event in &record.events {
            self.learn_event(record.order_of(event), event);
            self.marks.learn(record.order_of(event), event);
            self.moments.learn(event);
            if !record.has_totals() {
                self.timeline.learn(record.order_of(event), event);
            }
        }
        if matches!(record.format(), Format::Mux | Format::MuxUncounted) {
            // It says itself how long starting took, and nothing where that means nothing: a change of programme.
            self.play_t_ms = play_t_ms;
        }
    }

    /// Joins what `other` knows.
    pub fn merge(&mut self, other: &Self) {
        self.first_received_ms = smaller(self.first_received_ms, other.first_received_ms);
        self.last_received_ms = self.last_received_ms.max(other.last_received_ms);
        self.anchor_ms = smaller(self.anchor_ms, other.anchor_ms);
        self.first_t_ms = smaller(self.first_t_ms, other.first_t_ms);
        self.last_t_ms = self.last_t_ms.max(other.last_t_ms);
        self.play_t_ms = smaller(self.play_t_ms, other.play_t_ms);
        self.first_frame_t_ms = smaller(self.first_frame_t_ms, other.first_frame_t_ms);
        self.last_sequence = self.last_sequence.max(other.last_sequence);
        raise(&mut self.counters, &other.counters);
        self.max_playhead_ms = self.max_playhead_ms.max(other.max_playhead_ms);
        self.playhead_ms.learn(other.playhead_ms.order, other.playhead_ms.value);
        self.state.learn(other.state.order, other.state.value);
        self.paused.learn(other.paused.order, other.paused.value);
        for (key, latest) in other.text.iter() {
            self.text.entry(key).learn_text(latest.order, &latest.value);
        }
        for (key, latest) in other.number.iter() {
            self.number.entry(key).learn(latest.order, latest.value);
        }
        for (name, latest) in other.custom.iter() {
            self.learn_custom(latest.order, name, &latest.value);
        }
        for (number, from_ms) in other.segment_from_ms.iter() {
            self.segment_from_ms
                .entry(*number)
                .and_modify(|known| *known = (*known).min(*from_ms))
                .or_insert(*from_ms);
        }
        for (number, to_ms) in other.segment_to_ms.iter() {
            self.segment_to_ms
                .entry(*number)
                .and_modify(|known| *known = (*known).max(*to_ms))
                .or_insert(*to_ms);
        }
        self.timeline.merge(&other.timeline);
        self.marks.merge(&other.marks);
        self.moments.merge(&other.moments);
        self.error_sequences.extend(&other.error_sequences);
        self.error_code.learn_text(other.error_code.order, &other.error_code.value);
        self.error_message.learn_text(other.error_message.order, &other.error_message.value);
        self.attempted |= other.attempted;
        self.fatal |= other.fatal;
        self.business |= other.business;
        self.ended |= other.ended;
        self.closed |= other.closed;
    }

    fn learn_event(&mut self, order: u64, event: &Event<'_>) {
        planted::taste(&event.name);
        let kind = event.kind();
        self.first_t_ms = smaller(self.first_t_ms, Some(event.t_ms));
        self.last_t_ms = self.last_t_ms.max(Some(event.t_ms));
        self.last_sequence = self.last_sequence.max(event.sequence);
        if let Some(playhead_ms) = event.playhead_ms {
            self.max_playhead_ms = self.max_playhead_ms.max(playhead_ms);
            self.playhead_ms.learn(order, playhead_ms);
        }
        if let Some(counters) = &event.counters {
            raise(&mut self.counters, counters);
            self.attempted |= counters.playing_ms.unwrap_or(0) > 0 || counters.startup_ms.is_some();
        }
        for segment in event.segments.iter().filter(|segment| bounds::keeps(segment)) {
            self.segment_from_ms
                .entry(segment.number)
                .and_modify(|known| *known = (*known).min(segment.from_ms))
                .or_insert(segment.from_ms);
            self.segment_to_ms
                .entry(segment.number)
                .and_modify(|known| *known = (*known).max(segment.to_ms))
                .or_insert(segment.to_ms);
        }
        for attribute in &event.attributes {
            self.learn_attribute(order, attribute);
        }
        self.learn_kind(order, kind, event);
    }

    fn learn_kind(&mut self, order: u64, kind: Kind, event: &Event<'_>) {
        match kind {
            Kind::Play | Kind::Viewstart => self.play_t_ms = smaller(self.play_t_ms, Some(event.t_ms)),
            Kind::Playing => self.first_frame_t_ms = smaller(self.first_frame_t_ms, Some(event.t_ms)),
            Kind::Ended => self.ended = true,
            Kind::Viewend => self.closed = true,
            _ => {}
        }
        if let Some(failure) = &event.failure {
            self.learn_failure(order, event.sequence, failure.severity(), &failure.code, &failure.message);
        }
        self.attempted |= matches!(
            kind,
            Kind::Viewstart
                | Kind::Play
                | Kind::Playing
                | Kind::Pause
                | Kind::Rebufferstart
                | Kind::Rebufferend
                | Kind::Error
                | Kind::Adstart
                | Kind::Ended
        );
        if let Some(state) = State::after(kind, event.is_fatal()) {
            self.state.learn(order, state);
        }
        if matches!(kind, Kind::Play | Kind::Playing | Kind::Pause) {
            self.paused.learn(order, kind == Kind::Pause);
        }
    }

    fn learn_failure(&mut self, order: u64, sequence: u64, severity: Severity, code: &str, message: &str) {
        match severity {
            Severity::Warning => return,
            Severity::Fatal => self.fatal = true,
            Severity::Business => self.business = true,
        }
        self.error_sequences.insert(sequence);
        self.error_code.learn_text(order, code);
        self.error_message.learn_text(order, message);
    }

    fn learn_attribute(&mut self, order: u64, attribute: &Attribute<'_>) {
        let key = attribute.key();
        match key {
            AttributeKey::KeyCustom => self.learn_custom(order, &attribute.name, &attribute.text),
            _ => match super::attribute::by_key(key).map(|spec| spec.kind) {
                Some(super::attribute::Type::Text) => {
                    self.text.entry(key).learn_text(order, &attribute.text);
                }
                Some(super::attribute::Type::Number | super::attribute::Type::Share) => {
                    self.number.entry(key).learn(order, attribute.number);
                }
                None => {}
            },
        }
    }

    fn learn_custom(&mut self, order: u64, name: &str, value: &str) {
        if let Some(known) = self.custom.get_mut(name) {
            return known.learn_text(order, value);
        }
        // Whatever comes first, the same names stay.
        let is_full = self.custom.len() >= bounds::NAMES_OF_A_PIECE;
        if is_full && self.custom.last().is_some_and(|(last, _)| last.as_str() < name) {
            return;
        }
        self.custom.insert(name.to_owned(), Latest { order, value: value.to_owned() });
        if is_full && let Some(last) = self.custom.last().map(|(last, _)| last.clone()) {
            self.custom.remove(&last);
        }
    }
}

/// What is derived from the facts; the same expressions as the columns of the ClickHouse view `views`.
impl View {
    /// Play request to first frame, ms: the client's own measure, else the time between the two events.
    pub fn startup_ms(&self) -> Option<u64> {
        let between = || Some(u64::try_from(self.first_frame_t_ms? - self.play_t_ms?).unwrap_or(0));
        self.counters.startup_ms.map(u64::from).or_else(between)
    }

    /// What the viewer is in the middle of.
    pub fn state(&self) -> State {
        match self.state.value {
            // Eyevinn's SDK goes on telling of buffering after it has said `stopped`.
            _ if self.closed && !self.timeline.is_empty() => State::Exited,
            State::Playing if self.paused.value => State::Paused,
            State::Starting if self.started() => State::Playing,
            State::Seeking | State::Rebuffering if !self.started() => State::Starting,
            state => state,
        }
    }

    /// A frame was seen.
    pub fn started(&self) -> bool {
        self.first_frame_t_ms.is_some()
            || self.counters.startup_ms.is_some()
            || self.counters.playing_ms.unwrap_or(0) > 0
    }

    /// A fatal error that is a fault, not a business rule.
    pub fn failed(&self) -> bool {
        self.fatal
    }

    /// The newest text said for `key`, empty if none.
    pub fn text(&self, key: AttributeKey) -> &str {
        self.text.get(key).map_or("", |latest| latest.value.as_str())
    }

    /// The newest number said for `key`, 0 if none.
    pub fn number(&self, key: AttributeKey) -> u64 {
        self.number.get(key).map_or(0, |latest| latest.value)
    }

    /// Totals and played ranges: the client's own, else what follows from the timeline.
    pub fn course(&self) -> Course {
        if self.timeline.is_empty() {
            let ranges = self.segments().map(|(_, range)| range).collect();
            return Course { totals: self.totals(), ranges, ..Course::default() };
        }
        let mut course = self.timeline.course(self.last_t_ms.unwrap_or(0));
        raise(&mut course.totals, &self.counters);
        course
    }

    /// Totals: the client's own without what it counts twice, else what follows from the timeline.
    pub fn totals(&self) -> Counters {
        if !self.timeline.is_empty() {
            return self.course().totals;
        }
        let playing_ms = overcount::playing_ms(self.text(AttributeKey::Sdk), &self.counters);
        Counters { playing_ms, ..self.counters }
    }

    /// Played ranges by the number of their stretch, which stays while a stretch grows.
    pub fn stretches(&self) -> Vec<(u32, (u32, u32))> {
        if self.timeline.is_empty() {
            return self.segments().collect();
        }
        (0..).zip(self.course().ranges).collect()
    }

    fn segments(&self) -> impl Iterator<Item = (u32, (u32, u32))> + '_ {
        self.segment_from_ms.iter().filter_map(|(number, from_ms)| {
            let to_ms = *self.segment_to_ms.get(number)?;
            (to_ms > *from_ms).then_some((*number, (*from_ms, to_ms)))
        })
    }
}

fn smaller(a: Option<i64>, b: Option<i64>) -> Option<i64> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}
