//! Rows of the matrix that need the whole service and a ledger. Each tells what it did in a few words.

mod again;
mod days;
mod host;
mod live;
mod load;
mod migration;
mod names;
mod nodes;
mod parts;
mod poison;
mod process;
mod restore;
mod silence;
mod sockets;

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use super::{crowd::Answers, ledger::Tally, rig::malformed, server::Server};

const QUICK: Duration = Duration::from_millis(100);

/// What a row has shown.
#[derive(Default)]
pub struct Shown {
    pub tally: Tally,
    /// What was seen besides.
    pub note: String,
    /// Why it is not good.
    pub trouble: Option<String>,
    /// Why it could not be tried.
    pub obstacle: Option<String>,
}

/// Runs the row of this number; none if it is not one of these.
pub async fn run(id: &str, seed: u64) -> Option<Shown> {
    Some(match id {
        "T019" => sockets::endless_body(seed).await,
        "T020" => sockets::slow_heads(seed).await,
        "T021" => sockets::silent_sockets(seed).await,
        "T022" => sockets::deaf_readers(seed).await,
        "T054" => poison::survived(seed).await,
        "T057" => load::cardinality(seed).await,
        "T066" => days::offline(seed).await,
        "T067" => days::long_forgotten(seed).await,
        "T068" => process::clock_jumps(seed).await,
        "T070" => days::out_of_date(seed).await,
        "T072" => parts::answers_are_lost(seed).await,
        "T078" => again::from_the_beginning(seed).await,
        "T079" => parts::inserts_end_unknown(seed).await,
        "T080" => days::replayed(seed).await,
        "T081" => load::overload(seed, 10, Duration::from_secs(60)).await,
        "T082" => load::overload(seed, 2, Duration::from_secs(30)).await,
        "T084" => load::one_address(seed).await,
        "T086" => sockets::storm(seed).await,
        "T088" => load::full_log(seed).await,
        "T093" => parts::broker_away(seed).await,
        "T094" => parts::broker_frozen(seed).await,
        "T095" => parts::leader_killed(seed).await,
        "T097" => parts::engine_frozen(seed).await,
        "T103" => names::moved(seed).await,
        "T104" => parts::cut_off(seed).await,
        "T105" => parts::late_wire(seed).await,
        "T111" => process::stopped_under_load(seed).await,
        "T113" => process::processor_frozen(seed).await,
        "T114" => process::stopped_twice(seed).await,
        "T119" => sockets::no_descriptors(seed).await,
        "T121" => process::starved(seed).await,
        "T122" => process::task_panics(seed).await,
        "T124" => process::bad_settings(),
        "T125" => host::stays_at_home(seed).await,
        "T132" => live::slow_reader(seed).await,
        "T133" => live::half_open(seed).await,
        "T172" => migration::killed_midway(seed).await,
        "T173" => restore::onto_an_empty_machine(seed).await,
        "T174" => restore::from_a_damaged_copy(seed).await,
        "T176" => nodes::come_and_go(seed).await,
        "T180" => host::soak(seed).await,
        "T181" => poison::outlived(seed).await,
        "T182" => silence::of_clickhouse(seed).await,
        _ => return None,
    })
}

impl Shown {
    fn new(tally: Tally, answers: &Answers, note: String) -> Self {
        Self { tally, note, trouble: malformed(answers), obstacle: None }
    }

    /// What the row is about did not come about, because the machine has other things to do.
    fn unless(mut self, is_missing: bool, what: impl FnOnce() -> String) -> Self {
        if is_missing {
            self.obstacle.get_or_insert_with(what);
        }
        self
    }

    fn but(mut self, is_wrong: bool, what: impl FnOnce() -> String) -> Self {
        if is_wrong {
            self.trouble.get_or_insert_with(what);
        }
        self
    }
}

/// What a service says of itself.
async fn metric(server: &Server, name: &str) -> f64 {
    let answer = server.http.get(format!("{}/metrics", server.admin_url())).send().await.expect("an answer");
    let text = answer.text().await.expect("text");
    let of = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    of.and_then(|figure| figure.parse().ok()).unwrap_or_default()
}

fn count(counter: &AtomicU64) -> u64 {
    counter.load(Ordering::Relaxed)
}
