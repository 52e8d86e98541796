//! A ClickHouse HTTP request taken apart: what is the statement's, what is a setting, what is the protocol's.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::stream;

use super::error::{EngineError, code};

/// ClickHouse's default and largest session time-outs.
const SESSION_TIMEOUT: Duration = Duration::from_secs(60);
const LONGEST_SESSION: Duration = Duration::from_secs(3600);

/// Parameters of the protocol that are neither settings nor of any consequence here: credentials are read
/// elsewhere, and the rest tunes buffers this host does not have.
const IGNORED: [&str; 7] = [
    "user",
    "password",
    "quota_key",
    "stacktrace",
    "buffer_size",
    "http_write_exception_in_output_format",
    "close_session",
];

/// The session a request wants to be part of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionWish {
    /// The client's name for it.
    pub id: String,
    /// How long it is kept after this request.
    pub timeout: Duration,
    /// It must exist already.
    pub must_exist: bool,
}

/// Everything a request says about how its statement is to run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Request {
    /// The `query` parameter.
    pub query: String,
    /// The database names are looked up in.
    pub database: Option<String>,
    /// The output format when the statement names none.
    pub default_format: Option<String>,
    /// Values for `{name:Type}`.
    pub parameters: Vec<(String, String)>,
    /// Settings for this statement alone.
    pub settings: BTreeMap<String, String>,
    /// The client's name for the statement.
    pub query_id: Option<String>,
    pub(crate) session_id: Option<String>,
    pub(crate) session_timeout: Option<String>,
    pub(crate) session_check: bool,
    /// The body comes in native compression frames.
    pub decompress: bool,
    /// The answer is to go in native compression frames.
    pub compress: bool,
    /// Answer only once the whole result is known.
    pub wait_end: bool,
    /// The revision of ClickHouse's protocol in which the client reads Native.
    pub client_protocol_version: u64,
}

impl Request {
    /// Reads the URL's query string.
    pub fn from_query_string(text: &str) -> Result<Self, EngineError> {
        let mut request = Self::default();
        for (name, value) in form_urlencoded(text)? {
            request.take(name, value)?;
        }
        Ok(request)
    }

    /// Files one parameter, of the URL or of a form, under what it means.
    pub fn take(&mut self, name: String, value: String) -> Result<(), EngineError> {
        let on = value == "1" || value.eq_ignore_ascii_case("true");
        match name.as_str() {
            "query" => self.query.push_str(&value),
            "database" => self.database = Some(value).filter(|name| !name.is_empty()),
            "default_format" => self.default_format = Some(value).filter(|name| !name.is_empty()),
            "query_id" => self.query_id = Some(value).filter(|id| !id.is_empty()),
            "session_id" => self.session_id = Some(value).filter(|id| !id.is_empty()),
            "session_timeout" => self.session_timeout = Some(value),
            "session_check" => self.session_check = on,
            "decompress" => self.decompress = on,
            "compress" => self.compress = on,
            "wait_end_of_query" => self.wait_end = on,
            "client_protocol_version" => {
                self.client_protocol_version = value.parse().map_err(|_| {
                    EngineError::bad_request(format_args!("client_protocol_version {value:?} is no number"))
                })?;
            }
            "role" => {
                let text = format!("Role {value} is not granted: there are no roles here");
                return Err(EngineError::raised(512, "SET_NON_GRANTED_ROLE", text));
            }
            ignored if IGNORED.contains(&ignored) => {}
            _ => match name.strip_prefix("param_") {
                Some(parameter) => self.parameters.push((parameter.to_owned(), value)),
                None => self.setting(name, value)?,
            },
        }
        Ok(())
    }

    fn setting(&mut self, name: String, value: String) -> Result<(), EngineError> {
        // The name goes into a SET statement, so it must be nothing but a name.
        let plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.'));
        if !plain || !name.starts_with(|first: char| first.is_ascii_alphabetic()) {
            return Err(EngineError::bad_request(format_args!("{name:?} is not the name of a setting")));
        }
        self.settings.insert(name, value);
        Ok(())
    }

    /// Adds the fields of a `multipart/form-data` body, which is how parameters of any length are sent.
    pub async fn take_form(&mut self, body: bytes::Bytes, content_type: &str) -> Result<(), EngineError> {
        let broken =
            |error: multer::Error| EngineError::bad_request(format_args!("The form cannot be read: {error}"));
        let boundary = multer::parse_boundary(content_type).map_err(broken)?;
        let whole = stream::once(async move { Ok::<_, std::convert::Infallible>(body) });
        let mut form = multer::Multipart::new(whole, boundary);
        while let Some(field) = form.next_field().await.map_err(broken)? {
            if field.file_name().is_some() {
                let text = "External tables are not taken here";
                return Err(EngineError::raised(code::NOT_IMPLEMENTED, "NOT_IMPLEMENTED", text));
            }
            let name = field.name().unwrap_or_default().to_owned();
            let value = field.text().await.map_err(broken)?;
            self.take(name, value)?;
        }
        Ok(())
    }

    /// The session asked for, if any.
    pub fn session(&self) -> Result<Option<SessionWish>, EngineError> {
        let Some(id) = self.session_id.clone() else {
            return Ok(None);
        };
        let timeout = match &self.session_timeout {
            None => SESSION_TIMEOUT,
            Some(text) => text
                .parse()
                .map(Duration::from_secs)
                .ok()
                .filter(|timeout| *timeout <= LONGEST_SESSION)
                .ok_or_else(|| {
                    EngineError::bad_request(format_args!("session_timeout {text:?} is out of range"))
                })?,
        };
        Ok(Some(SessionWish { id, timeout, must_exist: self.session_check }))
    }
}

/// Decodes `a=b&c=d`; text that is not UTF-8 after decoding is refused rather than guessed at.
pub fn form_urlencoded(text: &str) -> Result<Vec<(String, String)>, EngineError> {
    text.split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            Ok((percent_decoded(name)?, percent_decoded(value)?))
        })
        .collect()
}

fn percent_decoded(text: &str) -> Result<String, EngineError> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        decoded.push(match byte {
            b'+' => b' ',
            b'%' => {
                let digits = [bytes.next().unwrap_or_default(), bytes.next().unwrap_or_default()];
                std::str::from_utf8(&digits)
                    .ok()
                    .and_then(|digits| u8::from_str_radix(digits, 16).ok())
                    .ok_or_else(|| EngineError::bad_request("The URL is not percent-encoded properly"))?
            }
            other => other,
        });
    }
    String::from_utf8(decoded).map_err(|_| EngineError::bad_request("The URL is not UTF-8"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_told_from_settings_and_from_the_protocol() {
        let request = Request::from_query_string(
            "query=SELECT+%7Bx%3AUInt8%7D&database=d&default_format=JSON&param_x=7&max_threads=2&user=u&session_id=s&decompress=1",
        )
        .expect("valid");
        assert_eq!(request.query, "SELECT {x:UInt8}");
        assert_eq!(request.database.as_deref(), Some("d"));
        assert_eq!(request.default_format.as_deref(), Some("JSON"));
        assert_eq!(request.parameters, [("x".to_owned(), "7".to_owned())]);
        assert_eq!(request.settings.into_iter().collect::<Vec<_>>(), [("max_threads".into(), "2".into())]);
        assert!(request.decompress && !request.compress);
    }

    #[test]
    fn a_setting_is_nothing_but_a_name() {
        for bad in ["a%20b=1", "%60x=1", "a'=1", "1a=1", "=1"] {
            assert!(Request::from_query_string(bad).is_err(), "{bad}");
        }
        assert!(Request::from_query_string("query=%zz").is_err());
        assert!(Request::from_query_string("query=%ff").is_err());
    }

    #[test]
    fn sessions_have_bounds() {
        let session = |text: &str| Request::from_query_string(text).expect("valid").session();
        assert_eq!(session("database=d"), Ok(None));
        let wish = session("session_id=s&session_timeout=5&session_check=1").expect("valid").expect("one");
        assert_eq!((wish.timeout.as_secs(), wish.must_exist), (5, true));
        assert!(session("session_id=s&session_timeout=99999").is_err());
    }

    #[tokio::test]
    async fn a_form_adds_query_and_parameters() {
        let body = "--B\r\nContent-Disposition: form-data; name=\"query\"\r\n\r\nSELECT {a:String}\r\n\
                    --B\r\nContent-Disposition: form-data; name=\"param_a\"\r\n\r\nx\r\ny\r\n--B--\r\n";
        let mut request = Request::default();
        request.take_form(body.into(), "multipart/form-data; boundary=B").await.expect("valid");
        assert_eq!(request.query, "SELECT {a:String}");
        assert_eq!(request.parameters, [("a".to_owned(), "x\r\ny".to_owned())]);
    }
}
