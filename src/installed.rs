//! Where files lie that came with the installation and are too large for the binary: the engine's library, the files
//! about addresses and robots. Beside the executable, or in a checkout among its npm packages.

use std::path::{Path, PathBuf};

/// Places to look for `file`, which a checkout has at `package`, in order of preference.
pub fn places(file: &str, package: &str) -> Vec<PathBuf> {
    let mut places = Vec::new();
    let executable = std::env::current_exe().ok();
    if let Some(directory) = executable.as_deref().and_then(Path::parent) {
        places.push(directory.join(file));
        places.push(directory.join("lib").join(file));
        places.push(directory.join("../lib").join(file));
        // target/release/playhead and the like, in a checkout
        places.extend(directory.ancestors().skip(1).take(3).map(|above| above.join(package)));
    }
    if let Ok(directory) = std::env::current_dir() {
        places.push(directory.join(package));
    }
    places.push(Path::new("/usr/local/lib").join(file));
    places
}

/// The first of the places that has the file.
pub fn find(file: &str, package: &str) -> Option<PathBuf> {
    places(file, package).into_iter().find(|path| path.is_file())
}
