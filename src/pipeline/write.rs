//! One try to bring a batch into ClickHouse and what is none of it into quarantine. Any number of tries have the effect of
//! one.

use std::collections::{BTreeMap, HashMap};

use super::{
    Processor,
    batch::Batch,
    memory::Memory,
    rows::{DAY_MS, Rows, rows},
    starts::{self, Start},
    timelines,
};
use crate::{
    planted::{self, Bug},
    store::{
        native::Block,
        rows::{event_block, view_block},
        writer::{InsertError, Table},
    },
    telemetry::{Metric, count_labelled},
};

/// Why a batch is not in yet.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The same again later.
    #[error("{0}")]
    Later(String),
    /// Never like this: something in it has to be left out.
    #[error("{0}")]
    Refused(String),
}

impl WriteError {
    fn later(error: impl ToString) -> Self {
        Self::Later(error.to_string())
    }
}

/// Writes a batch; `refusal` is what ClickHouse said about the events that are left out of it.
///
/// # Errors
/// See [`WriteError`].
pub async fn write(
    to: &Processor,
    batch: &Batch,
    refusal: &str,
    memory: &mut Memory,
) -> Result<(), WriteError> {
    let strangers = batch.strangers(memory);
    let starts = match planted::is(Bug::NoDeduplication) {
        false => starts::look_up(&to.store, &strangers).await.map_err(WriteError::later)?,
        true => HashMap::new(),
    };
    for (key, received_ms) in strangers {
        match starts.get(&key) {
            Some(Start::Known { start_ms, room }) => memory.resume(key, *start_ms, room.clone()),
            Some(Start::Erased) => memory.shun(key, received_ms),
            None => memory.begin(key, received_ms),
        }
    }
    let unknown = batch.without_timeline(memory);
    for (key, known) in timelines::look_up(&to.store, &unknown).await.map_err(WriteError::later)? {
        memory.recall(&key, known);
    }
    take_back(to, batch, memory).await?;
    // A failed try must not leave its sequences behind as seen, so the rows are made from a copy of what is remembered.
    let mut tried = memory.of_batch(batch);
    let kept = batch.kept();
    let rows = rows(batch, &kept, &mut tried);
    for (day, of_day) in &rows.by_day {
        if !of_day.events.is_empty() {
            let block = event_block(&of_day.events);
            insert(to, batch, Table::EventRows, *day, &block).await?;
        }
        let block = view_block(&of_day.views);
        insert(to, batch, Table::ViewStates, *day, &block).await?;
    }
    let (mut entries, refused) = batch.refused(refusal);
    entries.extend(batch.poison.iter().cloned());
    if !entries.is_empty() {
        to.quarantine.store(&entries).await.map_err(WriteError::later)?;
    }
    memory.adopt(tried, batch.records.last().map_or(0, |(_, record)| record.received_ms));
    tell(&rows, refused + batch.poison.len() as u64);
    Ok(())
}

/// The event rows of records that `view_states` has refused may be in already: then an earlier try put them there.
async fn take_back(to: &Processor, batch: &Batch, memory: &Memory) -> Result<(), WriteError> {
    let mut by_day: BTreeMap<i64, Vec<u64>> = BTreeMap::new();
    for refused in batch.excluded.records() {
        let record = batch.records.iter().find(|(offset, _)| *offset == refused);
        if let Some(view) = record.and_then(|(_, record)| memory.get(&record.environment, &record.view_id)) {
            by_day.entry(view.start_ms.div_euclid(DAY_MS)).or_default().push(refused);
        }
    }
    for (day, offsets) in by_day {
        to.store.take_back(batch.partition, &offsets, day).await.map_err(WriteError::later)?;
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

fn tell(rows: &Rows<'_>, quarantined: u64) {
    let stored = rows.by_day.values().map(|day| day.events.len() as u64).sum::<u64>();
    count_labelled(Metric::EventsProcessed, "fate", "stored", stored - rows.late);
    count_labelled(Metric::EventsProcessed, "fate", "late", rows.late);
    count_labelled(Metric::EventsProcessed, "fate", "duplicate", rows.duplicates);
    count_labelled(Metric::EventsProcessed, "fate", "suppressed", rows.suppressed);
    count_labelled(Metric::EventsProcessed, "fate", "quarantined", quarantined);
    for (kind, count) in rows.left_out.named() {
        count_labelled(Metric::NotesLeftOut, "kind", kind, count as u64);
    }
}
