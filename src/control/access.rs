//! What a caller may do: scopes of tokens, and roles of people, which are sets of scopes with a name.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize, Serializer};

/// One thing a caller may do in its environment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// Metrics, views, heatmaps, live.
    Read,
    /// The SQL port.
    Sql,
    /// What people add to the data: annotations, incidents.
    Write,
    /// Ingest keys, tokens, retention, erasure, export.
    Admin,
}

impl Scope {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Read, Self::Sql, Self::Write, Self::Admin];

    /// Its word in the API, the command line and the database.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Sql => "sql",
            Self::Write => "write",
            Self::Admin => "admin",
        }
    }

    const fn bit(self) -> u8 {
        1 << self as u8
    }
}

impl FromStr for Scope {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        let known = Self::ALL.into_iter().find(|scope| scope.word() == word);
        known.ok_or_else(|| format!("`{word}` is no scope; choices: read, sql, write, admin"))
    }
}

/// A set of scopes.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct Scopes(u8);

impl Scopes {
    /// What a token may do that was made with nothing said: everything but administer.
    pub const PROGRAM: Self = Self(Scope::Read.bit() | Scope::Sql.bit() | Scope::Write.bit());
    /// Everything.
    pub const ALL: Self = Self(Self::PROGRAM.0 | Scope::Admin.bit());

    /// Whether `scope` is one of them.
    pub const fn has(self, scope: Scope) -> bool {
        self.0 & scope.bit() != 0
    }

    /// Whether all of `others` are among them.
    pub const fn cover(self, others: Self) -> bool {
        others.0 & !self.0 == 0
    }

    /// Whether there is none.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Each of them, in the order of [`Scope::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Scope> {
        Scope::ALL.into_iter().filter(move |scope| self.has(*scope))
    }

    /// From the words of the database. Words of a newer version give nothing.
    pub fn from_words(words: &str) -> Self {
        words.split_whitespace().filter_map(|word| word.parse().ok()).collect()
    }
}

impl FromIterator<Scope> for Scopes {
    fn from_iter<I: IntoIterator<Item = Scope>>(scopes: I) -> Self {
        Self(scopes.into_iter().fold(0, |bits, scope| bits | scope.bit()))
    }
}

impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.iter().map(Scope::word).collect::<Vec<_>>().join(" "))
    }
}

impl fmt::Debug for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

impl Serialize for Scopes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

/// What somebody is, in each environment they see.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Looks: metrics, views, live, SQL and the queries they keep.
    Viewer,
    /// A viewer who may also annotate.
    Editor,
    /// An editor who also has the keys, tokens and data of the environments in hand.
    Admin,
    /// An admin of every environment, who makes environments and invites people.
    Owner,
}

impl Role {
    /// All of them, the least first.
    pub const ALL: [Self; 4] = [Self::Viewer, Self::Editor, Self::Admin, Self::Owner];

    /// Its word in the API, the command line and the database.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Editor => "editor",
            Self::Admin => "admin",
            Self::Owner => "owner",
        }
    }

    /// What it may do.
    pub fn scopes(self) -> Scopes {
        match self {
            Self::Viewer => [Scope::Read, Scope::Sql].into_iter().collect(),
            Self::Editor => Scopes::PROGRAM,
            Self::Admin | Self::Owner => Scopes::ALL,
        }
    }
}

impl FromStr for Role {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        let known = Self::ALL.into_iter().find(|role| role.word() == word);
        known.ok_or_else(|| format!("`{word}` is no role; choices: viewer, editor, admin, owner"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_are_words_and_back() {
        assert_eq!(Scopes::ALL.to_string(), "read sql write admin");
        for scopes in [Scopes::default(), Scopes::PROGRAM, Scopes::ALL, Role::Viewer.scopes()] {
            assert_eq!(Scopes::from_words(&scopes.to_string()), scopes);
        }
        assert_eq!(Scopes::from_words("read fly"), Scopes::from_words("read"));
        assert_eq!(serde_json::to_string(&Scopes::PROGRAM).unwrap(), r#"["read","sql","write"]"#);
    }

    #[test]
    fn each_role_may_what_the_one_below_may() {
        for pair in Role::ALL.windows(2) {
            assert!(pair[1].scopes().cover(pair[0].scopes()), "{pair:?}");
        }
        assert!(!Role::Editor.scopes().has(Scope::Admin) && !Role::Viewer.scopes().has(Scope::Write));
        assert!(!Scopes::PROGRAM.cover(Scopes::ALL));
    }
}
