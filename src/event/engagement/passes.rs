//! The ranges of one viewer, coloured: how often each part was played, what was jumped over, what was never reached.

/// What a viewer did with a part of the video.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// Played, `times` times.
    Played,
    /// Not played, though a later part was.
    Skipped,
    /// Behind everything that was played.
    NotReached,
}

/// A part of the video that was treated alike throughout.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
pub struct Pass {
    /// From here to before `to_ms`.
    pub from_ms: u64,
    pub to_ms: u64,
    /// How often it was played.
    pub times: u32,
    pub part: Part,
}

/// Colours what was played, from the beginning of the video to its end at `duration_ms`; 0 is unknown, and then nothing is
/// said of what lies behind. What was played behind the end does not count.
pub fn passes(ranges: &[(u32, u32)], duration_ms: u64) -> Vec<Pass> {
    let end_ms = if duration_ms == 0 { u64::MAX } else { duration_ms };
    let mut steps: Vec<(u64, i32)> = Vec::with_capacity(ranges.len() * 2);
    for (from_ms, to_ms) in ranges {
        let [from_ms, to_ms] = [*from_ms, *to_ms].map(|ms| u64::from(ms).min(end_ms));
        if from_ms < to_ms {
            steps.extend([(from_ms, 1), (to_ms, -1)]);
        }
    }
    steps.sort_unstable();
    let mut passes: Vec<Pass> = Vec::new();
    let (mut at_ms, mut depth) = (0, 0_i32);
    for (ms, step) in steps {
        append(&mut passes, at_ms, ms, depth.unsigned_abs(), Part::Skipped);
        at_ms = ms;
        depth += step;
    }
    append(&mut passes, at_ms, duration_ms, 0, Part::NotReached);
    passes
}

/// Joins what is alike.
fn append(passes: &mut Vec<Pass>, from_ms: u64, to_ms: u64, times: u32, unplayed: Part) {
    if from_ms >= to_ms {
        return;
    }
    let part = if times > 0 { Part::Played } else { unplayed };
    match passes.last_mut() {
        Some(last) if last.times == times && last.part == part => last.to_ms = to_ms,
        _ => passes.push(Pass { from_ms, to_ms, times, part }),
    }
}
