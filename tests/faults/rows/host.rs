//! The machine around the service: which files it touches, and what it takes of the machine as time goes by.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use tokio::time::sleep;

use super::{QUICK, Shown, load::resident_mb};
use crate::rig::{Log, Rig, Role, signal};

/// Home and room for temporary files are nowhere, as on a root file system that cannot be written to: whatever is open for
/// writing has to be in the data directory, at every look.
pub async fn stays_at_home(seed: u64) -> Shown {
    let nowhere = "/nonexistent";
    let settings = [("env:HOME", nowhere), ("env:TMPDIR", nowhere), ("env:XDG_CACHE_HOME", nowhere)];
    let mut rig = Rig::start(Log::Embedded, "t125", &settings).await;
    let crowd = rig.crowd(12, QUICK, seed);
    let (mut looks, mut inside, mut outside) = (0, BTreeSet::new(), BTreeSet::new());
    for round in 0..2 {
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_secs(4) {
            let parts = [Some(rig.collector.pid()), rig.collector.engine()];
            for file in parts.iter().flatten().flat_map(|pid| written(*pid)) {
                let is_home = file.starts_with(rig.collector.data_dir());
                if is_home {
                    inside.insert(file)
                } else {
                    outside.insert(file)
                };
            }
            looks += 1;
            sleep(QUICK / 5).await;
        }
        if round == 0 {
            rig.kill(Role::Collector).await;
        }
    }
    let answers = crowd.finish().await;
    let note = format!("{} files open for writing in {looks} looks, all in the data directory", inside.len());
    Shown::new(rig.compare().await, &answers, note)
        .but(inside.is_empty(), || "nothing was seen to be written".into())
        .but(!outside.is_empty(), || format!("open for writing elsewhere: {outside:?}"))
}

/// The files on disk that a process has open for writing.
fn written(pid: i32) -> Vec<PathBuf> {
    const ACCESS: u32 = 0o3;
    let descriptors = fs::read_dir(format!("/proc/{pid}/fd")).into_iter().flatten().flatten();
    let of = |descriptor: fs::DirEntry| {
        let file = fs::read_link(descriptor.path()).ok()?;
        let name = descriptor.file_name();
        let info = fs::read_to_string(format!("/proc/{pid}/fdinfo/{}", name.to_str()?)).ok()?;
        let flags = info.lines().find_map(|line| line.strip_prefix("flags:"))?;
        let is_written = u32::from_str_radix(flags.trim(), 8).ok()? & ACCESS != 0;
        let is_file = file.is_absolute() && !file.starts_with("/dev") && !file.starts_with("/memfd:");
        (is_written && is_file).then_some(file)
    };
    descriptors.filter_map(of).collect()
}

/// What a process takes of its machine.
#[derive(Debug, Clone, Copy)]
struct Taken {
    memory_mb: u64,
    files: usize,
    threads: usize,
}

impl Taken {
    fn by(pid: i32) -> Self {
        let count = |what: &str| {
            fs::read_dir(Path::new("/proc").join(pid.to_string()).join(what)).map_or(0, Iterator::count)
        };
        Self { memory_mb: resident_mb(pid), files: count("fd"), threads: count("task") }
    }
}

/// Steady players and a fault every twenty seconds, for `SOAK` minutes (three days: 4320): what the collector takes of its machine
/// in the last third is what it took in the first.
pub async fn soak(seed: u64) -> Shown {
    const BETWEEN: Duration = Duration::from_secs(20);
    let minutes = std::env::var("SOAK").ok().and_then(|text| text.parse().ok()).unwrap_or(3);
    let length = Duration::from_secs(60 * minutes);
    let mut rig = Rig::start(Log::Embedded, "t180", &[]).await;
    let process = rig.collector.pid();
    let crowd = rig.crowd(24, QUICK, seed);
    let (begun, mut faults) = (Instant::now(), 0);
    let (mut first, mut last): (Vec<Taken>, Vec<Taken>) = (Vec::new(), Vec::new());
    while begun.elapsed() < length {
        sleep(BETWEEN).await;
        match begun.elapsed() < length / 3 {
            true => first.push(Taken::by(process)),
            false if begun.elapsed() > length * 2 / 3 => last.push(Taken::by(process)),
            false => {}
        }
        if faults % 2 == 0 {
            rig.kill(Role::Engine).await;
        } else if let Some(engine) = rig.collector.engine() {
            signal(engine, libc::SIGSTOP);
            sleep(BETWEEN / 4).await;
            signal(engine, libc::SIGCONT);
        }
        faults += 1;
    }
    let answers = crowd.finish().await;
    let most = |of: &[Taken], what: fn(&Taken) -> u64| of.iter().map(what).max().unwrap_or_default();
    let kinds: [(&str, fn(&Taken) -> u64, u64); 3] = [
        ("MB resident", |taken| taken.memory_mb, 150),
        ("open files", |taken| taken.files as u64, 64),
        ("threads", |taken| taken.threads as u64, 32),
    ];
    let told =
        kinds.map(|(name, what, _)| format!("{} then {} {name}", most(&first, what), most(&last, what)));
    let note = format!("{minutes} minutes with {faults} faults: {}", told.join(", "));
    let grown = kinds.iter().find(|(_, what, grace)| most(&last, *what) > most(&first, *what) + grace);
    Shown::new(rig.compare().await, &answers, note)
        .but(grown.is_some(), || format!("more and more {}", grown.map_or("", |(name, ..)| name)))
        .but(rig.collector.pid() != process, || "the process is another one".into())
}
