//! What a request asks: its statement, from the URL and the body, and how it is to be run.

use actix_web::{
    HttpRequest,
    dev::{Decompress, Payload},
    http::{Method, header},
    web,
};
use bytes::BytesMut;
use futures_util::StreamExt;

use super::{coding::Coding, wall::LONGEST_STATEMENT};
use crate::store::embedded::{
    error::{EngineError, code},
    frames,
    request::Request,
};

/// Bytes of a body after decompression: a statement and its parameters.
const LARGEST_BODY: usize = 2 * LONGEST_STATEMENT;
/// Bytes of all parameters, which travel on in a URL.
const LARGEST_PARAMETERS: usize = 64 << 10;
/// Longest id a client may give a statement or session.
const LONGEST_ID: usize = 200;

/// A request, read.
pub struct Asked {
    /// Its statement; empty when it has none.
    pub text: String,
    /// Everything else it says.
    pub request: Request,
    /// Progress headers are wanted.
    pub progress: bool,
    /// A screen wants no more rows than it can show, in a form it can read.
    pub rows: Option<u64>,
}

impl Asked {
    /// Reads the URL and the body.
    ///
    /// # Errors
    /// What is wrong with them.
    pub async fn read(http: &HttpRequest, body: web::Payload) -> Result<Self, EngineError> {
        if !matches!(*http.method(), Method::GET | Method::POST | Method::HEAD) {
            return Err(EngineError::raised(code::NOT_IMPLEMENTED, "NOT_IMPLEMENTED", "Use GET or POST"));
        }
        let mut request = Request::from_query_string(http.query_string())?;
        let mut body = whole(http, body).await?;
        let kind = http.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
        if let Some(kind) = kind.filter(|kind| kind.starts_with("multipart/form-data")) {
            request.take_form(std::mem::take(&mut body).into(), kind).await?;
        }
        if request.decompress {
            body = deframed(&body)?;
        }
        let body =
            String::from_utf8(body).map_err(|_| EngineError::bad_request("The statement is not UTF-8"))?;
        let header =
            |name: &str| http.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        request.database = request.database.or_else(|| header("x-clickhouse-database"));
        request.default_format = request.default_format.or_else(|| header("x-clickhouse-format"));
        let text = match (request.query.is_empty(), body.is_empty()) {
            (false, false) => format!("{}\n{body}", request.query),
            (false, true) => request.query.clone(),
            (true, _) => body,
        };
        let progress =
            request.settings.get("send_progress_in_http_headers").is_some_and(|value| value == "1");
        Self { text, request, progress, rows: None }.checked()
    }

    /// A statement of the screen, whose answer has at most so many rows.
    ///
    /// # Errors
    /// What is wrong with its parameters or its id.
    pub fn on_screen(
        text: String,
        parameters: impl IntoIterator<Item = (String, String)>,
        query_id: Option<String>,
        rows: u64,
    ) -> Result<Self, EngineError> {
        let request = Request {
            parameters: parameters.into_iter().collect(),
            query_id,
            wait_end: true,
            ..Request::default()
        };
        Self { text, request, progress: false, rows: Some(rows) }.checked()
    }

    fn checked(self) -> Result<Self, EngineError> {
        let Request { parameters, query_id, .. } = &self.request;
        let bytes: usize = parameters.iter().map(|(name, value)| name.len() + value.len()).sum();
        if bytes > LARGEST_PARAMETERS {
            let text = format!("The parameters are larger than {LARGEST_PARAMETERS} bytes");
            return Err(EngineError::raised(code::QUERY_IS_TOO_LARGE, "QUERY_IS_TOO_LARGE", text));
        }
        if query_id.as_ref().is_some_and(|id| !is_id(id)) {
            return Err(EngineError::bad_request("query_id has to be printable and at most 200 characters"));
        }
        Ok(self)
    }
}

/// Whether a text may go into a header as it is.
fn is_id(id: &str) -> bool {
    id.len() <= LONGEST_ID && id.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ')
}

/// The body, inflated, under a cap.
async fn whole(http: &HttpRequest, body: web::Payload) -> Result<Vec<u8>, EngineError> {
    let encoding = http.headers().get(header::CONTENT_ENCODING).and_then(|encoding| encoding.to_str().ok());
    let coding = encoding.and_then(Coding::parse);
    let of_the_web = ["identity", "gzip", "deflate", "br"];
    if let Some(other) = encoding.filter(|name| coding.is_none() && !of_the_web.contains(name)) {
        let text = format!(
            "Content-Encoding {other} is not available here; gzip, deflate, br, zstd, lz4 and native frames are"
        );
        return Err(EngineError::raised(code::NOT_IMPLEMENTED, "NOT_IMPLEMENTED", text));
    }
    let mut pieces = Decompress::<Payload>::from_headers(body.into_inner(), http.headers());
    let mut read = BytesMut::new();
    while let Some(piece) = pieces.next().await {
        read.extend_from_slice(&piece.map_err(EngineError::bad_request)?);
        if read.len() > LARGEST_BODY {
            return Err(too_large());
        }
    }
    match coding {
        None => Ok(read.to_vec()),
        Some(coding) => {
            let content = coding.decoded(&read, LARGEST_BODY).map_err(EngineError::bad_request)?;
            content.ok_or_else(too_large)
        }
    }
}

fn too_large() -> EngineError {
    let text = format!("The body is larger than {LARGEST_BODY} bytes");
    EngineError::raised(code::QUERY_IS_TOO_LARGE, "QUERY_IS_TOO_LARGE", text)
}

/// The content of a body in ClickHouse's native compression frames.
fn deframed(body: &[u8]) -> Result<Vec<u8>, EngineError> {
    let mut decoder = frames::Decoder::default();
    decoder.push(body);
    let mut content = Vec::new();
    while let Some(frame) = decoder.next_within(LARGEST_BODY)? {
        content.extend_from_slice(&frame);
        if content.len() > LARGEST_BODY {
            return Err(EngineError::bad_request("The body is too large"));
        }
    }
    if decoder.is_cut() {
        return Err(EngineError::bad_request("The body ends in the middle of a compressed frame"));
    }
    Ok(content)
}
