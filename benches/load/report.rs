//! The figures: what is printed, and what is kept of every sample.

use std::{fmt::Write, path::Path, process::Command, time::Duration};

use serde::Serialize;

use crate::{
    CONNECTIONS,
    client::Outcome,
    process,
    proof::Proof,
    script::{Format, Repertoire},
    servers::Kind,
};

/// A run in which the reference does less says nothing about this machine.
const LEAST_BARE: f64 = 70_000.0;

/// One server in one round.
#[derive(Debug, Serialize)]
pub struct Sample {
    server: &'static str,
    format: &'static str,
    beacons: usize,
    wall_s: f64,
    /// Of the server and what it has started.
    cpu_s: f64,
    /// Of the broker, which is no part of `cpu_s`.
    broker_cpu_s: f64,
    p50_ms: f64,
    p99_ms: f64,
    proof: Option<Proof>,
}

/// Answer times below saturation.
#[derive(Debug, Serialize)]
pub struct Answers {
    server: &'static str,
    beacons_per_s: f64,
    p50_ms: f64,
    p99_ms: f64,
    sync_p50_ms: f64,
    sync_p99_ms: f64,
}

/// A whole run.
#[derive(Debug, Serialize)]
pub struct Report {
    machine: Vec<String>,
    notes: Vec<String>,
    pub samples: Vec<Sample>,
    pub answers: Vec<Answers>,
}

impl Sample {
    pub fn new(
        kind: Kind,
        repertoire: &Repertoire,
        outcome: &Outcome,
        (cpu_s, broker_cpu_s): (f64, f64),
        proof: Option<Proof>,
    ) -> Self {
        Self {
            server: kind.name(),
            format: repertoire.format.name(),
            beacons: outcome.acknowledged.len(),
            wall_s: outcome.wall.as_secs_f64(),
            cpu_s,
            broker_cpu_s,
            p50_ms: ms(percentile(&outcome.delays, 50)),
            p99_ms: ms(percentile(&outcome.delays, 99)),
            proof,
        }
    }

    fn per_cpu_s(&self) -> f64 {
        self.beacons as f64 / self.cpu_s
    }

    pub fn print(&self, round: usize) {
        println!(
            "round {round} {:9}{:7} {:7.0} beacons/cpu-s {:7.0} beacons/s {:4.0} % of its core  p99 {:6.1} ms  {}",
            self.server,
            self.format,
            self.per_cpu_s(),
            self.beacons as f64 / self.wall_s,
            100.0 * self.cpu_s / self.wall_s,
            self.p99_ms,
            self.proof.map_or(String::new(), |proof| proof.to_string())
        );
    }
}

impl std::fmt::Display for Proof {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { acknowledged, missing, invented, doubled } = self;
        write!(f, "missing {missing} invented {invented} doubled {doubled} of {acknowledged} acknowledged")
    }
}

impl Answers {
    pub fn new(kind: Kind, beacons_per_s: f64, outcome: &Outcome, syncs: &[Duration]) -> Self {
        Self {
            server: kind.name(),
            beacons_per_s,
            p50_ms: ms(percentile(&outcome.delays, 50)),
            p99_ms: ms(percentile(&outcome.delays, 99)),
            sync_p50_ms: ms(percentile(syncs, 50)),
            sync_p99_ms: ms(percentile(syncs, 99)),
        }
    }
}

impl Report {
    pub fn begin() -> Self {
        let report = Self { machine: machine(), notes: Vec::new(), samples: Vec::new(), answers: Vec::new() };
        report.machine.iter().for_each(|line| println!("{line}"));
        report
    }

    /// Something that is not in the figures.
    pub fn missing(&mut self, note: &str) {
        println!("{note}");
        self.notes.push(note.to_owned());
    }

    pub fn sends(&mut self, repertoire: &Repertoire) {
        let (events, bytes) = repertoire.mean();
        let format = repertoire.format.name();
        self.notes.push(format!(
            "{format}: {events:.1} events and {bytes:.0} bytes a beacon, {CONNECTIONS} connections"
        ));
    }

    /// Beacons per second of wall time under full load, the median.
    pub fn saturation(&self, kind: Kind, format: Format) -> f64 {
        median(&self.values(kind.name(), format.name(), |sample| sample.beacons as f64 / sample.wall_s))
    }

    fn values(&self, server: &str, format: &str, of: impl Fn(&Sample) -> f64) -> Vec<f64> {
        let own = self.samples.iter().filter(|sample| (sample.server, sample.format) == (server, format));
        let mut values: Vec<f64> = own.map(of).collect();
        values.sort_by(f64::total_cmp);
        values
    }

    pub fn print(&self) {
        println!();
        self.notes.iter().for_each(|note| println!("{note}"));
        println!(
            "\n| server | format | beacons per CPU-second: median (lowest – highest) | µs a beacon | of bare | broker beside it, µs a beacon |\n|---|---|---|---|---|---|"
        );
        for kind in Kind::ALL {
            for format in kind.formats() {
                self.print_row(kind.name(), format.name());
            }
        }
        for Answers { server, beacons_per_s, p50_ms, p99_ms, sync_p50_ms, sync_p99_ms } in &self.answers {
            println!(
                "\n{server}, native, {beacons_per_s:.0} beacons/s (half of saturation): answered in {p50_ms:.1} ms (p50), {p99_ms:.1} ms (p99); append + fdatasync alone, just before: {sync_p50_ms:.1} ms, {sync_p99_ms:.1} ms"
            );
        }
        let lost = self.samples.iter().filter(|sample| sample.proof.is_some_and(|proof| !proof.holds()));
        lost.for_each(|sample| println!("NOT EQUAL: {} {}", sample.server, sample.format));
        let bare = median(&self.values(Kind::Bare.name(), Format::Native.name(), Sample::per_cpu_s));
        if bare < LEAST_BARE {
            println!(
                "\nVOID: the bare handler did {bare:.0} per CPU-second, fewer than {LEAST_BARE:.0}; something else had the machine"
            );
        }
    }

    fn print_row(&self, server: &str, format: &str) {
        let values = self.values(server, format, Sample::per_cpu_s);
        let (Some(lowest), Some(highest)) = (values.first(), values.last()) else { return };
        let reference = if format == Format::Mux.name() { format } else { Format::Native.name() };
        let bare = median(&self.values(Kind::Bare.name(), reference, Sample::per_cpu_s));
        let broker =
            median(&self.values(server, format, |sample| sample.broker_cpu_s / sample.beacons as f64));
        println!(
            "| {server} | {format} | {:.0} ({lowest:.0} – {highest:.0}) | {:.1} | {:.1} % | {} |",
            median(&values),
            1e6 / median(&values),
            100.0 * median(&values) / bare,
            if ["kafka", "rotel"].contains(&server) { format!("{:.1}", 1e6 * broker) } else { String::new() }
        );
    }

    /// Writes everything down for whoever wants to calculate differently.
    pub fn keep(&self) {
        let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("bench");
        let file = dir.join("load.json");
        std::fs::create_dir_all(&dir).expect("a directory");
        let json = serde_json::to_string_pretty(self).expect("JSON");
        std::fs::write(&file, json).expect("a file");
        println!("\nevery sample: {}", file.display());
    }
}

fn machine() -> Vec<String> {
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let after = |text: &str, name: &str| {
        let line = text.lines().find(|line| line.starts_with(name)).unwrap_or_default();
        line.split_once(':').map_or(String::new(), |(_, value)| value.trim().to_owned())
    };
    let cores = read("/proc/cpuinfo").matches("model name").count();
    let rustc = Command::new("rustc").arg("--version").output();
    let mut lines = vec![
        format!(
            "{} x {}, {}",
            cores,
            after(&read("/proc/cpuinfo"), "model name"),
            after(&read("/proc/meminfo"), "MemTotal")
        ),
        format!(
            "Linux {}, {}",
            read("/proc/sys/kernel/osrelease").trim(),
            rustc.map_or(String::new(), |said| String::from_utf8_lossy(&said.stdout).trim().to_owned())
        ),
        format!("load average at the beginning: {}", read("/proc/loadavg").trim()),
    ];
    let mut pinning = String::new();
    let _ = match process::can_pin() {
        true => write!(
            pinning,
            "server on core {}, client and broker on core {}",
            process::SERVER_CORE,
            process::CLIENT_CORE
        ),
        false => write!(pinning, "one core for server and client"),
    };
    lines.push(pinning);
    lines
}

fn median(sorted: &[f64]) -> f64 {
    sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
}

fn percentile(sorted: &[Duration], percent: usize) -> Duration {
    sorted
        .get((sorted.len() * percent / 100).min(sorted.len().saturating_sub(1)))
        .copied()
        .unwrap_or_default()
}

fn ms(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}
