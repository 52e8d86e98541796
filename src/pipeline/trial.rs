//! Trying in another process what may have ended one.
//!
//! Nothing catches an abort, a stack that overflows or memory that runs out. But a batch is declared before its records are
//! read, so whoever does not survive one leaves an intent behind. Who takes over such a batch first lets a child read the records
//! and make their rows. If the child dies of that, halves of them are tried until those are found that nobody survives alone:
//! they go into quarantine unread, and the rest goes in.
//!
//! The intent alone proves nothing: a stop, a kill and a power cut leave the same behind. Only a child that ends by a signal of
//! its own making does.

use std::{
    io::{self, BufRead, Read},
    os::unix::process::ExitStatusExt,
    path::PathBuf,
    process::{ExitCode, ExitStatus, Stdio},
    time::Duration,
};

use rustix::process::{Resource, Rlimit, setrlimit};
use serde::{Deserialize, Serialize};
use tokio::{
    io::{AsyncWriteExt, BufWriter},
    process::{ChildStdin, Command},
    time::timeout,
};

use super::{
    batch::Batch,
    halving::Halving,
    live::Live,
    memory::Memory,
    panicking,
    write::{WriteError, make, recall},
};
use crate::{
    log::StoredRecord,
    panics::caught,
    store::{Access, Store},
};

/// The hidden subcommand of the child.
pub const SUBCOMMAND: &str = "trial";

/// A child that takes longer proves nothing.
const LONGEST: Duration = Duration::from_secs(60);
/// More memory than any batch takes. Who wants more would find no end.
const MEMORY_BYTES: u64 = 2 << 30;
/// When more are found, the rest of the batch is left for the next one: in between the log hears from us.
const MOST: usize = 16;
/// EX_TEMPFAIL: ClickHouse could not be asked.
const EXIT_LATER: u8 = 75;

/// What of a batch nobody survives.
#[derive(Debug)]
pub struct Deadly {
    /// The records that are to blame.
    pub offsets: Vec<u64>,
    /// From here on nothing is known, or it is only together with what is before that it cannot be survived.
    pub until: Option<u64>,
    /// How the child ended.
    pub end: String,
}

/// In whose place the child reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reader {
    Processor,
    Live,
}

/// What the child is told first.
#[derive(Serialize, Deserialize)]
struct Given<A> {
    /// To ask ClickHouse, which live does not.
    access: Option<A>,
    /// Of the records that follow.
    lengths: Vec<usize>,
}

/// What trials need.
#[derive(Clone)]
pub struct Trials {
    pub store: Store,
    /// The program with the subcommand, when it is not this one.
    pub program: Option<PathBuf>,
}

impl Trials {
    /// Looks for what nobody survives in a batch that was not finished, or that is handled with caution.
    ///
    /// # Errors
    /// When ClickHouse cannot be asked.
    pub async fn of_batch(&self, records: &[StoredRecord]) -> Result<Option<Deadly>, String> {
        let (halving, end) = self.search(records, Reader::Processor).await?;
        let offset = |place: usize| records.get(place).map(|record| record.offset);
        let until = match halving.found.is_empty() {
            true => offset(records.len() / 2),
            false => halving.unsearched().and_then(offset),
        };
        let offsets = halving.found.iter().filter_map(|place| offset(*place)).collect();
        Ok(end.map(|end| Deadly { offsets, until, end }))
    }

    /// The offsets of the records over which live ends. All of them, if it is only together that they cannot be survived.
    pub async fn for_live(&self, records: &[StoredRecord]) -> Vec<u64> {
        let (mut deadly, mut from) = (Vec::new(), 0);
        loop {
            let rest = &records[from..];
            // ClickHouse is not asked here, so there is always an answer.
            let Ok((halving, end)) = self.search(rest, Reader::Live).await else { return deadly };
            match end.is_some() && halving.found.is_empty() {
                true => deadly.extend(rest.iter().map(|record| record.offset)),
                false => deadly.extend(halving.found.iter().map(|place| rest[*place].offset)),
            }
            match halving.unsearched() {
                Some(place) => from += place,
                None => return deadly,
            }
        }
    }

    /// What of `records` a child dies of, and how it ended.
    async fn search(
        &self,
        records: &[StoredRecord],
        reader: Reader,
    ) -> Result<(Halving, Option<String>), String> {
        let (mut halving, mut end) = (Halving::of(records.len(), MOST), None);
        while let Some(some) = halving.next() {
            let death = self.death_as(&records[some], reader).await?;
            halving.answer(death.is_none());
            end = death.or(end);
        }
        Ok((halving, end))
    }

    /// How a child dies of writing these records, if it does.
    ///
    /// # Errors
    /// When ClickHouse cannot be asked.
    pub async fn death_of(&self, records: &[StoredRecord]) -> Result<Option<String>, String> {
        self.death_as(records, Reader::Processor).await
    }

    async fn death_as(&self, records: &[StoredRecord], reader: Reader) -> Result<Option<String>, String> {
        let nothing_proved = |error: String| {
            tracing::warn!(error, "what may end this process cannot be tried in another one");
            Ok(None)
        };
        match timeout(LONGEST, self.run(records, reader)).await {
            Ok(Ok(status)) if status.success() => Ok(None),
            Ok(Ok(status)) if status.code() == Some(EXIT_LATER.into()) => {
                Err("ClickHouse cannot be asked about the views of what is to be tried".into())
            }
            Ok(Ok(status)) if is_of_its_own_making(status) => Ok(Some(status.to_string())),
            Ok(Ok(status)) => nothing_proved(status.to_string()),
            Ok(Err(error)) => nothing_proved(error.to_string()),
            Err(_) => nothing_proved(format!("it takes longer than {LONGEST:?}")),
        }
    }

    async fn run(&self, records: &[StoredRecord], reader: Reader) -> io::Result<ExitStatus> {
        let program = match &self.program {
            Some(program) => program.clone(),
            None => std::env::current_exe()?,
        };
        let mut child = Command::new(program)
            .arg(SUBCOMMAND)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .process_group(0)
            .kill_on_drop(true)
            .spawn()?;
        if let Some(stdin) = child.stdin.take() {
            // Who does not even read all of it is waited for all the same.
            let access = (reader == Reader::Processor).then_some(&*self.store.access);
            let _ = give(stdin, access, records).await;
        }
        child.wait().await
    }
}

/// Whether this is a signal that processes get for what they do themselves.
fn is_of_its_own_making(status: ExitStatus) -> bool {
    use libc::{SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGSEGV, SIGSYS, SIGTRAP};
    let signals = [SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGSEGV, SIGSYS, SIGTRAP];
    status.signal().is_some_and(|signal| signals.contains(&signal))
}

/// A line that says what follows, and the records' bytes.
async fn give(stdin: ChildStdin, access: Option<&Access>, records: &[StoredRecord]) -> io::Result<()> {
    let lengths = records.iter().map(|record| record.payload.len()).collect();
    let given = Given { access, lengths };
    let mut stdin = BufWriter::new(stdin);
    stdin.write_all(&serde_json::to_vec(&given)?).await?;
    stdin.write_all(b"\n").await?;
    for record in records {
        stdin.write_all(&record.payload).await?;
    }
    stdin.flush().await
}

/// The child: handles the records it is given as the processor would, or live, and writes nothing.
pub async fn undergo() -> ExitCode {
    // Panics are survived, and told by whoever handles the records next.
    std::panic::set_hook(Box::new(|_| {}));
    bound();
    let Ok((store, batch)) = take() else { return ExitCode::FAILURE };
    // On a thread like theirs, whose stack is smaller than that of the first one.
    let handled = tokio::spawn(async {
        match store {
            Some(store) => handle(store, batch).await,
            None => {
                show(batch);
                Ok(())
            }
        }
    });
    match handled.await {
        Ok(Ok(())) => ExitCode::SUCCESS,
        Ok(Err(_)) => ExitCode::from(EXIT_LATER),
        Err(_) => ExitCode::FAILURE,
    }
}

/// Sees to it that whatever happens happens to this process alone.
fn bound() {
    let most = |bytes| Rlimit { current: Some(bytes), maximum: Some(bytes) };
    // Where a limit cannot be set, it is as it was for the parent.
    let _ = setrlimit(Resource::Data, most(MEMORY_BYTES));
    let _ = setrlimit(Resource::Core, most(0));
    // Memory may be short on the whole machine all the same: then this process is the first to go.
    let _ = std::fs::write("/proc/self/oom_score_adj", "1000");
}

/// What [`give`] gives.
fn take() -> io::Result<(Option<Store>, Batch)> {
    let mut stdin = io::stdin().lock();
    let mut line = String::new();
    stdin.read_line(&mut line)?;
    let Given::<Access> { access, lengths } = serde_json::from_str(&line)?;
    let mut batch = Batch::new(0, 0);
    for (offset, length) in (0..).zip(lengths) {
        let mut payload = vec![0; length];
        stdin.read_exact(&mut payload)?;
        batch.push(StoredRecord { offset, payload: payload.into() });
    }
    let store = access.map(|access| Store::new(&access.url, &access.user, &access.password));
    Ok((store, batch))
}

fn show(mut batch: Batch) {
    batch.read();
    let (live, now_ms) = (Live::default(), chrono::Utc::now().timestamp_millis());
    live.learn(batch.records().into_iter().map(|(_, record)| record), now_ms);
    live.tick(now_ms);
}

async fn handle(store: Store, mut batch: Batch) -> Result<(), WriteError> {
    batch.read();
    let (records, mut memory) = (batch.records(), Memory::default());
    recall(&store, &records, &mut memory).await?;
    if caught(|| make(batch.partition, &records, &batch.excluded, &memory)).is_err() {
        let excluded = panicking::found(&batch, &memory);
        let _ = caught(|| make(batch.partition, &records, &excluded, &memory));
    }
    Ok(())
}
