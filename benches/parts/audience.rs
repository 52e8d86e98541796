//! An audience as various as a real one, made of all that was captured (`tests/fixtures/captures`).
//!
//! A view is one of the captured ones under ids, a begin, a clock, a title, a browser and a network of its own, and lived at
//! its own pace, so that no number with milliseconds in it is that of another view. What repeats is what a player repeats.

use std::{collections::BTreeMap, net::SocketAddr, path::Path, sync::Arc};

use actix_web::test::TestRequest;
use playhead::{
    beacon::{
        enrich::Enricher,
        formats::{Arrival, cmcd, epas, mux},
    },
    event::{Attribute, AttributeKey, Event, Format, Record, record::wire},
};
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};

use super::{BEGIN_MS, ENVIRONMENT, bodies};

/// Views begin within so long.
const BEGIN_WITHIN_MS: i64 = 12 * 3_600_000;
/// The formats, and how many views of ten have each.
const PLAYERS: [(&str, u32); 3] = [("mux", 6), ("cmcd", 2), ("epas", 2)];
/// An id as players write it.
const UUID_BYTES: usize = 36;
const TITLES: u64 = 400;
const NETWORKS: u64 = 3_000;
/// What browsers and televisions call themselves.
const AGENTS: [&str; 12] = [
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:143.0) Gecko/20100101 Firefox/143.0",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Safari/605.1.15",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (iPad; CPU OS 17_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.7 Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Mobile Safari/537.36",
    "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/28.0 Chrome/130.0.0.0 Mobile Safari/537.36",
    "Mozilla/5.0 (SMART-TV; LINUX; Tizen 7.0) AppleWebKit/537.36 (KHTML, like Gecko) 94.0.4606.31/7.0 TV Safari/537.36",
    "Mozilla/5.0 (Web0S; Linux/SmartTV) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/94.0.4606.128 Safari/537.36 WebAppManager",
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36",
];

/// The id of the one captured view that has none.
const UNNAMED: &str = "00000000-0000-4000-8000-000000000000";

/// The captured views of one format.
type Captured = Vec<Arc<[Record<'static>]>>;

/// The records of so many views, in the order in which they arrive.
pub fn audience(views: u64) -> Vec<Record<'static>> {
    let captured: Vec<(Captured, u32)> =
        PLAYERS.iter().map(|(player, share)| (captured(player), *share)).collect();
    let origins: Vec<_> = AGENTS.iter().map(|agent| origin(agent)).collect();
    let mut records: Vec<Record<'static>> = (0..views)
        .flat_map(|number| {
            let mut random = StdRng::seed_from_u64(number);
            let shares = captured.iter().flat_map(|(views, share)| (0..*share).map(move |_| views));
            let player = shares.clone().nth(random.random_range(0..shares.count())).expect("a player");
            let view = Arc::clone(&player[random.random_range(0..player.len())]);
            let origin = &origins[random.random_range(0..origins.len())];
            Viewer::new(number, &view, random).watches(&view, origin)
        })
        .collect();
    records.sort_by_key(|record| record.received_ms);
    records
}

/// The views in the captures of a player.
fn captured(player: &str) -> Captured {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/captures").join(player);
    let files = std::fs::read_dir(folder).expect("captures").map(|entry| entry.expect("a file").file_name());
    let mut files: Vec<String> = files.map(|name| name.to_string_lossy().into_owned()).collect();
    files.sort();
    files.iter().flat_map(|file| views(player, &format!("{player}/{file}"))).collect()
}

fn views(player: &str, capture: &str) -> Captured {
    let mut views: BTreeMap<String, Vec<Record<'static>>> = BTreeMap::new();
    for (at_ms, body) in bodies(capture) {
        for record in decoded(player, body, BEGIN_MS + at_ms) {
            views.entry(record.view_id.to_string()).or_default().push(record);
        }
    }
    views.into_values().map(Arc::from).collect()
}

fn decoded(player: &str, body: String, received_ms: i64) -> Vec<Record<'static>> {
    let (arrival, mut body) = (Arrival { received_ms }, body.into_bytes());
    let decoded = match player {
        "mux" => mux::decode(&mut body, arrival).map(|beacon| beacon.decoded.into_owned()),
        "cmcd" => cmcd::decode(&body, arrival),
        _ => epas::decode(&mut body, arrival, Some("0.3.1"), |_| UNNAMED.into())
            .map(|beacon| beacon.decoded.into_owned()),
    };
    // One of the captured pages posted notes of its own.
    decoded.map_or_else(|_| Vec::new(), |decoded| decoded.records)
}

/// What the collector finds out about a viewer with this browser.
fn origin(agent: &str) -> Vec<Attribute<'static>> {
    let address: SocketAddr = ([203, 0, 113, 9], 50_000).into();
    let request = TestRequest::post().insert_header(("user-agent", agent)).peer_addr(address);
    let encoded = Enricher::new(Vec::new(), None, None).origin(request.to_http_request().head());
    wire::read(&encoded).expect("a record of nothing but its origin").into_owned().origin
}

/// Who watches a captured view again.
struct Viewer {
    number: u64,
    /// The smallest time on the client's clock, which is Unix time in some formats, and what it is for this viewer.
    first_t_ms: i64,
    begin_t_ms: i64,
    begin_ms: i64,
    pace: f64,
    title: u64,
    random: StdRng,
}

impl Viewer {
    fn new(number: u64, view: &[Record<'static>], mut random: StdRng) -> Self {
        let first_t_ms = view.iter().flat_map(|record| &record.events).map(|event| event.t_ms).min();
        let first_t_ms = first_t_ms.expect("an event");
        let begin_ms = BEGIN_MS + random.random_range(0..BEGIN_WITHIN_MS);
        let is_unix = first_t_ms > BEGIN_MS / 2;
        let begin_t_ms = if is_unix { begin_ms + random.random_range(-1_500..1_500) } else { first_t_ms };
        // The square makes a few titles popular.
        let title = random.random_range(0..TITLES) * random.random_range(0..TITLES) / TITLES;
        Self { number, first_t_ms, begin_t_ms, begin_ms, pace: random.random_range(0.7..1.6), title, random }
    }

    fn watches(mut self, view: &[Record<'static>], origin: &[Attribute<'static>]) -> Vec<Record<'static>> {
        let network = self.random.random_range(0..NETWORKS);
        view.iter().map(|record| self.says(record, origin, network)).collect()
    }

    fn says(
        &mut self,
        record: &Record<'static>,
        origin: &[Attribute<'static>],
        network: u64,
    ) -> Record<'static> {
        let mut record = record.clone();
        // When the client sent it, by its own clock and by the server's; then it travels.
        let sent_t_ms = self.at(record.received_ms - record.anchor_ms);
        let sent_ms = self.begin_ms + sent_t_ms - self.begin_t_ms;
        record.received_ms = sent_ms + self.random.random_range(8..220);
        record.anchor_ms = record.received_ms - sent_t_ms;
        record.environment = ENVIRONMENT.into();
        record.view_id = self.renamed(&record.view_id).into();
        record.origin = origin.to_vec();
        for attribute in &mut record.origin {
            if attribute.key() == AttributeKey::AddressPrefix {
                attribute.text = format!("10.{}.{}.0/24", network / 256, network % 256).into();
            }
        }
        // In these an event's number is a hash of what it says.
        let is_hash = matches!(record.format(), Format::Cmcd | Format::Epas);
        for event in &mut record.events {
            if is_hash {
                event.sequence = self.mixed(event.sequence) >> 11;
            }
            self.lives(event);
        }
        record
    }

    /// An event at this viewer's time and pace, about this viewer's title.
    fn lives(&self, event: &mut Event<'static>) {
        event.t_ms = self.at(event.t_ms);
        event.playhead_ms = event.playhead_ms.map(|ms| self.paced(ms));
        for segment in &mut event.segments {
            (segment.from_ms, segment.to_ms) = (self.paced(segment.from_ms), self.paced(segment.to_ms));
        }
        if let Some(counters) = &mut event.counters {
            let times = [
                &mut counters.playing_ms,
                &mut counters.watch_ms,
                &mut counters.rebuffer_ms,
                &mut counters.seek_ms,
                &mut counters.upscale_ms,
                &mut counters.downscale_ms,
                &mut counters.startup_ms,
                &mut counters.player_startup_ms,
                &mut counters.page_load_ms,
                &mut counters.max_request_latency_ms,
            ];
            times.into_iter().flatten().for_each(|ms| *ms = self.paced(*ms));
            counters.bitrate_ms = counters.bitrate_ms.map(|sum| self.paced(sum));
        }
        event.attributes.iter_mut().for_each(|attribute| self.describes(attribute));
    }

    fn describes(&self, attribute: &mut Attribute<'static>) {
        let title = self.title;
        match attribute.key() {
            AttributeKey::VideoId => attribute.text = format!("title-{title:03}").into(),
            AttributeKey::VideoTitle => attribute.text = format!("Open Water, part {title:03}").into(),
            AttributeKey::VideoDurationMs => attribute.number = 600_000 + title * 7_919,
            AttributeKey::PageUrl => {
                attribute.text =
                    format!("https://watch.example/films/open-water-part-{title:03}?from=home").into();
            }
            AttributeKey::ViewerId => {
                attribute.text = format!("viewer-{:07}", self.mixed(0) % 4_000_000).into();
            }
            _ => attribute.text = self.renamed(&attribute.text).into(),
        }
    }

    /// A time on the client's clock.
    fn at(&self, t_ms: i64) -> i64 {
        self.begin_t_ms + ((t_ms - self.first_t_ms) as f64 * self.pace).round() as i64
    }

    /// An amount of time.
    fn paced<T: TryInto<u64> + TryFrom<u64> + Copy>(&self, amount: T) -> T {
        let paced = amount.try_into().map(|amount: u64| (amount as f64 * self.pace).round() as u64);
        paced.ok().and_then(|paced| T::try_from(paced).ok()).unwrap_or(amount)
    }

    /// What is the same for the same of one viewer, and for no other's.
    fn mixed(&self, value: u64) -> u64 {
        StdRng::seed_from_u64(value ^ self.number.rotate_left(40)).random()
    }

    /// A text with the UUIDs in it drawn anew.
    fn renamed(&self, text: &str) -> String {
        let mut renamed = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(character) = rest.chars().next() {
            let old = rest.get(..UUID_BYTES).and_then(|piece| uuid::Uuid::try_parse(piece).ok());
            if let Some(old) = old {
                let (high, low) = old.as_u64_pair();
                let drawn = u128::from(self.mixed(high)) << 64 | u128::from(self.mixed(low));
                let new = uuid::Builder::from_random_bytes(drawn.to_be_bytes()).into_uuid();
                renamed.push_str(&new.to_string());
            } else {
                renamed.push(character);
            }
            rest = &rest[old.map_or(character.len_utf8(), |_| UUID_BYTES)..];
        }
        renamed
    }
}
