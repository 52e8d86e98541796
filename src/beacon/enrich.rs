//! What the collector adds about the sender: browser, operating system, device, place, network, whether it is a robot, and
//! the address cut short.
//!
//! The full address is used for place and network and then forgotten: only its /24 (IPv4) or /48 (IPv6) enters the log (P8).

mod bots;
mod known;
mod network;

use std::{net::IpAddr, path::PathBuf, sync::Arc};

use actix_web::{dev::RequestHead, http::header};
use bytes::Bytes;
use ipnet::IpNet;
use moka::sync::Cache;

use self::{bots::Bots, known::KnownSenders, network::Networks};
use crate::{
    event::{Attribute, AttributeKey, Record, bot::CRAWLER},
    web::address::client_address,
};

/// Distinct user agents kept parsed.
const USER_AGENTS_CACHED: u64 = 10_000;
/// Longer user agents are cut: no browser sends them.
const MAX_USER_AGENT_BYTES: usize = 1024;

/// Looks up facts about senders. Cheap to share, never fails: what is not known is left out.
pub struct Enricher {
    trusted_proxies: Vec<IpNet>,
    networks: Networks,
    bots: Bots,
    senders: KnownSenders,
    agents: Cache<String, Arc<[Attribute<'static>]>>,
    parser: woothee::parser::Parser,
}

impl Enricher {
    /// The databases are MMDB files, by default those that came with the installation; without any, country and network
    /// stay empty.
    pub fn new(
        trusted_proxies: Vec<IpNet>,
        country_database: Option<PathBuf>,
        asn_database: Option<PathBuf>,
    ) -> Self {
        Self {
            trusted_proxies,
            networks: Networks::open(country_database, asn_database),
            bots: Bots::open(),
            senders: KnownSenders::default(),
            agents: Cache::new(USER_AGENTS_CACHED),
            parser: woothee::parser::Parser::new(),
        }
    }

    /// Everything known about the sender of `request`, as the part of a record that it becomes
    /// ([`Record::to_bytes_with`]).
    pub fn origin(&self, request: &RequestHead) -> Bytes {
        let agent = request.headers().get(header::USER_AGENT).and_then(|value| value.to_str().ok());
        let address = client_address(request, &self.trusted_proxies);
        self.senders.get(agent, address, || Record::of_origin(self.look_up(agent, address)))
    }

    fn look_up(&self, agent: Option<&str>, address: Option<IpAddr>) -> Vec<Attribute<'_>> {
        let mut origin = Vec::with_capacity(8);
        if let Some(agent) = agent {
            origin.extend_from_slice(&self.agent(agent));
        }
        if let Some(address) = address {
            let calls_itself_robot = origin.iter().any(|known| known.key() == AttributeKey::BotClass);
            let found = self.networks.origin(address).into_iter();
            // What an agent says of itself is more than where it comes from.
            origin.extend(found.filter(|f| !calls_itself_robot || f.key() != AttributeKey::BotClass));
            let prefix = truncated(address);
            origin.extend(
                prefix.map(|prefix| Attribute::of_text(AttributeKey::AddressPrefix, prefix.to_string())),
            );
        }
        origin
    }

    /// The network `request` comes from.
    pub fn network(&self, request: &RequestHead) -> Option<IpNet> {
        truncated(client_address(request, &self.trusted_proxies)?)
    }

    fn agent(&self, agent: &str) -> Arc<[Attribute<'static>]> {
        let mut end = agent.len().min(MAX_USER_AGENT_BYTES);
        while !agent.is_char_boundary(end) {
            end -= 1;
        }
        let agent = &agent[..end];
        if let Some(known) = self.agents.get(agent) {
            return known;
        }
        let parsed: Arc<[Attribute<'static>]> = self.parse_agent(agent).into();
        self.agents.insert(agent.to_owned(), Arc::clone(&parsed));
        parsed
    }

    fn parse_agent(&self, agent: &str) -> Vec<Attribute<'static>> {
        let found = self.parser.parse(agent);
        let is_crawler = found.as_ref().is_some_and(|found| found.category == "crawler");
        let bot_class = self.bots.class(agent).or_else(|| is_crawler.then_some(CRAWLER));
        let mut facts = vec![(AttributeKey::BotClass, bot_class.unwrap_or_default())];
        if let Some(found) = &found {
            facts.extend([
                (AttributeKey::Browser, found.name),
                (AttributeKey::BrowserVersion, found.version),
                (AttributeKey::OperatingSystem, found.os),
                (AttributeKey::OperatingSystemVersion, &*found.os_version),
                (AttributeKey::Device, device(found.category)),
            ]);
        }
        let known = facts.into_iter().filter(|(_, value)| !value.is_empty() && *value != "UNKNOWN");
        known.map(|(key, value)| Attribute::of_text(key, value.to_owned())).collect()
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
    fn user_agents_become_browser_system_and_device() {
        let agent = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36";
        let found = Enricher::new(Vec::new(), None, None).agent(agent);
        let value = |key| found.iter().find(|a| a.key() == key).map(|a| &*a.text);
        assert_eq!(value(AttributeKey::Browser), Some("Chrome"));
        assert_eq!(value(AttributeKey::OperatingSystem), Some("Linux"));
        assert_eq!(value(AttributeKey::Device), Some("desktop"));
        assert_eq!(value(AttributeKey::BotClass), None);
    }
}
