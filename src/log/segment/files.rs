//! The directory of an embedded log: names, the lock, and what has to be synced with it.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, Write},
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
};

use super::format::{FILE_HEADER, FileHeader, HeaderError};

const SUFFIX: &str = ".seg";

/// The file of the segment whose first record has the offset `base`.
pub(super) fn segment_path(dir: &Path, base: u64) -> PathBuf {
    dir.join(format!("{base:020}{SUFFIX}"))
}

/// The segments in `dir`, ascending: base offset and size in bytes. Other files are none of our business.
pub(super) fn list_segments(dir: &Path) -> io::Result<Vec<(u64, u64)>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        let name = entry.file_name();
        if let Some(base) =
            name.to_str().and_then(|name| name.strip_suffix(SUFFIX)).and_then(|base| base.parse().ok())
        {
            found.push((base, entry.metadata()?.len()));
        }
    }
    found.sort_unstable();
    Ok(found)
}

/// Takes the directory for this process. The lock lives as long as the file, so `kill -9` frees it.
pub(super) fn lock(dir: &Path) -> io::Result<File> {
    let file = OpenOptions::new().create(true).truncate(false).write(true).open(dir.join("LOCK"))?;
    file.try_lock().map_err(|error| match error {
        TryLockError::WouldBlock => io::Error::new(
            io::ErrorKind::WouldBlock,
            format!(
                "{} is in use by another process; choose another --data-dir, or see who has it: fuser {}/LOCK",
                dir.display(),
                dir.display()
            ),
        ),
        TryLockError::Error(error) => error,
    })?;
    Ok(file)
}

/// Creates (or empties) a file that starts with `header`, durably; it is positioned behind the header.
pub(super) fn create(path: &Path, header: &FileHeader) -> io::Result<File> {
    let mut file = OpenOptions::new().create(true).truncate(true).read(true).write(true).open(path)?;
    file.write_all(&header.encode())?;
    file.sync_all()?;
    sync_parent(path)?;
    Ok(file)
}

/// Opens a file and reads its header. A file cut off within its header cannot hold a record: it counts as damaged.
pub(super) fn open(path: &Path, write: bool) -> io::Result<(File, Result<FileHeader, HeaderError>)> {
    let file = OpenOptions::new().read(true).write(write).open(path)?;
    let mut bytes = vec![0; (file.metadata()?.len().min(FILE_HEADER)) as usize];
    file.read_exact_at(&mut bytes, 0)?;
    Ok((file, FileHeader::decode(&bytes)))
}

/// Makes creations, renames and removals beside `path` durable.
pub(super) fn sync_parent(path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(dir) => File::open(dir)?.sync_all(),
        None => Ok(()),
    }
}

/// Bytes that an unprivileged process may still write to the disk of `dir`.
pub(super) fn free_bytes(dir: &Path) -> io::Result<u64> {
    let disk = rustix::fs::statvfs(dir)?;
    Ok(disk.f_bavail.saturating_mul(disk.f_frsize))
}
