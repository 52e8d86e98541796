//! How long it took to begin.

use super::super::{Bucket, Direction, Formula, Measurement, Metric, Unit};

pub const METRICS: [Metric; 5] = [
    Metric {
        id: "video_startup_time",
        name: "Video startup time",
        unit: Unit::Milliseconds,
        definition: "Time from the wish to play to the first frame that moved, of the views that got there.",
        formula: Formula::Value("video_startup_ms"),
        bucket: Bucket::ViewEnd,
        valid: "view_attempted AND video_startup_ms IS NOT NULL",
        default: Measurement::Median,
        direction: Direction::LowerIsBetter,
    },
    Metric {
        id: "video_startup_time_with_exits",
        name: "Video startup time with exits",
        unit: Unit::Milliseconds,
        definition: "Time by which this part of the viewers would have had their first frame, had nobody left. Those who \
                     left while waiting count as having waited at least that long (Kaplan-Meier).",
        formula: Formula::Wait {
            ms: "coalesce(video_startup_ms, waited_ms)",
            left: "exit_before_video_start",
        },
        bucket: Bucket::ViewEnd,
        valid: "view_attempted AND (video_startup_ms IS NOT NULL OR exit_before_video_start AND waited_ms IS NOT NULL)",
        default: Measurement::Median,
        direction: Direction::LowerIsBetter,
    },
    Metric {
        id: "player_startup_time",
        name: "Player startup time",
        unit: Unit::Milliseconds,
        definition: "Time from the player's set-up to its being ready, of the views whose player says so.",
        formula: Formula::Value("player_startup_ms"),
        bucket: Bucket::ViewEnd,
        valid: "view_attempted AND player_startup_ms IS NOT NULL",
        default: Measurement::Median,
        direction: Direction::LowerIsBetter,
    },
    Metric {
        id: "page_load_time",
        name: "Page load time",
        unit: Unit::Milliseconds,
        definition: "Time from navigation to the player's set-up, of the views whose player says so.",
        formula: Formula::Value("page_load_ms"),
        bucket: Bucket::ViewEnd,
        valid: "view_attempted AND page_load_ms IS NOT NULL",
        default: Measurement::Median,
        direction: Direction::LowerIsBetter,
    },
    Metric {
        id: "aggregate_startup_time",
        name: "Aggregate startup time",
        unit: Unit::Milliseconds,
        definition: "Page load, player startup and video startup together, of the views that say all three: the first of a page.",
        formula: Formula::Value("page_load_ms + player_startup_ms + video_startup_ms"),
        bucket: Bucket::ViewEnd,
        valid: "view_attempted AND page_load_ms IS NOT NULL AND player_startup_ms IS NOT NULL AND video_startup_ms IS NOT NULL",
        default: Measurement::Median,
        direction: Direction::LowerIsBetter,
    },
];
