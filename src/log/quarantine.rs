//! Records that nobody could handle: kept with the reason and their original place, to be looked at and replayed.
//!
//! The quarantine is a log of its own beside the main one: a directory with [`Retention::Newest`], so that it can never
//! stop what fills it, or the topic `<topic>.quarantine`. An entry is one JSON object with the payload in base64,
//! so that any tool can read it.
//!
//! [`Retention::Newest`]: super::segment::Retention::Newest

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use super::{AppendError, EventLog, LogError, NewRecord, Position, StoredRecord, TailFrom};

/// How long reading back may pause before what was read so far is all there is.
const PATIENCE: Duration = Duration::from_secs(2);

/// A record in quarantine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quarantined {
    /// Where it lay in the main log.
    #[serde(serialize_with = "position_as_text", deserialize_with = "position_from_text")]
    pub position: Position,
    /// Why it is here, for a reader.
    pub reason: String,
    /// When Playhead put it here, in milliseconds since 1970.
    pub quarantined_ms: i64,
    /// Whether a process ends that reads it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_deadly: bool,
    /// Its bytes; none if they could not even be read.
    #[serde(default, serialize_with = "bytes_as_text", deserialize_with = "bytes_from_text")]
    pub payload: Option<Bytes>,
}

/// The quarantine over a log of its own.
pub struct Quarantine {
    log: Arc<dyn EventLog>,
}

/// What [`Quarantine::replay`] can fail with.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    #[error("its bytes could not be read when it was quarantined; there is nothing to replay")]
    Empty,
    #[error(transparent)]
    Append(#[from] AppendError),
}

impl Quarantine {
    pub fn new(log: Arc<dyn EventLog>) -> Self {
        Self { log }
    }

    /// Durably stores entries; their positions are in the quarantine's own log.
    pub async fn store(&self, entries: &[Quarantined]) -> Result<Vec<Position>, AppendError> {
        let records = entries.iter().map(|entry| {
            let payload =
                serde_json::to_vec(entry).map_err(|error| AppendError::Unavailable(error.to_string()))?;
            // Entries about one place stay in order.
            Ok(NewRecord { key: entry.position.to_string().into(), payload: payload.into() })
        });
        self.log.append(records.collect::<Result<_, AppendError>>()?).await
    }

    /// The newest `count` entries, newest first, with their positions in the quarantine. What a crash has put here twice is
    /// shown once.
    pub async fn newest(&self, count: usize) -> Result<Vec<(Position, Quarantined)>, LogError> {
        let ends = self.log.end().await?;
        let from =
            ends.iter().map(|(&partition, &end)| (partition, end.saturating_sub(count as u64))).collect();
        let mut entries = self.read(from, &ends).await?;
        entries.sort_by_key(|(position, entry)| std::cmp::Reverse((entry.quarantined_ms, *position)));
        let mut known = BTreeSet::new();
        entries.retain(|(_, entry)| known.insert((entry.position, entry.payload.clone())));
        entries.truncate(count);
        Ok(entries)
    }

    /// The entry at `position` of the quarantine, if it is still there.
    pub async fn get(&self, position: Position) -> Result<Option<Quarantined>, LogError> {
        let from = BTreeMap::from([(position.partition, position.offset)]);
        let until = BTreeMap::from([(position.partition, position.offset + 1)]);
        let ends = self.log.end().await?;
        if ends.get(&position.partition).is_none_or(|&end| end <= position.offset) {
            return Ok(None);
        }
        let found = self.read(from, &until).await?;
        Ok(found.into_iter().find(|(at, _)| *at == position).map(|(_, entry)| entry))
    }

    /// Puts the entry's bytes into `main` again, under `key`: who replays can decode the record by now and knows its
    /// view. The entry stays; a second replay is a repetition like any other.
    pub async fn replay(
        &self,
        entry: &Quarantined,
        key: Bytes,
        main: &dyn EventLog,
    ) -> Result<Position, ReplayError> {
        let payload = entry.payload.clone().ok_or(ReplayError::Empty)?;
        let positions = main.append(vec![NewRecord { key, payload }]).await?;
        positions.first().copied().ok_or(ReplayError::Empty)
    }

    /// Reads each partition of `from` up to `until`.
    async fn read(
        &self,
        from: BTreeMap<u32, u64>,
        until: &BTreeMap<u32, u64>,
    ) -> Result<Vec<(Position, Quarantined)>, LogError> {
        let mut open: BTreeMap<u32, u64> = until
            .iter()
            .filter(|(partition, end)| from.get(partition) < Some(end))
            .map(|(&p, &end)| (p, end))
            .collect();
        let mut tail = self.log.tail(TailFrom(from)).await?;
        let mut entries = Vec::new();
        while !open.is_empty() {
            let (partition, records) = match tail.next(PATIENCE).await {
                Ok(Some(read)) => read,
                // The rest has given way to newer entries meanwhile.
                Ok(None) => break,
                // The tail has gone on behind it.
                Err(error @ LogError::Corrupt { .. }) => {
                    tracing::warn!(%error, "an entry of the quarantine is unreadable");
                    continue;
                }
                Err(error) => return Err(error),
            };
            let Some(&end) = open.get(&partition) else {
                continue;
            };
            if records.last().is_some_and(|record| record.offset + 1 >= end) {
                open.remove(&partition);
            }
            entries.extend(
                records.iter().filter(|record| record.offset < end).filter_map(|r| decode(partition, r)),
            );
        }
        Ok(entries)
    }
}

fn decode(partition: u32, record: &StoredRecord) -> Option<(Position, Quarantined)> {
    let position = Position { partition, offset: record.offset };
    match serde_json::from_slice(&record.payload) {
        Ok(entry) => Some((position, entry)),
        Err(error) => {
            tracing::warn!(%position, %error, "this is not an entry of the quarantine");
            None
        }
    }
}

fn position_as_text<S: Serializer>(position: &Position, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(position)
}

fn position_from_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Position, D::Error> {
    String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
}

fn bytes_as_text<S: Serializer>(bytes: &Option<Bytes>, serializer: S) -> Result<S::Ok, S::Error> {
    bytes.as_ref().map(|bytes| STANDARD.encode(bytes)).serialize(serializer)
}

fn bytes_from_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Bytes>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    text.map(|text| STANDARD.decode(text).map(Bytes::from).map_err(D::Error::custom)).transpose()
}
