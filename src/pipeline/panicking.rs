//! Finding the events of a batch over which our own code panics, so that the rest goes in. ([`super::isolate`] does it for what
//! ClickHouse refuses.)
//!
//! Rows are made view by view from copies of what is remembered, so a panic leaves nothing half done, and each view can be tried
//! alone. Its events are taken in order: the last one of the shortest beginning that panics is left out, until nothing does.

use std::collections::BTreeMap;

use super::{
    batch::{Batch, Placed},
    excluded::Excluded,
    memory::Memory,
    write::make,
};
use crate::panics::caught;

/// So many events of a view are looked for one by one. With more, all its records in the batch are left out.
const MOST_OF_A_VIEW: usize = 8;

/// A record's offset, and one of its events; a record without any is one place.
type Place = (u64, Option<usize>);

/// What of `batch` panics, besides what is left out already. Every view must be in `memory`.
pub fn found(batch: &Batch, memory: &Memory) -> Excluded {
    let records = batch.records();
    let mut views: BTreeMap<(&str, &str), Vec<Placed<'_>>> = BTreeMap::new();
    for placed in &records {
        let (_, record) = placed;
        views.entry((&record.environment, &record.view_id)).or_default().push(*placed);
    }
    let mut excluded = batch.excluded.clone();
    for view in views.values() {
        leave_out(batch.partition, view, memory, &mut excluded);
    }
    excluded
}

/// Adds what has to be left out of the records of one view.
fn leave_out(partition: u32, view: &[Placed<'_>], memory: &Memory, excluded: &mut Excluded) {
    let places = places(view);
    let panics = |excluded: &Excluded, beginning: usize| {
        let mut excluded = excluded.clone();
        places[beginning..].iter().for_each(|place| exclude(*place, &mut excluded));
        caught(|| make(partition, view, &excluded, memory)).is_err()
    };
    for _ in 0..MOST_OF_A_VIEW {
        if !panics(excluded, places.len()) {
            return;
        }
        let lengths: Vec<usize> = (1..=places.len()).collect();
        let shortest = lengths.partition_point(|length| !panics(excluded, *length));
        let Some(place) = places.get(shortest) else { break };
        exclude(*place, excluded);
    }
    if panics(excluded, places.len()) {
        view.iter().for_each(|(offset, _)| excluded.record(*offset));
    }
}

fn places(view: &[Placed<'_>]) -> Vec<Place> {
    let of_record = |(offset, record): &Placed<'_>| {
        let (offset, events) = (*offset, record.events.len());
        let whole = (events == 0).then_some((offset, None));
        (0..events).map(move |index| (offset, Some(index))).chain(whole)
    };
    view.iter().flat_map(of_record).collect()
}

fn exclude((offset, event): Place, excluded: &mut Excluded) {
    match event {
        Some(index) => excluded.event(offset, index),
        None => excluded.record(offset),
    }
}
