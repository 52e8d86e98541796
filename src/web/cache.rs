//! One query per question and second, however many ask.
//!
//! Those who ask the same at the same time wait for one answer; those who ask within the second get it again. So any
//! number of dashboards costs ClickHouse one query per distinct question per second, and a shared answer is never
//! older than that.

use std::{
    future::Future,
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;
use moka::future::Cache;

use super::error::ApiError;

/// Answers live this long; the question's second changes as fast.
const LIFETIME: Duration = Duration::from_secs(1);
/// All answers together.
const MAX_BYTES: u64 = 64 * 1024 * 1024;

/// What makes two questions the same.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Question {
    pub environment: Arc<str>,
    /// Path and canonical parameters.
    pub text: String,
    /// The second it is asked in: relative timeframes end with it.
    pub second: i64,
}

/// A JSON document and where it came from.
#[derive(Debug, Clone)]
pub struct Answer {
    pub body: Bytes,
    pub timing: String,
}

/// Answers of the last second.
#[derive(Clone)]
pub struct AnswerCache {
    answers: Cache<Question, Bytes>,
}

impl Default for AnswerCache {
    fn default() -> Self {
        let weigh = |question: &Question, body: &Bytes| {
            u32::try_from(question.text.len() + body.len()).unwrap_or(u32::MAX)
        };
        let answers = Cache::builder().max_capacity(MAX_BYTES).weigher(weigh).time_to_live(LIFETIME).build();
        Self { answers }
    }
}

impl AnswerCache {
    /// The answer to `question`, by `ask` if nobody has asked within the second. Failures are shared by those who
    /// wait for them and not kept.
    pub async fn answer(
        &self,
        question: Question,
        ask: impl Future<Output = Result<Bytes, ApiError>>,
    ) -> Result<Answer, ApiError> {
        let begun = Instant::now();
        let entry = self
            .answers
            .entry(question)
            .or_try_insert_with(ask)
            .await
            .map_err(|error: Arc<ApiError>| error.as_ref().clone())?;
        let source = if entry.is_fresh() { "miss" } else { "hit" };
        Ok(Answer { timing: timing(source, begun), body: entry.into_value() })
    }

    /// The answer now, past the cache: for those who wait for their own write.
    pub async fn ask(ask: impl Future<Output = Result<Bytes, ApiError>>) -> Result<Answer, ApiError> {
        let begun = Instant::now();
        let body = ask.await?;
        Ok(Answer { body, timing: timing("bypass", begun) })
    }
}

/// The value of a `Server-Timing` header.
fn timing(source: &str, begun: Instant) -> String {
    format!("cache;desc={source}, db;dur={:.1}", begun.elapsed().as_secs_f64() * 1000.0)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    fn question(environment: &str) -> Question {
        Question { environment: environment.into(), text: "/x".to_owned(), second: 1 }
    }

    #[tokio::test]
    async fn a_thousand_who_ask_at_once_cost_one_query() {
        let cache = AnswerCache::default();
        let asked = Arc::new(AtomicU32::new(0));
        let waiting = (0..1000).map(|_| {
            let (cache, asked) = (cache.clone(), asked.clone());
            tokio::spawn(async move {
                let ask = async {
                    asked.fetch_add(1, Ordering::SeqCst);
                    tokio::time::sleep(Duration::from_millis(20)).await;
                    Ok(Bytes::from_static(b"{}"))
                };
                cache.answer(question("a"), ask).await.unwrap()
            })
        });
        futures_util::future::join_all(waiting).await;
        assert_eq!(asked.load(Ordering::SeqCst), 1);
    }

    #[tokio::test]
    async fn environments_do_not_share_and_failures_do_not_stay() {
        let cache = AnswerCache::default();
        let failed = cache.answer(question("a"), async { Err(ApiError::PositionLate) }).await;
        assert!(failed.is_err());
        for (environment, body) in [("a", "1"), ("b", "2")] {
            let answer = cache.answer(question(environment), async move { Ok(Bytes::from(body)) }).await;
            assert_eq!(answer.unwrap().body, body);
        }
    }
}
