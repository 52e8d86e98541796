//! Errors of the engine, in ClickHouse's own shape: a code, a text, and the HTTP status that goes with it.

/// `BAD_ARGUMENTS` and its relatives, as ClickHouse numbers them: the codes this host raises itself.
pub mod code {
    /// The request makes no sense.
    pub const BAD_ARGUMENTS: i32 = 36;
    /// A well-formed request for something this host does not do.
    pub const NOT_IMPLEMENTED: i32 = 48;
    /// The text is not one statement.
    pub const SYNTAX_ERROR: i32 = 62;
    /// The engine cannot be reached.
    pub const NETWORK_ERROR: i32 = 210;
    /// The statement does not fit the bound set for it.
    pub const QUERY_IS_TOO_LARGE: i32 = 223;
    /// A checksum or a frame of the request body is wrong.
    pub const CANNOT_DECOMPRESS: i32 = 271;
    /// `session_check=1` named a session that is not there.
    pub const SESSION_NOT_FOUND: i32 = 372;
    /// Another request is using the session.
    pub const SESSION_IS_LOCKED: i32 = 373;
    /// The answer is larger than it may be.
    pub const TOO_MANY_ROWS_OR_BYTES: i32 = 396;
    /// The statement reaches outside the database.
    pub const ACCESS_DENIED: i32 = 497;
    /// Wrong user or password.
    pub const AUTHENTICATION_FAILED: i32 = 516;
    /// Not ClickHouse's fault but the host's: what ClickHouse calls a standard exception.
    pub const STD_EXCEPTION: i32 = 1001;
}

/// A failed statement, worded as ClickHouse words it.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
#[error("{message}")]
pub struct EngineError {
    code: i32,
    message: String,
}

impl EngineError {
    /// The engine's own message, `Code: N. DB::Exception: … (NAME)`.
    pub fn from_message(message: String) -> Self {
        let code = message
            .strip_prefix("Code: ")
            .and_then(|rest| rest.split_once('.'))
            .and_then(|(digits, _)| digits.parse().ok())
            .unwrap_or(code::STD_EXCEPTION);
        Self { code, message }
    }

    /// An error this host raises in ClickHouse's name.
    pub fn raised(code: i32, name: &str, text: impl std::fmt::Display) -> Self {
        Self { code, message: format!("Code: {code}. DB::Exception: {text}. ({name})") }
    }

    /// An error of the host itself, such as a library that does not load.
    pub fn host(text: impl std::fmt::Display) -> Self {
        Self::raised(code::STD_EXCEPTION, "STD_EXCEPTION", text)
    }

    /// Shorthand for a request that makes no sense.
    pub fn bad_request(text: impl std::fmt::Display) -> Self {
        Self::raised(code::BAD_ARGUMENTS, "BAD_ARGUMENTS", text)
    }

    /// ClickHouse's number for this error.
    pub fn code(&self) -> i32 {
        self.code
    }

    /// The HTTP status a ClickHouse server answers with for this code.
    pub fn http_status(&self) -> u16 {
        match self.code {
            // what the client wrote cannot be read
            6 | 7 | 9 | 25 | 26 | 27 | 36 | 38 | 41 | 42 | 43 | 44 | 53 | 62 | 69 | 70 | 72 | 117 | 130
            | 271 | 427 | 457 => 400,
            // or goes deeper than anybody reads
            167 | 168 | 306 => 400,
            192 | 193 | 497 | 512 | 516 => 403,
            // what the client named does not exist
            16 | 46 | 47 | 50 | 56 | 60 | 73 | 81 | 115 | 372 => 404,
            159 => 408,
            223 => 413,
            48 => 501,
            // the host is short of something that comes back
            202 | 209 | 439 => 503,
            _ => 500,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_code_is_read_from_the_engines_message() {
        let error = EngineError::from_message(
            "Code: 60. DB::Exception: Table x does not exist. (UNKNOWN_TABLE)".into(),
        );
        assert_eq!((error.code(), error.http_status()), (60, 404));
        let odd = EngineError::from_message("Invalid or closed connection".into());
        assert_eq!((odd.code(), odd.http_status()), (code::STD_EXCEPTION, 500));
    }

    #[test]
    fn raised_errors_read_like_the_engines() {
        let error = EngineError::raised(code::SYNTAX_ERROR, "SYNTAX_ERROR", "no");
        assert_eq!(error.to_string(), "Code: 62. DB::Exception: no. (SYNTAX_ERROR)");
        assert_eq!(error, EngineError::from_message(error.to_string()));
    }
}
