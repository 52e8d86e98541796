//! What a tenant who asks all they may does to the beacons of another: their latency alone, beside statements that try to
//! eat the machine, and beside an API client at its rate limit.
//!
//! `cargo bench --bench heavy_sql` starts the service with its embedded engine and sends beacons at an even pace. Each
//! round has all conditions, one after the other, begun with another one each time; "alone" is there twice, so that what
//! the machine does by itself stands beside what the neighbour does. `--quick` takes two short rounds. Numbers:
//! `README.md`.

#![allow(clippy::expect_used, reason = "a measurement that cannot go on stops")]

mod beacons;
mod neighbour;
mod service;

use std::{process::Command, time::Duration};

use beacons::Delays;
use playhead::prompt::be_prompt;
use service::Service;

/// Rounds, and how long each condition of one lasts.
const ROUNDS: (usize, Duration) = (8, Duration::from_secs(10));
const QUICK_ROUNDS: (usize, Duration) = (2, Duration::from_secs(5));
/// Before the first round.
const WARM_UP: Duration = Duration::from_secs(5);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Condition {
    Alone,
    AloneAgain,
    HeavySql,
    ApiAtItsLimit,
}

impl Condition {
    const ALL: [Self; 4] = [Self::Alone, Self::HeavySql, Self::AloneAgain, Self::ApiAtItsLimit];
}

fn main() {
    // The server first: it is not to have what the client gets.
    let service = Service::start();
    go_before_others();
    be_prompt();
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    let runtime = runtime.enable_all().on_thread_start(be_prompt).build().expect("a runtime");
    runtime.block_on(measure(service));
}

/// The beacons' client stands for players elsewhere, who have processors of their own: it goes before what runs here.
fn go_before_others() {
    let id = std::process::id().to_string();
    let done = Command::new("renice").args(["-n", "-15", "-p", &id]).output();
    if !done.is_ok_and(|done| done.status.success()) {
        println!("the client could not be put before others: part of its latencies are its own waiting");
    }
}

async fn measure(service: Service) {
    let quick = std::env::args().any(|word| word == "--quick");
    let (rounds, length) = if quick { QUICK_ROUNDS } else { ROUNDS };
    service.ready().await;
    neighbour::history(&service).await;
    beacons::send(&service, WARM_UP).await;
    let mut measured: Vec<(usize, Condition, Delays)> = Vec::new();
    for round in 0..rounds {
        for step in 0..Condition::ALL.len() {
            let condition = Condition::ALL[(round + step) % Condition::ALL.len()];
            let delays = one(&service, condition, length).await;
            println!("round {round} {condition:?}: {delays}");
            measured.push((round, condition, delays));
            service.rest().await;
        }
    }
    report(&measured);
}

async fn one(service: &Service, condition: Condition, length: Duration) -> Delays {
    let asked = match condition {
        Condition::Alone | Condition::AloneAgain => None,
        Condition::HeavySql => Some(neighbour::eat(service)),
        Condition::ApiAtItsLimit => Some(neighbour::ask(service)),
    };
    let delays = beacons::send(service, length).await;
    if let Some(asked) = asked {
        println!("  the neighbour: {}", asked.stop().await);
    }
    delays
}

/// Of each condition the medians over the rounds, and how far its p99 is from the mean of both "alone" in the same round.
fn report(measured: &[(usize, Condition, Delays)]) {
    println!("\n| beacons | p50 ms | p99 ms | p99 against alone, same round |\n|---|---|---|---|");
    let of = |condition| measured.iter().filter(move |(_, measured, _)| *measured == condition);
    let p99_ms =
        |condition, round| of(condition).find(|(of, ..)| *of == round).map(|(.., d)| d.percentile_ms(99));
    let alone_ms =
        |round| Some(f64::midpoint(p99_ms(Condition::Alone, round)?, p99_ms(Condition::AloneAgain, round)?));
    for condition in Condition::ALL {
        let spread_of = |percent| spread(of(condition).map(|(.., delays)| delays.percentile_ms(percent)));
        let against = of(condition).filter_map(|(round, _, delays)| {
            Some(100.0 * (delays.percentile_ms(99) / alone_ms(*round)? - 1.0))
        });
        let [p50, p99, against] = [spread_of(50), spread_of(99), spread(against)];
        println!("| {condition:?} | {p50} | {p99} | {against} % |");
    }
}

/// The median, and the lowest and highest beside it.
fn spread(values: impl Iterator<Item = f64>) -> String {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    let at = |place: usize| values.get(place).copied().unwrap_or(f64::NAN);
    format!("{:.2} ({:.2} – {:.2})", at(values.len() / 2), at(0), at(values.len().saturating_sub(1)))
}
