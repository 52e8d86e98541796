//! Totals of a view: they never fall, so of two the larger knows more.

use super::record::Counters;

/// Joins what `other` knows.
pub(super) fn raise(known: &mut Counters, other: &Counters) {
    known.playing_ms = known.playing_ms.max(other.playing_ms);
    known.watch_ms = known.watch_ms.max(other.watch_ms);
    known.rebuffer_ms = known.rebuffer_ms.max(other.rebuffer_ms);
    known.rebuffer_count = known.rebuffer_count.max(other.rebuffer_count);
    known.seek_ms = known.seek_ms.max(other.seek_ms);
    known.seek_count = known.seek_count.max(other.seek_count);
    known.dropped_frames = known.dropped_frames.max(other.dropped_frames);
    known.bitrate_ms = known.bitrate_ms.max(other.bitrate_ms);
    known.upscale_ms = known.upscale_ms.max(other.upscale_ms);
    known.downscale_ms = known.downscale_ms.max(other.downscale_ms);
    known.startup_ms = known.startup_ms.max(other.startup_ms);
    known.player_startup_ms = known.player_startup_ms.max(other.player_startup_ms);
    known.page_load_ms = known.page_load_ms.max(other.page_load_ms);
    known.max_upscale = known.max_upscale.max(other.max_upscale);
    known.max_downscale = known.max_downscale.max(other.max_downscale);
    known.max_request_latency_ms = known.max_request_latency_ms.max(other.max_request_latency_ms);
    known.preroll_request_count = known.preroll_request_count.max(other.preroll_request_count);
    known.preroll_request_ms = known.preroll_request_ms.max(other.preroll_request_ms);
    known.preroll_load_ms = known.preroll_load_ms.max(other.preroll_load_ms);
}
