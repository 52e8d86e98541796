//! One try to bring a batch into ClickHouse and what is none of it into quarantine. Any number of tries have the effect of
//! one.

use std::{
    collections::{BTreeMap, HashMap},
    time::Duration,
};

use clickhouse::error::Error;
use tokio::time::timeout;

use super::{
    Processor,
    batch::{self, Batch, Placed, Stranger},
    excluded::Excluded,
    memory::Memory,
    notes::Notes,
    rows::{DAY_MS, Rows, rows},
    starts::{self, Start},
    timelines,
    trial::Deadly,
};
use crate::{
    planted::{self, Bug},
    store::{
        Store,
        native::Block,
        rows::{event_block, view_block},
        writer::{InsertError, Table},
    },
    telemetry::{Metric, count_labelled},
};

/// A question that is not answered by then is asked again: a machine that is gone says nothing, and nothing else would tell.
/// Many times as long as looking through all views takes.
const LONGEST_ANSWER: Duration = Duration::from_secs(120);

/// Why a batch is not in yet.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The same again later.
    #[error("{0}")]
    Later(String),
    /// Never like this: ClickHouse wants something in it left out.
    #[error("{0}")]
    Refused(String),
    /// Never like this: our own code panics over something in it.
    #[error("{0}")]
    Panicked(String),
    /// Never like this: something in it ends the process.
    #[error("{}", .0.end)]
    Deadly(Deadly),
}

impl WriteError {
    fn later(error: impl ToString) -> Self {
        Self::Later(error.to_string())
    }
}

/// What a batch comes to.
pub struct Made {
    blocks: Vec<(Table, i64, Block)>,
    fates: Fates,
    /// What is remembered once it is written.
    learnt: Memory,
}

/// What becomes of the events of a batch.
struct Fates {
    stored: u64,
    late: u64,
    duplicates: u64,
    suppressed: u64,
    left_out: Notes,
}

impl Fates {
    fn of(rows: &Rows<'_>) -> Self {
        let Rows { by_day, duplicates, late, suppressed, left_out } = rows;
        let events = by_day.values().map(|day| day.events.len() as u64).sum::<u64>();
        let (duplicates, suppressed, left_out) = (*duplicates, *suppressed, *left_out);
        Self { stored: events - late, late: *late, duplicates, suppressed, left_out }
    }
}

/// Asks ClickHouse about the views of `records` that are not in `memory`, or not with all that is needed.
///
/// # Errors
/// When it cannot be asked.
pub async fn recall(store: &Store, records: &[Placed<'_>], memory: &mut Memory) -> Result<(), WriteError> {
    let strangers = batch::strangers(records, memory);
    let starts = match planted::is(Bug::NoDeduplication) {
        false => answered(starts::look_up(store, &strangers)).await?,
        true => HashMap::new(),
    };
    for (key, Stranger { received_ms, .. }) in strangers {
        match starts.get(&key) {
            Some(Start::Known { start_ms, noted }) => memory.resume(key, *start_ms, noted.clone()),
            Some(Start::Erased) => memory.shun(key, received_ms),
            None => memory.begin(key, received_ms),
        }
    }
    let unknown = batch::without_timeline(records, memory);
    for (key, known) in answered(timelines::look_up(store, &unknown)).await? {
        memory.recall(&key, known);
    }
    Ok(())
}

/// What ClickHouse answers, if it does.
async fn answered<T>(asked: impl Future<Output = Result<T, Error>>) -> Result<T, WriteError> {
    match timeout(LONGEST_ANSWER, asked).await {
        Ok(answer) => answer.map_err(WriteError::later),
        Err(_) => Err(WriteError::Later(format!("no answer within {LONGEST_ANSWER:?}"))),
    }
}

/// Makes the blocks of what is kept of `records`, all views of which must be in `memory`. A try that fails must not leave its
/// sequences behind as seen, so that is done with a copy of what is remembered; and nothing is inserted before all of it is made.
pub fn make(partition: u32, records: &[Placed<'_>], excluded: &Excluded, memory: &Memory) -> Made {
    let mut learnt = memory.of_records(records);
    let kept = excluded.kept_of(records);
    let rows = rows(partition, &kept, &mut learnt);
    let mut blocks = Vec::new();
    for (day, of_day) in &rows.by_day {
        if !of_day.events.is_empty() {
            blocks.push((Table::EventRows, *day, event_block(&of_day.events)));
        }
        blocks.push((Table::ViewStates, *day, view_block(&of_day.views)));
    }
    Made { blocks, fates: Fates::of(&rows), learnt }
}

/// Writes what was made of the `records` of a batch; `reason` is why something of it is left out.
///
/// # Errors
/// See [`WriteError`].
pub async fn write(
    to: &Processor,
    batch: &Batch,
    records: &[Placed<'_>],
    made: Made,
    reason: &str,
    memory: &mut Memory,
) -> Result<(), WriteError> {
    take_back(to, batch, records, memory).await?;
    for (table, day, block) in &made.blocks {
        insert(to, batch, *table, *day, block).await?;
    }
    let (mut entries, refused) = batch.refused(records, reason);
    entries.extend(batch.poison.iter().cloned());
    if !entries.is_empty() {
        to.quarantine.store(&entries).await.map_err(WriteError::later)?;
    }
    memory.adopt(made.learnt, records.last().map_or(0, |(_, record)| record.received_ms));
    tell(&made.fates, refused + batch.poison.len() as u64);
    Ok(())
}

/// The event rows of records that are left out may be in already, if `view_states` has refused them: then an earlier try put
/// them there.
async fn take_back(
    to: &Processor,
    batch: &Batch,
    records: &[Placed<'_>],
    memory: &Memory,
) -> Result<(), WriteError> {
    let mut by_day: BTreeMap<i64, Vec<u64>> = BTreeMap::new();
    for refused in batch.excluded.records() {
        let record = records.iter().find(|(offset, _)| *offset == refused);
        if let Some(view) = record.and_then(|(_, record)| memory.get(&record.environment, &record.view_id)) {
            by_day.entry(view.start_ms.div_euclid(DAY_MS)).or_default().push(refused);
        }
    }
    for (day, offsets) in by_day {
        answered(to.store.take_back(batch.partition, &offsets, day)).await?;
    }
    Ok(())
}

async fn insert(
    to: &Processor,
    batch: &Batch,
    table: Table,
    day: i64,
    block: &Block,
) -> Result<(), WriteError> {
    let token = batch.token(&to.topic, table.name(), day);
    to.store.insert(table, block, &token).await.map_err(|error| match error {
        InsertError::Retryable(text) => WriteError::Later(text),
        InsertError::BadData(text) => WriteError::Refused(text),
    })
}

fn tell(fates: &Fates, quarantined: u64) {
    count_labelled(Metric::EventsProcessed, "fate", "stored", fates.stored);
    count_labelled(Metric::EventsProcessed, "fate", "late", fates.late);
    count_labelled(Metric::EventsProcessed, "fate", "duplicate", fates.duplicates);
    count_labelled(Metric::EventsProcessed, "fate", "suppressed", fates.suppressed);
    count_labelled(Metric::EventsProcessed, "fate", "quarantined", quarantined);
    for (kind, count) in fates.left_out.named() {
        count_labelled(Metric::NotesLeftOut, "kind", kind, count as u64);
    }
}
