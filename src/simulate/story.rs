//! The story of one view: what a viewer does from opening the page to leaving it, told moment by moment.
//!
//! This is the one truth of the simulation. It knows nothing of wire formats, requests or real time: it is a list of
//! moments ([`super::moment`]), each with the totals so far, which the encoders in [`super::format`] put into their words. It keeps its
//! account the way our SDK does (`sdk-js/src/core/account.ts`): time is booked under the phase it was spent in, and every
//! stretch played is closed by a moment that tells its end.

use std::ops::ControlFlow;

use super::{
    chance::Chance,
    moment::{Fault, Moment, Story, Stretch, Totals},
    world::{CDNS, Person, RENDITIONS, Title},
};
use crate::event::{Kind, Severity};

/// While playback is wanted something is said at least this often.
const HEARTBEAT_MS: u64 = 10_000;

/// Why a view stops going on.
enum Exit {
    /// The viewer goes.
    Left,
    /// Nothing more will play.
    Broken,
}

type Course = ControlFlow<Exit>;

/// How time is booked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Idle,
    Starting,
    Playing,
    Stalled,
    Seeking,
    Resting,
}

/// What happens next while playing.
#[derive(Debug, Clone, Copy)]
enum Next {
    Stall,
    SeekAhead,
    SeekBack,
    Pause,
    Switch,
    ChangeCdn,
    Warning,
    Fatal,
    Leave,
}

/// How often each happens in a minute of playing, on average.
const PER_MINUTE: [(Next, f64); 9] = [
    (Next::Stall, 0.35),
    (Next::SeekAhead, 0.30),
    (Next::SeekBack, 0.25),
    (Next::Pause, 0.20),
    (Next::Switch, 1.0),
    (Next::ChangeCdn, 0.05),
    (Next::Warning, 0.05),
    (Next::Fatal, 0.02),
    (Next::Leave, 0.25),
];

/// Tells the story of one view of `title`; the viewer leaves after `longest_ms` at the latest.
pub fn tell(person: &Person, title: &Title, chance: &mut Chance, longest_ms: u64) -> Story {
    let mut teller = Teller::new(person, title, chance, longest_ms);
    let exit = teller.view();
    teller.finish(exit)
}

struct Teller<'a> {
    person: &'a Person,
    chance: &'a mut Chance,
    longest_ms: u64,
    now_ms: u64,
    beat_ms: u64,
    phase: Phase,
    /// The latest state; a moment is a copy of it with a name.
    here: Moment,
    stretch_is_open: bool,
    /// How much more often than elsewhere this network stalls.
    stalling: f64,
    story: Story,
}

impl<'a> Teller<'a> {
    fn new(person: &'a Person, title: &Title, chance: &'a mut Chance, longest_ms: u64) -> Self {
        let (cdn, stalling) = *chance.weighted(&CDNS);
        let here = Moment {
            t_ms: 0,
            kind: Kind::Viewinit,
            playhead_ms: 0,
            totals: Totals::default(),
            stretch: None,
            cdn,
            rendition: RENDITIONS[1],
            fault: None,
        };
        let story = Story {
            title: title.clone(),
            autoplay: chance.happens(0.6),
            moments: Vec::new(),
            vanished: false,
            length_ms: 0,
        };
        let phase = Phase::Idle;
        Self {
            person,
            chance,
            longest_ms,
            now_ms: 0,
            beat_ms: 0,
            phase,
            here,
            stretch_is_open: false,
            stalling,
            story,
        }
    }

    fn view(&mut self) -> Course {
        self.say(Kind::Viewinit);
        let before_play =
            if self.story.autoplay { self.chance.between(10, 80) } else { self.chance.wait_ms(2500.0) };
        self.pass(before_play)?;
        if !self.story.autoplay && self.chance.happens(0.03) {
            // Looked at the page and never asked for playback: no attempt to watch.
            return ControlFlow::Break(Exit::Left);
        }
        self.start()?;
        loop {
            self.play_on()?;
        }
    }

    fn start(&mut self) -> Course {
        self.enter(Phase::Starting, Kind::Play);
        let startup_ms = self.chance.lasting_ms(850.0 * self.person.place.distance, 0.6).max(40);
        let patience_ms = self.chance.wait_ms(25_000.0);
        if startup_ms > patience_ms || self.chance.happens(0.02) {
            self.pass(patience_ms.min(startup_ms))?;
            return ControlFlow::Break(Exit::Left);
        }
        self.pass(startup_ms)?;
        if self.chance.happens(0.015) {
            return self.fail(Fault {
                code: "manifest-404",
                message: "the manifest is gone",
                severity: Severity::Fatal,
            });
        }
        if self.chance.happens(0.01) {
            let message = "not available in this country";
            return self.fail(Fault { code: "geo-block", message, severity: Severity::Business });
        }
        self.here.totals.startup_ms = Some(self.here.totals.watch_ms);
        self.enter(Phase::Playing, Kind::Playing);
        ControlFlow::Continue(())
    }

    /// Plays until the next thing happens, and lets it happen.
    fn play_on(&mut self) -> Course {
        let mut soonest = (u64::MAX, Next::Leave);
        for (next, per_minute) in PER_MINUTE {
            let factor =
                if matches!(next, Next::Stall) { self.stalling * self.person.place.distance } else { 1.0 };
            let wait_ms = self.chance.wait_ms(60_000.0 / (per_minute * factor));
            if wait_ms < soonest.0 {
                soonest = (wait_ms, next);
            }
        }
        let (wait_ms, next) = soonest;
        if let Some(left_ms) =
            self.story.title.duration_ms.map(|duration| duration.saturating_sub(self.here.playhead_ms))
            && left_ms <= wait_ms
        {
            self.pass(left_ms)?;
            return self.reach_the_end();
        }
        self.pass(wait_ms)?;
        match next {
            Next::Stall => self.stall(),
            Next::SeekAhead => self.seek(true),
            Next::SeekBack => self.seek(false),
            Next::Pause => self.pause(),
            Next::Switch => self.switch(),
            Next::ChangeCdn => self.change_cdn(),
            Next::Warning => self.warn(),
            Next::Fatal => self.fail(Fault {
                code: "media-decode",
                message: "the segment cannot be decoded",
                severity: Severity::Fatal,
            }),
            Next::Leave => ControlFlow::Break(Exit::Left),
        }
    }

    fn stall(&mut self) -> Course {
        self.here.totals.rebuffer_count += 1;
        if self.chance.happens(self.person.device.weakness) {
            self.here.totals.dropped_frames += self.chance.between(1, 40);
        }
        self.enter(Phase::Stalled, Kind::Rebufferstart);
        let stall_ms = self.chance.lasting_ms(1800.0, 0.8).max(300);
        let patience_ms = self.chance.wait_ms(30_000.0);
        self.pass(stall_ms.min(patience_ms))?;
        if stall_ms > patience_ms {
            return ControlFlow::Break(Exit::Left);
        }
        self.enter(Phase::Playing, Kind::Rebufferend);
        ControlFlow::Continue(())
    }

    fn seek(&mut self, ahead: bool) -> Course {
        // There is no elsewhere in a live channel.
        let Some(duration_ms) = self.story.title.duration_ms else { return ControlFlow::Continue(()) };
        let jump_ms = 1000 + self.chance.wait_ms(if ahead { 90_000.0 } else { 40_000.0 });
        let from_ms = self.here.playhead_ms;
        let target_ms = if ahead {
            (from_ms + jump_ms).min(duration_ms.saturating_sub(500))
        } else {
            from_ms.saturating_sub(jump_ms)
        };
        self.here.totals.seek_count += 1;
        self.enter(Phase::Seeking, Kind::Seeking);
        self.stretch_is_open = false;
        self.here.playhead_ms = target_ms;
        let seek_ms = self.chance.lasting_ms(450.0 * self.person.place.distance, 0.7).max(20);
        self.pass(seek_ms)?;
        self.say(Kind::Seeked);
        let until_it_moves_ms = self.chance.between(10, 120);
        self.pass(until_it_moves_ms)?;
        self.enter(Phase::Playing, Kind::Playing);
        ControlFlow::Continue(())
    }

    fn pause(&mut self) -> Course {
        self.enter(Phase::Resting, Kind::Pause);
        let pause_ms = self.chance.lasting_ms(12_000.0, 1.0);
        self.pass(pause_ms)?;
        if self.chance.happens(0.15) {
            return ControlFlow::Break(Exit::Left);
        }
        self.resume();
        ControlFlow::Continue(())
    }

    fn switch(&mut self) -> Course {
        let next = *self.chance.one_of(&RENDITIONS[..4]);
        if next != self.here.rendition {
            self.here.rendition = next;
            self.say(Kind::Renditionchange);
        }
        ControlFlow::Continue(())
    }

    fn change_cdn(&mut self) -> Course {
        let (cdn, stalling) = *self.chance.weighted(&CDNS);
        if cdn != self.here.cdn {
            (self.here.cdn, self.stalling) = (cdn, stalling);
            self.say(Kind::Cdnchange);
        }
        ControlFlow::Continue(())
    }

    fn warn(&mut self) -> Course {
        let message = "a segment was loaded at the second try";
        self.here.fault = Some(Fault { code: "segment-retry", message, severity: Severity::Warning });
        self.say(Kind::Error);
        self.here.fault = None;
        ControlFlow::Continue(())
    }

    fn fail(&mut self, fault: Fault) -> Course {
        self.here.fault = Some(fault);
        self.enter(Phase::Resting, Kind::Error);
        self.here.fault = None;
        let disbelief_ms = self.chance.wait_ms(4000.0);
        self.pass(disbelief_ms)?;
        ControlFlow::Break(Exit::Broken)
    }

    fn reach_the_end(&mut self) -> Course {
        self.enter(Phase::Resting, Kind::Ended);
        self.stretch_is_open = false;
        let credits_ms = self.chance.wait_ms(3000.0);
        self.pass(credits_ms)?;
        if !self.chance.happens(0.1) {
            return ControlFlow::Break(Exit::Left);
        }
        self.here.playhead_ms = 0;
        self.resume();
        ControlFlow::Continue(())
    }

    fn resume(&mut self) {
        self.enter(Phase::Playing, Kind::Play);
        self.say(Kind::Playing);
    }

    /// Most close the page properly; phones are put into pockets, tabs crash, networks go.
    fn finish(mut self, exit: Course) -> Story {
        let gone = if matches!(exit, ControlFlow::Break(Exit::Broken)) { 0.03 } else { 0.12 };
        self.story.vanished = self.chance.happens(gone);
        if !self.story.vanished {
            if self.phase == Phase::Stalled {
                self.enter(Phase::Resting, Kind::Rebufferend);
            }
            self.enter(Phase::Resting, Kind::Viewend);
        }
        self.story.length_ms = self.now_ms;
        self.story
    }

    fn enter(&mut self, phase: Phase, kind: Kind) {
        self.phase = phase;
        self.say(kind);
    }

    fn say(&mut self, kind: Kind) {
        if matches!(kind, Kind::Heartbeat | Kind::Play) {
            self.beat_ms = self.now_ms;
        }
        self.story.moments.push(Moment { kind, t_ms: self.now_ms, ..self.here.clone() });
    }

    /// Time goes by in the present phase, with the heartbeats that fall into it; at the latest hour the viewer leaves.
    fn pass(&mut self, ms: u64) -> Course {
        let until_ms = (self.now_ms + ms).min(self.longest_ms);
        while !matches!(self.phase, Phase::Idle | Phase::Resting) && self.beat_ms + HEARTBEAT_MS <= until_ms {
            self.book(self.beat_ms + HEARTBEAT_MS);
            self.say(Kind::Heartbeat);
        }
        self.book(until_ms);
        if self.now_ms >= self.longest_ms {
            ControlFlow::Break(Exit::Left)
        } else {
            ControlFlow::Continue(())
        }
    }

    fn book(&mut self, until_ms: u64) {
        let spent_ms = until_ms.saturating_sub(self.now_ms);
        self.now_ms = self.now_ms.max(until_ms);
        if spent_ms == 0 || matches!(self.phase, Phase::Idle | Phase::Resting) {
            return;
        }
        let here = &mut self.here;
        here.totals.watch_ms += spent_ms;
        match self.phase {
            Phase::Stalled => here.totals.rebuffer_ms += spent_ms,
            Phase::Seeking => here.totals.seek_ms += spent_ms,
            Phase::Playing => {
                here.totals.playing_ms += spent_ms;
                here.totals.bitrate_ms += here.rendition.bitrate * spent_ms;
                let (player, picture) = (self.person.device.player.1, here.rendition.height);
                let scaled_ms = u64::from(player.abs_diff(picture)) * spent_ms / u64::from(picture);
                if player > picture {
                    here.totals.upscale_ms += scaled_ms;
                } else {
                    here.totals.downscale_ms += scaled_ms;
                }
                let from_ms = here.playhead_ms;
                here.playhead_ms += spent_ms;
                let number = here.stretch.map_or(0, |last| last.number + 1);
                match &mut here.stretch {
                    Some(stretch) if self.stretch_is_open => stretch.to_ms = here.playhead_ms,
                    stretch => *stretch = Some(Stretch { number, from_ms, to_ms: here.playhead_ms }),
                }
                self.stretch_is_open = true;
            }
            Phase::Idle | Phase::Starting | Phase::Resting => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulate::world::Catalogue;
    use rand::{SeedableRng, rngs::StdRng};

    fn stories(count: u64) -> Vec<Story> {
        let catalogue = Catalogue::new(&mut Chance(StdRng::seed_from_u64(1)));
        (0..count)
            .map(|number| {
                let mut chance = Chance(StdRng::seed_from_u64(number));
                let person = Person::new(number, &mut chance);
                let title = catalogue.choose(&mut chance).clone();
                tell(&person, &title, &mut chance, 1_800_000)
            })
            .collect()
    }

    #[test]
    fn a_seed_tells_one_story() {
        assert_eq!(stories(20), stories(20));
    }

    #[test]
    fn totals_and_time_only_grow_and_add_up() {
        for story in stories(300) {
            for pair in story.moments.windows(2) {
                let (a, b) = (&pair[0].totals, &pair[1].totals);
                assert!(pair[0].t_ms <= pair[1].t_ms);
                assert!(
                    a.playing_ms <= b.playing_ms && a.rebuffer_ms <= b.rebuffer_ms && a.seek_ms <= b.seek_ms
                );
                assert!(a.startup_ms.is_none() || a.startup_ms == b.startup_ms);
            }
            let Some(last) = story.moments.last() else { panic!("a story without a moment") };
            let totals = last.totals;
            let parts = totals.playing_ms + totals.rebuffer_ms + totals.seek_ms;
            let startup = totals.startup_ms.unwrap_or(totals.watch_ms - parts);
            assert_eq!(totals.watch_ms, parts + startup);
            assert!(last.t_ms <= story.length_ms && story.length_ms <= 1_800_000);
        }
    }

    #[test]
    fn every_stretch_is_told_to_its_end() {
        for story in stories(300) {
            let mut told = std::collections::BTreeMap::new();
            for stretch in story.moments.iter().filter_map(|moment| moment.stretch) {
                told.insert(stretch.number, stretch.to_ms - stretch.from_ms);
            }
            let played: u64 = told.values().sum();
            let playing_ms = story.moments.last().map_or(0, |last| last.totals.playing_ms);
            assert_eq!(played, playing_ms);
            assert!(told.keys().copied().eq(0..told.len() as u32), "numbers without a gap");
        }
    }

    #[test]
    fn all_kinds_of_views_occur() {
        let stories = stories(2000);
        let share = |wanted: fn(&Story) -> bool| stories.iter().filter(|story| wanted(story)).count();
        let has = |story: &Story, kind| story.moments.iter().any(|moment| moment.kind == kind);
        assert!(share(|story| story.vanished) > 100);
        assert!(stories.iter().filter(|story| has(story, Kind::Ended)).count() > 50);
        assert!(stories.iter().filter(|story| has(story, Kind::Seeking)).count() > 300);
        assert!(stories.iter().filter(|story| has(story, Kind::Rebufferstart)).count() > 300);
        assert!(
            stories.iter().filter(|story| has(story, Kind::Play) && !has(story, Kind::Playing)).count() > 30
        );
        assert!(stories.iter().filter(|story| has(story, Kind::Error)).count() > 50);
    }
}
