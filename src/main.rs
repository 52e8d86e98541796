//! The command line. Each command is one call into the library.

use std::{collections::BTreeMap, path::PathBuf, process::ExitCode, time::Duration};

use clap::{Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches, Subcommand};
use playhead::{
    app, command,
    config::{Config, Layers, SETTINGS},
    pipeline::trial,
    planted,
    quarantine::command::{self as quarantine_task, Task},
    simulate,
    store::embedded::{self, host},
    telemetry, verify,
};
use rustix::{fs::Mode, process::umask};

/// Allocation is on the hot path of every beacon. Without huge pages (`no_thp`): each is cleared whole for the few kilobytes that
/// a batch takes of it, which cost a tenth of the processor and a fifth of the memory.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// BSD's EX_CONFIG: the operator has to change a setting.
const EXIT_CONFIGURATION: u8 = 78;

/// How long calls that block may take to return once the command is done.
const LAST_CALLS: Duration = Duration::from_secs(1);

const ABOUT: &str = "Self-hosted quality-of-experience analytics for video";

/// What others on the machine may do with files made here: nothing. Keys, people and what was watched lie in the data directory.
const OTHERS: Mode = Mode::RWXG.union(Mode::RWXO);

fn main() -> ExitCode {
    umask(OTHERS);
    let matches = command_line().get_matches();
    match matches.subcommand() {
        Some(("serve", given)) => match planted::check() {
            Ok(()) => with_config(given, app::serve),
            Err(mistake) => {
                eprintln!("playhead: {mistake}");
                ExitCode::from(EXIT_CONFIGURATION)
            }
        },
        Some(("quarantine", given)) => quarantine(given),
        Some(("simulate", given)) => with_arguments(given, simulate::run),
        Some(("verify", given)) => with_arguments(given, verify::run),
        Some((embedded::SUBCOMMAND, given)) => clickhouse_host(given),
        Some((trial::SUBCOMMAND, _)) => on_runtime(trial::undergo()),
        Some((_, given)) => administer(&matches, given),
        None => ExitCode::from(2),
    }
}

fn command_line() -> Command {
    let serve = Command::new("serve").about("Runs the service").args(setting_arguments());
    // What a command is for stands at its arguments: that text would win over one from here.
    let simulate = simulate::Arguments::augment_args(Command::new("simulate"));
    let verify = verify::Arguments::augment_args(Command::new("verify"));
    let host = host::HostArgs::augment_args(Command::new(embedded::SUBCOMMAND).hide(true));
    let trial = Command::new(trial::SUBCOMMAND).hide(true);
    let playhead = Command::new("playhead")
        .version(env!("CARGO_PKG_VERSION"))
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommand(serve)
        .subcommand(quarantine_command())
        .subcommand(simulate)
        .subcommand(verify)
        .subcommand(host)
        .subcommand(trial);
    let names: Vec<String> = playhead.get_subcommands().map(|known| known.get_name().to_owned()).collect();
    let administration = command::Command::augment_subcommands(playhead).about(ABOUT);
    administration.mut_subcommands(|known| match names.iter().any(|name| name == known.get_name()) {
        true => known,
        false => known.args(arguments_of_administration()),
    })
}

/// Where the control database is. The other settings are taken as well, so that a service's own line of them fits.
const PLACES: [&str; 3] = ["config", "data_dir", "database_url"];

/// What every command on the control database takes, wherever it stands.
fn arguments_of_administration() -> impl Iterator<Item = Arg> {
    let json = Arg::new("json").long("json").action(ArgAction::SetTrue).help("Print one JSON value");
    let settings = setting_arguments().into_iter().map(|setting| {
        let says_where = PLACES.contains(&setting.get_id().as_str());
        setting.hide(!says_where)
    });
    std::iter::once(json).chain(settings).map(|argument| argument.global(true))
}

fn quarantine_command() -> Command {
    let newest = Arg::new("newest")
        .long("newest")
        .value_name("N")
        .default_value("20")
        .value_parser(clap::value_parser!(usize))
        .help("How many entries");
    let at =
        || Arg::new("at").value_name("AT").required(true).help("The entry's place, as the list shows it");
    let list = Command::new("list").about("The newest entries, newest first").arg(newest);
    let show = Command::new("show").about("One entry with everything, as JSON").arg(at());
    let all = Arg::new("all").long("all").action(ArgAction::SetTrue).help("Every entry there is");
    let several = at().num_args(1..).required_unless_present("all").required(false).conflicts_with("all");
    let replay = Command::new("replay")
        .about("Puts entries back into the log, to be processed again")
        .args([several, all]);
    let tasks = [list, show, replay].map(|task| task.args(setting_arguments()));
    Command::new("quarantine")
        .about("Events that could not be stored, in the running service of the same settings")
        .subcommand_required(true)
        .subcommands(tasks)
}

/// `--config FILE` and a flag for every setting.
fn setting_arguments() -> Vec<Arg> {
    let file = Arg::new("config").long("config").value_name("FILE").help("TOML file with settings");
    let flags = SETTINGS.iter().map(|setting| {
        let help =
            format!("{} [PLAYHEAD_{}; {}]", setting.help, setting.name.to_uppercase(), setting.default);
        Arg::new(setting.name).long(setting.name.replace('_', "-")).value_name("VALUE").help(help)
    });
    std::iter::once(file).chain(flags).collect()
}

/// Reads the settings and runs `run` with them on a runtime; all mistakes are printed, none hides another.
fn with_config<F: Future<Output = ExitCode>>(given: &ArgMatches, run: impl FnOnce(Config) -> F) -> ExitCode {
    let config = match read_config(given) {
        Ok(config) => config,
        Err(mistakes) => {
            eprintln!("playhead: the settings cannot be used:");
            mistakes.iter().for_each(|mistake| eprintln!("  {mistake}"));
            return ExitCode::from(EXIT_CONFIGURATION);
        }
    };
    telemetry::start_logging(config.log_as_json, &config.log_directives);
    let names = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
    for variable in Layers::unknown_variables(names) {
        tracing::warn!(variable, "there is no such setting; the variable means nothing");
    }
    on_runtime(run(config))
}

/// Runs a command that needs no settings of the service.
fn with_arguments<A: FromArgMatches, F: Future<Output = ExitCode>>(
    given: &ArgMatches,
    run: impl FnOnce(A) -> F,
) -> ExitCode {
    match A::from_arg_matches(given) {
        Ok(arguments) => on_runtime(run(arguments)),
        Err(error) => error.exit(),
    }
}

/// Runs a command on the control database. Settings may stand before or after its name.
fn administer(matches: &ArgMatches, given: &ArgMatches) -> ExitCode {
    let given = given.subcommand().map_or(given, |(_, given)| given);
    match command::Command::from_arg_matches(matches) {
        Ok(command) => with_config(given, |config| command::run(command, config, given.get_flag("json"))),
        Err(error) => error.exit(),
    }
}

fn quarantine(given: &ArgMatches) -> ExitCode {
    let Some((task, given)) = given.subcommand() else { return ExitCode::from(2) };
    let all = || given.get_many::<String>("at").into_iter().flatten().cloned().collect::<Vec<_>>();
    let task = match task {
        "list" => Task::List { newest: given.get_one("newest").copied().unwrap_or_default() },
        "show" => Task::Show { at: all().concat() },
        _ => Task::Replay { at: all() },
    };
    with_config(given, |config| quarantine_task::run(config, task))
}

fn on_runtime(command: impl Future<Output = ExitCode>) -> ExitCode {
    match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => {
            let code = runtime.block_on(command);
            // What has to be durable is. A call into a library that waits for brokers who are gone would wait for ever.
            runtime.shutdown_timeout(LAST_CALLS);
            code
        }
        Err(error) => {
            eprintln!("playhead: no runtime: {error}");
            ExitCode::FAILURE
        }
    }
}

fn read_config(given: &ArgMatches) -> Result<Config, Vec<String>> {
    let flag = |name: &str| given.get_one::<String>(name).cloned();
    let flags: BTreeMap<String, String> =
        SETTINGS.iter().filter_map(|setting| Some((setting.name.to_owned(), flag(setting.name)?))).collect();
    let file = match flag("config").map(PathBuf::from) {
        None => None,
        Some(path) => match std::fs::read_to_string(&path) {
            Ok(text) => Some((path, text)),
            Err(error) => return Err(vec![format!("--config {}: {error}", path.display())]),
        },
    };
    Config::read(&Layers { flags, environment: Layers::environment_of_process(), file })
}

fn clickhouse_host(given: &ArgMatches) -> ExitCode {
    let directives = std::env::var("PLAYHEAD_LOG").unwrap_or_else(|_| telemetry::DEFAULT_LOG.to_owned());
    telemetry::start_logging(false, &directives);
    match host::HostArgs::from_arg_matches(given) {
        Ok(arguments) => host::run(&arguments),
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(2)
        }
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_command_line_is_consistent() {
        super::command_line().debug_assert();
    }

    #[test]
    fn help_says_what_each_command_is_for_and_shows_the_settings_that_matter_to_it() {
        let mut line = super::command_line();
        let overview = line.render_long_help().to_string();
        assert!(!overview.contains("Options of"), "{overview}");
        assert!(overview.contains("Sends what viewers would send"), "{overview}");
        let key = line.find_subcommand_mut("key").unwrap().render_long_help().to_string();
        assert!(key.contains("--database-url") && !key.contains("--kafka-brokers"), "{key}");
    }
}
