//! What mux-embed counts as playing although the picture stands still.
//!
//! Since 5.13 it says how long a view has played. Of a stall it is sure after about a second; that second it counts as
//! playing, and then as rebuffering too. What was watched in all it counts once, so the parts are together more than the
//! whole, by just that. Seen in versions 5.13.0 and 5.19.0, with files and with hls.js, also in stalls shorter than the
//! second, at twice the speed, and beside pauses and seeks: without stalls the parts and the whole agree.
//!
//! The ClickHouse view `views` takes the same off (`schema/clickhouse/0017_played.sql`).

use super::record::Counters;

/// What such a client says of itself begins with this.
const MUX_EMBED: &str = "mux-embed";
/// A stall has never more too much: the second, and the time of a busy machine.
const MOST_OF_A_STALL_MS: u64 = 1_500;

/// The playing time of a view by its client's own totals, ms.
pub fn playing_ms(sdk: &str, totals: &Counters) -> Option<u32> {
    let playing_ms = totals.playing_ms?;
    // The second was watched: a whole that is less than this part has not arrived, or is no mux-embed's.
    if !sdk.starts_with(MUX_EMBED) || totals.watch_ms < Some(playing_ms) {
        return Some(playing_ms);
    }
    let ms = |total: Option<u32>| u64::from(total.unwrap_or(0));
    let parts_ms = [totals.startup_ms, Some(playing_ms), totals.rebuffer_ms, totals.seek_ms].map(ms);
    let most_ms = MOST_OF_A_STALL_MS * ms(totals.rebuffer_count);
    let overcounted_ms = parts_ms.iter().sum::<u64>().saturating_sub(ms(totals.watch_ms)).min(most_ms);
    Some(playing_ms.saturating_sub(u32::try_from(overcounted_ms).unwrap_or(u32::MAX)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Startup, playing, rebuffering and its count, seeking, and watching as mux-embed 5.19.0 counted them.
    fn counted(ms: [u32; 6]) -> Counters {
        Counters {
            startup_ms: Some(ms[0]),
            playing_ms: Some(ms[1]),
            rebuffer_ms: Some(ms[2]),
            rebuffer_count: Some(ms[3]),
            seek_ms: Some(ms[4]),
            watch_ms: Some(ms[5]),
            ..Counters::default()
        }
    }

    #[test]
    fn each_stall_has_been_playing_for_a_second() {
        for (said, played_ms) in [
            ([51, 6124, 0, 0, 0, 6175], 6124),
            // A page saw 8,016 ms with a stall of 727, 9,037 with two, 7,061 at twice the speed.
            ([529, 8764, 683, 1, 0, 9294], 8082),
            ([326, 11_072, 4574, 2, 0, 13_920], 9020),
            ([351, 8069, 2550, 1, 0, 9962], 7061),
        ] {
            let totals = counted(said);
            assert_eq!(playing_ms("mux-embed 5.19.0", &totals), Some(played_ms), "{said:?}");
            assert_eq!(playing_ms("playhead 0.1.0", &totals), Some(said[1]), "others count themselves");
        }
    }

    #[test]
    fn no_more_is_taken_off_than_a_stall_can_have() {
        let of = |totals| playing_ms("mux-embed 5.19.0", &totals);
        assert_eq!(of(counted([300, 9000, 9000, 1, 0, 10_300])), Some(7500), "one stall");
        assert_eq!(of(counted([300, 9000, 9000, 0, 0, 10_300])), Some(9000), "none");
        assert_eq!(of(counted([300, 9000, 3000, 1, 0, 8000])), Some(9000), "the whole is yet to come");
        assert_eq!(of(Counters { watch_ms: None, ..counted([300, 9000, 3000, 1, 0, 0]) }), Some(9000));
        assert_eq!(of(Counters::default()), None);
    }
}
