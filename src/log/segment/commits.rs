//! What each group has done: offset, intent, and how far it has looked, in one small file of the log's own format.
//!
//! Every commit appends one record and syncs it; the newest record of a group counts. A torn tail therefore falls back
//! to the commit before it, which is as safe as a crash before the commit: the intent protocol repeats the batch. When
//! the file has grown, it is rewritten beside itself and renamed into place.

use std::{
    collections::BTreeMap,
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use serde::{Deserialize, Serialize};

use super::{
    disk::{Disk, DiskFile},
    files,
    format::{FILE_HEADER, FileHeader, HeaderError, encode_record},
    walk::{Step, Walk},
};

/// Beyond this the file is rewritten with one record per group.
const REWRITE_BYTES: u64 = 256 << 10;

/// The state of one group.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Committed {
    /// The next offset to read; everything below is done.
    pub offset: u64,
    /// Everything below has been shown to the group. Such offsets are never given to other records, even if the disk
    /// lost their bytes: an intent may already name them.
    pub delivered: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub intent: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct Entry {
    group: String,
    #[serde(flatten)]
    state: Committed,
}

/// The open file of commits.
pub(super) struct Commits {
    disk: Arc<dyn Disk>,
    path: PathBuf,
    file: Arc<dyn DiskFile>,
    header: FileHeader,
    length: u64,
    sequence: u64,
    groups: BTreeMap<String, Committed>,
    /// False after a failed write: the file's end is unknown then, and the next commit rewrites it.
    sound: bool,
}

impl Commits {
    pub fn open(disk: &Arc<dyn Disk>, dir: &Path) -> io::Result<Self> {
        let path = dir.join("commits.log");
        if !disk.exists(&path)? {
            return Self::create(disk, path, &BTreeMap::new());
        }
        let (file, header) = files::open(&**disk, &path, true)?;
        let header = match header {
            Ok(header) => header,
            Err(HeaderError::Foreign(version)) => {
                return Err(io::Error::other(format!("{} has the unknown format {version}", path.display())));
            }
            Err(HeaderError::Damaged) => {
                return Err(io::Error::other(format!(
                    "{} is damaged at its beginning; move it away, and every group reads again what the log still has",
                    path.display()
                )));
            }
        };
        let mut commits = Self {
            disk: Arc::clone(disk),
            length: 0,
            path,
            sequence: 0,
            groups: BTreeMap::new(),
            sound: true,
            header,
            file,
        };
        commits.load()?;
        Ok(commits)
    }

    fn load(&mut self) -> io::Result<()> {
        let length = self.file.size()?;
        let mut walk = Walk::new(Arc::clone(&self.file), self.header.salt, FILE_HEADER, length);
        self.length = FILE_HEADER;
        loop {
            match walk.step()? {
                Step::Record(record) => {
                    let entry: Entry = serde_json::from_slice(&record.payload)?;
                    self.groups.insert(entry.group, entry.state);
                    self.sequence = record.offset + 1;
                    self.length = walk.position();
                }
                Step::Bad(reason) => {
                    tracing::warn!(file = %self.path.display(), at = walk.position(), reason, "a commit is unreadable");
                    walk.resync(self.sequence..u64::MAX)?;
                }
                Step::End => break,
            }
        }
        // What is behind the last sound commit was never answered for.
        self.file.set_size(self.length)?;
        self.file.sync_all()?;
        // Its name too: the last run may have failed right after putting it in place.
        files::sync_parent(&*self.disk, &self.path)
    }

    /// Writes a whole new file and puts it in the place of the old one.
    fn create(disk: &Arc<dyn Disk>, path: PathBuf, groups: &BTreeMap<String, Committed>) -> io::Result<Self> {
        let header = FileHeader::new(0);
        let draft = path.with_extension("draft");
        let file = files::create(&**disk, &draft, &header)?;
        let mut bytes = Vec::new();
        for (sequence, (group, state)) in groups.iter().enumerate() {
            encode(&mut bytes, &header, sequence as u64, group, state)?;
        }
        file.write_all_at(&bytes, FILE_HEADER)?;
        file.sync_all()?;
        disk.rename(&draft, &path)?;
        files::sync_parent(&**disk, &path)?;
        Ok(Self {
            disk: Arc::clone(disk),
            path,
            file,
            header,
            length: FILE_HEADER + bytes.len() as u64,
            sequence: groups.len() as u64,
            groups: groups.clone(),
            sound: true,
        })
    }

    pub fn get(&self, group: &str) -> Option<&Committed> {
        self.groups.get(group)
    }

    /// No offset below this may ever be given to a new record.
    pub fn floor(&self) -> u64 {
        self.groups.values().map(|state| state.offset.max(state.delivered)).max().unwrap_or(0)
    }

    /// Durably replaces the state of `group`.
    pub fn store(&mut self, group: &str, state: Committed) -> io::Result<()> {
        if !self.sound || self.length > REWRITE_BYTES {
            let mut groups = self.groups.clone();
            groups.insert(group.to_owned(), state);
            *self = Self::create(&self.disk, self.path.clone(), &groups)?;
            return Ok(());
        }
        let mut bytes = Vec::new();
        encode(&mut bytes, &self.header, self.sequence, group, &state)?;
        self.sound = false;
        self.file.write_all_at(&bytes, self.length)?;
        self.file.sync_data()?;
        self.sound = true;
        self.length += bytes.len() as u64;
        self.sequence += 1;
        self.groups.insert(group.to_owned(), state);
        Ok(())
    }
}

fn encode(
    out: &mut Vec<u8>,
    header: &FileHeader,
    sequence: u64,
    group: &str,
    state: &Committed,
) -> io::Result<()> {
    let entry = Entry { group: group.to_owned(), state: state.clone() };
    encode_record(out, header.salt, sequence, &serde_json::to_vec(&entry)?);
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::fs::File;

    use super::{super::disk::RealDisk, *};

    fn open(dir: &Path) -> io::Result<Commits> {
        Commits::open(&(Arc::new(RealDisk) as Arc<dyn Disk>), dir)
    }

    fn state(offset: u64, intent: Option<&str>) -> Committed {
        Committed { offset, delivered: offset + 5, intent: intent.map(str::to_owned) }
    }

    #[test]
    fn the_newest_commit_of_each_group_comes_back() {
        let dir = tempfile::tempdir().unwrap();
        let mut commits = open(dir.path()).unwrap();
        commits.store("a", state(1, Some("1-4"))).unwrap();
        commits.store("b", state(9, None)).unwrap();
        commits.store("a", state(5, None)).unwrap();
        drop(commits);
        let commits = open(dir.path()).unwrap();
        assert_eq!(commits.get("a"), Some(&state(5, None)));
        assert_eq!(commits.get("b"), Some(&state(9, None)));
        assert_eq!(commits.get("c"), None);
        assert_eq!(commits.floor(), 14);
    }

    #[test]
    fn a_torn_commit_falls_back_to_the_one_before() {
        let dir = tempfile::tempdir().unwrap();
        let mut commits = open(dir.path()).unwrap();
        commits.store("a", state(1, Some("1-4"))).unwrap();
        let whole = commits.length;
        commits.store("a", state(5, None)).unwrap();
        let end = commits.length;
        drop(commits);
        let path = dir.path().join("commits.log");
        for cut in whole..end {
            let file = File::options().write(true).open(&path).unwrap();
            file.set_len(cut).unwrap();
            let mut commits = open(dir.path()).unwrap();
            assert_eq!(commits.get("a"), Some(&state(1, Some("1-4"))));
            commits.store("a", state(5, None)).unwrap();
        }
    }

    #[test]
    fn the_file_stays_small() {
        let dir = tempfile::tempdir().unwrap();
        let mut commits = open(dir.path()).unwrap();
        commits.length = REWRITE_BYTES + 1;
        commits.store("a", state(3, None)).unwrap();
        assert!(commits.length < 1000);
        drop(commits);
        assert_eq!(open(dir.path()).unwrap().get("a"), Some(&state(3, None)));
    }
}
