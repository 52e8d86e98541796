//! Where settings come from, layer by layer, and what is wrong with them, all of it.

use std::{collections::BTreeMap, fmt::Display, net::SocketAddr, path::PathBuf, str::FromStr};

use super::{SETTINGS, Setting};

/// Values that must not be shown.
const SECRETS: [&str; 4] = ["clickhouse_password", "bootstrap_token", "bootstrap_admin", "kafka_properties"];

const PREFIX: &str = "PLAYHEAD_";
/// Variables of the tests and their tools.
const OF_TESTS: [&str; 5] = ["planted_bug", "chromium", "bin", "bless", "test_update"];

/// The layers settings come from; the first that has a name wins.
#[derive(Debug, Default)]
pub struct Layers {
    pub flags: BTreeMap<String, String>,
    pub environment: BTreeMap<String, String>,
    /// Path and content of the file.
    pub file: Option<(PathBuf, String)>,
}

impl Layers {
    /// The variables of this process that are settings.
    pub fn environment_of_process() -> BTreeMap<String, String> {
        let variable = |setting: &Setting| {
            let value = std::env::var(format!("{PREFIX}{}", setting.name.to_uppercase())).ok()?;
            Some((setting.name.to_owned(), value))
        };
        SETTINGS.iter().filter_map(variable).collect()
    }

    /// Those of `names` that look like settings and are none: misspelt, most likely.
    pub fn unknown_variables(names: impl Iterator<Item = String>) -> Vec<String> {
        let is_unknown = |name: &String| {
            let Some(word) = name.strip_prefix(PREFIX).map(str::to_lowercase) else { return false };
            let is_setting = SETTINGS.iter().any(|setting| setting.name == word);
            // Kubernetes tells where a service of our name is by `PLAYHEAD_SERVICE_HOST`, `PLAYHEAD_PORT_8080_TCP`, …
            let is_service = word.split('_').any(|part| part == "service" || part == "port");
            !is_setting && !is_service && !OF_TESTS.contains(&word.as_str())
        };
        names.filter(is_unknown).collect()
    }
}

/// Reads values by name and collects what is wrong with them.
pub(super) struct Reader {
    values: BTreeMap<&'static str, (String, String)>,
    pub(super) mistakes: Vec<String>,
}

impl Reader {
    pub(super) fn new(layers: &Layers) -> Self {
        let mut mistakes = Vec::new();
        let file = layers
            .file
            .as_ref()
            .map(|(path, text)| (path.display().to_string(), table(path, text, &mut mistakes)));
        let mut values = BTreeMap::new();
        for Setting { name, default, .. } in SETTINGS {
            let flag =
                layers.flags.get(name).map(|value| (value.clone(), format!("--{}", name.replace('_', "-"))));
            let variable =
                || Some((layers.environment.get(name)?.clone(), format!("{PREFIX}{}", name.to_uppercase())));
            let in_file = || {
                let (path, table) = file.as_ref()?;
                Some((table.get(name)?.clone(), format!("`{name}` in {path}")))
            };
            let value = flag.or_else(variable).or_else(in_file);
            values.insert(
                name,
                value.unwrap_or_else(|| (default.to_owned(), format!("the default of {name}"))),
            );
        }
        Self { values, mistakes }
    }

    pub(super) fn text(&self, name: &str) -> String {
        self.values.get(name).map(|(value, _)| value.trim().to_owned()).unwrap_or_default()
    }

    pub(super) fn optional(&self, name: &str) -> Option<String> {
        Some(self.text(name)).filter(|text| !text.is_empty())
    }

    pub(super) fn parsed<T: FromStr<Err: Display>>(&mut self, name: &str) -> Option<T> {
        match self.text(name).parse() {
            Ok(value) => Some(value),
            Err(error) => {
                self.mistake(name, &error);
                None
            }
        }
    }

    pub(super) fn number<T: FromStr>(&mut self, name: &str) -> Option<T> {
        let number = self.text(name).parse().ok();
        if number.is_none() {
            self.mistake(name, &"a whole number without a unit, such as 8589934592 for 8 GiB");
        }
        number
    }

    /// Where to listen. Names are no addresses: they may stand for several.
    pub(super) fn address(&mut self, name: &str) -> Option<SocketAddr> {
        let address = self.text(name).parse().ok();
        if address.is_none() {
            let wanted =
                "an IP address and a port, such as 127.0.0.1:8080, or 0.0.0.0:8080 for every network";
            self.mistake(name, &wanted);
        }
        address
    }

    pub(super) fn list<T: FromStr<Err: Display>>(&mut self, name: &str) -> Vec<T> {
        let text = self.text(name);
        let words = text.split(',').map(str::trim).filter(|word| !word.is_empty());
        let mut list = Vec::new();
        for word in words {
            match word.parse() {
                Ok(value) => list.push(value),
                Err(error) => self.mistake(name, &error),
            }
        }
        list
    }

    pub(super) fn mistake(&mut self, name: &str, error: &dyn Display) {
        let (value, source) = self.values.get(name).cloned().unwrap_or_default();
        let shown = if SECRETS.contains(&name) { "(hidden)" } else { &value };
        self.mistakes.push(format!("{source}: `{shown}`: {error}"));
    }
}

fn table(path: &std::path::Path, text: &str, mistakes: &mut Vec<String>) -> BTreeMap<String, String> {
    let table: toml::Table = match text.parse() {
        Ok(table) => table,
        Err(error) => {
            mistakes.push(format!("{}: {error}", path.display()));
            return BTreeMap::new();
        }
    };
    let mut known = BTreeMap::new();
    for (name, value) in table {
        if !SETTINGS.iter().any(|setting| setting.name == name) {
            mistakes.push(format!("{}: there is no setting `{name}`", path.display()));
            continue;
        }
        known.insert(name, written(value));
    }
    known
}

/// A value as a flag would have it: a list's words with commas between.
fn written(value: toml::Value) -> String {
    match value {
        toml::Value::String(text) => text,
        toml::Value::Array(words) => words.into_iter().map(written).collect::<Vec<_>>().join(","),
        other => other.to_string(),
    }
}
