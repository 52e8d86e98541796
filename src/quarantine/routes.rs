//! The quarantine on the admin address: list, show, replay.

use std::sync::Arc;

use actix_web::{
    HttpRequest, HttpResponse,
    http::{StatusCode, header},
    web,
};
use serde::{Deserialize, Serialize};

use super::Pass;
use crate::{
    event::Record,
    log::{
        EventLog, LogError, Position, StoredRecord,
        quarantine::{Quarantine, Quarantined, ReplayError},
    },
    pipeline::trial::Trials,
    web::problem::Problem,
};

/// Most entries of one list.
const MOST: usize = 100_000;

/// What the routes need.
pub struct Door {
    pub quarantine: Quarantine,
    /// Where replayed events go.
    pub main: Arc<dyn EventLog>,
    pub trials: Trials,
    pub pass: Pass,
}

/// An entry without its bytes.
#[derive(Debug, Serialize, Deserialize)]
pub struct Listed {
    /// Its place in the quarantine, by which it is shown and replayed.
    pub at: String,
    /// Where it lay in the main log.
    pub position: String,
    /// Milliseconds since 1970.
    pub quarantined_ms: i64,
    pub reason: String,
    /// What it holds, as far as it can be read.
    pub content: String,
}

/// An entry with everything.
#[derive(Serialize)]
struct Shown {
    #[serde(flatten)]
    listed: Listed,
    /// Base64; null if the bytes could not even be read.
    #[serde(flatten)]
    entry: Quarantined,
    /// The record, field by field, if it is one.
    record: Option<String>,
}

/// Where a replayed entry is now.
#[derive(Debug, Serialize, Deserialize)]
pub struct Replayed {
    /// In the main log.
    pub position: String,
}

#[derive(Deserialize)]
struct Newest {
    newest: Option<usize>,
}

type Answer = Result<HttpResponse, Box<Problem>>;

/// The routes, for the admin address alone.
pub fn configure(config: &mut web::ServiceConfig) {
    config
        .route("/quarantine", web::get().to(list))
        .route("/quarantine/{at}", web::get().to(show))
        .route("/quarantine/{at}/replay", web::post().to(replay));
}

async fn list(request: HttpRequest, door: web::Data<Door>, query: web::Query<Newest>) -> HttpResponse {
    let answer = async {
        door.admit(&request)?;
        let count = query.newest.unwrap_or(20).min(MOST);
        let entries = door.quarantine.newest(count).await.map_err(unreadable)?;
        let listed: Vec<Listed> = entries.iter().map(|(at, entry)| listed(*at, entry)).collect();
        Ok(HttpResponse::Ok().json(listed))
    };
    respond(answer.await)
}

async fn show(request: HttpRequest, door: web::Data<Door>, at: web::Path<String>) -> HttpResponse {
    let answer = async {
        door.admit(&request)?;
        let (at, entry) = door.entry(&at).await?;
        let record = record_of(&entry).ok().map(|record| format!("{record:#?}"));
        Ok(HttpResponse::Ok().json(Shown { listed: listed(at, &entry), record, entry }))
    };
    respond(answer.await)
}

async fn replay(request: HttpRequest, door: web::Data<Door>, at: web::Path<String>) -> HttpResponse {
    let answer = async {
        door.admit(&request)?;
        let (_, mut entry) = door.entry(&at).await?;
        entry.is_deadly = door.is_deadly(&entry).await?;
        let record = record_of(&entry).map_err(|why| {
            problem(StatusCode::CONFLICT, "not_replayable", &format!("still no record: {why}"))
        })?;
        let position = door.quarantine.replay(&entry, record.key(), &*door.main).await.map_err(|error| {
            let status = match error {
                ReplayError::Empty => StatusCode::CONFLICT,
                ReplayError::Append(_) => StatusCode::SERVICE_UNAVAILABLE,
            };
            problem(status, "not_replayed", &error.to_string())
        })?;
        tracing::info!(%at, %position, "a quarantined entry was put back into the log");
        Ok(HttpResponse::Ok().json(Replayed { position: position.to_string() }))
    };
    respond(answer.await)
}

impl Door {
    fn admit(&self, request: &HttpRequest) -> Result<(), Box<Problem>> {
        let given = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        match given.is_some_and(|given| self.pass.opens_for(given)) {
            true => Ok(()),
            false => Err(problem(
                StatusCode::UNAUTHORIZED,
                "unauthorized",
                "the bearer token stands in operator.pass in the data directory; `playhead quarantine` reads it",
            )),
        }
    }

    async fn entry(&self, at: &str) -> Result<(Position, Quarantined), Box<Problem>> {
        let at: Position =
            at.parse().map_err(|error: String| problem(StatusCode::BAD_REQUEST, "bad_position", &error))?;
        let found = self.quarantine.get(at).await.map_err(unreadable)?;
        let entry = found.ok_or_else(|| {
            problem(StatusCode::NOT_FOUND, "not_found", &format!("nothing is at {at} of the quarantine"))
        })?;
        Ok((at, entry))
    }

    /// Whether an entry is still deadly if it was; this program may be another one.
    async fn is_deadly(&self, entry: &Quarantined) -> Result<bool, Box<Problem>> {
        let Some(payload) = entry.payload.clone().filter(|_| entry.is_deadly) else { return Ok(false) };
        let death = self.trials.death_of(&[StoredRecord { offset: entry.position.offset, payload }]).await;
        let death = death.map_err(|error| problem(StatusCode::SERVICE_UNAVAILABLE, "unavailable", &error))?;
        Ok(death.is_some())
    }
}

fn listed(at: Position, entry: &Quarantined) -> Listed {
    let content = match record_of(entry) {
        Ok(Record { environment, view_id, events, .. }) => {
            let labels: Vec<String> =
                events.iter().map(|event| format!("{} {}", event.sequence, event.label())).collect();
            format!("environment {environment}, view {view_id}: {}", labels.join(", "))
        }
        Err(why) => why,
    };
    Listed {
        at: at.to_string(),
        position: entry.position.to_string(),
        quarantined_ms: entry.quarantined_ms,
        reason: entry.reason.clone(),
        content,
    }
}

fn record_of(entry: &Quarantined) -> Result<Record<'_>, String> {
    match &entry.payload {
        Some(payload) if entry.is_deadly => {
            Err(format!("{} bytes that end the process that reads them", payload.len()))
        }
        Some(payload) => Record::from_bytes(payload).map_err(|why| format!("{} bytes: {why}", payload.len())),
        None => Err("its bytes could not be read".into()),
    }
}

fn unreadable(error: LogError) -> Box<Problem> {
    problem(StatusCode::SERVICE_UNAVAILABLE, "unavailable", &error.to_string())
}

fn problem(status: StatusCode, code: &'static str, detail: &str) -> Box<Problem> {
    Box::new(Problem::new(status, code, detail))
}

fn respond(answer: Answer) -> HttpResponse {
    answer.unwrap_or_else(|problem| problem.send(problem.builder()))
}
