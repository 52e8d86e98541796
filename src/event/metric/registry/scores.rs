//! One figure for an experience; [`score`] has the formulas.

use super::{
    super::{Bucket, Direction, Formula, Measurement, Metric, Unit, score},
    STARTED,
};

pub const METRICS: [Metric; 5] = [
    Metric {
        id: "viewer_experience_score",
        name: "Viewer experience score",
        unit: Unit::Score,
        definition: "All scores in one: 0 if playback failed, 50 if the viewer left before it began, else the mean over the \
                     pairs of startup, smoothness and quality of each pair's geometric mean.",
        formula: Formula::Value(score::EXPERIENCE),
        bucket: Bucket::ViewEnd,
        valid: score::SUCCESS_KNOWN,
        default: Measurement::Average,
        direction: Direction::HigherIsBetter,
    },
    Metric {
        id: "playback_success_score",
        name: "Playback success score",
        unit: Unit::Score,
        definition: "100 if a view played, 0 if playback failed, 50 if the viewer left before it began. Who left within a \
                     second is not scored.",
        formula: Formula::Value(score::SUCCESS),
        bucket: Bucket::ViewEnd,
        valid: score::SUCCESS_KNOWN,
        default: Measurement::Average,
        direction: Direction::HigherIsBetter,
    },
    Metric {
        id: "startup_time_score",
        name: "Startup time score",
        unit: Unit::Score,
        definition: "100 x 8 / (8 + startup seconds), of the views that started.",
        formula: Formula::Value(score::STARTUP),
        bucket: Bucket::ViewEnd,
        valid: "view_attempted AND video_startup_ms IS NOT NULL",
        default: Measurement::Average,
        direction: Direction::HigherIsBetter,
    },
    Metric {
        id: "rebuffer_score",
        name: "Smoothness score",
        unit: Unit::Score,
        definition: "Mean of 100 / sqrt(1 + (rebuffering events / 2)^2) and 100 x exp(-10 x rebuffering part of the time \
                     watched), of the views that started.",
        formula: Formula::Value(score::SMOOTHNESS),
        bucket: Bucket::ViewEnd,
        valid: STARTED,
        default: Measurement::Average,
        direction: Direction::HigherIsBetter,
    },
    Metric {
        id: "video_quality_score",
        name: "Video quality score",
        unit: Unit::Score,
        definition: "100 x exp(-0.33 x (0.85 x mean upscaling + 0.15 x largest upscaling)), of the views that measure \
                     scaling. Where the largest is not said, the mean stands for it.",
        formula: Formula::Value(score::QUALITY),
        bucket: Bucket::ViewEnd,
        valid: "view_attempted AND view_started AND scaling_measured AND playing_ms > 0",
        default: Measurement::Average,
        direction: Direction::HigherIsBetter,
    },
];
