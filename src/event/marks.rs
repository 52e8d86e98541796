//! What happened at which point of playing: changes of rendition, stalls, seeks and the course of ads.
//!
//! Totals say how much; marks say when, and with it what a stall followed, how long each rendition played, and which ads
//! came to a picture. They are a map from order to [`Mark`], joined by union, so they are a semilattice like the rest of
//! a view. The figures made of them are computed on reading, in the ClickHouse view `views`.

use std::collections::BTreeMap;

use super::record::{AttributeKey, Event, Kind};

/// Most marks of one view: some hours of a player that changes its rendition every three seconds. The earliest are kept,
/// which is a semilattice too. A piece of a view has no more; what many pieces add up to is bounded by the processor
/// ([`Marks::keep`]).
pub const MOST: usize = 5_000;

/// What a mark says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum MarkKind {
    Rendition = 1,
    StallBegun = 2,
    StallOver = 3,
    Seeked = 4,
    // From here on: ads.
    AdBreak = 5,
    AdBreakOver = 6,
    /// An ad was told to play, for the first time or after a pause.
    AdPlay = 7,
    /// Its picture moves.
    AdPlaying = 8,
    AdOver = 9,
    AdError = 10,
}

/// One mark; the larger of two for one place wins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mark {
    pub kind: MarkKind,
    /// The view's playing time by then.
    pub playing_ms: u32,
    /// Of a rendition its bitrate in bit/s, of a stall the view's rebuffering time by then in ms.
    pub amount: u64,
    /// Of a rendition its height, px.
    pub height: u32,
}

/// All marks of a view. `Default` is the neutral element.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Marks(pub BTreeMap<u64, Mark>);

impl Marks {
    /// Notes an event, if it is one that leaves a mark.
    pub fn learn(&mut self, order: u64, event: &Event<'_>) {
        let Some(kind) = kind(event) else { return };
        let number = |key| event.attributes.iter().find(|a| a.key() == key).map_or(0, |a| a.number);
        let counters = event.counters.unwrap_or_default();
        let (amount, height) = match kind {
            MarkKind::Rendition => {
                (number(AttributeKey::RenditionBitrate), number(AttributeKey::RenditionHeight))
            }
            MarkKind::StallBegun | MarkKind::StallOver => (counters.rebuffer_ms.unwrap_or(0).into(), 0),
            _ => (0, 0),
        };
        if kind == MarkKind::Rendition && (amount, height) == (0, 0) {
            return;
        }
        let height = u32::try_from(height).unwrap_or(u32::MAX);
        self.note(order, Mark { kind, playing_ms: counters.playing_ms.unwrap_or(0), amount, height });
    }

    /// Joins what `other` knows.
    pub fn merge(&mut self, other: &Self) {
        other.0.iter().for_each(|(order, mark)| self.note(*order, *mark));
    }

    /// Lets go of all but the earliest `most`.
    pub fn keep(&mut self, most: usize) {
        while self.0.len() > most {
            self.0.pop_last();
        }
    }

    fn note(&mut self, order: u64, mark: Mark) {
        self.0.entry(order).and_modify(|known| *known = (*known).max(mark)).or_insert(mark);
        self.keep(MOST);
    }
}

/// The mark an event leaves, if any. Ads have no words of their own in our beacon beyond the break; those of mux-embed are
/// understood from anybody.
pub fn kind(event: &Event<'_>) -> Option<MarkKind> {
    Some(match event.kind() {
        Kind::Renditionchange => MarkKind::Rendition,
        Kind::Rebufferstart => MarkKind::StallBegun,
        Kind::Rebufferend => MarkKind::StallOver,
        Kind::Seeked => MarkKind::Seeked,
        Kind::Adstart => MarkKind::AdBreak,
        Kind::Adend => MarkKind::AdBreakOver,
        Kind::Other => match &*event.name {
            "adplay" => MarkKind::AdPlay,
            "adplaying" => MarkKind::AdPlaying,
            "adended" | "adskipped" => MarkKind::AdOver,
            "aderror" => MarkKind::AdError,
            _ => return None,
        },
        _ => return None,
    })
}
