//! What was watched, and by how many.

use super::{
    super::{Bucket, Direction, Formula, Measurement, Metric, Unit},
    VIEW,
};

pub const METRICS: [Metric; 5] = [
    Metric {
        id: "views",
        name: "Views",
        unit: Unit::Count,
        definition: "Attempts to play a video that began in the timeframe, successful or not.",
        formula: Formula::Views,
        bucket: Bucket::ViewStart,
        valid: VIEW,
        default: Measurement::Count,
        direction: Direction::Neither,
    },
    Metric {
        id: "unique_viewers",
        name: "Unique viewers",
        unit: Unit::Count,
        definition: "Different viewer ids among the views that began in the timeframe and carry one.",
        formula: Formula::Distinct("viewer_id"),
        bucket: Bucket::ViewStart,
        valid: "view_attempted AND viewer_id != ''",
        default: Measurement::Count,
        direction: Direction::Neither,
    },
    Metric {
        id: "concurrent_viewers",
        name: "Concurrent viewers",
        unit: Unit::Count,
        definition: "Views there at the same time: the most at once, or the mean over the timeframe. A view is there from its start to its last sign of life, pauses included, and for a millisecond at least.",
        formula: Formula::Concurrent,
        bucket: Bucket::Presence,
        valid: VIEW,
        default: Measurement::Maximum,
        direction: Direction::Neither,
    },
    Metric {
        id: "playing_time",
        name: "Playing time",
        unit: Unit::Milliseconds,
        definition: "Time content or ads were moving, without startup, rebuffering, seeking and pauses.",
        formula: Formula::Value("playing_ms"),
        bucket: Bucket::ViewStart,
        valid: VIEW,
        default: Measurement::Sum,
        direction: Direction::Neither,
    },
    Metric {
        id: "percent_viewed",
        name: "Percent viewed",
        unit: Unit::Ratio,
        definition: "Part of the video a view has played, each place once, of the views on demand that say what they \
                     played.",
        formula: Formula::Value("media_seen_ms / video_duration_ms"),
        bucket: Bucket::ViewStart,
        valid: "view_attempted AND video_duration_ms > 0 AND stream_type != 'live' AND notEmpty(played_ranges)",
        default: Measurement::Average,
        direction: Direction::HigherIsBetter,
    },
];
