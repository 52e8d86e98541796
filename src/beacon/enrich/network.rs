//! What an address says about where its sender is: country, region, and the network it belongs to, from MMDB files.

use std::{net::IpAddr, path::PathBuf};

use serde::Deserialize;

use crate::{
    event::{Attribute, AttributeKey, bot::DATA_CENTRE},
    installed,
};

const COUNTRY_FILE: &str = "geo-whois-asn-country.mmdb";
const COUNTRY_PACKAGE: &str =
    "deploy/geo/node_modules/@ip-location-db/geo-whois-asn-country-mmdb/geo-whois-asn-country.mmdb";
const ASN_FILE: &str = "asn.mmdb";
const ASN_PACKAGE: &str = "deploy/geo/node_modules/asn.mmdb";

/// Networks that rent out machines: who comes from there is seldom a person. Each operator's own, as registered with the
/// regional registries. Networks that people are behind as well (Cloudflare, Akamai, Apple and Google's own, the
/// operators of VPNs) are not here.
fn is_data_centre(asn: u32) -> bool {
    const OPERATORS: [(&str, &[u32]); 14] = [
        ("Amazon", &[8987, 14618, 16509]),
        ("Microsoft", &[8075]),
        ("Google Cloud", &[396_982]),
        ("Oracle", &[31898]),
        ("Alibaba", &[37963, 45102]),
        ("Tencent", &[45090, 132_203]),
        ("Huawei", &[55990, 136_907]),
        ("DigitalOcean", &[14061]),
        ("Linode", &[63949]),
        ("Vultr", &[20473]),
        ("Hetzner", &[24940, 212_317, 213_230]),
        ("OVH", &[16276, 35540]),
        ("Scaleway", &[12876]),
        ("Contabo", &[40021, 51167]),
    ];
    OPERATORS.iter().any(|(_, numbers)| numbers.contains(&asn))
}

/// The MMDB files. What is missing in them, or is missing itself, stays empty.
pub struct Networks {
    countries: Option<Database>,
    asns: Option<Database>,
}

type Database = maxminddb::Reader<Vec<u8>>;

/// What a file of countries or cities says, in the members of GeoLite2, DB-IP, IPinfo and ip-location-db.
#[derive(Deserialize)]
struct Place<'a> {
    country_code: Option<&'a str>,
    country: Option<Country<'a>>,
    #[serde(default)]
    subdivisions: Vec<Subdivision<'a>>,
    #[serde(alias = "state1")]
    region: Option<&'a str>,
}

/// GeoLite2 describes a country, IPinfo names it.
#[derive(Deserialize)]
#[serde(untagged)]
enum Country<'a> {
    Described {
        iso_code: Option<&'a str>,
    },
    #[serde(borrow)]
    Named(&'a str),
}

#[derive(Deserialize)]
struct Subdivision<'a> {
    iso_code: Option<&'a str>,
}

/// What a file of networks says, likewise.
#[derive(Deserialize)]
struct Network<'a> {
    autonomous_system_number: Option<u32>,
    #[serde(alias = "as_name")]
    autonomous_system_organization: Option<&'a str>,
    /// `AS3320`.
    asn: Option<&'a str>,
}

impl Networks {
    /// Each by default the file that came with the installation.
    pub fn open(countries: Option<PathBuf>, asns: Option<PathBuf>) -> Self {
        let found = |file: Option<PathBuf>, name, package| file.or_else(|| installed::find(name, package));
        Self {
            countries: open("countries", found(countries, COUNTRY_FILE, COUNTRY_PACKAGE)),
            asns: open("networks", found(asns, ASN_FILE, ASN_PACKAGE)),
        }
    }

    /// What is known of an address.
    pub fn origin(&self, address: IpAddr) -> Vec<Attribute<'_>> {
        let mut origin = Vec::with_capacity(5);
        if let Some(place) = look_up::<Place<'_>>(self.countries.as_ref(), address) {
            let country = place.country_code.or(match place.country {
                Some(Country::Described { iso_code }) => iso_code,
                Some(Country::Named(code)) if code.len() == 2 => Some(code),
                _ => None,
            });
            let region = place.subdivisions.first().and_then(|first| first.iso_code).or(place.region);
            origin.extend(country.map(|country| Attribute::of_text(AttributeKey::Country, country)));
            origin.extend(region.map(|region| Attribute::of_text(AttributeKey::Region, region)));
        }
        if let Some(network) = look_up::<Network<'_>>(self.asns.as_ref(), address) {
            let number = network.autonomous_system_number.or_else(|| network.asn?.get(2..)?.parse().ok());
            if let Some(number) = number {
                origin.push(Attribute::of_text(AttributeKey::Asn, number.to_string()));
                if is_data_centre(number) {
                    origin.push(Attribute::of_text(AttributeKey::BotClass, DATA_CENTRE));
                }
            }
            let name = network.autonomous_system_organization;
            origin.extend(name.map(|name| Attribute::of_text(AttributeKey::AsnOrganization, name)));
        }
        origin.retain(|attribute| !attribute.text.is_empty());
        origin
    }
}

fn open(what: &str, file: Option<PathBuf>) -> Option<Database> {
    let Some(path) = file else {
        tracing::warn!("{what} stay empty: no MMDB file of them; run `make setup` or name one");
        return None;
    };
    match maxminddb::Reader::open_readfile(&path) {
        Ok(reader) => Some(reader),
        Err(error) => {
            tracing::warn!(path = %path.display(), %error, "{what} stay empty: the MMDB file cannot be read");
            None
        }
    }
}

fn look_up<'a, T: Deserialize<'a>>(database: Option<&'a Database>, address: IpAddr) -> Option<T> {
    database?.lookup(address).ok()?.decode().ok()?
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value<'a>(found: &'a [Attribute<'_>], key: AttributeKey) -> Option<&'a str> {
        found.iter().find(|attribute| attribute.key() == key).map(|attribute| &*attribute.text)
    }

    #[test]
    fn countries_and_networks_come_from_the_installed_files() {
        let networks = Networks::open(None, None);
        let of = |address: &str| networks.origin(address.parse().expect("address"));
        let registry = of("193.0.6.139");
        assert_eq!(value(&registry, AttributeKey::Country), Some("NL"));
        assert_eq!(value(&registry, AttributeKey::Asn), Some("3333"));
        assert_eq!(value(&registry, AttributeKey::BotClass), None);
        let resolver = of("2606:4700:4700::1111");
        assert_eq!(value(&resolver, AttributeKey::Asn), Some("13335"));
        assert!(
            value(&resolver, AttributeKey::AsnOrganization).is_some_and(|name| name.contains("Cloudflare"))
        );
        assert_eq!(value(&of("3.5.140.2"), AttributeKey::BotClass), Some(DATA_CENTRE));
        assert_eq!(of("127.0.0.1"), []);
    }

    #[test]
    fn missing_files_leave_their_facts_empty() {
        let nothing = Some(PathBuf::from("/nowhere.mmdb"));
        let networks = Networks::open(nothing.clone(), nothing);
        assert_eq!(networks.origin("193.0.6.139".parse().expect("address")), []);
    }
}
