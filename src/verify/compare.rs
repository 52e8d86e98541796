//! What should be there against what is shown. Pure: the same ledger and the same answer give the same verdict.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    sync::Arc,
};

use serde::Deserialize;

use crate::simulate::ledger::{Entry, Figures, Truth};

/// What a ledger says, by view.
#[derive(Debug, Default)]
pub struct Expected {
    pub views: BTreeMap<Arc<str>, Wanted>,
}

/// What should be there of one view.
#[derive(Debug, Default)]
pub struct Wanted {
    pub acknowledged: BTreeSet<u64>,
    /// So many events may be stored, the first ones; `None` if only acknowledged ones may.
    pub sent: Option<u64>,
    /// The sequences of all events in order, if they are not simply counted from 1.
    pub sequences: Vec<u64>,
    pub figures: Option<Figures>,
}

/// What the server shows of one view (`POST /data/v1/ledger`). The default is: nothing.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
pub struct Shown {
    pub view_id: String,
    /// Sequences in `events`, as runs `[first, last]` in order.
    pub sequences: Vec<(u64, u64)>,
    /// Rows of the view in `events`, and rows that lie in the table before merging hides repeats.
    pub event_rows: u64,
    pub raw_event_rows: u64,
    /// Rows of the view in `views`.
    pub view_rows: u64,
    pub figures: Option<Figures>,
}

/// The outcome.
#[derive(Debug, Default)]
pub struct Verdict {
    pub acknowledged: u64,
    pub missing: u64,
    pub invented: u64,
    pub doubled: u64,
    /// Repeats that were stored and are hidden by the table's merge: no fault.
    pub hidden_repeats: u64,
    /// Views whose figures were compared.
    pub figures_compared: u64,
    pub differences: Vec<String>,
}

impl Expected {
    /// Puts ledger and truths together; of several truths about a view the last holds.
    pub fn new(entries: &[Entry], truths: Vec<Truth>) -> Self {
        let mut views: BTreeMap<Arc<str>, Wanted> = BTreeMap::new();
        for truth in truths {
            let wanted = views.entry(truth.view).or_default();
            wanted.sent = Some(truth.sent.unwrap_or(truth.events));
            wanted.sequences = truth.sequences;
            wanted.figures = truth.figures;
        }
        for entry in entries {
            views.entry(Arc::clone(&entry.view)).or_default().acknowledged.insert(entry.seq);
        }
        Self { views }
    }

    /// Acknowledged events.
    pub fn acknowledged(&self) -> u64 {
        self.views.values().map(|wanted| wanted.acknowledged.len() as u64).sum()
    }
}

impl Wanted {
    /// Whether an event of this sequence may be stored.
    fn allows(&self, sequence: u64) -> bool {
        match self.sent {
            Some(sent) if self.sequences.is_empty() => (1..=sent).contains(&sequence),
            Some(sent) => self.sequences.iter().take(sent as usize).any(|known| *known == sequence),
            None => self.acknowledged.contains(&sequence),
        }
    }
}

impl Verdict {
    /// Compares one view.
    pub fn judge(&mut self, view: &str, wanted: &Wanted, shown: Shown) {
        let stored: BTreeSet<u64> = shown.sequences.iter().flat_map(|(first, last)| *first..=*last).collect();
        let missing: Vec<_> = wanted.acknowledged.difference(&stored).collect();
        let foreign: Vec<_> = stored.iter().filter(|sequence| !wanted.allows(**sequence)).collect();
        let extra_rows = shown.event_rows - stored.len() as u64;
        let extra_views = shown.view_rows.saturating_sub(1);
        self.hidden_repeats += shown.raw_event_rows.saturating_sub(shown.event_rows);
        self.missing +=
            self.note(missing.len() as u64, || format!("view {view}: events {missing:?} are missing"));
        self.invented +=
            self.note(foreign.len() as u64, || format!("view {view}: events {foreign:?} were never sent"));
        self.doubled += self.note(extra_rows, || format!("view {view}: {extra_rows} events are there twice"));
        self.doubled +=
            self.note(extra_views, || format!("view {view}: {} rows in `views`", shown.view_rows));
        match (&wanted.figures, &shown.figures) {
            (Some(wanted), Some(shown)) => {
                self.figures_compared += 1;
                self.judge_figures(view, wanted, shown);
            }
            (Some(_), None) => self.missing += self.note(1, || format!("view {view} is missing in `views`")),
            (None, _) => {}
        }
    }

    fn judge_figures(&mut self, view: &str, wanted: &Figures, shown: &Figures) {
        let length =
            |figures: &Figures| figures.played_ranges.iter().map(|(from, to)| to - from).sum::<u64>();
        let both = [
            ("playing_ms", Some(wanted.playing_ms), Some(shown.playing_ms)),
            ("watch_ms", Some(wanted.watch_ms), Some(shown.watch_ms)),
            ("rebuffer_ms", Some(wanted.rebuffer_ms), Some(shown.rebuffer_ms)),
            ("rebuffer_count", Some(wanted.rebuffer_count), Some(shown.rebuffer_count)),
            ("seek_ms", Some(wanted.seek_ms), Some(shown.seek_ms)),
            ("seek_count", Some(wanted.seek_count), Some(shown.seek_count)),
            ("startup_ms", wanted.startup_ms, shown.startup_ms),
            ("length of played_ranges", Some(length(wanted)), Some(length(shown))),
        ];
        for (name, wanted, shown) in both {
            let wrong = match (wanted, shown) {
                _ if wanted == shown => continue,
                (Some(wanted), Some(shown)) if shown > wanted => &mut self.doubled,
                (None, Some(_)) => &mut self.invented,
                _ => &mut self.missing,
            };
            *wrong += 1;
            self.differences.push(format!("view {view}: {name} is {shown:?} and should be {wanted:?}"));
        }
        if length(wanted) == length(shown) && wanted.played_ranges != shown.played_ranges {
            self.missing += 1;
            self.differences.push(format!("view {view}: played_ranges are {:?}", shown.played_ranges));
        }
    }

    /// Writes a difference down if there is one, and passes its size on.
    fn note(&mut self, count: u64, text: impl FnOnce() -> String) -> u64 {
        if count > 0 {
            self.differences.push(text());
        }
        count
    }

    /// Whether the server shows exactly what was acknowledged.
    pub fn is_equal(&self) -> bool {
        self.missing == 0 && self.invented == 0 && self.doubled == 0
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { missing, invented, doubled, acknowledged, hidden_repeats, figures_compared, .. } = self;
        writeln!(
            f,
            "{figures_compared} views compared by their figures, {hidden_repeats} stored repeats hidden by the merge"
        )?;
        write!(f, "missing {missing} invented {invented} doubled {doubled} of {acknowledged} acknowledged")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figures() -> Figures {
        Figures {
            playing_ms: 3000,
            watch_ms: 4000,
            rebuffer_ms: 0,
            rebuffer_count: 0,
            seek_ms: 100,
            seek_count: 1,
            startup_ms: Some(900),
            played_ranges: vec![(0, 2000), (1000, 2000)],
        }
    }

    fn wanted() -> Wanted {
        Wanted {
            acknowledged: (1..=5).collect(),
            sent: Some(6),
            sequences: Vec::new(),
            figures: Some(figures()),
        }
    }

    fn shown() -> Shown {
        Shown {
            view_id: "v".into(),
            sequences: vec![(1, 5)],
            event_rows: 5,
            raw_event_rows: 6,
            view_rows: 1,
            figures: Some(figures()),
        }
    }

    fn counts(wanted: &Wanted, shown: Shown) -> (u64, u64, u64) {
        let mut verdict = Verdict::default();
        verdict.judge("v", wanted, shown);
        assert_eq!(verdict.differences.is_empty(), verdict.is_equal());
        (verdict.missing, verdict.invented, verdict.doubled)
    }

    #[test]
    fn what_was_sent_and_lost_its_answer_may_be_there() {
        assert_eq!(counts(&wanted(), shown()), (0, 0, 0));
        let with_unacknowledged = Shown { sequences: vec![(1, 6)], event_rows: 6, ..shown() };
        assert_eq!(counts(&wanted(), with_unacknowledged.clone()), (0, 0, 0));
        assert_eq!(counts(&Wanted { sent: None, ..wanted() }, with_unacknowledged), (0, 1, 0));
    }

    #[test]
    fn sequences_may_be_hashes() {
        let wanted = Wanted {
            acknowledged: [900, 70].into(),
            sent: Some(3),
            sequences: vec![900, 70, 8000, 6],
            figures: None,
        };
        let stored = |sequences: &[u64]| Shown {
            sequences: sequences.iter().map(|sequence| (*sequence, *sequence)).collect(),
            event_rows: sequences.len() as u64,
            view_rows: 1,
            ..shown()
        };
        assert_eq!(counts(&wanted, stored(&[70, 900, 8000])), (0, 0, 0));
        assert_eq!(counts(&wanted, stored(&[6, 70, 71])), (1, 2, 0), "6 was never sent");
    }

    #[test]
    fn each_fault_has_its_name() {
        assert_eq!(
            counts(&wanted(), Shown { sequences: vec![(1, 2), (4, 5)], event_rows: 4, ..shown() }),
            (1, 0, 0)
        );
        assert_eq!(
            counts(&wanted(), Shown { sequences: vec![(0, 5), (9, 9)], event_rows: 7, ..shown() }),
            (0, 2, 0)
        );
        assert_eq!(counts(&wanted(), Shown { event_rows: 7, ..shown() }), (0, 0, 2));
        assert_eq!(counts(&wanted(), Shown { view_rows: 2, ..shown() }), (0, 0, 1));
        assert_eq!(counts(&wanted(), Shown::default()), (6, 0, 0));
        let more = Figures { playing_ms: 3001, ..figures() };
        assert_eq!(counts(&wanted(), Shown { figures: Some(more), ..shown() }), (0, 0, 1));
        let less = Figures { seek_count: 0, startup_ms: None, ..figures() };
        assert_eq!(counts(&wanted(), Shown { figures: Some(less), ..shown() }), (2, 0, 0));
        let elsewhere = Figures { played_ranges: vec![(0, 1000), (0, 2000)], ..figures() };
        assert_eq!(counts(&wanted(), Shown { figures: Some(elsewhere), ..shown() }), (1, 0, 0));
    }
}
