//! The one thread that writes: takes whatever waits, writes it, syncs once, and answers everybody.
//!
//! After a failed write or sync nothing is known about the end of the file, and a sync that failed once may succeed
//! next time without having written anything. So the group is refused, appends stop, and the writer goes back to what
//! is certainly durable and begins a new segment; only when that has worked are appends taken again.

use std::{io, sync::Arc, time::Duration};

use super::{
    Shared,
    format::{RECORD_HEADER, encode_record},
    queue::{Gather, Pending},
    recovery::{self, Active, Segment},
};
use crate::{
    log::{AppendError, Position},
    planted::{self, Bug},
    prompt::be_prompt,
};

/// The largest group; bounds the write buffer and what a crash can tear.
const MAX_GROUP_BYTES: usize = 4 << 20;
const FIRST_RETRY: Duration = Duration::from_millis(100);
const LAST_RETRY: Duration = Duration::from_secs(5);

/// State of the writing thread.
pub(super) struct Writer {
    shared: Arc<Shared>,
    active: Active,
    buffer: Vec<u8>,
}

impl Writer {
    pub fn new(shared: Arc<Shared>, active: Active) -> Self {
        Self { shared, active, buffer: Vec::new() }
    }

    /// Runs until the queue is closed and empty.
    pub fn run(mut self) {
        be_prompt();
        let shared = Arc::clone(&self.shared);
        // Not more than a segment either, or a small log could not shrink.
        let most = MAX_GROUP_BYTES.min(shared.settings.segment_limit() as usize);
        let mut pace = shared.settings.pace;
        let mut gather = None;
        loop {
            if planted::is(Bug::AnswerBeforeSync) {
                // Everybody has an answer already, so there is time.
                pace = Duration::from_millis(50);
                gather = Some(Gather::from_now(pace));
            }
            let Some(group) = shared.queue.take(most, gather) else { return };
            // Who is alone waits for nobody, and a crowd's next group gathers.
            gather = (group.len() > 1).then(|| Gather::from_now(pace));
            let bytes = group.iter().map(|pending| pending.bytes).sum();
            match self.commit(&group) {
                Ok(first) => {
                    // In this order: who has an answer finds the room it took free again.
                    shared.queue.done(bytes);
                    acknowledge(group, first);
                }
                Err(error) => {
                    let reason = format!("writing to {} failed: {error}", shared.settings.dir.display());
                    tracing::error!(reason, "the log refuses appends until it can write again");
                    let waiting = shared.queue.fail(&reason);
                    refuse(group.into_iter().chain(waiting), &reason);
                    if !self.repair() {
                        return;
                    }
                }
            }
        }
    }

    /// Makes a group durable; the offset of its first record.
    fn commit(&mut self, group: &[Pending]) -> io::Result<u64> {
        let size: usize = group.iter().map(|pending| pending.bytes).sum();
        let limit = self.shared.settings.segment_limit();
        if self.active.bytes + size as u64 > limit && self.active.next > self.active.header.base {
            self.active =
                recovery::begin(&*self.shared.settings.disk, &self.shared.settings.dir, self.active.next)?;
            self.publish_segment();
        }
        let first = self.active.next;
        self.buffer.clear();
        let mut offset = first;
        for record in group.iter().flat_map(|pending| &pending.records) {
            encode_record(&mut self.buffer, self.active.header.salt, offset, &record.payload);
            offset += 1;
        }
        self.active.file.write_all_at(&self.buffer, self.active.bytes)?;
        self.active.file.sync_data()?;
        self.active.bytes += self.buffer.len() as u64;
        self.active.next = offset;
        self.shared.publish(self.active.bytes, offset);
        Ok(first)
    }

    fn publish_segment(&self) {
        self.shared.begin_segment(Segment { base: self.active.header.base, bytes: self.active.bytes });
    }

    /// Tries until writing works again; false when the log was closed meanwhile.
    fn repair(&mut self) -> bool {
        let mut pause = FIRST_RETRY;
        while !self.shared.queue.closed_within(pause) {
            match recovery::reseal(&*self.shared.settings.disk, &self.shared.settings.dir, &self.active) {
                Ok(fresh) => {
                    self.active = fresh;
                    self.publish_segment();
                    self.shared.queue.recovered();
                    tracing::info!(next = self.active.next, "the log can write again");
                    return true;
                }
                Err(error) => tracing::warn!(%error, "the log still cannot write"),
            }
            pause = (pause * 2).min(LAST_RETRY);
        }
        false
    }
}

/// What an append of these payloads takes on the disk.
pub(super) fn size_of<'a>(payloads: impl Iterator<Item = &'a [u8]>) -> usize {
    payloads.map(|payload| RECORD_HEADER + payload.len()).sum()
}

fn acknowledge(group: Vec<Pending>, first: u64) {
    let mut offset = first;
    for pending in group {
        let count = pending.records.len() as u64;
        let positions = (offset..offset + count).map(|offset| Position { partition: 0, offset }).collect();
        offset += count;
        // Whoever stopped waiting finds the record in the log all the same.
        let _ = pending.reply.send(Ok(positions));
    }
}

fn refuse(group: impl Iterator<Item = Pending>, reason: &str) {
    for pending in group {
        let _ = pending.reply.send(Err(AppendError::Unavailable(reason.to_owned())));
    }
}
