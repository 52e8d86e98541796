//! What is counted over the open views of an environment, as differences between a view before and after a record.
//!
//! As in every other answer, a view of a sample counts for as many as it stands for and robots do not count. All counts are
//! in millionths of a view, so that they are exact however often a view comes and goes.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
};

use foldhash::HashMap;

use super::{
    bounds::{MOST_CHART_SECONDS, MOST_HEAT_SECONDS, MOST_MOMENTS, MOST_QUIET_VIDEOS},
    heat::{self, Heat, Stretch},
    monitor::Shared,
    shares::Shares,
    standing::Standing,
    state::LiveView,
    window::{Second, Seconds, Startups},
};
use crate::event::{
    AttributeKey,
    engagement::{ONE_VIEW, whole},
    moments::Moment,
};

/// Seconds kept for charts: an hour for the environment, a quarter for each video.
const ENVIRONMENT_SECONDS: i64 = 3600;
const VIDEO_SECONDS: i64 = 900;
/// Newest views listed per environment.
const NEWEST_VIEWS: usize = 500;
/// Places with `custom` events kept per video.
const MOMENTS_PER_VIDEO: usize = 1_000;

/// One video: who watches now, what happened lately, what was played.
#[derive(Debug)]
pub struct LiveVideo {
    pub title: String,
    pub duration_ms: u64,
    pub total_views: i64,
    pub viewers: i64,
    pub rebuffering: i64,
    pub seconds: Seconds,
    pub heat: Heat,
    /// `custom` events by their name and the second of the video.
    pub moments: BTreeMap<(String, u32), i64>,
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

/// All counts of an environment but those of its intervals.
#[derive(Debug)]
pub struct Counts {
    pub videos: HashMap<String, LiveVideo>,
    pub seconds: Seconds,
    pub startups: Startups,
    pub shares: Shares,
    /// Newest attempts first.
    pub newest: VecDeque<Arc<str>>,
    standings: [i64; Standing::ALL.len()],
    /// Of the heatmaps of all videos.
    heat_seconds: usize,
    /// Places of `custom` events of all videos.
    moments: usize,
}

impl Default for Counts {
    fn default() -> Self {
        Self {
            videos: HashMap::default(),
            seconds: Seconds::new(ENVIRONMENT_SECONDS),
            startups: Startups::default(),
            shares: Shares::default(),
            newest: VecDeque::new(),
            standings: [0; Standing::ALL.len()],
            heat_seconds: 0,
            moments: 0,
        }
    }
}

/// What is counted of a view.
#[derive(Debug, Clone)]
pub(super) struct Marks {
    standing: Standing,
    attempted: bool,
    started: bool,
    failed: bool,
    group: Option<Shared>,
}

impl Marks {
    pub fn of(live: &LiveView) -> Self {
        let view = &live.view;
        Self {
            standing: live.standing,
            attempted: view.attempted,
            started: view.started(),
            failed: view.failed(),
            group: live.tracked.group().cloned(),
        }
    }

    const NOTHING: Self =
        Self { standing: Standing::Idle, attempted: false, started: false, failed: false, group: None };

    /// How many views this one counts for, in millionths.
    pub fn stands_for(&self) -> i64 {
        self.group.as_ref().map_or(0, |group| group.stands_for())
    }

    fn share(&self) -> Option<(&Shared, Standing)> {
        Some((self.group.as_ref()?, self.standing))
    }
}

/// A view before a record, as far as counts look at it.
pub(super) struct Before {
    pub marks: Marks,
    pub played: Vec<Stretch>,
}

impl Counts {
    /// Moves every count from what the view was, if it was known, to what it is.
    pub(super) fn move_view(&mut self, at_ms: i64, id: &str, live: &LiveView, before: Option<&Before>) {
        let was = before.map_or(&Marks::NOTHING, |before| &before.marks);
        let is = Marks::of(live);
        self.standings[was.standing as usize] -= was.stands_for();
        self.standings[is.standing as usize] += is.stands_for();
        self.shares.shift(was.share(), is.share());
        if is.attempted && !was.attempted && is.stands_for() > 0 {
            self.newest.push_front(id.into());
            self.newest.truncate(NEWEST_VIEWS);
        }
        if is.started
            && !was.started
            && let Some(startup_ms) = live.view.startup_ms()
        {
            self.startups.add(at_ms / 1000, startup_ms, is.stands_for());
        }
        let (viewers, rebuffering) = (self.viewers(), self.standing(Standing::Rebuffering));
        tally(self.seconds.at(at_ms / 1000), [viewers, rebuffering], was, &is);
        self.move_video(at_ms, live, was, &is, before);
    }

    fn move_video(&mut self, at_ms: i64, live: &LiveView, was: &Marks, is: &Marks, before: Option<&Before>) {
        let video_id = live.view.text(AttributeKey::VideoId);
        let old_id = was.group.as_ref().map_or("", |group| group.text(AttributeKey::VideoId));
        if video_id.is_empty() {
            return;
        }
        // A view that learns its video (or changes it) counts there from the beginning.
        let moved = video_id != old_id;
        if moved
            && !old_id.is_empty()
            && let Some(old) = self.videos.get_mut(old_id)
        {
            old.leave(was);
        }
        let was = if moved { &Marks::NOTHING } else { was };
        let video = match self.videos.get_mut(video_id) {
            Some(video) => video,
            None => self.videos.entry(video_id.to_owned()).or_default(),
        };
        let title = live.view.text(AttributeKey::VideoTitle);
        if !title.is_empty() && video.title != title {
            title.clone_into(&mut video.title);
        }
        // What a player calls the length of a live stream is that of its window.
        if live.view.text(AttributeKey::StreamType) != "live" {
            video.duration_ms = video.duration_ms.max(live.view.number(AttributeKey::VideoDurationMs));
        }
        if is.attempted {
            video.total_views += is.stands_for() - if was.attempted { was.stands_for() } else { 0 };
        }
        video.leave(was);
        video.join(is);
        tally(video.seconds.at(at_ms / 1000), [video.viewers, video.rebuffering], was, is);
        let played = before.filter(|_| !moved).map_or(&[][..], |before| &before.played);
        if was.stands_for() == is.stands_for() {
            video.heat.learn(played, &live.played, is.stands_for());
        } else {
            video.heat.learn(played, &[], was.stands_for());
            video.heat.learn(&[], &live.played, is.stands_for());
        }
    }

    /// A view is known no longer.
    pub(super) fn forget(&mut self, id: &str, marks: &Marks) {
        self.standings[marks.standing as usize] -= marks.stands_for();
        self.shares.shift(marks.share(), None);
        self.newest.retain(|known| **known != *id);
    }

    /// Notes `custom` events of a view, by name and second.
    pub(super) fn note_moments(&mut self, live: &LiveView, moments: Vec<Moment>) {
        if moments.is_empty() {
            return;
        }
        let stands_for = Marks::of(live).stands_for();
        let Some(video) = self.videos.get_mut(live.view.text(AttributeKey::VideoId)) else { return };
        let moments = moments.into_iter().filter(|_| stands_for > 0);
        for moment in moments.map(|moment| (moment.name, moment.second)) {
            if let Some(known) = video.moments.get_mut(&moment) {
                *known += stands_for;
            } else if video.moments.len() < MOMENTS_PER_VIDEO && self.moments < MOST_MOMENTS {
                video.moments.insert(moment, stands_for);
                self.moments += 1;
            }
        }
    }

    /// Lets time pass: charts get their newest second, old ones go.
    pub(super) fn advance(&mut self, now_s: i64, has_views: bool) {
        if has_views {
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
        self.shorten_charts(MOST_CHART_SECONDS);
        self.moments = self.videos.values().map(|video| video.moments.len()).sum();
        self.heat_seconds = self.videos.values().map(|video| video.heat.plays.len()).sum();
        if self.videos.len() > MOST_QUIET_VIDEOS || self.heat_seconds > MOST_HEAT_SECONDS / 2 {
            self.forget_quiet_videos();
        }
    }

    /// Lets the charts of videos go back less far, all the same, if they have more than `most` seconds together.
    pub(super) fn shorten_charts(&mut self, most: usize) {
        let all: usize = self.videos.values().map(|video| video.seconds.len()).sum();
        if all > most {
            let longest = self.videos.values().map(|video| video.seconds.len()).max().unwrap_or(0);
            let keep = (longest * most / all).max(1);
            self.videos.values_mut().for_each(|video| video.seconds.keep_newest(keep));
        }
    }

    /// Forgets videos nobody has watched within the quarter of an hour of their charts.
    fn forget_quiet_videos(&mut self) {
        self.videos.retain(|_, video| video.viewers > 0 || !video.seconds.is_empty());
        self.heat_seconds = self.videos.values().map(|video| video.heat.plays.len()).sum();
    }

    /// Leaves out of a view's stretches what would make the heatmaps larger than there is room for. What was counted stays so.
    pub(super) fn bound_heat(&mut self, live: &mut LiveView, before: &Before) {
        let video_id = live.view.text(AttributeKey::VideoId);
        let known = self.videos.get(video_id).map_or(0, |video| video.heat.plays.len());
        let grown = heat::length(&live.played).saturating_sub(known);
        if video_id.is_empty() || self.heat_seconds + grown <= MOST_HEAT_SECONDS {
            self.heat_seconds += if video_id.is_empty() { 0 } else { grown };
            return;
        }
        let has_moved =
            before.marks.group.as_ref().is_none_or(|group| group.text(AttributeKey::VideoId) != video_id);
        live.played = if has_moved { Vec::new() } else { before.played.clone() };
    }

    /// Concurrent viewers.
    pub fn viewers(&self) -> i64 {
        self.sum(Standing::is_viewer)
    }

    /// Views that somebody has begun to watch and that are not over.
    pub fn open(&self) -> i64 {
        self.sum(|standing| !standing.is_over() && standing != Standing::Idle)
    }

    /// Views in one standing.
    pub fn standing(&self, standing: Standing) -> i64 {
        self.standings[standing as usize]
    }

    fn sum(&self, counts: impl Fn(Standing) -> bool) -> i64 {
        let counted = Standing::ALL.into_iter().filter(|standing| counts(*standing));
        counted.map(|standing| self.standing(standing)).sum()
    }
}

impl LiveVideo {
    fn leave(&mut self, was: &Marks) {
        self.viewers -= if was.standing.is_viewer() { was.stands_for() } else { 0 };
        self.rebuffering -= if was.standing == Standing::Rebuffering { was.stands_for() } else { 0 };
    }

    fn join(&mut self, is: &Marks) {
        self.viewers += if is.standing.is_viewer() { is.stands_for() } else { 0 };
        self.rebuffering += if is.standing == Standing::Rebuffering { is.stands_for() } else { 0 };
    }
}

/// Counts in the second who is there now, and what the change means.
fn tally(point: &mut Second, [viewers, rebuffering]: [i64; 2], was: &Marks, is: &Marks) {
    let people = |millionths| u32::try_from(whole(millionths)).unwrap_or(u32::MAX);
    (point.viewers, point.rebuffering) = (people(viewers), people(rebuffering));
    let views = is.stands_for() as f32 / ONE_VIEW as f32;
    let if_so = |holds: bool| if holds { views } else { 0.0 };
    point.starts += if_so(is.attempted && !was.attempted);
    point.failures += if_so(is.failed && !was.failed);
    let over_now = is.standing.is_over() && !was.standing.is_over() && is.attempted;
    point.exits += if_so(over_now && !is.started && !is.failed);
    point.ended += if_so(over_now && is.started);
}
