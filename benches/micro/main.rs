//! What each part of a beacon's way costs by itself.
//!
//! `cargo bench --bench micro` prints times, and `-- NAME` those of one part. They swing with whatever else the machine does,
//! so look at the fastest. `cargo bench --bench micro -- --instructions` counts instructions instead, which do not swing,
//! and holds them against `benches/instructions.txt`: see [`instructions`].

#![allow(clippy::expect_used, clippy::panic, reason = "a measurement that cannot go on stops")]

mod cases;
mod instructions;
#[path = "../parts/mod.rs"]
mod parts;

use std::process::ExitCode;

use cases::Case;
use divan::{Bencher, counter::ItemsCount};

/// As in the program.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let Some(code) = instructions::run(&arguments) {
        return code;
    }
    divan::main();
    ExitCode::SUCCESS
}

#[divan::bench(args = &cases::ALL)]
fn part(bencher: Bencher<'_, '_>, case: &Case) {
    let work = (case.prepare)();
    bencher.counter(ItemsCount::new(case.per_run)).bench_local(work);
}
