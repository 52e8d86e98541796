//! ClickHouse's HTTP interface over the engine: credentials, reading the request, running its statement.

use std::sync::Arc;

use actix_web::http::{Method, header};
use actix_web::{HttpRequest, HttpResponse, web};
use base64::Engine as _;
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;
use subtle::ConstantTimeEq;
use tokio::sync::{Semaphore, SemaphorePermit, mpsc};

use super::answer::{failure, respond, success};
use super::aside::Questions;
use super::engine::Stats;
use super::error::{EngineError, code};
use super::execute::{Rows, Run, StopOnDrop};
use super::formats::Header;
use super::frames;
use super::request::{Request, form_urlencoded};
use super::revision::Revision;
use super::session::Sessions;
use super::statement::{self, Insert, Plan, Statement};

/// The largest statement, and the largest form; the rows of an insert are streamed and not counted.
const LARGEST_STATEMENT: usize = 16 << 20;
/// The user name clients give.
pub const USER: &str = "playhead";

/// What every request handler shares.
pub struct Service {
    /// Where connections come from.
    pub sessions: Arc<Sessions>,
    /// What clients must know.
    pub password: String,
    /// Those that read and are being answered.
    pub questions: Arc<Questions>,
    /// Places for statements that read; those that write have their own, so that questions, however many
    /// and heavy, never keep an insert waiting.
    pub reads: Arc<Semaphore>,
    /// Places for inserts.
    pub writes: Arc<Semaphore>,
}

/// Registers the routes.
pub fn routes(config: &mut web::ServiceConfig) {
    config.route("/ping", web::get().to(|| async { ok_text("Ok.\n") })).route("/", web::route().to(answer));
}

fn ok_text(text: &'static str) -> HttpResponse {
    HttpResponse::Ok().content_type("text/html; charset=UTF-8").body(text)
}

async fn answer(http: HttpRequest, body: web::Payload, service: web::Data<Service>) -> HttpResponse {
    let query_id = uuid::Uuid::new_v4().to_string();
    match handle(&http, body, &service, &query_id).await {
        Ok(response) => response,
        Err(error) => failure(&error, &query_id),
    }
}

async fn handle(
    http: &HttpRequest,
    body: web::Payload,
    service: &Service,
    generated_id: &str,
) -> Result<HttpResponse, EngineError> {
    authenticate(http, &service.password)?;
    let reads_only = match *http.method() {
        Method::POST => false,
        Method::GET | Method::HEAD => true,
        _ => {
            return Err(EngineError::raised(code::NOT_IMPLEMENTED, "NOT_IMPLEMENTED", "Use GET or POST"));
        }
    };
    if header_value(http, header::CONTENT_ENCODING).is_some_and(|encoding| encoding != "identity") {
        let text = "The embedded engine takes bodies plain or in native frames (decompress=1)";
        return Err(EngineError::raised(code::NOT_IMPLEMENTED, "NOT_IMPLEMENTED", text));
    }
    let mut request = Request::from_query_string(http.query_string())?;
    let mut body = Body { payload: body, ended: false };
    if let Some(kind) =
        header_value(http, header::CONTENT_TYPE).filter(|kind| kind.starts_with("multipart/form-data"))
    {
        let form = body.rest(BytesMut::new()).await?;
        request.take_form(form.freeze(), kind).await?;
    }
    if request.query.is_empty() && reads_only {
        return Ok(ok_text("Ok.\n"));
    }
    let query_id = request.query_id.get_or_insert_with(|| generated_id.to_owned()).clone();
    let (text, statement) = read_statement(&request, &mut body).await?;
    let run = Run {
        sessions: Arc::clone(&service.sessions),
        format: request.default_format.clone().unwrap_or_else(|| "TabSeparated".to_owned()),
        revision: None,
        tag: service.sessions.tag(&query_id),
        request: Arc::new(request),
        abandoned: Arc::default(),
        finished: Arc::default(),
    };
    match statement.plan {
        Plan::Insert(_) if reads_only => Err(EngineError::raised(
            164,
            "READONLY",
            "Cannot execute query in readonly mode. Use method POST",
        )),
        Plan::Insert(insert) => {
            let _place = place(&service.writes).await?;
            let stats = insert_rows(run, insert, text, body).await?;
            Ok(success(&query_id, None, Some(stats)).finish())
        }
        plan => {
            let format = statement.format.clone().unwrap_or_else(|| run.format.clone());
            let place = Arc::clone(&service.reads).acquire_owned().await.map_err(EngineError::host)?;
            let stream = if plan == Plan::Stream { Header::of(&format) } else { None };
            let revision = if format.eq_ignore_ascii_case("Native") {
                Revision::of(run.request.client_protocol_version)?
            } else {
                None
            };
            let run = Run { revision, ..run };
            let (sender, pieces) = mpsc::channel(2);
            let worker = run.clone();
            let question = service.questions.begin();
            tokio::task::spawn_blocking(move || {
                worker.select(&text, stream, reads_only, &sender);
                drop((question, place));
            });
            respond(run, pieces, &query_id, &format).await
        }
    }
}

async fn place(places: &Semaphore) -> Result<SemaphorePermit<'_>, EngineError> {
    places.acquire().await.map_err(EngineError::host)
}

/// The request's body, piece by piece.
struct Body {
    payload: web::Payload,
    ended: bool,
}

impl Body {
    async fn piece(&mut self) -> Result<Option<Bytes>, EngineError> {
        if self.ended {
            return Ok(None);
        }
        let piece = self.payload.next().await.transpose().map_err(EngineError::bad_request)?;
        self.ended = piece.is_none();
        Ok(piece)
    }

    async fn rest(&mut self, mut read: BytesMut) -> Result<BytesMut, EngineError> {
        while let Some(piece) = self.piece().await? {
            read.extend_from_slice(&piece);
            if read.len() > LARGEST_STATEMENT {
                return Err(too_large());
            }
        }
        Ok(read)
    }
}

fn too_large() -> EngineError {
    let text = format!("The statement is larger than {LARGEST_STATEMENT} bytes");
    EngineError::raised(code::QUERY_IS_TOO_LARGE, "QUERY_IS_TOO_LARGE", text)
}

/// Reads as much of the body as the statement takes. What is returned begins with the statement; for an
/// INSERT the rows that came along follow, and the rest is still in `body`.
async fn read_statement(request: &Request, body: &mut Body) -> Result<(BytesMut, Statement), EngineError> {
    let mut text = BytesMut::from(request.query.as_bytes());
    if !text.is_empty() {
        if let Ok(Some(statement)) = statement::inspect(&text, true)
            && matches!(&statement.plan, Plan::Insert(insert) if insert.text_ends_here)
        {
            return Ok((text, statement));
        }
        // A statement begun in the URL goes on in the body.
        text.extend_from_slice(b"\n");
    }
    // In compressed form the body is no text to look into.
    if request.decompress {
        text = decompressed(text, body).await?;
    }
    loop {
        if let Some(statement) = statement::inspect(&text, body.ended)? {
            return Ok((text, statement));
        }
        match body.piece().await? {
            Some(piece) => text.extend_from_slice(&piece),
            None => continue,
        }
        if text.len() > LARGEST_STATEMENT {
            return Err(too_large());
        }
    }
}

async fn decompressed(mut text: BytesMut, body: &mut Body) -> Result<BytesMut, EngineError> {
    let mut decoder = frames::Decoder::default();
    while let Some(piece) = body.piece().await? {
        decoder.push(&piece);
        while let Some(content) = decoder.next()? {
            text.extend_from_slice(&content);
        }
        if text.len() > LARGEST_STATEMENT {
            return Err(too_large());
        }
    }
    Ok(text)
}

async fn insert_rows(run: Run, insert: Insert, text: BytesMut, mut body: Body) -> Result<Stats, EngineError> {
    let guard = StopOnDrop(run.clone());
    let (sender, receiver) = mpsc::channel(8);
    let first = text.freeze().slice(insert.rows_at..);
    let mut run = run;
    if !insert.text_ends_here && run.request.decompress {
        // The rows came inside the frames that `read_statement` has already opened.
        let mut request = Request::clone(&run.request);
        request.decompress = false;
        run.request = Arc::new(request);
    }
    let worker = tokio::task::spawn_blocking(move || run.insert(&insert, receiver));
    let fed = feed(&sender, first, &mut body).await;
    drop(sender);
    let stored = worker.await.map_err(EngineError::host)?;
    drop(guard);
    // What the engine says explains more than a body nobody wanted to read on.
    stored.and_then(|stats| fed.map(|()| stats))
}

async fn feed(rows: &mpsc::Sender<Rows>, first: Bytes, body: &mut Body) -> Result<(), EngineError> {
    let mut next = Some(first);
    let mut wanted = true;
    while let Some(piece) = next {
        // A closed channel means that the insert has failed, which its own result tells. The body is read
        // on all the same: a client that is cut off while sending never sees the answer.
        if wanted && !piece.is_empty() {
            wanted = rows.send(Rows::Bytes(piece)).await.is_ok();
        }
        next = body.piece().await?;
    }
    let _ = rows.send(Rows::End).await;
    Ok(())
}

fn header_value(http: &HttpRequest, name: header::HeaderName) -> Option<&str> {
    http.headers().get(name).and_then(|value| value.to_str().ok())
}

/// Checks the credentials, which ClickHouse takes from its own headers, from Basic or from the URL.
fn authenticate(http: &HttpRequest, password: &str) -> Result<(), EngineError> {
    let header =
        |name: &str| http.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let basic = || {
        let encoded = header("authorization")?;
        let decoded = base64::prelude::BASE64_STANDARD.decode(encoded.strip_prefix("Basic ")?).ok()?;
        let (user, key) = std::str::from_utf8(&decoded).ok()?.split_once(':')?;
        Some((user.to_owned(), key.to_owned()))
    };
    let url = || {
        let fields = form_urlencoded(http.query_string()).ok()?;
        let field =
            |wanted: &str| fields.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.clone());
        Some((field("user")?, field("password").unwrap_or_default()))
    };
    let given = header("x-clickhouse-user")
        .map(|user| (user, header("x-clickhouse-key").unwrap_or_default()))
        .or_else(basic)
        .or_else(url)
        .unwrap_or_default();
    if given.0 == USER && bool::from(given.1.as_bytes().ct_eq(password.as_bytes())) {
        return Ok(());
    }
    let text = format!(
        "{}: Authentication failed: password is incorrect, or there is no user with such name",
        given.0
    );
    Err(EngineError::raised(code::AUTHENTICATION_FAILED, "AUTHENTICATION_FAILED", text))
}
