//! The rows of a batch: one for each new event, and one for each view with all that the batch says of it.
//!
//! They come in the order of their tables' keys, so that ClickHouse need not sort them.

use std::{borrow::Cow, collections::BTreeMap};

use foldhash::{HashMap, HashMapExt as _};

use super::{memory::Memory, notes::Notes};
use crate::{
    event::{Format, Record, View},
    store::rows::{EventRow, ViewRow},
};

/// Events beyond this after their view's start are late: counted, and kept with the view.
const LATE_MS: i64 = 2 * 24 * 3_600_000;
/// Tables are partitioned by the day of the view's start.
pub const DAY_MS: i64 = 24 * 3_600_000;
/// `event_rows` is ordered by the hour of it before the view.
const HOUR_MS: i64 = 3_600_000;

/// Rows for the tables, by partition (day), and the fates found on the way.
#[derive(Debug, Default)]
pub struct Rows<'a> {
    pub by_day: BTreeMap<i64, Day<'a>>,
    pub duplicates: u64,
    pub late: u64,
    /// Of views whose viewers were erased.
    pub suppressed: u64,
    /// Of views that have as much as any view may.
    pub left_out: Notes,
}

/// The rows of one day.
#[derive(Debug, Default)]
pub struct Day<'a> {
    pub events: Vec<EventRow<'a>>,
    pub views: Vec<ViewRow<'a>>,
}

/// What a batch says of one view. Each has a place of its own: it is large, and put in order twice.
struct Part<'a> {
    row: ViewRow<'a>,
    events: Vec<EventRow<'a>>,
    news: Notes,
}

impl Part<'_> {
    fn day(&self) -> i64 {
        self.row.view_start_ms.div_euclid(DAY_MS)
    }
}

/// The rows of `kept`, which is of one partition ([`Excluded::kept_of`](super::excluded::Excluded::kept_of)); every view must be
/// in `memory`.
pub fn rows<'a>(partition: u32, kept: &'a [(u64, Cow<'_, Record<'_>>)], memory: &mut Memory) -> Rows<'a> {
    let mut rows = Rows::default();
    let mut parts = parts(partition, kept, memory, &mut rows);
    for of_day in parts.chunk_by_mut(|a, b| a.day() == b.day()) {
        let mut events = Vec::with_capacity(of_day.iter().map(|part| part.events.len()).sum());
        of_day.iter_mut().for_each(|part| events.append(&mut part.events));
        rows.by_day.insert(of_day[0].day(), Day { events, views: Vec::new() });
        of_day.sort_unstable_by(|a, b| {
            let (a, b) = (&a.row, &b.row);
            (a.environment, a.view_start_ms, a.view_id).cmp(&(b.environment, b.view_start_ms, b.view_id))
        });
    }
    let mut parts = parts.into_iter();
    for (number, day) in &mut rows.by_day {
        let views = parts.as_slice().partition_point(|part| part.day() == *number);
        day.views = parts.by_ref().take(views).map(|part| part.row).collect();
    }
    rows
}

/// What the batch says of each view, day by day in the order of `event_rows`.
fn parts<'a>(
    partition: u32,
    kept: &'a [(u64, Cow<'_, Record<'_>>)],
    memory: &mut Memory,
    fates: &mut Rows<'_>,
) -> Vec<Box<Part<'a>>> {
    let mut places: HashMap<(&str, &str), usize> = HashMap::with_capacity(kept.len());
    let mut parts: Vec<Box<Part<'a>>> = Vec::new();
    for (offset, record) in kept {
        let record: &'a Record<'_> = record;
        let (environment, view_id) = (&*record.environment, &*record.view_id);
        let Some(remembered) = memory.get_mut(environment, view_id) else { continue };
        remembered.touch(record.received_ms);
        remembered.is_erased |= record.format() == Format::Erasure;
        if remembered.is_erased {
            fates.suppressed += record.events.len() as u64;
            continue;
        }
        let view_start_ms = remembered.start_ms;
        let place = *places.entry((environment, view_id)).or_insert_with(|| {
            let row = ViewRow { environment, view_start_ms, view_id, view: View::default(), course: None };
            let events = Vec::with_capacity(record.events.len());
            parts.push(Box::new(Part { row, events, news: Notes::default() }));
            parts.len() - 1
        });
        let part = &mut parts[place];
        part.row.view.learn(record);
        for event in &record.events {
            if !remembered.is_new(event.sequence) {
                fates.duplicates += 1;
                continue;
            }
            part.news = part.news.and(Notes::of(event));
            fates.late += u64::from(record.received_ms - view_start_ms > LATE_MS);
            part.events.push(EventRow {
                environment,
                view_start_ms,
                view_id,
                received_ms: record.received_ms,
                anchor_ms: record.anchor_ms,
                log_partition: partition,
                log_offset: *offset,
                event,
            });
        }
    }
    for part in &mut parts {
        let Part { row, news, .. } = &mut **part;
        let Some(remembered) = memory.get_mut(row.environment, row.view_id) else { continue };
        fates.left_out = fates.left_out.and(remembered.bound(&mut row.view, *news));
        row.course = remembered.reckon(&row.view);
    }
    let hour = |row: &ViewRow<'_>| row.view_start_ms.div_euclid(HOUR_MS);
    parts.sort_unstable_by(|a, b| {
        let days = a.day().cmp(&b.day());
        let (a, b) = (&a.row, &b.row);
        days.then_with(|| (a.environment, hour(a), a.view_id).cmp(&(b.environment, hour(b), b.view_id)))
    });
    for part in &mut parts {
        part.events.sort_by_key(|row| row.event.sequence);
    }
    parts
}
