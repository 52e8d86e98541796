//! What the collector adds about the sender: browser, operating system, device, country, and the address cut short.
//!
//! The full address is used for the country and then forgotten: only its /24 (IPv4) or /48 (IPv6) enters the log (P8).

use std::{net::IpAddr, path::PathBuf, sync::Arc};

use actix_web::{HttpRequest, http::header};
use ipnet::IpNet;
use moka::sync::Cache;

use crate::{
    event::{Attribute, AttributeKey},
    installed,
    web::address::client_address,
};

/// Distinct user agents kept parsed.
const USER_AGENTS_CACHED: u64 = 10_000;
/// Longer user agents are cut: no browser sends them.
const MAX_USER_AGENT_BYTES: usize = 1024;

const COUNTRY_FILE: &str = "geo-whois-asn-country.mmdb";
const COUNTRY_PACKAGE: &str =
    "deploy/geo/node_modules/@ip-location-db/geo-whois-asn-country-mmdb/geo-whois-asn-country.mmdb";

/// Looks up facts about senders. Cheap to share, never fails: what is not known is left out.
pub struct Enricher {
    trusted_proxies: Vec<IpNet>,
    country: Option<maxminddb::Reader<Vec<u8>>>,
    agents: Cache<String, Arc<[Attribute]>>,
    parser: woothee::parser::Parser,
}

impl Enricher {
    /// `country_database` is an MMDB file, by default the one that came with the installation; without any the country
    /// stays empty.
    pub fn new(trusted_proxies: Vec<IpNet>, country_database: Option<PathBuf>) -> Self {
        let file = country_database.or_else(|| installed::find(COUNTRY_FILE, COUNTRY_PACKAGE));
        if file.is_none() {
            tracing::warn!("countries stay empty: no {COUNTRY_FILE}; run `make setup` or name a file");
        }
        let country = file.and_then(|path| match maxminddb::Reader::open_readfile(&path) {
            Ok(reader) => Some(reader),
            Err(error) => {
                tracing::warn!(path = %path.display(), %error, "countries stay empty: the MMDB file cannot be read");
                None
            }
        });
        Self {
            trusted_proxies,
            country,
            agents: Cache::new(USER_AGENTS_CACHED),
            parser: woothee::parser::Parser::new(),
        }
    }

    /// Everything known about the sender of `request`.
    pub fn origin(&self, request: &HttpRequest) -> Vec<Attribute> {
        let mut origin = Vec::with_capacity(8);
        if let Some(agent) = request.headers().get(header::USER_AGENT).and_then(|value| value.to_str().ok()) {
            origin.extend_from_slice(&self.agent(agent));
        }
        if let Some(address) = client_address(request, &self.trusted_proxies) {
            origin.extend(self.country(address).map(|country| text(AttributeKey::Country, country)));
            origin.extend(
                truncated(address).map(|prefix| text(AttributeKey::AddressPrefix, prefix.to_string())),
            );
        }
        origin
    }

    /// The network `request` comes from.
    pub fn network(&self, request: &HttpRequest) -> Option<IpNet> {
        truncated(client_address(request, &self.trusted_proxies)?)
    }

    fn country(&self, address: IpAddr) -> Option<String> {
        #[derive(serde::Deserialize)]
        struct Found {
            country_code: Option<String>,
            country: Option<Country>,
        }
        #[derive(serde::Deserialize)]
        struct Country {
            iso_code: Option<String>,
        }
        let found: Found = self.country.as_ref()?.lookup(address).ok()?.decode().ok()??;
        found.country_code.or(found.country.and_then(|country| country.iso_code))
    }

    fn agent(&self, agent: &str) -> Arc<[Attribute]> {
        let mut end = agent.len().min(MAX_USER_AGENT_BYTES);
        while !agent.is_char_boundary(end) {
            end -= 1;
        }
        let agent = &agent[..end];
        if let Some(known) = self.agents.get(agent) {
            return known;
        }
        let parsed: Arc<[Attribute]> = self.parse_agent(agent).into();
        self.agents.insert(agent.to_owned(), Arc::clone(&parsed));
        parsed
    }

    fn parse_agent(&self, agent: &str) -> Vec<Attribute> {
        let Some(found) = self.parser.parse(agent) else { return Vec::new() };
        let facts = [
            (AttributeKey::Browser, found.name),
            (AttributeKey::BrowserVersion, found.version),
            (AttributeKey::OperatingSystem, found.os),
            (AttributeKey::OperatingSystemVersion, &*found.os_version),
            (AttributeKey::Device, device(found.category)),
        ];
        let known = facts.into_iter().filter(|(_, value)| !value.is_empty() && *value != "UNKNOWN");
        known.map(|(key, value)| text(key, value)).collect()
    }
}

/// The field's words for what the parser calls a category.
fn device(category: &str) -> &'static str {
    match category {
        "pc" => "desktop",
        "smartphone" | "mobilephone" => "phone",
        "appliance" => "console",
        "crawler" => "crawler",
        _ => "",
    }
}

/// The network an address belongs to, coarse enough to be nobody's.
fn truncated(address: IpAddr) -> Option<IpNet> {
    let bits = if address.is_ipv4() { 24 } else { 48 };
    IpNet::new(address, bits).ok().map(|network| network.trunc())
}

fn text(key: AttributeKey, text: impl Into<String>) -> Attribute {
    Attribute { key: key as i32, text: text.into(), ..Attribute::default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_cut_before_they_are_kept() {
        let cut = |text: &str| truncated(text.parse().expect("address")).expect("network").to_string();
        assert_eq!(cut("203.0.113.9"), "203.0.113.0/24");
        assert_eq!(cut("2001:db8:1:2::3"), "2001:db8:1::/48");
    }

    #[test]
    fn countries_come_from_the_installed_file() {
        let enricher = Enricher::new(Vec::new(), None);
        assert_eq!(enricher.country("193.99.144.80".parse().expect("address")).as_deref(), Some("DE"));
        assert_eq!(enricher.country("127.0.0.1".parse().expect("address")), None);
    }

    #[test]
    fn user_agents_become_browser_system_and_device() {
        let agent = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36";
        let found = Enricher::new(Vec::new(), None).agent(agent);
        let value = |key| found.iter().find(|a| a.key() == key).map(|a| a.text.as_str());
        assert_eq!(value(AttributeKey::Browser), Some("Chrome"));
        assert_eq!(value(AttributeKey::OperatingSystem), Some("Linux"));
        assert_eq!(value(AttributeKey::Device), Some("desktop"));
    }
}
