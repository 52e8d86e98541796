//! The `playhead` program.

use std::process::ExitCode;

use clap::Parser;
use playhead::store::embedded::host;

#[derive(Parser)]
#[command(version, about)]
enum Command {
    /// Serves the embedded ClickHouse engine; started by `serve`, not by hand.
    #[command(hide = true, name = "clickhouse-host")]
    ClickhouseHost(host::HostArgs),
}

fn main() -> ExitCode {
    tracing_subscriber::fmt().with_writer(std::io::stderr).init();
    match Command::parse() {
        Command::ClickhouseHost(args) => host::run(&args),
    }
}
