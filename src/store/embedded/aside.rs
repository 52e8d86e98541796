//! Leaves a processor to those who take beacons in while a long question keeps the engine busy.
//!
//! Being behind them (`nice`) is not enough. Whoever works on every processor for seconds leaves none that is idle when a
//! beacon comes, and it waits for a processor four times on its way: its p99 doubles. So a quick question may have all
//! processors, as it is over before much comes. Once there have been questions without a pause for longer, one or many, all
//! threads of the engine stay off one processor of four, and off one at least. Where there is but one, nothing changes.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use processors::Aside;

/// Questions without a pause for longer than this are not quick.
const LONG: Duration = Duration::from_millis(200);
/// How often is looked while there is a question.
const STEP: Duration = Duration::from_millis(50);
/// One processor of so many is left to others, rounded up.
const LEAVES_ONE_OF: usize = 4;

/// The questions that the engine works at.
#[derive(Default)]
pub struct Questions {
    running: Mutex<Running>,
    begun: Condvar,
}

#[derive(Default)]
struct Running {
    count: usize,
    /// When there was none last.
    since: Option<Instant>,
}

/// One of them, until it is dropped.
pub struct Question(Arc<Questions>);

impl Questions {
    /// None yet, and a thread that looks at those to come for as long as the process lives.
    pub fn watched() -> std::io::Result<Arc<Self>> {
        let questions = Arc::<Self>::default();
        let watched = Arc::clone(&questions);
        std::thread::Builder::new().name("aside".into()).spawn(move || watched.watch())?;
        Ok(questions)
    }

    /// The engine begins to work at one.
    pub fn begin(self: &Arc<Self>) -> Question {
        let mut running = self.running();
        running.count += 1;
        running.since.get_or_insert_with(Instant::now);
        self.begun.notify_one();
        Question(Arc::clone(self))
    }

    fn running(&self) -> MutexGuard<'_, Running> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn watch(&self) -> ! {
        let mut aside = None;
        loop {
            if aside.is_none() {
                let waited = self.begun.wait_while(self.running(), |running| running.count == 0);
                drop(waited.unwrap_or_else(PoisonError::into_inner));
            }
            std::thread::sleep(STEP);
            aside = match (self.take_long(), aside) {
                (true, None) => Aside::step(),
                (true, aside) => aside,
                (false, aside) => {
                    aside.into_iter().for_each(Aside::come_back);
                    None
                }
            };
        }
    }

    fn take_long(&self) -> bool {
        self.running().since.is_some_and(|since| since.elapsed() >= LONG)
    }
}

impl Drop for Question {
    fn drop(&mut self) {
        let mut running = self.0.running();
        running.count -= 1;
        if running.count == 0 {
            running.since = None;
        }
    }
}

#[cfg(target_os = "linux")]
mod processors {
    use std::collections::BTreeSet;

    use rustix::thread::{CpuSet, Pid, sched_getaffinity, sched_setaffinity};

    use super::LEAVES_ONE_OF;

    /// All threads of this process are off some processors, where they were before.
    pub struct Aside {
        before: CpuSet,
    }

    impl Aside {
        /// Steps aside; `None` where no processor can be left to others.
        pub fn step() -> Option<Self> {
            // Asked anew each time: what a container may use changes while it runs.
            let before = sched_getaffinity(None).ok()?;
            let all: Vec<usize> =
                (0..CpuSet::MAX_CPU).filter(|&processor| before.is_set(processor)).collect();
            let left = all.len().div_ceil(LEAVES_ONE_OF);
            if left == all.len() {
                return None;
            }
            let mut fewer = before;
            all.iter().rev().take(left).for_each(|&processor| fewer.unset(processor));
            run_on(&fewer);
            Some(Self { before })
        }

        pub fn come_back(self) {
            run_on(&self.before);
        }
    }

    /// Puts every thread of the process there. A thread that begins meanwhile is where the one is that begot it, so it is
    /// looked again until there is no new one.
    fn run_on(processors: &CpuSet) {
        let mut done = BTreeSet::new();
        loop {
            let before = done.len();
            for thread in threads() {
                if done.insert(thread) {
                    // One that has ended since is where it should be.
                    let _ = sched_setaffinity(Pid::from_raw(thread), processors);
                }
            }
            if done.len() == before {
                return;
            }
        }
    }

    fn threads() -> impl Iterator<Item = i32> {
        let entries = std::fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
        entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok())
    }
}

/// Threads are not moved here.
#[cfg(not(target_os = "linux"))]
mod processors {
    pub enum Aside {}

    impl Aside {
        pub fn step() -> Option<Self> {
            None
        }

        pub fn come_back(self) {
            match self {}
        }
    }
}
