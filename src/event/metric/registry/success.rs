//! Whether it played at all.

use super::{
    super::{Bucket, Direction, Formula, Measurement, Metric, Unit},
    VIEW,
};

pub const METRICS: [Metric; 6] = [
    Metric {
        id: "playback_failure_percentage",
        name: "Playback failure percentage",
        unit: Unit::Ratio,
        definition: "Views ended by a fatal error that is no business rule, over all views.",
        formula: Formula::Share("playback_failure"),
        bucket: Bucket::ViewEnd,
        valid: VIEW,
        default: Measurement::Average,
        direction: Direction::LowerIsBetter,
    },
    Metric {
        id: "video_startup_failure_percentage",
        name: "Video startup failure percentage",
        unit: Unit::Ratio,
        definition: "Views ended by a fatal error before the first frame, over all views.",
        formula: Formula::Share("playback_failure AND NOT view_started"),
        bucket: Bucket::ViewEnd,
        valid: VIEW,
        default: Measurement::Average,
        direction: Direction::LowerIsBetter,
    },
    Metric {
        id: "playback_business_exception_percentage",
        name: "Playback business exception percentage",
        unit: Unit::Ratio,
        definition: "Views stopped by a business rule (no right, wrong country), over all views.",
        formula: Formula::Share("playback_business_exception"),
        bucket: Bucket::ViewEnd,
        valid: VIEW,
        default: Measurement::Average,
        direction: Direction::Neither,
    },
    Metric {
        id: "video_startup_business_exception_percentage",
        name: "Video startup business exception percentage",
        unit: Unit::Ratio,
        definition: "Views stopped by a business rule before the first frame, over all views.",
        formula: Formula::Share("playback_business_exception AND NOT view_started"),
        bucket: Bucket::ViewEnd,
        valid: VIEW,
        default: Measurement::Average,
        direction: Direction::Neither,
    },
    Metric {
        id: "exits_before_video_start",
        name: "Exits before video start",
        unit: Unit::Ratio,
        definition: "Views left before the first frame without an error, over all views. A view that is silent for a \
                     minute before its first frame counts as left.",
        formula: Formula::Share("exit_before_video_start"),
        bucket: Bucket::ViewEnd,
        valid: VIEW,
        default: Measurement::Average,
        direction: Direction::LowerIsBetter,
    },
    Metric {
        id: "view_dropped_percentage",
        name: "View dropped percentage",
        unit: Unit::Ratio,
        definition: "Views that fell silent without a word of their end, over all views that are over. An hour's silence is \
                     the end.",
        formula: Formula::Share("view_dropped"),
        bucket: Bucket::ViewEnd,
        valid: "view_attempted AND view_over",
        default: Measurement::Average,
        direction: Direction::LowerIsBetter,
    },
];
