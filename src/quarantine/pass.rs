//! The secret between a service and the commands of its operator.

use std::{io, path::Path};

use subtle::ConstantTimeEq;

use crate::{control::random_secret, credentials::write_private};

const FILE: &str = "operator.pass";

/// Who has it may read the data directory, and therefore the quarantine.
#[derive(Clone)]
pub struct Pass(String);

impl Pass {
    /// A new one, written down in `data_dir`.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn issue(data_dir: &Path) -> io::Result<Self> {
        let pass = Self(random_secret());
        write_private(&data_dir.join(FILE), pass.0.as_bytes())?;
        Ok(pass)
    }

    /// The one that the service running on `data_dir` has written down.
    ///
    /// # Errors
    /// When there is none, or it is not ours to read.
    pub fn found(data_dir: &Path) -> io::Result<Self> {
        std::fs::read_to_string(data_dir.join(FILE)).map(Self)
    }

    /// As a bearer token.
    pub fn secret(&self) -> &str {
        &self.0
    }

    /// Whether `authorization` is `Bearer` and this.
    pub fn opens_for(&self, authorization: &str) -> bool {
        let given = authorization.strip_prefix("Bearer ").unwrap_or_default();
        given.as_bytes().ct_eq(self.0.as_bytes()).into()
    }
}
