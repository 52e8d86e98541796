//! What the disk itself takes to make something durable.

use std::{
    fs::File,
    os::unix::fs::FileExt,
    path::Path,
    time::{Duration, Instant},
};

/// About what a group of beacons is.
static GROUP: [u8; 64 << 10] = [7; 64 << 10];

/// Times of append and fdatasync for as long as `length`, ascending.
pub fn sync_times(dir: &Path, length: Duration) -> Vec<Duration> {
    let file = File::create(dir.join("sync-probe")).expect("a file");
    let (begun, mut times, mut at) = (Instant::now(), Vec::new(), 0);
    while begun.elapsed() < length {
        let asked = Instant::now();
        file.write_all_at(&GROUP, at).expect("room on the disk");
        file.sync_data().expect("a sync");
        times.push(asked.elapsed());
        at += GROUP.len() as u64;
    }
    times.sort_unstable();
    times
}
