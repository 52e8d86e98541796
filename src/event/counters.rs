//! Totals of a view: they never fall, so of two the larger knows more.

use super::record::Counters;

/// Joins what `other` knows.
pub(super) fn raise(known: &mut Counters, other: &Counters) {
    larger(&mut known.playing_ms, other.playing_ms);
    larger(&mut known.watch_ms, other.watch_ms);
    larger(&mut known.rebuffer_ms, other.rebuffer_ms);
    larger(&mut known.rebuffer_count, other.rebuffer_count);
    larger(&mut known.seek_ms, other.seek_ms);
    larger(&mut known.seek_count, other.seek_count);
    larger(&mut known.dropped_frames, other.dropped_frames);
    larger(&mut known.bitrate_ms, other.bitrate_ms);
    larger(&mut known.upscale_ms, other.upscale_ms);
    larger(&mut known.downscale_ms, other.downscale_ms);
    larger(&mut known.startup_ms, other.startup_ms);
    larger(&mut known.player_startup_ms, other.player_startup_ms);
    larger(&mut known.page_load_ms, other.page_load_ms);
    larger(&mut known.max_upscale, other.max_upscale);
    larger(&mut known.max_downscale, other.max_downscale);
    larger(&mut known.max_request_latency_ms, other.max_request_latency_ms);
    larger(&mut known.preroll_request_count, other.preroll_request_count);
    larger(&mut known.preroll_request_ms, other.preroll_request_ms);
    larger(&mut known.preroll_load_ms, other.preroll_load_ms);
}

/// The same as `max` of the two, without comparing what was not said.
fn larger<T: Ord>(known: &mut Option<T>, other: Option<T>) {
    if let Some(other) = other
        && known.as_ref().is_none_or(|known| *known < other)
    {
        *known = Some(other);
    }
}
