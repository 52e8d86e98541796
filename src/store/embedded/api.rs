//! libchdb's C interface as declared here: the functions this program uses, with their types.
//!
//! The npm package ships no header; the declarations were written from the prototypes chdb-core publishes for
//! 26.7 and are checked by running against the library. What may be done with them is up to `engine.rs`.

#![allow(unsafe_code, reason = "the C interface of the engine; every block says why it is sound")]

use std::ffi::{CStr, c_char, c_int, c_void};

/// What the C interface hands out; never looked into.
#[repr(C)]
pub struct RawResult {
    _private: [u8; 0],
}

/// An open INSERT.
#[repr(C)]
pub struct RawInsert {
    _private: [u8; 0],
}

/// `chdb_connect` returns a pointer to the handle the other functions take.
pub type RawConnection = *mut c_void;

/// The shape shared by everything that takes SQL, a format and parameters, each with its length.
pub type WithParams<T> = unsafe extern "C" fn(
    RawConnection,
    *const c_char,
    usize,
    *const c_char,
    usize,
    *const *const c_char,
    *const usize,
    *const *const c_char,
    *const usize,
    usize,
) -> *mut T;

/// The entry points this program uses, resolved once.
pub struct Api {
    /// Whether the engine may install signal handlers; before the first connection.
    pub set_signal_handlers_enabled: unsafe extern "C" fn(c_int),
    /// The library's version, a static string.
    pub version: unsafe extern "C" fn() -> *const c_char,
    /// Opens a connection; null when refused.
    pub connect: unsafe extern "C" fn(c_int, *mut *mut c_char) -> *mut RawConnection,
    /// Closes one.
    pub close: unsafe extern "C" fn(*mut RawConnection),
    /// Runs a statement to its end.
    pub query: WithParams<RawResult>,
    /// Starts a SELECT to be fetched in pieces.
    pub stream: WithParams<RawResult>,
    /// The next piece; empty at the end.
    pub stream_fetch: unsafe extern "C" fn(RawConnection, *mut RawResult) -> *mut RawResult,
    /// Gives up a stream that has not ended.
    pub stream_cancel: unsafe extern "C" fn(RawConnection, *mut RawResult),
    /// Starts an INSERT whose rows follow; never null.
    pub insert: WithParams<RawInsert>,
    /// Hands over bytes, copied; 0 is success.
    pub insert_append: unsafe extern "C" fn(*mut RawInsert, *const c_void, usize) -> c_int,
    /// Ends the rows and stores them.
    pub insert_done: unsafe extern "C" fn(*mut RawInsert) -> *mut RawResult,
    /// Gives up an insert.
    pub insert_cancel: unsafe extern "C" fn(*mut RawInsert),
    /// Why an insert failed, or null.
    pub insert_error: unsafe extern "C" fn(*mut RawInsert) -> *const c_char,
    /// Frees an insert, required on every path.
    pub insert_destroy: unsafe extern "C" fn(*mut RawInsert),
    /// Frees a result or a stream.
    pub result_destroy: unsafe extern "C" fn(*mut RawResult),
    /// Why a statement failed, or null.
    pub result_error: unsafe extern "C" fn(*mut RawResult) -> *const c_char,
    /// The output.
    pub result_buffer: unsafe extern "C" fn(*mut RawResult) -> *const c_char,
    /// Its length.
    pub result_length: unsafe extern "C" fn(*mut RawResult) -> usize,
    /// Rows read from tables.
    pub result_storage_rows_read: unsafe extern "C" fn(*mut RawResult) -> u64,
    /// Bytes read from tables.
    pub result_storage_bytes_read: unsafe extern "C" fn(*mut RawResult) -> u64,
    /// Rows written.
    pub result_rows_written: unsafe extern "C" fn(*mut RawResult) -> u64,
    /// Bytes written.
    pub result_bytes_written: unsafe extern "C" fn(*mut RawResult) -> u64,
}

impl Api {
    /// Looks every entry point up; a library that lacks one is of another version.
    pub fn resolve(library: &libloading::Library) -> Result<Self, libloading::Error> {
        macro_rules! symbol {
            ($name:literal) => {
                // SAFETY: the field's type is the prototype libchdb publishes for this name, and the
                // library is leaked by the only caller, so the pointer stays valid for the process.
                unsafe { *library.get(concat!($name, "\0").as_bytes())? }
            };
        }
        Ok(Self {
            set_signal_handlers_enabled: symbol!("chdb_set_signal_handlers_enabled"),
            version: symbol!("chdb_version"),
            connect: symbol!("chdb_connect"),
            close: symbol!("chdb_close_conn"),
            query: symbol!("chdb_query_with_params_n"),
            stream: symbol!("chdb_stream_query_with_params_n"),
            stream_fetch: symbol!("chdb_stream_fetch_result"),
            stream_cancel: symbol!("chdb_stream_cancel_query"),
            insert: symbol!("chdb_stream_insert_with_params_n"),
            insert_append: symbol!("chdb_stream_append"),
            insert_done: symbol!("chdb_stream_done"),
            insert_cancel: symbol!("chdb_stream_cancel_insert"),
            insert_error: symbol!("chdb_stream_insert_error"),
            insert_destroy: symbol!("chdb_destroy_insert_stream"),
            result_destroy: symbol!("chdb_destroy_query_result"),
            result_error: symbol!("chdb_result_error"),
            result_buffer: symbol!("chdb_result_buffer"),
            result_length: symbol!("chdb_result_length"),
            result_storage_rows_read: symbol!("chdb_result_storage_rows_read"),
            result_storage_bytes_read: symbol!("chdb_result_storage_bytes_read"),
            result_rows_written: symbol!("chdb_result_rows_written"),
            result_bytes_written: symbol!("chdb_result_bytes_written"),
        })
    }

    /// The text behind a C string the engine owns, or `None` for "no error".
    pub fn text(message: *const c_char) -> Option<String> {
        if message.is_null() {
            return None;
        }
        // SAFETY: the engine's error strings are NUL-terminated and live as long as their handle, which
        // every caller holds across this call.
        Some(unsafe { CStr::from_ptr(message) }.to_string_lossy().into_owned())
    }
}
