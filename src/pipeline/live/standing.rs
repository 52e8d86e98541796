//! Where a view stands, and how long it stays there without a word.

use crate::event::{View, state::State};

/// A view that is not paused and silent for this long is gone: three heartbeats missed and some grace.
pub const GONE_AFTER_MS: i64 = 35_000;
/// A paused view may be silent for long.
pub const PAUSED_GONE_AFTER_MS: i64 = 60 * 60_000;
/// How long a view stays in memory after it is over.
pub const KEEP_AFTER_MS: i64 = 10 * 60_000;
/// Where a view stands, as the live screen counts it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Standing {
    /// Set up, play not asked for: not counted.
    Idle,
    Starting,
    Playing,
    Seeking,
    Rebuffering,
    Paused,
    Ended,
    Failed,
    Exited,
    /// Silent for too long.
    Gone,
}

impl Standing {
    /// All of them, in the order of their numbers.
    pub const ALL: [Self; 10] = [
        Self::Idle,
        Self::Starting,
        Self::Playing,
        Self::Seeking,
        Self::Rebuffering,
        Self::Paused,
        Self::Ended,
        Self::Failed,
        Self::Exited,
        Self::Gone,
    ];

    /// Where a view stands at `now_ms`.
    pub fn of(view: &View, now_ms: i64) -> Self {
        let silent_ms = now_ms - view.last_received_ms;
        let standing = match view.state() {
            State::Idle if view.attempted => Self::Starting,
            State::Idle => Self::Idle,
            State::Starting => Self::Starting,
            State::Playing => Self::Playing,
            State::Paused => Self::Paused,
            State::Seeking => Self::Seeking,
            State::Rebuffering => Self::Rebuffering,
            State::Ended => Self::Ended,
            State::Failed => Self::Failed,
            State::Exited => Self::Exited,
        };
        match standing {
            Self::Paused if silent_ms >= PAUSED_GONE_AFTER_MS => Self::Gone,
            standing if standing.is_viewer() && silent_ms >= GONE_AFTER_MS => Self::Gone,
            standing => standing,
        }
    }

    /// When the view has to be looked at again if nothing is heard of it, Unix ms.
    pub fn lasts_until_ms(self, view: &View) -> i64 {
        let wait_ms = match self {
            Self::Paused => PAUSED_GONE_AFTER_MS,
            standing if standing.is_over() => KEEP_AFTER_MS,
            _ => GONE_AFTER_MS,
        };
        view.last_received_ms + wait_ms
    }

    /// Concurrent viewers: waiting for the first frame, watching, seeking or rebuffering. Not paused, not over.
    pub fn is_viewer(self) -> bool {
        matches!(self, Self::Starting | Self::Playing | Self::Seeking | Self::Rebuffering)
    }

    /// Nothing more is expected, though a view may come back.
    pub fn is_over(self) -> bool {
        matches!(self, Self::Ended | Self::Failed | Self::Exited | Self::Gone)
    }
}

#[cfg(test)]
mod tests {
    use crate::{
        event::{Event, Kind, Record},
        pipeline::live::state::Environment,
    };

    use super::*;

    const SECOND_MS: i64 = 1000;
    const MINUTE_MS: i64 = 60 * SECOND_MS;

    fn says(environment: &mut Environment, view_id: &str, sequence: u64, kind: Kind, received_ms: i64) {
        let event = Event { sequence, kind: kind.into(), t_ms: received_ms, ..Event::default() };
        let record =
            Record { view_id: view_id.into(), received_ms, events: vec![event], ..Record::default() };
        environment.learn(&record);
    }

    #[test]
    fn a_silent_view_is_gone_then_forgotten_and_a_paused_one_is_waited_for() {
        let mut environment = Environment::default();
        for (view_id, last) in [("watched", Kind::Heartbeat), ("paused", Kind::Pause)] {
            says(&mut environment, view_id, 1, Kind::Play, 0);
            says(&mut environment, view_id, 2, Kind::Playing, 0);
            says(&mut environment, view_id, 3, last, 0);
        }
        let mut after = |ms: i64| {
            environment.tick(ms);
            ["watched", "paused"].map(|id| environment.views.get(id).map(|live| live.standing))
        };
        let (playing, paused, gone) = (Some(Standing::Playing), Some(Standing::Paused), Some(Standing::Gone));
        assert_eq!(after(30 * SECOND_MS), [playing, paused]);
        assert_eq!(after(35 * SECOND_MS), [gone, paused]);
        assert_eq!(after(5 * MINUTE_MS), [gone, paused]);
        assert_eq!(after(11 * MINUTE_MS), [None, paused]);
        assert_eq!(after(59 * MINUTE_MS), [None, paused]);
        assert_eq!(after(60 * MINUTE_MS), [None, gone]);
        // Whoever comes back is there again.
        says(&mut environment, "watched", 4, Kind::Heartbeat, 60 * MINUTE_MS);
        assert!(environment.views.contains_key("watched"));
        environment.tick(71 * MINUTE_MS);
        assert!(!environment.views.contains_key("paused"));
    }
}
