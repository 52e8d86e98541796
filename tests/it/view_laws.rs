//! A view is a semilattice: shuffling, splitting and repeating what a real player sent changes nothing.

use std::collections::BTreeMap;

use playhead::event::{Record, View};
use proptest::prelude::*;

use crate::support::capture::{mux_captures, records};

/// Records of all captures with one receive time each, by view.
fn captured() -> Vec<Record> {
    let all = mux_captures();
    all.iter()
        .flat_map(|(_, beacons)| beacons.iter().flat_map(|b| records(b, 1_000_000 + b.at_ms, "e")))
        .collect()
}

fn fold<'a>(records: impl Iterator<Item = &'a Record>) -> BTreeMap<String, View> {
    let mut views = BTreeMap::<String, View>::new();
    for record in records {
        views.entry(record.view_id.clone()).or_default().merge(&View::of(record));
    }
    views
}

/// Every record cut into single events, as if each had come in a beacon of its own.
fn split(record: &Record) -> Vec<Record> {
    let alone = |event: &playhead::event::Event| Record { events: vec![event.clone()], ..record.clone() };
    record.events.iter().map(alone).collect()
}

#[test]
fn captures_hold_what_their_scripts_did() {
    for (name, beacons) in mux_captures() {
        let records: Vec<Record> =
            beacons.iter().flat_map(|b| records(b, 1_000_000 + b.at_ms, "e")).collect();
        insta::assert_debug_snapshot!(name, fold(records.iter()));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn any_order_and_repetition_gives_the_same_views(
        order in Just(()).prop_perturb(|(), mut rng| {
            let whole = captured();
            let mut parts: Vec<Record> = whole.iter().flat_map(|r| if rng.random() { split(r) } else { vec![r.clone()] }).collect();
            let repeated: Vec<Record> = parts.iter().filter(|_| rng.random::<u8>() < 40).cloned().collect();
            parts.extend(repeated);
            for i in (1..parts.len()).rev() {
                let j = (rng.next_u64() as usize) % (i + 1);
                parts.swap(i, j);
            }
            parts
        })
    ) {
        let expected = fold(captured().iter());
        prop_assert_eq!(fold(order.iter()), expected);
    }

    #[test]
    fn joining_is_associative(cut in 0_usize..40) {
        let records = captured();
        let id = &records[cut % records.len()].view_id;
        let of_view: Vec<View> = records.iter().filter(|r| &r.view_id == id).map(View::of).collect();
        let join = |views: &[View]| views.iter().fold(View::default(), |mut sum, view| { sum.merge(view); sum });
        let (left, right) = of_view.split_at(cut % (of_view.len() + 1));
        let mut halves = join(left);
        halves.merge(&join(right));
        prop_assert_eq!(halves, join(&of_view));
    }
}
