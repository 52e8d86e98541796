//! Web origins that may send with a key. A fence against other sites that copy a key out of a page: a browser tells the
//! origin truthfully, any other program says what it likes or nothing.

use std::fmt;

use reqwest::Url;

use super::ControlError;

/// Most origins of one key.
const MOST: usize = 100;

/// The origins a key takes beacons from; none named is any.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Origins(Vec<Allowed>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Allowed {
    scheme: String,
    /// Every host below this one is meant, and not itself.
    is_any_below: bool,
    host: String,
    port: Option<u16>,
}

impl Origins {
    /// From `https://example.org`, `http://localhost:3000` or `https://*.example.org`.
    ///
    /// # Errors
    /// [`ControlError::Invalid`] naming what is no origin.
    pub fn parse(origins: &[impl AsRef<str>]) -> Result<Self, ControlError> {
        if origins.len() > MOST {
            return Err(ControlError::Invalid(format!(
                "{} origins; at most {MOST} for a key",
                origins.len()
            )));
        }
        origins.iter().map(|origin| allowed(origin.as_ref())).collect::<Result<_, _>>().map(Self)
    }

    /// From what [`fmt::Display`] wrote.
    pub(super) fn from_words(words: &str) -> Result<Self, ControlError> {
        Self::parse(&words.split_whitespace().collect::<Vec<_>>())
    }

    /// Whether any origin may send.
    pub const fn are_any(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a page of `origin`, as its browser wrote it, may send. Parsed, never compared as text: `null`, another port
    /// and `https://example.org.evil.example` are other origins, upper case and a default port are none.
    pub fn allow(&self, origin: &str) -> bool {
        if self.are_any() {
            return true;
        }
        let Some((scheme, host, port)) = parts(origin) else { return false };
        self.0.iter().any(|allowed| {
            let is_host = match allowed.is_any_below {
                true => host.strip_suffix(&allowed.host).is_some_and(|below| below.ends_with('.')),
                false => host == allowed.host,
            };
            is_host && allowed.scheme == scheme && allowed.port == port
        })
    }

    /// Each in its one form.
    pub fn list(&self) -> Vec<String> {
        self.0.iter().map(ToString::to_string).collect()
    }
}

impl fmt::Display for Origins {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.list().join(" "))
    }
}

impl fmt::Display for Allowed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let star = if self.is_any_below { "*." } else { "" };
        write!(f, "{}://{star}{}", self.scheme, self.host)?;
        self.port.map_or(Ok(()), |port| write!(f, ":{port}"))
    }
}

fn allowed(origin: &str) -> Result<Allowed, ControlError> {
    let is_any_below = origin.contains("://*.");
    let (scheme, host, port) = parts(&origin.replacen("://*.", "://", 1)).ok_or_else(|| {
        ControlError::Invalid(format!(
            "`{origin}` is no origin: write https://example.org, http://localhost:3000 or https://*.example.org"
        ))
    })?;
    Ok(Allowed { scheme, is_any_below, host, port })
}

/// Scheme, host and, unless it is the scheme's own, port; of nothing but an origin.
fn parts(origin: &str) -> Option<(String, String, Option<u16>)> {
    let (scheme, rest) = origin.split_once("://")?;
    // A page's scheme may be an app's own, as `capacitor://localhost`, whose hosts the URL standard leaves as they are.
    if rest.is_empty() || rest.contains(['/', '?', '#', '@', '\\', '*']) || rest.contains(char::is_whitespace)
    {
        return None;
    }
    let url = Url::parse(&format!("{}://{rest}/", scheme.to_ascii_lowercase())).ok()?;
    let host = url.host_str().filter(|host| !host.is_empty())?.to_lowercase();
    Some((url.scheme().to_owned(), host, url.port()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_are_compared_part_by_part() {
        let origins = Origins::parse(&[
            "https://Example.org",
            "http://localhost:3000",
            "https://*.shop.example",
            "https://münchen.example",
        ])
        .unwrap();
        for good in [
            "https://example.org",
            "HTTPS://EXAMPLE.ORG:443",
            "http://localhost:3000",
            "https://a.shop.example",
            "https://a.b.shop.example",
            "https://xn--mnchen-3ya.example",
        ] {
            assert!(origins.allow(good), "{good}");
        }
        for bad in [
            "null",
            "",
            "https://example.org.evil.example",
            "https://evil-example.org",
            "https://a.example.org",
            "http://example.org",
            "https://example.org:8443",
            "https://example.org.",
            "https://example.org/",
            "https://example.org@evil.example",
            "http://localhost",
            "https://shop.example",
            "https://evilshop.example",
            "https://*.shop.example",
            "file://",
        ] {
            assert!(!origins.allow(bad), "{bad}");
        }
        assert!(Origins::default().allow("null"));
    }

    #[test]
    fn what_is_kept_reads_the_same() {
        let origins =
            Origins::parse(&["https://EXAMPLE.org:443", "https://*.a.example:8443", "capacitor://localhost"])
                .unwrap();
        assert_eq!(origins.to_string(), "https://example.org https://*.a.example:8443 capacitor://localhost");
        assert_eq!(Origins::from_words(&origins.to_string()).unwrap(), origins);
        for bad in ["example.org", "https://", "https://a b", "https://x/path", "*", "https://*", "null"] {
            assert!(Origins::parse(&[bad]).is_err(), "{bad}");
        }
    }
}
