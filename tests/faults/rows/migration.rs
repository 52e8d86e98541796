//! A schema that is killed while it is being made.

use std::time::Duration;

use rand::{RngExt, SeedableRng, rngs::StdRng};
use tokio::time::sleep;

use super::{QUICK, Shown};
use crate::{
    crowd::Answers,
    ledger::Tally,
    rig::{Log, Rig, Role},
    server::Server,
};

/// From the matrix.
const KILLS: u32 = 20;
/// How long after a start the next kill comes, at most, ms: a whole migration takes a second or two.
const LONGEST_MS: u64 = 900;

/// Starts from nothing, killed before the tables are there, again and again; from nothing once more when they are.
pub async fn killed_midway(seed: u64) -> Shown {
    let mut chance = StdRng::seed_from_u64(seed);
    let untouched = tables(&Server::start(&[]).await).await;
    let (mut tally, mut kills, mut machines, mut trouble) = (Tally::default(), 0, 0, None);
    while kills < KILLS {
        let mut rig = Rig::start(Log::Embedded, &format!("t172-{machines}"), &[]).await;
        machines += 1;
        let crowd = rig.crowd(4, QUICK, seed);
        while kills < KILLS && is_without_tables(&rig.collector).await {
            sleep(Duration::from_millis(chance.random_range(0..LONGEST_MS))).await;
            kills += u32::from(is_without_tables(&rig.collector).await);
            rig.kill(Role::Collector).await;
        }
        crowd.finish().await;
        tally += rig.compare().await;
        if tables(&rig.collector).await != untouched {
            trouble = Some("the tables are not those of a start without kills".to_owned());
        }
    }
    let columns = untouched.lines().count();
    let note =
        format!("{kills} kills on {machines} empty machines, and the same {columns} columns each time");
    let mut shown = Shown::new(tally, &Answers::default(), note).but(columns < 100, || untouched.clone());
    shown.trouble = shown.trouble.or(trouble);
    shown
}

async fn is_without_tables(server: &Server) -> bool {
    let asked = server.http.get(format!("{}/readyz", server.admin_url())).send().await.expect("an answer");
    !asked.text().await.expect("text").contains("\"clickhouse\":\"ok\"")
}

/// Every column of every table, once they are there.
async fn tables(server: &Server) -> String {
    while is_without_tables(server).await {
        sleep(QUICK).await;
    }
    let (id, secret) = Server::TOKEN.split_once(':').expect("a pair");
    let columns = "SELECT database, table, position, name, type, comment FROM system.columns ORDER BY ALL";
    let asked = server.http.post(server.sql_url()).basic_auth(id, Some(secret)).body(columns);
    asked.send().await.expect("an answer").text().await.expect("text")
}
