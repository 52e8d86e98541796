//! Processes: where they run, what they use of the CPU, and how they end.

use std::{
    process::{Child, Command, Stdio},
    sync::OnceLock,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};

/// The kernel counts CPU time in these (`man 5 proc`): hundredths of a second on every Linux.
const TICKS_PER_S: f64 = 100.0;
/// How long a server may take to make good what it has accepted.
const END: Duration = Duration::from_secs(40);

/// The core that servers have to themselves, and the one of the client and of what servers rely on.
pub const SERVER_CORE: usize = 0;
pub const CLIENT_CORE: usize = 1;

/// Whether there is a core for each; decided before this process keeps to one of them.
pub fn can_pin() -> bool {
    static CAN_PIN: OnceLock<bool> = OnceLock::new();
    *CAN_PIN.get_or_init(|| std::thread::available_parallelism().is_ok_and(|cores| cores.get() > 1))
}

/// The command, on one core where there are two.
pub fn pinned(core: usize, program: impl AsRef<std::ffi::OsStr>) -> Command {
    if !can_pin() {
        return Command::new(program);
    }
    let mut command = Command::new("taskset");
    command.args(["-c", &core.to_string()]).arg(program);
    command
}

/// Keeps this process, and what threads it will have, to the client's core.
pub fn pin_self() {
    if can_pin() {
        let own = std::process::id().to_string();
        let pinned = Command::new("taskset")
            .args(["-pc", &CLIENT_CORE.to_string(), &own])
            .stdout(Stdio::null())
            .status();
        assert!(pinned.is_ok_and(|status| status.success()), "taskset (package util-linux) is missing");
    }
}

/// User and system time a process and all its threads have used, seconds; 0 when it is gone.
pub fn cpu_s(pid: u32) -> f64 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    // The name in parentheses may hold spaces; user and system time are the 12th and 13th field after it.
    let after_name = stat.rsplit_once(") ").map_or("", |(_, rest)| rest);
    let fields = after_name.split(' ').skip(11).take(2);
    fields.filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() / TICKS_PER_S
}

/// The kernel lists children by the thread that made them.
pub fn children(pid: u32) -> Vec<u32> {
    let threads = std::fs::read_dir(format!("/proc/{pid}/task")).expect("the process runs");
    let lists =
        threads.filter_map(|thread| std::fs::read_to_string(thread.ok()?.path().join("children")).ok());
    let text: String = lists.collect();
    text.split_whitespace().filter_map(|id| id.parse().ok()).collect()
}

/// Asks a process to end and waits for it.
pub fn stop(child: &mut Child) {
    let _ = kill_process(Pid::from_child(child), Signal::TERM);
    let asked = Instant::now();
    while matches!(child.try_wait(), Ok(None)) && asked.elapsed() < END {
        std::thread::sleep(Duration::from_millis(20));
    }
    let _ = child.kill();
    let _ = child.wait();
}
