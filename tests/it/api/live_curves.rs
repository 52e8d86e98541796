//! Live streams by both clocks, against viewers whose every second is known.

use playhead::control::NewEnvironment;
use rand::{RngExt, SeedableRng, rngs::StdRng};
use serde_json::{Value, json};

use super::{
    data::{TestView, an_hour_ago, insert, timestamp, write},
    server::{Server, store, unlimited},
};

/// Seconds from the beginning of the timeframe to its end.
const SECONDS: i64 = 600;

/// A viewer who is told what to do second by second, and remembers what was seen when.
struct Viewer {
    id: usize,
    says_latency: bool,
    /// Second of joining, and how far behind the edge then.
    joined: i64,
    /// Place of the programme at the playhead, and the playhead there; seconds.
    place: i64,
    playhead: i64,
    second: i64,
    stretch: usize,
    events: Vec<Value>,
    segments: Vec<(u32, u32)>,
    /// (second of the day, second of the programme), both from the beginning of the timeframe.
    seen: Vec<(i64, i64)>,
}

impl Viewer {
    fn new(id: usize, joined: i64, latency: i64, playhead: i64, says_latency: bool) -> Self {
        let (second, place) = (joined, joined - latency);
        let (events, segments, seen) = (Vec::new(), Vec::new(), Vec::new());
        Self { id, says_latency, joined, place, playhead, second, stretch: 0, events, segments, seen }
    }

    fn say(&mut self, event: &str) {
        let latency_ms = (self.second - self.place) * 1000;
        let attributes =
            if self.says_latency { json!({"live_latency_ms": latency_ms.to_string()}) } else { json!({}) };
        self.events.push(json!({
            "sequence": self.events.len() + 1,
            "event": event,
            "t_ms": (self.second - self.joined) * 1000,
            "playhead_ms": self.playhead * 1000,
            "attributes": attributes,
        }));
    }

    fn play(&mut self, seconds: i64) {
        self.say("playing");
        let from = self.playhead;
        for passed in 1..=seconds {
            self.seen.push((self.second, self.place));
            (self.second, self.place, self.playhead) = (self.second + 1, self.place + 1, self.playhead + 1);
            if passed % 10 == 0 && passed < seconds {
                self.say("heartbeat");
            }
        }
        let to = self.playhead as u32 * 1000;
        match self.segments.get_mut(self.stretch) {
            Some(segment) => segment.1 = to,
            None => self.segments.push((from as u32 * 1000, to)),
        }
    }

    fn pause(&mut self, seconds: i64) {
        self.say("pause");
        self.second += seconds;
    }

    /// Takes a while, in which nothing is played.
    fn jump(&mut self, seconds: i64, taking: i64) {
        self.say("seeking");
        self.second += taking;
        self.place += seconds;
        self.playhead += seconds;
        self.stretch += 1;
    }

    fn end(&mut self) {
        self.say("viewend");
    }

    fn view(&self, begun_ms: i64) -> TestView {
        TestView {
            id: format!("viewer-{}", self.id),
            start_ms: begun_ms + self.joined * 1000,
            length_ms: (self.second - self.joined) * 1000,
            attempted: true,
            closed: true,
            video_id: "v".to_owned(),
            segments: self.segments.clone(),
            is_live: true,
            ..TestView::default()
        }
    }

    fn rows(&self, environment: &str, begun_ms: i64) -> Vec<Value> {
        let view = self.view(begun_ms);
        let row = |event: &Value| {
            let mut row = event.clone();
            let t_ms = event["t_ms"].as_i64().unwrap();
            // The network delays beacons differently; the smallest delay is the anchor.
            let delay_ms = if event["sequence"] == 1 { 0 } else { t_ms % 700 };
            row["environment"] = environment.into();
            row["view_id"] = view.id.clone().into();
            row["view_start"] = timestamp(view.start_ms).into();
            row["anchor_ms"] = (view.start_ms + delay_ms).into();
            row["received_at"] = timestamp(view.start_ms + t_ms + delay_ms).into();
            row
        };
        self.events.iter().map(row).collect()
    }
}

fn audience() -> Vec<Viewer> {
    let mut random = StdRng::seed_from_u64(21);
    let viewers = (0..40).map(|id| {
        let (joined, latency) = (random.random_range(-120..400), random.random_range(0..40));
        let playhead = random.random_range(100..5_000);
        let mut viewer = Viewer::new(id, joined, latency, playhead, true);
        viewer.play(random.random_range(1..90));
        for _ in 0..random.random_range(0..4) {
            match random.random_range(0..3) {
                0 => viewer.pause(random.random_range(1..60)),
                1 => viewer.jump(-random.random_range(1..60), random.random_range(0..4)),
                // No further than to the edge.
                _ => viewer
                    .jump(random.random_range(0..=(viewer.second - viewer.place)), random.random_range(0..4)),
            }
            viewer.play(random.random_range(1..60));
        }
        viewer.end();
        viewer
    });
    viewers.collect()
}

/// How often each second from 0 was seen, and by how many.
fn counted(viewers: &[Viewer], of: impl Fn(&(i64, i64)) -> i64) -> (Vec<usize>, Vec<usize>) {
    let times = |viewer: &Viewer, second| viewer.seen.iter().filter(|seen| of(seen) == second).count();
    let seconds = || 0..SECONDS;
    let plays = seconds().map(|second| viewers.iter().map(|viewer| times(viewer, second)).sum()).collect();
    let seen =
        seconds().map(|second| viewers.iter().filter(|viewer| times(viewer, second) > 0).count()).collect();
    (plays, seen)
}

async fn told(server: &Server, viewers: &[Viewer], begun_ms: i64) -> NewEnvironment {
    let tenant = server.tenant().await;
    let views: Vec<_> = viewers.iter().map(|viewer| viewer.view(begun_ms)).collect();
    let rows: Vec<_> = viewers.iter().flat_map(|viewer| viewer.rows(&tenant.id, begun_ms)).collect();
    write(&store(), &tenant.id, &views).await;
    // All of it twice, as after a crash.
    for _ in 0..2 {
        insert(&store(), "event_rows", &rows).await;
    }
    tenant
}

async fn asked(server: &Server, tenant: &NewEnvironment, begun_ms: i64, clock: &str) -> Value {
    let [from, to] = [begun_ms / 1000, begun_ms / 1000 + SECONDS].map(|second| second.to_string());
    let query =
        [("timeframe[]", from.as_str()), ("timeframe[]", &to), ("resolution", "second"), ("clock", clock)];
    let mut answer = server.answer(tenant, "/data/v1/engagement/videos/v/live", &query).await;
    assert_eq!(answer["data"]["start_ms"], begun_ms);
    answer["data"].take()
}

#[tokio::test]
async fn every_second_is_known_by_both_clocks() {
    let server = Server::start(unlimited());
    let begun_ms = an_hour_ago() - 3_600_000;
    let viewers = audience();
    let tenant = told(&server, &viewers, begun_ms).await;

    let (_, watched) = counted(&viewers, |seen| seen.0);
    let utc = asked(&server, &tenant, begun_ms, "utc").await;
    assert_eq!(utc["viewers"], json!(watched));
    assert!(utc["rewatched"].as_array().unwrap().iter().all(|count| count == 0), "nobody lives twice");
    let joined = |second| viewers.iter().filter(|viewer| viewer.joined == second).count();
    assert_eq!(utc["starts"], json!((0..SECONDS).map(joined).collect::<Vec<_>>()));

    let (plays, seen) = counted(&viewers, |seen| seen.1);
    let programme = asked(&server, &tenant, begun_ms, "programme").await;
    assert_eq!(programme["viewers"], json!(seen));
    assert_eq!(programme["value"], json!(plays));
    assert_eq!(programme["without_latency"], 0);
}

#[tokio::test]
async fn who_never_says_the_latency_is_taken_to_have_been_at_the_edge() {
    let server = Server::start(unlimited());
    let begun_ms = an_hour_ago() - 3_600_000;
    let mut viewer = Viewer::new(0, 30, 0, 700, false);
    viewer.play(20);
    viewer.pause(15);
    viewer.play(20);
    viewer.end();
    // The second `playing` comes a frame late, as players tell it.
    viewer.events[3]["playhead_ms"] = 720_044.into();
    // Says no playhead, as CMCD does: a view all the same, with nothing to place.
    let mut placeless = Viewer::new(1, 30, 0, 0, false);
    placeless.end();
    placeless.events.clear();
    let tenant = told(&server, &[viewer, placeless], begun_ms).await;
    let found = asked(&server, &tenant, begun_ms, "programme").await;
    assert_eq!([&found["total_views"], &found["played_views"]], [2, 1]);
    let second = |second: usize| found["viewers"][second].as_u64().unwrap();
    assert_eq!((29..72).map(second).filter(|viewers| *viewers > 0).count(), 40);
    assert_eq!([29, 30, 69, 70].map(second), [0, 1, 1, 0]);
    assert_eq!(found["without_latency"], 1);
    let utc = asked(&server, &tenant, begun_ms, "utc").await;
    assert_eq!(
        [49, 50, 64, 65, 84, 85].map(|s: usize| utc["viewers"][s].as_u64().unwrap()),
        [1, 0, 0, 1, 1, 0]
    );
}

/// hls.js tells the length of the window for the video's, 60 s here; the playhead goes on beyond it.
#[tokio::test]
async fn the_length_of_a_window_is_not_that_of_the_video() {
    let server = Server::start(unlimited());
    let begun_ms = an_hour_ago();
    let mut viewer = Viewer::new(0, 0, 6, 54, true);
    viewer.play(90);
    viewer.end();
    let tenant = server.tenant().await;
    let view = TestView { duration_ms: 60_000, ..viewer.view(begun_ms) };
    write(&store(), &tenant.id, &[view]).await;
    let path = "/data/v1/engagement/videos/v";
    let heat = server.answer(&tenant, &format!("{path}/heatmap"), &[("resolution", "second")]).await;
    assert_eq!(heat["data"]["duration_ms"], 144_000, "as far as it was played");
    let played = heat["data"]["value"].as_array().unwrap().iter().filter(|plays| **plays == 1);
    assert_eq!(played.count(), 90);
    let rows = server.answer(&tenant, &format!("{path}/viewers"), &[("group_by", "view_id")]).await;
    let row = &rows["data"][0];
    assert_eq!([&row["seen_ms"], &row["percent_viewed"]], [&json!(90_000), &Value::Null]);
}
