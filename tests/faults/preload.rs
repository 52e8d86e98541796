//! Small libraries that a service of the tests is started with, so that its clock or its names are what a row wants. They read
//! a file each time they are asked, and the row writes the file.

use std::{fs, process::Command};

use tempfile::TempDir;

/// A library and the file it reads.
pub struct Preload {
    folder: TempDir,
    variable: &'static str,
    library: String,
    file: String,
}

impl Preload {
    /// The wall clock; [`Self::jump`] sets it.
    pub fn clock() -> Self {
        let clock = Self::build("clock.c", "env:FAULTS_CLOCK");
        clock.jump(0);
        clock
    }

    /// The addresses of names; [`Self::name`] sets one.
    pub fn names() -> Self {
        Self::build("names.c", "env:FAULTS_NAMES")
    }

    /// Builds the library, with the compiler that librdkafka needs anyway.
    fn build(source: &str, variable: &'static str) -> Self {
        let folder = tempfile::tempdir().expect("a directory");
        let path = |name| folder.path().join(name).to_str().expect("a path").to_owned();
        let preload = Self { library: path("library.so"), file: path("said"), folder, variable };
        let source = format!("{}/tests/faults/{source}", env!("CARGO_MANIFEST_DIR"));
        let mut cc = Command::new("cc");
        let built = cc
            .args(["-shared", "-fPIC", "-O1", "-o"])
            .arg(&preload.library)
            .arg(&source)
            .arg("-ldl")
            .status();
        assert!(built.expect("cc runs").success(), "{source} cannot be built");
        preload
    }

    /// What a server has to be started with.
    pub fn settings(&self) -> [(&str, &str); 2] {
        [("env:LD_PRELOAD", &self.library), (self.variable, &self.file)]
    }

    /// From now on the wall clock is so many seconds ahead of the machine's, or behind it.
    pub fn jump(&self, seconds: i64) {
        self.say(&seconds.to_ne_bytes());
    }

    /// From now on `name` is at `address`.
    pub fn name(&self, name: &str, address: &str) {
        self.say(format!("{name} {address}").as_bytes());
    }

    fn say(&self, bytes: &[u8]) {
        let next = self.folder.path().join("next");
        fs::write(&next, bytes).expect("written");
        fs::rename(next, &self.file).expect("renamed");
    }
}
