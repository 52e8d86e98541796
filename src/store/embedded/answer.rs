//! Answers as ClickHouse writes them: headers, output in pieces, and failures, also half-way through.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use actix_web::body::{BodySize, MessageBody};
use actix_web::http::StatusCode;
use actix_web::{HttpResponse, HttpResponseBuilder};
use bytes::Bytes;
use tokio::sync::mpsc;

use super::engine::Stats;
use super::error::EngineError;
use super::execute::{Piece, Run, StopOnDrop};
use super::frames;

/// How long the news of a failure has to reach the client before the connection is cut.
const BEFORE_CUT: Duration = Duration::from_millis(100);

/// Waits for the first piece, which decides the status, and lets the rest follow.
pub async fn respond(
    run: Run,
    mut pieces: mpsc::Receiver<Result<Piece, EngineError>>,
    query_id: &str,
    format: &str,
) -> Result<HttpResponse, EngineError> {
    let guard = StopOnDrop(run.clone());
    let compress = run.request.compress;
    let (first, stats, more) = match pieces.recv().await {
        None => (Bytes::new(), None, false),
        Some(Err(error)) => return Err(error),
        Some(Ok(Piece::Whole(bytes, stats))) => (bytes, Some(stats), false),
        // As on a server, the summary of an answer in pieces says what was done before the first of them.
        Some(Ok(Piece::Part(bytes, stats))) => (bytes, Some(stats), true),
    };
    let mut response = success(query_id, Some(format), stats);
    if !more {
        return Ok(response.body(if compress && !first.is_empty() { frames::encode(&first) } else { first }));
    }
    let tag = exception_tag();
    response.insert_header(("X-ClickHouse-Exception-Tag", tag.clone()));
    Ok(response.body(Stream { first: Some(first), pieces, compress, tag, cut: None, _guard: guard }))
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
                Some(Ok(Piece::Part(bytes, _) | Piece::Whole(bytes, _))) => bytes,
                Some(Err(error)) => {
                    self.cut = Some(Box::pin(tokio::time::sleep(BEFORE_CUT)));
                    exception_block(&error, &self.tag)
                }
            },
        };
        Poll::Ready(Some(Ok(if self.compress { frames::encode(&piece) } else { piece })))
    }
}

/// Sixteen letters that mark an exception in the middle of data, new for every answer.
fn exception_tag() -> String {
    uuid::Uuid::new_v4().as_bytes().iter().map(|byte| char::from(b'a' + byte % 26)).collect()
}

/// The block ClickHouse (since 25.11) appends to an answer that fails half-way.
fn exception_block(error: &EngineError, tag: &str) -> Bytes {
    let message = format!("{error}\n");
    let length = message.len();
    format!("\r\n__exception__\r\n{tag}\r\n{message}{length} {tag}\r\n__exception__\r\n").into()
}

/// The head of an answer that goes well.
pub fn success(query_id: &str, format: Option<&str>, stats: Option<Stats>) -> HttpResponseBuilder {
    let mut response = HttpResponse::Ok();
    common(&mut response, query_id);
    if let Some(format) = format {
        response.insert_header(("X-ClickHouse-Format", format)).content_type(content_type(format));
    }
    if let Some(Stats { read_rows, read_bytes, written_rows, written_bytes }) = stats {
        let summary = format!(
            "{{\"read_rows\":\"{read_rows}\",\"read_bytes\":\"{read_bytes}\",\
             \"written_rows\":\"{written_rows}\",\"written_bytes\":\"{written_bytes}\"}}"
        );
        response.insert_header(("X-ClickHouse-Summary", summary));
    }
    response
}

/// The answer to a statement that failed before anything was sent.
pub fn failure(error: &EngineError, query_id: &str) -> HttpResponse {
    let status = StatusCode::from_u16(error.http_status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = HttpResponse::build(status);
    common(&mut response, query_id);
    response.insert_header(("X-ClickHouse-Exception-Code", error.code()));
    // The rest of a body that was not read to its end must not be taken for the next request.
    response.force_close().content_type("text/plain; charset=UTF-8").body(format!("{error}\n"))
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
