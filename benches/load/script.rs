//! What is sent: whole requests, made before the load begins, in which only the view and its viewer's address change.
//!
//! Each [`Script`] is the beacons of one view in order, so no (view, sequence) is ever sent twice. The headers are a
//! browser's, with the address a load balancer in front would add.

use serde_json::{Value, json};

use crate::servers::KEY;

/// Stands in a template where the view's id comes; as long as one.
const VIEW: &str = "VVVVVVVV-VVVV-4VVV-8VVV-VVVVVVVVVVVV";
/// The same for the viewer's address.
const ADDRESS: &str = "AAA.AAA.AAA.AAA";

/// Captured from mux-embed; see `tests/fixtures/captures/README.md`.
const CAPTURES: [&str; 9] = [
    include_str!("../../tests/fixtures/captures/mux/01_normal_play_to_end.jsonl"),
    include_str!("../../tests/fixtures/captures/mux/03_rebuffer.jsonl"),
    include_str!("../../tests/fixtures/captures/mux/04_abandon_startup.jsonl"),
    include_str!("../../tests/fixtures/captures/mux/06a_videochange_same_player.jsonl"),
    include_str!("../../tests/fixtures/captures/mux/07e_bfcache_navigate_midplay.jsonl"),
    include_str!("../../tests/fixtures/captures/mux/08a_collector_500_retry.jsonl"),
    include_str!("../../tests/fixtures/captures/mux/10_https_custom_domain.jsonl"),
    include_str!("../../tests/fixtures/captures/mux/12_hlsjs_abr.jsonl"),
    include_str!("../../tests/fixtures/captures/mux/16_steady_90s_hlsjs.jsonl"),
];
/// Of the captured beacons, those the targets speak of: about 1.5 kB with 3 to 5 events.
const MUX_EVENTS: std::ops::RangeInclusive<usize> = 3..=5;
const MUX_BYTES: std::ops::RangeInclusive<usize> = 900..=2200;

/// Native: events of a beacon, beacons of a view, and different views.
const EVENTS: u64 = 5;
const BEACONS: u64 = 20;
const TITLES: u64 = 24;

/// How a user agent differs from the next one.
const SYSTEMS: [&str; 4] = [
    "X11; Linux x86_64",
    "Windows NT 10.0; Win64; x64",
    "Macintosh; Intel Mac OS X 10_15_7",
    "Linux; Android 10; K",
];

/// Which client is played.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    Native,
    Mux,
    /// OTLP/JSON log records, for Rotel: as much, in its own words.
    Otlp,
}

/// One request.
pub struct Beacon {
    bytes: Vec<u8>,
    /// Where the view's id stands.
    views: Vec<usize>,
    addresses: Vec<usize>,
    /// Of its events.
    pub sequences: Vec<u64>,
}

/// The beacons of a view.
pub type Script = Vec<Beacon>;

/// Every request there is of a format. A view with the number n plays script n mod their count.
pub struct Repertoire {
    pub format: Format,
    scripts: Vec<Script>,
}

impl Format {
    pub fn name(self) -> &'static str {
        match self {
            Self::Native => "native",
            Self::Mux => "mux",
            Self::Otlp => "otlp",
        }
    }

    pub fn repertoire(self) -> Repertoire {
        let scripts = match self {
            Self::Native => (0..TITLES).map(native).collect(),
            Self::Mux => CAPTURES.iter().enumerate().map(|(agent, capture)| mux(agent, capture)).collect(),
            Self::Otlp => vec![vec![otlp()]],
        };
        let scripts: Vec<Script> = scripts;
        Repertoire {
            format: self,
            scripts: scripts.into_iter().filter(|script| !script.is_empty()).collect(),
        }
    }
}

impl Repertoire {
    pub fn script(&self, view: u64) -> &Script {
        &self.scripts[view as usize % self.scripts.len()]
    }

    /// Mean events and bytes of body per beacon.
    pub fn mean(&self) -> (f64, f64) {
        let beacons: Vec<&Beacon> = self.scripts.iter().flatten().collect();
        let count = beacons.len() as f64;
        let events: usize = beacons.iter().map(|beacon| beacon.sequences.len()).sum();
        let bytes: usize = beacons.iter().map(|beacon| beacon.body().len()).sum();
        (events as f64 / count, bytes as f64 / count)
    }
}

impl Beacon {
    fn new(path: &str, agent: usize, kind: &str, body: &str, sequences: Vec<u64>) -> Self {
        let system = SYSTEMS[agent % SYSTEMS.len()];
        let bytes = format!(
            "POST {path} HTTP/1.1\r\nhost: beacons.example\r\ncontent-length: {}\r\nsec-ch-ua-platform: \"Linux\"\r\n\
             user-agent: Mozilla/5.0 ({system}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/15{}.0.0.0 \
             Safari/537.36\r\nsec-ch-ua: \"Not:A-Brand\";v=\"8\", \"Chromium\";v=\"156\"\r\ncontent-type: {kind}\r\n\
             sec-ch-ua-mobile: ?0\r\naccept: */*\r\norigin: https://watch.example\r\nsec-fetch-site: cross-site\r\n\
             sec-fetch-mode: cors\r\nsec-fetch-dest: empty\r\nreferer: https://watch.example/\r\n\
             accept-encoding: gzip, deflate, br, zstd\r\naccept-language: en-US,en;q=0.9\r\n\
             x-forwarded-for: {ADDRESS}\r\n\r\n{body}",
            body.len(),
            agent / SYSTEMS.len() % 10,
        );
        let all = |what: &str| bytes.match_indices(what).map(|(at, _)| at).collect();
        Self { views: all(VIEW), addresses: all(ADDRESS), sequences, bytes: bytes.into_bytes() }
    }

    fn body(&self) -> &[u8] {
        let head = self.bytes.windows(4).position(|bytes| bytes == b"\r\n\r\n").expect("a head");
        &self.bytes[head + 4..]
    }

    /// Writes the request for a view over what `out` holds.
    pub fn write(&self, view: u64, out: &mut Vec<u8>) {
        out.clear();
        out.extend_from_slice(&self.bytes);
        let id = view_id(view);
        self.views.iter().for_each(|&at| out[at..at + id.len()].copy_from_slice(id.as_bytes()));
        let address = address(view);
        self.addresses.iter().for_each(|&at| out[at..at + address.len()].copy_from_slice(address.as_bytes()));
    }
}

/// The id of a view, by its number.
pub fn view_id(view: u64) -> String {
    format!("00000000-0000-4000-8000-{view:012x}")
}

/// And back.
pub fn view_number(id: &str) -> Option<u64> {
    u64::from_str_radix(id.strip_prefix("00000000-0000-4000-8000-")?, 16).ok()
}

/// An address somewhere in the world; each part has three digits.
fn address(view: u64) -> String {
    let part = |salt: u64| 100 + (view.wrapping_mul(salt) >> 32) % 100;
    let [a, b, c, d] =
        [0x9E37_79B9_7F4A_7C15, 0xC2B2_AE3D_27D4_EB4F, 0x1656_67B1_9E37_79F9, 0x27D4_EB2F_1656_67C5]
            .map(part);
    format!("{a}.{b}.{c}.{d}")
}

/// A view as our SDK tells it; its first beacon says what is watched.
fn native(title: u64) -> Script {
    let beacon = |beacon: u64| {
        let set = match beacon {
            0 => format!(
                r#","set":{{"video_id":"title-{title:03}","video_title":"Open Water, part {title:03}","viewer_id":"{VIEW}","cdn":"edge-north","stream_type":"on-demand"}}"#
            ),
            _ => String::new(),
        };
        let numbers: Vec<u64> = (1..=EVENTS).map(|index| beacon * EVENTS + index).collect();
        let events: Vec<String> = numbers.iter().map(|number| native_event(*number, beacon)).collect();
        let body = format!(
            r#"{{"v":1,"sent_ms":1795313029786,"views":[{{"id":"{VIEW}"{set},"t_sent_ms":2000000,"events":[{}]}}]}}"#,
            events.join(",")
        );
        Beacon::new(&format!("/in/{KEY}"), title as usize, "text/plain;charset=UTF-8", &body, numbers)
    };
    (0..BEACONS).map(beacon).collect()
}

fn native_event(number: u64, beacon: u64) -> String {
    let kinds = ["playing", "heartbeat", "rebufferstart", "rebufferend", "heartbeat"];
    let (kind, at) = (kinds[(number - 1) as usize % kinds.len()], 1_000_000 + number * 2_000);
    format!(
        r#"{{"seq":{number},"t_ms":{at},"type":"{kind}","playhead_ms":{at},"c":{{"playing_ms":{at},"watch_ms":{at},"rebuffer_ms":{number},"rebuffer_count":{beacon},"seek_ms":0,"seek_count":0,"dropped_frames":0,"bitrate_ms":2800000000,"upscale_ms":0,"downscale_ms":0}},"seg":[0,0,{at}]}}"#
    )
}

/// What a captured page sent of one view, byte for byte but for ids and key.
fn mux(agent: usize, capture: &str) -> Script {
    let requests =
        capture.lines().map(|line| serde_json::from_str::<Value>(line).expect("a captured request"));
    let mut seen = std::collections::BTreeSet::new();
    let beacon = |request: Value| {
        let text = request["body"].as_str()?;
        let body: Value = serde_json::from_str(text).ok()?;
        let events = body["events"].as_array()?;
        let view = events.first()?["xid"].as_str()?;
        let sequences: Vec<u64> = events.iter().filter_map(|event| event["xsqno"].as_u64()).collect();
        let fits = MUX_EVENTS.contains(&events.len()) && MUX_BYTES.contains(&text.len());
        let is_one_view = events.iter().all(|event| event["xid"] == view) && sequences.len() == events.len();
        // Pages repeat what was not answered; a view here says everything once.
        let is_new = fits && is_one_view && sequences.iter().all(|sequence| seen.insert(*sequence));
        let key = events.first()?["ake"].as_str()?;
        let text =
            text.replace(view, VIEW).replace(&format!(r#""ake":"{key}""#), &format!(r#""ake":"{KEY}""#));
        is_new.then(|| Beacon::new("/", agent, "text/plain", &text, sequences))
    };
    requests.filter_map(beacon).collect()
}

fn otlp() -> Beacon {
    let records: Vec<Value> = (0..EVENTS)
        .map(|number| {
            json!({
                "timeUnixNano": "1795313029786000000", "severityText": "INFO", "body": {"stringValue": "heartbeat"},
                "attributes": [
                    {"key": "view", "value": {"stringValue": VIEW}},
                    {"key": "seq", "value": {"intValue": number.to_string()}},
                    {"key": "playing_ms", "value": {"intValue": "1002000"}},
                ],
            })
        })
        .collect();
    let body =
        json!({"resourceLogs": [{"resource": {}, "scopeLogs": [{"scope": {}, "logRecords": records}]}]});
    Beacon::new("/v1/logs", 0, "application/json", &body.to_string(), (1..=EVENTS).collect())
}
