//! The topic `problems`: groups of viewers that fare much worse than everybody else at this moment.

use serde_json::{Map, Value, json};

use crate::{
    event::engagement::whole,
    pipeline::live::{
        shares::{DIMENSIONS, Share},
        state::Environment,
    },
};

/// A group says nothing with fewer views than these, nor by a handful of those hit.
const LEAST_VIEWS: u32 = 20;
const LEAST_HIT: f64 = 3.0;
/// Worse than elsewhere by this factor, and by more than chance would have it.
const LEAST_TIMES: f64 = 2.0;
const LEAST_DEVIATIONS: f64 = 3.0;

/// What is looked for.
#[derive(Debug, Clone, Copy)]
enum Kind {
    Rebuffering,
    Failures,
}

/// How many of an audience are hit, in millionths of a view, and how many views that rests on.
#[derive(Debug, Clone, Copy)]
struct Part {
    audience: i64,
    hit: i64,
    measured: u32,
}

/// One group and how it fares.
struct Problem<'a> {
    dimension: &'static str,
    value: &'a str,
    kind: Kind,
    here: Part,
    elsewhere: Part,
}

impl Kind {
    const ALL: [Self; 2] = [Self::Rebuffering, Self::Failures];

    const fn name(self) -> &'static str {
        match self {
            Self::Rebuffering => "rebuffering",
            Self::Failures => "failures",
        }
    }

    /// Failed views watch no more; they are part of the audience of which a part has failed.
    const fn part(self, share: &Share) -> Part {
        let measured = share.measured;
        match self {
            Self::Rebuffering => Part { audience: share.viewers, hit: share.rebuffering, measured },
            Self::Failures => {
                Part { audience: share.viewers + share.failures, hit: share.failures, measured }
            }
        }
    }
}

impl Part {
    fn ratio(self) -> f64 {
        if self.audience == 0 { 0.0 } else { self.hit as f64 / self.audience as f64 }
    }

    const fn without(self, other: Self) -> Self {
        Self {
            audience: self.audience - other.audience,
            hit: self.hit - other.hit,
            measured: self.measured - other.measured,
        }
    }

    /// Whether `self` fares so much worse than `others` that it is neither chance nor a handful: the difference of two
    /// shares against its standard deviation if they were one, `√(p (1 − p) (1/n₁ + 1/n₂))`.
    fn stands_out_from(self, others: Self) -> bool {
        if self.measured < LEAST_VIEWS || others.measured == 0 || others.audience <= 0 {
            return false;
        }
        let (here, elsewhere) = (self.ratio(), others.ratio());
        let (views, other_views) = (f64::from(self.measured), f64::from(others.measured));
        let together = (here * views + elsewhere * other_views) / (views + other_views);
        let deviation = (together * (1.0 - together) * (views.recip() + other_views.recip())).sqrt();
        here * views >= LEAST_HIT
            && here >= LEAST_TIMES * elsewhere
            && here - elsewhere >= LEAST_DEVIATIONS * deviation
    }
}

/// At most `limit` groups, those with most viewers hit.
pub(super) fn problems(environment: &Environment, limit: usize) -> Map<String, Value> {
    let mut found = Vec::new();
    for (dimension, key) in DIMENSIONS {
        let shares = || environment.counts.shares.of(key);
        let all = shares().fold(Share::default(), |sum, (_, share)| sum.and(share));
        for (value, share) in shares().filter(|(value, _)| !value.is_empty()) {
            for kind in Kind::ALL {
                let here = kind.part(&share);
                let elsewhere = kind.part(&all).without(here);
                if here.stands_out_from(elsewhere) {
                    found.push(Problem { dimension, value, kind, here, elsewhere });
                }
            }
        }
    }
    // Of equals always the same, so that a limit does not flicker.
    found.sort_by_key(|problem| {
        (-problem.here.hit, problem.dimension, problem.value, matches!(problem.kind, Kind::Failures))
    });
    let rows: Map<String, Value> = found.into_iter().take(limit).map(row).collect();
    Map::from_iter([("rows".to_owned(), rows.into())])
}

fn row(problem: Problem<'_>) -> (String, Value) {
    let Problem { dimension, value, kind, here, elsewhere } = problem;
    let row = json!({
        "dimension": dimension, "value": value, "kind": kind.name(), "viewers": whole(here.audience),
        "affected": whole(here.hit), "ratio": here.ratio(), "elsewhere_ratio": elsewhere.ratio(),
    });
    (format!("{dimension}={value}:{}", kind.name()), row)
}
