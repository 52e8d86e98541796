//! How many watch, rebuffer or have failed, by each value of a dimension. Kept up to date view by view, so that an answer costs
//! what it lists, however many views there are.

use foldhash::HashMap;

use super::{
    monitor::{Group, Shared},
    standing::Standing,
};
use crate::event::AttributeKey;

/// Dimensions of the topics `breakdown` and `problems`.
pub const DIMENSIONS: [(&str, AttributeKey); 9] = [
    ("country", AttributeKey::Country),
    ("cdn", AttributeKey::Cdn),
    ("browser", AttributeKey::Browser),
    ("operating_system", AttributeKey::OperatingSystem),
    ("device", AttributeKey::Device),
    ("player_software", AttributeKey::PlayerSoftware),
    ("stream_type", AttributeKey::StreamType),
    ("asn_organization", AttributeKey::AsnOrganization),
    ("video_title", AttributeKey::VideoTitle),
];

/// Viewers, of them rebuffering, and failed views of one value of a dimension; in millionths of a view.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Share {
    pub viewers: i64,
    pub rebuffering: i64,
    pub failures: i64,
    /// How many views this rests on, whatever they stand for.
    pub measured: u32,
}

impl Share {
    /// What one view of this group and standing adds.
    fn of(group: &Group, standing: Standing) -> Self {
        let if_so = |holds: bool| if holds { group.stands_for() } else { 0 };
        let share = Self {
            viewers: if_so(standing.is_viewer()),
            rebuffering: if_so(standing == Standing::Rebuffering),
            failures: if_so(standing == Standing::Failed),
            measured: 0,
        };
        Self { measured: u32::from(share != Self::default()), ..share }
    }

    /// Both together.
    pub fn and(self, other: Self) -> Self {
        Self {
            viewers: self.viewers + other.viewers,
            rebuffering: self.rebuffering + other.rebuffering,
            failures: self.failures + other.failures,
            measured: self.measured + other.measured,
        }
    }

    fn add(&mut self, other: Self) {
        *self = self.and(other);
    }

    fn take(&mut self, other: Self) {
        self.viewers -= other.viewers;
        self.rebuffering -= other.rebuffering;
        self.failures -= other.failures;
        self.measured -= other.measured;
    }
}

/// The shares of all values, a map for each of [`DIMENSIONS`].
#[derive(Debug, Default)]
pub struct Shares([HashMap<Box<str>, Share>; DIMENSIONS.len()]);

impl Shares {
    /// The values of a dimension and their shares; nobody's value is not among them.
    pub fn of(&self, dimension: AttributeKey) -> impl Iterator<Item = (&str, Share)> {
        let map = DIMENSIONS.iter().zip(&self.0).find(|((_, key), _)| *key == dimension).map(|(_, map)| map);
        map.into_iter().flatten().map(|(value, share)| (&**value, *share))
    }

    /// Moves a view from where it was counted to where it is now; none counts nowhere.
    pub(super) fn shift(&mut self, was: Option<(&Shared, Standing)>, is: Option<(&Shared, Standing)>) {
        let share =
            |place: Option<(&Shared, Standing)>| place.map(|(group, standing)| Share::of(group, standing));
        if share(was) == share(is) && was.map(|(group, _)| group) == is.map(|(group, _)| group) {
            return;
        }
        if let Some((group, standing)) = is {
            self.change(group, Share::of(group, standing), Share::add);
        }
        if let Some((group, standing)) = was {
            self.change(group, Share::of(group, standing), Share::take);
        }
    }

    fn change(&mut self, group: &Group, by: Share, change: fn(&mut Share, Share)) {
        if by == Share::default() {
            return;
        }
        for ((_, key), map) in DIMENSIONS.iter().zip(&mut self.0) {
            let value = group.text(*key);
            let share = match map.get_mut(value) {
                Some(share) => share,
                None => map.entry(value.into()).or_default(),
            };
            change(share, by);
            if *share == Share::default() {
                map.remove(value);
            }
        }
    }
}
