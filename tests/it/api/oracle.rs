//! What every metric should say of views known in full: its definition computed once more, in plain Rust.

use std::collections::BTreeSet;

use playhead::event::metric::Measurement;

use super::data::TestView;

/// What a view says about a metric.
pub enum Said {
    Number(f64),
    /// Two numbers that are summed and then divided.
    Fraction(f64, f64),
    Text(String),
    /// How long it took, or how long it was waited for in vain.
    Wait(f64, bool),
}

/// What a view says about a metric; `None` if the metric is not about it.
pub fn said(metric: &str, view: &TestView) -> Option<Said> {
    let number = |value: Option<u32>| value.map(|value| Said::Number(f64::from(value)));
    let truth = |value: bool| Some(Said::Number(if value { 1.0 } else { 0.0 }));
    let score = |value: Option<f64>| value.map(Said::Number);
    let scaling = |value: Option<u32>| {
        let is_said = view.started() && (view.upscale_ms.is_some() || view.downscale_ms.is_some());
        is_said.then(|| Said::Fraction(value.unwrap_or(0).into(), view.playing_ms.into()))
    };
    if !view.attempted {
        return None;
    }
    match metric {
        "views" => Some(Said::Number(1.0)),
        "unique_viewers" => (!view.viewer_id.is_empty()).then(|| Said::Text(view.viewer_id.clone())),
        "playing_time" => number(Some(view.playing_ms)),
        "percent_viewed" => {
            let is_said = !view.is_live && view.segments.iter().any(|(from, to)| to > from);
            is_said.then(|| Said::Number(view.seen_ms() as f64 / view.duration_ms as f64))
        }
        "video_startup_time" => number(view.startup_ms),
        "video_startup_time_with_exits" => {
            let left = || view.waited_ms().filter(|_| view.left_before_start());
            let started = view.startup_ms.map(|ms| Said::Wait(ms.into(), false));
            started.or_else(|| left().map(|ms| Said::Wait(ms.into(), true)))
        }
        "player_startup_time" => number(view.player_startup_ms),
        "page_load_time" => number(view.page_load_ms),
        "viewer_experience_score" => score(experience(view)),
        "playback_success_score" => score(success(view)),
        "startup_time_score" => score(startup(view)),
        "rebuffer_score" => score(smoothness(view)),
        "video_quality_score" => score(quality(view)),
        "rebuffer_percentage" => Some(Said::Fraction(view.rebuffer_ms.into(), view.watch_ms.into())),
        "rebuffer_frequency" => {
            Some(Said::Fraction(f64::from(view.rebuffer_count) * 60_000.0, view.watch_ms.into()))
        }
        "rebuffer_count" => view.started().then_some(view.rebuffer_count).and_then(|n| number(Some(n))),
        "rebuffer_duration" => view.started().then_some(view.rebuffer_ms).and_then(|n| number(Some(n))),
        "seek_latency" => {
            (view.seek_count > 0).then(|| Said::Number(f64::from(view.seek_ms) / f64::from(view.seek_count)))
        }
        "weighted_average_bitrate" => (view.bitrate_ms > 0 && view.playing_ms > 0)
            .then(|| Said::Number(view.bitrate_ms as f64 / f64::from(view.playing_ms))),
        "upscale_percentage" => scaling(view.upscale_ms),
        "downscale_percentage" => scaling(view.downscale_ms),
        "dropped_frames" => number(view.dropped_frames.filter(|_| view.started())),
        "live_latency" => (view.live_latency_ms > 0).then_some(Said::Number(view.live_latency_ms as f64)),
        "playback_failure_percentage" => truth(view.fatal),
        "video_startup_failure_percentage" => truth(view.fatal && !view.started()),
        "playback_business_exception_percentage" => truth(view.business),
        "video_startup_business_exception_percentage" => truth(view.business && !view.started()),
        "exits_before_video_start" => truth(view.left_before_start()),
        "view_dropped_percentage" if !view.is_over() => None,
        "view_dropped_percentage" => truth(!view.closed && !view.fatal && !view.business),
        "aggregate_startup_time" => {
            let parts = [view.page_load_ms, view.player_startup_ms, view.startup_ms];
            number(parts.into_iter().sum())
        }
        "rendition_change_count" => changes(view, |_, _| true),
        "rendition_upshift_count" => changes(view, |before, after| after > before),
        "rendition_downshift_count" => changes(view, |before, after| after < before),
        "max_upscale_percentage" => of_started(view, view.max_upscale.map(|most| f64::from(most) / 1e6)),
        "max_downscale_percentage" => of_started(view, view.max_downscale.map(|most| f64::from(most) / 1e6)),
        "request_throughput" => {
            (view.request_throughput > 0).then_some(Said::Number(view.request_throughput as f64))
        }
        "request_latency" => {
            (view.request_latency_ms > 0).then_some(Said::Number(view.request_latency_ms as f64))
        }
        "max_request_latency" => number(view.max_request_latency_ms),
        "requests_for_first_preroll" => number(view.preroll_request_count),
        "video_startup_preroll_request_time" => number(view.preroll_request_ms),
        "video_startup_preroll_load_time" => number(view.preroll_load_ms),
        "ad_preroll_startup_time" => {
            number(view.preroll_request_ms.zip(view.preroll_load_ms).map(|(a, b)| a + b))
        }
        ads if ads.starts_with("ad_") => of_ads(ads, view),
        other => panic!("the oracle does not know {other}"),
    }
}

fn of_started(view: &TestView, value: Option<f64>) -> Option<Said> {
    value.filter(|_| view.started()).map(Said::Number)
}

/// Steps from one rendition to another of the kind asked for.
fn changes(view: &TestView, counts: fn((u64, u32), (u64, u32)) -> bool) -> Option<Said> {
    let shown: Vec<_> = view.marks.iter().filter(|mark| mark.0 == 1).map(|mark| (mark.2, mark.3)).collect();
    let count = shown.windows(2).filter(|pair| pair[0] != pair[1] && counts(pair[0], pair[1])).count();
    of_started(view, (!shown.is_empty()).then_some(count as f64))
}

/// What became of an ad that was told to play.
#[derive(Default)]
struct Attempt {
    showed: bool,
    failed: bool,
    failed_at_once: bool,
}

fn of_ads(metric: &str, view: &TestView) -> Option<Said> {
    let (mut attempts, mut breaks, mut break_errors) = (Vec::<Attempt>::new(), 0, 0);
    let (mut is_in_attempt, mut before) = (false, 0);
    for kind in view.marks.iter().map(|mark| mark.0).filter(|kind| *kind >= 5) {
        let attempt = if is_in_attempt { attempts.last_mut() } else { None };
        match (kind, attempt) {
            (7, _) if !matches!(before, 7 | 8) => {
                attempts.push(Attempt::default());
                is_in_attempt = true;
            }
            (8, Some(attempt)) => attempt.showed = true,
            (10, Some(attempt)) if !attempt.failed => {
                attempt.failed = true;
                attempt.failed_at_once = !attempt.showed;
            }
            (10, None) => break_errors += 1,
            (5 | 6 | 9, _) => is_in_attempt = false,
            _ => {}
        }
        breaks += usize::from(kind == 5);
        before = kind;
    }
    if before == 0 || metric.contains("exit") && !view.is_over() {
        return None;
    }
    let count = |which: fn(&Attempt) -> bool| attempts.iter().filter(|attempt| which(attempt)).count() as f64;
    let (of, to) = match metric.trim_end_matches("_count").trim_end_matches("_percentage") {
        "ad_break" => (breaks as f64, 0.0),
        "ad_attempt" => (attempts.len() as f64, 0.0),
        "ad_impression" => (count(|attempt| attempt.showed), 0.0),
        "ad_error" => (count(|attempt| attempt.failed), attempts.len() as f64),
        "ad_startup_error" => (count(|attempt| attempt.failed_at_once), attempts.len() as f64),
        "ad_exit_before_start" => {
            (count(|attempt| !attempt.showed && !attempt.failed), attempts.len() as f64)
        }
        "ad_break_error" => (f64::from(break_errors), breaks as f64),
        other => panic!("the oracle does not know {other}"),
    };
    Some(if metric.ends_with("_count") { Said::Number(of) } else { Said::Fraction(of, to) })
}

/// The most views there at once between two times, and how long all of them were there together in ms, weighted. Whoever came
/// was there for a millisecond at least.
pub fn concurrent<'a>(views: impl IntoIterator<Item = &'a TestView>, from_ms: i64, to_ms: i64) -> (f64, f64) {
    let there: Vec<_> = views
        .into_iter()
        .map(|view| {
            let gone_ms = view.end_ms().max(view.start_ms + 1);
            (view.start_ms.max(from_ms), gone_ms.min(to_ms), weight(view))
        })
        .filter(|(from_ms, to_ms, _)| from_ms < to_ms)
        .collect();
    let at = |time: i64| {
        let present = there.iter().filter(|(from_ms, to_ms, _)| (*from_ms..*to_ms).contains(&time));
        present.map(|(.., weight)| weight).sum::<f64>()
    };
    let most = there.iter().map(|(from_ms, ..)| at(*from_ms)).fold(0.0, f64::max);
    (most, there.iter().map(|(from_ms, to_ms, weight)| (to_ms - from_ms) as f64 * weight).sum())
}

fn success(view: &TestView) -> Option<f64> {
    if view.fatal {
        Some(0.0)
    } else if view.started() {
        Some(100.0)
    } else {
        (view.left_before_start() && view.waited_ms()? >= 1000).then_some(50.0)
    }
}

fn startup(view: &TestView) -> Option<f64> {
    view.startup_ms.map(|ms| 100.0 * 8.0 / (8.0 + f64::from(ms) / 1000.0))
}

fn smoothness(view: &TestView) -> Option<f64> {
    let half = f64::from(view.rebuffer_count) / 2.0;
    let watched = f64::from(view.watch_ms);
    let part = if watched > 0.0 { f64::from(view.rebuffer_ms) / watched } else { 0.0 };
    let scores = [100.0 / half.mul_add(half, 1.0).sqrt(), 100.0 * (-10.0 * part).exp()];
    view.started().then(|| scores.iter().sum::<f64>() / 2.0)
}

fn quality(view: &TestView) -> Option<f64> {
    let is_said = view.upscale_ms.is_some() || view.downscale_ms.is_some();
    let upscaling = f64::from(view.upscale_ms.unwrap_or(0)) / f64::from(view.playing_ms);
    let largest = view.max_upscale.map_or(upscaling, |most| f64::from(most) / 1e6);
    let weighed = 0.85f64.mul_add(upscaling, 0.15 * largest);
    (view.started() && is_said && view.playing_ms > 0).then(|| 100.0 * (-0.33 * weighed).exp())
}

/// The mean of the geometric means of all pairs of the scores a view has.
fn experience(view: &TestView) -> Option<f64> {
    let success = success(view)?;
    let scores: Vec<f64> = [startup(view), smoothness(view), quality(view)].into_iter().flatten().collect();
    if success < 100.0 {
        return Some(success);
    }
    let mut pairs = Vec::new();
    for (index, one) in scores.iter().enumerate() {
        pairs.extend(scores[index + 1..].iter().map(|other| (one * other).sqrt()));
    }
    if pairs.is_empty() {
        scores.first().copied()
    } else {
        Some(pairs.iter().sum::<f64>() / pairs.len() as f64)
    }
}

/// How many views a view stands for.
pub fn weight(view: &TestView) -> f64 {
    if view.sample_rate == 0 { 1.0 } else { 1e6 / view.sample_rate as f64 }
}

/// The same as a whole number, which one decided by the view's id.
fn whole_weight(view: &TestView) -> usize {
    let crc = view.id.bytes().fold(u32::MAX, |crc, byte| {
        let shift = |crc: u32, _| (crc >> 1) ^ if crc & 1 == 1 { 0xedb8_8320 } else { 0 };
        (0..8).fold(crc ^ u32::from(byte), shift)
    });
    (weight(view) + f64::from(!crc) / 4_294_967_296.0).floor() as usize
}

fn percentile(mut values: Vec<f64>, level: f64) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let place = level * (values.len().checked_sub(1)? as f64);
    let (low, high) = (values[place.floor() as usize], values[place.ceil() as usize]);
    Some(low + (high - low) * place.fract())
}

/// The shortest time by which so many would be done, by Kaplan and Meier: at each time someone was done, the part of
/// those still waiting then.
fn waited_by(waits: &[(f64, bool, f64)], level: f64) -> Option<f64> {
    let mut times: Vec<f64> = waits.iter().filter(|wait| !wait.1).map(|wait| wait.0).collect();
    times.sort_by(f64::total_cmp);
    times.dedup();
    let mut waiting = 1.0;
    times.into_iter().find(|time| {
        let at_risk: f64 = waits.iter().filter(|wait| wait.0 >= *time).map(|wait| wait.2).sum();
        let done: f64 = waits.iter().filter(|wait| wait.0 == *time && !wait.1).map(|wait| wait.2).sum();
        waiting *= 1.0 - done / at_risk;
        waiting <= 1.0 - level + 1e-9
    })
}

/// Value and number of views, straight from the definitions.
pub fn oracle<'a>(
    metric: &str,
    measurement: Measurement,
    views: impl IntoIterator<Item = &'a TestView>,
) -> (Option<f64>, f64) {
    let said: Vec<_> = views
        .into_iter()
        .filter_map(|view| Some((said(metric, view)?, weight(view), whole_weight(view))))
        .collect();
    let views: f64 = said.iter().map(|said| said.1).sum();
    let numbers = said.iter().filter_map(|(said, weight, whole)| match said {
        Said::Number(value) => Some((*value, *weight, *whole)),
        Said::Fraction(of, to) => (*to > 0.0).then(|| (of / to, *weight, *whole)),
        Said::Text(_) | Said::Wait(..) => None,
    });
    let sum: f64 = numbers.clone().map(|(value, weight, _)| value * weight).sum();
    let mean = |sum: f64, count: f64| (count > 0.0).then(|| sum / count);
    let fractions = said.iter().filter_map(|(said, weight, _)| match said {
        Said::Fraction(of, to) => Some((of * weight, to * weight)),
        _ => None,
    });
    let (of, to) = fractions.fold((0.0, 0.0), |(of, to), (o, t)| (of + o, to + t));
    let waits: Vec<_> = said
        .iter()
        .filter_map(|(said, weight, _)| match said {
            Said::Wait(ms, left) => Some((*ms, *left, *weight)),
            _ => None,
        })
        .collect();
    let is_ratio = matches!(
        metric,
        "rebuffer_percentage" | "rebuffer_frequency" | "upscale_percentage" | "downscale_percentage"
    ) || metric.starts_with("ad_") && metric.ends_with("_percentage");
    let is_most = matches!(metric, "max_upscale_percentage" | "max_downscale_percentage");
    let is_share =
        metric.ends_with("percentage") && !is_ratio && !is_most || metric == "exits_before_video_start";
    let distinct: BTreeSet<_> = said
        .iter()
        .filter_map(|said| if let Said::Text(text) = &said.0 { Some(text) } else { None })
        .collect();
    let of_population = |level| {
        if metric == "video_startup_time_with_exits" {
            return waited_by(&waits, level);
        }
        let repeated = numbers.clone().flat_map(|(value, _, whole)| std::iter::repeat_n(value, whole));
        percentile(repeated.collect(), level)
    };
    let value = match measurement {
        Measurement::Average if is_ratio => mean(of, to),
        Measurement::Average => mean(sum, numbers.map(|number| number.1).sum()),
        Measurement::Percentile25 => of_population(0.25),
        Measurement::Median => of_population(0.5),
        Measurement::Percentile75 => of_population(0.75),
        Measurement::Percentile90 => of_population(0.9),
        Measurement::Percentile95 => of_population(0.95),
        Measurement::Percentile99 => of_population(0.99),
        Measurement::Sum => Some(sum),
        Measurement::Count if metric == "unique_viewers" => Some(distinct.len() as f64),
        Measurement::Count if is_share => Some(sum),
        Measurement::Count => Some(views),
        Measurement::Maximum => panic!("{metric} has an oracle of its own"),
    };
    (value, views)
}

/// The time that puts a view into a timeframe.
pub fn time_of(metric: &str, view: &TestView) -> i64 {
    let by_start = matches!(metric, "views" | "unique_viewers" | "playing_time" | "percent_viewed");
    if by_start { view.start_ms } else { view.end_ms() }
}
