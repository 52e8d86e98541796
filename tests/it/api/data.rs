//! Views for tests: made up at random, written to ClickHouse in pieces, and known here in full.

use playhead::store::Store;
use rand::{RngExt, SeedableRng, rngs::StdRng};
use serde_json::{Map, Value, json};

/// Kind (as in `playhead::event::marks`), playing time, amount and height.
pub type Mark = (u8, u32, u64, u32);

/// One view as a test knows it.
#[derive(Debug, Clone, Default)]
pub struct TestView {
    pub id: String,
    pub start_ms: i64,
    pub length_ms: i64,
    pub attempted: bool,
    pub fatal: bool,
    pub business: bool,
    pub closed: bool,
    pub error_code: String,
    pub startup_ms: Option<u32>,
    pub player_startup_ms: Option<u32>,
    pub page_load_ms: Option<u32>,
    pub playing_ms: u32,
    pub watch_ms: u32,
    pub rebuffer_ms: u32,
    pub rebuffer_count: u32,
    pub seek_ms: u32,
    pub seek_count: u32,
    pub bitrate_ms: u64,
    pub video_id: String,
    pub video_title: String,
    pub viewer_id: String,
    pub country: String,
    pub cdn: String,
    pub plan: String,
    pub duration_ms: u64,
    pub segments: Vec<(u32, u32)>,
    /// When play was asked for, if the client sends events only.
    pub play_t_ms: Option<i64>,
    pub first_frame_t_ms: Option<i64>,
    pub upscale_ms: Option<u32>,
    pub downscale_ms: Option<u32>,
    pub dropped_frames: Option<u32>,
    /// 0: not said.
    pub live_latency_ms: u64,
    pub is_live: bool,
    /// In millionths; 0: not said.
    pub sample_rate: u64,
    /// In millionths.
    pub max_upscale: Option<u32>,
    pub max_downscale: Option<u32>,
    pub max_request_latency_ms: Option<u32>,
    pub preroll_request_count: Option<u32>,
    pub preroll_request_ms: Option<u32>,
    pub preroll_load_ms: Option<u32>,
    /// 0: not said.
    pub request_throughput: u64,
    pub request_latency_ms: u64,
    /// In order.
    pub marks: Vec<Mark>,
}

impl TestView {
    pub fn end_ms(&self) -> i64 {
        self.start_ms + self.length_ms
    }

    pub fn started(&self) -> bool {
        self.startup_ms.is_some() || self.playing_ms > 0 || self.first_frame_t_ms.is_some()
    }

    /// All views here have been silent for longer than a minute.
    pub fn left_before_start(&self) -> bool {
        self.attempted && !self.started() && !self.fatal && !self.business
    }

    /// An hour of silence is the end of a view, whatever it said.
    pub fn is_over(&self) -> bool {
        let silent_ms = chrono::Utc::now().timestamp_millis() - self.end_ms();
        self.closed || self.fatal || self.business || silent_ms > 3_600_000
    }

    /// How long a view that has not begun has been waited for.
    pub fn waited_ms(&self) -> Option<u32> {
        let by_events = self.play_t_ms.map(|play_t_ms| (self.length_ms - play_t_ms).max(0) as u32);
        if self.started() { None } else { Some(self.watch_ms).filter(|ms| *ms > 0).or(by_events) }
    }

    /// Media time that was played at least once, up to the end of the video.
    pub fn seen_ms(&self) -> u64 {
        let mut ranges = self.segments.clone();
        ranges.sort_unstable();
        let mut seen_to = 0;
        let new = ranges.into_iter().map(|(from, to)| {
            let [from, to] = [from, to].map(|ms| u64::from(ms).min(self.duration_ms));
            let new = to.saturating_sub(from.max(seen_to));
            seen_to = seen_to.max(to);
            new
        });
        new.sum()
    }

    /// The view in two pieces, as two batches of its beacons would have left it: facts overlap, none is in both in full.
    fn pieces(&self, environment: &str) -> [Map<String, Value>; 2] {
        let half = |value: u32| value / 2;
        let latest = |order: u64, value: &str| json!([order, value]);
        let object = |value: Value| value.as_object().cloned().unwrap_or_default();
        let (first, rest): (Vec<_>, Vec<_>) = self.segments.iter().enumerate().partition(|(n, _)| n % 2 == 0);
        let ends = |part: &[(usize, &(u32, u32))], end: fn(&(u32, u32)) -> u32| -> Value {
            part.iter().map(|(n, segment)| (n.to_string(), json!(end(segment)))).collect::<Map<_, _>>().into()
        };
        let common = json!({
            "environment": environment,
            "view_id": self.id,
            "view_start": timestamp(self.start_ms),
            "anchor_ms": self.start_ms,
            "first_t_ms": 0,
        });
        let (odd, even): (Vec<_>, Vec<_>) = self.marks.iter().enumerate().partition(|(n, _)| n % 2 == 0);
        let marks = |part: &[(usize, &Mark)]| -> Value {
            part.iter().map(|(n, mark)| (n.to_string(), json!(mark))).collect::<Map<_, _>>().into()
        };
        let scaling_said = u8::from(self.upscale_ms.is_some() || self.downscale_ms.is_some());
        let early = json!({
            "last_received_at": timestamp(self.start_ms + self.length_ms / 2),
            "last_t_ms": self.length_ms / 2,
            "attempted": 0,
            "playing_ms": half(self.playing_ms),
            "watch_ms": self.watch_ms,
            "rebuffer_ms": half(self.rebuffer_ms),
            "rebuffer_count": self.rebuffer_count,
            "startup_ms": self.startup_ms,
            "page_load_ms": self.page_load_ms,
            "video_id": latest(1, &self.video_id),
            "video_title": latest(1, "an earlier title"),
            "viewer_id": latest(1, &self.viewer_id),
            "country": latest(1, &self.country),
            "cdn": latest(1, "an earlier cdn"),
            "custom": if self.plan.is_empty() { json!({}) } else { json!({"plan": [1, self.plan]}) },
            "play_t_ms": self.play_t_ms,
            "first_frame_t_ms": self.first_frame_t_ms,
            "upscale_ms": self.upscale_ms.map_or(0, half),
            "downscale_ms": self.downscale_ms.unwrap_or(0),
            "scaling_said": scaling_said,
            "live_latency_ms": [1, 77],
            "sample_rate": [1, self.sample_rate],
            "stream_type": latest(1, if self.is_live { "live" } else { "on-demand" }),
            "segment_from_ms": ends(&first, |segment| segment.0),
            "segment_to_ms": ends(&first, |segment| segment.1),
            "max_upscale": self.max_upscale.map(half),
            "max_downscale": self.max_downscale,
            "max_request_latency_ms": self.max_request_latency_ms,
            "preroll_request_count": self.preroll_request_count,
            "request_throughput": [1, 123_456],
            "marks": marks(&odd),
        });
        let late = json!({
            "last_received_at": timestamp(self.end_ms() + 250),
            "last_t_ms": self.length_ms,
            "attempted": u8::from(self.attempted),
            "fatal": u8::from(self.fatal),
            "business": u8::from(self.business),
            "closed": u8::from(self.closed),
            "error_code": latest(9, &self.error_code),
            "playing_ms": self.playing_ms,
            "watch_ms": half(self.watch_ms),
            "rebuffer_ms": self.rebuffer_ms,
            "player_startup_ms": self.player_startup_ms,
            "seek_ms": self.seek_ms,
            "seek_count": self.seek_count,
            "bitrate_ms": self.bitrate_ms,
            "video_title": latest(2, &self.video_title),
            "cdn": latest(2, &self.cdn),
            "video_duration_ms": [1, self.duration_ms],
            "upscale_ms": self.upscale_ms.unwrap_or(0),
            "dropped_frames": self.dropped_frames.unwrap_or(0),
            "dropped_frames_said": u8::from(self.dropped_frames.is_some()),
            "live_latency_ms": [2, self.live_latency_ms],
            "segment_from_ms": ends(&rest, |segment| segment.0),
            "segment_to_ms": ends(&rest, |segment| segment.1),
            "max_upscale": self.max_upscale,
            "preroll_request_ms": self.preroll_request_ms,
            "preroll_load_ms": self.preroll_load_ms,
            "request_throughput": [2, self.request_throughput],
            "request_latency_ms": [2, self.request_latency_ms],
            "marks": marks(&even),
        });
        [early, late].map(|piece| object(common.clone()).into_iter().chain(object(piece)).collect())
    }
}

/// A time as ClickHouse reads it.
pub fn timestamp(unix_ms: i64) -> String {
    let time = chrono::DateTime::from_timestamp_millis(unix_ms).unwrap();
    time.format("%Y-%m-%d %H:%M:%S%.3f").to_string()
}

/// Writes rows as they are.
pub async fn insert(store: &Store, table: &str, rows: &[Value]) {
    let mut insert = store.client.insert_formatted_with(format!("INSERT INTO {table} FORMAT JSONEachRow"));
    for row in rows {
        insert.send(format!("{row}\n").into()).await.unwrap();
    }
    insert.end().await.unwrap();
}

/// Writes views, first pieces and last pieces apart.
pub async fn write(store: &Store, environment: &str, views: &[TestView]) {
    for piece in 0..2 {
        let rows: Vec<_> = views.iter().map(|view| view.pieces(environment)[piece].clone().into()).collect();
        insert(store, "view_states", &rows).await;
    }
}

/// `count` views of all kinds, most of them over the two days before `until_ms`, the same for the same seed.
pub fn random_views(seed: u64, count: usize, until_ms: i64) -> Vec<TestView> {
    let mut random = StdRng::seed_from_u64(seed);
    (0..count).map(|number| random_view(&mut random, number, until_ms)).collect()
}

/// The same views as samples of different rates, some of them whole numbers of views.
pub fn sampled(seed: u64, mut views: Vec<TestView>) -> Vec<TestView> {
    let mut random = StdRng::seed_from_u64(seed);
    for view in &mut views {
        view.sample_rate = [0, 1_000_000, 500_000, 300_000, 700_000, 40_000][random.random_range(0..6)];
    }
    views
}

fn random_view(random: &mut StdRng, number: usize, until_ms: i64) -> TestView {
    let pick =
        |random: &mut StdRng, choices: &[&str]| choices[random.random_range(0..choices.len())].to_owned();
    let started = random.random_bool(0.8);
    let length_ms = random.random_range(0..3_600_000);
    // Some fell silent between the first frame and the first totals.
    let playing_ms = if started && random.random_bool(0.9) { random.random_range(0..2_000_000) } else { 0 };
    let fatal = random.random_bool(0.15);
    let business = !fatal && random.random_bool(0.05);
    let duration_ms = 60_000 * random.random_range(1..10);
    let segments = (0..random.random_range(0..6))
        .map(|_| {
            let from = random.random_range(0..duration_ms);
            (from as u32, (from + random.random_range(0..20_000)) as u32)
        })
        .collect();
    let seek_count = random.random_range(0..4);
    let end_ms = if random.random_bool(0.05) {
        // Not silent for an hour yet.
        until_ms + random.random_range(1_800_000..3_400_000)
    } else {
        until_ms - 2_000 - random.random_range(0..48 * 3_600_000)
    };
    TestView {
        id: format!("view-{number}"),
        start_ms: end_ms - length_ms,
        length_ms,
        attempted: fatal || business || started || random.random_bool(0.7),
        fatal,
        business,
        closed: random.random_bool(0.5),
        error_code: if fatal || business { pick(random, &["404", "decode", "drm"]) } else { String::new() },
        startup_ms: (started && random.random_bool(0.9)).then(|| random.random_range(50..9_000)),
        player_startup_ms: random.random_bool(0.5).then(|| random.random_range(1..900)),
        page_load_ms: random.random_bool(0.5).then(|| random.random_range(1..4_000)),
        playing_ms,
        watch_ms: match random.random_range(0..4) {
            _ if started => playing_ms + random.random_range(0..100_000),
            0 => 0,
            1 => random.random_range(1..2_000),
            _ => random.random_range(1_000..30_000),
        },
        rebuffer_ms: if started && random.random_bool(0.4) { random.random_range(0..50_000) } else { 0 },
        rebuffer_count: if started { random.random_range(0..5) } else { 0 },
        seek_ms: seek_count * random.random_range(1..500),
        seek_count,
        bitrate_ms: if random.random_bool(0.8) {
            u64::from(playing_ms.max(1)) * random.random_range(0..5_000_000)
        } else {
            0
        },
        video_id: pick(random, &["video-a", "video-b", "video-c"]),
        video_title: pick(random, &["Aaa", "It's \\ \"B\"", ""]),
        viewer_id: pick(random, &["u1", "u2", "u3", "u4", "u5", "u6", ""]),
        country: pick(random, &["DE", "FR", "US", "BR", ""]),
        cdn: pick(random, &["akamai", "fastly", ""]),
        plan: pick(random, &["gold", "free", ""]),
        duration_ms,
        segments,
        play_t_ms: (!started && random.random_bool(0.5)).then(|| random.random_range(0..5_000)),
        first_frame_t_ms: (started && random.random_bool(0.5)).then_some(500),
        upscale_ms: random.random_bool(0.6).then(|| random.random_range(0..=playing_ms * 2)),
        downscale_ms: random.random_bool(0.6).then(|| random.random_range(0..=playing_ms / 2)),
        dropped_frames: random.random_bool(0.6).then(|| random.random_range(0..900)),
        live_latency_ms: if random.random_bool(0.4) { random.random_range(1..40_000) } else { 0 },
        is_live: random.random_bool(0.2),
        sample_rate: 0,
        max_upscale: random.random_bool(0.6).then(|| random.random_range(0..=3_000_000)),
        max_downscale: random.random_bool(0.6).then(|| random.random_range(0..=900_000)),
        max_request_latency_ms: random.random_bool(0.6).then(|| random.random_range(0..9_000)),
        preroll_request_count: random.random_bool(0.4).then(|| random.random_range(0..4)),
        preroll_request_ms: random.random_bool(0.4).then(|| random.random_range(0..3_000)),
        preroll_load_ms: random.random_bool(0.4).then(|| random.random_range(0..2_000)),
        request_throughput: if random.random_bool(0.6) { random.random_range(1..90_000_000) } else { 0 },
        request_latency_ms: if random.random_bool(0.6) { random.random_range(1..900) } else { 0 },
        marks: random_marks(random),
    }
}

/// Renditions, some without a bitrate, and ads in orders that no player would send.
fn random_marks(random: &mut StdRng) -> Vec<Mark> {
    let kinds: &[u8] = match random.random_range(0..4) {
        0 => &[],
        1 => &[1],
        2 => &[5, 6, 7, 7, 7, 8, 8, 9, 10],
        _ => &[1, 1, 1, 4, 5, 7, 7, 8, 10],
    };
    let mark = |random: &mut StdRng| {
        let kind = kinds[random.random_range(0..kinds.len())];
        let rendition = [(400_000, 360), (2_000_000, 720), (5_000_000, 1080), (0, 720), (0, 480)];
        let (bitrate, height) = if kind == 1 { rendition[random.random_range(0..5)] } else { (0, 0) };
        (kind, random.random_range(0..60_000), bitrate, height)
    };
    let count = if kinds.is_empty() { 0 } else { random.random_range(1..14) };
    (0..count).map(|_| mark(random)).collect()
}

/// An hour ago, on a whole second: old enough that nothing here is still under way.
pub fn an_hour_ago() -> i64 {
    (chrono::Utc::now().timestamp() - 3600) * 1000
}
