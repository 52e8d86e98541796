//! What is going on now, in memory: the open views of each environment and the counts drawn from them.
//!
//! Fed by records in any order with any repetition: [`View`] absorbs them, and every count is the difference between a
//! view before and after a record. Times are receive times, so a replay builds the same seconds.

use std::collections::{BTreeMap, BinaryHeap, HashMap, VecDeque};
use std::{cmp::Reverse, sync::Arc};

pub use super::standing::Standing;
use super::standing::{GONE_AFTER_MS, KEEP_AFTER_MS};
use super::{
    heat::Heat,
    monitor::{Monitor, Tracked},
    window::{Seconds, Startups},
};
use crate::event::{AttributeKey, Kind, Record, View};

/// Seconds kept for charts: an hour for the environment, a quarter for each video.
const ENVIRONMENT_SECONDS: i64 = 3600;
const VIDEO_SECONDS: i64 = 900;
/// Newest events kept per view, and newest views listed per environment.
const EVENTS_PER_VIEW: usize = 500;
const NEWEST_VIEWS: usize = 500;
/// Time passes at least in these steps.
const TICK_MS: i64 = 1_000;
/// Places with `custom` events kept per video.
const MOMENTS_PER_VIDEO: usize = 1_000;

/// An event as the topic `view` lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenEvent {
    pub t_ms: i64,
    pub label: String,
    pub playhead_ms: Option<u64>,
}

/// One view in memory.
#[derive(Debug)]
pub struct LiveView {
    pub view: View,
    pub standing: Standing,
    pub start_ms: i64,
    /// By sequence; the oldest give way.
    pub events: BTreeMap<u64, SeenEvent>,
    /// What monitoring has counted of it.
    pub(super) tracked: Tracked,
    /// When it will be looked at without a beacon, Unix ms.
    wake_ms: i64,
}

/// One video: who watches now, what happened lately, what was played.
#[derive(Debug)]
pub struct LiveVideo {
    pub title: String,
    pub duration_ms: u64,
    pub total_views: u64,
    pub viewers: u32,
    pub rebuffering: u32,
    pub seconds: Seconds,
    pub heat: Heat,
    /// `custom` events by their name and the second of the video.
    pub moments: BTreeMap<(String, u32), u32>,
}

impl Default for LiveVideo {
    fn default() -> Self {
        Self {
            title: String::new(),
            duration_ms: 0,
            total_views: 0,
            viewers: 0,
            rebuffering: 0,
            seconds: Seconds::new(VIDEO_SECONDS),
            heat: Heat::default(),
            moments: BTreeMap::new(),
        }
    }
}

/// One tenant's live state.
#[derive(Debug)]
pub struct Environment {
    pub views: HashMap<Arc<str>, LiveView>,
    pub videos: HashMap<String, LiveVideo>,
    pub standings: HashMap<Standing, u32>,
    pub seconds: Seconds,
    pub startups: Startups,
    pub monitor: Monitor,
    /// Newest attempts first.
    pub newest: VecDeque<Arc<str>>,
    /// Rises with every change, so that questions know when to look again.
    pub version: u64,
    /// Time has passed up to here, Unix ms.
    ticked_ms: i64,
    /// When each view may have to be looked at without a beacon.
    wake: BinaryHeap<Reverse<(i64, Arc<str>)>>,
}

impl Default for Environment {
    fn default() -> Self {
        Self {
            views: HashMap::new(),
            videos: HashMap::new(),
            standings: HashMap::new(),
            seconds: Seconds::new(ENVIRONMENT_SECONDS),
            startups: Startups::default(),
            monitor: Monitor::default(),
            newest: VecDeque::new(),
            version: 0,
            ticked_ms: 0,
            wake: BinaryHeap::new(),
        }
    }
}

/// What is counted of a view, to see what a record changed.
#[derive(Clone, Copy)]
struct Marks {
    standing: Standing,
    attempted: bool,
    started: bool,
    failed: bool,
}

impl Marks {
    fn of(live: &LiveView) -> Self {
        let view = &live.view;
        Self {
            standing: live.standing,
            attempted: view.attempted,
            started: view.started(),
            failed: view.failed(),
        }
    }

    const NOTHING: Self = Self { standing: Standing::Idle, attempted: false, started: false, failed: false };
}

impl Environment {
    /// Takes in one record.
    pub fn learn(&mut self, record: &Record) {
        // After a restart time passes as it did: whoever fell silent then has not been watching until now.
        if record.received_ms - self.ticked_ms >= TICK_MS {
            self.tick(record.received_ms);
        }
        let id: Arc<str> = record.view_id.as_str().into();
        let known = self.views.remove(&id);
        let before = known.as_ref().map(|live| (Marks::of(live), live.view.clone()));
        let mut live = known.unwrap_or_else(|| LiveView {
            view: View::default(),
            standing: Standing::Idle,
            start_ms: record.received_ms,
            events: BTreeMap::new(),
            tracked: Tracked::default(),
            wake_ms: i64::MAX,
        });
        live.view.merge(&View::of(record));
        live.start_ms = live.start_ms.min(record.received_ms);
        let moments = moments(&live.events, record);
        remember_events(&mut live.events, record);
        // A record that comes late does not bring back whoever has gone meanwhile.
        live.standing = Standing::of(&live.view, record.received_ms.max(self.ticked_ms));
        self.monitor.follow(record.received_ms, &mut live);
        let marks = before.as_ref().map_or(Marks::NOTHING, |(marks, _)| *marks);
        self.wake_by(live.standing.lasts_until_ms(&live.view), &id, &mut live);
        self.count(record.received_ms, &id, &live, marks, before.as_ref().map(|(_, view)| view));
        if let Some(video) = self.videos.get_mut(live.view.text(AttributeKey::VideoId)) {
            for moment in moments {
                if video.moments.len() < MOMENTS_PER_VIDEO || video.moments.contains_key(&moment) {
                    *video.moments.entry(moment).or_default() += 1;
                }
            }
        }
        self.views.insert(id, live);
        self.version += 1;
    }

    /// Lets time pass: silent views go, old counts are forgotten, charts get their newest second.
    pub fn tick(&mut self, now_ms: i64) {
        while let Some(Reverse((at_ms, id))) = self.wake.peek().cloned() {
            if at_ms > now_ms {
                break;
            }
            self.wake.pop();
            self.look_at(&id, at_ms, now_ms);
        }
        self.ticked_ms = self.ticked_ms.max(now_ms);
        self.monitor.advance(now_ms);
        let now_s = now_ms / 1000;
        if !self.views.is_empty() {
            self.seconds.at(now_s);
        }
        self.seconds.forget(now_s);
        self.startups.forget(now_s);
        for video in self.videos.values_mut() {
            if video.viewers > 0 {
                video.seconds.at(now_s);
            }
            video.seconds.forget(now_s);
        }
        self.version += 1;
    }

    /// A view's time has come: it is gone, or it may be forgotten, or it was heard of meanwhile.
    fn look_at(&mut self, id: &Arc<str>, at_ms: i64, now_ms: i64) {
        let Some(mut live) = self.views.remove(id) else { return };
        if live.wake_ms != at_ms {
            self.views.insert(Arc::clone(id), live);
            return;
        }
        let marks = Marks::of(&live);
        let silent_ms = now_ms - live.view.last_received_ms;
        if live.standing.is_over() && silent_ms >= KEEP_AFTER_MS
            || live.standing == Standing::Idle && silent_ms >= GONE_AFTER_MS
        {
            self.forget(id, marks);
            return;
        }
        live.standing = Standing::of(&live.view, now_ms);
        self.monitor.follow(now_ms, &mut live);
        self.count(now_ms, id, &live, marks, Some(&live.view));
        live.wake_ms = i64::MAX;
        self.wake_by(live.standing.lasts_until_ms(&live.view).max(now_ms + TICK_MS), id, &mut live);
        self.views.insert(Arc::clone(id), live);
    }

    /// Sees to it that a view is looked at by then: who goes on after a pause may fall silent much sooner.
    fn wake_by(&mut self, at_ms: i64, id: &Arc<str>, live: &mut LiveView) {
        if at_ms < live.wake_ms {
            live.wake_ms = at_ms;
            self.wake.push(Reverse((at_ms, Arc::clone(id))));
        }
    }

    fn forget(&mut self, id: &Arc<str>, marks: Marks) {
        if let Some(count) = self.standings.get_mut(&marks.standing) {
            *count = count.saturating_sub(1);
        }
        self.newest.retain(|known| known != id);
    }

    /// Moves every count from what the view was to what it is.
    fn count(&mut self, at_ms: i64, id: &Arc<str>, live: &LiveView, was: Marks, before: Option<&View>) {
        let is = Marks::of(live);
        let is_new = before.is_none();
        if !is_new {
            let count = self.standings.entry(was.standing).or_default();
            *count = count.saturating_sub(1);
        }
        *self.standings.entry(is.standing).or_default() += 1;
        if is.attempted && !was.attempted {
            self.newest.push_front(Arc::clone(id));
            self.newest.truncate(NEWEST_VIEWS);
        }
        if is.started
            && !was.started
            && let Some(startup_ms) = live.view.startup_ms()
        {
            self.startups.add(at_ms / 1000, startup_ms);
        }
        let (viewers, rebuffering) = (self.viewers(), self.standing(Standing::Rebuffering));
        let point = self.seconds.at(at_ms / 1000);
        (point.viewers, point.rebuffering) = (viewers, rebuffering);
        tally(point, was, is);
        self.count_video(at_ms, live, was, is, before);
    }

    fn count_video(&mut self, at_ms: i64, live: &LiveView, was: Marks, is: Marks, before: Option<&View>) {
        let video_id = live.view.text(AttributeKey::VideoId);
        let old_id = before.map_or("", |view| view.text(AttributeKey::VideoId));
        if video_id.is_empty() {
            return;
        }
        // A view that learns its video (or changes it) counts there from the beginning.
        let moved = video_id != old_id;
        if moved
            && !old_id.is_empty()
            && let Some(old) = self.videos.get_mut(old_id)
        {
            leave(old, was);
        }
        let was = if moved { Marks::NOTHING } else { was };
        let video = self.videos.entry(video_id.to_owned()).or_default();
        let title = live.view.text(AttributeKey::VideoTitle);
        if !title.is_empty() && video.title != title {
            title.clone_into(&mut video.title);
        }
        video.duration_ms = video.duration_ms.max(live.view.number(AttributeKey::VideoDurationMs));
        video.total_views += u64::from(is.attempted && !was.attempted);
        leave(video, was);
        video.viewers += u32::from(is.standing.is_viewer());
        video.rebuffering += u32::from(is.standing == Standing::Rebuffering);
        let (viewers, rebuffering) = (video.viewers, video.rebuffering);
        let point = video.seconds.at(at_ms / 1000);
        (point.viewers, point.rebuffering) = (viewers, rebuffering);
        tally(point, was, is);
        video.heat.learn(if moved { None } else { before }, &live.view);
    }

    /// Concurrent viewers.
    pub fn viewers(&self) -> u32 {
        let viewers = self.standings.iter().filter(|(standing, _)| standing.is_viewer());
        viewers.map(|(_, count)| count).sum()
    }

    /// Views in one standing.
    pub fn standing(&self, standing: Standing) -> u32 {
        self.standings.get(&standing).copied().unwrap_or(0)
    }
}

fn leave(video: &mut LiveVideo, was: Marks) {
    video.viewers = video.viewers.saturating_sub(u32::from(was.standing.is_viewer()));
    video.rebuffering = video.rebuffering.saturating_sub(u32::from(was.standing == Standing::Rebuffering));
}

/// Counts in the second what the change means.
fn tally(point: &mut super::window::Second, was: Marks, is: Marks) {
    point.starts += u32::from(is.attempted && !was.attempted);
    point.failures += u32::from(is.failed && !was.failed);
    let over_now = is.standing.is_over() && !was.standing.is_over() && is.attempted;
    point.exits += u32::from(over_now && !is.started && !is.failed);
    point.ended += u32::from(over_now && is.started);
}

/// The record's `custom` events that were not known yet: name and second of the video.
fn moments(known: &BTreeMap<u64, SeenEvent>, record: &Record) -> Vec<(String, u32)> {
    let customs = record.events.iter().filter(|event| event.kind() == Kind::Custom);
    let fresh = customs.filter(|event| !known.contains_key(&event.sequence));
    let moments = fresh.filter_map(|event| {
        let name = event.attributes.iter().find(|attribute| attribute.name == "name")?;
        Some((name.text.clone(), u32::try_from(event.playhead_ms? / 1000).ok()?))
    });
    moments.collect()
}

fn remember_events(events: &mut BTreeMap<u64, SeenEvent>, record: &Record) {
    for event in &record.events {
        let seen =
            SeenEvent { t_ms: event.t_ms, label: event.label().to_owned(), playhead_ms: event.playhead_ms };
        events.insert(event.sequence, seen);
    }
    while events.len() > EVENTS_PER_VIEW {
        events.pop_first();
    }
}
