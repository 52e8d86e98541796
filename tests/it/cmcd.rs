//! CMCD players as they are: captured reports of hls.js, dash.js and Shaka, and what becomes of them.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    io::Write as _,
};

use playhead::{
    beacon::formats::{Arrival, cmcd},
    event::{AttributeKey, Record, View},
};
use proptest::prelude::*;
use reqwest::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderMap};
use serde_json::Value;

use crate::support::{
    capture::{Report, cmcd_captures},
    server::Server,
};

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

fn records(reports: &[Report]) -> Vec<Record> {
    let begun_ms = begun_ms(reports);
    let decode = |report: &Report| {
        let arrival = Arrival { received_ms: begun_ms + report.at_ms };
        let decoded = cmcd::decode(report.body.as_bytes(), arrival).unwrap();
        let named = |record| Record { environment: "e".into(), ..record };
        decoded.records.into_iter().map(named).collect::<Vec<_>>()
    };
    reports.iter().flat_map(decode).collect()
}

fn fold<'a>(records: impl IntoIterator<Item = &'a Record>) -> BTreeMap<String, View> {
    let mut views = BTreeMap::<String, View>::new();
    for record in records {
        views.entry(record.view_id.clone()).or_default().merge(&View::of(record));
    }
    views
}

/// A view's course and figures, for people: a changed line in a snapshot is a changed reading of what a player said.
fn told(records: &[Record]) -> String {
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
        for (key, latest) in &view.text {
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
    // Startup from s to p; playing from each p to the next r or e; rebuffering from each r to p.
    let truth: [Row; 6] = [
        ("hlsjs-normal", Some(633), 24_165, 0, 0),
        ("hlsjs-rebuffer_xhold", Some(500), 24_366, 2_693, 1),
        ("dashjs-normal", Some(520), 24_042, 0, 0),
        ("dashjs-rebuffer_xhold", Some(618), 24_391, 2_712, 1),
        ("hlsjs-close", Some(482), 4_494, 0, 0),
        ("dashjs-close", Some(896), 4_103, 0, 0),
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
    assert_eq!(the_view("dashjs-error").error_sequences.len(), 1);
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
        let whole: Vec<Record> = cmcd_captures().iter().flat_map(|(_, reports)| records(reports)).collect();
        let mut parts: Vec<Record> = Vec::new();
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

/// What came back: status, `Playhead-Accepted`, and the headers.
type Answer = (u16, Option<usize>, HeaderMap);

async fn post(
    server: &Server,
    key: &str,
    kind: Option<&str>,
    encoding: Option<&str>,
    body: Vec<u8>,
) -> Answer {
    let mut request = server.http.post(server.at(&format!("/in/{key}/cmcd?token=abc"))).body(body);
    for (name, value) in [(CONTENT_TYPE, kind), (CONTENT_ENCODING, encoding)] {
        if let Some(value) = value {
            request = request.header(name, value);
        }
    }
    answer(request).await
}

async fn answer(request: reqwest::RequestBuilder) -> Answer {
    let answer = request.send().await.unwrap();
    let accepted = answer.headers().get("playhead-accepted");
    let accepted = accepted.map(|accepted| accepted.to_str().unwrap().parse().unwrap());
    (answer.status().as_u16(), accepted, answer.headers().clone())
}

async fn settle(server: &Server) {
    let (id, secret) = Server::TOKEN.split_once(':').unwrap();
    let request = server.http.post(server.at("/data/v1/ledger?wait_ms=30000")).basic_auth(id, Some(secret));
    assert_eq!(request.json(&Vec::<String>::new()).send().await.unwrap().status(), 200);
}

/// A capture moved to the present, with a session of its own.
fn moved(reports: &[Report], now_ms: i64, session: &str) -> Vec<Report> {
    let newest_ms = reports.iter().flat_map(|report| numbers(&report.body, "ts=")).max().unwrap();
    let mut moved = reports.to_vec();
    for report in &mut moved {
        for ts in numbers(&report.body.clone(), "ts=") {
            report.body =
                report.body.replace(&format!("ts={ts}"), &format!("ts={}", now_ms - newest_ms + ts));
        }
        let sid =
            report.body.split("sid=\"").nth(1).and_then(|rest| rest.split('"').next()).map(str::to_owned);
        if let Some(sid) = sid {
            report.body = report.body.replace(&sid, session);
        }
    }
    moved
}

/// The figures of a view that must not depend on how it came.
fn figures(view: &Value) -> BTreeMap<&str, &Value> {
    const NAMES: [&str; 19] = [
        "video_startup_ms",
        "playing_ms",
        "watch_ms",
        "rebuffer_ms",
        "rebuffer_count",
        "seek_ms",
        "seek_count",
        "bitrate_ms",
        "playback_failure",
        "error_code",
        "error_count",
        "played_to_end",
        "view_started",
        "video_id",
        "stream_type",
        "source_hostname",
        "rendition_bitrate",
        "played_ranges",
        "dropped_frames",
    ];
    NAMES.iter().map(|name| (*name, &view[*name])).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_captured_session_is_one_view_however_it_comes() {
    let server = Server::start(&[]).await;
    let now_ms = chrono_now_ms();
    let mut wanted = Vec::new();
    for (name, reports) in cmcd_captures().iter().filter(|(name, _)| !name.starts_with("dashjs-nokeys")) {
        let ways = ["once", "again", "back"].map(|way| format!("{name}-{way}"));
        for (way, session) in ways.iter().enumerate() {
            let mut reports = moved(reports, now_ms, session);
            if way == 1 {
                let repeated = reports.clone();
                reports =
                    reports.into_iter().flat_map(|report| [report.clone(), report]).chain(repeated).collect();
            }
            if way == 2 {
                reports.reverse();
            }
            for Report { content_type, body, .. } in reports {
                let records = body.lines().filter(|line| !line.is_empty()).count();
                let (status, accepted, _) =
                    post(&server, Server::INGEST_KEY, Some(&content_type), None, body.into_bytes()).await;
                assert_eq!((status, accepted), (204, Some(records)), "{name}");
            }
        }
        wanted.push(ways.map(|session| cmcd::identity::view_id(&session, Some("content-0001"))));
    }
    settle(&server).await;

    for ways in &wanted {
        let mut views = Vec::new();
        for view_id in ways {
            let (status, view) = server.get(&format!("/data/v1/video-views/{view_id}")).await;
            assert_eq!(status, 200, "{view_id}: {view}");
            views.push(view["data"].clone());
        }
        let [once, again, back] = views.as_slice() else { unreachable!() };
        assert_eq!(figures(again), figures(once), "{ways:?}");
        assert_eq!(figures(back), figures(once), "{ways:?}");
        let sequences = |view: &Value| -> BTreeSet<u64> {
            view["events"]
                .as_array()
                .unwrap()
                .iter()
                .map(|e| e["details"]["sequence"].as_u64().unwrap())
                .collect()
        };
        assert_eq!(sequences(again).len(), again["events"].as_array().unwrap().len(), "an event twice");
        assert_eq!(again["events"].as_array().unwrap().len(), once["events"].as_array().unwrap().len());
    }
    let (_, list) = server.get("/data/v1/video-views?limit=100&timeframe[]=24:hours").await;
    let attempted = list["data"].as_array().unwrap().len();
    let not_attempted = 3 * ["shaka-error_start", "hlsjs-normal_col410"].len();
    assert_eq!(attempted, wanted.len() * 3 - not_attempted, "one view for each session that tried to play");

    let (_, view) = server
        .get(&format!("/data/v1/video-views/{}", wanted_of(&wanted, "hlsjs-rebuffer_xhold-back")))
        .await;
    let view = &view["data"];
    assert_eq!((&view["rebuffer_ms"], &view["rebuffer_count"]), (&2693.into(), &1.into()), "{view}");
    assert_eq!((&view["playing_ms"], &view["video_startup_ms"]), (&24_366.into(), &500.into()), "{view}");
    let (_, view) =
        server.get(&format!("/data/v1/video-views/{}", wanted_of(&wanted, "dashjs-error_start-once"))).await;
    let view = &view["data"];
    assert_eq!((&view["playback_failure"], &view["error_code"]), (&true.into(), &"25".into()), "{view}");
    assert_eq!(view["session_id"], "dashjs-error_start-once");
}

fn wanted_of(wanted: &[[String; 3]], session: &str) -> String {
    let wanted = wanted.iter().flatten().find(|view_id| view_id.starts_with(session));
    wanted.unwrap().clone()
}

fn chrono_now_ms() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    i64::try_from(since.as_millis()).unwrap()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// What `/metrics` counts under a name with all of these labels.
async fn counted(server: &Server, name: &str, labels: &[&str]) -> u64 {
    let text = server
        .http
        .get(format!("{}/metrics", server.admin_url()))
        .send()
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    let of_name = text.lines().filter(|line| line.starts_with(&format!("{name}{{")));
    let matching = of_name.filter(|line| labels.iter().all(|label| line.contains(label)));
    matching.map(|line| line.rsplit(' ').next().unwrap().parse::<u64>().unwrap()).sum()
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_sent_is_answered_204() {
    let server = Server::start(&[]).await;
    let key = Server::INGEST_KEY;
    let good = |n: usize| format!("sid=\"h\",cid=\"c\",e=t,sn={n},v=2");
    let mixed = format!("{}\r\n\r\nnonsense\n{}\n", good(1), good(2));
    let many = "e=t\n".repeat(10_001);
    let cases: [(&str, Option<&str>, Option<&str>, Vec<u8>, usize); 17] = [
        ("plain", Some("application/cmcd"), None, good(3).into_bytes(), 1),
        ("first version of the standard", Some("text/cmcd; charset=utf-8"), None, good(4).into_bytes(), 1),
        ("text", Some("text/plain;charset=UTF-8"), None, good(5).into_bytes(), 1),
        ("json by name", Some("application/json"), None, good(6).into_bytes(), 1),
        ("no type", None, None, good(7).into_bytes(), 1),
        ("gzip", Some("application/cmcd"), Some("gzip"), gzip(good(8).as_bytes()), 1),
        ("a bad line", Some("application/cmcd"), None, mixed.into_bytes(), 2),
        (
            "damaged UTF-8",
            Some("application/cmcd"),
            None,
            [good(9).as_bytes(), b"\nsid=\"\xff\",e=t"].concat(),
            1,
        ),
        ("empty", Some("application/cmcd"), None, Vec::new(), 0),
        ("zeros", Some("application/cmcd"), None, vec![0; 1000], 0),
        ("json", Some("application/cmcd"), None, b"{\"views\":[]}".to_vec(), 0),
        ("brackets", Some("application/cmcd"), None, vec![b'('; 100_000], 0),
        ("no gzip", Some("application/cmcd"), Some("gzip"), b"no gzip".to_vec(), 0),
        ("brotli", Some("application/cmcd"), Some("br"), good(1).into_bytes(), 0),
        ("bomb", Some("application/cmcd"), Some("gzip"), gzip(&vec![b'\n'; 16 << 20]), 0),
        ("too large", Some("application/cmcd"), None, vec![b'a'; 600 << 10], 0),
        ("too many", Some("application/cmcd"), None, many.into_bytes(), 0),
    ];
    let refused_before = counted(&server, "playhead_beacons_refused_total", &["cmcd"]).await;
    for (what, kind, encoding, body, accepted) in cases {
        let (status, answered, headers) = post(&server, key, kind, encoding, body).await;
        assert_eq!((status, answered), (204, Some(accepted)), "{what}");
        assert_eq!(headers["access-control-allow-origin"], "*", "{what}");
        assert_eq!(headers["access-control-expose-headers"], "playhead-accepted", "{what}");
    }
    let refused = counted(&server, "playhead_beacons_refused_total", &["cmcd"]).await - refused_before;
    assert_eq!(refused, 6, "empty, no gzip, brotli, bomb, too large, too many");

    let pixel = |query: &str| answer(server.http.get(server.at(&format!("/in/{key}/cmcd{query}"))));
    let record = "?CMCD=cid%3D%22c%22%2Ce%3Dt%2Csid%3D%22h%22%2Csn%3D10%2Cv%3D2";
    assert_eq!(pixel(record).await.1, Some(1));
    for query in ["", "?CMCD=", "?CMCD=%FF%FE", "?x=y", "?CMCD=e%3Dt"] {
        let (status, accepted, headers) = pixel(query).await;
        assert_eq!((status, accepted), (204, Some(0)), "{query}");
        assert_eq!(headers["cache-control"], "no-store", "{query}");
    }
    let preflight =
        server.http.request(reqwest::Method::OPTIONS, server.at(&format!("/in/{key}/cmcd?token=abc")));
    let (status, _, headers) = answer(preflight).await;
    assert_eq!(status, 204);
    let header = |name: &str| headers[name].to_str().unwrap().to_ascii_lowercase();
    assert!(header("access-control-allow-headers").contains("content-type"));
    assert!(header("access-control-allow-methods").contains("post"));
    assert_eq!(header("access-control-max-age"), "86400");

    let (status, accepted, headers) =
        post(&server, "nobody", Some("application/cmcd"), None, good(1).into_bytes()).await;
    assert_eq!((status, accepted), (401, None));
    assert_eq!(headers["access-control-allow-origin"], "*");
    assert_eq!(answer(server.http.get(server.at(&format!("/in/nobody/cmcd{record}")))).await.0, 401);

    settle(&server).await;
    let view_id = cmcd::identity::view_id("h", Some("c"));
    let (_, view) = server.get(&format!("/data/v1/video-views/{view_id}")).await;
    assert_eq!(view["data"]["events"].as_array().unwrap().len(), 10, "{view}");
    let of_cmcd = async |fate: &str| counted(&server, "playhead_events_intake_total", &["cmcd", fate]).await;
    let received = counted(&server, "playhead_events_received_total", &["cmcd"]).await;
    assert_eq!(received, of_cmcd("accepted").await + of_cmcd("rejected").await + of_cmcd("shed").await);
    assert_eq!(of_cmcd("no_session").await, 4, "nonsense, zeros, json, the pixel's");
    assert_eq!(of_cmcd("record_too_long").await, 1, "brackets");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_too_much_is_let_go_and_said_so() {
    let server = Server::start(&[("ADMIT_EVENTS_PER_S", "1")]).await;
    let burst: String = (0..10_000).map(|n| format!("sid=\"b\",e=t,sn={n}\n")).collect();
    let (status, accepted, _) = post(&server, Server::INGEST_KEY, None, None, burst.into_bytes()).await;
    assert_eq!((status, accepted), (204, Some(10_000)));
    let more: String = (0..500).map(|n| format!("sid=\"b\",e=t,sn={n},more\n")).collect();
    let (status, accepted, _) = post(&server, Server::INGEST_KEY, None, None, more.into_bytes()).await;
    assert_eq!((status, accepted), (204, Some(0)));
    assert_eq!(counted(&server, "playhead_events_intake_total", &["cmcd", "shed"]).await, 500);
    assert_eq!(counted(&server, "playhead_beacons_refused_total", &["cmcd", "over_limit"]).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_log_lets_go_and_says_so() {
    let server = Server::start(&[("LOG_MAX_BYTES", "262144")]).await;
    let views: String = (0..4000).map(|n| format!("sid=\"{n}\",e=t,sn=1\n")).collect();
    let (status, accepted, _) = post(&server, Server::INGEST_KEY, None, None, views.into_bytes()).await;
    assert_eq!((status, accepted), (204, Some(0)));
    assert_eq!(counted(&server, "playhead_beacons_refused_total", &["cmcd", "full"]).await, 1);
    assert_eq!(counted(&server, "playhead_events_intake_total", &["cmcd", "shed"]).await, 4000);
}
