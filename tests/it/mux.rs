//! mux-embed, whole: everything it sends is taken, nested fields too, and what is private stays out of the log.

use std::collections::BTreeMap;

use playhead::{
    beacon::formats::{Arrival, Decoded, mux},
    event::{AttributeKey, Event, View},
};
use serde_json::{Value, json};

use crate::support::capture::{mux_captures, records};

const RECEIVED_MS: i64 = 1_795_313_100_000;

fn decode(body: &Value) -> Decoded<'static> {
    let mut body = body.to_string().into_bytes();
    mux::decode(&mut body, Arrival { received_ms: RECEIVED_MS }).unwrap().decoded.into_owned()
}

/// A beacon of one view: its events get what every event has.
fn beacon(events: Value) -> Value {
    let events = events.as_array().unwrap().iter().enumerate().map(|(number, event)| {
        let mut whole =
            json!({"ake": "key", "xid": "v", "xsqno": number + 1, "uti": RECEIVED_MS - 900 + number as i64});
        whole.as_object_mut().unwrap().extend(event.as_object().unwrap().clone());
        whole
    });
    json!({"metadata": {"transmission_timestamp": RECEIVED_MS - 20, "rtt_ms": 44}, "events": events.collect::<Vec<_>>()})
}

fn events(body: Value) -> Vec<Event<'static>> {
    let decoded = decode(&beacon(body));
    assert_eq!(decoded.rejected, []);
    decoded.records.into_iter().flat_map(|record| record.events).collect()
}

fn kept<'a>(event: &'a Event<'_>) -> BTreeMap<&'a str, &'a str> {
    event.attributes.iter().map(|attribute| (&*attribute.name, &*attribute.text)).collect()
}

#[test]
fn nothing_that_was_captured_is_refused() {
    for (name, beacons) in mux_captures() {
        for beacon in &beacons {
            let body: Value = serde_json::from_str(&beacon.body).unwrap();
            let decoded = decode(&body);
            assert_eq!(decoded.rejected, [], "{name}");
            assert_eq!(decoded.accepted(), body["events"].as_array().unwrap().len(), "{name}");
        }
    }
}

/// 62 members of the full state, and what each event adds: a member is read, kept, or empty.
#[test]
fn no_field_of_a_capture_gets_lost() {
    for (name, beacons) in mux_captures() {
        for beacon in &beacons {
            let body: Value = serde_json::from_str(&beacon.body).unwrap();
            let mut taken: BTreeMap<(String, u64), usize> = BTreeMap::new();
            for record in decode(&body).records {
                for event in record.events {
                    let attributes = event.attributes.iter().filter(|attribute| attribute.name != "rtt_ms");
                    taken.insert((record.view_id.to_string(), event.sequence), attributes.count());
                }
            }
            for event in body["events"].as_array().unwrap() {
                let id = (event["xid"].as_str().unwrap().to_owned(), event["xsqno"].as_u64().unwrap());
                let says = |value: &Value| !matches!(value, Value::Null) && value != "" && value != 0;
                let members = event.as_object().unwrap().iter().filter(|(_, value)| says(value)).count();
                // Counters, clocks, ids and the like have their own places: at most these.
                assert!(taken[&id] + 28 >= members, "{name} {id:?}: {} of {members} members", taken[&id]);
            }
        }
    }
}

/// What Mux Data makes dimensions of is known of the view, by the names its API has.
#[test]
fn dimensions_of_mux_data_are_custom_ones() {
    let decoded = decode(&beacon(json!([
        {"e": "viewstart", "pauon": false, "upz": "gold", "xcialnm": "shop", "mvrdvmo": "iPhone16,2", "pppeb": false, "pcseb": false},
        {"e": "hb", "pppeb": true, "upz": "free"},
        {"e": "hb", "pppeb": false},
    ])));
    let view = View::of(&decoded.records[0]);
    let custom: BTreeMap<_, _> =
        view.custom.iter().map(|(name, latest)| (name.as_str(), latest.value.as_str())).collect();
    let expected = [
        ("client_application_name", "shop"),
        ("player_autoplay", "false"),
        ("used_pip", "true"),
        ("viewer_device_model", "iPhone16,2"),
        ("viewer_plan", "free"),
    ];
    assert_eq!(custom, expected.into());
    // That it was not so by then stays with the event.
    let last = decoded.records[0].events.last().unwrap();
    assert_eq!(kept(last)["player_pip_enabled"], "false");
}

#[test]
fn nested_fields_are_kept_and_what_is_private_is_not() {
    let events = events(json!([
        {"e": "viewstart", "wur": "https://site.example/watch?user=secret#secret", "vsour": "https://cdn.example/v.m3u8?token=secret",
         "vpour": "/poster.jpg?session=secret", "c1": "https://site.example/?secret"},
        {"e": "requestcompleted", "qur": "https://u:secret@cdn.example/1.ts?sig=secret",
         "qrphe": {"content-type": "video/mp2t", "x-cdn": "edge", "Set-Cookie": "secret", "authorization": "secret"},
         "qrfls": {"media": {"0": {"width": 320, "attrs": {"URI": "lo.m3u8?token=secret"}}}}},
        {"e": "requestfailed", "qeret": "GET https://cdn.example/2.ts?sig=secret failed"},
        {"e": "error", "percd": 2, "perme": "403 for https://cdn.example/2.ts?sig=secret", "percz": "at https://cdn.example/2.ts?sig=secret"},
        {"e": "adrequest", "dtaur": "https://ads.example/tag?viewer=secret"},
    ]));
    let [start, completed, failed, error, ad] = events.as_slice() else { panic!("five events") };
    for event in &events {
        assert!(!format!("{event:?}").contains("secret"), "{event:?}");
    }
    assert_eq!(kept(start)["video_source_url"], "https://cdn.example/v.m3u8");
    assert_eq!(kept(start)["video_poster_url"], "/poster.jpg");
    assert_eq!(kept(start)["custom_1"], "https://site.example/");
    assert_eq!(
        kept(completed)["request_response_headers"],
        r#"{"content-type":"video/mp2t","x-cdn":"edge"}"#
    );
    let lists = kept(completed)["request_rendition_lists"];
    assert_eq!(lists, r#"{"media":{"0":{"attrs":{"URI":"lo.m3u8"},"width":320}}}"#);
    assert_eq!(failed.label(), "requestfailed");
    assert_eq!(error.failure.as_ref().unwrap().message, "403 for https://cdn.example/2.ts");
    assert_eq!(kept(ad)["ad_tag_url"], "https://ads.example/tag");
    assert_eq!(kept(ad)["rtt_ms"], "44", "the way of the beacon stands with its newest event");
}

#[test]
fn ads_experiments_and_requests_have_their_words() {
    let said = events(json!([
        {"e": "viewstart", "fnm": "blue button", "ypyid": "sub", "c2": "gold", "uusid": "anna", "mvrid": "random"},
        {"e": "adbreakstart", "dty": "preroll"}, {"e": "adplaying", "did": "ad-1"}, {"e": "adbreakend"},
        {"e": "networkchange", "ucxty": "wifi"}, {"e": "requestcanceled"}, {"e": "devicesleep"}, {"e": "somethingnew"},
    ]));
    let labels: Vec<&str> = said.iter().map(Event::label).collect();
    let expected = [
        "viewstart",
        "adstart",
        "adplaying",
        "adend",
        "networkchange",
        "requestcanceled",
        "devicesleep",
        "somethingnew",
    ];
    assert_eq!(labels, expected);
    let record = decode(&beacon(
        json!([{"e": "viewstart", "fnm": "blue button", "ypyid": "sub", "c2": "gold", "uusid": "anna", "mvrid": "random"}]),
    ));
    let view = View::of(&record.records[0]);
    use playhead::event::AttributeKey::{Experiment, SubPropertyId, ViewerId};
    assert_eq!(
        [view.text(Experiment), view.text(SubPropertyId), view.text(ViewerId)],
        ["blue button", "sub", "anna"]
    );
    assert_eq!(view.custom.get("custom_2").map(|latest| &*latest.value), Some("gold"));
}

/// 05a: a source that answers 404 before anybody pressed play. 06a: a new video and a new programme on one player.
#[test]
fn errors_before_play_and_new_programmes_have_views_of_their_own() {
    let captures: BTreeMap<_, _> = mux_captures().into_iter().collect();
    let views = |name: &str| {
        let mut views = BTreeMap::<String, View>::new();
        for record in
            captures[name].iter().flat_map(|beacon| records(beacon, RECEIVED_MS + beacon.at_ms, "e"))
        {
            views.entry(record.view_id.to_string()).or_default().merge(&View::of(&record));
        }
        views.into_values().collect::<Vec<_>>()
    };
    let [failed] = views("05a_error_404").try_into().unwrap();
    assert_eq!((failed.attempted, failed.started(), failed.failed()), (true, false, true));
    assert_eq!(failed.error_code.value, "4");
    let programmes = views("06a_videochange_same_player");
    assert_eq!(programmes.len(), 3);
    assert!(programmes.iter().all(|view| view.started() && view.closed));
    let unmeasured = programmes.iter().filter(|view| view.counters.startup_ms.is_none());
    assert_eq!(unmeasured.count(), 1, "mux-embed measures no startup of a new programme");
}

/// mux-embed 5.19.0 with a file of 24 s and one stall, played to its end.
#[test]
fn a_stall_is_no_playing_time() {
    let captures: BTreeMap<_, _> = mux_captures().into_iter().collect();
    let mut view = View::default();
    for beacon in &captures["03_rebuffer"] {
        records(beacon, RECEIVED_MS + beacon.at_ms, "e").iter().for_each(|record| view.learn(record));
    }
    assert_eq!(
        (view.counters.playing_ms, view.counters.rebuffer_count),
        (Some(25_103), Some(1)),
        "as it counts"
    );
    let course = view.course();
    // Startup 11, rebuffering 6,847, and this are what it watched, 30,927.
    assert_eq!((course.totals.playing_ms, course.totals.watch_ms), (Some(24_069), Some(30_927)));
    assert_eq!(view.totals(), course.totals);
    let media_ms: u32 = course.ranges.iter().map(|(from_ms, to_ms)| to_ms - from_ms).sum();
    assert!(media_ms.abs_diff(24_069) < 200, "the playhead went {media_ms} ms");
}

/// mux-embed 4.30.0 at a stall of three seconds and a seek back, as a browser sent it: no playing time, no played ranges.
#[test]
fn an_older_version_that_counts_no_playing_time_has_its_course_reckoned() {
    let at = |t: i64| RECEIVED_MS - 60_000 + t;
    let beacons = [
        json!([
            {"e": "viewstart", "xsqno": 8, "uti": at(0), "pphti": 0, "xwati": 0, "mem": "mux-embed", "memve": "4.30.0"},
            {"e": "play", "xsqno": 9, "uti": at(0), "pphti": 0},
            {"e": "playing", "xsqno": 11, "uti": at(207), "pphti": 8, "xwati": 207, "xtitofifr": 207},
        ]),
        json!([
            {"e": "waiting", "xsqno": 17, "uti": at(6195), "pphti": 5931, "xwati": 6195, "xctpbti": 5923},
            {"e": "rebufferstart", "xsqno": 18, "uti": at(6195), "pphti": 5931, "xwati": 7201, "xreco": 1},
            {"e": "playing", "xsqno": 21, "uti": at(9290), "pphti": 5994, "xwati": 9286, "xredu": 3091},
            {"e": "rebufferend", "xsqno": 23, "uti": at(9301), "pphti": 5994, "xwati": 9301, "xredu": 3106},
        ]),
        // Within one millisecond the sequence decides.
        json!([
            {"e": "seeking", "xsqno": 41, "uti": at(12301), "pphti": 8994, "xwati": 12301, "xctpbti": 8986},
            {"e": "seeked", "xsqno": 42, "uti": at(12341), "pphti": 2000, "xskco": 1, "xskdu": 40},
            {"e": "playing", "xsqno": 43, "uti": at(12341), "pphti": 2000},
            {"e": "viewend", "xsqno": 44, "uti": at(14341), "pphti": 4000, "xwati": 14341, "xctpbti": 10986},
        ]),
    ];
    let mut view = View::default();
    // Out of order and twice, as the end of a page is.
    for body in [&beacons[2], &beacons[0], &beacons[1], &beacons[2]] {
        decode(&beacon(body.clone())).records.iter().for_each(|record| view.learn(record));
    }
    let course = view.course();
    let totals = &course.totals;
    assert_eq!(course.ranges, [(8, 8994), (2000, 4000)]);
    assert_eq!((totals.playing_ms, view.startup_ms()), (Some(5_988 + 3_011 + 2_000), Some(207)));
    assert_eq!((totals.rebuffer_ms, totals.rebuffer_count), (Some(3_095), Some(1)));
    assert_eq!((totals.seek_ms, totals.seek_count), (Some(40), Some(1)));
    assert_eq!(totals.watch_ms, Some(14_341));
}

/// What hls.js knows from `EXT-X-PROGRAM-DATE-TIME`; the viewer's clock is two hours slow.
#[test]
fn a_live_stream_with_programme_times_tells_how_far_behind_its_viewers_are() {
    const SLOW_MS: i64 = 7_200_000;
    let happened_ms = RECEIVED_MS - 500;
    let behind = |program_ms: i64, metadata: Value| {
        let event = json!({"ake": "key", "xid": "v", "xsqno": 1, "e": "hb", "uti": happened_ms - SLOW_MS, "ppgti": program_ms});
        let records = decode(&json!({"metadata": metadata, "events": [event]})).records;
        let event = &records[0].events[0];
        assert_eq!(kept(event)["player_program_time"], program_ms.to_string(), "what was said stays");
        let latency = AttributeKey::LiveLatencyMs as i32;
        event.attributes.iter().find(|attribute| attribute.key == latency).map(|attribute| attribute.number)
    };
    let sent = || json!({"transmission_timestamp": RECEIVED_MS - SLOW_MS});
    assert_eq!(behind(happened_ms - 6_200, sent()), Some(6_200));
    // An encoder's clock that is ahead, one that stands at 1970, and a body that does not say when it was sent.
    assert_eq!(behind(happened_ms + 1, sent()), None);
    assert_eq!(behind(1_000, sent()), None);
    assert_eq!(behind(happened_ms - 6_200, json!({})), None);
}

/// hls.js tells after the start that its source is live; the page may have a word of its own for it.
#[test]
fn a_source_that_is_live_makes_a_live_view_unless_the_page_says_otherwise() {
    let stream_type = |beacons: Vec<Value>| {
        let mut view = View::default();
        beacons
            .iter()
            .for_each(|body| decode(&beacon(body.clone())).records.iter().for_each(|r| view.learn(r)));
        view.text.get(AttributeKey::StreamType).map(|known| known.value.clone())
    };
    let loaded = || json!([{"e": "requestcompleted", "xsqno": 7, "vsoisli": true}]);
    let started = || json!([{"e": "viewstart", "xsqno": 2, "vsmty": "dvr"}, {"e": "hb", "xsqno": 3}]);
    assert_eq!(stream_type(vec![loaded()]).as_deref(), Some("live"));
    for told in [vec![started(), loaded()], vec![loaded(), started()]] {
        assert_eq!(stream_type(told).as_deref(), Some("dvr"), "the page knows better");
    }
    let with_a_length = json!([{"e": "playing", "vsoisli": false}]);
    assert_eq!(stream_type(vec![with_a_length]), None, "a window of a live stream has a length too");
}
