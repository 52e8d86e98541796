//! The manners of single players, and what their words are worth. Each rule looks at one record alone, so that order and
//! repetition change nothing; what it rests on was seen in `tests/fixtures/captures/cmcd`.
//!
//! | player | seen | so |
//! |---|---|---|
//! | hls.js 1.7.4 | `e=e` only with `sta=f` | fatal; said twice, by the state and by the event |
//! | dash.js 5.2.1 | never `sta=f`; `ec` is a bare integer, which clings to all later records | it is an error only with `e=e`, and fatal unless the code is of something played without |
//! | dash.js 5.2.1 | `sta=s` when a source is attached, long before play is pressed | without `msd` nobody has asked for anything |
//! | dash.js 5.2.1 | `msd` is the time since play was pressed, with the first record after it in any state | with `sta=p` the startup, else that record is the press, `msd` before it |
//! | dash.js 5.2.1 | `ttfb` is mostly a Unix time | durations beyond ten minutes are left out |
//! | dash.js, hls.js | `rr` carries the state of some moment between request and response | states are read from `ps` only |
//! | Shaka 5.2.12 | never `ps` or `sta`; `msd` is right, with the request that goes out as playback begins | that record begins playback, at its `ts` |
//! | Shaka 5.2.12 | `e=e` without a code, for errors it recovers from too | a warning |

use super::record::{Bare, Item, Record};
use crate::event::{Failure, Severity};

/// Longest startup and request that is believed, ms.
pub const LONGEST_MS: f64 = 600_000.0;

/// dash.js's codes of what it plays without: XLink (12, 29), segments not there yet (14), clock (16), subtitles (33).
const DASHJS_MILD: [f64; 5] = [12.0, 14.0, 16.0, 29.0, 33.0];

/// The startup delay, if it can be true.
pub fn startup_ms(record: &Record<'_>) -> Option<u32> {
    let begun = match record.text("sta") {
        Some(state) if is_dashjs(record) => state == "p",
        state => !matches!(state, Some("d" | "s" | "r" | "w" | "f")),
    };
    let msd = record.number("msd").filter(|msd| *msd > 0.0 && *msd <= LONGEST_MS)?;
    begun.then_some(msd.round() as u32)
}

/// How long ago play was pressed, if this record is the first to know and nothing plays yet.
pub fn pressed_ms_ago(record: &Record<'_>) -> Option<i64> {
    let is_waiting = matches!(record.text("sta"), Some("d" | "s" | "r" | "w" | "k"));
    let msd = record.number("msd").filter(|msd| (0.0..=LONGEST_MS).contains(msd))?;
    (is_waiting && is_dashjs(record)).then_some(msd.round() as i64)
}

/// Whether the state of starting says no more than that there is a source.
pub fn is_only_attached(record: &Record<'_>) -> bool {
    is_dashjs(record) && record.get("msd").is_none()
}

/// dash.js tells the buffers of picture and sound apart, and until it has read a manifest no streaming format.
fn is_dashjs(record: &Record<'_>) -> bool {
    let is_typed = |item: &Item<'_>| matches!(item.parameter, Some("v" | "a"));
    let is_dash = matches!(record.text("sf"), None | Some("d"));
    is_dash && record.get("bl").is_some_and(|lengths| lengths.items.iter().any(is_typed))
}

/// Whether playback has begun by this record although it names no state: some players never do.
pub fn begins_playback(record: &Record<'_>) -> bool {
    record.get("sta").is_none() && startup_ms(record).is_some()
}

/// What an error record (`e=e`, or the state `f`) says.
pub fn failure(record: &Record<'_>) -> Failure<'static> {
    Failure { code: code(record).into(), message: "".into(), severity: severity(record) as i32 }
}

fn severity(record: &Record<'_>) -> Severity {
    let is_fatal = match record.get("ec").and_then(|code| code.number()) {
        _ if record.text("sta") == Some("f") => true,
        // Only dash.js writes numbers. It reports when its own retries have failed, and does not go on then.
        Some(code) => !DASHJS_MILD.contains(&code),
        None => false,
    };
    if is_fatal { Severity::Fatal } else { Severity::Warning }
}

fn code(record: &Record<'_>) -> String {
    let codes = record.get("ec").map_or(&[][..], |codes| &codes.items);
    let codes: Vec<&str> = codes
        .iter()
        .filter_map(|item| match &item.bare {
            Bare::Text(text) => Some(&**text),
            Bare::Number(_) => Some(item.written),
            Bare::Flag(_) => None,
        })
        .collect();
    codes.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(line: &str) -> (Severity, String) {
        let failure = failure(&Record::parse(line));
        (failure.severity(), failure.code.into_owned())
    }

    #[test]
    fn players_mean_different_things_by_an_error() {
        assert_eq!(said("e=ps,sta=f"), (Severity::Fatal, String::new()));
        assert_eq!(
            said(r#"e=e,ec=("manifestLoadError"),sta=f"#),
            (Severity::Fatal, "manifestLoadError".to_owned())
        );
        assert_eq!(said("e=e,ec=25,sta=s"), (Severity::Fatal, "25".to_owned()));
        assert_eq!(said("e=e,ec=33,sta=p"), (Severity::Warning, "33".to_owned()));
        assert_eq!(said(r#"e=e,ec=("a" "b"),sta=p"#), (Severity::Warning, "a, b".to_owned()));
        assert_eq!(said("e=e"), (Severity::Warning, String::new()));
    }

    #[test]
    fn dashjs_attaches_a_source_before_anybody_presses_play() {
        let attached = Record::parse("bl=(0;v 0;a),e=ps,sta=s");
        assert!(is_only_attached(&attached));
        // hls.js says it at the press.
        assert!(!is_only_attached(&Record::parse("bl=(0),e=ps,sf=h,sta=s")));
        let pressed = |line| pressed_ms_ago(&Record::parse(line));
        for (line, ago) in [
            ("bl=(0;v 0;a),e=ps,msd=19,sf=d,sta=r", Some(19)),
            ("bl=(0;v 0;a),e=ps,msd=1,sta=s", Some(1)),
            ("bl=(0;v 0;a),e=ps,msd=0,sf=d,sta=k", Some(0)),
            ("bl=(24000;v 23900;a),e=ps,msd=2,sf=d,sta=p", None),
            ("bl=(2000),e=ps,msd=19,sf=h,sta=r", None),
            ("bl=(0;v 0;a),e=ps,sf=d,sta=r", None),
        ] {
            assert_eq!(pressed(line), ago, "{line}");
        }
        assert_eq!(startup_ms(&Record::parse("bl=(24000;v 23900;a),e=ps,msd=2,sf=d,sta=p")), Some(2));
        assert_eq!(startup_ms(&Record::parse("bl=(0;v 0;a),e=ps,msd=9,sf=d,sta=k")), None);
    }

    #[test]
    fn a_startup_delay_counts_once_playback_has_begun() {
        let startup = |line| startup_ms(&Record::parse(line));
        assert_eq!(startup("e=rr,msd=494"), Some(494));
        assert_eq!(startup("e=ps,msd=494,sta=p"), Some(494));
        assert_eq!(startup("e=ps,msd=1,sta=s"), None);
        assert_eq!(startup("e=rr,msd=0"), None);
        assert_eq!(startup("e=rr,msd=600001"), None);
        assert!(begins_playback(&Record::parse("e=rr,msd=494")));
        assert!(!begins_playback(&Record::parse("e=ps,msd=494,sta=p")));
    }
}
