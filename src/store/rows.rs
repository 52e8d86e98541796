//! Rows as column blocks: what the processor knows, in the columns of `event_rows` and `view_states`.
//!
//! Column by column ([`super::native`]), which the server reads about forty times cheaper than rows. `tests/it/pipeline.rs`
//! holds the columns against the database's.

use std::borrow::Cow;

use super::native::{Block, Columns, Digits, Value};
use crate::event::{
    Attribute, AttributeKey, Counters, Event, View,
    attribute::{ATTRIBUTES, MILLIONTHS, Type, by_key},
    course::{Known, Reckoned},
    timeline::Stall,
};

/// Reads one total of the counters.
type Total = fn(&Counters) -> Option<u32>;
/// Reads one time of a view, on one of its clocks.
type Time = fn(&View) -> Option<i64>;

/// Bytes of a row, about: room is made for so many.
const EVENT_BYTES: usize = 300;
const VIEW_BYTES: usize = 1_500;

/// Unix milliseconds.
const TIME: &str = "DateTime64(3, 'UTC')";
const LATEST_NUMBER: &str = "Tuple(UInt64, UInt64)";
const LATEST_TEXT: &str = "Tuple(UInt64, String)";
const LATEST_CODE: &str = "Tuple(UInt64, UInt8)";

/// One event on its way into `event_rows`.
#[derive(Debug, Clone, PartialEq)]
pub struct EventRow<'a> {
    pub environment: &'a str,
    pub view_start_ms: i64,
    pub view_id: &'a str,
    pub received_ms: i64,
    pub anchor_ms: i64,
    pub log_partition: u32,
    pub log_offset: u64,
    pub event: &'a Event<'a>,
}

/// A piece of knowledge about a view on its way into `view_states`.
#[derive(Debug, Clone, PartialEq)]
pub struct ViewRow<'a> {
    pub environment: &'a str,
    pub view_start_ms: i64,
    pub view_id: &'a str,
    pub view: View,
    /// What follows from all that is known of its timeline, not from this piece alone.
    pub course: Option<Reckoned>,
}

impl<'a> ViewRow<'a> {
    /// A row of a view of which nothing else is known.
    pub fn of_all(environment: &'a str, view_start_ms: i64, view_id: &'a str, view: View) -> Self {
        let mut known = Known::default();
        known.learn(&view);
        Self { environment, view_start_ms, view_id, view, course: known.reckon() }
    }
}

/// The block of `event_rows`.
pub fn event_block(rows: &[EventRow<'_>]) -> Block {
    let mut columns = Columns::new(rows, EVENT_BYTES);
    texts_of_few(&mut columns, "environment", |row| row.environment);
    columns.begin("view_start", TIME).each(|row| row.view_start_ms);
    columns.begin("view_id", "String").each(|row| row.view_id);
    columns.begin("sequence", "UInt64").each(|row| row.event.sequence);
    texts_of_few(&mut columns, "event", |row| row.event.label());
    columns.begin("t_ms", "Int64").each(|row| row.event.t_ms);
    columns.begin("anchor_ms", "Int64").each(|row| row.anchor_ms);
    columns.begin("received_at", TIME).each(|row| row.received_ms);
    columns.begin("playhead_ms", "Nullable(UInt64)").optional(|row| row.event.playhead_ms);
    event_counters(&mut columns);
    failures(&mut columns);
    columns
        .begin("attributes", "Map(LowCardinality(String), String)")
        .has_dictionary()
        .lengths(|row| attributes(row.event).count())
        .dictionary(|row| attributes(row.event).map(name))
        .all(|row| attributes(row.event).map(Said));
    columns.begin("log_partition", "UInt32").each(|row| row.log_partition);
    columns.begin("log_offset", "UInt64").each(|row| row.log_offset);
    columns.build()
}

fn texts_of_few<'a, R>(columns: &mut Columns<'a, R>, name: &'static str, text: impl Fn(&'a R) -> &'a str) {
    let column = columns.begin(name, "LowCardinality(String)");
    column.has_dictionary().dictionary(|row| std::iter::once(text(row)));
}

fn event_counters(columns: &mut Columns<'_, EventRow<'_>>) {
    let read: [(&str, Total); 7] = [
        ("playing_ms", |c| c.playing_ms),
        ("watch_ms", |c| c.watch_ms),
        ("rebuffer_ms", |c| c.rebuffer_ms),
        ("rebuffer_count", |c| c.rebuffer_count),
        ("seek_ms", |c| c.seek_ms),
        ("seek_count", |c| c.seek_count),
        ("dropped_frames", |c| c.dropped_frames),
    ];
    for (name, counter) in read {
        columns.begin(name, "UInt32").each(|row| row.event.counters.as_ref().and_then(counter).unwrap_or(0));
    }
}

fn failures(columns: &mut Columns<'_, EventRow<'_>>) {
    texts_of_few(columns, "error_code", |row| row.event.failure.as_ref().map_or("", |said| &said.code));
    columns
        .begin("error_message", "String")
        .each(|row| row.event.failure.as_ref().map_or("", |said| &*said.message));
    texts_of_few(columns, "error_severity", |row| {
        row.event.failure.as_ref().map_or("", |said| said.severity().wire())
    });
}

/// What changed with the event, each name once: they are in order, and of equals the last one counts.
fn attributes<'a>(event: &'a Event<'a>) -> impl Iterator<Item = &'a Attribute<'a>> {
    let following = event.attributes.iter().skip(1).map(Some).chain([None]);
    let with_next = event.attributes.iter().zip(following);
    let is_last = |attribute: &Attribute<'_>, next: Option<&Attribute<'_>>| {
        next.is_none_or(|next| (next.key, &next.name) != (attribute.key, &attribute.name))
    };
    with_next.filter(move |(attribute, next)| is_last(attribute, *next)).map(|(attribute, _)| attribute)
}

/// An attribute's name for analysts: `custom.` before the customer's own dimensions.
fn name<'a>(attribute: &'a Attribute<'_>) -> Cow<'a, str> {
    match attribute.key() {
        AttributeKey::KeyUnknown => (&*attribute.name).into(),
        AttributeKey::KeyCustom => format!("custom.{}", attribute.name).into(),
        key => by_key(key).map_or("", |spec| spec.name).into(),
    }
}

/// An attribute's value as text.
struct Said<'a>(&'a Attribute<'a>);

impl Value for Said<'_> {
    fn put(self, out: &mut Vec<u8>) {
        let Self(attribute) = self;
        match by_key(attribute.key()).map(|spec| spec.kind) {
            Some(Type::Number) => Digits(attribute.number).put(out),
            Some(Type::Share) => millionths(attribute.number).to_string().as_str().put(out),
            Some(Type::Text) | None => (&*attribute.text).put(out),
        }
    }
}

/// A share as its client said it.
#[expect(clippy::cast_precision_loss, reason = "at most a million")]
fn millionths(number: u64) -> f64 {
    number as f64 / f64::from(MILLIONTHS)
}

/// The block of `view_states`.
pub fn view_block(rows: &[ViewRow<'_>]) -> Block {
    let mut columns = Columns::new(rows, VIEW_BYTES);
    texts_of_few(&mut columns, "environment", |row| row.environment);
    columns.begin("view_start", TIME).each(|row| row.view_start_ms);
    columns.begin("view_id", "String").each(|row| row.view_id);
    columns.begin("last_received_at", TIME).each(|row| row.view.last_received_ms);
    view_times(&mut columns);
    columns.begin("last_sequence", "UInt64").each(|row| row.view.last_sequence);
    view_counters(&mut columns);
    columns.begin("max_playhead_ms", "UInt64").each(|row| row.view.max_playhead_ms);
    let playhead = columns.begin("playhead_ms", LATEST_NUMBER);
    playhead.each(|row| row.view.playhead_ms.order).each(|row| row.view.playhead_ms.value);
    let state = columns.begin("state", LATEST_CODE);
    state.each(|row| row.view.state.order).each(|row| row.view.state.value as u8);
    let paused = columns.begin("paused", LATEST_CODE);
    paused.each(|row| row.view.paused.order).each(|row| row.view.paused.value);
    view_attributes(&mut columns);
    view_course(&mut columns);
    reckoned(&mut columns);
    view_failures(&mut columns);
    columns.begin("attempted", "UInt8").each(|row| row.view.attempted);
    columns.begin("fatal", "UInt8").each(|row| row.view.fatal);
    columns.begin("business", "UInt8").each(|row| row.view.business);
    columns.begin("ended", "UInt8").each(|row| row.view.ended);
    columns.begin("closed", "UInt8").each(|row| row.view.closed);
    columns.build()
}

fn view_times(columns: &mut Columns<'_, ViewRow<'_>>) {
    let read: [(&str, Time); 5] = [
        ("anchor_ms", |view| view.anchor_ms),
        ("first_t_ms", |view| view.first_t_ms),
        ("last_t_ms", |view| view.last_t_ms),
        ("play_t_ms", |view| view.play_t_ms),
        ("first_frame_t_ms", |view| view.first_frame_t_ms),
    ];
    for (name, time) in read {
        columns.begin(name, "Nullable(Int64)").optional(|row| time(&row.view));
    }
}

/// What follows from the timeline. The extent comes first: the larger one wins.
fn reckoned(columns: &mut Columns<'_, ViewRow<'_>>) {
    const EXTENT: &str = "Tuple(UInt32, Int64, UInt128)";
    let totals: [Total; 6] = [
        |c| c.playing_ms,
        |c| c.watch_ms,
        |c| c.rebuffer_ms,
        |c| c.rebuffer_count,
        |c| c.seek_ms,
        |c| c.seek_count,
    ];
    let course = |row: &ViewRow<'_>| row.course.as_ref().map(|reckoned| reckoned.course.totals);
    let kind = format!("Tuple({EXTENT}, Tuple(UInt32, UInt32, UInt32, UInt32, UInt32, UInt32, UInt64))");
    extent(columns.begin("course", &kind));
    for total in totals {
        columns.each(|row| course(row).and_then(|totals| total(&totals)).unwrap_or(0));
    }
    columns.each(|row| course(row).and_then(|totals| totals.bitrate_ms).unwrap_or(0));
    let kind = format!("Tuple({EXTENT}, Array(Tuple(UInt32, UInt32)))");
    extent(columns.begin("course_ranges", &kind))
        .lengths(|row| ranges(row).len())
        .all(|row| ranges(row).iter().map(|range| range.0))
        .all(|row| ranges(row).iter().map(|range| range.1));
    let kind = format!("Tuple({EXTENT}, Array(Tuple(UInt64, UInt32)))");
    extent(columns.begin("course_renditions", &kind))
        .lengths(|row| renditions(row).len())
        .all(|row| renditions(row).iter().map(|rendition| rendition.0))
        .all(|row| renditions(row).iter().map(|rendition| rendition.1));
    let kind = format!("Tuple({EXTENT}, Array(Tuple(UInt8, UInt32, UInt32)))");
    extent(columns.begin("course_stalls", &kind))
        .lengths(|row| stalls(row).len())
        .all(|row| stalls(row).iter().map(|stall| stall.after as u8))
        .all(|row| stalls(row).iter().map(|stall| stall.at_playing_ms))
        .all(|row| stalls(row).iter().map(|stall| stall.rebuffer_ms));
}

fn ranges<'a>(row: &'a ViewRow<'_>) -> &'a [(u32, u32)] {
    row.course.as_ref().map_or(&[], |reckoned| &reckoned.course.ranges)
}

fn renditions<'a>(row: &'a ViewRow<'_>) -> &'a [(u64, u32)] {
    row.course.as_ref().map_or(&[], |reckoned| &reckoned.course.renditions)
}

fn stalls<'a>(row: &'a ViewRow<'_>) -> &'a [Stall] {
    row.course.as_ref().map_or(&[], |reckoned| &reckoned.course.stalls)
}

fn extent<'c, 'a, 'b>(columns: &'c mut Columns<'a, ViewRow<'b>>) -> &'c mut Columns<'a, ViewRow<'b>> {
    let extent = |row: &ViewRow<'_>| row.course.as_ref().map(|reckoned| reckoned.extent).unwrap_or_default();
    columns.each(|row| extent(row).moments).each(|row| extent(row).last_t_ms).each(|row| extent(row).said)
}

/// Played stretches; the timeline, by order state, playhead and bitrate; marks, by order kind, playing time, amount and height;
/// moments, by sequence second and name.
fn view_course(columns: &mut Columns<'_, ViewRow<'_>>) {
    const ENDS: &str = "Map(UInt32, UInt32)";
    columns
        .begin("segment_from_ms", ENDS)
        .lengths(|row| row.view.segment_from_ms.len())
        .all(|row| row.view.segment_from_ms.keys().copied())
        .all(|row| row.view.segment_from_ms.values().copied());
    columns
        .begin("segment_to_ms", ENDS)
        .lengths(|row| row.view.segment_to_ms.len())
        .all(|row| row.view.segment_to_ms.keys().copied())
        .all(|row| row.view.segment_to_ms.values().copied());
    columns
        .begin("timeline", "Map(UInt64, Tuple(UInt8, Int64, UInt64))")
        .lengths(|row| row.view.timeline.0.len())
        .all(|row| row.view.timeline.0.keys().copied())
        .all(|row| row.view.timeline.0.values().map(|moment| moment.state))
        .all(|row| row.view.timeline.0.values().map(|moment| moment.playhead_ms))
        .all(|row| row.view.timeline.0.values().map(|moment| moment.bitrate));
    columns
        .begin("marks", "Map(UInt64, Tuple(UInt8, UInt32, UInt64, UInt32))")
        .lengths(|row| row.view.marks.0.len())
        .all(|row| row.view.marks.0.keys().copied())
        .all(|row| row.view.marks.0.values().map(|mark| mark.kind as u8))
        .all(|row| row.view.marks.0.values().map(|mark| mark.playing_ms))
        .all(|row| row.view.marks.0.values().map(|mark| mark.amount))
        .all(|row| row.view.marks.0.values().map(|mark| mark.height));
    columns
        .begin("moments", "Map(UInt64, Tuple(UInt32, String))")
        .lengths(|row| row.view.moments.0.len())
        .all(|row| row.view.moments.0.keys().copied())
        .all(|row| row.view.moments.0.values().map(|moment| moment.second))
        .all(|row| row.view.moments.0.values().map(|moment| moment.name.as_str()));
}

fn view_failures(columns: &mut Columns<'_, ViewRow<'_>>) {
    columns
        .begin("error_sequences", "Array(UInt64)")
        .lengths(|row| row.view.error_sequences.len())
        .all(|row| row.view.error_sequences.iter().copied());
    let code = columns.begin("error_code", LATEST_TEXT);
    code.each(|row| row.view.error_code.order).each(|row| row.view.error_code.value.as_str());
    let message = columns.begin("error_message", LATEST_TEXT);
    message.each(|row| row.view.error_message.order).each(|row| row.view.error_message.value.as_str());
}

fn view_counters(columns: &mut Columns<'_, ViewRow<'_>>) {
    let read: [(&str, Total); 9] = [
        ("playing_ms", |c| c.playing_ms),
        ("watch_ms", |c| c.watch_ms),
        ("rebuffer_ms", |c| c.rebuffer_ms),
        ("rebuffer_count", |c| c.rebuffer_count),
        ("seek_ms", |c| c.seek_ms),
        ("seek_count", |c| c.seek_count),
        ("dropped_frames", |c| c.dropped_frames),
        ("upscale_ms", |c| c.upscale_ms),
        ("downscale_ms", |c| c.downscale_ms),
    ];
    for (name, counter) in read {
        columns.begin(name, "UInt32").each(|row| counter(&row.view.counters).unwrap_or(0));
    }
    // Zero and not said are one number above, and two things to whoever averages.
    let says_scaling = |c: &Counters| c.upscale_ms.is_some() || c.downscale_ms.is_some();
    columns.begin("scaling_said", "UInt8").each(|row| says_scaling(&row.view.counters));
    columns.begin("dropped_frames_said", "UInt8").each(|row| row.view.counters.dropped_frames.is_some());
    columns.begin("bitrate_ms", "UInt64").each(|row| row.view.counters.bitrate_ms.unwrap_or(0));
    let said: [(&str, Total); 9] = [
        ("startup_ms", |c| c.startup_ms),
        ("player_startup_ms", |c| c.player_startup_ms),
        ("page_load_ms", |c| c.page_load_ms),
        ("max_upscale", |c| c.max_upscale),
        ("max_downscale", |c| c.max_downscale),
        ("max_request_latency_ms", |c| c.max_request_latency_ms),
        ("preroll_request_count", |c| c.preroll_request_count),
        ("preroll_request_ms", |c| c.preroll_request_ms),
        ("preroll_load_ms", |c| c.preroll_load_ms),
    ];
    for (name, total) in said {
        columns.begin(name, "Nullable(UInt32)").optional(|row| total(&row.view.counters));
    }
}

fn view_attributes(columns: &mut Columns<'_, ViewRow<'_>>) {
    for spec in ATTRIBUTES {
        match spec.kind {
            Type::Text => columns
                .begin(spec.name, LATEST_TEXT)
                .each(|row| row.view.text.get(spec.key).map_or(0, |latest| latest.order))
                .each(|row| row.view.text(spec.key)),
            Type::Number | Type::Share => columns
                .begin(spec.name, LATEST_NUMBER)
                .each(|row| row.view.number.get(spec.key).map_or(0, |latest| latest.order))
                .each(|row| row.view.number(spec.key)),
        };
    }
    columns
        .begin("custom", "Map(String, Tuple(UInt64, String))")
        .lengths(|row| row.view.custom.len())
        .all(|row| row.view.custom.keys().map(String::as_str))
        .all(|row| row.view.custom.values().map(|latest| latest.order))
        .all(|row| row.view.custom.values().map(|latest| latest.value.as_str()));
}
