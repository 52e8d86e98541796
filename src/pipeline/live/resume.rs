//! Where the live tail begins after a restart: some minutes back, so that the open views come back to life. But if starts end in
//! the middle of those minutes again and again, it begins at what comes next: a record in them ends the process.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    path::PathBuf,
};

use crate::log::Position;

/// How far back: longer than the gap between two beacons of any view that is not paused.
const BACK_MS: i64 = 10 * 60_000;
/// Distance of the marks, and of two writes of the file.
const STEP_MS: i64 = 10_000;
/// Between two times of going back because of a panic: whoever can cause one cannot keep us at it.
const REWIND_MS: i64 = 60_000;
/// Records that are left out, the newest.
const MOST_LEFT_OUT: usize = 10_000;
/// Starts that may end before they have caught up.
const MOST_DEATHS: u32 = 3;

/// Marks of the past positions per partition, and the file they are kept in.
#[derive(Debug)]
pub struct Resume {
    file: PathBuf,
    marks: BTreeMap<u32, VecDeque<(i64, u64)>>,
    loaded: BTreeMap<u32, u64>,
    saved_ms: i64,
    /// Over which our own code panics.
    left_out: BTreeSet<Position>,
    has_to_rewind: bool,
    rewound_ms: i64,
    is_catching_up: bool,
}

impl Resume {
    /// Reads the file; a missing or damaged one means "from now on".
    pub async fn load(file: PathBuf) -> Self {
        let bytes = tokio::fs::read(&file).await.unwrap_or_default();
        let mut loaded: BTreeMap<u32, u64> = serde_json::from_slice(&bytes).unwrap_or_default();
        let begun = file.with_extension("begun");
        let deaths: u32 =
            tokio::fs::read_to_string(&begun).await.ok().and_then(|text| text.parse().ok()).unwrap_or(0);
        if deaths >= MOST_DEATHS {
            tracing::error!(
                deaths,
                "the process ended again and again while live was read; it begins with what comes next"
            );
            loaded.clear();
            // Should it stay, the same begins again.
            let _ = tokio::fs::remove_file(&file).await;
        }
        if let Err(error) = tokio::fs::write(&begun, (deaths + 1).to_string()).await {
            tracing::warn!(%error, file = %begun.display(), "it cannot be noted that live is being read");
        }
        let marks = BTreeMap::new();
        let known = tokio::fs::read(file.with_extension("left-out")).await.unwrap_or_default();
        let known: Vec<(u32, u64)> = serde_json::from_slice(&known).unwrap_or_default();
        let left_out = known.into_iter().map(|(partition, offset)| Position { partition, offset }).collect();
        let (has_to_rewind, rewound_ms) = (false, 0);
        Self { file, marks, loaded, saved_ms: 0, left_out, has_to_rewind, rewound_ms, is_catching_up: true }
    }

    /// What there was to catch up with has not ended the process.
    pub async fn survived(&mut self) {
        if std::mem::take(&mut self.is_catching_up) {
            // Should it stay, the next start counts one death too many.
            let _ = tokio::fs::remove_file(self.file.with_extension("begun")).await;
        }
    }

    /// A record that cannot be taken in: what it has touched has to be read again without it.
    pub fn leave_out(&mut self, position: Position) {
        self.never_read(position);
        self.has_to_rewind = true;
    }

    /// Records that must not be read, after the next start neither.
    pub async fn shun(&mut self, positions: Vec<Position>) {
        positions.into_iter().for_each(|position| self.never_read(position));
        let known: Vec<(u32, u64)> = self.left_out.iter().map(|at| (at.partition, at.offset)).collect();
        let file = self.file.with_extension("left-out");
        if let Err(error) = tokio::fs::write(&file, serde_json::to_vec(&known).unwrap_or_default()).await {
            tracing::warn!(%error, file = %file.display(), "what live must not read cannot be noted");
        }
    }

    fn never_read(&mut self, position: Position) {
        self.left_out.insert(position);
        if self.left_out.len() > MOST_LEFT_OUT {
            self.left_out.pop_first();
        }
    }

    /// Whether a record is not to be taken in.
    pub fn leaves_out(&self, position: Position) -> bool {
        self.left_out.contains(&position)
    }

    /// If it has to, goes back to where reading would begin after a restart, every so often.
    pub fn rewind(&mut self, now_ms: i64) -> bool {
        if !self.has_to_rewind || now_ms - self.rewound_ms < REWIND_MS {
            return false;
        }
        (self.has_to_rewind, self.rewound_ms) = (false, now_ms);
        self.marks.values_mut().for_each(|marks| marks.truncate(1));
        true
    }

    /// The clock was set back: goes back to where reading would begin after a restart, and counts time from now on.
    pub fn begin_again(&mut self, now_ms: i64) {
        (self.saved_ms, self.rewound_ms) = (now_ms, now_ms);
        for marks in self.marks.values_mut() {
            marks.truncate(1);
            marks.iter_mut().for_each(|(at_ms, _)| *at_ms = now_ms);
        }
    }

    /// Reading of a partition begins at `first`, if it has not before.
    pub fn begin(&mut self, partition: u32, first: u64, now_ms: i64) {
        self.marks.entry(partition).or_insert_with(|| VecDeque::from([(now_ms, first)]));
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

#[cfg(test)]
mod tests {
    use super::*;

    const PARTITION: u32 = 0;

    #[tokio::test]
    async fn what_causes_panics_is_left_out_and_the_rest_read_again_now_and_then() {
        let dir = tempfile::tempdir().unwrap();
        let mut resume = Resume::load(dir.path().join("live.json")).await;
        resume.begin(PARTITION, 7, 100_000);
        resume.mark(PARTITION, 20, 100_000);
        resume.mark(PARTITION, 40, 140_000);
        assert!(!resume.rewind(140_000), "nothing was wrong");
        let bad = Position { partition: PARTITION, offset: 30 };
        resume.leave_out(bad);
        assert!(resume.leaves_out(bad) && resume.rewind(140_000));
        assert_eq!(resume.positions(), BTreeMap::from([(PARTITION, 7)]));
        resume.mark(PARTITION, 41, 150_000);
        resume.leave_out(Position { partition: PARTITION, offset: 40 });
        assert!(!resume.rewind(150_000), "so soon");
        assert!(resume.rewind(200_000) && !resume.rewind(900_000));
        resume.mark(PARTITION, 60, 900_000);
        resume.begin_again(100_000);
        assert_eq!(resume.positions(), BTreeMap::from([(PARTITION, 7)]));
    }

    #[tokio::test]
    async fn starts_that_end_in_the_minutes_before_do_so_only_so_often() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("live.json");
        tokio::fs::write(&file, r#"{"0":5}"#).await.unwrap();
        let known = BTreeMap::from([(PARTITION, 5)]);
        for _ in 0..MOST_DEATHS {
            assert_eq!(Resume::load(file.clone()).await.positions(), known);
        }
        let mut resume = Resume::load(file.clone()).await;
        assert_eq!(resume.positions(), BTreeMap::new());
        resume.survived().await;
        assert!(!file.exists(), "nobody begins there again");
        tokio::fs::write(&file, r#"{"0":5}"#).await.unwrap();
        assert_eq!(Resume::load(file).await.positions(), known);
    }
}
