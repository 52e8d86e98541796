//! Processes: where they run, and how they end.

use std::{
    process::{Child, Command, Stdio},
    sync::OnceLock,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, kill_process};

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
