//! A batch: consecutive records of one partition that go into ClickHouse together, and its intent.
//!
//! Its records are read only when the intent is there, so whoever does not survive them leaves behind which they were
//! ([`super::trial`]).
//!
//! The intent names the batch's last offset and the decoder that made its rows. It is committed before anything is
//! inserted; whoever owns the partition after a crash rebuilds exactly this batch and sends it under the same tokens.
//!
//! [`super::rows`] makes its rows.

use std::collections::{BTreeMap, HashMap};

use bytes::Bytes;
use self_cell::self_cell;

use super::{
    excluded::Excluded,
    memory::{Memory, ViewKey},
};
use crate::{
    event::{Record, record::wire},
    log::{Position, StoredRecord, quarantine::Quarantined},
};

/// Changes when the same records would make other rows. A node that finds another version's intent must not rebuild it.
pub const DECODER_VERSION: u32 = 1;

/// A record at its offset.
pub type Placed<'a> = (u64, &'a Record<'a>);

self_cell! {
    /// A record beside the bytes it borrows its texts from, so that it is read once.
    struct Read {
        owner: Bytes,
        #[covariant]
        dependent: Record,
    }

    impl { Debug }
}

/// The bounds of a batch that was decided on, and what is left out between them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Intent {
    pub last: u64,
    pub decoder: u32,
    pub excluded: Excluded,
}

impl Intent {
    /// `v1:1999`: decoder version 1, up to and with offset 1999. `v1:1999.4/0`: without the first event of record 1995.
    pub fn to_text(&self) -> String {
        format!("v{}:{}{}", self.decoder, self.last, self.excluded.to_text(self.last))
    }

    /// Reads [`Intent::to_text`] back.
    pub fn parse(text: &str) -> Option<Self> {
        let (decoder, bounds) = text.strip_prefix('v')?.split_once(':')?;
        let (last, excluded) = bounds.split_at(bounds.find('.').unwrap_or(bounds.len()));
        let last = last.parse().ok()?;
        Some(Self { decoder: decoder.parse().ok()?, last, excluded: Excluded::parse(excluded, last)? })
    }
}

/// Records read, in order, waiting to be written.
#[derive(Debug)]
pub struct Batch {
    pub partition: u32,
    pub first: u64,
    pub last: u64,
    /// As they lie in the log, until [`Batch::read`].
    pub unread: Vec<StoredRecord>,
    records: Vec<(u64, Read)>,
    /// Records that are none, on their way into quarantine with place and reason.
    pub poison: Vec<Quarantined>,
    /// What cannot go in, on its way there too.
    pub excluded: Excluded,
    pub events: usize,
    pub bytes: usize,
    /// An earlier try may have got anywhere: see [`Batch::token`].
    pub is_retry: bool,
}

impl Batch {
    /// An empty batch that will begin at `first`.
    pub fn new(partition: u32, first: u64) -> Self {
        Self {
            partition,
            first,
            last: first,
            unread: Vec::new(),
            records: Vec::new(),
            poison: Vec::new(),
            excluded: Excluded::default(),
            events: 0,
            bytes: 0,
            is_retry: false,
        }
    }

    /// Whether there is nothing in it yet.
    pub fn is_empty(&self) -> bool {
        self.unread.is_empty() && self.records.is_empty() && self.poison.is_empty()
    }

    /// The next offset to read.
    pub fn next(&self) -> u64 {
        if self.is_empty() { self.first } else { self.last + 1 }
    }

    /// Adds the next record.
    pub fn push(&mut self, stored: StoredRecord) {
        self.last = stored.offset;
        self.bytes += stored.payload.len();
        self.events += wire::count_events(&stored.payload);
        self.unread.push(stored);
    }

    /// Reads what was not read yet; what cannot be is poison.
    pub fn read(&mut self) {
        self.records.reserve(self.unread.len());
        for StoredRecord { offset, payload } in std::mem::take(&mut self.unread) {
            match Read::try_new_or_recover(payload, |payload| Record::from_bytes(payload)) {
                Ok(read) => self.records.push((offset, read)),
                Err((payload, reason)) => self.poison(offset, reason, Some(payload), false),
            }
        }
    }

    /// Makes poison, unread, of a record that must not be read.
    pub fn set_apart(&mut self, offset: u64, reason: &str) {
        if let Some(place) = self.unread.iter().position(|stored| stored.offset == offset) {
            let StoredRecord { payload, .. } = self.unread.remove(place);
            self.poison(offset, reason.to_owned(), Some(payload), true);
        }
    }

    /// Lets go of everything from `offset` on, which must be behind `first`; what was left out of that comes back.
    pub fn cut(&mut self, offset: u64) -> Excluded {
        self.unread.retain(|stored| stored.offset < offset);
        self.records.retain(|(at, _)| *at < offset);
        self.poison.retain(|entry| entry.position.offset < offset);
        self.last = offset - 1;
        self.excluded.split_off(offset)
    }

    /// Adds a place in the log that cannot be read.
    pub fn push_corrupt(&mut self, offset: u64, reason: String) {
        self.last = offset;
        self.poison(offset, reason, None, false);
    }

    fn poison(&mut self, offset: u64, reason: String, payload: Option<Bytes>, is_deadly: bool) {
        let position = Position { partition: self.partition, offset };
        let quarantined_ms = chrono::Utc::now().timestamp_millis();
        self.poison.push(Quarantined { position, reason, quarantined_ms, is_deadly, payload });
    }

    /// The records that were read, each with its offset.
    pub fn records(&self) -> Vec<Placed<'_>> {
        self.records.iter().map(|(offset, read)| (*offset, read.borrow_dependent())).collect()
    }

    /// What of its `records` is left out, as entries of the quarantine, and how many events that is.
    pub fn refused(&self, records: &[Placed<'_>], reason: &str) -> (Vec<Quarantined>, u64) {
        let quarantined_ms = chrono::Utc::now().timestamp_millis();
        let mut events = 0;
        let entries = records.iter().filter_map(|(offset, record)| {
            let refused = self.excluded.refused(*offset, record)?;
            events += refused.events.len() as u64;
            let position = Position { partition: self.partition, offset: *offset };
            let payload = Some(refused.to_bytes());
            let reason = reason.to_owned();
            Some(Quarantined { position, reason, quarantined_ms, is_deadly: false, payload })
        });
        (entries.collect(), events)
    }

    /// What makes an insert of this batch recognisable: topic, place, table, day, decoder. A retry is not recognisable: an
    /// engine killed in the middle of an insert may remember the token and not the rows (seen with libchdb 26.7.3),
    /// and a repeat vanishes in the tables' own merge.
    pub fn token(&self, topic: &str, table: &str, day: i64) -> String {
        let attempt = if self.is_retry { uuid::Uuid::new_v4().simple().to_string() } else { String::new() };
        format!(
            "{topic}:{}:{}-{}:{table}:{day}:v{DECODER_VERSION}{attempt}",
            self.partition, self.first, self.last
        )
    }
}

/// What the first record here of a view says that is not remembered.
#[derive(Debug, Clone, Copy)]
pub struct Stranger {
    pub received_ms: i64,
    /// Its client counts, and not from here on: the view has begun before.
    pub goes_on: bool,
}

/// The views of `records` that `memory` does not know.
pub fn strangers(records: &[Placed<'_>], memory: &Memory) -> HashMap<ViewKey, Stranger> {
    let mut strangers = HashMap::new();
    for (_, record) in records {
        if memory.get(&record.environment, &record.view_id).is_none() {
            let first = record.events.iter().map(|event| event.sequence).min();
            let goes_on = record.has_totals() && first.is_some_and(|first| first > 1);
            let stranger = Stranger { received_ms: record.received_ms, goes_on };
            strangers.entry(view_key(record)).or_insert(stranger);
        }
    }
    strangers
}

/// The views of `records` whose course has to be reckoned and whose timeline `memory` does not have, with their start.
/// Every view must be in `memory`.
pub fn without_timeline(records: &[Placed<'_>], memory: &Memory) -> BTreeMap<ViewKey, i64> {
    let uncounted = records.iter().filter(|(_, record)| !record.has_totals());
    let views = uncounted.filter_map(|(_, record)| {
        let view = memory.get(&record.environment, &record.view_id)?;
        (!view.knows_timeline()).then(|| (view_key(record), view.start_ms))
    });
    views.collect()
}

/// The view a record is about.
fn view_key(record: &Record<'_>) -> ViewKey {
    ((&*record.environment).into(), (&*record.view_id).into())
}
