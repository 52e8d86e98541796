//! Laws of the curves that hold for any views, and worked examples of what is read off them.

use playhead::event::engagement::{
    Curves, Cut, Grid, ONE_VIEW, WatchedViews,
    hotspots::spots,
    passes::{Part, passes},
    retention::retention,
};
use proptest::prelude::*;

fn curves(views: &[(bool, Vec<(i64, i64)>)], length_ms: u64, cut: Cut) -> Curves {
    let mut watched = WatchedViews::default();
    for (is_over, ranges) in views {
        watched.push(ONE_VIEW, *is_over, length_ms, ranges.iter().copied());
    }
    Curves::of(Grid::new(length_ms, cut), watched.iter())
}

fn any_views() -> impl Strategy<Value = Vec<(bool, Vec<(i64, i64)>)>> {
    let ranges = prop::collection::vec((-5_000_i64..70_000, 0_i64..40_000), 0..6);
    let ranges =
        ranges.prop_map(|ranges| ranges.into_iter().map(|(from, length)| (from, from + length)).collect());
    prop::collection::vec((any::<bool>(), ranges), 0..40)
}

proptest! {
    #[test]
    fn each_view_is_a_viewer_or_skipped_or_has_not_come_so_far(
        views in any_views(), buckets in 1_u32..200,
    ) {
        let curves = curves(&views, 60_000, Cut::Buckets(buckets));
        let parts = curves.viewers.iter().zip(curves.skipped()).zip(curves.not_reached());
        for ((viewers, skipped), not_reached) in parts {
            prop_assert!(*viewers >= 0 && skipped >= 0 && not_reached >= 0);
            prop_assert_eq!(viewers + skipped + not_reached, curves.total);
        }
        for (bucket, viewers) in curves.viewers.iter().enumerate() {
            prop_assert!(curves.rewatched[bucket] <= *viewers && *viewers <= curves.plays[bucket]);
        }
        prop_assert_eq!(curves.left.iter().sum::<i64>(), curves.played - curves.running);
    }

    #[test]
    fn retention_begins_with_all_and_never_rises(views in any_views(), buckets in 1_u32..200) {
        let curves = curves(&views, 60_000, Cut::Buckets(buckets));
        let shares = retention(&curves);
        prop_assert!(shares.windows(2).all(|pair| pair[0] >= pair[1] && pair[1] >= 0.0));
        prop_assert_eq!(shares[0], if curves.played > 0 { 1.0 } else { 0.0 });
    }

    #[test]
    fn without_running_views_retention_is_who_reached_over_who_played(
        views in any_views(), buckets in 1_u32..200,
    ) {
        let over: Vec<_> = views.into_iter().map(|(_, ranges)| (true, ranges)).collect();
        let curves = curves(&over, 60_000, Cut::Buckets(buckets));
        for (share, reached) in retention(&curves).into_iter().zip(&curves.reached) {
            let plain = if curves.played > 0 { *reached as f64 / curves.played as f64 } else { 0.0 };
            prop_assert!((share - plain).abs() < 1e-6);
        }
    }

    #[test]
    fn a_curve_that_only_falls_has_no_spots(
        ends in prop::collection::vec(1_i64..120_000, 30..400), buckets in 10_u32..200,
    ) {
        let views: Vec<_> = ends.into_iter().map(|end| (true, vec![(0, end)])).collect();
        let curves = curves(&views, 120_000, Cut::Buckets(buckets));
        prop_assert_eq!((spots(&curves, true), spots(&curves, false)), (vec![], vec![]));
    }

    #[test]
    fn colours_cover_the_video_and_say_how_often_each_place_was_played(
        ranges in prop::collection::vec((0_u32..90, 0_u32..90), 0..8), duration_ms in 0_u64..100,
    ) {
        let passes = passes(&ranges, duration_ms);
        let end_ms = if duration_ms == 0 { u64::MAX } else { duration_ms };
        let times = |ms: u64| {
            let plays = |(from, to): &&(u32, u32)| (u64::from(*from)..u64::from(*to)).contains(&ms);
            if ms < end_ms { ranges.iter().filter(plays).count() as u32 } else { 0 }
        };
        let furthest = (0..90).rev().find(|ms| times(*ms) > 0);
        let last_ms = if duration_ms == 0 { furthest.map_or(0, |ms| ms + 1) } else { duration_ms };
        prop_assert_eq!(passes.last().map_or(0, |pass| pass.to_ms), last_ms);
        let mut at_ms = 0;
        for pass in &passes {
            prop_assert_eq!(pass.from_ms, at_ms);
            at_ms = pass.to_ms;
            for ms in pass.from_ms..pass.to_ms {
                let part = match times(ms) {
                    0 if Some(ms) < furthest => Part::Skipped,
                    0 => Part::NotReached,
                    _ => Part::Played,
                };
                prop_assert_eq!((pass.times, pass.part), (times(ms), part));
            }
        }
        prop_assert!(passes.windows(2).all(|pair| (pair[0].times, pair[0].part) != (pair[1].times, pair[1].part)));
    }
}

/// `count` views of a minute; every `nth` of them watches 20 s to 22 s again.
fn replaying(count: usize, nth: usize) -> Curves {
    let ranges =
        |number| if number % nth == 0 { vec![(0, 60_000), (20_000, 22_000)] } else { vec![(0, 60_000)] };
    let views: Vec<_> = (0..count).map(|number| (true, ranges(number))).collect();
    curves(&views, 60_000, Cut::Seconds)
}

#[test]
fn a_spot_needs_enough_views_and_enough_of_them_to_differ() {
    let spot_of =
        |count, nth| spots(&replaying(count, nth), true).first().map(|spot| (spot.start_ms, spot.end_ms));
    assert_eq!(spot_of(30, 1), Some((20_000, 22_000)));
    assert_eq!(spot_of(29, 1), None, "too few views");
    // 40 of 400 is twice the deviation of 20, 80 is four times.
    assert_eq!(spot_of(400, 10), None, "as chance has it");
    assert_eq!(spot_of(400, 5), Some((20_000, 22_000)));
    // 5 % of 40,000 is ten deviations, and no eye sees it.
    assert_eq!(spot_of(40_000, 20), None, "too small a difference");
    let spot = spots(&replaying(400, 5), true)[0];
    assert_eq!((spot.plays(), spot.expected(), spot.score()), (480.0, 400.0, 0.545_455));
}
