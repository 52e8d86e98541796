//! What live costs: memory of a view, a flush of many questions, and one page on many sockets.
//!
//! `cargo bench --bench live` runs all three, `-- --quick` with fewer views and sockets. Figures: `benches/README.md`.

#![allow(clippy::expect_used, reason = "a measurement that cannot go on stops")]

mod fan_out;
#[path = "../parts/mod.rs"]
mod parts;
mod state;

/// As in the program.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    let is_quick = std::env::args().any(|word| word == "--quick");
    state::measure(if is_quick { 20_000 } else { 1_000_000 });
    let sockets: &[usize] = if is_quick { &[100] } else { &[100, 1_000, 5_000] };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    runtime.block_on(fan_out::measure(sockets));
}
