//! Reading on from an offset, across segments, and naming every record that cannot be read.
//!
//! Damage shows as a jump: the next sound record has a higher offset than the one wanted, or a segment ends before the
//! next one begins. Each missing offset is reported on its own, so that a consumer can quarantine it and move to the
//! next.

use std::{io, sync::Arc};

use super::{
    Shared, files,
    format::FILE_HEADER,
    walk::{Step, Walk},
};
use crate::log::{LogError, Position, StoredRecord};

/// What one read returns at most (one record at least).
const MAX_BYTES: usize = 1 << 20;
const MAX_RECORDS: usize = 4096;

/// A place in the log. Reads block: use it off the async threads.
pub(super) struct Cursor {
    shared: Arc<Shared>,
    next: u64,
    open: Option<OpenSegment>,
    /// What was wrong where the records to come should have been.
    damage: String,
}

struct OpenSegment {
    base: u64,
    walk: Walk,
}

/// Where the records of a segment lie at this moment.
pub(super) struct Extent {
    pub base: u64,
    /// Durable bytes of the file.
    pub bytes: u64,
    /// The offset behind its last durable record, as the next segment or the log's end tells.
    pub end: u64,
}

impl Cursor {
    pub fn new(shared: Arc<Shared>, next: u64) -> Self {
        Self { shared, next, open: None, damage: String::new() }
    }

    /// The offset that comes next.
    pub fn next(&self) -> u64 {
        self.next
    }

    pub fn seek(&mut self, offset: u64) {
        if offset < self.next {
            self.open = None;
        }
        self.next = offset;
    }

    /// The next records, none at the end of the log. The same error comes again until the cursor is moved.
    pub fn read(&mut self) -> Result<Vec<StoredRecord>, LogError> {
        let mut records: Vec<StoredRecord> = Vec::new();
        let mut bytes = 0;
        while bytes < MAX_BYTES && records.len() < MAX_RECORDS {
            match self.step() {
                Ok(Some(record)) => {
                    bytes += record.payload.len();
                    records.push(record);
                }
                Ok(None) => break,
                // What was read before the damage comes first; the damage is still there next time.
                Err(_) if !records.is_empty() => break,
                Err(error) => return Err(error),
            }
        }
        Ok(records)
    }

    fn step(&mut self) -> Result<Option<StoredRecord>, LogError> {
        loop {
            let Some(extent) = self.shared.extent_of(self.next) else {
                return Ok(None);
            };
            // What was reclaimed is not damage: the log begins later now.
            self.next = self.next.max(extent.base);
            let next = self.next;
            if let Err(error) = self.open_segment(&extent) {
                match error.kind() {
                    // Reclaimed between the look at the list and the open.
                    io::ErrorKind::NotFound if !self.shared.has_segment(extent.base) => continue,
                    io::ErrorKind::InvalidData => return Err(self.corrupt(error.to_string())),
                    _ => return Err(unavailable(&error)),
                }
            }
            let Some(open) = &mut self.open else { continue };
            let before = open.walk.position();
            match open.walk.step().map_err(|error| unavailable(&error))? {
                Step::Record(record) if record.offset == next => {
                    self.next += 1;
                    return Ok(Some(record));
                }
                Step::Record(record) if record.offset < next => {}
                Step::Record(_) => {
                    open.walk.stand_at(before);
                    return Err(self.corrupt(self.damage.clone()));
                }
                Step::Bad(reason) => {
                    open.walk.resync(extent.base..extent.end).map_err(|error| unavailable(&error))?;
                    self.damage = reason;
                }
                Step::End => return Err(self.corrupt("its segment ends before it".into())),
            }
        }
    }

    /// Opens the file of `extent`, unless it already is.
    fn open_segment(&mut self, extent: &Extent) -> io::Result<()> {
        if self.open.as_ref().is_none_or(|open| open.base != extent.base) {
            let settings = &self.shared.settings;
            let (file, header) =
                files::open(&*settings.disk, &files::segment_path(&settings.dir, extent.base), false)?;
            let header = header.map_err(|_| {
                io::Error::new(io::ErrorKind::InvalidData, "the header of its segment is damaged")
            })?;
            let walk = Walk::new(file, header.salt, FILE_HEADER, extent.bytes);
            self.open = Some(OpenSegment { base: extent.base, walk });
        }
        if let Some(open) = &mut self.open {
            open.walk.set_limit(extent.bytes);
        }
        Ok(())
    }

    fn corrupt(&self, reason: String) -> LogError {
        LogError::Corrupt { position: Position { partition: 0, offset: self.next }, reason }
    }
}

fn unavailable(error: &io::Error) -> LogError {
    LogError::Unavailable(error.to_string())
}
