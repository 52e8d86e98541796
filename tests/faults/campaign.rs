//! Random kills: each part of the service, on each log, in rounds that a seed repeats. What a run has finished is written
//! down, so a campaign of a thousand kills can be stopped and taken up again with the same seed.

use std::{
    collections::BTreeSet,
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

/// Kills in one round: with a service, a ledger and a comparison of its own.
const ROUND: u32 = 25;
/// Enough to have something in the air at any moment.
const PLAYERS: u64 = 16;
/// A round that takes longer than this is red.
const LONGEST: Duration = Duration::from_secs(1800);
const PAUSE: Duration = Duration::from_millis(250);

/// A campaign to run.
pub struct Campaign {
    pub kills: u32,
    pub seed: u64,
}

impl Campaign {
    /// Runs every round that is not finished yet and prints a line for each; whether all were clean comes back.
    pub async fn run(&self, total: &mut Tally) -> bool {
        let mut clean = true;
        let finished = self.finished();
        for log in [Log::Embedded, Log::Kafka, Log::Cluster] {
            for role in log.roles() {
                for (round, kills) in rounds(self.kills) {
                    let name = format!("{log:?}-{role:?}-{round}").to_lowercase();
                    if finished.contains(&name) {
                        println!("T112  done  {name:<28} in an earlier run with this seed");
                        continue;
                    }
                    clean &= self.round(log, *role, &name, kills, total).await;
                }
            }
        }
        clean
    }

    async fn round(&self, log: Log, role: Role, name: &str, kills: u32, total: &mut Tally) -> bool {
        let begun = Instant::now();
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
        *total += tally;
        let clean = tally.is_clean() && trouble.is_none();
        let (verdict, trouble) = (if clean { "ok  " } else { "FAIL" }, trouble.unwrap_or_default());
        println!("T112  {verdict}  {name:<28} {kills:>3} kills  {tally}  {:.0?} {trouble}", begun.elapsed());
        if clean {
            let mut file = fs::File::options().create(true).append(true).open(self.file()).expect("a file");
            writeln!(file, "{name}").expect("written");
        }
        clean
    }

    fn finished(&self) -> BTreeSet<String> {
        let text = fs::read_to_string(self.file()).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }

    fn file(&self) -> PathBuf {
        PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("faults-{}-{}.done", self.seed, self.kills))
    }
}

fn rounds(kills: u32) -> impl Iterator<Item = (u32, u32)> {
    (0..kills.div_ceil(ROUND)).map(move |round| (round, ROUND.min(kills - round * ROUND)))
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
