//! Beacons of the past: `playhead simulate --backfill-days` says when each is to have arrived.
//!
//! Only a sender on this machine may, and only itself: what a proxy passes on is somebody else's. Nobody else can have a
//! reason to, and retention and daily partitions go by the time of arrival.

use actix_web::{dev::RequestHead, http::header::HeaderName};

use super::refusal::Refusal;

/// Unix ms.
pub const RECEIVED_MS: HeaderName = HeaderName::from_static("playhead-received-ms");

/// What proxies add. `X-Forwarded-For` is not among them: simulated viewers come from all over the world.
const PROXY_HEADERS: [&str; 5] = ["via", "forwarded", "x-real-ip", "x-forwarded-proto", "x-forwarded-host"];

/// As far back as views are kept.
const OLDEST_MS: i64 = 90 * 24 * 3_600_000;

/// When the beacon arrived: `now_ms`, or what a sender on this machine says.
///
/// # Errors
/// When somebody says so who may not, or the time is no time of the last 90 days.
pub fn received_ms(request: &RequestHead, now_ms: i64, is_accepted: bool) -> Result<i64, Refusal> {
    let Some(told) = request.headers().get(RECEIVED_MS) else { return Ok(now_ms) };
    let is_own = request.peer_addr.is_some_and(|peer| peer.ip().to_canonical().is_loopback());
    if !is_accepted || !is_own || PROXY_HEADERS.iter().any(|name| request.headers().contains_key(*name)) {
        return Err(Refusal::NoHistory);
    }
    let told_ms = told.to_str().ok().and_then(|text| text.parse::<i64>().ok());
    told_ms
        .filter(|told_ms| (now_ms - OLDEST_MS..=now_ms).contains(told_ms))
        .ok_or(Refusal::BadBeacon("playhead-received-ms is a time of the last 90 days, Unix ms"))
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    const NOW_MS: i64 = 1_795_313_029_786;

    fn asked(peer: &str, told: &str, more: Option<&str>) -> Result<i64, &'static str> {
        let mut request = TestRequest::default()
            .peer_addr(format!("{peer}:1").parse().unwrap())
            .insert_header((RECEIVED_MS, told))
            .insert_header(("x-forwarded-for", "203.0.113.9"));
        if let Some(name) = more {
            request = request.insert_header((name, "1.1 proxy"));
        }
        received_ms(request.to_http_request().head(), NOW_MS, true).map_err(|refusal| refusal.code())
    }

    #[test]
    fn only_this_machine_may_write_into_the_past() {
        let yesterday = (NOW_MS - 86_400_000).to_string();
        assert_eq!(asked("127.0.0.1", &yesterday, None), Ok(NOW_MS - 86_400_000));
        assert_eq!(asked("198.51.100.1", &yesterday, None), Err("no_history"));
        assert_eq!(asked("127.0.0.1", &yesterday, Some("via")), Err("no_history"));
        assert_eq!(asked("127.0.0.1", &(NOW_MS + 1).to_string(), None), Err("bad_beacon"));
        assert_eq!(asked("127.0.0.1", "1", None), Err("bad_beacon"));
        assert_eq!(asked("127.0.0.1", "soon", None), Err("bad_beacon"));
        let unasked = TestRequest::default().to_http_request();
        assert_eq!(received_ms(unasked.head(), NOW_MS, false).ok(), Some(NOW_MS));
    }
}
