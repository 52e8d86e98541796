//! How good a view was, as formulas over the columns of `views`, from 0 to 100.
//!
//! Startup, smoothness, success and quality are Mux Data's as published; where a view does not say its largest upscaling,
//! the mean stands for it. One is ours:
//! - Experience: Mux multiplies success with the mean of a trade-off of each pair of the other three and does not publish
//!   the trade-off. Ours is the geometric mean: two equal scores give that score, a bad one cannot be bought off by a
//!   good one as in a plain mean, and one that is nothing makes the pair nothing. What a view does not know
//!   (quality in CMCD) is left out with its pairs. Where nothing played there are no others, and success is all.
//!
//! Macros, because one formula is part of another and both are one text. [`Outcome`] has the same formulas for one view that
//! is already at hand; `tests/it/api/one_view.rs` holds them against each other.

macro_rules! startup {
    () => {
        "800 / (8 + video_startup_ms / 1000)"
    };
}

macro_rules! smoothness {
    () => {
        "50 / sqrt(1 + pow(rebuffer_count / 2, 2)) + 50 * exp(-10 * ifNull(rebuffer_ms / nullIf(watch_ms, 0), 0))"
    };
}

macro_rules! quality {
    () => {
        "100 * exp(-0.33 * (0.85 * upscale_ms / playing_ms + 0.15 * ifNull(max_upscale_percentage, upscale_ms / playing_ms)))"
    };
}

macro_rules! pair {
    ($one:ident, $other:ident) => {
        concat!("sqrt((", $one!(), ") * (", $other!(), "))")
    };
}

/// Of views with a startup time.
pub const STARTUP: &str = startup!();
/// Of views that started.
pub const SMOOTHNESS: &str = smoothness!();
/// Of views that measured scaling and played.
pub const QUALITY: &str = quality!();

/// Of views whose outcome says something: not of those still starting, stopped by a rule before they began, or left
/// within a second, before anyone could be disappointed.
pub const SUCCESS_KNOWN: &str = "view_attempted AND (playback_failure OR view_started \
                                 OR exit_before_video_start AND ifNull(waited_ms >= 1000, false))";
pub const SUCCESS: &str = "multiIf(playback_failure, 0, view_started, 100, 50)";

/// Of the same views as success.
pub const EXPERIENCE: &str = concat!(
    "multiIf(playback_failure, 0, NOT view_started, 50, ",
    "video_startup_ms IS NOT NULL AND scaling_measured AND playing_ms > 0, (",
    pair!(smoothness, quality),
    " + ",
    pair!(smoothness, startup),
    " + ",
    pair!(startup, quality),
    ") / 3, video_startup_ms IS NOT NULL, ",
    pair!(smoothness, startup),
    ", scaling_measured AND playing_ms > 0, ",
    pair!(smoothness, quality),
    ", ",
    smoothness!(),
    ")"
);

/// What the scores of one view are made of.
#[derive(Debug, Clone, Copy)]
pub struct Outcome {
    pub attempted: bool,
    pub failed: bool,
    pub started: bool,
    pub left_before_start: bool,
    pub waited_ms: Option<u32>,
    pub startup_ms: Option<u32>,
    pub playing_ms: u32,
    pub watch_ms: u32,
    pub rebuffer_ms: u32,
    pub rebuffer_count: u32,
    /// `None`: scaling was not measured.
    pub upscale_ms: Option<u32>,
    /// The largest upscaling, if the client says it.
    pub max_upscale: Option<f64>,
}

/// Each `None` where the score is not about the view.
impl Outcome {
    /// [`EXPERIENCE`].
    pub fn experience(&self) -> Option<f64> {
        let success = self.success()?;
        if self.failed || !self.started {
            return Some(success);
        }
        let (smoothness, startup, quality) = (self.smoothness()?, self.startup(), self.quality());
        let pair = |one: f64, other: f64| (one * other).sqrt();
        Some(match (startup, quality) {
            (Some(startup), Some(quality)) => {
                (pair(smoothness, quality) + pair(smoothness, startup) + pair(startup, quality)) / 3.0
            }
            (Some(other), None) | (None, Some(other)) => pair(smoothness, other),
            (None, None) => smoothness,
        })
    }

    /// [`SUCCESS`].
    pub fn success(&self) -> Option<f64> {
        let was_waited_for = self.left_before_start && self.waited_ms.is_some_and(|ms| ms >= 1000);
        let is_known = self.attempted && (self.failed || self.started || was_waited_for);
        is_known.then_some(match (self.failed, self.started) {
            (true, _) => 0.0,
            (false, true) => 100.0,
            (false, false) => 50.0,
        })
    }

    /// [`STARTUP`].
    pub fn startup(&self) -> Option<f64> {
        let startup_ms = self.startup_ms.filter(|_| self.attempted)?;
        Some(800.0 / (8.0 + f64::from(startup_ms) / 1000.0))
    }

    /// [`SMOOTHNESS`].
    pub fn smoothness(&self) -> Option<f64> {
        let part =
            if self.watch_ms == 0 { 0.0 } else { f64::from(self.rebuffer_ms) / f64::from(self.watch_ms) };
        let count = f64::from(self.rebuffer_count) / 2.0;
        let is_known = self.attempted && self.started;
        is_known.then(|| 50.0 / (1.0 + count * count).sqrt() + 50.0 * (-10.0 * part).exp())
    }

    /// [`QUALITY`].
    pub fn quality(&self) -> Option<f64> {
        let upscale_ms = self.upscale_ms.filter(|_| self.attempted && self.started && self.playing_ms > 0)?;
        let mean = f64::from(upscale_ms) / f64::from(self.playing_ms);
        Some(100.0 * (-0.33 * (0.85 * mean + 0.15 * self.max_upscale.unwrap_or(mean))).exp())
    }
}
