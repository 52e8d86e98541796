//! House rules that no linter knows.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// Longest file without its tests.
const MAX_LINES: usize = 400;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// All source files below a folder.
pub fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if entry.is_dir() {
            files.extend(sources(&entry));
        } else if entry.extension().is_some_and(|extension| extension == "rs") {
            files.push(entry);
        }
    }
    files
}

#[test]
fn every_file_says_what_it_is_and_stays_readable() {
    for file in sources(&root().join("src")) {
        let text = fs::read_to_string(&file).unwrap();
        assert!(text.starts_with("//!"), "{} has no module doc", file.display());
        let lines = text.split("#[cfg(test)]\nmod ").next().unwrap_or_default().lines().count();
        assert!(lines <= MAX_LINES, "{} has {lines} lines", file.display());
    }
}

#[test]
fn every_direct_dependency_is_accounted_for() {
    let manifest: toml::Table = fs::read_to_string(root().join("Cargo.toml")).unwrap().parse().unwrap();
    let listed = fs::read_to_string(root().join("docs/dependencies.md")).unwrap();
    for section in ["dependencies", "dev-dependencies", "build-dependencies"] {
        for name in manifest[section].as_table().unwrap().keys() {
            assert!(
                listed.contains(&format!("| `{name}` |")),
                "docs/dependencies.md has no line for `{name}`"
            );
        }
    }
    for folder in ["sdk-js", "dashboards", "deploy/engine", "deploy/geo", "tests/browser"] {
        let Ok(text) = fs::read_to_string(root().join(folder).join("package.json")) else { continue };
        let package: serde_json::Value = serde_json::from_str(&text).unwrap();
        for section in ["dependencies", "devDependencies"] {
            for name in package[section].as_object().into_iter().flatten().map(|(name, _)| name) {
                assert!(
                    listed.contains(&format!("| `{name}` |")),
                    "docs/dependencies.md has no line for `{name}`"
                );
            }
        }
    }
}

#[test]
fn every_setting_is_documented() {
    let documented = fs::read_to_string(root().join("docs/settings.md")).unwrap();
    for setting in playhead::config::SETTINGS {
        assert!(
            documented.contains(&format!("`{}`", setting.name)),
            "docs/settings.md lacks `{}`",
            setting.name
        );
    }
}
