//! Reports over HTTP, to the service as it runs: answers by the contract, and one view for a session however it comes.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::Write as _,
};

use playhead::beacon::formats::cmcd;
use reqwest::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderMap};
use serde_json::Value;

use super::numbers;
use crate::support::{
    capture::{Report, cmcd_captures},
    server::Server,
};

/// A body: what it is, its content type and encoding, its bytes, and how many records of it are good.
type Case = (&'static str, Option<&'static str>, Option<&'static str>, Vec<u8>, usize);

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
    server.ledger(Server::TOKEN, &[""; 0]).await;
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
    let now_ms = now_ms();
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

fn now_ms() -> i64 {
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
    let cases: [Case; 17] = [
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
