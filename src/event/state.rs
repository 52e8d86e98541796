//! What the viewer is in the middle of, and what each kind of event says about it.

use super::record::Kind;

/// What the viewer is in the middle of, as far as the newest event tells.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "lowercase")]
#[repr(u8)]
pub enum State {
    /// Nothing but set-up so far: not yet an attempt to watch.
    #[default]
    Idle = 0,
    /// Play was asked for, no frame has moved yet.
    Starting = 1,
    Playing = 2,
    Paused = 3,
    Seeking = 4,
    Rebuffering = 5,
    Ended = 6,
    /// A fatal error stopped it.
    Failed = 7,
    /// The client said the view is over.
    Exited = 8,
}

impl State {
    /// What a kind of event says about the state, if anything.
    pub(super) fn after(kind: Kind, fatal: bool) -> Option<Self> {
        Some(match kind {
            Kind::Play | Kind::Viewstart => Self::Starting,
            Kind::Playing | Kind::Rebufferend | Kind::Seeked => Self::Playing,
            Kind::Pause => Self::Paused,
            Kind::Seeking => Self::Seeking,
            Kind::Rebufferstart => Self::Rebuffering,
            Kind::Ended => Self::Ended,
            Kind::Viewend => Self::Exited,
            Kind::Error if fatal => Self::Failed,
            _ => return None,
        })
    }
}
