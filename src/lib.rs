//! Playhead: what viewers of video really get, live.
//!
//! # The path of a beacon
//!
//! A player says something about a view (one attempt to watch one video) in a *beacon*. This is its way, and what is
//! promised at each step.
//!
//! ```text
//!  player                     SDK, mux-embed, CMCD, or any program
//!    │ POST /in/{ingest_key}
//!    ▼
//!  beacon ── admit ─ read ─ decode ─ enrich      one record per view, in the one Event type
//!    │ append                     202 ◀── only now: the record is durable
//!    ▼
//!  log ────── segment files, or Kafka            in order per partition
//!    │                       └──────────────┐
//!    ▼                                      ▼
//!  pipeline ─ batch ─ intent ─ insert      pipeline::live    the open views, in memory
//!    │            ─ commit                  │
//!    ▼                                      │
//!  store ──── ClickHouse: a server, or the engine in a child process
//!    │                                      │
//!    ▼                                      ▼
//!  web ────── metrics, views, heatmaps     /live: snapshot, then deltas
//! ```
//!
//! 1. **[`beacon`]** A request is admitted by its ingest key, read under caps and a deadline, decoded by its format,
//!    and enriched with what the server can see. A bad event costs itself and not its neighbours; every event is
//!    counted with its fate. *A 2xx means durable:* the records lie in the log, fsynced or acknowledged by all
//!    in-sync replicas, and no crash of any part loses them. Any other answer means that nothing was acknowledged:
//!    the client sends again, and repeats do no harm. (Two exceptions re-send for ever on anything but a 2xx.
//!    To mux-embed what is bad for good is answered 204 all the same. To CMCD players everything is, and the header
//!    `Playhead-Accepted` says how much of it is durable.)
//! 2. **[`event`]** What an event means, without I/O. A record becomes a patch to its view, and patches merge by
//!    functions that are associative, commutative and idempotent. *Order and repetition do not matter:* beacons that
//!    come twice, late or in the wrong order lead to the same view.
//! 3. **[`log`]** One durable place between those who write and those who read. *All records of a view share a
//!    partition and keep their order there.* It absorbs while ClickHouse is away.
//! 4. **[`pipeline`]** Records become rows. The bounds of a batch are committed as an intent before it is inserted,
//!    each insert carries a token made of those bounds, and the position moves when ClickHouse has all of it.
//!    *Nothing twice, nothing lost,* whichever two steps a crash falls between. *A poison record stops nothing:* it
//!    goes to quarantine with its reason and its place. Beside it, live state is folded from the log's tail by the
//!    same merge.
//! 5. **[`store`]** ClickHouse over its HTTP interface, whoever serves it. *A view may be inserted in as many pieces
//!    as convenient:* its table merges by the same rules as [`event::View`].
//! 6. **[`web`]** What people and programs read. *A crowd of readers costs as much as one:* each distinct question is
//!    asked of ClickHouse once a second, each distinct live question evaluated once per flush.
//!
//! [`app`] puts the parts together and takes them apart in the reverse order. The decisions behind the path, and what
//! is deliberately absent, stand in `docs/architecture.md`.

// 1 · HTTP in: admit, decode, enrich, append, and only then answer.
pub mod beacon;

// 2 · What an event means: the record, the view and its merge, the metrics. Pure.
pub mod event;

// 3 · The log between the collector and everything that reads: segment files or Kafka, and the quarantine.
pub mod log;

// 4 · Log to rows, exactly once; and the live state.
pub mod pipeline;

// 5 · ClickHouse: schema, rows in, questions out, and the embedded engine.
pub mod store;

// 6 · HTTP out: pages, API, live socket.
pub mod web;

// Beside the path: who may send and who may read, from the command line too; and what is kept no longer.
pub mod command;
pub mod control;
pub mod credentials;
pub mod privacy;

// Around it: the composition root, its settings, and what it says about itself.
pub mod app;
pub mod clock;
pub mod config;
pub mod health;
pub mod installed;
pub mod panics;
pub mod prompt;
pub mod quarantine;
pub mod telemetry;

// Against it: viewers who write down what was acknowledged, and the comparison with what is shown.
pub mod simulate;
pub mod verify;

// And what goes wrong on purpose, in builds for tests.
pub mod planted;
