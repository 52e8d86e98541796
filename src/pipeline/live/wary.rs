//! Live reads a record within milliseconds, long before it is in a batch that was declared. So it notes in a file what it is
//! about to read. Whoever finds that note after a start lets a child read those records first, as the processor does with a
//! batch that was not finished ([`super::super::trial`]); and once such a child has died, all others for a while ([`Caution`]).
//! They are shown a second later then.

use std::{collections::BTreeMap, fs::File, os::unix::fs::FileExt, path::Path, sync::Arc};

use tokio::task::spawn_blocking;

use crate::{
    log::{Position, StoredRecord},
    pipeline::{caution::Caution, trial::Trials},
};

/// Length of a note, which is padded: a shorter one leaves nothing of the last.
const NOTE_BYTES: usize = 64;
const NOTHING: &[u8] = &[b' '; NOTE_BYTES];
/// Bytes that wait for the next child.
const MOST_BYTES: usize = 24 << 20;

/// What live was about to read when a process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Note {
    partition: u32,
    first: u64,
    last: u64,
}

impl Note {
    fn of(partition: u32, records: &[StoredRecord]) -> Option<Self> {
        Some(Self { partition, first: records.first()?.offset, last: records.last()?.offset })
    }

    fn to_bytes(self) -> Vec<u8> {
        let Self { partition, first, last } = self;
        format!("{:NOTE_BYTES$}", format!("{partition} {first} {last}")).into_bytes()
    }

    fn parse(text: &str) -> Option<Self> {
        let mut numbers = text.split_whitespace().map(str::parse::<u64>);
        let mut next = || numbers.next()?.ok();
        Some(Self { partition: u32::try_from(next()?).ok()?, first: next()?, last: next()? })
    }

    /// Whether `read` goes at least as far.
    fn is_within(self, read: Self) -> bool {
        self.partition == read.partition && self.last <= read.last
    }

    fn meets(self, other: Self) -> bool {
        self.partition == other.partition && self.first <= other.last && other.first <= self.last
    }
}

/// Decides what is read at once and what is tried first.
pub struct Wary {
    file: Option<Arc<File>>,
    /// To be tried, whatever else is.
    suspect: Option<Note>,
    caution: Caution,
    trials: Trials,
    waiting: BTreeMap<u32, Vec<StoredRecord>>,
    waiting_bytes: usize,
}

impl Wary {
    /// Looks at the note of the process before this one.
    pub fn load(path: &Path, trials: Trials, caution: Caution) -> Self {
        let suspect = std::fs::read_to_string(path).ok().and_then(|text| Note::parse(&text));
        if suspect.is_some() {
            caution.doubt();
        }
        // Its place on the disk is there from now on, however full that gets.
        let file = File::create(path).and_then(|file| file.write_all_at(NOTHING, 0).map(|()| Arc::new(file)));
        if let Err(error) = &file {
            tracing::warn!(%error, file = %path.display(), "what live reads cannot be noted");
        }
        let waiting = BTreeMap::new();
        Self { file: file.ok(), suspect, caution, trials, waiting, waiting_bytes: 0 }
    }

    /// Whether these records have to be tried. They are kept then, behind what waits already.
    pub fn keep(&mut self, partition: u32, records: &mut Vec<StoredRecord>) -> bool {
        let is_suspect = || self.suspect.zip(Note::of(partition, records)).is_some_and(|(a, b)| a.meets(b));
        if self.waiting.is_empty() && !self.caution.is_on() && !is_suspect() {
            return false;
        }
        self.waiting_bytes += records.iter().map(|record| record.payload.len()).sum::<usize>();
        self.waiting.entry(partition).or_default().append(records);
        true
    }

    /// Whether it is time to try what waits, whatever the time.
    pub fn is_full(&self) -> bool {
        self.waiting_bytes >= MOST_BYTES || self.suspect.is_some() && !self.waiting.is_empty()
    }

    /// Tries what waits: it comes back to be read, less the records that nobody survives, and so do their places.
    pub async fn tried(&mut self) -> (BTreeMap<u32, Vec<StoredRecord>>, Vec<Position>) {
        let mut waiting = std::mem::take(&mut self.waiting);
        let mut deadly = Vec::new();
        self.waiting_bytes = 0;
        for (&partition, records) in &mut waiting {
            let offsets = self.trials.for_live(records).await;
            let is_over = self.suspect.zip(Note::of(partition, records)).is_some_and(|(a, b)| a.is_within(b));
            if is_over || !offsets.is_empty() {
                self.suspect = None;
            }
            records.retain(|record| !offsets.contains(&record.offset));
            deadly.extend(offsets.into_iter().map(|offset| Position { partition, offset }));
        }
        if !deadly.is_empty() {
            tracing::error!(records = ?deadly, "live leaves out what ends the process that reads it");
            self.caution.renew();
        }
        (waiting, deadly)
    }

    /// Notes that these records are about to be read.
    pub async fn note(&self, partition: u32, records: &[StoredRecord]) {
        let (Some(file), Some(note)) = (self.file.clone(), Note::of(partition, records)) else { return };
        let written = spawn_blocking(move || file.write_all_at(&note.to_bytes(), 0)).await;
        if let Ok(Err(error)) = written {
            tracing::warn!(%error, "what live reads cannot be noted");
        }
    }

    /// Lets go of what waits: it is read again.
    pub fn forget(&mut self) {
        self.waiting.clear();
        self.waiting_bytes = 0;
    }

    /// Everything up to the end was read: what the note named is not in the log any more.
    pub fn caught_up(&mut self) {
        self.suspect = None;
    }
}

impl Drop for Wary {
    /// Whoever stops in good order has survived everything.
    fn drop(&mut self) {
        if let Some(file) = &self.file {
            let _ = file.write_all_at(NOTHING, 0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Store;

    fn records(offsets: std::ops::Range<u64>) -> Vec<StoredRecord> {
        offsets.map(|offset| StoredRecord { offset, payload: "bytes".into() }).collect()
    }

    #[tokio::test]
    async fn what_was_being_read_when_a_process_ended_is_tried_by_the_next() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let load = || {
            let trials = Trials { store: Store::new("http://127.0.0.1:1", "", ""), program: None };
            Wary::load(file.path(), trials, Caution::default())
        };
        let wary = load();
        wary.note(0, &records(100_000..100_007)).await;
        wary.note(3, &records(5..8)).await;
        // It ends without a word.
        std::mem::forget(wary);
        let mut wary = load();
        assert!(wary.caution.is_on_or_in_doubt() && !wary.caution.is_on());
        assert!(!wary.keep(3, &mut records(0..5)) && !wary.keep(2, &mut records(5..8)));
        let mut met = records(7..9);
        assert!(wary.keep(3, &mut met) && wary.is_full() && met.is_empty());
        assert!(wary.keep(2, &mut records(8..9)), "what waits is not overtaken");
        wary.forget();
        wary.caught_up();
        assert!(!wary.keep(3, &mut records(5..8)), "it is not there any more");
        wary.caution.renew();
        assert!(wary.keep(3, &mut records(9..10)), "whatever it is");
        // Who stops in good order has survived what it read.
        wary.note(3, &records(5..8)).await;
        drop(wary);
        let mut wary = load();
        assert!(!wary.caution.is_on_or_in_doubt() && !wary.keep(3, &mut records(5..8)));
    }
}
