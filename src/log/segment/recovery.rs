//! Opening: what the last run left behind, made whole again.
//!
//! Only the newest segment can be torn, because a segment is synced before the next one begins. Whatever stands there
//! behind the last sound record was never acknowledged and goes. A bad record *before* sound ones is another matter:
//! it was acknowledged once, so it stays and readers name it.

use std::{io, path::Path, sync::Arc};

use super::{
    disk::{Disk, DiskFile},
    files,
    format::{FILE_HEADER, FileHeader, HeaderError},
    walk::{Step, Walk},
};

/// One segment as readers need to know it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Segment {
    /// The offset of its first record.
    pub base: u64,
    /// Durable bytes, the header included.
    pub bytes: u64,
}

/// The segment that is written to.
pub(super) struct Active {
    pub file: Arc<dyn DiskFile>,
    pub header: FileHeader,
    /// Durable bytes; the file is written from here.
    pub bytes: u64,
    /// The offset of the next record.
    pub next: u64,
}

/// Everything that an opened log starts from: `segments` ends with the active one.
pub(super) struct Recovered {
    pub segments: Vec<Segment>,
    pub active: Active,
}

/// What a scan found.
struct Scan {
    next: u64,
    /// Behind the last sound record.
    sound_bytes: u64,
}

/// Brings `dir` into order. No record below `floor` will be written again: a reader may have seen it.
pub(super) fn recover(disk: &dyn Disk, dir: &Path, floor: u64) -> io::Result<Recovered> {
    let mut segments: Vec<Segment> =
        files::list_segments(disk, dir)?.into_iter().map(|(base, bytes)| Segment { base, bytes }).collect();
    let active = match segments.pop() {
        Some(last) => reopen(disk, dir, last.base)?,
        None => begin(disk, dir, floor)?,
    };
    segments.push(Segment { base: active.header.base, bytes: active.bytes });
    let active = if active.next < floor {
        tracing::error!(from = active.next, to = floor, "records that were read once are gone from the disk");
        let fresh = begin(disk, dir, floor)?;
        segments.push(Segment { base: floor, bytes: fresh.bytes });
        fresh
    } else {
        active
    };
    Ok(Recovered { segments, active })
}

/// A new, empty segment.
pub(super) fn begin(disk: &dyn Disk, dir: &Path, base: u64) -> io::Result<Active> {
    let header = FileHeader::new(base);
    let file = files::create(disk, &files::segment_path(dir, base), &header)?;
    Ok(Active { file, header, bytes: FILE_HEADER, next: base })
}

/// Takes up the newest segment again: drops a torn tail and syncs the rest, which may never have been.
fn reopen(disk: &dyn Disk, dir: &Path, base: u64) -> io::Result<Active> {
    let path = files::segment_path(dir, base);
    let (file, header) = files::open(disk, &path, true)?;
    let length = file.size()?;
    let header = match header {
        Ok(header) if header.base == base => header,
        // The header is synced before the first record: without one there was none.
        Err(HeaderError::Damaged) if length <= FILE_HEADER => return begin(disk, dir, base),
        Err(HeaderError::Foreign(version)) => {
            return Err(unusable(&path, &format!("it has the unknown format {version}")));
        }
        Err(HeaderError::Damaged) => return Err(unusable(&path, "both copies of its header are damaged")),
        Ok(other) => {
            return Err(unusable(&path, &format!("it says that it begins at {}", other.base)));
        }
    };
    let scan = scan(Walk::new(Arc::clone(&file), header.salt, FILE_HEADER, length), base, length)?;
    if scan.next == base {
        // Nothing is lost with it. Its header may be in the memory of the machine alone: had syncing it failed, another
        // sync would not say so again.
        return begin(disk, dir, base);
    }
    if scan.sound_bytes < length {
        let bytes = length - scan.sound_bytes;
        tracing::warn!(file = %path.display(), bytes, next = scan.next, "dropped what was never acknowledged from the log's end");
        file.set_size(scan.sound_bytes)?;
    }
    file.sync_all()?;
    // Its name too: the last run may have failed right after making it.
    files::sync_parent(disk, &path)?;
    Ok(Active { file, header, bytes: scan.sound_bytes, next: scan.next })
}

fn scan(mut walk: Walk, base: u64, length: u64) -> io::Result<Scan> {
    let mut found = Scan { next: base, sound_bytes: FILE_HEADER };
    loop {
        match walk.step()? {
            Step::Record(record) => found = Scan { next: record.offset + 1, sound_bytes: walk.position() },
            // No file holds more records than bytes.
            Step::Bad(_) if walk.resync(found.next..found.next + length)? => {}
            Step::Bad(_) | Step::End => return Ok(found),
        }
    }
}

/// After a failed write: cuts the active segment back to what is durable, checks that this much is readable, and
/// begins a new segment, so that nothing depends on pages whose sync has failed.
pub(super) fn reseal(disk: &dyn Disk, dir: &Path, active: &Active) -> io::Result<Active> {
    let path = files::segment_path(dir, active.header.base);
    let (file, _) = files::open(disk, &path, true)?;
    file.set_size(active.bytes)?;
    file.sync_all()?;
    let walk = Walk::new(file, active.header.salt, FILE_HEADER, active.bytes);
    let found = scan(walk, active.header.base, active.bytes)?;
    if (found.next, found.sound_bytes) != (active.next, active.bytes) {
        return Err(unusable(&path, "acknowledged records cannot be read back"));
    }
    begin(disk, dir, active.next)
}

fn unusable(path: &Path, why: &str) -> io::Error {
    io::Error::other(format!("{} cannot be used: {why}; it is left as it is", path.display()))
}
