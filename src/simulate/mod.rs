//! `playhead simulate`: viewers like real ones, who write down what the server has acknowledged.
//!
//! Each viewer is somebody ([`world`]) who watches one title after the other; what happens in a view is told by
//! [`story`], put into the words of an SDK by [`format`] and brought to the collector by [`courier`]. Everything but the
//! view ids follows from the seed. [`backfill`] does the same for days that are over. `playhead verify` holds the [`ledger`] against what the server shows.

mod backfill;
mod chance;
pub mod courier;
pub mod format;
pub mod ledger;
pub mod moment;
pub mod story;
pub mod tally;
pub mod verdict;
pub mod world;

use std::{net::IpAddr, path::PathBuf, process::ExitCode, sync::Arc, time::Duration};

use rand::{RngExt, SeedableRng, rngs::StdRng};
use tokio::{
    task::JoinSet,
    time::{Instant, sleep_until},
};

use self::{
    backfill::Past,
    chance::Chance,
    courier::{Courier, Delivery},
    format::{Dialect, Page},
    moment::Story,
    world::{Catalogue, Person},
};
use crate::config::is_http;

/// The caller asked for something that cannot be.
pub const EXIT_USAGE: u8 = 2;
/// How long after the run the unacknowledged rest is tried for.
const DRAIN: Duration = Duration::from_secs(60);
/// Viewers arrive during this share of the run and leave for good during the last tenth.
const ARRIVALS: f64 = 0.5;
/// Time between two views of one viewer, ms.
const BETWEEN_VIEWS_MS: f64 = 6_000.0;
/// How long history may take to be sent.
const LONGEST_BACKFILL: Duration = Duration::from_secs(6 * 3600);
/// How many events of a history one person has, if nobody says how many people there are.
const EVENTS_PER_VIEWER: u64 = 300;

/// Sends what viewers would send and writes down what was acknowledged
#[derive(Debug, Clone, clap::Args)]
pub struct Arguments {
    /// How many people watch; needed unless --backfill-days is given
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..), required_unless_present = "backfill_days")]
    viewers: Option<u64>,
    /// How long they do; needed unless --backfill-days is given
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..), required_unless_present = "backfill_days")]
    seconds: Option<u64>,
    /// The collector, http://host:port
    #[arg(long)]
    target: String,
    /// Where beacons go
    #[arg(long)]
    ingest_key: String,
    /// File the acknowledged events are added to; the truth about the views stands beside it in FILE.views
    #[arg(long)]
    ledger: PathBuf,
    /// Whose beacons
    #[arg(long, value_enum, default_value_t = Dialect::Native)]
    format: Dialect,
    /// The same seed gives the same viewers (with new view ids); random if not given
    #[arg(long)]
    seed: Option<u64>,
    /// How much faster than real time they live
    #[arg(long, default_value_t = 1.0)]
    rate_factor: f64,
    /// History instead of the present: views of this many past days, to a collector on this machine
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..=89), requires = "events", conflicts_with = "seconds")]
    backfill_days: Option<u64>,
    /// How many events that history has; needed with --backfill-days
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..), requires = "backfill_days")]
    events: Option<u64>,
}

/// A run whose options were understood.
struct Run {
    viewers: u64,
    length: Duration,
    past: Option<Past>,
    seed: u64,
    ingest_key: Arc<str>,
    catalogue: Catalogue,
    courier: Arc<Courier>,
}

/// Runs the simulation and prints its summary.
pub async fn run(arguments: Arguments) -> ExitCode {
    let (run, writer) = match prepare(arguments) {
        Ok(prepared) => prepared,
        Err(mistake) => {
            eprintln!("playhead simulate: {mistake}");
            return ExitCode::from(EXIT_USAGE);
        }
    };
    let Run { viewers, seed, .. } = run;
    println!("{viewers} viewers, seed {seed}");
    let courier = Arc::clone(&run.courier);
    let failure = tokio::select! {
        () = run.all() => None,
        reason = courier.failed() => Some(reason),
    };
    courier.journal.end().await;
    match writer.finish() {
        Ok(recorded) => {
            println!("{}", courier.tally.summary(recorded));
            if recorded == 0 && failure.is_none() {
                return failed("nothing was acknowledged: is the target there?");
            }
        }
        Err(error) => return failed(&format!("the ledger cannot be written: {error}")),
    }
    failure.map_or(ExitCode::SUCCESS, |reason| failed(&reason))
}

fn failed(reason: &str) -> ExitCode {
    eprintln!("playhead simulate: {reason}");
    ExitCode::FAILURE
}

fn prepare(arguments: Arguments) -> Result<(Run, ledger::Writer), String> {
    let dialect = arguments.format;
    if !(arguments.rate_factor > 0.0 && arguments.rate_factor <= 1000.0) {
        return Err(format!("--rate-factor {}: it lies between 0 and 1000", arguments.rate_factor));
    }
    let target = arguments.target.trim_end_matches('/');
    if !is_http(target) {
        return Err(format!("--target {target}: it has the form http://host:port or https://host:port"));
    }
    let past = arguments.backfill_days.zip(arguments.events).map(|(days, events)| Past { days, events });
    if past.is_some() && !is_this_machine(target) {
        return Err(format!(
            "--backfill-days: --target {target} has to be this machine, 127.0.0.1 or localhost"
        ));
    }
    let url = dialect.url(target, &arguments.ingest_key);
    let (journal, writer) = ledger::open(&arguments.ledger)
        .map_err(|error| format!("--ledger {}: {error}", arguments.ledger.display()))?;
    let length = arguments.seconds.map_or(LONGEST_BACKFILL, Duration::from_secs);
    let courier = Courier::new(url, dialect, journal, arguments.rate_factor, Instant::now() + length + DRAIN)
        .map_err(|error| format!("no HTTP client: {error}"))?;
    let seed = arguments.seed.unwrap_or_else(|| rand::rng().random_range(0..1_000_000));
    let run = Run {
        viewers: arguments
            .viewers
            .or_else(|| Some(arguments.events? / EVENTS_PER_VIEWER))
            .unwrap_or(0)
            .max(1),
        length,
        past,
        seed,
        ingest_key: arguments.ingest_key.into(),
        catalogue: Catalogue::new(&mut Chance(StdRng::seed_from_u64(seed))),
        courier: Arc::new(courier),
    };
    Ok((run, writer))
}

fn is_this_machine(target: &str) -> bool {
    let authority =
        target.split_once("://").map_or(target, |(_, rest)| rest).split('/').next().unwrap_or_default();
    let host = authority.rsplit_once(':').map_or(authority, |(host, _)| host);
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

/// When a view begins: on our clock for its deliveries, and in Unix ms for what it says.
struct Opening {
    at: Instant,
    ms: i64,
}

impl Run {
    async fn all(self) {
        match self.past {
            Some(past) => backfill::run(&self, past).await,
            None => Arc::new(self).everybody().await,
        }
    }

    async fn everybody(self: Arc<Self>) {
        let begun = Instant::now();
        let mut people = JoinSet::new();
        for number in 0..self.viewers {
            people.spawn(Arc::clone(&self).somebody(number, begun));
        }
        people.join_all().await;
    }

    /// One viewer: arrives, watches this and that, goes; and whatever their pages still have to deliver.
    async fn somebody(self: Arc<Self>, number: u64, begun: Instant) {
        let mut chance = self.chance_of(number);
        let person = Person::new(number, &mut chance);
        let arrives = begun + self.length.mul_f64(ARRIVALS * chance.fraction());
        let leaves = begun + self.length.mul_f64(0.9 + 0.1 * chance.fraction());
        let mut deliveries = JoinSet::new();
        let mut opens = arrives;
        while opens < leaves {
            sleep_until(opens).await;
            let longest_ms = self.viewers_ms(leaves.saturating_duration_since(opens));
            let opening = Opening { at: opens, ms: chrono::Utc::now().timestamp_millis() };
            let delivery = self.view(&person, &mut chance, opening, longest_ms);
            let rest_ms = delivery.story.length_ms + chance.wait_ms(BETWEEN_VIEWS_MS);
            deliveries.spawn(Arc::clone(&self.courier).deliver(delivery));
            opens += Duration::from_millis(rest_ms.max(1)).div_f64(self.courier.rate_factor);
        }
        deliveries.join_all().await;
    }

    /// The luck of one viewer: far from the others', and not the catalogue's own.
    fn chance_of(&self, number: u64) -> Chance {
        Chance(StdRng::seed_from_u64(self.seed ^ (number + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15)))
    }

    fn view(&self, person: &Person, chance: &mut Chance, opening: Opening, longest_ms: u64) -> Delivery {
        let title = self.catalogue.choose(chance);
        let story = story::tell(person, title, chance, longest_ms);
        let page = self.page(person, &story, opening.ms);
        let letters = format::letters(self.courier.dialect, &page, person, &story);
        // The network's luck is not the viewer's: what happens on the way must not change the stories.
        let luck = Chance(StdRng::seed_from_u64(chance.between(0, u64::MAX)));
        Delivery {
            page,
            person: person.clone(),
            story,
            letters,
            is_cut_short: false,
            opened: opening.at,
            chance: luck,
        }
    }

    fn page(&self, person: &Person, story: &Story, opening_ms: i64) -> Page {
        let uuid = uuid::Uuid::new_v4().to_string();
        // Who lives faster than we do begins as long ago as the view then ends now: clocks from the future are not
        // believed.
        let ahead_ms = story.length_ms as f64 * (1.0 - 1.0 / self.courier.rate_factor).max(0.0);
        Page {
            view_id: self.courier.dialect.view_id(&uuid, &story.title).into(),
            uuid: uuid.into(),
            ingest_key: Arc::clone(&self.ingest_key),
            opened_ms: opening_ms + person.skew_ms - ahead_ms as i64,
        }
    }

    fn viewers_ms(&self, real: Duration) -> u64 {
        (real.as_secs_f64() * 1000.0 * self.courier.rate_factor) as u64
    }
}
