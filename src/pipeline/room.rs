//! How much the processor holds in memory, whatever comes in: views it remembers, and records on their way into ClickHouse.
//! The bounds are of the process, and its partitions share them.
//!
//! What is not remembered is asked of ClickHouse when it is needed; what is not read yet lies in the log. So less room costs
//! time and nothing else.

/// Bytes of remembered views: more than a million whose clients count, which is what most do.
const MEMORY_BYTES: usize = 512 << 20;
/// Events and bytes of records that are being gathered or written; decoded they take several times as much.
const EVENTS: usize = 400_000;
const RECORD_BYTES: usize = 96 << 20;
/// No batch has to be larger.
const EVENTS_OF_A_BATCH: usize = 100_000;
const BYTES_OF_A_BATCH: usize = 24 << 20;

/// What one partition may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Room {
    pub memory_bytes: usize,
    /// In one batch.
    pub events: usize,
    /// In one batch, as they lie in the log.
    pub record_bytes: usize,
}

impl Room {
    /// The share of one of so many partitions.
    pub fn of_each(partitions: usize) -> Self {
        let share = |all: usize| all / partitions.max(1);
        Self {
            memory_bytes: share(MEMORY_BYTES),
            events: share(EVENTS).clamp(1, EVENTS_OF_A_BATCH),
            record_bytes: share(RECORD_BYTES).clamp(1, BYTES_OF_A_BATCH),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn however_many_partitions_there_are_they_hold_no_more_together() {
        assert_eq!(
            (Room::of_each(1).events, Room::of_each(4).events),
            (EVENTS_OF_A_BATCH, EVENTS_OF_A_BATCH)
        );
        for partitions in [1, 2, 6, 48, 10_000] {
            let room = Room::of_each(partitions);
            assert!(room.memory_bytes * partitions <= MEMORY_BYTES);
            assert!(room.events * partitions <= EVENTS);
            assert!(room.record_bytes * partitions <= RECORD_BYTES);
        }
    }
}
