//! How well each CDN serves each network now, for whoever steers traffic.

use std::collections::BTreeMap;

use actix_web::{HttpResponse, web::Data};
use serde::Serialize;

use super::{
    api::ApiState, auth::Reader, error::ApiError, metrics::known, monitoring::selection, openapi,
    params::Params,
};
use crate::{
    event::AttributeKey,
    pipeline::live::monitor::{
        Group, INTERVAL_MS, Monitor,
        ask::{Selection, Tally},
    },
};

const DEFAULT_WINDOW_S: u32 = 60;
const MOST_WINDOW_S: u32 = 600;

/// CDNs by country and network.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct CdnScoresAnswer {
    /// Ordered by country, network, and score, the best first.
    pub data: Vec<CdnScore>,
    /// The window: the last intervals of five seconds that are over.
    pub timeframe: [i64; 2],
    pub total_row_count: usize,
}

/// One CDN in one network.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct CdnScore {
    /// Null: not known, as in all three.
    pub cdn: Option<String>,
    pub country: Option<String>,
    pub asn: Option<String>,
    /// 0 to 100: 100 x (1 - failures) x exp(-10 x rebuffering) x 8 / (8 + startup seconds). What nobody measured takes
    /// nothing away; null if nothing was measured at all.
    pub score: Option<f64>,
    /// At the end of the window.
    pub concurrent_viewers: f64,
    /// Time watched in the window: how much the score rests on.
    pub watch_ms: f64,
    /// Rebuffering part of the time watched.
    pub rebuffer_percentage: Option<f64>,
    /// Failures in the window over these and the viewers at its end.
    pub playback_failure_percentage: Option<f64>,
    /// Mean time to the first frame of the views that started in the window, ms.
    pub video_startup_time: Option<f64>,
    /// Mean of what was played, bit/s.
    pub average_bitrate: Option<f64>,
}

/// What a CDN did in a network within the window.
#[derive(Debug, Default, Clone, Copy)]
struct Served {
    all: Tally,
    viewers: f64,
    starts: f64,
    startup_ms: f64,
}

/// Country, network and CDN.
type Place<'a> = (&'a str, &'a str, &'a str);

/// How well each CDN serves each country and network, from the last intervals of monitoring.
#[utoipa::path(get, path = "/data/v1/cdn-scores", tag = "monitoring",
    params(openapi::Monitored, openapi::Window),
    responses((status = 200, body = CdnScoresAnswer), (status = 400, body = super::problem::Problem)))]
pub async fn scores(reader: Reader, params: Params, state: Data<ApiState>) -> Result<HttpResponse, ApiError> {
    let selection = selection(&params)?;
    let window_s = params.number("window_s", 5..=MOST_WINDOW_S)?.unwrap_or(DEFAULT_WINDOW_S);
    let to_ms = state.clock.now_ms().div_euclid(INTERVAL_MS) * INTERVAL_MS;
    let from_ms = to_ms - i64::from(window_s) * 1000;
    let answer = async {
        let data = state.live.read(&reader.environment, |environment| {
            let served = served(&environment.monitor, &selection, from_ms, to_ms);
            served.into_iter().map(CdnScore::of).collect::<Vec<_>>()
        });
        Ok(CdnScoresAnswer {
            total_row_count: data.len(),
            data: in_order(data),
            timeframe: [from_ms / 1000, to_ms / 1000],
        })
    };
    state.answer(&reader, &params, answer).await
}

fn served<'a>(
    monitor: &'a Monitor,
    selection: &'a Selection,
    from_ms: i64,
    to_ms: i64,
) -> BTreeMap<Place<'a>, Served> {
    let place = |group: &'a Group| {
        (group.text(AttributeKey::Country), group.text(AttributeKey::Asn), group.text(AttributeKey::Cdn))
    };
    let mut served: BTreeMap<Place<'a>, Served> = BTreeMap::new();
    for (_, slot) in monitor.closed(from_ms, to_ms) {
        // Who is there now is of the last interval.
        served.values_mut().for_each(|served| served.viewers = 0.0);
        for (place, tally) in slot.by(selection, place).unwrap_or_default() {
            let served = served.entry(place).or_default();
            served.all.join(&tally);
            served.viewers = tally.viewers;
        }
        for (group, ms) in slot.startups(selection).into_iter().flatten() {
            let served = served.entry(place(group)).or_default();
            served.starts += group.weight();
            served.startup_ms += f64::from(ms) * group.weight();
        }
    }
    served
}

impl CdnScore {
    fn of(((country, asn, cdn), served): (Place<'_>, Served)) -> Self {
        let ratio = |of: f64, to: f64| (to > 0.0).then(|| of / to);
        let rebuffering = ratio(served.all.rebuffer_ms, served.all.watch_ms);
        let failures = ratio(served.all.failures, served.viewers + served.all.failures);
        let startup_ms = ratio(served.startup_ms, served.starts);
        let score = 100.0
            * (1.0 - failures.unwrap_or(0.0))
            * (-10.0 * rebuffering.unwrap_or(0.0)).exp()
            * startup_ms.map_or(1.0, |ms| 8.0 / (8.0 + ms / 1000.0));
        let is_measured = rebuffering.is_some() || failures.is_some() || startup_ms.is_some();
        Self {
            cdn: known(cdn.to_owned()),
            country: known(country.to_owned()),
            asn: known(asn.to_owned()),
            score: is_measured.then_some(score),
            concurrent_viewers: served.viewers,
            watch_ms: served.all.watch_ms,
            rebuffer_percentage: rebuffering,
            playback_failure_percentage: failures,
            video_startup_time: startup_ms,
            average_bitrate: ratio(served.all.bitrate_ms, served.all.playing_ms),
        }
    }
}

/// By country and network, and there the best first.
fn in_order(mut scores: Vec<CdnScore>) -> Vec<CdnScore> {
    scores.sort_by(|a, b| {
        let place = (&a.country, &a.asn).cmp(&(&b.country, &b.asn));
        let score = |row: &CdnScore| row.score.unwrap_or(-1.0);
        place.then(score(b).total_cmp(&score(a))).then(a.cdn.cmp(&b.cdn))
    });
    scores
}
