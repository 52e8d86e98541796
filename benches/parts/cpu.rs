//! CPU time of processes, from the kernel: what else runs on the machine does not count.

#![allow(dead_code, reason = "each bench uses a part")]

/// The kernel counts in these (`man 5 proc`): hundredths of a second on every Linux.
const TICKS_PER_S: f64 = 100.0;

/// User and system time of a process and all its threads so far, in seconds; 0 when it is gone.
pub fn used_s(pid: u32) -> f64 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    // The name in parentheses may hold spaces; user and system time are the 12th and 13th field after it.
    let after_name = stat.rsplit_once(") ").map_or("", |(_, rest)| rest);
    let fields = after_name.split(' ').skip(11).take(2);
    fields.filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() / TICKS_PER_S
}

/// Its children; the kernel lists them by the thread that made them.
pub fn children(pid: u32) -> Vec<u32> {
    let threads = std::fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten();
    let lists =
        threads.filter_map(|thread| std::fs::read_to_string(thread.ok()?.path().join("children")).ok());
    let text: String = lists.collect();
    text.split_whitespace().filter_map(|id| id.parse().ok()).collect()
}

/// Memory of a process that is in RAM, bytes.
pub fn resident_bytes(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok()).unwrap_or(0) * 1024
}
