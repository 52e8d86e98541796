//! What reading costs as history grows: the questions of a dashboard, asked of the built program, at 1 M, 10 M and with
//! `--full` 100 M events.
//!
//! `playhead serve` runs on an engine of the bench's own, with a relay between them that writes down what each statement
//! has read. History is made of views that `playhead simulate` has sent, copied over thirty days ([`history`]). Each
//! question is asked through the API (or the SQL of an analyst where there is none) in three conditions, beside the same
//! question written by hand against the table of the views, without merging, weights or robots: what the definitions
//! cost. Results: `benches/README.md`.

#![allow(clippy::expect_used, reason = "a measurement that cannot go on stops")]

#[path = "../parts/cpu.rs"]
mod cpu;
#[path = "../parts/disk.rs"]
#[allow(dead_code, reason = "a file of a whole day does not tell its columns apart")]
mod disk;
mod history;
mod measure;
mod questions;
mod relay;
#[allow(dead_code, reason = "another bench sends rows to the engine by itself")]
mod service;

use measure::Condition;
use questions::Questions;
use service::Service;

const SIZES: [u64; 2] = [1_000_000, 10_000_000];
const FULL_SIZE: u64 = 100_000_000;
/// How often each question is asked in each condition.
const TIMES: usize = 21;
const QUICK_TIMES: usize = 5;

#[tokio::main]
async fn main() {
    let has = |flag: &str| std::env::args().any(|word| word == flag);
    let times = if has("--quick") { QUICK_TIMES } else { TIMES };
    let sizes = if has("--quick") { &SIZES[..1] } else { &SIZES[..] };
    let sizes = sizes.iter().copied().chain(has("--full").then_some(FULL_SIZE));
    let service = Service::start().await;
    let seed = history::seed(&service).await;
    let mut events = 0;
    for size in sizes {
        history::grow(&service, seed, events, size).await;
        events = size;
        history::settle(&service).await;
        history::report(&service).await;
        let questions = Questions::about(&service).await;
        for condition in Condition::ALL {
            measure::table(&service, &questions, condition, times).await;
        }
    }
    service.stop().await;
}
