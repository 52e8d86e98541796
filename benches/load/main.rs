//! What a durable beacon costs: beacons per CPU-second of the server, beside servers that do nothing with it.
//!
//! `cargo bench --bench load` measures, in turns, each server with each format of beacon: same client, same requests, each
//! server alone on a core, the client on the other. CPU seconds come from the operating system per process, so what else
//! runs on the machine counts little; compare the ratios to `bare` of the same run. After each measurement what was
//! acknowledged is held against what is there ([`proof`]). Every sample goes to `target/bench/load.json`.
//!
//! `--quick` is for seeing that it works; `--only embedded,kafka` measures these beside `bare`; `--rounds N` and
//! `--seconds S` say how often and how long; `--playhead PATH` measures another build. Numbers: `README.md`.

#![allow(clippy::expect_used, clippy::panic, reason = "a measurement that cannot go on stops")]

mod bare;
mod client;
#[path = "../parts/cpu.rs"]
mod cpu;
mod disk;
mod peers;
mod process;
mod proof;
mod report;
mod script;
mod servers;

use std::{path::PathBuf, sync::Arc, time::Duration};

use self::{
    client::Pace,
    peers::{Broker, KAFKA, NGINX, ROTEL},
    proof::Proof,
    report::{Answers, Report, Sample},
    script::{Format, Repertoire},
    servers::{Kind, Setup},
};

/// As the bare server, so that neither gains by it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Load that is not measured: connections, caches, first segments.
const WARM_UP: Duration = Duration::from_secs(1);
/// Enough for group commit to have a group.
pub const CONNECTIONS: usize = 512;

/// What was asked for.
struct Plan {
    rounds: usize,
    length: Duration,
    kinds: Vec<Kind>,
    playhead: PathBuf,
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if let Some(address) = value_of(&arguments, bare::ARGUMENT) {
        return bare::serve(address);
    }
    let plan = plan(&arguments);
    process::pin_self();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let report = runtime.block_on(measure(&plan));
    report.print();
    report.keep();
}

fn value_of<'a>(arguments: &'a [String], name: &str) -> Option<&'a str> {
    let at = arguments.iter().position(|word| word == name)?;
    arguments.get(at + 1).map(String::as_str)
}

fn plan(arguments: &[String]) -> Plan {
    let quick = arguments.iter().any(|word| word == "--quick");
    let (rounds, seconds) = if quick { (2, 2) } else { (5, 5) };
    let number = |name| value_of(arguments, name).map(|text| text.parse().expect("a number"));
    let only = value_of(arguments, "--only");
    let is_wanted = |kind: &Kind| {
        *kind == Kind::Bare || only.is_none_or(|names| names.split(',').any(|name| name == kind.name()))
    };
    Plan {
        rounds: number("--rounds").unwrap_or(rounds),
        length: Duration::from_secs(number("--seconds").unwrap_or(seconds) as u64),
        kinds: Kind::ALL.into_iter().filter(is_wanted).collect(),
        playhead: value_of(arguments, "--playhead").unwrap_or(env!("CARGO_BIN_EXE_playhead")).into(),
    }
}

async fn measure(plan: &Plan) -> Report {
    let mut report = Report::begin();
    let here = |kind: &Kind| match kind {
        Kind::Nginx => NGINX.is_here(),
        Kind::Rotel => ROTEL.is_here() && KAFKA.is_here(),
        Kind::Kafka => KAFKA.is_here(),
        Kind::Bare | Kind::Embedded | Kind::Service => true,
    };
    let (kinds, absent): (Vec<Kind>, Vec<Kind>) = plan.kinds.iter().partition(|kind| here(kind));
    for peer in [NGINX, ROTEL, KAFKA] {
        if !peer.is_here() && absent.iter().any(|kind| kind.name() == peer.name) {
            report.missing(&format!("{} is not measured; to have it: {}", peer.name, peer.command));
        }
    }
    let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a directory");
    let needs_broker = kinds.iter().any(|kind| matches!(kind, Kind::Rotel | Kind::Kafka));
    let broker = needs_broker.then(|| Broker::start(dir.path()));
    let setup = Setup {
        playhead: plan.playhead.clone(),
        brokers: broker.as_ref().map(|broker| broker.bootstrap.clone()),
    };
    let repertoires: Vec<Arc<Repertoire>> =
        [Format::Native, Format::Mux, Format::Otlp].map(|format| Arc::new(format.repertoire())).into();
    repertoires.iter().for_each(|repertoire| report.sends(repertoire));
    let cases = kinds.iter().flat_map(|kind| kind.formats().iter().map(|format| (*kind, *format)));
    let cases: Vec<(Kind, Format)> = cases.collect();
    for round in 1..=plan.rounds {
        for (kind, format) in &cases {
            let repertoire = &repertoires[*format as usize];
            let sample = saturate(*kind, repertoire, &setup, broker.as_ref(), plan.length).await;
            sample.print(round);
            report.samples.push(sample);
        }
    }
    for kind in [Kind::Embedded, Kind::Kafka].into_iter().filter(|kind| kinds.contains(kind)) {
        let rate = report.saturation(kind, Format::Native) / 2.0;
        let answers = answer_times(kind, &repertoires[0], &setup, rate, plan.length).await;
        report.answers.push(answers);
    }
    report
}

/// A server of its own for each measurement, so that no round inherits another's files and queues.
async fn saturate(
    kind: Kind,
    repertoire: &Arc<Repertoire>,
    setup: &Setup,
    broker: Option<&Broker>,
    length: Duration,
) -> Sample {
    let mut server = servers::start(kind, setup).await;
    let flat = (CONNECTIONS, Pace::Flat);
    let mut acknowledged = client::load(server.address, repertoire, flat, WARM_UP).await.acknowledged;
    let used = || (server.cpu_s(), broker.map_or(0.0, Broker::cpu_s));
    let before = used();
    let outcome = client::load(server.address, repertoire, flat, length).await;
    server.settled().await;
    let after = used();
    acknowledged.extend_from_slice(&outcome.acknowledged);
    let proof = prove(&mut server, setup, repertoire, &acknowledged).await;
    Sample::new(kind, repertoire, &outcome, (after.0 - before.0, after.1 - before.1), proof)
}

async fn prove(
    server: &mut servers::Server,
    setup: &Setup,
    repertoire: &Repertoire,
    acknowledged: &[client::Acknowledged],
) -> Option<Proof> {
    if server.kind == Kind::Service {
        return Some(proof::of_service(server, &setup.playhead, repertoire, acknowledged));
    }
    server.stop();
    let settings = server.log()?;
    Some(proof::of_log(&settings, repertoire, acknowledged).await)
}

/// How long an answer takes at `rate` beacons a second, and how long the disk takes for a sync just before.
async fn answer_times(
    kind: Kind,
    repertoire: &Arc<Repertoire>,
    setup: &Setup,
    rate: f64,
    length: Duration,
) -> Answers {
    let server = servers::start(kind, setup).await;
    client::load(server.address, repertoire, (CONNECTIONS, Pace::PerSecond(rate)), WARM_UP).await;
    let syncs = disk::sync_times(server.data(), length / 2);
    let outcome =
        client::load(server.address, repertoire, (CONNECTIONS, Pace::PerSecond(rate)), length).await;
    Answers::new(kind, rate, &outcome, &syncs)
}
