//! What Playhead says about itself: the log lines on stderr and every metric it exports, in one enum.

mod flood;

use std::io::IsTerminal;

use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use tracing_subscriber::{EnvFilter, fmt, layer::SubscriberExt, util::SubscriberInitExt};

use crate::panics;

/// Every counter and gauge, with its name and what it says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Metric {
    /// Events that came in with a readable body, by `format`.
    EventsReceived,
    /// The fate of each of them at intake, by `fate`: accepted, rejected (by `reason`), shed (by `reason` and `importance`).
    EventsIntake,
    /// The fate of each event read from the log, by `fate`: stored, duplicate, late, suppressed (of erased views),
    /// quarantined.
    EventsProcessed,
    /// Beacon requests answered without a 2xx, by `code`.
    BeaconsRefused,
    /// Single fields left out of an event, by `reason`.
    FieldsDropped,
    /// Fields without a meaning, kept with their event.
    FieldsUnknown,
    /// What views note of single events, left out where a view has as much as any may, by `kind`: mark (a change of rendition, a
    /// stall, a seek, an ad), moment (an event of the customer's own), error, stretch (of what was played), dimension (of the
    /// customer's own), state (of views that count nothing themselves).
    NotesLeftOut,
    /// Rows inserted into ClickHouse, by `table`.
    RowsInserted,
    /// Failed tries to insert, by `kind`: retryable, refused.
    InsertErrors,
    /// Parts of tables that ClickHouse has found damaged and put aside: what was in them may be missing.
    DamagedParts,
    /// Records between the processor's position and the end of the log.
    LagRecords,
    /// Views the processor remembers, so that it need not ask ClickHouse about them.
    ViewsRemembered,
    /// Views it has forgotten for lack of room; ClickHouse is asked when they go on.
    ViewsForgotten,
    /// Views held in memory for live.
    LiveViews,
    /// Beacons of views that are not shown live because there is no memory for more of them.
    LiveViewsLeftOut,
    /// Open websockets.
    LiveConnections,
    /// Frames sent to websockets, by `type`.
    LiveFrames,
    /// Statements of the SQL port, by `outcome`: answered, refused, failed, abandoned.
    SqlStatements,
}

impl Metric {
    /// All of them, for the exporter's descriptions and the documentation test.
    pub const ALL: [Self; 18] = [
        Self::EventsReceived,
        Self::EventsIntake,
        Self::EventsProcessed,
        Self::BeaconsRefused,
        Self::FieldsDropped,
        Self::FieldsUnknown,
        Self::NotesLeftOut,
        Self::RowsInserted,
        Self::InsertErrors,
        Self::DamagedParts,
        Self::LagRecords,
        Self::ViewsRemembered,
        Self::ViewsForgotten,
        Self::LiveViews,
        Self::LiveViewsLeftOut,
        Self::LiveConnections,
        Self::LiveFrames,
        Self::SqlStatements,
    ];

    /// The exported name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::EventsReceived => "playhead_events_received_total",
            Self::EventsIntake => "playhead_events_intake_total",
            Self::EventsProcessed => "playhead_events_processed_total",
            Self::BeaconsRefused => "playhead_beacons_refused_total",
            Self::FieldsDropped => "playhead_fields_dropped_total",
            Self::FieldsUnknown => "playhead_fields_unknown_total",
            Self::NotesLeftOut => "playhead_view_notes_left_out_total",
            Self::RowsInserted => "playhead_rows_inserted_total",
            Self::InsertErrors => "playhead_insert_errors_total",
            Self::DamagedParts => "playhead_damaged_parts",
            Self::LagRecords => "playhead_lag_records",
            Self::ViewsRemembered => "playhead_views_remembered",
            Self::ViewsForgotten => "playhead_views_forgotten_total",
            Self::LiveViews => "playhead_live_views",
            Self::LiveViewsLeftOut => "playhead_live_views_left_out_total",
            Self::LiveConnections => "playhead_live_connections",
            Self::LiveFrames => "playhead_live_frames_total",
            Self::SqlStatements => "playhead_sql_statements_total",
        }
    }
}

/// Adds `n` to a counter with one label.
pub fn count_labelled(metric: Metric, label: &'static str, value: &'static str, n: u64) {
    metrics::counter!(metric.name(), label => value).increment(n);
}

/// Adds `n` to a counter without labels.
pub fn count(metric: Metric, n: u64) {
    metrics::counter!(metric.name()).increment(n);
}

/// Sets a gauge.
pub fn gauge(metric: Metric, value: f64) {
    metrics::gauge!(metric.name()).set(value);
}

/// Changes a gauge.
pub fn gauge_add(metric: Metric, by: f64) {
    metrics::gauge!(metric.name()).increment(by);
}

/// Starts logging; `PLAYHEAD_LOG` takes `tracing` directives, `PLAYHEAD_LOG_FORMAT=json` writes JSON lines. No line is
/// written as often as a stranger may like, see [`flood`].
pub fn start_logging(json: bool, directives: &str) {
    let filter = EnvFilter::try_new(directives).unwrap_or_else(|_| EnvFilter::new("info"));
    let registry = tracing_subscriber::registry().with(filter).with(flood::Dam::default());
    if json {
        registry.with(fmt::layer().json().with_writer(std::io::stderr)).init();
    } else {
        // Colours are for people; a file or a journal would keep their codes.
        let layer = fmt::layer().compact().with_ansi(std::io::stderr().is_terminal());
        registry.with(layer.with_writer(std::io::stderr)).init();
    }
    panics::tell();
}

/// Installs the recorder behind `/metrics`.
///
/// # Errors
/// When one is installed already.
pub fn start_metrics() -> Result<PrometheusHandle, String> {
    PrometheusBuilder::new().install_recorder().map_err(|error| error.to_string())
}
