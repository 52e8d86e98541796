//! A safe face on libchdb's C interface: the loaded library, connections, results and streams.
//!
//! Every `unsafe` block of the embedded store is in this file and in `api.rs`, which holds the declarations.
//!
//! Ownership, which the types below enforce: a connection runs one statement at a time, so everything
//! that talks to it borrows it mutably; a result is destroyed once; a stream is destroyed before its
//! connection is used again. The library itself is never unloaded, because its threads outlive any handle.

#![allow(unsafe_code, reason = "the C interface of the engine; every block says why it is sound")]

use std::ffi::{CString, c_char, c_int};
use std::path::Path;
use std::ptr::NonNull;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::api::{Api, RawConnection, RawInsert, RawResult, WithParams};
use super::error::EngineError;

/// The loaded engine, bound to one data path. Cheap to clone.
#[derive(Clone)]
pub struct Engine {
    api: &'static Api,
    arguments: Arc<Vec<CString>>,
    open: Arc<AtomicUsize>,
}

impl Engine {
    /// Loads the library and remembers the arguments every connection is opened with.
    ///
    /// The engine's own signal handlers are switched off before anything else happens: they would
    /// otherwise replace those of this process at the first connection.
    pub fn load(library: &Path, arguments: &[String]) -> Result<Self, EngineError> {
        // SAFETY: loading runs libchdb's initialisers; it is the file the operator chose to run as engine.
        let loaded = unsafe { libloading::Library::new(library) }.map_err(|error| {
            EngineError::host(format_args!(
                "cannot load {}: {:#}",
                library.display(),
                anyhow::Error::new(error)
            ))
        })?;
        let api = Api::resolve(&loaded).map_err(|error| {
            let error = anyhow::Error::new(error);
            EngineError::host(format_args!(
                "{} is not a libchdb this host knows: {error:#}",
                library.display()
            ))
        })?;
        // The engine's threads run its code until the process ends, so it must never be unmapped.
        std::mem::forget(loaded);
        // SAFETY: takes a plain integer and must be called before the first connection, as it is here.
        unsafe { (api.set_signal_handlers_enabled)(0) };
        let arguments = std::iter::once("clickhouse".to_owned())
            .chain(arguments.iter().cloned())
            .map(|argument| CString::new(argument).map_err(|_| EngineError::host("an argument holds a NUL")))
            .collect::<Result<Vec<_>, _>>()?;
        Ok(Self { api: Box::leak(Box::new(api)), arguments: Arc::new(arguments), open: Arc::default() })
    }

    /// The library's own version, such as `26.7.3`.
    pub fn version(&self) -> String {
        // SAFETY: returns a static string of the library.
        Api::text(unsafe { (self.api.version)() }).unwrap_or_default()
    }

    /// Opens a connection: a session of its own, with its own settings, database and temporary tables.
    ///
    /// The first one starts the engine and loads the tables; further ones take a fraction of a
    /// millisecond (measured: 0.2 ms with closing).
    pub fn connect(&self) -> Result<Connection, EngineError> {
        let mut argv: Vec<*mut c_char> =
            self.arguments.iter().map(|argument| argument.as_ptr().cast_mut()).collect();
        let count = c_int::try_from(argv.len()).map_err(|_| EngineError::host("too many arguments"))?;
        // SAFETY: `argv` holds `count` NUL-terminated strings that outlive the call; the engine copies them.
        let outer = unsafe { (self.api.connect)(count, argv.as_mut_ptr()) };
        let outer = NonNull::new(outer).ok_or_else(|| {
            EngineError::host("the engine refused the connection (see its message on standard error)")
        })?;
        // SAFETY: a non-null answer points at a handle that stays in place until `close`.
        let inner = unsafe { *outer.as_ptr() };
        self.open.fetch_add(1, Ordering::SeqCst);
        Ok(Connection { engine: self.clone(), outer, inner })
    }

    /// How many connections are open.
    pub fn open_connections(&self) -> usize {
        self.open.load(Ordering::SeqCst)
    }

    /// Leaves the process at once, running no destructors: once every connection is closed the engine's files
    /// are in order, but some of its threads go on (`chdb_shutdown` says so), and its static destructors
    /// crash under them.
    pub fn exit_now(&self, code: i32) -> ! {
        // SAFETY: `_exit` has no preconditions.
        unsafe { libc::_exit(code) }
    }
}

/// What a finished statement did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Rows read from tables.
    pub read_rows: u64,
    /// Bytes read from tables.
    pub read_bytes: u64,
    /// Rows written, those of materialized views included.
    pub written_rows: u64,
    /// Bytes written, those of materialized views included.
    pub written_bytes: u64,
}

impl Stats {
    /// Adds what a further piece of the same statement did.
    pub fn add(&mut self, piece: Self) {
        self.read_rows += piece.read_rows;
        self.read_bytes += piece.read_bytes;
        self.written_rows += piece.written_rows;
        self.written_bytes += piece.written_bytes;
    }
}

/// A result that belongs to us: its bytes, its counters, and its destruction.
pub struct Answer {
    api: &'static Api,
    raw: NonNull<RawResult>,
}

// SAFETY: a result is a plain buffer with counters, tied to no thread; it is only read after creation.
unsafe impl Send for Answer {}

impl Answer {
    /// Takes over a result, turning the error it may carry into an `Err`.
    fn new(api: &'static Api, raw: *mut RawResult) -> Result<Self, EngineError> {
        let raw = NonNull::new(raw).ok_or_else(|| EngineError::host("the engine gave no result"))?;
        let answer = Self { api, raw };
        // SAFETY: the handle is live until `answer` is dropped.
        match Api::text(unsafe { (api.result_error)(raw.as_ptr()) }) {
            Some(message) => Err(EngineError::from_message(message)),
            None => Ok(answer),
        }
    }

    /// The counters of the statement.
    pub fn stats(&self) -> Stats {
        let raw = self.raw.as_ptr();
        // SAFETY: plain getters on a live handle.
        unsafe {
            Stats {
                read_rows: (self.api.result_storage_rows_read)(raw),
                read_bytes: (self.api.result_storage_bytes_read)(raw),
                written_rows: (self.api.result_rows_written)(raw),
                written_bytes: (self.api.result_bytes_written)(raw),
            }
        }
    }
}

impl AsRef<[u8]> for Answer {
    fn as_ref(&self) -> &[u8] {
        // SAFETY: getters on a live handle.
        let (start, length) = unsafe {
            ((self.api.result_buffer)(self.raw.as_ptr()), (self.api.result_length)(self.raw.as_ptr()))
        };
        if start.is_null() || length == 0 {
            return &[];
        }
        // SAFETY: the buffer holds `length` bytes and lives, unchanged, until the result is destroyed,
        // which cannot happen while `self` is borrowed.
        unsafe { std::slice::from_raw_parts(start.cast(), length) }
    }
}

impl Drop for Answer {
    fn drop(&mut self) {
        // SAFETY: we own the handle and this is its only destruction.
        unsafe { (self.api.result_destroy)(self.raw.as_ptr()) };
    }
}

/// Query parameters (`{name:Type}`) as pointers and lengths, the form the C interface takes.
struct Parameters {
    names: Vec<*const c_char>,
    name_lengths: Vec<usize>,
    values: Vec<*const c_char>,
    value_lengths: Vec<usize>,
}

impl Parameters {
    /// Borrows the strings: the caller keeps them alive across the call the pointers are passed to.
    fn of(parameters: &[(String, String)]) -> Self {
        Self {
            names: parameters.iter().map(|(name, _)| name.as_ptr().cast()).collect(),
            name_lengths: parameters.iter().map(|(name, _)| name.len()).collect(),
            values: parameters.iter().map(|(_, value)| value.as_ptr().cast()).collect(),
            value_lengths: parameters.iter().map(|(_, value)| value.len()).collect(),
        }
    }
}

/// One session with the engine. It may move between threads, and is used by one at a time.
pub struct Connection {
    engine: Engine,
    outer: NonNull<RawConnection>,
    inner: RawConnection,
}

// SAFETY: the engine lets any thread use a connection; calls on one serialise, and `&mut self` on every
// method keeps them from overlapping in the first place.
unsafe impl Send for Connection {}

impl Connection {
    fn call<T>(
        &mut self,
        function: WithParams<T>,
        sql: &[u8],
        format: &str,
        parameters: &[(String, String)],
    ) -> *mut T {
        let bound = Parameters::of(parameters);
        // SAFETY: every pointer comes with its length and refers to memory that outlives the call
        // (`sql`, `format`, `parameters` are borrowed by it); the engine copies what it keeps.
        unsafe {
            function(
                self.inner,
                sql.as_ptr().cast(),
                sql.len(),
                format.as_ptr().cast(),
                format.len(),
                bound.names.as_ptr(),
                bound.name_lengths.as_ptr(),
                bound.values.as_ptr(),
                bound.value_lengths.as_ptr(),
                parameters.len(),
            )
        }
    }

    /// Runs a statement and returns its whole result.
    pub fn query(
        &mut self,
        sql: &[u8],
        format: &str,
        parameters: &[(String, String)],
    ) -> Result<Answer, EngineError> {
        let raw = self.call(self.engine.api.query, sql, format, parameters);
        Answer::new(self.engine.api, raw)
    }

    /// Starts a SELECT whose result comes in pieces.
    pub fn stream(
        &mut self,
        sql: &[u8],
        format: &str,
        parameters: &[(String, String)],
    ) -> Result<RowStream<'_>, EngineError> {
        let raw = self.call(self.engine.api.stream, sql, format, parameters);
        let handle = Answer::new(self.engine.api, raw)?;
        Ok(RowStream { connection: self, handle, ended: false })
    }

    /// Starts an INSERT whose rows follow; `sql` has neither FORMAT nor data.
    pub fn insert(
        &mut self,
        sql: &[u8],
        format: &str,
        parameters: &[(String, String)],
    ) -> Result<RowSink<'_>, EngineError> {
        let raw = self.call(self.engine.api.insert, sql, format, parameters);
        let raw = NonNull::new(raw).ok_or_else(|| EngineError::host("the engine gave no insert"))?;
        let sink = RowSink { connection: self, raw, finished: false };
        match sink.error() {
            Some(message) => Err(EngineError::from_message(message)),
            None => Ok(sink),
        }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        // SAFETY: we own the connection, nothing borrows it any more, and it is closed once.
        unsafe { (self.engine.api.close)(self.outer.as_ptr()) };
        self.engine.open.fetch_sub(1, Ordering::SeqCst);
    }
}

/// The rows of a running SELECT, fetched piece by piece; dropping it early cancels the query.
pub struct RowStream<'c> {
    connection: &'c mut Connection,
    handle: Answer,
    ended: bool,
}

impl RowStream<'_> {
    /// The next piece of formatted output, or `None` at the end.
    pub fn next(&mut self) -> Result<Option<Answer>, EngineError> {
        if self.ended {
            return Ok(None);
        }
        let api = self.connection.engine.api;
        // SAFETY: connection and stream are live and used by this thread alone.
        let raw = unsafe { (api.stream_fetch)(self.connection.inner, self.handle.raw.as_ptr()) };
        match Answer::new(api, raw) {
            Ok(piece) if piece.as_ref().is_empty() => {
                self.ended = true;
                Ok(None)
            }
            Ok(piece) => Ok(Some(piece)),
            Err(error) => {
                self.ended = true;
                Err(error)
            }
        }
    }
}

impl Drop for RowStream<'_> {
    fn drop(&mut self) {
        if !self.ended {
            // SAFETY: connection and stream are live; the handle itself is destroyed by `Answer`.
            unsafe {
                (self.connection.engine.api.stream_cancel)(self.connection.inner, self.handle.raw.as_ptr())
            };
        }
    }
}

/// An open INSERT; dropping it unfinished abandons the rows.
pub struct RowSink<'c> {
    connection: &'c mut Connection,
    raw: NonNull<RawInsert>,
    finished: bool,
}

impl RowSink<'_> {
    fn error(&self) -> Option<String> {
        // SAFETY: the handle is live; the text is copied before it can go away.
        Api::text(unsafe { (self.connection.engine.api.insert_error)(self.raw.as_ptr()) })
    }

    /// Hands over bytes in the insert's format, blocking while the engine is behind.
    ///
    /// False means the insert has already failed; [`finish`](Self::finish) says why.
    pub fn append(&mut self, bytes: &[u8]) -> bool {
        let api = self.connection.engine.api;
        // SAFETY: pointer and length describe one live slice, which the engine copies.
        unsafe { (api.insert_append)(self.raw.as_ptr(), bytes.as_ptr().cast(), bytes.len()) == 0 }
    }

    /// Ends the rows and waits until they are stored, or says why they are not.
    pub fn finish(mut self) -> Result<Stats, EngineError> {
        self.finished = true;
        let api = self.connection.engine.api;
        // SAFETY: the handle is live and finished once; it is still destroyed by `Drop`.
        let raw = unsafe { (api.insert_done)(self.raw.as_ptr()) };
        Ok(Answer::new(api, raw)?.stats())
    }
}

impl Drop for RowSink<'_> {
    fn drop(&mut self) {
        let api = self.connection.engine.api;
        // SAFETY: the handle is live, cancelled only if it was not finished, and destroyed exactly once.
        unsafe {
            if !self.finished {
                (api.insert_cancel)(self.raw.as_ptr());
            }
            (api.insert_destroy)(self.raw.as_ptr());
        }
    }
}
