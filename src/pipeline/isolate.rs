//! Finding what ClickHouse refuses in a batch it will not take, so that the rest goes in.
//!
//! Blocks are halved until single rows are left, each half tried on a twin of its table that keeps nothing
//! ([`crate::store::probe`]): a table itself must not see the same rows in two different blocks. An event that
//! `event_rows` refuses is left out alone. A view that `view_states` refuses is looked at record by record.

use super::{
    batch::{Batch, Placed},
    excluded::{Excluded, MOST},
    halving::Halving,
    memory::Memory,
    rows::rows,
};
use crate::{
    event::{Record, View},
    store::{
        Store,
        probe::Probe,
        rows::{EventRow, ViewRow, event_block, view_block},
        writer::Table,
    },
};

/// What of `batch` ClickHouse refuses, besides what is left out already. Every view must be in `memory`.
///
/// # Errors
/// When it cannot be found out now, or so much is refused that the schema must be at fault.
pub async fn refused(store: &Store, batch: &Batch, memory: &Memory) -> Result<Excluded, String> {
    let probe = Probe::make(store, batch.partition).await.map_err(|error| error.to_string())?;
    let found = find(&probe, batch, memory).await;
    // A twin that stays behind is replaced the next time.
    if let Err(error) = probe.remove().await {
        tracing::warn!(%error, "the twins of the tables are still there");
    }
    let found = found?;
    if found == batch.excluded {
        return Err(
            "ClickHouse refuses the batch and none of its rows; the tables are not what they should be"
                .into(),
        );
    }
    if found.len() > MOST { Err(too_many()) } else { Ok(found) }
}

fn too_many() -> String {
    format!("ClickHouse refuses more than {MOST} events of one batch: look at its schema and constraints")
}

async fn find(probe: &Probe<'_>, batch: &Batch, memory: &Memory) -> Result<Excluded, String> {
    let mut excluded = batch.excluded.clone();
    let records = batch.records();
    for day in rows(batch.partition, &batch.excluded.kept_of(&records), &mut memory.of_records(&records))
        .by_day
        .values()
    {
        for bad in refused_events(probe, &day.events).await? {
            exclude_event(&records, &day.events[bad], &mut excluded);
        }
    }
    let events = excluded.clone();
    for day in
        rows(batch.partition, &events.kept_of(&records), &mut memory.of_records(&records)).by_day.values()
    {
        for bad in refused_views(probe, &day.views).await? {
            exclude_records(probe, &events, &records, &day.views[bad], &mut excluded).await?;
        }
    }
    Ok(excluded)
}

async fn refused_events(probe: &Probe<'_>, rows: &[EventRow<'_>]) -> Result<Vec<usize>, String> {
    let mut halving = Halving::of(rows.len(), MOST);
    while let Some(some) = halving.next() {
        let block = event_block(&rows[some]);
        halving.answer(probe.takes(Table::EventRows, &block).await?);
    }
    searched(halving)
}

async fn refused_views(probe: &Probe<'_>, rows: &[ViewRow<'_>]) -> Result<Vec<usize>, String> {
    let mut halving = Halving::of(rows.len(), MOST);
    while let Some(some) = halving.next() {
        let block = view_block(&rows[some]);
        halving.answer(probe.takes(Table::ViewStates, &block).await?);
    }
    searched(halving)
}

fn searched(halving: Halving) -> Result<Vec<usize>, String> {
    if halving.unsearched().is_some() { Err(too_many()) } else { Ok(halving.found) }
}

fn exclude_event(records: &[Placed<'_>], row: &EventRow<'_>, excluded: &mut Excluded) {
    let of_row = |record: &&Placed<'_>| record.0 == row.log_offset;
    let places = records.iter().find(of_row).map(|(_, record)| record.events.iter());
    // Of equal sequences in a record only the first one becomes a row.
    if let Some(index) = places.and_then(|mut events| events.position(|e| e.sequence == row.event.sequence)) {
        excluded.event(row.log_offset, index);
    }
}

/// Leaves out, beside what is `known`, those records of a refused view that are refused by themselves; all, if it takes all to
/// be refused.
async fn exclude_records(
    probe: &Probe<'_>,
    known: &Excluded,
    records: &[Placed<'_>],
    refused: &ViewRow<'_>,
    excluded: &mut Excluded,
) -> Result<(), String> {
    let is_of_view = |record: &Record<'_>| {
        (&*record.environment, &*record.view_id) == (refused.environment, refused.view_id)
    };
    let of_view = records.iter().filter(|(_, record)| is_of_view(record));
    let (offsets, alone): (Vec<u64>, Vec<ViewRow<'_>>) = of_view
        .filter_map(|(offset, record)| {
            let view = View::of(&*known.kept(*offset, record)?);
            Some((*offset, ViewRow { view, ..refused.clone() }))
        })
        .unzip();
    let bad = refused_views(probe, &alone).await?;
    if bad.is_empty() {
        offsets.into_iter().for_each(|offset| excluded.record(offset));
    } else {
        bad.into_iter().for_each(|index| excluded.record(offsets[index]));
    }
    Ok(())
}
