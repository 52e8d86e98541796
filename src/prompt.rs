//! Threads whose work somebody waits for, a tenth of a millisecond at a time: those that answer beacons, and the one that
//! makes them durable.
//!
//! The kernel lets a thread that works for minutes finish its slice of three milliseconds before one that has just been
//! woken, and a beacon is handed from thread to thread four times. A thread that says its slices are short goes first. It
//! gets no more of the processor for that, only sooner.

#![allow(unsafe_code, reason = "a system call that no library wraps; the block says why it is sound")]

/// As long as such a thread works at once, or longer. Linux takes from 0.1 to 100 ms.
const SLICE_NS: u64 = 100_000;

/// Makes this thread one of them. Linux knows how since 6.12; an older kernel takes no notice, or refuses, and all stays as
/// it was.
#[cfg(target_os = "linux")]
pub fn be_prompt() {
    let Ok(nice) = rustix::process::getpriority_process(None) else { return };
    let wish = libc::sched_attr {
        size: size_of::<libc::sched_attr>() as u32,
        sched_policy: libc::SCHED_OTHER.cast_unsigned(),
        sched_flags: 0,
        sched_nice: nice,
        sched_priority: 0,
        sched_runtime: SLICE_NS,
        sched_deadline: 0,
        sched_period: 0,
    };
    // SAFETY: the kernel reads a structure of the size that stands in it, and keeps no pointer; 0 is this thread, 0 no flags.
    let done = unsafe { libc::syscall(libc::SYS_sched_setattr, 0, &raw const wish, 0) };
    if done != 0 {
        tracing::debug!(error = %std::io::Error::last_os_error(), "this thread has slices like any other");
    }
}

/// Not known here.
#[cfg(not(target_os = "linux"))]
pub fn be_prompt() {}

#[cfg(all(test, target_os = "linux"))]
#[allow(clippy::unwrap_used, reason = "tests may stop")]
mod tests {
    use super::*;

    #[test]
    fn a_thread_stays_as_nice_as_it_was() {
        std::thread::spawn(|| {
            let nice = || rustix::process::getpriority_process(None).unwrap();
            rustix::process::nice(1).unwrap();
            let before = nice();
            be_prompt();
            assert_eq!(nice(), before);
        })
        .join()
        .unwrap();
    }
}
