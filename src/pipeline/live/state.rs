//! What is going on now, in memory: the open views of each environment and the counts drawn from them.
//!
//! Fed by records in any order with any repetition: [`View`] absorbs them, and every count is the difference between a
//! view before and after a record. Times are receive times, so a replay builds the same seconds.

use std::{cmp::Reverse, collections::BinaryHeap, sync::Arc};

use foldhash::HashMap;

use super::{
    bounds::{self, MOST_OF_A_VIEW, Room},
    counts::{Before, Marks},
    heat::{self, Stretch},
    monitor::{Monitor, Tracked},
    seen::Seen,
    standing::{GONE_AFTER_MS, KEEP_AFTER_MS, PAUSED_GONE_AFTER_MS},
};
pub use super::{
    counts::{Counts, LiveVideo},
    standing::Standing,
};
use crate::{
    event::{
        Format, Record, View,
        moments::{Moment, moment},
    },
    telemetry::{Metric, count},
};

/// Time passes at least in these steps.
const TICK_MS: i64 = 1_000;

/// One view in memory.
#[derive(Debug)]
pub struct LiveView {
    pub view: View,
    pub standing: Standing,
    pub start_ms: i64,
    pub events: Seen,
    /// What monitoring has counted of it.
    pub(super) tracked: Tracked,
    /// What the heatmap of its video has counted of it.
    pub(super) played: Vec<Stretch>,
    /// When it will be looked at without a beacon, Unix ms.
    wake_ms: i64,
    /// About what it takes in memory.
    bytes: usize,
}

/// One tenant's live state.
#[derive(Debug, Default)]
pub struct Environment {
    /// Each in a place of its own: a map that grows has half of its room to spare, and moves what is in it.
    pub views: HashMap<Arc<str>, Box<LiveView>>,
    pub counts: Counts,
    pub monitor: Monitor,
    /// Rises with every change, so that questions know when to look again.
    pub version: u64,
    /// Time has passed up to here, Unix ms.
    ticked_ms: i64,
    /// When each view may have to be looked at without a beacon.
    wake: BinaryHeap<Reverse<(i64, Arc<str>)>>,
    /// Views of erased viewers, by when they were last heard of, Unix ms.
    erased: HashMap<Arc<str>, i64>,
    /// What all views take, or more: those that have gone since are not taken off until there is need.
    bytes: usize,
    /// For the views of all environments.
    room: Room,
    /// It has its share of the room, and the others need the rest.
    is_crowded: bool,
}

impl Environment {
    pub(super) fn with_room(room: Room) -> Self {
        Self { room, ..Self::default() }
    }

    /// Takes in one record.
    pub fn learn(&mut self, record: &Record<'_>) {
        // After a restart time passes as it did: whoever fell silent then has not been watching until now.
        if record.received_ms - self.ticked_ms >= TICK_MS {
            self.tick(record.received_ms);
        }
        self.version += 1;
        let id = &*record.view_id;
        if self.is_erased(record) {
            return;
        }
        let most_events = Seen::most(self.views.len());
        let is_new = !self.views.contains_key(id);
        if is_new {
            if self.bytes >= self.room.0 || self.is_crowded {
                count(Metric::LiveViewsLeftOut, 1);
                return;
            }
            self.views.insert(id.into(), Box::new(LiveView::new(record.received_ms)));
        }
        let Some(live) = self.views.get_mut(id).filter(|live| live.bytes < MOST_OF_A_VIEW) else { return };
        let moments = live.new_moments(record);
        let before = live.learn(record, self.ticked_ms, most_events);
        self.bytes += live.weigh();
        self.counts.bound_heat(live, &before);
        self.monitor.follow(record.received_ms, live);
        self.counts.move_view(record.received_ms, id, live, Some(&before).filter(|_| !is_new));
        self.counts.note_moments(live, moments);
        if live.until_ms() < live.wake_ms {
            let until_ms = live.until_ms();
            self.wake_by(until_ms, id);
        }
    }

    /// Whether a record is of a view whose viewer was erased. What is known of the view is forgotten when the log says so; what
    /// the charts of the past have counted of it is nobody's any more.
    fn is_erased(&mut self, record: &Record<'_>) -> bool {
        let id = &*record.view_id;
        if let Some(heard_ms) = self.erased.get_mut(id) {
            *heard_ms = record.received_ms.max(*heard_ms);
            return true;
        }
        if record.format() != Format::Erasure {
            return false;
        }
        self.erased.insert(id.into(), record.received_ms);
        if let Some(mut live) = self.views.remove(id) {
            let before = Before { marks: Marks::of(&live), played: std::mem::take(&mut live.played) };
            live.standing = Standing::Gone;
            self.monitor.follow(record.received_ms, &mut live);
            self.counts.move_view(record.received_ms, id, &live, Some(&before));
            self.counts.forget(id, &Marks::of(&live));
        }
        true
    }

    /// Forgets everything but whose viewers were erased: the clock was set back.
    pub fn begin_anew(&mut self, now_ms: i64) {
        let mut erased = std::mem::take(&mut self.erased);
        erased.values_mut().for_each(|heard_ms| *heard_ms = now_ms.min(*heard_ms));
        *self = Self { erased, version: self.version + 1, ..Self::with_room(self.room) };
    }

    /// Lets time pass: silent views go, old counts are forgotten, charts get their newest second.
    pub fn tick(&mut self, now_ms: i64) {
        while self.wake.peek().is_some_and(|Reverse((at_ms, _))| *at_ms <= now_ms) {
            if let Some(Reverse((at_ms, id))) = self.wake.pop() {
                self.look_at(&id, at_ms, now_ms);
            }
        }
        self.ticked_ms = self.ticked_ms.max(now_ms);
        self.monitor.advance(now_ms);
        self.counts.advance(now_ms / 1000, !self.views.is_empty());
        self.erased.retain(|_, heard_ms| now_ms - *heard_ms < PAUSED_GONE_AFTER_MS);
        if self.bytes > self.room.0 / 2 {
            self.weigh();
        }
        self.version += 1;
    }

    /// Finds out what its views take; about that, or more, is known without.
    fn weigh(&mut self) {
        self.bytes = self.views.values().map(|live| live.bytes).sum();
    }

    /// Shares the room for views among environments.
    pub(super) fn share_room<'a>(room: Room, environments: impl Iterator<Item = &'a mut Self>) {
        let mut environments: Vec<&mut Self> = environments.collect();
        let sum = |environments: &[&mut Self]| environments.iter().map(|environment| environment.bytes).sum();
        let mut all: usize = sum(&environments);
        if all >= room.0 {
            environments.iter_mut().for_each(|environment| environment.weigh());
            all = sum(&environments);
        }
        let count = environments.len();
        for environment in environments {
            environment.is_crowded = room.is_crowded(environment.bytes, all, count);
        }
    }

    /// A view's time has come: it is gone, or it may be forgotten, or it was heard of meanwhile.
    fn look_at(&mut self, id: &str, at_ms: i64, now_ms: i64) {
        let Some(live) = self.views.get_mut(id).filter(|live| live.wake_ms == at_ms) else { return };
        let marks = Marks::of(live);
        let silent_ms = now_ms - live.view.last_received_ms;
        if live.standing.is_over() && silent_ms >= KEEP_AFTER_MS
            || live.standing == Standing::Idle && silent_ms >= GONE_AFTER_MS
        {
            self.counts.forget(id, &marks);
            self.views.remove(id);
            return;
        }
        let before = Before { marks, played: live.played.clone() };
        live.standing = Standing::of(&live.view, now_ms);
        self.monitor.follow(now_ms, live);
        self.counts.move_view(now_ms, id, live, Some(&before));
        let until_ms = live.until_ms().max(now_ms + TICK_MS);
        self.wake_by(until_ms, id);
    }

    /// Sees to it that a view is looked at by then: who goes on after a pause may fall silent much sooner.
    fn wake_by(&mut self, at_ms: i64, id: &str) {
        let Some((id, _)) = self.views.get_key_value(id) else { return };
        let id = Arc::clone(id);
        if let Some(live) = self.views.get_mut(&id) {
            live.wake_ms = at_ms;
        }
        self.wake.push(Reverse((at_ms, id)));
    }
}

impl LiveView {
    /// A view of which nothing is known but when its first record arrived.
    fn new(start_ms: i64) -> Self {
        Self {
            view: View::default(),
            standing: Standing::Idle,
            start_ms,
            events: Seen::default(),
            tracked: Tracked::default(),
            played: Vec::new(),
            wake_ms: i64::MAX,
            bytes: 0,
        }
    }

    /// Looks how large it is now; what it has grown by comes back.
    fn weigh(&mut self) -> usize {
        let before = std::mem::replace(&mut self.bytes, bounds::bytes(&self.view));
        self.bytes.saturating_sub(before)
    }

    /// Takes in a record; what counts looked at before comes back.
    fn learn(&mut self, record: &Record<'_>, ticked_ms: i64, most_events: usize) -> Before {
        let before = Before { marks: Marks::of(self), played: std::mem::take(&mut self.played) };
        self.view.learn(record);
        self.start_ms = self.start_ms.min(record.received_ms);
        record.events.iter().for_each(|event| self.events.insert(event));
        self.events.keep(most_events);
        // A record that comes late does not bring back whoever has gone meanwhile.
        self.standing = Standing::of(&self.view, record.received_ms.max(ticked_ms));
        self.played = heat::played(&self.view);
        before
    }

    /// What the viewer did of the customer's own by this record and is not known yet.
    fn new_moments(&self, record: &Record<'_>) -> Vec<Moment> {
        let fresh = record.events.iter().filter(|event| !self.view.moments.0.contains_key(&event.sequence));
        fresh.filter_map(moment).collect()
    }

    /// How long it stays where it stands without a word, Unix ms.
    fn until_ms(&self) -> i64 {
        self.standing.lasts_until_ms(&self.view)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        event::{Attribute, AttributeKey, Event, Kind, Segment},
        pipeline::live::bounds::MOST_HEAT_SECONDS,
    };

    const DAY_S: usize = 24 * 3600;

    /// A beacon of a new view of a new video, played at its very end.
    fn record(number: usize, received_ms: i64) -> Record<'static> {
        let name = number.to_string();
        let video = Attribute::of_text(AttributeKey::VideoId, name.clone());
        let last = Segment { number: 0, from_ms: 86_398_000, to_ms: 86_399_000 };
        let event = Event {
            sequence: 1,
            kind: Kind::Play as i32,
            attributes: vec![video],
            segments: vec![last],
            ..Event::default()
        };
        Record { view_id: name.into(), received_ms, events: vec![event], ..Record::default() }
    }

    fn heat_seconds(environment: &Environment) -> usize {
        environment.counts.videos.values().map(|video| video.heat.plays.len()).sum()
    }

    #[test]
    fn heatmaps_have_room_for_so_many_seconds_and_no_more() {
        let mut environment = Environment::default();
        let more = MOST_HEAT_SECONDS / DAY_S + 50;
        (0..more).for_each(|number| environment.learn(&record(number, 0)));
        assert_eq!((environment.views.len(), environment.counts.videos.len()), (more, more));
        let held = heat_seconds(&environment);
        assert!(held <= MOST_HEAT_SECONDS && held > MOST_HEAT_SECONDS - DAY_S, "{held}");
        // Nobody has watched them for as long as charts go back.
        environment.tick(60_000);
        environment.tick(20 * 60_000);
        assert_eq!(heat_seconds(&environment), 0);
        environment.learn(&record(more, 20 * 60_000));
        assert_eq!(heat_seconds(&environment), DAY_S - 1);
    }

    #[test]
    fn an_environment_that_takes_all_the_room_leaves_the_others_their_share() {
        let (mut loud, mut quiet) = (Environment::default(), Environment::default());
        loud.learn(&record(0, 0));
        quiet.learn(&record(0, 0));
        let size = loud.bytes;
        loud.views.values_mut().for_each(|live| live.bytes = Room::default().0);
        loud.weigh();
        Environment::share_room(Room::default(), [&mut loud, &mut quiet].into_iter());
        (loud.bytes, quiet.bytes) = (size, size);
        loud.learn(&record(1, 0));
        quiet.learn(&record(1, 0));
        assert_eq!((loud.views.len(), quiet.views.len()), (1, 2));
        loud.views.values_mut().for_each(|live| live.bytes = size);
        Environment::share_room(Room::default(), [&mut loud, &mut quiet].into_iter());
        loud.learn(&record(1, 0));
        assert_eq!(loud.views.len(), 2, "there is room again");
    }

    #[test]
    fn charts_of_very_many_videos_go_back_less_far() {
        let mut environment = Environment::default();
        (0..5).for_each(|number| environment.learn(&record(number, 1_000)));
        (2..=30).for_each(|second| environment.tick(second * 1000));
        let seconds = |environment: &Environment| -> Vec<usize> {
            environment.counts.videos.values().map(|video| video.seconds.len()).collect()
        };
        assert_eq!(seconds(&environment), [30; 5]);
        environment.counts.shorten_charts(75);
        assert_eq!(seconds(&environment), [15; 5]);
        let newest = environment.counts.videos.values().next().map(|video| video.seconds.since(0).last());
        assert_eq!(newest.flatten().map(|(second, point)| (second, point.viewers)), Some((30, 1)));
    }

    #[test]
    fn without_memory_newcomers_are_left_out_until_others_go() {
        let mut environment = Environment::with_room(Room(1 << 20));
        environment.learn(&record(0, 0));
        environment.bytes = 1 << 20;
        environment.learn(&record(1, 0));
        assert_eq!(environment.views.len(), 1, "there was no room");
        environment.tick(1_000);
        environment.learn(&record(1, 1_000));
        assert_eq!(environment.views.len(), 2, "what is there is weighed anew");
    }
}
