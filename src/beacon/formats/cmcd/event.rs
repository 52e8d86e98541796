//! A record as an event: what each key of CTA-5004 means here. What has no meaning is kept with the event under its own
//! key, so that nothing a player says is lost.

use simd_json::Node;

use super::{
    quirks,
    record::{Item, Record, Value},
};
use crate::{
    beacon::formats::{Arrival, clock, field, private},
    event::{Attribute, AttributeKey, Counters, Event, Kind, attribute},
    telemetry::{Metric, count_labelled},
};

/// No rendition has more, bit/s.
const MAX_BITRATE: f64 = 1e10;
/// `pt` is an offset in the title or, for live, a Unix time; no title is this long, ms.
const LONGEST_TITLE_MS: f64 = 1e11;
/// Custom keys of this name set our attributes: `com.playhead-video_title="…"`.
const OWN_KEYS: &str = "com.playhead-";
/// The newest version that is known.
const VERSION: f64 = 2.0;

/// What the events of CMCD are called here; other tokens keep their own name.
const NAMES: [(&str, Kind, &str); 18] = [
    ("t", Kind::Heartbeat, ""),
    ("bc", Kind::Renditionchange, ""),
    ("pr", Kind::Ratechange, ""),
    ("h", Kind::Cdnchange, ""),
    ("e", Kind::Error, ""),
    ("ce", Kind::Custom, ""),
    ("abs", Kind::Adstart, ""),
    ("abe", Kind::Adend, ""),
    ("ps", Kind::Other, "playerstate"),
    ("rr", Kind::Other, "request"),
    ("m", Kind::Other, "mute"),
    ("um", Kind::Other, "unmute"),
    ("pe", Kind::Other, "playerexpand"),
    ("pc", Kind::Other, "playercollapse"),
    ("c", Kind::Other, "contentchange"),
    ("as", Kind::Other, "adplay"),
    ("ae", Kind::Other, "adended"),
    ("sk", Kind::Other, "adskipped"),
];

/// An event and whether its time is the client's own.
pub struct Told {
    pub event: Event<'static>,
    pub on_client_clock: bool,
}

/// Reads a record as an event. The reason, if it cannot be one.
pub fn read(record: &Record<'_>, sequence: u64, arrival: Arrival) -> Result<Told, &'static str> {
    let version = record.number("v");
    // Version 1 names no event and need not name itself.
    if version.is_some_and(|version| version > VERSION)
        || (version < Some(VERSION) && record.text("e").is_none())
    {
        return Err("bad_version");
    }
    let token = record.text("e").filter(|token| token.len() <= field::MAX_NAME_BYTES).ok_or("bad_type")?;
    let (kind, name) = kind(record, token);
    let time = time_ms(record, token)?;
    // A record has to have a time. One that has none happened when we heard of it, each time it comes.
    let t_ms = time.unwrap_or(arrival.received_ms);
    let counters = Counters {
        startup_ms: quirks::startup_ms(record),
        max_request_latency_ms: request_latency_ms(record),
        dropped_frames: number(record.get("dfa")).and_then(|dfa| field::total(Some((&dfa).into()), "dfa")),
        ..Counters::default()
    };
    // The code clings to later records of some players; only these two say that something happened.
    let mut failure = (kind == Kind::Error).then(|| quirks::failure(record));
    let mut attributes = attributes(record, t_ms);
    private::scrub(&mut attributes, &mut failure);
    let event = Event {
        sequence,
        t_ms,
        kind: kind as i32,
        name: if kind == Kind::Other { name.to_owned().into() } else { "".into() },
        playhead_ms: playhead_ms(record),
        counters: (counters != Counters::default()).then_some(counters),
        segments: Vec::new(),
        attributes,
        failure,
        turn: turn(record),
    };
    Ok(Told { event, on_client_clock: time.is_some() })
}

/// How long a request waited for its first byte; dash.js writes the time of day there.
fn request_latency_ms(record: &Record<'_>) -> Option<u32> {
    let ttfb = record.get("ttfb").and_then(Value::number).filter(|ms| is_duration(*ms))?;
    field::total(Some((&field::of_number(ttfb)).into()), "ttfb")
}

fn kind<'a>(record: &Record<'_>, token: &'a str) -> (Kind, &'a str) {
    let state = if token == "ps" { record.text("sta") } else { None };
    let kind = match state {
        _ if token != "e" && quirks::pressed_ms_ago(record).is_some() => Kind::Play,
        Some("s") if quirks::is_only_attached(record) => Kind::Viewinit,
        Some("d") => Kind::Viewinit,
        Some("s") => Kind::Play,
        Some("p") => Kind::Playing,
        Some("k") => Kind::Seeking,
        Some("r" | "w") => Kind::Rebufferstart,
        Some("a") => Kind::Pause,
        Some("e") => Kind::Ended,
        Some("f") => Kind::Error,
        Some("q") => Kind::Viewend,
        _ if token != "e" && quirks::begins_playback(record) => Kind::Playing,
        _ if token == "b" => {
            let hidden = record.get("bg").is_some_and(Value::is_true);
            return (Kind::Other, if hidden { "backgroundstart" } else { "backgroundend" });
        }
        _ => {
            let known = NAMES.iter().find(|(known, ..)| *known == token);
            return known.map_or((Kind::Other, token), |(_, kind, name)| (*kind, name));
        }
    };
    (kind, "")
}

/// When it happened, Unix ms of the client. `rr` carries the time of the request and tells of the response, so that is
/// when it happened; unless it begins playback, which Shaka does with the request. A press on play was before the record.
fn time_ms(record: &Record<'_>, token: &str) -> Result<Option<i64>, &'static str> {
    let Some(ts) = record.number("ts") else { return Ok(None) };
    let ts = ts.round() as i64;
    if !clock::is_sane(ts) {
        return Err("bad_time");
    }
    let is_response = token == "rr" && !quirks::begins_playback(record);
    let took_ms = record.number("ttlb").filter(|ms| is_response && is_duration(*ms)).unwrap_or(0.0);
    let pressed_ms_ago = quirks::pressed_ms_ago(record).filter(|_| token != "e").unwrap_or(0);
    Ok(Some(ts + took_ms as i64 - pressed_ms_ago))
}

fn is_duration(ms: f64) -> bool {
    (0.0..=quirks::LONGEST_MS).contains(&ms)
}

/// `sn` counts the reports of a session to one target: it orders what happened within a millisecond, and does not tell
/// events apart, because players start it anew.
fn turn(record: &Record<'_>) -> u32 {
    record.number("sn").map_or(0, |sn| sn as u32)
}

fn playhead_ms(record: &Record<'_>) -> Option<u64> {
    let is_live = matches!(record.text("st"), Some("l" | "ll"));
    let pt = record.number("pt").filter(|pt| !is_live && (0.0..LONGEST_TITLE_MS).contains(pt))?;
    Some(pt.round() as u64)
}

fn attributes(record: &Record<'_>, t_ms: i64) -> Vec<Attribute<'static>> {
    let mut attributes = Vec::with_capacity(record.members.len());
    for (key, value) in &record.members {
        match *key {
            // Read elsewhere.
            "v" | "e" | "dfa" => {}
            "ts" if value.number().is_some_and(|ts| ts.round() as i64 == t_ms) => {}
            "sid" => attributes.extend(meaning(AttributeKey::SessionId, &value.kept())),
            "cid" => attributes.extend(meaning(AttributeKey::VideoId, &value.kept())),
            "cdn" => attributes.extend(meaning(AttributeKey::Cdn, &value.kept())),
            "h" => attributes.extend(meaning(AttributeKey::SourceHostname, &value.kept())),
            "st" => attributes.extend(stream_type(value)),
            "br" => attributes.extend(bitrate(key, value)),
            "ab" if record.get("br").is_none() => attributes.extend(bitrate(key, value)),
            "url" => attributes.extend(requested(&value.kept())),
            "nor" => attributes.extend(kept(key, &next_objects(value))),
            "ltc" if value.number().is_some_and(is_duration) => {
                attributes.extend(value.number().and_then(|ms| measured(AttributeKey::LiveLatencyMs, ms)));
            }
            "cen" => attributes.extend(kept("name", &value.kept())),
            "msd" if quirks::startup_ms(record).is_some() || quirks::pressed_ms_ago(record).is_some() => {}
            "pt" if playhead_ms(record).is_some() => {}
            "ttfb" | "ttfbb" | "ttlb" | "ltc" | "msd" if !value.number().is_some_and(is_duration) => {
                count_labelled(Metric::FieldsDropped, "reason", "bad_duration", 1);
            }
            _ if key.contains('-') => attributes.extend(own(key, &value.kept())),
            _ => attributes.extend(kept(key, &value.kept())),
        }
    }
    field::in_order(attributes)
}

fn meaning(key: AttributeKey, text: &str) -> Option<Attribute<'static>> {
    field::attribute(attribute::by_key(key)?, (&Node::String(text)).into()).map(Attribute::into_owned)
}

fn measured(key: AttributeKey, number: f64) -> Option<Attribute<'static>> {
    field::attribute(attribute::by_key(key)?, (&field::of_number(number)).into())
}

fn kept(key: &str, text: &str) -> Option<Attribute<'static>> {
    private::kept(key.to_owned(), (&Node::String(text)).into()).map(Attribute::into_owned)
}

/// Custom keys have a hyphen. They are the customer's dimensions, or say what CMCD has no word for.
fn own(key: &str, text: &str) -> Option<Attribute<'static>> {
    let named = key.strip_prefix(OWN_KEYS).and_then(attribute::by_name).filter(|spec| spec.client);
    match named {
        Some(spec) if spec.kind == attribute::Type::Text => meaning(spec.key, text),
        Some(spec) => measured(spec.key, text.parse().ok()?),
        None => field::custom(key.into(), (&Node::String(text)).into()).map(Attribute::into_owned),
    }
}

fn number(value: Option<&Value<'_>>) -> Option<Node<'static>> {
    value?.number().map(field::of_number)
}

/// The words all formats use; low latency is kept beside it.
fn stream_type(value: &Value<'_>) -> Vec<Attribute<'static>> {
    let (word, is_plain) = match value.word() {
        Some("v") => ("on-demand", true),
        Some("l") => ("live", true),
        Some("ll") => ("live", false),
        _ => ("", false),
    };
    let kept = if is_plain { None } else { kept("st", &value.kept()) };
    meaning(AttributeKey::StreamType, word).into_iter().chain(kept).collect()
}

/// The bitrate in bit/s: of video and audio together where they are told apart, else the largest. The parts are kept.
fn bitrate(key: &str, value: &Value<'_>) -> Vec<Attribute<'static>> {
    let of_media = |item: &&Item<'_>| matches!(item.parameter, Some("v" | "a" | "av"));
    let kbps = |item: &Item<'_>| item.number().unwrap_or(0.0);
    let typed: f64 = value.items.iter().filter(of_media).map(kbps).sum();
    let total = if typed > 0.0 { typed } else { value.items.iter().map(kbps).fold(0.0, f64::max) } * 1000.0;
    let number = if total <= MAX_BITRATE { measured(AttributeKey::RenditionBitrate, total) } else { None };
    let parts = if value.items.len() > 1 || number.is_none() { kept(key, &value.kept()) } else { None };
    number.into_iter().chain(parts).collect()
}

/// Where something was asked for, and its host.
fn requested(url: &str) -> Vec<Attribute<'static>> {
    let host = private::host(url).and_then(|host| meaning(AttributeKey::SourceHostname, host));
    kept("url", url).into_iter().chain(host).collect()
}

/// Addresses relative to `url`, or not.
fn next_objects(value: &Value<'_>) -> String {
    let without_query = value.items.iter().map(|item| {
        let text = Value { items: vec![item.clone()] }.kept();
        private::without_queries(field::without_query(&text)).into_owned()
    });
    without_query.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    const RECEIVED_MS: i64 = 1_795_313_600_000;

    fn told(line: &str) -> Event<'static> {
        read(&Record::parse(line), 7, Arrival { received_ms: RECEIVED_MS }).map(|told| told.event).unwrap()
    }

    fn texts<'a>(event: &'a Event<'_>) -> Vec<(AttributeKey, &'a str, &'a str)> {
        event.attributes.iter().map(|a| (a.key(), &*a.name, &*a.text)).collect()
    }

    #[test]
    fn states_and_events_have_our_names() {
        let label = |line: &str| told(line).label().to_owned();
        let states =
            ["d", "s", "p", "k", "r", "w", "a", "e", "f", "q"].map(|sta| label(&format!("e=ps,sta={sta}")));
        assert_eq!(
            states,
            [
                "viewinit",
                "play",
                "playing",
                "seeking",
                "rebufferstart",
                "rebufferstart",
                "pause",
                "ended",
                "error",
                "viewend"
            ]
        );
        let events = ["t", "bc", "pr", "rr", "e", "h", "ce", "m", "abs", "b", "xyz", "ps"]
            .map(|e| label(&format!("e={e}")));
        assert_eq!(
            events,
            [
                "heartbeat",
                "renditionchange",
                "ratechange",
                "request",
                "error",
                "cdnchange",
                "custom",
                "mute",
                "adstart",
                "backgroundend",
                "xyz",
                "playerstate"
            ]
        );
        assert_eq!(label("e=b,bg"), "backgroundstart");
        assert_eq!(label("e=rr,sta=p"), "request", "states are read from ps only");
        assert_eq!(label("e=rr,msd=400"), "playing", "no state, but a startup delay");
        assert!(read(&Record::parse("e=t,v=3"), 7, Arrival { received_ms: 1 }).is_err());
        assert!(read(&Record::parse("sta=p"), 7, Arrival { received_ms: 1 }).is_err());
    }

    #[test]
    fn keys_with_a_meaning_become_it_and_the_rest_is_kept() {
        let event = told(
            r#"br=(500;v 64;a),cid="film",com.acme-plan="gold",com.playhead-video_title="Tides",dfa=3,e=t,ltc=4200,mtp=(862300;v),pt=1500,sid="s",sn=4,st=ll,ts=1795313599000,v=2,zz=1"#,
        );
        assert_eq!(
            texts(&event),
            [
                (AttributeKey::KeyUnknown, "br", "500;v 64;a"),
                (AttributeKey::KeyUnknown, "mtp", "862300;v"),
                (AttributeKey::KeyUnknown, "pt", "1500"),
                (AttributeKey::KeyUnknown, "sn", "4"),
                (AttributeKey::KeyUnknown, "st", "ll"),
                (AttributeKey::KeyUnknown, "zz", "1"),
                (AttributeKey::KeyCustom, "com.acme-plan", "gold"),
                (AttributeKey::VideoId, "", "film"),
                (AttributeKey::VideoTitle, "", "Tides"),
                (AttributeKey::StreamType, "", "live"),
                (AttributeKey::SessionId, "", "s"),
                (AttributeKey::RenditionBitrate, "", ""),
                (AttributeKey::LiveLatencyMs, "", ""),
            ]
        );
        let numbers: Vec<u64> = event.attributes.iter().map(|a| a.number).filter(|n| *n > 0).collect();
        assert_eq!((numbers.as_slice(), event.turn), (&[564_000, 4200][..], 4));
        assert_eq!(event.counters.and_then(|c| c.dropped_frames), Some(3));
        assert_eq!(event.playhead_ms, None, "a live playhead is a Unix time");
        assert_eq!(told("e=t,pt=1500,st=v").playhead_ms, Some(1500));
        assert_eq!(told("ab=(566.234),e=t").attributes[0].number, 566_234);
    }

    #[test]
    fn addresses_lose_what_signs_them() {
        let event = told(
            r#"e=rr,nor=("b.m4s?token=x" "c.m4s";r="0-9"),url="https://me:secret@cdn.example:8443/a/b.m4s?token=x#y""#,
        );
        assert_eq!(
            texts(&event),
            [
                (AttributeKey::KeyUnknown, "nor", "b.m4s c.m4s;r=\"0-9\""),
                (AttributeKey::KeyUnknown, "url", "https://cdn.example:8443/a/b.m4s"),
                (AttributeKey::SourceHostname, "", "cdn.example:8443"),
            ]
        );
        assert_eq!(texts(&told(r#"e=rr,url="http://[::1]/""#))[1].2, "[::1]");
        let custom = told(r#"com.acme-page="see https://me@acme.example/?q=1 there",e=t"#);
        assert_eq!(texts(&custom)[0].2, "see https://acme.example/ there");
        assert_eq!(texts(&told(r#"e=rr,url="../x.m4s?y""#))[0].2, "../x.m4s");
    }

    #[test]
    fn what_cannot_be_true_is_left_out() {
        let event = told("e=rr,ltc=-5,rc=200,ttfb=1795314628395,ttlb=311,ts=1795313599000");
        assert_eq!(
            texts(&event),
            [
                (AttributeKey::KeyUnknown, "rc", "200"),
                (AttributeKey::KeyUnknown, "ts", "1795313599000"),
                (AttributeKey::KeyUnknown, "ttlb", "311"),
            ]
        );
        assert_eq!(event.t_ms, 1_795_313_599_311, "the response came then");
        assert_eq!(told("e=rr,msd=494,ts=1795313599000,ttlb=311").t_ms, 1_795_313_599_000, "playback begins");
        assert_eq!(
            told("e=t,ts=1795000000000").t_ms,
            1_795_000_000_000,
            "a clock that is days off is a clock"
        );
        assert_eq!(told("e=t,ts=\"now\"").t_ms, RECEIVED_MS, "without a time");
        for ts in ["0", "-5", "99999999999999999999"] {
            let line = format!("e=t,ts={ts}");
            let read = read(&Record::parse(&line), 1, Arrival { received_ms: RECEIVED_MS });
            assert_eq!(read.err(), Some("bad_time"), "{ts}");
        }
    }
}
