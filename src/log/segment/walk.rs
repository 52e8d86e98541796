//! Walking through the records of one file, and finding the next sound one after damage.

use std::{io, ops::Range, sync::Arc};

use bytes::Bytes;

use super::{
    disk::DiskFile,
    format::{RECORD_HEADER, RecordHeader},
};
use crate::log::StoredRecord;

/// What is read from the file at once: few system calls, and little memory held by a record that lives on.
const WINDOW: u64 = 1 << 20;

/// What lies at the walk's position.
#[derive(Debug)]
pub(super) enum Step {
    /// A sound record; the walk stands behind it now.
    Record(StoredRecord),
    /// The walk has reached its limit.
    End,
    /// Not a sound record, and why; the walk has not moved.
    Bad(String),
}

/// A position in a file, with a window of what lies behind it.
pub(super) struct Walk {
    file: Arc<dyn DiskFile>,
    salt: u32,
    position: u64,
    limit: u64,
    window: Bytes,
    window_at: u64,
}

impl Walk {
    /// Walks from `position` and never looks at or beyond `limit`.
    pub fn new(file: Arc<dyn DiskFile>, salt: u32, position: u64, limit: u64) -> Self {
        Self { file, salt, position, limit, window: Bytes::new(), window_at: 0 }
    }

    pub fn position(&self) -> u64 {
        self.position
    }

    /// Stands at `position` next time; for going back to a record that was looked at too early.
    pub fn stand_at(&mut self, position: u64) {
        self.position = position;
    }

    /// The file is readable up to here now.
    pub fn set_limit(&mut self, limit: u64) {
        self.limit = limit;
    }

    pub fn step(&mut self) -> io::Result<Step> {
        if self.position >= self.limit {
            return Ok(Step::End);
        }
        match self.look(self.position)? {
            Ok(record) => {
                self.position += (RECORD_HEADER + record.payload.len()) as u64;
                Ok(Step::Record(record))
            }
            Err(reason) => Ok(Step::Bad(reason.to_owned())),
        }
    }

    /// Moves to the next sound record whose offset lies in `offsets`; false, at the limit, if there is none.
    pub fn resync(&mut self, offsets: Range<u64>) -> io::Result<bool> {
        // Where only the payload is damaged, the length still leads to the next record.
        if let Some(next) = self.claimed_end(self.position)?
            && matches!(self.look(next)?, Ok(record) if offsets.contains(&record.offset))
        {
            self.position = next;
            return Ok(true);
        }
        let mut at = self.position + 1;
        while at + RECORD_HEADER as u64 <= self.limit {
            // The offset is compared first: it rules nearly every place out without a checksum.
            let header = RecordHeader::decode(&self.view(at, RECORD_HEADER)?);
            if offsets.contains(&header.offset) && self.look(at)?.is_ok() {
                self.position = at;
                return Ok(true);
            }
            at += 1;
        }
        self.position = self.limit;
        Ok(false)
    }

    /// Where the record at `at` says that it ends, if that is possible.
    fn claimed_end(&mut self, at: u64) -> io::Result<Option<u64>> {
        if at + RECORD_HEADER as u64 > self.limit {
            return Ok(None);
        }
        let header = RecordHeader::decode(&self.view(at, RECORD_HEADER)?);
        let end = at + RECORD_HEADER as u64 + header.length as u64;
        Ok((end <= self.limit).then_some(end))
    }

    /// The record at `at`, or what is wrong with it.
    fn look(&mut self, at: u64) -> io::Result<Result<StoredRecord, &'static str>> {
        if at + RECORD_HEADER as u64 > self.limit {
            return Ok(Err("it is cut off"));
        }
        let Some(end) = self.claimed_end(at)? else {
            return Ok(Err("its length is impossible"));
        };
        let bytes = self.view(at, (end - at) as usize)?;
        let header = RecordHeader::decode(&bytes);
        let payload = bytes.slice(RECORD_HEADER..);
        if !header.matches(self.salt, &payload) {
            return Ok(Err("its checksum is wrong"));
        }
        Ok(Ok(StoredRecord { offset: header.offset, payload }))
    }

    /// `length` bytes at `at`, which lie below the limit.
    fn view(&mut self, at: u64, length: usize) -> io::Result<Bytes> {
        let end = at + length as u64;
        if at < self.window_at || end > self.window_at + self.window.len() as u64 {
            let wanted = (length as u64).max(WINDOW.min(self.limit - at));
            let mut bytes = vec![0; wanted as usize];
            self.file.read_exact_at(&mut bytes, at)?;
            (self.window, self.window_at) = (bytes.into(), at);
        }
        let from = (at - self.window_at) as usize;
        Ok(self.window.slice(from..from + length))
    }
}
