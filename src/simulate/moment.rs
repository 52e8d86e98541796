//! What a story is made of: moments, each with everything known at that time.

use super::world::{Rendition, Title};
use crate::event::{Kind, Severity};

/// Totals over the view so far, named as in the native beacon.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize)]
pub struct Totals {
    pub playing_ms: u64,
    pub watch_ms: u64,
    pub rebuffer_ms: u64,
    pub rebuffer_count: u64,
    pub seek_ms: u64,
    pub seek_count: u64,
    pub dropped_frames: u64,
    pub bitrate_ms: u64,
    pub upscale_ms: u64,
    pub downscale_ms: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub startup_ms: Option<u64>,
}

/// Media time played in one go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stretch {
    pub number: u32,
    pub from_ms: u64,
    pub to_ms: u64,
}

/// What went wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fault {
    pub code: &'static str,
    pub message: &'static str,
    pub severity: Severity,
}

/// Something that happened, with everything known at that moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moment {
    /// Since the page was opened.
    pub t_ms: u64,
    pub kind: Kind,
    pub playhead_ms: u64,
    pub totals: Totals,
    /// The stretch now playing, or the last one.
    pub stretch: Option<Stretch>,
    pub cdn: &'static str,
    pub rendition: Rendition,
    pub fault: Option<Fault>,
}

/// A view from beginning to end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Story {
    pub title: Title,
    pub autoplay: bool,
    pub moments: Vec<Moment>,
    /// The page died: what was not sent by the last moment never is.
    pub vanished: bool,
    /// When it is over, since the page was opened.
    pub length_ms: u64,
}
