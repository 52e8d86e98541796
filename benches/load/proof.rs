//! That nothing was won by losing something: what was acknowledged is held against what is there afterwards, in the log
//! where the figure is the collector's, in ClickHouse by `playhead verify` where it is the service's.

use std::{
    collections::HashMap,
    fs::File,
    io::{BufWriter, Write},
    path::Path,
    process::Command,
    time::Duration,
};

use playhead::{
    event::Record,
    log::{LogSettings, TailFrom, open},
    simulate::ledger::Entry,
};

use crate::{
    client::Acknowledged,
    script::{Repertoire, view_id, view_number},
    servers::{Server, TOKEN},
};

/// The whole log is read within this.
const READ: Duration = Duration::from_secs(60);

/// Differences between what was acknowledged and what is there, in events.
#[derive(Debug, Clone, Copy, Default, serde::Serialize)]
pub struct Proof {
    pub acknowledged: usize,
    pub missing: usize,
    pub invented: usize,
    pub doubled: usize,
}

/// Reads a log from its beginning. Its server has stopped.
pub async fn of_log(settings: &LogSettings, repertoire: &Repertoire, acknowledged: &[Acknowledged]) -> Proof {
    let mut times: HashMap<(u64, u64), (bool, usize)> = HashMap::new();
    for (view, sequence) in events(repertoire, acknowledged) {
        times.entry((view, sequence)).or_default().0 = true;
    }
    let log = open(settings).await.expect("the log opens");
    let ends = log.end().await.expect("its end");
    let mut left: u64 = ends.values().sum();
    let begin = TailFrom(ends.keys().map(|partition| (*partition, 0)).collect());
    let mut tail = log.tail(begin).await.expect("it can be read");
    let read = async {
        while left > 0 {
            let Some((_, records)) = tail.next(READ).await.expect("a record") else { break };
            left -= records.len() as u64;
            for stored in records {
                let record = Record::from_bytes(&stored.payload).expect("a record of ours");
                let view = view_number(&record.view_id).expect("a view of ours");
                record
                    .events
                    .iter()
                    .for_each(|event| times.entry((view, event.sequence)).or_default().1 += 1);
            }
        }
    };
    tokio::time::timeout(READ, read).await.expect("the log is read within a minute");
    drop(tail);
    log.close().await;
    let count = |is: fn(&(bool, usize)) -> bool| times.values().filter(|found| is(found)).count();
    Proof {
        acknowledged: count(|(sent, _)| *sent),
        missing: count(|(sent, found)| *sent && *found == 0),
        invented: count(|(sent, found)| !*sent && *found > 0),
        doubled: count(|(_, found)| *found > 1),
    }
}

/// Writes a ledger and has `playhead verify` hold it against the server.
pub fn of_service(
    server: &Server,
    playhead: &Path,
    repertoire: &Repertoire,
    acknowledged: &[Acknowledged],
) -> Proof {
    let ledger = server.data().join("ledger.jsonl");
    let mut file = BufWriter::new(File::create(&ledger).expect("a file"));
    for (view, seq) in events(repertoire, acknowledged) {
        let format = repertoire.format.name().to_owned();
        let entry = Entry { format, view: view_id(view).into(), seq, acked_ms: 0, position: None };
        serde_json::to_writer(&mut file, &entry).expect("a line");
        file.write_all(b"\n").expect("a line");
    }
    file.into_inner().expect("it is written");
    let verified = Command::new(playhead)
        .args([
            "verify",
            "--wait",
            "120s",
            "--token",
            TOKEN,
            "--target",
            &format!("http://{}", server.address),
        ])
        .arg("--ledger")
        .arg(&ledger)
        .output()
        .expect("it runs");
    let text = String::from_utf8_lossy(&verified.stdout);
    let last = text.lines().last().unwrap_or_default();
    // missing N invented N doubled N of N acknowledged
    let numbers: Vec<usize> = last.split(' ').filter_map(|word| word.parse().ok()).collect();
    let [missing, invented, doubled, acknowledged] = numbers[..] else {
        panic!("verify said: {text}{}", String::from_utf8_lossy(&verified.stderr));
    };
    Proof { acknowledged, missing, invented, doubled }
}

impl Proof {
    pub fn holds(&self) -> bool {
        (self.missing, self.invented, self.doubled) == (0, 0, 0)
    }
}

fn events<'a>(
    repertoire: &'a Repertoire,
    acknowledged: &'a [Acknowledged],
) -> impl Iterator<Item = (u64, u64)> + 'a {
    let of_beacon = |(view, beacon): &'a Acknowledged| {
        let sequences = &repertoire.script(*view)[usize::from(*beacon)].sequences;
        sequences.iter().map(move |sequence| (*view, *sequence))
    };
    acknowledged.iter().flat_map(of_beacon)
}
