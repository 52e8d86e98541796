//! Rows as column blocks: what the processor knows, in the columns of `event_rows` and `view_states`.
//!
//! Blocks are built column by column with the client's own Native encoder, which the server reads about forty times
//! cheaper than rows. `tests/it/store.rs` holds the columns against the database's.

use std::collections::BTreeMap;

use clickhouse::{
    error::Error,
    native::{
        Block,
        builder::{BlockBuilder, BlockBuilderError, UpsertColumnError},
        encode::{Encode, ValueWriter},
    },
};
use clickhouse_types::{DataTypeNode, data_types::DateTimePrecision};

use crate::event::{
    AttributeKey, Counters, Event, View,
    attribute::{ATTRIBUTES, MILLIONTHS, Type, by_key},
    course::{Known, Reckoned},
};

/// Reads one total of the counters.
type Total = fn(&Counters) -> Option<u32>;

/// One event on its way into `event_rows`.
#[derive(Debug, Clone, PartialEq)]
pub struct EventRow {
    pub environment: String,
    pub view_start_ms: i64,
    pub view_id: String,
    pub received_ms: i64,
    pub anchor_ms: i64,
    pub log_partition: u32,
    pub log_offset: u64,
    pub event: Event,
}

/// A piece of knowledge about a view on its way into `view_states`.
#[derive(Debug, Clone, PartialEq)]
pub struct ViewRow {
    pub environment: String,
    pub view_start_ms: i64,
    pub view_id: String,
    pub view: View,
    /// What follows from all that is known of its timeline, not from this piece alone.
    pub course: Option<Reckoned>,
}

impl ViewRow {
    /// A row of a view of which nothing else is known.
    pub fn of_all(environment: String, view_start_ms: i64, view_id: String, view: View) -> Self {
        let mut known = Known::default();
        known.learn(&view);
        Self { environment, view_start_ms, view_id, view, course: known.reckon() }
    }
}

/// A block could not be put together: a mistake of ours, not of the data.
#[derive(Debug, thiserror::Error)]
pub enum BlockError {
    #[error(transparent)]
    Column(#[from] UpsertColumnError),
    #[error(transparent)]
    Build(#[from] BlockBuilderError),
    #[error("a value cannot be encoded: {0}")]
    Value(Box<dyn std::error::Error + Send + Sync>),
    #[error(transparent)]
    Client(#[from] Error),
}

/// Unix milliseconds as `DateTime64(3)`.
struct Millis(i64);

impl Encode for Millis {
    fn produces() -> DataTypeNode {
        DataTypeNode::DateTime64(DateTimePrecision::Precision3, Some("UTC".into()))
    }

    fn encode(&self, writer: &mut ValueWriter<'_>) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        Ok(writer.write_fixed(&self.0.to_le_bytes())?)
    }
}

/// A block being filled from rows of one kind.
struct Columns<'a, R> {
    rows: &'a [R],
    block: BlockBuilder,
}

impl<'a, R> Columns<'a, R> {
    fn new(rows: &'a [R]) -> Self {
        Self { rows, block: BlockBuilder::new() }
    }

    fn add<T: Encode>(&mut self, name: &str, value: impl Fn(&'a R) -> T) -> Result<(), BlockError> {
        self.block
            .upsert_column::<T>(name)?
            .add_all(self.rows.iter().map(value))
            .map_err(BlockError::Value)?;
        Ok(())
    }

    fn build(mut self) -> Result<Block, BlockError> {
        Ok(self.block.build()?)
    }
}

/// The block of `event_rows`; `rows` must not be empty.
///
/// # Errors
/// See [`BlockError`].
pub fn event_block(rows: &[EventRow]) -> Result<Block, BlockError> {
    let mut columns = Columns::new(rows);
    columns.add("environment", |row| row.environment.as_str())?;
    columns.add("view_start", |row| Millis(row.view_start_ms))?;
    columns.add("view_id", |row| row.view_id.as_str())?;
    columns.add("sequence", |row| row.event.sequence)?;
    columns.add("event", |row| row.event.label())?;
    columns.add("t_ms", |row| row.event.t_ms)?;
    columns.add("anchor_ms", |row| row.anchor_ms)?;
    columns.add("received_at", |row| Millis(row.received_ms))?;
    columns.add("playhead_ms", |row| row.event.playhead_ms)?;
    event_counters(&mut columns)?;
    let failure = |row: &'_ EventRow| row.event.failure.clone().unwrap_or_default();
    columns.add("error_code", |row| failure(row).code)?;
    columns.add("error_message", |row| failure(row).message)?;
    columns.add("error_severity", |row| row.event.failure.as_ref().map_or("", |f| f.severity().wire()))?;
    columns.add("attributes", |row| attributes(&row.event))?;
    columns.add("log_partition", |row| row.log_partition)?;
    columns.add("log_offset", |row| row.log_offset)?;
    columns.build()
}

fn event_counters(columns: &mut Columns<'_, EventRow>) -> Result<(), BlockError> {
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
        columns.add(name, |row| row.event.counters.as_ref().and_then(counter).unwrap_or(0))?;
    }
    Ok(())
}

/// What changed with the event, as text: `custom.` before the customer's own dimensions.
fn attributes(event: &Event) -> BTreeMap<String, String> {
    let named = event.attributes.iter().map(|attribute| match attribute.key() {
        AttributeKey::KeyUnknown => (attribute.name.clone(), attribute.text.clone()),
        AttributeKey::KeyCustom => (format!("custom.{}", attribute.name), attribute.text.clone()),
        key => {
            let spec = by_key(key);
            let text = match spec.map(|spec| spec.kind) {
                Some(Type::Text) => attribute.text.clone(),
                Some(Type::Share) => millionths(attribute.number).to_string(),
                _ => attribute.number.to_string(),
            };
            (spec.map_or("", |spec| spec.name).to_owned(), text)
        }
    });
    named.collect()
}

/// A share as its client said it.
#[expect(clippy::cast_precision_loss, reason = "at most a million")]
fn millionths(number: u64) -> f64 {
    number as f64 / f64::from(MILLIONTHS)
}

/// The block of `view_states`; `rows` must not be empty.
///
/// # Errors
/// See [`BlockError`].
pub fn view_block(rows: &[ViewRow]) -> Result<Block, BlockError> {
    let mut columns = Columns::new(rows);
    columns.add("environment", |row| row.environment.as_str())?;
    columns.add("view_start", |row| Millis(row.view_start_ms))?;
    columns.add("view_id", |row| row.view_id.as_str())?;
    columns.add("last_received_at", |row| Millis(row.view.last_received_ms))?;
    columns.add("anchor_ms", |row| row.view.anchor_ms)?;
    columns.add("first_t_ms", |row| row.view.first_t_ms)?;
    columns.add("last_t_ms", |row| row.view.last_t_ms)?;
    columns.add("play_t_ms", |row| row.view.play_t_ms)?;
    columns.add("first_frame_t_ms", |row| row.view.first_frame_t_ms)?;
    columns.add("last_sequence", |row| row.view.last_sequence)?;
    view_counters(&mut columns)?;
    columns.add("max_playhead_ms", |row| row.view.max_playhead_ms)?;
    columns.add("playhead_ms", |row| (row.view.playhead_ms.order, row.view.playhead_ms.value))?;
    columns.add("state", |row| (row.view.state.order, row.view.state.value as u8))?;
    columns.add("paused", |row| (row.view.paused.order, u8::from(row.view.paused.value)))?;
    view_attributes(&mut columns)?;
    columns.add("segment_from_ms", |row| row.view.segment_from_ms.clone())?;
    columns.add("segment_to_ms", |row| row.view.segment_to_ms.clone())?;
    columns.add("timeline", |row| timeline(&row.view))?;
    view_course(&mut columns)?;
    columns.add("error_sequences", |row| row.view.error_sequences.iter().copied().collect::<Vec<u64>>())?;
    columns.add("error_code", |row| (row.view.error_code.order, row.view.error_code.value.as_str()))?;
    columns
        .add("error_message", |row| (row.view.error_message.order, row.view.error_message.value.as_str()))?;
    columns.add("attempted", |row| u8::from(row.view.attempted))?;
    columns.add("fatal", |row| u8::from(row.view.fatal))?;
    columns.add("business", |row| u8::from(row.view.business))?;
    columns.add("ended", |row| u8::from(row.view.ended))?;
    columns.add("closed", |row| u8::from(row.view.closed))?;
    columns.build()
}

/// By order: state, playhead and bitrate.
fn timeline(view: &View) -> BTreeMap<u64, (u8, i64, u64)> {
    let moments = view.timeline.0.iter();
    moments.map(|(order, moment)| (*order, (moment.state, moment.playhead_ms, moment.bitrate))).collect()
}

/// Extent first: the larger one wins.
fn view_course(columns: &mut Columns<'_, ViewRow>) -> Result<(), BlockError> {
    let extent = |row: &ViewRow| {
        row.course
            .as_ref()
            .map_or((0, 0, 0), |Reckoned { extent, .. }| (extent.moments, extent.last_t_ms, extent.said))
    };
    columns.add("course", |row| {
        let totals = row.course.as_ref().map(|reckoned| reckoned.course.totals).unwrap_or_default();
        let ms = [totals.playing_ms, totals.watch_ms, totals.rebuffer_ms, totals.rebuffer_count];
        let [playing_ms, watch_ms, rebuffer_ms, rebuffer_count] = ms.map(Option::unwrap_or_default);
        let [seek_ms, seek_count] = [totals.seek_ms, totals.seek_count].map(Option::unwrap_or_default);
        let bitrate_ms = totals.bitrate_ms.unwrap_or_default();
        (extent(row), (playing_ms, watch_ms, rebuffer_ms, rebuffer_count, seek_ms, seek_count, bitrate_ms))
    })?;
    columns.add("course_ranges", |row| {
        let ranges = row.course.as_ref().map_or(&[][..], |reckoned| &reckoned.course.ranges);
        (extent(row), ranges)
    })
}

fn view_counters(columns: &mut Columns<'_, ViewRow>) -> Result<(), BlockError> {
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
        columns.add(name, |row| counter(&row.view.counters).unwrap_or(0))?;
    }
    // Zero and not said are one number above, and two things to whoever averages.
    let says_scaling = |c: &Counters| c.upscale_ms.is_some() || c.downscale_ms.is_some();
    columns.add("scaling_said", |row| u8::from(says_scaling(&row.view.counters)))?;
    columns.add("dropped_frames_said", |row| u8::from(row.view.counters.dropped_frames.is_some()))?;
    columns.add("bitrate_ms", |row| row.view.counters.bitrate_ms.unwrap_or(0))?;
    columns.add("startup_ms", |row| row.view.counters.startup_ms)?;
    columns.add("player_startup_ms", |row| row.view.counters.player_startup_ms)?;
    columns.add("page_load_ms", |row| row.view.counters.page_load_ms)
}

fn view_attributes(columns: &mut Columns<'_, ViewRow>) -> Result<(), BlockError> {
    for spec in ATTRIBUTES {
        match spec.kind {
            Type::Text => columns.add(spec.name, |row| {
                row.view.text.get(&spec.key).map_or((0, ""), |latest| (latest.order, latest.value.as_str()))
            })?,
            Type::Number | Type::Share => columns.add(spec.name, |row| {
                row.view.number.get(&spec.key).map_or((0, 0), |latest| (latest.order, latest.value))
            })?,
        }
    }
    columns.add("custom", |row| {
        let custom = row.view.custom.iter();
        custom
            .map(|(name, latest)| (name.as_str(), (latest.order, latest.value.as_str())))
            .collect::<BTreeMap<_, _>>()
    })
}
