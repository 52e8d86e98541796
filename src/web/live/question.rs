//! A question asked of the live state, and its answer as a JSON object. The shapes stand in `schema/live.md`.

use std::{collections::BTreeMap, ops::Range};

use serde_json::{Map, Value, json};

use super::{
    frame::{Query, Topic},
    problems::problems,
};
use crate::{
    event::{AttributeKey, View, engagement::whole},
    pipeline::live::{
        BUCKET_MS, Live,
        shares::DIMENSIONS,
        state::{Environment, LiveVideo, LiveView, Standing},
        window::{Second, Seconds},
    },
};

/// Span of the rates, and of the counts in lists, seconds.
const RATE_S: i64 = 10;
const LIST_S: i64 = 60;
const MAX_ROWS: usize = 200;

/// One distinct question: everybody who asks it shares one evaluation and one encoding.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Question {
    pub environment: String,
    pub topic: Topic,
    pub query: Query,
}

/// A question that cannot be answered: code and text for the `error` frame.
pub type Unanswerable = (&'static str, String);

type Answer = Map<String, Value>;

impl Question {
    /// Refuses what no answer exists for.
    ///
    /// # Errors
    /// Code and text, naming the valid choices.
    pub fn check(&self) -> Result<(), Unanswerable> {
        let missing = |what: &str| Err(("bad_query", format!("topic needs `{what}` in its query")));
        match self.topic {
            Topic::Heatmap if self.query.video_id.is_none() => missing("video_id"),
            Topic::View if self.query.view_id.is_none() => missing("view_id"),
            Topic::Breakdown => match self.query.dimension.as_deref().and_then(dimension) {
                Some(_) => Ok(()),
                None => {
                    let names: Vec<&str> = DIMENSIONS.iter().map(|(name, _)| *name).collect();
                    Err(("bad_query", format!("topic needs `dimension`, one of {}", names.join(", "))))
                }
            },
            _ => Ok(()),
        }
    }

    /// The answer now. `now_ms` is the server's clock.
    pub fn answer(&self, live: &Live, now_ms: i64) -> Answer {
        let now_s = now_ms / 1000;
        live.read(&self.environment, |environment| match self.topic {
            Topic::Overview => overview(environment, self.query.video_id.as_deref(), now_s),
            Topic::Timeseries => self.timeseries(environment, live.followed_s(), now_s),
            Topic::Breakdown => breakdown(environment, self.query.dimension.as_deref(), self.rows(50)),
            Topic::Top => top(environment, now_s, self.rows(20)),
            Topic::Heatmap => heatmap(environment, self.query.video_id.as_deref().unwrap_or_default()),
            Topic::Views => newest(environment, self.query.video_id.as_deref(), self.rows(50)),
            Topic::View => one_view(environment, self.query.view_id.as_deref().unwrap_or_default()),
            Topic::Problems => problems(environment, self.rows(20)),
        })
    }

    fn rows(&self, default: u32) -> usize {
        (self.query.limit.unwrap_or(default) as usize).min(MAX_ROWS)
    }

    fn timeseries(&self, environment: &Environment, followed_s: Range<i64>, now_s: i64) -> Answer {
        let after_s = now_s - i64::from(self.query.window_s.unwrap_or(900).clamp(60, 3600));
        let seconds = seconds_of(environment, self.query.video_id.as_deref());
        let mut points: BTreeMap<i64, Second> =
            seconds.into_iter().flat_map(|seconds| seconds.since(after_s)).collect();
        for second in followed_s.start.max(after_s + 1)..followed_s.end {
            points.entry(second).or_default();
        }
        let points: Answer =
            points.into_iter().map(|(second, point)| (second.to_string(), chart_point(point))).collect();
        object(json!({"step_ms": 1000, "points": points}))
    }
}

fn chart_point(point: Second) -> Value {
    json!({
        "viewers": point.viewers, "rebuffering": point.rebuffering, "starts": views(point.starts.into()),
        "failures": views(point.failures.into()), "exits": views(point.exits.into()),
    })
}

fn dimension(name: &str) -> Option<AttributeKey> {
    DIMENSIONS.iter().find(|(known, _)| *known == name).map(|(_, key)| *key)
}

/// As a whole number.
fn views(sum: f64) -> u64 {
    sum.round() as u64
}

fn object(value: Value) -> Answer {
    match value {
        Value::Object(object) => object,
        _ => Answer::new(),
    }
}

fn seconds_of<'a>(environment: &'a Environment, video_id: Option<&str>) -> Option<&'a Seconds> {
    match video_id {
        Some(video_id) => environment.counts.videos.get(video_id).map(|video| &video.seconds),
        None => Some(&environment.counts.seconds),
    }
}

fn overview(environment: &Environment, video_id: Option<&str>, now_s: i64) -> Answer {
    let (viewers, rebuffering) = match video_id {
        Some(id) => {
            environment.counts.videos.get(id).map_or((0, 0), |video| (video.viewers, video.rebuffering))
        }
        None => (environment.counts.viewers(), environment.counts.standing(Standing::Rebuffering)),
    };
    let mut answer = object(json!({"concurrent_viewers": whole(viewers), "rebuffering": whole(rebuffering)}));
    if viewers > 0 {
        answer.insert("rebuffering_ratio".into(), json!(rebuffering as f64 / viewers as f64));
    }
    if let Some(seconds) = seconds_of(environment, video_id) {
        // The running second is not over yet.
        let rate = |count: fn(&Second) -> f32| {
            json!(seconds.sum(now_s - 1 - RATE_S, now_s - 1, count) / RATE_S as f64)
        };
        answer.insert("starts_per_s".into(), rate(|s| s.starts));
        answer.insert("failures_per_s".into(), rate(|s| s.failures));
        answer.insert("exits_before_start_per_s".into(), rate(|s| s.exits));
        answer.insert("ended_per_s".into(), rate(|s| s.ended));
    }
    if video_id.is_none() {
        for (name, standing) in
            [("playing", Standing::Playing), ("starting", Standing::Starting), ("paused", Standing::Paused)]
        {
            answer.insert(name.into(), json!(whole(environment.counts.standing(standing))));
        }
        answer.insert("views_open".into(), json!(whole(environment.counts.open())));
        for (name, quantile) in [("startup_p50_ms", 0.5), ("startup_p95_ms", 0.95)] {
            if let Some(ms) = environment.counts.startups.quantile_ms(quantile) {
                answer.insert(name.into(), json!(ms));
            }
        }
    }
    answer
}

fn top(environment: &Environment, now_s: i64, limit: usize) -> Answer {
    let mut videos: Vec<(&String, &LiveVideo)> = environment.counts.videos.iter().collect();
    // Set-up alone is no watching.
    videos.retain(|(_, video)| video.viewers > 0 || video.total_views > 0 && !video.seconds.is_empty());
    videos.sort_by(|(a_id, a), (b_id, b)| b.viewers.cmp(&a.viewers).then(a_id.cmp(b_id)));
    let rows = videos.into_iter().take(limit).map(|(id, video)| {
        let mut row = object(json!({
            "viewers": whole(video.viewers), "rebuffering": whole(video.rebuffering),
            "starts": views(video.seconds.sum(now_s - LIST_S, now_s, |s| s.starts)),
            "failures": views(video.seconds.sum(now_s - LIST_S, now_s, |s| s.failures)),
        }));
        put_text(&mut row, "title", &video.title);
        (id.clone(), Value::Object(row))
    });
    object(json!({"rows": rows.collect::<Answer>()}))
}

fn breakdown(environment: &Environment, name: Option<&str>, limit: usize) -> Answer {
    let Some(key) = name.and_then(dimension) else { return object(json!({"rows": {}})) };
    let mut rows: Vec<_> = environment.counts.shares.of(key).filter(|(value, _)| !value.is_empty()).collect();
    rows.sort_by(|(a_value, a), (b_value, b)| b.viewers.cmp(&a.viewers).then(a_value.cmp(b_value)));
    let rows = rows.into_iter().take(limit).map(|(value, share)| {
        let [viewers, rebuffering, failures] = [share.viewers, share.rebuffering, share.failures].map(whole);
        let row = json!({"viewers": viewers, "rebuffering": rebuffering, "failures": failures});
        (value.to_owned(), row)
    });
    object(json!({"rows": rows.collect::<Answer>()}))
}

fn heatmap(environment: &Environment, video_id: &str) -> Answer {
    let mut answer = object(json!({
        "video_id": video_id, "bucket_ms": BUCKET_MS, "total_views": 0, "plays": {}, "viewers": {}, "moments": {},
    }));
    if let Some(video) = environment.counts.videos.get(video_id) {
        let sparse = |counts: &[i64]| {
            let counted = counts.iter().enumerate().filter(|(_, count)| **count > 0);
            counted.map(|(bucket, count)| (bucket.to_string(), json!(whole(*count)))).collect::<Answer>()
        };
        put_text(&mut answer, "title", &video.title);
        put_number(&mut answer, "duration_ms", video.duration_ms);
        answer.insert("total_views".into(), json!(whole(video.total_views)));
        answer.insert("plays".into(), sparse(&video.heat.plays).into());
        answer.insert("viewers".into(), sparse(&video.heat.viewers).into());
        let mut moments = Answer::new();
        for ((name, second), count) in &video.moments {
            let places = moments.entry(name.clone()).or_insert_with(|| json!({}));
            places[second.to_string()] = json!(whole(*count));
        }
        answer.insert("moments".into(), moments.into());
    }
    answer
}

fn newest(environment: &Environment, video_id: Option<&str>, limit: usize) -> Answer {
    let views = environment.counts.newest.iter().filter_map(|id| Some((id, environment.views.get(id)?)));
    let of_video =
        views.filter(|(_, live)| video_id.is_none_or(|id| live.view.text(AttributeKey::VideoId) == id));
    let rows = of_video.take(limit).map(|(id, live)| (id.to_string(), Value::Object(view_row(live))));
    object(json!({"rows": rows.collect::<Answer>()}))
}

fn one_view(environment: &Environment, view_id: &str) -> Answer {
    let Some(live) = environment.views.get(view_id) else {
        return object(json!({"view": {}, "events": {}, "ranges": {}}));
    };
    let mut view = view_row(live);
    put_number(&mut view, "duration_ms", live.view.number(AttributeKey::VideoDurationMs));
    put_number(&mut view, "rendition_height", live.view.number(AttributeKey::RenditionHeight));
    put_number(&mut view, "rendition_bitrate", live.view.number(AttributeKey::RenditionBitrate));
    let totals = live.view.totals();
    view.insert("watch_ms".into(), json!(totals.watch_ms.unwrap_or(0)));
    view.insert("seek_count".into(), json!(totals.seek_count.unwrap_or(0)));
    let first_t_ms = live.view.first_t_ms.unwrap_or(0);
    let events = live.events.iter().map(|event| {
        let mut row = object(json!({"t_ms": event.t_ms - first_t_ms, "type": event.label}));
        row.extend(event.playhead_ms.map(|playhead_ms| ("playhead_ms".to_owned(), json!(playhead_ms))));
        (event.sequence.to_string(), Value::Object(row))
    });
    let ranges = live.view.stretches().into_iter();
    let ranges = ranges.map(|(number, (from_ms, to_ms))| (number.to_string(), json!([from_ms, to_ms])));
    object(json!({"view": view, "events": events.collect::<Answer>(), "ranges": ranges.collect::<Answer>()}))
}

fn view_row(live: &LiveView) -> Answer {
    let view: &View = &live.view;
    let totals = view.totals();
    let mut row = object(json!({
        "start_ms": live.start_ms, "last_ms": view.last_received_ms, "state": live.standing,
        "playhead_ms": view.playhead_ms.value,
        "playing_ms": totals.playing_ms.unwrap_or(0),
        "rebuffer_count": totals.rebuffer_count.unwrap_or(0),
        "rebuffer_ms": totals.rebuffer_ms.unwrap_or(0),
    }));
    let texts = [
        ("video_id", AttributeKey::VideoId),
        ("title", AttributeKey::VideoTitle),
        ("viewer_id", AttributeKey::ViewerId),
        ("country", AttributeKey::Country),
        ("browser", AttributeKey::Browser),
        ("operating_system", AttributeKey::OperatingSystem),
        ("player", AttributeKey::PlayerSoftware),
        ("cdn", AttributeKey::Cdn),
    ];
    for (name, key) in texts {
        put_text(&mut row, name, view.text(key));
    }
    put_text(&mut row, "error_code", &view.error_code.value);
    if let Some(startup_ms) = view.startup_ms() {
        row.insert("startup_ms".into(), json!(startup_ms));
    }
    row
}

fn put_text(row: &mut Answer, name: &str, text: &str) {
    if !text.is_empty() {
        row.insert(name.into(), json!(text));
    }
}

fn put_number(row: &mut Answer, name: &str, number: u64) {
    if number > 0 {
        row.insert(name.into(), json!(number));
    }
}
