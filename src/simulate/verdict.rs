//! What an answer to a request means for what was sent in it.

use std::time::Duration;

use bytes::Bytes;
use reqwest::{StatusCode, header};
use serde::Deserialize;

use super::format::Dialect;
use crate::beacon::handler::cmcd;

/// What came back.
pub struct Answer {
    status: StatusCode,
    retry_after: Duration,
    /// CMCD: how many records are durable.
    accepted: Option<usize>,
    body: Bytes,
}

/// What an answer means for the batch.
pub enum Verdict {
    Done { position: Option<String>, rejected: Vec<u64> },
    Drop,
    Retry { after: Duration },
    Stop(String),
}

#[derive(Deserialize)]
struct NativeAnswer {
    rejected: Vec<RejectedEvent>,
    position: String,
}

#[derive(Deserialize)]
struct RejectedEvent {
    seq: Option<u64>,
}

impl Answer {
    /// Reads a response to its end.
    ///
    /// # Errors
    /// When it breaks off.
    pub async fn read(response: reqwest::Response) -> reqwest::Result<Self> {
        let retry_after_s = number(&response, header::RETRY_AFTER.as_str()).unwrap_or(0);
        Ok(Self {
            status: response.status(),
            retry_after: Duration::from_secs(retry_after_s),
            accepted: number(&response, cmcd::ACCEPTED).and_then(|accepted| usize::try_from(accepted).ok()),
            body: response.bytes().await?,
        })
    }
}

/// What the answer to `count` events means.
pub fn judge(dialect: Dialect, answer: &Answer, count: usize) -> Verdict {
    let status = answer.status;
    let foreign = || Verdict::Stop("the target's 2xx is not the answer of a Playhead collector".to_owned());
    match status.as_u16() {
        200..=299 => match dialect {
            Dialect::Native => match serde_json::from_slice::<NativeAnswer>(&answer.body) {
                Ok(answer) => Verdict::Done {
                    position: Some(answer.position).filter(|position| !position.is_empty()),
                    rejected: answer.rejected.iter().filter_map(|rejected| rejected.seq).collect(),
                },
                Err(_) => foreign(),
            },
            Dialect::Mux | Dialect::Epas => Verdict::Done { position: None, rejected: Vec::new() },
            // The answer does not say which of them, and the players let all of them go.
            Dialect::Cmcd => match answer.accepted {
                Some(accepted) if accepted == count => Verdict::Done { position: None, rejected: Vec::new() },
                Some(_) => Verdict::Drop,
                None => foreign(),
            },
        },
        401 | 403 | 410 => Verdict::Stop(format!("the target answered {status}: is the ingest key right?")),
        400 | 404 | 405 | 413 | 415 | 422 => Verdict::Drop,
        _ => Verdict::Retry { after: answer.retry_after },
    }
}

fn number(answer: &reqwest::Response, header: &str) -> Option<u64> {
    answer.headers().get(header)?.to_str().ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_collectors_answer_acknowledges() {
        let answer = |status, accepted, body: &'static [u8]| Answer {
            status,
            retry_after: Duration::from_secs(2),
            accepted,
            body: Bytes::from_static(body),
        };
        let judged = |dialect, status, body| judge(dialect, &answer(status, None, body), 1);
        let ok = br#"{"accepted":1,"rejected":[{"view":"v","seq":4,"code":"bad_time"}],"position":"0:7"}"#;
        let done = judged(Dialect::Native, StatusCode::ACCEPTED, ok);
        assert!(
            matches!(done, Verdict::Done { position: Some(at), rejected } if at == "0:7" && rejected == [4])
        );
        assert!(matches!(judged(Dialect::Native, StatusCode::OK, b"<html>"), Verdict::Stop(_)));
        assert!(matches!(judged(Dialect::Mux, StatusCode::NO_CONTENT, b""), Verdict::Done { .. }));
        assert!(matches!(judged(Dialect::Mux, StatusCode::UNAUTHORIZED, b""), Verdict::Stop(_)));
        let busy = judged(Dialect::Mux, StatusCode::SERVICE_UNAVAILABLE, b"");
        assert!(matches!(busy, Verdict::Retry { after } if after == Duration::from_secs(2)));
        let cmcd = |accepted| judge(Dialect::Cmcd, &answer(StatusCode::NO_CONTENT, accepted, b""), 3);
        assert!(matches!(cmcd(Some(3)), Verdict::Done { .. }));
        assert!(matches!(cmcd(Some(0)), Verdict::Drop), "shed is not acknowledged");
        assert!(matches!(cmcd(None), Verdict::Stop(_)));
    }
}
