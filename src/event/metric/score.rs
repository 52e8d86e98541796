//! How good a view was, as formulas over the columns of `views`, from 0 to 100.
//!
//! Startup, smoothness, success and quality are Mux Data's as published; where a view does not say its largest upscaling,
//! the mean stands for it. One is ours:
//! - Experience: Mux multiplies success with the mean of a trade-off of each pair of the other three and does not publish
//!   the trade-off. Ours is the geometric mean: two equal scores give that score, a bad one cannot be bought off by a
//!   good one as in a plain mean, and one that is nothing makes the pair nothing. What a view does not know
//!   (quality in CMCD) is left out with its pairs. Where nothing played there are no others, and success is all.
//!
//! Macros, because one formula is part of another and both are one text.

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
