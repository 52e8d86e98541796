//! What Playhead says about itself: the log lines on stderr and every metric it exports, in one enum.

mod flood;

use std::io::IsTerminal;

use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use tracing_subscriber::{EnvFilter, fmt, layer::SubscriberExt, util::SubscriberInitExt};

use crate::panics;

/// Makes the enum of all metrics out of one list. What stands above a metric is its description in `/metrics` too.
macro_rules! metrics_told {
    ($($(#[doc = $line:literal])+ $metric:ident => $name:literal,)+) => {
        /// Every counter and gauge, with what it says.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Metric {
            $($(#[doc = $line])+ $metric,)+
        }

        impl Metric {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$metric,)+];

            /// The exported name.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$metric => $name,)+
                }
            }

            /// What it says.
            pub fn description(self) -> &'static str {
                match self {
                    $(Self::$metric => concat!($($line),+).trim_start(),)+
                }
            }
        }
    };
}

metrics_told! {
    /// Events that came in with a readable body, by `format`.
    EventsReceived => "playhead_events_received_total",
    /// The fate of each event that came in, by `format` and `fate`: accepted, rejected (by `reason`), shed (by `reason` and
    /// `importance`).
    EventsIntake => "playhead_events_intake_total",
    /// The fate of each event read from the log, by `fate`: stored, duplicate, late, suppressed (of erased views),
    /// quarantined.
    EventsProcessed => "playhead_events_processed_total",
    /// Whole beacons that were refused, by `format` and `code`, also where the player is answered 204.
    BeaconsRefused => "playhead_beacons_refused_total",
    /// Single fields left out of an event, by `reason`.
    FieldsDropped => "playhead_fields_dropped_total",
    /// Fields without a meaning, kept with their event.
    FieldsUnknown => "playhead_fields_unknown_total",
    /// What views note of single events, left out where a view has as much as any may, by `kind`: mark (a change of rendition, a
    /// stall, a seek, an ad), moment (an event of the customer's own), error, stretch (of what was played), dimension (of the
    /// customer's own), state (of views that count nothing themselves).
    NotesLeftOut => "playhead_view_notes_left_out_total",
    /// Rows inserted into ClickHouse, by `table`.
    RowsInserted => "playhead_rows_inserted_total",
    /// Failed tries to insert, by `kind`: retryable, refused.
    InsertErrors => "playhead_insert_errors_total",
    /// Parts of tables that ClickHouse has found damaged and put aside: what was in them may be missing.
    DamagedParts => "playhead_damaged_parts",
    /// Records between the processor's position and the end of the log.
    LagRecords => "playhead_lag_records",
    /// Views the processor remembers, so that it need not ask ClickHouse about them.
    ViewsRemembered => "playhead_views_remembered",
    /// Views the processor has forgotten for lack of room; ClickHouse is asked when they go on.
    ViewsForgotten => "playhead_views_forgotten_total",
    /// Views held in memory for live.
    LiveViews => "playhead_live_views",
    /// Beacons of views that are not shown live because there is no memory for more of them.
    LiveViewsLeftOut => "playhead_live_views_left_out_total",
    /// Open websockets.
    LiveConnections => "playhead_live_connections",
    /// Frames sent to websockets, by `type`.
    LiveFrames => "playhead_live_frames_total",
    /// Statements of the SQL port, by `outcome`: answered, refused, failed, abandoned.
    SqlStatements => "playhead_sql_statements_total",
    /// Always 1; `version` says which Playhead this is.
    BuildInfo => "playhead_build_info",
}

impl Metric {
    /// Whether it only ever rises; else it is what is so now.
    pub fn is_counter(self) -> bool {
        self.name().ends_with("_total")
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

/// What is logged unless somebody asks for more or less: the web server tells each of its threads.
pub const DEFAULT_LOG: &str = "info,actix_server=warn";

/// Starts logging; `PLAYHEAD_LOG` takes `tracing` directives, `PLAYHEAD_LOG_FORMAT=json` writes JSON lines. No line is
/// written as often as a stranger may like, see [`flood`].
pub fn start_logging(json: bool, directives: &str) {
    let filter = EnvFilter::try_new(directives).unwrap_or_else(|_| EnvFilter::new(DEFAULT_LOG));
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
    let recorder = PrometheusBuilder::new().install_recorder().map_err(|error| error.to_string())?;
    for metric in Metric::ALL {
        if metric.is_counter() {
            metrics::describe_counter!(metric.name(), metric.description());
        } else {
            metrics::describe_gauge!(metric.name(), metric.description());
        }
    }
    metrics::gauge!(Metric::BuildInfo.name(), "version" => env!("CARGO_PKG_VERSION")).set(1.0);
    Ok(recorder)
}
