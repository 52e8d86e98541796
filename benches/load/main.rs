//! What a durable beacon costs: beacons per CPU-second of the server, beside a server that does nothing.
//!
//! `cargo bench --bench load` runs, in turns, a bare actix handler that reads the body and answers 204, a collector
//! (embedded log, 202 after fsync), and the whole service (the same, and everything on into embedded ClickHouse, whose
//! process is counted too). Same requests, same client, same machine: the ratio is what to compare, the absolute
//! numbers belong to the machine. `--quick` takes a minute less and is for seeing that it works. Numbers: `README.md`.

#![allow(clippy::expect_used, reason = "a measurement that cannot go on stops")]

mod client;
mod servers;

use std::time::Duration;

use servers::Kind;

/// Rounds over all servers, and how long each is under load in a round.
const ROUNDS: (usize, Duration) = (7, Duration::from_secs(5));
const QUICK_ROUNDS: (usize, Duration) = (2, Duration::from_secs(2));
/// Load that is not measured: connections, caches, first segments.
const WARM_UP: Duration = Duration::from_secs(1);
/// Enough for group commit to have a group.
const CONNECTIONS: usize = 256;

/// One server in one round.
struct Sample {
    beacons: u64,
    cpu_s: f64,
    wall_s: f64,
    p99_ms: f64,
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if let Some(address) =
        arguments.iter().position(|word| word == servers::BARE).map(|at| &arguments[at + 1])
    {
        return servers::serve_bare(address);
    }
    let (rounds, length) = if arguments.iter().any(|word| word == "--quick") { QUICK_ROUNDS } else { ROUNDS };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let mut samples: Vec<(Kind, Vec<Sample>)> = Kind::ALL.map(|kind| (kind, Vec::new())).into();
        for round in 1..=rounds {
            for (kind, samples) in &mut samples {
                let sample = measure(*kind, length).await;
                println!(
                    "round {round} {:10} {:7.0} beacons/cpu-s {:7.0} beacons/s {:5.2} cpu p99 {:6.1} ms",
                    kind.name(),
                    sample.per_cpu_s(),
                    sample.beacons as f64 / sample.wall_s,
                    sample.cpu_s / sample.wall_s,
                    sample.p99_ms
                );
                samples.push(sample);
            }
        }
        report(&samples);
    });
}

/// A server of its own for each measurement, so that no round inherits another's files and queues.
async fn measure(kind: Kind, length: Duration) -> Sample {
    let server = servers::start(kind).await;
    client::load(server.address, CONNECTIONS, WARM_UP).await;
    let before_s = server.cpu_s();
    let outcome = client::load(server.address, CONNECTIONS, length).await;
    // What was acknowledged and is still on its way into ClickHouse belongs to the cost.
    server.settled().await;
    let cpu_s = server.cpu_s() - before_s;
    Sample { beacons: outcome.beacons, cpu_s, wall_s: outcome.wall.as_secs_f64(), p99_ms: outcome.p99_ms }
}

impl Sample {
    fn per_cpu_s(&self) -> f64 {
        self.beacons as f64 / self.cpu_s
    }
}

fn report(samples: &[(Kind, Vec<Sample>)]) {
    let sorted = |samples: &[Sample]| {
        let mut values: Vec<f64> = samples.iter().map(Sample::per_cpu_s).collect();
        values.sort_by(f64::total_cmp);
        values
    };
    let bare = sorted(&samples[0].1);
    let bare_median = bare[bare.len() / 2];
    println!(
        "\nbeacons of {} events and {} bytes, {CONNECTIONS} connections",
        client::EVENTS,
        client::body_bytes()
    );
    println!("server      beacons/cpu-s: median (lowest - highest)   events/cpu-s   of bare");
    for (kind, samples) in samples {
        let values = sorted(samples);
        let median = values[values.len() / 2];
        println!(
            "{:10}  {median:9.0} ({:.0} - {:.0}) {:20.0} {:8.1} %",
            kind.name(),
            values[0],
            values[values.len() - 1],
            median * client::EVENTS as f64,
            100.0 * median / bare_median
        );
    }
}
