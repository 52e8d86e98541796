//! Random kills: each part of the service, on each log, in rounds that a seed repeats. What a run has finished is written
//! down with what was acknowledged, so a campaign of a thousand kills can be stopped at any moment and taken up again with
//! the same seed, and its totals are those of all its runs.

use std::{
    collections::BTreeMap,
    fs,
    io::Write,
    path::PathBuf,
    time::{Duration, Instant},
};

use rand::{RngExt, SeedableRng, rngs::StdRng};

use tokio::time::timeout;

use super::{
    ledger::Tally,
    rig::{Log, Rig, Role, malformed},
};

/// Kills in the first round of a part, which has a service, a ledger and a comparison of its own; and in each after it. What is
/// around the kills takes longer than 25 of them.
const FIRST_ROUND: u32 = 25;
const ROUND: u32 = 75;
/// Enough to have something in the air at any moment.
const PLAYERS: u64 = 16;
/// A round that takes longer than this is red.
const LONGEST: Duration = Duration::from_secs(3600);
const PAUSE: Duration = Duration::from_millis(250);

/// A campaign to run.
pub struct Campaign {
    pub kills: u32,
    pub seed: u64,
}

/// So many kills of one part; its name says how many were before.
struct Round {
    log: Log,
    role: Role,
    name: String,
    kills: u32,
}

impl Campaign {
    /// Runs every round that is not finished yet and prints a line for each; whether all were clean comes back.
    pub async fn run(&self, total: &mut Tally) -> bool {
        let (rounds, finished, begun) = (self.rounds(), self.finished(), Instant::now());
        let (mut sum, mut kills, mut is_clean) = (Tally::default(), 0, true);
        for (number, round) in (1..).zip(&rounds) {
            let place = format!("{number}/{} {}", rounds.len(), round.name);
            kills += round.kills;
            if let Some(&acknowledged) = finished.get(&round.name) {
                println!("T112  done  {place:<32} acknowledged {acknowledged:>7}, in an earlier run");
                sum += Tally { acknowledged, ..Tally::default() };
                continue;
            }
            let (tally, trouble) = self.round(round, &place).await;
            is_clean &= tally.is_clean() && !trouble;
            sum += tally;
        }
        let verdict = if is_clean { "ok  " } else { "FAIL" };
        println!("T112  {verdict}  {kills} kills at random instants  {sum}  {:.0?}", begun.elapsed());
        *total += sum;
        is_clean
    }

    /// What the ledger says of one round, and whether anything else was wrong.
    async fn round(&self, round: &Round, place: &str) -> (Tally, bool) {
        let Round { log, role, name, kills } = round;
        let (begun, log, role, kills) = (Instant::now(), *log, *role, *kills);
        let seed =
            name.bytes().fold(self.seed, |seed, byte| seed.wrapping_mul(31).wrapping_add(u64::from(byte)));
        let of = format!("{name}-{}", self.seed);
        // A panic of the rig is a red round and not the end of the run.
        let killed = tokio::spawn(timeout(LONGEST, async move { kill(log, role, &of, kills, seed).await }));
        let (tally, trouble) = match killed.await {
            Ok(Ok(killed)) => killed,
            Ok(Err(_)) => (Tally::default(), Some(format!("not over after {LONGEST:?}"))),
            Err(error) => (Tally::default(), Some(error.to_string())),
        };
        let is_clean = tally.is_clean() && trouble.is_none();
        let (verdict, said) =
            (if is_clean { "ok  " } else { "FAIL" }, trouble.as_deref().unwrap_or_default());
        println!("T112  {verdict}  {place:<32} {kills:>2} kills  {tally}  {:.0?} {said}", begun.elapsed());
        if is_clean {
            let mut file = fs::File::options().create(true).append(true).open(self.file()).expect("a file");
            writeln!(file, "{name} {}", tally.acknowledged).expect("written");
        }
        (tally, trouble.is_some())
    }

    /// All rounds; in turns, so that a campaign which is stopped has seen each part.
    fn rounds(&self) -> Vec<Round> {
        let parts: Vec<(Log, Role)> = [Log::Embedded, Log::Kafka, Log::Cluster]
            .into_iter()
            .flat_map(|log| log.roles().iter().map(move |role| (log, *role)))
            .collect();
        let of_each = |first: u32, kills: u32| {
            parts.iter().map(move |&(log, role)| {
                let name = format!("{log:?}-{role:?}-{first}").to_lowercase();
                Round { log, role, name, kills }
            })
        };
        let beginning = of_each(0, self.kills.min(FIRST_ROUND));
        let later = (FIRST_ROUND..self.kills).step_by(ROUND as usize);
        beginning.chain(later.flat_map(|first| of_each(first, ROUND.min(self.kills - first)))).collect()
    }

    /// The rounds of earlier runs by name, with what was acknowledged in each; only clean ones are finished.
    fn finished(&self) -> BTreeMap<String, u64> {
        let text = fs::read_to_string(self.file()).unwrap_or_default();
        let of_line = |line: &str| {
            let (name, acknowledged) = line.split_once(' ')?;
            Some((name.to_owned(), acknowledged.parse().ok()?))
        };
        text.lines().filter_map(of_line).collect()
    }

    fn file(&self) -> PathBuf {
        PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("faults-{}-{}.done", self.seed, self.kills))
    }
}

/// Kills one part so many times under load; what the ledger says afterwards, and what else was wrong.
pub async fn kill(log: Log, role: Role, name: &str, kills: u32, seed: u64) -> (Tally, Option<String>) {
    let mut chance = StdRng::seed_from_u64(seed);
    let mut rig = Rig::start(log, name, &[]).await;
    let crowd = rig.crowd(PLAYERS, PAUSE, seed);
    for _ in 0..kills {
        let pause_ms = chance.random_range(100..2500);
        tokio::time::sleep(Duration::from_millis(pause_ms)).await;
        rig.kill(role).await;
    }
    let answers = crowd.finish().await;
    (rig.compare().await, malformed(&answers))
}
