//! Where the live tail begins after a restart: some minutes back, so that the open views come back to life.

use std::{
    collections::{BTreeMap, VecDeque},
    path::PathBuf,
};

/// How far back: longer than the gap between two beacons of any view that is not paused.
const BACK_MS: i64 = 10 * 60_000;
/// Distance of the marks, and of two writes of the file.
const STEP_MS: i64 = 10_000;

/// Marks of the past positions per partition, and the file they are kept in.
#[derive(Debug)]
pub struct Resume {
    file: PathBuf,
    marks: BTreeMap<u32, VecDeque<(i64, u64)>>,
    loaded: BTreeMap<u32, u64>,
    saved_ms: i64,
}

impl Resume {
    /// Reads the file; a missing or damaged one means "from now on".
    pub async fn load(file: PathBuf) -> Self {
        let bytes = tokio::fs::read(&file).await.unwrap_or_default();
        let loaded = serde_json::from_slice(&bytes).unwrap_or_default();
        Self { file, marks: BTreeMap::new(), loaded, saved_ms: 0 }
    }

    /// Where to begin now: where reading stands, or after a restart what the file says.
    pub fn positions(&self) -> BTreeMap<u32, u64> {
        let newest = self.marks.iter().filter_map(|(partition, marks)| Some((*partition, marks.back()?.1)));
        let mut positions = self.loaded.clone();
        positions.extend(newest);
        positions
    }

    /// Everything below `next` of a partition has been read.
    pub fn mark(&mut self, partition: u32, next: u64, now_ms: i64) {
        let marks = self.marks.entry(partition).or_default();
        let has_several = marks.len() > 1;
        match marks.back_mut() {
            Some((at_ms, offset)) if has_several && now_ms - *at_ms < STEP_MS => *offset = next,
            _ => marks.push_back((now_ms, next)),
        }
        while marks.len() > 2 && marks[1].0 < now_ms - BACK_MS {
            marks.pop_front();
        }
    }

    /// Writes the oldest marks, at most every few seconds.
    pub async fn save(&mut self, now_ms: i64) {
        if now_ms - self.saved_ms < STEP_MS || self.marks.is_empty() {
            return;
        }
        self.saved_ms = now_ms;
        let mut oldest = self.loaded.clone();
        let marked = self.marks.iter().filter_map(|(partition, marks)| Some((*partition, marks.front()?)));
        for (partition, (at_ms, offset)) in marked {
            let is_old_enough = now_ms - at_ms >= BACK_MS;
            if is_old_enough || !oldest.contains_key(&partition) {
                oldest.insert(partition, *offset);
            }
        }
        let written = async {
            let temporary = self.file.with_extension("tmp");
            tokio::fs::write(&temporary, serde_json::to_vec(&oldest)?).await?;
            tokio::fs::rename(&temporary, &self.file).await
        };
        if let Err(error) = written.await {
            tracing::warn!(%error, file = %self.file.display(), "the live position cannot be saved");
        }
    }
}
