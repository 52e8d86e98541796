//! What was sent and what was acknowledged, held against what the service shows over its public interface. Shares no code
//! with the service, nor with `playhead verify`.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    fs::File,
    io::{BufWriter, Write},
    path::Path,
    sync::Mutex,
    time::{Duration, Instant},
};

use serde::Deserialize;

/// Whose beacons.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    Native,
    Mux,
    Cmcd,
    Epas,
}

impl Format {
    pub const ALL: [Self; 4] = [Self::Native, Self::Mux, Self::Cmcd, Self::Epas];

    /// Whether the service keeps the sequence numbers of the client. Where not, the events of a view can be counted.
    fn is_numbered(self) -> bool {
        matches!(self, Self::Native | Self::Mux)
    }

    /// Whether its events say how long was played.
    pub fn tells_playing(self) -> bool {
        self.is_numbered()
    }
}

#[derive(Clone)]
struct View {
    format: Format,
    sent: BTreeSet<u64>,
    acknowledged: BTreeSet<u64>,
    /// As of the last event sent.
    playing_ms: Option<u64>,
}

/// See the module.
pub struct Ledger {
    views: Mutex<BTreeMap<String, View>>,
    file: Mutex<Option<BufWriter<File>>>,
}

/// What a comparison found.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Tally {
    pub acknowledged: u64,
    pub missing: u64,
    pub invented: u64,
    pub doubled: u64,
}

impl Tally {
    pub fn is_clean(self) -> bool {
        self.missing + self.invented + self.doubled == 0
    }
}

impl std::ops::AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.acknowledged += other.acknowledged;
        self.missing += other.missing;
        self.invented += other.invented;
        self.doubled += other.doubled;
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { acknowledged, missing, invented, doubled } = self;
        write!(f, "acknowledged {acknowledged:>7}  missing {missing} invented {invented} doubled {doubled}")
    }
}

/// One line of the service's answer.
#[derive(Debug, Default, Clone, Deserialize)]
struct Shown {
    view_id: String,
    sequences: Vec<(u64, u64)>,
    event_rows: u64,
    view_rows: u64,
    figures: Option<Figures>,
}

#[derive(Debug, Clone, Deserialize)]
struct Figures {
    playing_ms: u64,
}

/// Where to look.
pub struct Reader<'a> {
    pub url: &'a str,
    /// `id:secret`.
    pub token: &'a str,
    /// How long the service may take until everything can be read.
    pub patience: Duration,
}

impl Ledger {
    /// A ledger that is also written to `path`, a line for each acknowledged event.
    pub fn new(path: &Path) -> Self {
        let file = BufWriter::new(File::create(path).expect("a ledger file"));
        Self { views: Mutex::default(), file: Mutex::new(Some(file)) }
    }

    /// What it says at this moment; in memory alone.
    #[allow(dead_code, reason = "of `make faults`")]
    pub fn as_of_now(&self) -> Self {
        Self { views: Mutex::new(self.views.lock().expect("no panic").clone()), file: Mutex::default() }
    }

    /// About to be given to the network.
    pub fn sent(&self, format: Format, view: &str, sequences: &[u64], playing_ms: Option<u64>) {
        let mut views = self.views.lock().expect("no panic");
        let known = views.entry(view.to_owned()).or_insert_with(|| View {
            format,
            sent: BTreeSet::new(),
            acknowledged: BTreeSet::new(),
            playing_ms: None,
        });
        known.sent.extend(sequences);
        known.playing_ms = playing_ms;
    }

    /// Answered for by the service.
    pub fn acknowledged(&self, view: &str, sequences: &[u64]) {
        let mut views = self.views.lock().expect("no panic");
        let known = views.get_mut(view).expect("it was sent");
        known.acknowledged.extend(sequences);
        let mut file = self.file.lock().expect("no panic");
        let Some(file) = &mut *file else { return };
        for sequence in sequences {
            writeln!(file, "{:?} {view} {sequence}", known.format).expect("the ledger can be written");
        }
    }

    /// How many events were acknowledged so far.
    pub fn len(&self) -> u64 {
        let views = self.views.lock().expect("no panic");
        views.values().map(|view| view.acknowledged.len() as u64).sum()
    }

    /// Compares with what the service shows; says what is wrong on standard error.
    pub async fn compare(&self, reader: &Reader<'_>) -> Tally {
        if let Some(file) = &mut *self.file.lock().expect("no panic") {
            file.flush().expect("the ledger can be written");
        }
        let ids: Vec<String> = self.views.lock().expect("no panic").keys().cloned().collect();
        let mut tally = Tally { acknowledged: self.len(), ..Tally::default() };
        let deadline = Instant::now() + reader.patience;
        ask(reader, &[], "?wait_ms=25000", deadline).await;
        for some in ids.chunks(500) {
            let shown = ask(reader, some, "", deadline).await;
            let views = self.views.lock().expect("no panic");
            for id in some {
                judge(id, &views[id], shown.get(id).cloned().unwrap_or_default(), &mut tally);
            }
        }
        tally
    }
}

async fn ask(reader: &Reader<'_>, ids: &[String], query: &str, deadline: Instant) -> BTreeMap<String, Shown> {
    let (id, secret) = reader.token.split_once(':').expect("id:secret");
    let http =
        reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(60)).build().expect("a client");
    loop {
        let request = http.post(format!("{}/data/v1/ledger{query}", reader.url)).basic_auth(id, Some(secret));
        let why = match request.json(ids).send().await {
            Ok(answer) if answer.status().is_success() => match answer.text().await {
                Ok(text) => return text.lines().map(parse).collect(),
                Err(error) => error.to_string(),
            },
            Ok(answer) => answer.status().to_string(),
            Err(error) => error.to_string(),
        };
        assert!(Instant::now() < deadline, "the service does not settle: {why}");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

fn parse(line: &str) -> (String, Shown) {
    let shown: Shown = serde_json::from_str(line).expect("a line of the ledger's answer");
    (shown.view_id.clone(), shown)
}

fn judge(id: &str, wanted: &View, shown: Shown, tally: &mut Tally) {
    let stored: BTreeSet<u64> = shown.sequences.iter().flat_map(|(first, last)| *first..=*last).collect();
    let (missing, invented) = if wanted.format.is_numbered() {
        (wanted.acknowledged.difference(&stored).count(), stored.difference(&wanted.sent).count())
    } else {
        let (acknowledged, sent) = (wanted.acknowledged.len(), wanted.sent.len());
        (acknowledged.saturating_sub(stored.len()), stored.len().saturating_sub(sent))
    };
    let mut doubled =
        shown.event_rows.saturating_sub(stored.len() as u64) + shown.view_rows.saturating_sub(1);
    let mut missing = missing as u64 + u64::from(shown.view_rows == 0 && !wanted.acknowledged.is_empty());
    // A figure is known when nothing is left in the air.
    if let (Some(expected), Some(figures), true) =
        (wanted.playing_ms, &shown.figures, wanted.sent == wanted.acknowledged)
    {
        missing += u64::from(figures.playing_ms < expected);
        doubled += u64::from(figures.playing_ms > expected);
    }
    if missing + invented as u64 + doubled > 0 {
        let Shown { event_rows, view_rows, figures, .. } = shown;
        eprintln!(
            "{:?} view {id}: missing {missing} invented {invented} doubled {doubled}: {} acknowledged, {event_rows} event rows, \
            {view_rows} view rows, {figures:?}",
            wanted.format,
            wanted.acknowledged.len(),
        );
    }
    tally.missing += missing;
    tally.invented += invented as u64;
    tally.doubled += doubled;
}
