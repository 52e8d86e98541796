//! ClickHouse's HTTP interface over the engine: credentials, reading the request, writing the answer.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use actix_web::body::{BodySize, MessageBody};
use actix_web::http::{Method, StatusCode, header};
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder, web};
use base64::Engine as _;
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;
use subtle::ConstantTimeEq;
use tokio::sync::{Semaphore, SemaphorePermit, mpsc};

use super::engine::Stats;
use super::error::{EngineError, code};
use super::execute::{Piece, Rows, Run, StopOnDrop};
use super::formats::Header;
use super::frames;
use super::request::{Request, form_urlencoded};
use super::session::Sessions;
use super::statement::{self, Insert, Plan, Statement};

/// The largest statement, and the largest form; the rows of an insert are streamed and not counted.
const LARGEST_STATEMENT: usize = 16 << 20;
/// How long the news of a failure has to reach the client before the connection is cut.
const BEFORE_CUT: Duration = Duration::from_millis(100);
/// The user name clients give.
pub const USER: &str = "playhead";

/// What every request handler shares.
pub struct Service {
    /// Where connections come from.
    pub sessions: Arc<Sessions>,
    /// What clients must know.
    pub password: String,
    /// Places for statements that read; those that write have their own, so that questions, however many
    /// and heavy, never keep an insert waiting.
    pub reads: Arc<Semaphore>,
    /// Places for inserts.
    pub writes: Arc<Semaphore>,
}

/// Registers the routes.
pub fn routes(config: &mut web::ServiceConfig) {
    config
        .route("/ping", web::get().to(|| async { ok_text("Ok.\n") }))
        .route("/", web::route().to(answer));
}

fn ok_text(text: &'static str) -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/html; charset=UTF-8")
        .body(text)
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
            return Err(EngineError::raised(
                code::NOT_IMPLEMENTED,
                "NOT_IMPLEMENTED",
                "Use GET or POST",
            ));
        }
    };
    if header_value(http, header::CONTENT_ENCODING).is_some_and(|encoding| encoding != "identity") {
        let text = "The embedded engine takes bodies plain or in native frames (decompress=1)";
        return Err(EngineError::raised(
            code::NOT_IMPLEMENTED,
            "NOT_IMPLEMENTED",
            text,
        ));
    }
    let mut request = Request::from_query_string(http.query_string())?;
    let mut body = Body {
        payload: body,
        ended: false,
    };
    if let Some(kind) =
        header_value(http, header::CONTENT_TYPE).filter(|kind| kind.starts_with("multipart/form-data"))
    {
        let form = body.rest(BytesMut::new()).await?;
        request.take_form(form.freeze(), kind).await?;
    }
    if request.query.is_empty() && reads_only {
        return Ok(ok_text("Ok.\n"));
    }
    let query_id = request
        .query_id
        .get_or_insert_with(|| generated_id.to_owned())
        .clone();
    let (text, statement) = read_statement(&request, &mut body).await?;
    let run = Run {
        sessions: Arc::clone(&service.sessions),
        format: request
            .default_format
            .clone()
            .unwrap_or_else(|| "TabSeparated".to_owned()),
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
            let place = Arc::clone(&service.reads)
                .acquire_owned()
                .await
                .map_err(EngineError::host)?;
            let stream = if plan == Plan::Stream {
                Header::of(&format)
            } else {
                None
            };
            let (sender, pieces) = mpsc::channel(2);
            let worker = run.clone();
            tokio::task::spawn_blocking(move || {
                worker.select(&text, stream, reads_only, &sender);
                drop(place);
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
        let piece = self
            .payload
            .next()
            .await
            .transpose()
            .map_err(EngineError::bad_request)?;
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

/// Waits for the first piece, which decides the status, and lets the rest follow.
async fn respond(
    run: Run,
    mut pieces: mpsc::Receiver<Result<Piece, EngineError>>,
    query_id: &str,
    format: &str,
) -> Result<HttpResponse, EngineError> {
    let guard = StopOnDrop(run.clone());
    let compress = run.request.compress;
    let (first, stats) = match pieces.recv().await {
        None => (Bytes::new(), None),
        Some(Err(error)) => return Err(error),
        Some(Ok(Piece::Whole(bytes, stats))) => (bytes, Some(stats)),
        Some(Ok(Piece::Part(bytes))) => (bytes, None),
    };
    let mut response = success(query_id, Some(format), stats);
    if stats.is_some() || first.is_empty() {
        return Ok(response.body(if compress && !first.is_empty() {
            frames::encode(&first)
        } else {
            first
        }));
    }
    let tag = exception_tag();
    response.insert_header(("X-ClickHouse-Exception-Tag", tag.clone()));
    Ok(response.body(Stream {
        first: Some(first),
        pieces,
        compress,
        tag,
        cut: None,
        _guard: guard,
    }))
}

/// A long answer on its way; dropped early, it stops the query.
struct Stream {
    first: Option<Bytes>,
    pieces: mpsc::Receiver<Result<Piece, EngineError>>,
    compress: bool,
    tag: String,
    /// Runs from the exception block to the cut: what was written last is lost with the connection unless it
    /// has left for the client before.
    cut: Option<Pin<Box<tokio::time::Sleep>>>,
    _guard: StopOnDrop,
}

impl MessageBody for Stream {
    type Error = std::io::Error;

    fn size(&self) -> BodySize {
        BodySize::Stream
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        if let Some(cut) = &mut self.cut {
            std::task::ready!(cut.as_mut().poll(context));
            // Cutting the chunked body short is what tells clients that do not know the exception block.
            return Poll::Ready(Some(Err(std::io::Error::other("the statement failed"))));
        }
        let piece = match self.first.take() {
            Some(bytes) => bytes,
            None => match std::task::ready!(self.pieces.poll_recv(context)) {
                None => return Poll::Ready(None),
                Some(Ok(Piece::Part(bytes) | Piece::Whole(bytes, _))) => bytes,
                Some(Err(error)) => {
                    self.cut = Some(Box::pin(tokio::time::sleep(BEFORE_CUT)));
                    exception_block(&error, &self.tag)
                }
            },
        };
        Poll::Ready(Some(Ok(if self.compress {
            frames::encode(&piece)
        } else {
            piece
        })))
    }
}

/// Sixteen letters that mark an exception in the middle of data, new for every answer.
fn exception_tag() -> String {
    uuid::Uuid::new_v4()
        .as_bytes()
        .iter()
        .map(|byte| char::from(b'a' + byte % 26))
        .collect()
}

/// The block ClickHouse (since 25.11) appends to an answer that fails half-way.
fn exception_block(error: &EngineError, tag: &str) -> Bytes {
    let message = format!("{error}\n");
    let length = message.len();
    format!("\r\n__exception__\r\n{tag}\r\n{message}{length} {tag}\r\n__exception__\r\n").into()
}

fn success(query_id: &str, format: Option<&str>, stats: Option<Stats>) -> HttpResponseBuilder {
    let mut response = HttpResponse::Ok();
    common(&mut response, query_id);
    if let Some(format) = format {
        response
            .insert_header(("X-ClickHouse-Format", format))
            .content_type(content_type(format));
    }
    if let Some(Stats {
        read_rows,
        read_bytes,
        written_rows,
        written_bytes,
    }) = stats
    {
        let summary = format!(
            "{{\"read_rows\":\"{read_rows}\",\"read_bytes\":\"{read_bytes}\",\
             \"written_rows\":\"{written_rows}\",\"written_bytes\":\"{written_bytes}\"}}"
        );
        response.insert_header(("X-ClickHouse-Summary", summary));
    }
    response
}

fn failure(error: &EngineError, query_id: &str) -> HttpResponse {
    let status = StatusCode::from_u16(error.http_status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = HttpResponse::build(status);
    common(&mut response, query_id);
    response.insert_header(("X-ClickHouse-Exception-Code", error.code()));
    // The rest of a body that was not read to its end must not be taken for the next request.
    response
        .force_close()
        .content_type("text/plain; charset=UTF-8")
        .body(format!("{error}\n"))
}

fn common(response: &mut HttpResponseBuilder, query_id: &str) {
    response
        .insert_header(("X-ClickHouse-Query-Id", query_id))
        .insert_header(("X-ClickHouse-Timezone", "UTC"))
        .insert_header(("X-ClickHouse-Server-Display-Name", "playhead-embedded"));
}

fn content_type(format: &str) -> &'static str {
    match format {
        "JSON" | "JSONCompact" | "JSONStrings" | "JSONCompactStrings" | "JSONColumns" => {
            "application/json; charset=UTF-8"
        }
        "JSONEachRow" | "JSONCompactEachRow" | "JSONStringsEachRow" => "application/x-ndjson; charset=UTF-8",
        "CSV" => "text/csv; charset=UTF-8; header=absent",
        "CSVWithNames" | "CSVWithNamesAndTypes" => "text/csv; charset=UTF-8; header=present",
        "TabSeparated" | "TSV" | "TabSeparatedRaw" | "TSVRaw" | "TabSeparatedWithNames" | "TSVWithNames" => {
            "text/tab-separated-values; charset=UTF-8"
        }
        "Native" | "RowBinary" | "RowBinaryWithNamesAndTypes" | "Arrow" | "ArrowStream" | "Parquet" => {
            "application/octet-stream"
        }
        _ => "text/plain; charset=UTF-8",
    }
}

fn header_value(http: &HttpRequest, name: header::HeaderName) -> Option<&str> {
    http.headers().get(name).and_then(|value| value.to_str().ok())
}

/// Checks the credentials, which ClickHouse takes from its own headers, from Basic or from the URL.
fn authenticate(http: &HttpRequest, password: &str) -> Result<(), EngineError> {
    let header = |name: &str| {
        http.headers()
            .get(name)
            .and_then(|value| value.to_str().ok())
            .map(str::to_owned)
    };
    let basic = || {
        let encoded = header("authorization")?;
        let decoded = base64::prelude::BASE64_STANDARD
            .decode(encoded.strip_prefix("Basic ")?)
            .ok()?;
        let (user, key) = std::str::from_utf8(&decoded).ok()?.split_once(':')?;
        Some((user.to_owned(), key.to_owned()))
    };
    let url = || {
        let fields = form_urlencoded(http.query_string()).ok()?;
        let field = |wanted: &str| {
            fields
                .iter()
                .find(|(name, _)| name == wanted)
                .map(|(_, value)| value.clone())
        };
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
    Err(EngineError::raised(
        code::AUTHENTICATION_FAILED,
        "AUTHENTICATION_FAILED",
        text,
    ))
}
