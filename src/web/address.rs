//! Whose address a request comes from.

use std::net::{IpAddr, Ipv6Addr};

use actix_web::dev::RequestHead;
use ipnet::IpNet;

/// The client's address: the peer's, unless the peer is a trusted proxy. Then the newest address in
/// `X-Forwarded-For` that is no trusted proxy itself; what stands before it may have been made up.
pub fn client_address(request: &RequestHead, trusted: &[IpNet]) -> Option<IpAddr> {
    let mut address = request.peer_addr?.ip().to_canonical();
    let forwarded: Vec<&str> = request
        .headers()
        .get_all("x-forwarded-for")
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .collect();
    for hop in forwarded.into_iter().rev() {
        if !trusted.iter().any(|network| network.contains(&address)) {
            break;
        }
        match hop.parse::<IpAddr>() {
            Ok(hop) => address = hop.to_canonical(),
            Err(_) => break,
        }
    }
    Some(address)
}

/// What limits are counted by: an IPv6 host has a whole /64 to choose from.
pub fn limit_key(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn seen(peer: &str, forwarded: &str) -> IpAddr {
        let request = TestRequest::default()
            .peer_addr(format!("{peer}:1").parse().unwrap())
            .insert_header(("x-forwarded-for", forwarded))
            .to_http_request();
        client_address(request.head(), &["10.0.0.0/8".parse().unwrap()]).unwrap()
    }

    #[test]
    fn forwarded_addresses_count_only_from_trusted_proxies() {
        let at = |text: &str| text.parse::<IpAddr>().unwrap();
        assert_eq!(seen("203.0.113.9", "198.51.100.1"), at("203.0.113.9"));
        assert_eq!(seen("10.0.0.1", "198.51.100.1"), at("198.51.100.1"));
        assert_eq!(seen("10.0.0.1", "1.1.1.1, 198.51.100.1, 10.0.0.2"), at("198.51.100.1"));
        assert_eq!(seen("10.0.0.1", "nonsense"), at("10.0.0.1"));
    }

    #[test]
    fn an_ipv6_network_is_one_key() {
        let at = |text: &str| text.parse::<IpAddr>().unwrap();
        assert_eq!(limit_key(at("2001:db8:1:2:3::4")), limit_key(at("2001:db8:1:2:9::9")));
        assert_ne!(limit_key(at("2001:db8:1:2::1")), limit_key(at("2001:db8:1:3::1")));
    }
}
