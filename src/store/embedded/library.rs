//! Where libchdb is.

use std::path::{Path, PathBuf};

/// Names the library outright.
pub const VARIABLE: &str = "PLAYHEAD_CHDB_LIB";

const PACKAGE: &str = "deploy/engine/node_modules/@chdb/lib-linux-x64-gnu/libchdb.so";

/// The library is nowhere; the text says where it was looked for and which command brings it.
#[derive(Debug, thiserror::Error)]
#[error(
    "the embedded ClickHouse engine (libchdb.so) was not found in any of: {}. \
     Run `make setup` to install it, or set {VARIABLE} to its path, \
     or set PLAYHEAD_CLICKHOUSE_URL to use a ClickHouse server.",
    .0.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", ")
)]
pub struct NotFound(Vec<PathBuf>);

/// Finds the library: the named file or none; otherwise the first that exists of the well-known places
/// beside the executable, the working directory and the data directory, and their parents.
pub fn find(named: Option<&Path>, data_dir: &Path) -> Result<PathBuf, NotFound> {
    let places = match named {
        Some(path) => vec![path.to_owned()],
        None => well_known(data_dir),
    };
    places.iter().find(|path| path.is_file()).cloned().ok_or(NotFound(places))
}

fn well_known(data_dir: &Path) -> Vec<PathBuf> {
    let mut places = Vec::new();
    let executable = std::env::current_exe().ok();
    if let Some(directory) = executable.as_deref().and_then(Path::parent) {
        places.push(directory.join("libchdb.so"));
        places.push(directory.join("lib/libchdb.so"));
        places.push(directory.join("../lib/libchdb.so"));
        // target/release/playhead and the like, in a checkout
        places.extend(directory.ancestors().skip(1).take(3).map(|above| above.join(PACKAGE)));
    }
    if let Ok(directory) = std::env::current_dir() {
        places.push(directory.join(PACKAGE));
    }
    places.extend(data_dir.ancestors().skip(1).take(2).map(|above| above.join(PACKAGE)));
    places.push(PathBuf::from("/usr/local/lib/libchdb.so"));
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_error_names_the_way_out() {
        let error = find(Some(Path::new("/nowhere/libchdb.so")), Path::new("data")).expect_err("not there");
        let text = error.to_string();
        for part in ["/nowhere/libchdb.so", "make setup", VARIABLE] {
            assert!(text.contains(part), "{text}");
        }
    }

    #[test]
    fn a_checkout_is_searched_from_the_data_directory_upwards() {
        let checkout = tempfile::tempdir().expect("temp dir");
        let library = checkout.path().join(PACKAGE);
        std::fs::create_dir_all(library.parent().expect("has one")).expect("create");
        std::fs::write(&library, b"").expect("write");
        let places = well_known(&checkout.path().join("data"));
        assert!(places.contains(&library), "{places:?}");
    }
}
