//! Who is counted together: the values of all monitored dimensions of a view.

use std::{
    hash::{Hash, Hasher},
    sync::Arc,
};

use foldhash::HashSet;

use crate::{
    event::{AttributeKey, View, attribute::MILLIONTHS, engagement::ONE_VIEW},
    store::query::Bots,
};

/// A dimension of monitoring.
#[derive(Debug, PartialEq, Eq)]
pub struct Dimension {
    /// As everywhere in the API.
    pub name: &'static str,
    /// For people.
    pub display_name: &'static str,
    key: AttributeKey,
}

const fn dimension(name: &'static str, display_name: &'static str, key: AttributeKey) -> Dimension {
    Dimension { name, display_name, key }
}

/// What monitoring can be filtered and broken down by. Each multiplies the groups, so what only one view has is not here.
pub static DIMENSIONS: [Dimension; 17] = [
    dimension("asn", "Network", AttributeKey::Asn),
    dimension("asn_organization", "Network's organisation", AttributeKey::AsnOrganization),
    dimension("bot_class", "Robot", AttributeKey::BotClass),
    dimension("browser", "Browser", AttributeKey::Browser),
    dimension("cdn", "CDN", AttributeKey::Cdn),
    dimension("country", "Country", AttributeKey::Country),
    dimension("device", "Device", AttributeKey::Device),
    dimension("experiment_name", "Experiment", AttributeKey::Experiment),
    dimension("operating_system", "Operating system", AttributeKey::OperatingSystem),
    dimension("player_name", "Player name", AttributeKey::PlayerName),
    dimension("player_software", "Player software", AttributeKey::PlayerSoftware),
    dimension("region", "Region", AttributeKey::Region),
    dimension("stream_type", "Stream type", AttributeKey::StreamType),
    dimension("sub_property_id", "Sub-property", AttributeKey::SubPropertyId),
    dimension("video_id", "Video", AttributeKey::VideoId),
    dimension("video_series", "Series", AttributeKey::VideoSeries),
    dimension("video_title", "Title", AttributeKey::VideoTitle),
];

impl Dimension {
    /// The dimension called `name`.
    pub fn parse(name: &str) -> Option<&'static Self> {
        DIMENSIONS.iter().find(|dimension| dimension.name == name)
    }

    fn index(&self) -> usize {
        DIMENSIONS.iter().position(|dimension| dimension == self).unwrap_or(0)
    }
}

/// One combination of values.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct Group {
    /// In the order of [`DIMENSIONS`]; empty where nothing is known.
    values: [Box<str>; DIMENSIONS.len()],
    /// Which part of its views a client measures, in millionths; 0 means all.
    sample_rate: u64,
    /// Follows from the rest; kept because every record asks.
    stands_for: i64,
}

impl Group {
    fn new(values: [Box<str>; DIMENSIONS.len()], sample_rate: u64) -> Self {
        let mut group = Self { values, sample_rate, stands_for: 0 };
        if Bots::default().count(group.text(AttributeKey::BotClass)) {
            group.stands_for = (group.weight() * ONE_VIEW as f64).round() as i64;
        }
        group
    }

    fn of(view: &View) -> Self {
        let values = std::array::from_fn(|index| view.text(DIMENSIONS[index].key).into());
        Self::new(values, view.number(AttributeKey::SampleRate))
    }

    fn is_of(&self, view: &View) -> bool {
        let mut values = self.values.iter().zip(&DIMENSIONS);
        self.sample_rate == view.number(AttributeKey::SampleRate)
            && values.all(|(value, dimension)| **value == *view.text(dimension.key))
    }

    /// The value of a dimension.
    pub fn value(&self, dimension: &Dimension) -> &str {
        &self.values[dimension.index()]
    }

    /// The value of the dimension that is this attribute; empty too where none is.
    pub fn text(&self, key: AttributeKey) -> &str {
        DIMENSIONS.iter().position(|dimension| dimension.key == key).map_or("", |index| &self.values[index])
    }

    /// How many views each of this group stands for; the same as `weight` of the ClickHouse view `views`.
    #[expect(clippy::cast_precision_loss, reason = "at most a million")]
    pub fn weight(&self) -> f64 {
        let millionths = u64::from(MILLIONTHS);
        match self.sample_rate {
            0 => 1.0,
            rate => f64::from(MILLIONTHS) / rate.min(millionths) as f64,
        }
    }

    /// The same in millionths of a view, so that sums are exact; none for robots, which nobody is told of who does not ask for
    /// them ([`Bots`]).
    pub fn stands_for(&self) -> i64 {
        self.stands_for
    }

    /// Without anything but what every answer needs.
    fn coarse(&self) -> Self {
        let keep = |index: usize| DIMENSIONS[index].key == AttributeKey::BotClass;
        let values = std::array::from_fn(|i| if keep(i) { self.values[i].clone() } else { "".into() });
        Self::new(values, self.sample_rate)
    }
}

/// A group that is in memory once, so that two are equal exactly if they are the same.
#[derive(Debug, Clone)]
pub struct Shared(Arc<Group>);

impl std::ops::Deref for Shared {
    type Target = Group;

    fn deref(&self) -> &Group {
        &self.0
    }
}

impl PartialEq for Shared {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for Shared {}

impl Hash for Shared {
    fn hash<H: Hasher>(&self, state: &mut H) {
        Arc::as_ptr(&self.0).hash(state);
    }
}

/// All groups in use.
#[derive(Debug, Default)]
pub struct Groups(HashSet<Arc<Group>>);

impl Groups {
    /// The group a view belongs to now; `before` if that is still it.
    pub fn of(&mut self, view: &View, before: Option<&Shared>) -> Shared {
        match before {
            Some(before) if before.is_of(view) => before.clone(),
            _ => self.share(Group::of(view)),
        }
    }

    /// What is left of a group when its dimensions are forgotten.
    pub fn coarse(&mut self, group: &Shared) -> Shared {
        self.share(group.coarse())
    }

    /// Lets go of those nobody counts in any more.
    pub fn forget_unused(&mut self) {
        self.0.retain(|group| Arc::strong_count(group) > 1);
    }

    fn share(&mut self, group: Group) -> Shared {
        if let Some(known) = self.0.get(&group) {
            return Shared(Arc::clone(known));
        }
        let group = Arc::new(group);
        self.0.insert(Arc::clone(&group));
        Shared(group)
    }
}
