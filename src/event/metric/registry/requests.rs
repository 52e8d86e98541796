//! How the media came.

use super::super::{Bucket, Direction, Formula, Measurement, Metric, Unit};

pub const METRICS: [Metric; 3] = [
    Metric {
        id: "request_throughput",
        name: "Request throughput",
        unit: Unit::BitsPerSecond,
        definition: "What the requests of a view brought over the time they took, of the views that say so.",
        formula: Formula::Value("request_throughput"),
        bucket: Bucket::ViewEnd,
        valid: "view_attempted AND request_throughput > 0",
        default: Measurement::Median,
        direction: Direction::HigherIsBetter,
    },
    Metric {
        id: "request_latency",
        name: "Request latency",
        unit: Unit::Milliseconds,
        definition: "Mean wait for the first byte of a view's requests, of the views that say so.",
        formula: Formula::Value("request_latency_ms"),
        bucket: Bucket::ViewEnd,
        valid: "view_attempted AND request_latency_ms > 0",
        default: Measurement::Median,
        direction: Direction::LowerIsBetter,
    },
    Metric {
        id: "max_request_latency",
        name: "Maximum request latency",
        unit: Unit::Milliseconds,
        definition: "Longest wait for the first byte of a request in a view, of the views that say so.",
        formula: Formula::Value("max_request_latency_ms"),
        bucket: Bucket::ViewEnd,
        valid: "view_attempted AND max_request_latency_ms IS NOT NULL",
        default: Measurement::Median,
        direction: Direction::LowerIsBetter,
    },
];
