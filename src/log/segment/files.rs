//! The directory of an embedded log: names, the lock, and what has to be synced with it.

use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
    thread::sleep,
    time::Duration,
};

use super::{
    disk::{Disk, DiskFile},
    format::{FILE_HEADER, FileHeader, HeaderError},
};

const SUFFIX: &str = ".seg";
/// How often the lock is tried for, and the time between.
const LOCK_TRIES: u32 = 20;
const LOCK_PAUSE: Duration = Duration::from_millis(50);

/// The file of the segment whose first record has the offset `base`.
pub(super) fn segment_path(dir: &Path, base: u64) -> PathBuf {
    dir.join(format!("{base:020}{SUFFIX}"))
}

/// The segments in `dir`, ascending: base offset and size in bytes. Other files are none of our business.
pub(super) fn list_segments(disk: &dyn Disk, dir: &Path) -> io::Result<Vec<(u64, u64)>> {
    let base = |name: &str| name.strip_suffix(SUFFIX)?.parse().ok();
    let files = disk.list(dir)?.into_iter();
    let mut found: Vec<(u64, u64)> = files.filter_map(|(name, bytes)| Some((base(&name)?, bytes))).collect();
    found.sort_unstable();
    Ok(found)
}

/// Takes the directory for this process.
pub(super) fn lock(disk: &dyn Disk, dir: &Path) -> io::Result<Box<dyn Send + Sync>> {
    let path = dir.join("LOCK");
    let mut tries = 0;
    let taken = loop {
        tries += 1;
        match disk.lock(&path) {
            // A process that is just ending, or a child that is just being started, holds on to it for a moment.
            Err(error) if error.kind() == io::ErrorKind::WouldBlock && tries < LOCK_TRIES => {
                sleep(LOCK_PAUSE)
            }
            outcome => break outcome,
        }
    };
    taken.map_err(|error| match error.kind() {
        io::ErrorKind::WouldBlock => io::Error::new(
            io::ErrorKind::WouldBlock,
            format!(
                "{} is in use by another process; choose another --data-dir, or see who has it: fuser {}/LOCK",
                dir.display(),
                dir.display()
            ),
        ),
        _ => error,
    })
}

/// Creates (or empties) a file that starts with `header`, durably.
pub(super) fn create(disk: &dyn Disk, path: &Path, header: &FileHeader) -> io::Result<Arc<dyn DiskFile>> {
    let file = disk.create(path)?;
    file.write_all_at(&header.encode(), 0)?;
    file.sync_all()?;
    sync_parent(disk, path)?;
    Ok(file)
}

/// A file and what its header says.
type Opened = (Arc<dyn DiskFile>, Result<FileHeader, HeaderError>);

/// Opens a file and reads its header. A file cut off within its header cannot hold a record: it counts as damaged.
pub(super) fn open(disk: &dyn Disk, path: &Path, write: bool) -> io::Result<Opened> {
    let file = disk.open(path, write)?;
    let mut bytes = vec![0; (file.size()?.min(FILE_HEADER)) as usize];
    file.read_exact_at(&mut bytes, 0)?;
    Ok((file, FileHeader::decode(&bytes)))
}

/// Makes creations, renames and removals beside `path` durable.
pub(super) fn sync_parent(disk: &dyn Disk, path: &Path) -> io::Result<()> {
    path.parent().map_or(Ok(()), |dir| disk.sync_dir(dir))
}
