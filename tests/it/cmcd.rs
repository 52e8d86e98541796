//! CMCD players as they are: captured reports of hls.js, dash.js and Shaka, and what becomes of them.

mod service;

use std::{collections::BTreeMap, fmt::Write as _};

use playhead::{
    beacon::formats::{Arrival, cmcd},
    event::{AttributeKey, Record, View},
};
use proptest::prelude::*;

use crate::support::capture::{Report, cmcd_captures};

/// The values of a key in a body, e.g. of `ts=`.
fn numbers(body: &str, key: &str) -> Vec<i64> {
    let records = body.lines().flat_map(|line| line.split(','));
    records.filter_map(|member| member.strip_prefix(key)?.parse().ok()).collect()
}

/// The collector's clock when the capture began: nothing arrived before it happened.
fn begun_ms(reports: &[Report]) -> i64 {
    let times = reports.iter().flat_map(|r| numbers(&r.body, "ts=").into_iter().map(|ts| ts - r.at_ms));
    times.max().unwrap()
}

fn records(reports: &[Report]) -> Vec<Record<'static>> {
    let begun_ms = begun_ms(reports);
    let decode = |report: &Report| {
        let arrival = Arrival { received_ms: begun_ms + report.at_ms };
        let decoded = cmcd::decode(report.body.as_bytes(), arrival).unwrap();
        let named = |record| Record { environment: "e".into(), ..record };
        decoded.records.into_iter().map(named).collect::<Vec<_>>()
    };
    reports.iter().flat_map(decode).collect()
}

fn fold<'a, 'b: 'a>(records: impl IntoIterator<Item = &'a Record<'b>>) -> BTreeMap<String, View> {
    let mut views = BTreeMap::<String, View>::new();
    for record in records {
        views.entry(record.view_id.to_string()).or_default().merge(&View::of(record));
    }
    views
}

/// A view's course and figures, for people: a changed line in a snapshot is a changed reading of what a player said.
fn told(records: &[Record<'_>]) -> String {
    let mut text = String::new();
    for (view_id, view) in fold(records) {
        let mut events: BTreeMap<_, _> = BTreeMap::new();
        for record in records.iter().filter(|record| record.view_id == view_id) {
            events
                .extend(record.events.iter().map(|event| ((record.order_of(event), event.sequence), event)));
        }
        let first_ms = view.first_t_ms.unwrap();
        let course = view.course();
        let totals = course.totals;
        writeln!(text, "view {view_id}").unwrap();
        for ((_, sequence), event) in events.iter().filter(|(_, event)| event.name != "request") {
            write!(text, "  {:>6} ms  {}", event.t_ms - first_ms, event.label()).unwrap();
            if let Some(failure) = &event.failure {
                write!(text, " {} {:?}", failure.severity().wire(), failure.code).unwrap();
            }
            if let Some(attribute) =
                event.attributes.iter().find(|a| a.key() == AttributeKey::RenditionBitrate)
            {
                write!(text, " at {} bit/s", attribute.number).unwrap();
            }
            writeln!(text, "  #{sequence}").unwrap();
        }
        let requests = events.values().filter(|event| event.name == "request").count();
        writeln!(text, "  and {requests} requests").unwrap();
        writeln!(
            text,
            "startup {:?} started {} failed {} ended {} closed {}",
            view.startup_ms(),
            view.started(),
            view.failed(),
            view.ended,
            view.closed
        )
        .unwrap();
        writeln!(
            text,
            "state {:?} errors {} code {:?}",
            view.state(),
            view.error_sequences.len(),
            view.error_code.value
        )
        .unwrap();
        writeln!(
            text,
            "playing {:?} watch {:?} rebuffer {:?} in {:?} seek {:?} in {:?}",
            totals.playing_ms,
            totals.watch_ms,
            totals.rebuffer_ms,
            totals.rebuffer_count,
            totals.seek_ms,
            totals.seek_count
        )
        .unwrap();
        writeln!(
            text,
            "average bitrate {:?}",
            totals.bitrate_ms.unwrap_or(0).checked_div(u64::from(totals.playing_ms.unwrap_or(0)))
        )
        .unwrap();
        for (key, latest) in view.text.iter() {
            writeln!(text, "{key:?} {}", latest.value).unwrap();
        }
    }
    text
}

#[test]
fn captures_are_read_as_what_happened() {
    for (name, reports) in cmcd_captures().into_iter().filter(|(name, _)| name != "dashjs-nokeys-normal") {
        insta::assert_snapshot!(name, told(&records(&reports)));
    }
}

fn the_view(capture: &str) -> View {
    let (_, reports) = cmcd_captures().into_iter().find(|(name, _)| name == capture).unwrap();
    let mut views = fold(&records(&reports)).into_values();
    let view = views.next().unwrap();
    assert_eq!(views.next(), None, "{capture} is one view");
    view
}

/// Worked out by hand from the time stamps of the `ps` records, and the scripts: a 24 s clip, played to its end.
#[test]
fn figures_are_those_of_the_capture() {
    type Row = (&'static str, Option<u64>, u32, u32, u32);
    // Startup from s to p, of dash.js from `msd` before the first record that has it; playing from each p to the next r or e; rebuffering from each r to p.
    let truth: [Row; 6] = [
        ("hlsjs-normal", Some(633), 24_165, 0, 0),
        ("hlsjs-rebuffer_xhold", Some(500), 24_366, 2_693, 1),
        ("dashjs-normal", Some(521), 24_042, 0, 0),
        ("dashjs-rebuffer_xhold", Some(619), 24_391, 2_712, 1),
        ("hlsjs-close", Some(482), 4_494, 0, 0),
        ("dashjs-close", Some(895), 4_103, 0, 0),
    ];
    for (capture, startup_ms, playing_ms, rebuffer_ms, rebuffer_count) in truth {
        let view = the_view(capture);
        let totals = view.course().totals;
        assert_eq!(view.startup_ms(), startup_ms, "{capture}");
        assert_eq!(totals.playing_ms, Some(playing_ms), "{capture}");
        assert_eq!(
            (totals.rebuffer_ms, totals.rebuffer_count),
            (Some(rebuffer_ms), Some(rebuffer_count)),
            "{capture}"
        );
        assert!(!view.failed() && view.attempted, "{capture}");
        assert_eq!(view.text(AttributeKey::VideoId), "content-0001");
        assert_eq!(view.text(AttributeKey::StreamType), "on-demand");
        assert_eq!(view.text(AttributeKey::SourceHostname), "127.0.0.1:9102");
    }
    assert_eq!(the_view("hlsjs-rebuffer_xhold").number(AttributeKey::RenditionBitrate), 218_000);
    assert_eq!(the_view("dashjs-normal").number(AttributeKey::RenditionBitrate), 564_000);
    // Shaka names no state: what it measured of the start is all there is, and that it plays.
    let shaka = the_view("shaka-normal");
    assert_eq!((shaka.startup_ms(), shaka.started(), shaka.failed()), (Some(494), true, false));
    assert_eq!(shaka.number(AttributeKey::RenditionBitrate), 564_000);
}

/// hls.js as our page sets it up (no `rr`), left before the first interval is over: nothing is sent then, so of the playing
/// there is what was heard of it. The start is known whole, and that it played.
#[test]
fn a_view_that_is_left_before_the_first_interval_has_begun_all_the_same() {
    for (capture, startup_ms, playing_ms) in [("hlsjs-close", 482, 0), ("hlsjs-error", 1_151, 839)] {
        let (_, mut reports) = cmcd_captures().into_iter().find(|(name, _)| name == capture).unwrap();
        let first_ms = reports.iter().flat_map(|report| numbers(&report.body, "ts=")).min().unwrap();
        for report in &mut reports {
            let is_sent = |line: &&str| {
                !line.contains("e=rr") && numbers(line, "ts=").iter().all(|ts_ms| *ts_ms < first_ms + 5_000)
            };
            report.body = report.body.lines().filter(is_sent).map(|line| format!("{line}\n")).collect();
        }
        reports.retain(|report| !report.body.is_empty());
        let views = fold(&records(&reports));
        let view = views.values().next().unwrap();
        assert_eq!((views.len(), view.startup_ms()), (1, Some(startup_ms)), "{capture}");
        assert_eq!(view.course().totals.playing_ms, Some(playing_ms), "{capture}");
        assert!(view.attempted && view.started() && !view.failed(), "{capture}");
        assert!(view.number(AttributeKey::RenditionBitrate) > 0, "{capture}");
    }
}

#[test]
fn a_view_that_dies_has_failed_by_its_code() {
    for (capture, started, code) in [
        ("hlsjs-error_start", false, "manifestLoadError"),
        ("dashjs-error_start", false, "25"),
        ("dashjs-error", true, "27"),
    ] {
        let view = the_view(capture);
        assert!(view.failed() && view.started() == started, "{capture}");
        assert_eq!(view.error_code.value, code, "{capture}");
    }
    // A code that clings to later records is no second error.
    let dashjs = the_view("dashjs-error");
    assert_eq!(dashjs.error_sequences.len(), 1);
    // From p to r: the error was told while it played what it had.
    assert_eq!(dashjs.course().totals.playing_ms, Some(7_999));
    // What these players do not say cannot be known: they only stand still.
    assert!(!the_view("hlsjs-error").failed() && !the_view("shaka-error").failed());
    assert!(!the_view("shaka-error_start").attempted);
}

#[test]
fn records_without_a_session_are_nobodys() {
    let (_, reports) = cmcd_captures().into_iter().find(|(name, _)| name == "dashjs-nokeys-normal").unwrap();
    for report in reports {
        let decoded = cmcd::decode(report.body.as_bytes(), Arrival { received_ms: 1 }).unwrap();
        assert_eq!(decoded.accepted(), 0);
        assert!(decoded.rejected.iter().all(|rejected| rejected.code == "no_session"));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    #[test]
    fn any_order_and_repetition_gives_the_same_views(seed in any::<u64>()) {
        use rand::{RngExt, SeedableRng, seq::SliceRandom};
        let mut rng = rand::rngs::StdRng::seed_from_u64(seed);
        let whole: Vec<Record<'static>> = cmcd_captures().iter().flat_map(|(_, reports)| records(reports)).collect();
        let mut parts: Vec<Record<'static>> = Vec::new();
        for record in &whole {
            let alone = record.events.iter().map(|event| Record { events: vec![event.clone()], ..record.clone() });
            parts.extend(alone);
            if rng.random_range(0..5) == 0 {
                parts.push(record.clone());
            }
        }
        parts.shuffle(&mut rng);
        prop_assert_eq!(fold(&parts), fold(&whole));
    }
}
