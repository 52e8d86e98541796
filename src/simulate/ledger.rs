//! What a simulation writes down, so that it can be held against what the server shows.
//!
//! The ledger itself has one line for every event a 2xx answered for, written in groups and synced before they count.
//! Beside it (`FILE.views`) stands the truth: for each view how many events it has, how many were given to the network
//! (an event whose answer got lost may be stored without being acknowledged), and its figures.

use std::{
    fs::{File, OpenOptions},
    io::{self, Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
    sync::Arc,
};

use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;

/// Lines on their way to the disk; more make the senders wait.
const QUEUE: usize = 4096;
/// Most lines that share one sync.
const GROUP: usize = 20_000;

/// An acknowledged event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    pub format: String,
    pub view: Arc<str>,
    pub seq: u64,
    pub acked_ms: i64,
    /// Where the log has it, as far as the format's answer says.
    pub position: Option<String>,
}

/// The truth about a view. Written when it begins and again, with `sent` and `figures`, when it is over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Truth {
    pub format: String,
    pub view: Arc<str>,
    /// How many events it has.
    pub events: u64,
    /// Their sequences in order, if they are not 1 to `events`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sequences: Vec<u64>,
    /// So many of them were given to the network; unknown while the view goes on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sent: Option<u64>,
    /// As of the last event sent, if everything sent was acknowledged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub figures: Option<Figures>,
}

/// What is known about a view in numbers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Figures {
    pub playing_ms: u64,
    pub watch_ms: u64,
    pub rebuffer_ms: u64,
    pub rebuffer_count: u64,
    pub seek_ms: u64,
    pub seek_count: u64,
    pub startup_ms: Option<u64>,
    /// Media time played, in the order of watching.
    pub played_ranges: Vec<(u64, u64)>,
}

/// The file of truths beside a ledger.
pub fn truth_path(ledger: &Path) -> PathBuf {
    let mut path = ledger.as_os_str().to_owned();
    path.push(".views");
    path.into()
}

enum Line {
    Acknowledged(Vec<Entry>),
    Truth(Truth),
    End,
}

/// Takes lines in; they are on disk when the [`Writer`] says so.
#[derive(Clone)]
pub struct Journal(mpsc::Sender<Line>);

impl Journal {
    /// The events of one answer. `false` when the ledger can no longer be written.
    pub async fn acknowledged(&self, entries: Vec<Entry>) -> bool {
        self.0.send(Line::Acknowledged(entries)).await.is_ok()
    }

    /// What is true of a view.
    pub async fn truth(&self, truth: Truth) -> bool {
        self.0.send(Line::Truth(truth)).await.is_ok()
    }

    /// Nothing that comes after this counts.
    pub async fn end(&self) {
        // A writer that is gone has ended.
        let _ = self.0.send(Line::End).await;
    }
}

/// The thread that writes.
pub struct Writer(std::thread::JoinHandle<io::Result<u64>>);

impl Writer {
    /// Waits for the end; the number of events that are safely on disk comes back.
    ///
    /// # Errors
    /// The first failure to write or sync.
    pub fn finish(self) -> io::Result<u64> {
        self.0.join().unwrap_or_else(|_| Err(io::Error::other("the ledger's writer ended in a panic")))
    }
}

/// Opens a ledger and its truths; runs add to what is there.
///
/// # Errors
/// When a file cannot be opened.
pub fn open(path: &Path) -> io::Result<(Journal, Writer)> {
    let (ledger, truths) = (appendable(path)?, appendable(&truth_path(path))?);
    let (sender, receiver) = mpsc::channel(QUEUE);
    let write = move || write(ledger, truths, receiver);
    let thread = std::thread::Builder::new().name("ledger".into()).spawn(write)?;
    Ok((Journal(sender), Writer(thread)))
}

/// Cuts off a line that a killed run left unfinished: it was never synced, so it never counted.
fn appendable(path: &Path) -> io::Result<File> {
    let mut file = OpenOptions::new().read(true).append(true).create(true).open(path)?;
    let mut text = Vec::new();
    file.read_to_end(&mut text)?;
    let whole = text.iter().rposition(|byte| *byte == b'\n').map_or(0, |last| last + 1);
    file.set_len(whole as u64)?;
    file.seek(SeekFrom::End(0))?;
    Ok(file)
}

fn write(mut ledger: File, mut truths: File, mut lines: mpsc::Receiver<Line>) -> io::Result<u64> {
    let (mut recorded, mut ended) = (0, false);
    let mut group = Vec::new();
    while !ended && lines.blocking_recv_many(&mut group, GROUP) > 0 {
        let (mut entries, mut views, mut count) = (Vec::new(), Vec::new(), 0);
        for line in group.drain(..) {
            match line {
                Line::End => {
                    ended = true;
                    break;
                }
                Line::Truth(truth) => append(&mut views, &truth)?,
                Line::Acknowledged(acknowledged) => {
                    count += acknowledged.len() as u64;
                    acknowledged.iter().try_for_each(|entry| append(&mut entries, entry))?;
                }
            }
        }
        // The truth first: no view may stand in the ledger that nothing is known about.
        truths.write_all(&views)?;
        if count > 0 {
            ledger.write_all(&entries)?;
            ledger.sync_data()?;
            recorded += count;
        }
    }
    truths.sync_data()?;
    Ok(recorded)
}

fn append(to: &mut Vec<u8>, line: &impl Serialize) -> io::Result<()> {
    serde_json::to_writer(&mut *to, line)?;
    to.push(b'\n');
    Ok(())
}

/// Reads lines back; an unfinished last one does not count.
///
/// # Errors
/// The file cannot be read, or a finished line is not what it should be.
pub fn read<T: for<'de> Deserialize<'de>>(path: &Path) -> io::Result<Vec<T>> {
    let text = std::fs::read_to_string(path)?;
    let finished = text.rfind('\n').map_or("", |last| &text[..last]);
    let lines = finished.lines().enumerate().filter(|(_, line)| !line.is_empty());
    lines
        .map(|(index, line)| {
            let wrong =
                |error| io::Error::new(io::ErrorKind::InvalidData, format!("line {}: {error}", index + 1));
            serde_json::from_str(line).map_err(wrong)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(seq: u64) -> Entry {
        Entry { format: "native".into(), view: "v".into(), seq, acked_ms: 1, position: Some("0:1".into()) }
    }

    #[tokio::test]
    async fn runs_add_up_and_an_unfinished_line_does_not_count() {
        let dir = tempfile::tempdir().expect("temp dir");
        let path = dir.path().join("ledger");
        for run in 0..2 {
            let (journal, writer) = open(&path).expect("opens");
            let truth = Truth {
                format: "native".into(),
                view: "v".into(),
                events: 9,
                sequences: Vec::new(),
                sent: None,
                figures: None,
            };
            assert!(journal.truth(truth).await);
            assert!(journal.acknowledged(vec![entry(2 * run + 1), entry(2 * run + 2)]).await);
            journal.end().await;
            assert_eq!(writer.finish().expect("written"), 2);
            let mut torn = OpenOptions::new().append(true).open(&path).expect("opens");
            torn.write_all(b"{\"format\":\"nat").expect("written");
        }
        let sequences: Vec<u64> =
            read::<Entry>(&path).expect("readable").into_iter().map(|entry| entry.seq).collect();
        assert_eq!(sequences, [1, 2, 3, 4]);
        assert_eq!(read::<Truth>(&truth_path(&path)).expect("readable").len(), 2);
    }
}
