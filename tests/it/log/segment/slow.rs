//! A disk that stands still: every append has its answer in time, what waits is bounded, and it passes.

use std::{
    io,
    path::Path,
    sync::{Arc, Condvar, Mutex},
    time::{Duration, Instant},
};

use playhead::log::{
    AppendError, EventLog,
    segment::{
        SegmentLog,
        disk::{Disk, DiskFile, RealDisk},
    },
};

use super::{append, read, small};

/// The real disk behind a gate: while it is shut, no sync comes back.
#[derive(Debug, Clone, Default)]
struct Gate(Arc<(Mutex<bool>, Condvar)>);

impl Gate {
    fn shut(&self, is_shut: bool) {
        *self.0.0.lock().unwrap() = is_shut;
        self.0.1.notify_all();
    }

    fn pass(&self) {
        let (shut, changed) = &*self.0;
        drop(changed.wait_while(shut.lock().unwrap(), |shut| *shut).unwrap());
    }
}

struct Gated {
    file: Arc<dyn DiskFile>,
    gate: Gate,
}

impl Gate {
    fn before(&self, file: Arc<dyn DiskFile>) -> Arc<dyn DiskFile> {
        Arc::new(Gated { file, gate: self.clone() })
    }
}

impl Disk for Gate {
    fn make_dir(&self, dir: &Path) -> io::Result<()> {
        RealDisk.make_dir(dir)
    }

    fn lock(&self, path: &Path) -> io::Result<Box<dyn Send + Sync>> {
        RealDisk.lock(path)
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<(String, u64)>> {
        RealDisk.list(dir)
    }

    fn exists(&self, path: &Path) -> io::Result<bool> {
        RealDisk.exists(path)
    }

    fn create(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>> {
        Ok(self.before(RealDisk.create(path)?))
    }

    fn open(&self, path: &Path, write: bool) -> io::Result<Arc<dyn DiskFile>> {
        Ok(self.before(RealDisk.open(path, write)?))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        RealDisk.rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        RealDisk.remove(path)
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        RealDisk.sync_dir(dir)
    }

    fn free_bytes(&self, dir: &Path) -> io::Result<u64> {
        RealDisk.free_bytes(dir)
    }
}

impl DiskFile for Gated {
    fn size(&self) -> io::Result<u64> {
        self.file.size()
    }

    fn read_exact_at(&self, buffer: &mut [u8], at: u64) -> io::Result<()> {
        self.file.read_exact_at(buffer, at)
    }

    fn write_all_at(&self, bytes: &[u8], at: u64) -> io::Result<()> {
        self.file.write_all_at(bytes, at)
    }

    fn set_size(&self, bytes: u64) -> io::Result<()> {
        self.file.set_size(bytes)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.gate.pass();
        self.file.sync_data()
    }

    fn sync_all(&self) -> io::Result<()> {
        self.gate.pass();
        self.file.sync_all()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_stands_still_holds_nobody_up() {
    let (dir, gate) = (tempfile::tempdir().unwrap(), Gate::default());
    let mut settings = small(dir.path());
    (settings.disk, settings.answer_within) = (Arc::new(gate.clone()), Duration::from_millis(300));
    let log = SegmentLog::open(settings).unwrap();
    while append(&log, "before").await.is_err() {}

    gate.shut(true);
    let began = Instant::now();
    let first = append(&log, "in the air").await;
    assert!(matches!(first, Err(AppendError::Unavailable(_))), "{first:?}");
    // The writer took it a moment after it was handed over, and is busy for that much less.
    while log.ready().is_ok() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    // From now on nobody waits at all, and nothing gathers in memory.
    let rest = futures_util::future::join_all((0..1000).map(|_| append(&log, vec![b'x'; 1000]))).await;
    assert!(
        rest.iter()
            .all(|answer| matches!(answer, Err(AppendError::Unavailable(why)) if why.contains("busy")))
    );
    assert!(log.ready().unwrap_err().contains("busy"));
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());

    gate.shut(false);
    let began = Instant::now();
    while append(&log, "after").await.is_err() {
        assert!(began.elapsed() < Duration::from_secs(30), "it does not come back");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    log.ready().unwrap();
    // What was refused for being late may be there, and nothing of the crowd is.
    let (_, seen) = read(&log, "process", 2).await;
    assert!(seen.records.values().all(|text| ["before", "in the air", "after"].contains(&text.as_str())));
}
