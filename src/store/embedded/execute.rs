//! Running one statement on the engine, on a thread that may block, and handing its output over in pieces.
//!
//! The thread and the HTTP handler talk through bounded channels, so that neither a slow reader nor a slow
//! writer costs memory: a reader that stops reading stops the query, a body that is cut abandons the insert.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::{Buf, Bytes};
use tokio::sync::mpsc;

use super::engine::{Answer, RowSink, Stats};
use super::error::EngineError;
use super::formats::Header;
use super::frames;
use super::request::Request;
use super::revision::Revision;
use super::session::{Lease, Sessions, Target};
use super::statement::Insert;

/// The settings that keep an insert in one block: ClickHouse otherwise cuts it at about a million rows or
/// 256 MB, and a repeat under the same token would then be compared block by block.
const ONE_BLOCK: [(&str, &str); 4] = [
    ("max_insert_block_size", "1000000000"),
    ("max_insert_block_size_bytes", "0"),
    ("min_insert_block_size_rows", "1000000000"),
    ("min_insert_block_size_bytes", "100000000000"),
];

/// How the engine declines to stream what is not a SELECT.
const NOT_STREAMABLE: &str = "Code: 36. DB::Exception: Streaming query is not supported";

/// A piece of a statement's output.
pub enum Piece {
    /// All there is, with what the statement did.
    Whole(Bytes, Stats),
    /// One of many, with what the statement has done so far.
    Part(Bytes, Stats),
}

/// Where a statement's output goes.
pub type Output = mpsc::Sender<Result<Piece, EngineError>>;

/// A piece of an INSERT's rows.
pub enum Rows {
    /// Bytes in the insert's format, as the client sent them.
    Bytes(Bytes),
    /// The body is complete; without this, what came before is dropped.
    End,
}

/// What a running statement needs to know and to be stopped by.
#[derive(Clone)]
pub struct Run {
    /// Where connections come from.
    pub sessions: Arc<Sessions>,
    /// How the statement is to run.
    pub request: Arc<Request>,
    /// The output format where the statement names none.
    pub format: String,
    /// The revision an answer in Native is to be of, where that is not what the engine writes.
    pub revision: Option<Revision>,
    /// The unique tag it is stopped by.
    pub tag: String,
    /// Nobody waits for the answer any more.
    pub abandoned: Arc<AtomicBool>,
    /// The engine is done with it, so that there is nothing to stop.
    pub finished: Arc<AtomicBool>,
}

impl Run {
    fn lease(&self, read_only: bool, extra: &[(&str, &str)]) -> Result<Lease, EngineError> {
        let mut extra = extra.to_vec();
        if read_only {
            extra.push(("readonly", "2"));
        }
        let lease = self.sessions.lease(&self.request, &extra, &self.tag)?;
        if self.abandoned.load(Ordering::SeqCst) {
            return Err(EngineError::host("the client is gone"));
        }
        Ok(lease)
    }

    /// Runs a statement and sends its output, in pieces that begin with `stream` if there is one; an error is
    /// the last thing sent.
    ///
    /// The end is told only once the connection is given back: a client may follow up in the same session
    /// the moment it has its answer.
    pub fn select(&self, sql: &[u8], stream: Option<Header>, read_only: bool, out: &Output) {
        let last = self.lease(read_only, &[]).and_then(|mut lease| match stream {
            Some(header) if !self.request.wait_end => self.pieces(&mut lease, sql, header, out),
            _ => self.whole(&mut lease, sql).map(Some),
        });
        self.finished.store(true, Ordering::SeqCst);
        if let Some(last) = last.transpose() {
            // Nobody listening is no error: the client left.
            let _ = out.blocking_send(last);
        }
    }

    fn whole(&self, lease: &mut Lease, sql: &[u8]) -> Result<Piece, EngineError> {
        let answer = lease.connection()?.query(sql, &self.format, &self.request.parameters)?;
        let stats = answer.stats();
        Ok(Piece::Whole(self.output(answer)?, stats))
    }

    /// The bytes of an answer, or of a piece of it, as the client reads them.
    fn output(&self, answer: Answer) -> Result<Bytes, EngineError> {
        let bytes = Bytes::from_owner(answer);
        match self.revision {
            None => Ok(bytes),
            Some(revision) => revision.rewrite(&bytes),
        }
    }

    fn pieces(
        &self,
        lease: &mut Lease,
        sql: &[u8],
        header: Header,
        out: &Output,
    ) -> Result<Option<Piece>, EngineError> {
        match self.stream(lease, sql, header, out) {
            // A statement that begins like a SELECT and is none (WITH … INSERT). It has not run yet.
            Err(error) if error.to_string().starts_with(NOT_STREAMABLE) => self.whole(lease, sql).map(Some),
            streamed => streamed,
        }
    }

    /// Sends all pieces but the last, which it returns: once a client has that one it may drop the answer and
    /// come back to the session, or count on the statement being over.
    fn stream(
        &self,
        lease: &mut Lease,
        sql: &[u8],
        header: Header,
        out: &Output,
    ) -> Result<Option<Piece>, EngineError> {
        let mut rows = lease.connection()?.stream(sql, &self.format, &self.request.parameters)?;
        let (mut held, mut sent, mut stats) = (None, false, Stats::default());
        while let Some(answer) = rows.next()? {
            stats.add(answer.stats());
            let mut piece = self.output(answer)?;
            if held.is_some() {
                let length = header.length(&piece).ok_or_else(|| {
                    EngineError::host("a piece of the answer does not begin as its format demands")
                })?;
                piece.advance(length);
            }
            if piece.is_empty() {
                // In a chunked body an empty piece would be taken for the end.
                continue;
            }
            if let Some(ready) = held.replace(piece) {
                sent = true;
                if out.blocking_send(Ok(Piece::Part(ready, stats))).is_err() {
                    return Ok(None);
                }
            }
        }
        Ok(held.map(|last| if sent { Piece::Part(last, stats) } else { Piece::Whole(last, stats) }))
    }

    /// Runs an INSERT, taking its rows from `rows`.
    pub fn insert(&self, insert: &Insert, mut rows: mpsc::Receiver<Rows>) -> Result<Stats, EngineError> {
        let outcome = self.lease(false, &ONE_BLOCK).and_then(|mut lease| {
            let connection = lease.connection()?;
            let sink = connection.insert(insert.head.as_bytes(), &insert.format, &self.request.parameters)?;
            self.feed(sink, &mut rows)
        });
        self.finished.store(true, Ordering::SeqCst);
        outcome
    }

    fn feed(&self, mut sink: RowSink<'_>, rows: &mut mpsc::Receiver<Rows>) -> Result<Stats, EngineError> {
        let mut decoder = self.request.decompress.then(frames::Decoder::default);
        loop {
            match (rows.blocking_recv(), &mut decoder) {
                (Some(Rows::Bytes(bytes)), None) => {
                    if !sink.append(&bytes) {
                        return sink.finish();
                    }
                }
                (Some(Rows::Bytes(bytes)), Some(decoder)) => {
                    decoder.push(&bytes);
                    while let Some(content) = decoder.next()? {
                        if !sink.append(&content) {
                            return sink.finish();
                        }
                    }
                }
                (Some(Rows::End), Some(decoder)) if decoder.is_cut() => {
                    return Err(EngineError::bad_request(
                        "The body ends in the middle of a compressed frame",
                    ));
                }
                (Some(Rows::End), _) => return sink.finish(),
                // Dropping the sink abandons the rows.
                (None, _) => return Err(EngineError::bad_request("The body of the request was cut")),
            }
        }
    }
}

/// Stops the statement when its client goes away before the end.
pub struct StopOnDrop(pub Run);

impl Drop for StopOnDrop {
    fn drop(&mut self) {
        self.0.abandoned.store(true, Ordering::SeqCst);
        if self.0.finished.load(Ordering::SeqCst) {
            return;
        }
        let run = self.0.clone();
        // A thread of its own, since this may run where blocking is not allowed and the pool may be full.
        let stopper = std::thread::Builder::new().name("stop-query".into()).spawn(move || {
            if let Err(error) = run.sessions.kill(Target::Tag(&run.tag)) {
                tracing::warn!(%error, "could not stop an abandoned statement");
            }
        });
        if let Err(error) = stopper {
            tracing::warn!(%error, "could not stop an abandoned statement");
        }
    }
}
