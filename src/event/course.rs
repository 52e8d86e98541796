//! What follows from a timeline, in a form that can be stored and merged: totals and played ranges do not join by larger or
//! smaller (a pause that comes late takes playing time away), so they are reckoned from all that is known and carry how
//! much that was.
//!
//! [`Known`] only ever grows, and [`Extent`] grows with it: of two courses of one view the one with the larger extent was
//! reckoned from more, so `max` of (extent, course) in ClickHouse keeps it, in any order and with any repetition. Whoever
//! writes courses has read the records of a view in the order of their partition, so of two different ones one always
//! knows all that the other knows.

use super::{
    timeline::{Course, Moment, Timeline},
    view::View,
};

/// Bits of a moment's bitrate and playhead in [`Extent::said`].
const BITRATE_BITS: u32 = 64;
const PLAYHEAD_BITS: u32 = 40;

/// How much a course was reckoned from; strictly larger for whoever knows strictly more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Extent {
    /// Number of moments.
    pub moments: u32,
    /// Last event on the client's clock, Unix ms or any other.
    pub last_t_ms: i64,
    /// What the moments say, added up so that a moment that becomes larger in its own order makes the sum larger.
    pub said: u128,
}

/// A course and what it was reckoned from.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Reckoned {
    pub extent: Extent,
    pub course: Course,
}

/// All that is known of the timeline of one view. `Default` is the neutral element.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Known {
    pub timeline: Timeline,
    pub last_t_ms: Option<i64>,
}

impl Known {
    /// Joins what a piece of the view knows.
    pub fn learn(&mut self, piece: &View) {
        self.merge(&piece.timeline, piece.last_t_ms);
    }

    fn merge(&mut self, timeline: &Timeline, last_t_ms: Option<i64>) {
        self.timeline.merge(timeline);
        self.last_t_ms = self.last_t_ms.max(last_t_ms);
    }

    /// What follows; nothing where the client counts itself.
    pub fn reckon(&self) -> Option<Reckoned> {
        let last_t_ms = self.last_t_ms.unwrap_or(0);
        (!self.timeline.is_empty())
            .then(|| Reckoned { extent: self.extent(), course: self.timeline.course(last_t_ms) })
    }

    fn extent(&self) -> Extent {
        Extent {
            moments: u32::try_from(self.timeline.0.len()).unwrap_or(u32::MAX),
            last_t_ms: self.last_t_ms.unwrap_or(0),
            said: self.timeline.0.values().map(said).fold(0, u128::wrapping_add),
        }
    }
}

/// A number that orders moments as they are ordered: state, playhead, bitrate. A million of them fit into 128 bits.
fn said(moment: &Moment) -> u128 {
    let playhead = u128::try_from(moment.playhead_ms + 1).unwrap_or(0);
    u128::from(moment.state) << (BITRATE_BITS + PLAYHEAD_BITS)
        | playhead << BITRATE_BITS
        | u128::from(moment.bitrate)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn any_known() -> impl Strategy<Value = Known> {
        let moment = (0_u8..10, -1_i64..3, 0_u64..3).prop_map(|(state, playhead_ms, bitrate)| Moment {
            state,
            playhead_ms,
            bitrate,
        });
        // Few places, so that two of them often speak of the same one.
        let moments = prop::collection::btree_map(0_u64..6, moment, 1..6);
        (moments, 0_i64..4)
            .prop_map(|(moments, last)| Known { timeline: Timeline(moments), last_t_ms: Some(last) })
    }

    proptest! {
        #[test]
        fn whoever_knows_more_has_the_larger_extent(some in any_known(), other in any_known()) {
            let mut both = some.clone();
            both.merge(&other.timeline, other.last_t_ms);
            for one in [some, other] {
                prop_assert_eq!(both.extent() > one.extent(), both != one);
                prop_assert_eq!(both.extent() == one.extent(), both == one);
            }
        }
    }
}
