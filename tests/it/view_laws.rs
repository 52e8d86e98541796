//! A view is a semilattice: shuffling, splitting and repeating what a real player sent changes nothing.

use std::collections::BTreeMap;

use playhead::{
    beacon::formats::{Arrival, cmcd},
    event::{Attribute, AttributeKey, Event, Record, View, bounds::NAMES_OF_A_PIECE},
};
use proptest::prelude::*;

use crate::support::capture::{cmcd_captures, epas_captures, epas_records, mux_captures, records};

/// Within a day of what the clocks of the captures say.
const RECEIVED_MS: i64 = 1_795_320_000_000;

/// Records of all captures of all formats, with one receive time each.
fn captured() -> Vec<Record<'static>> {
    let mux = mux_captures();
    let mux =
        mux.iter().flat_map(|(_, beacons)| beacons).flat_map(|b| records(b, RECEIVED_MS + b.at_ms, "e"));
    mux.chain(without_totals(RECEIVED_MS)).collect()
}

/// Those of clients that send no totals, as they would have arrived from `begun_ms` on.
fn without_totals(begun_ms: i64) -> Vec<Record<'static>> {
    let (epas, reports) = (epas_captures(), cmcd_captures());
    let epas = epas.iter().flat_map(|(_, beacons)| beacons).flat_map(|b| epas_records(b, begun_ms + b.at_ms));
    let cmcd = reports.iter().flat_map(|(_, reports)| reports).flat_map(|report| {
        let arrival = Arrival { received_ms: begun_ms + report.at_ms };
        cmcd::decode(report.body.as_bytes(), arrival).unwrap().records
    });
    epas.chain(cmcd).collect()
}

fn fold<'a, 'b: 'a>(records: impl Iterator<Item = &'a Record<'b>>) -> BTreeMap<String, View> {
    let mut views = BTreeMap::<String, View>::new();
    for record in records {
        views.entry(record.view_id.to_string()).or_default().merge(&View::of(record));
    }
    views
}

/// Every record cut into single events, as if each had come in a beacon of its own.
fn split<'a>(record: &Record<'a>) -> Vec<Record<'a>> {
    record.events.iter().map(|event| Record { events: vec![event.clone()], ..record.clone() }).collect()
}

#[test]
fn captures_hold_what_their_scripts_did() {
    for (name, beacons) in mux_captures() {
        let records: Vec<Record<'static>> =
            beacons.iter().flat_map(|b| records(b, 1_000_000 + b.at_ms, "e")).collect();
        insta::assert_debug_snapshot!(name, fold(records.iter()));
    }
}

#[test]
fn a_device_clock_that_is_wrong_changes_no_figure() {
    let expected = fold(without_totals(RECEIVED_MS).iter());
    let hours = 3_600_000;
    for wrong_by_ms in [-400 * 24 * hours, -25 * hours, -30 * hours, 2 * hours, 400 * 24 * hours] {
        let mut records = without_totals(RECEIVED_MS + wrong_by_ms);
        // Sent again later, as players do.
        records.extend(without_totals(RECEIVED_MS + wrong_by_ms + 20_000));
        for (id, view) in fold(records.iter()) {
            assert_eq!(view.course(), expected[&id].course(), "{id}, clock wrong by {wrong_by_ms} ms");
            assert_eq!(view.startup_ms(), expected[&id].startup_ms(), "{id}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn any_order_and_repetition_gives_the_same_views(
        order in Just(()).prop_perturb(|(), mut rng| {
            let whole = captured();
            let mut parts: Vec<Record<'static>> = whole.iter().flat_map(|r| if rng.random() { split(r) } else { vec![r.clone()] }).collect();
            let repeated: Vec<Record<'static>> = parts.iter().filter(|_| rng.random::<u8>() < 40).cloned().collect();
            parts.extend(repeated);
            for i in (1..parts.len()).rev() {
                let j = (rng.next_u64() as usize) % (i + 1);
                parts.swap(i, j);
            }
            parts
        })
    ) {
        let (expected, found) = (fold(captured().iter()), fold(order.iter()));
        prop_assert!(found == expected, "not the same views");
        let mut learnt = BTreeMap::<String, View>::new();
        for record in &order {
            learnt.entry(record.view_id.to_string()).or_default().learn(record);
        }
        prop_assert!(learnt == expected, "learning records is not merging their pieces");
        for (id, view) in &expected {
            prop_assert_eq!(view.course(), found[id].course());
        }
    }

    #[test]
    fn joining_is_associative(cut in 0_usize..4000) {
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

#[test]
fn of_names_without_end_a_view_knows_the_same_whatever_comes_first() {
    let said = |number: u32| Attribute {
        key: AttributeKey::KeyCustom as i32,
        name: format!("{:08x}", number.wrapping_mul(2_654_435_761)).into(),
        text: "said".into(),
        ..Attribute::default()
    };
    let of = |numbers: &mut dyn Iterator<Item = u32>| {
        let event = Event { attributes: numbers.map(said).collect(), ..Event::default() };
        View::of(&Record { events: vec![event], ..Record::default() })
    };
    let (up, down) = (of(&mut (0..5_000)), of(&mut (0..5_000).rev()));
    assert_eq!(up.custom, down.custom);
    assert_eq!(up.custom.len(), NAMES_OF_A_PIECE);
    let mut halves = of(&mut (0..2_500));
    halves.merge(&of(&mut (2_500..5_000)));
    assert_eq!(halves.custom, up.custom);
}
