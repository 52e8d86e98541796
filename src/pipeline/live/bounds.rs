//! How much of what is going on now is kept in memory. An ingest key is known to everybody who plays a
//! video, so anybody can begin views without end, each with a text, a title and a length as large as a beacon may say.
//!
//! What is beyond a bound is stored as ever and missing in what is live alone; `playhead_live_views_left_out_total` counts it.

use crate::event::View;

/// Bytes of all views of all environments, by default for some 250,000 that are open or were so ten minutes ago. Those that come
/// then are left out, of environments that have their share already ([`Room::is_crowded`]).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Room(pub usize);

impl Default for Room {
    fn default() -> Self {
        Self(1 << 30)
    }
}

impl Room {
    /// Whether an environment whose views take `own` bytes has to do with what it has: `all` is what those of all `count`
    /// environments take. Nobody who has less than an equal share is left out because of the others.
    pub fn is_crowded(self, own: usize, all: usize, count: usize) -> bool {
        all >= self.0 && own >= self.0 / count.max(1)
    }
}

/// Bytes of one view. It stays as it was when it grows beyond.
pub const MOST_OF_A_VIEW: usize = 1 << 20;
/// Seconds of media in the heatmaps of an environment's videos: five and a half thousand of an hour each, 320 MB.
pub const MOST_HEAT_SECONDS: usize = 20_000_000;
/// Seconds in the charts of an environment's videos: eleven thousand that are watched for as long as a chart goes back, 320 MB.
/// With more of them charts go back less far.
pub const MOST_CHART_SECONDS: usize = 10_000_000;
/// Places of `custom` events that an environment's videos have together.
pub const MOST_MOMENTS: usize = 1_000_000;
/// Videos that are remembered once nobody watches them.
pub const MOST_QUIET_VIDEOS: usize = 20_000;

/// What a view without anything in it takes, with its place among the others.
const VIEW: usize = 2000;
/// What one entry of a map takes besides its text.
const ENTRY: usize = 64;

/// About what a view takes in memory.
pub fn bytes(view: &View) -> usize {
    let texts: usize = view.text.values().map(|text| text.value.len()).sum();
    let custom: usize = view.custom.iter().map(|(name, text)| name.len() + text.value.len() + ENTRY).sum();
    let moments: usize = view.moments.0.values().map(|moment| moment.name.len() + ENTRY).sum();
    let entries = view.text.len()
        + view.number.len()
        + view.marks.0.len()
        + view.timeline.0.len()
        + view.segment_from_ms.len()
        + view.error_sequences.len();
    VIEW + texts + custom + moments + entries * ENTRY
}
