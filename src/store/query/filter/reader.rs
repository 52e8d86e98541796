//! A text that is read from left to right: its tokens, its values, and where it went wrong.

use super::{
    super::condition::Range,
    value::{self, Bound},
};

/// Why a text is no filter.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{detail}, at character {at} of `{text}`")]
pub struct FilterError {
    pub text: String,
    /// From 1.
    pub at: usize,
    pub detail: String,
    pub choices: Vec<String>,
}

/// How far a value goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    ToTheEnd,
    /// To the next blank or parenthesis, unless it is in quotes.
    Word,
}

/// A filter and how far it has been read.
pub struct Reader<'a> {
    text: &'a str,
    /// In bytes.
    pub at: usize,
}

impl<'a> Reader<'a> {
    /// Nothing read yet.
    pub const fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    /// What has not been read.
    pub fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    /// Goes to the next that is no blank.
    pub fn skip_blanks(&mut self) {
        self.at = self.text.len() - self.rest().trim_start().len();
    }

    /// Reads a token, if it is the next.
    pub fn eat(&mut self, token: &str) -> bool {
        let is_there = self.rest().starts_with(token);
        self.at += if is_there { token.len() } else { 0 };
        is_there
    }

    /// An error at a place, in bytes, and what could have stood there.
    pub fn error<I>(&self, at: usize, detail: impl Into<String>, choices: I) -> FilterError
    where
        I: IntoIterator,
        I::Item: Into<String>,
    {
        FilterError {
            text: self.text.to_owned(),
            at: self.text[..at].chars().count() + 1,
            detail: detail.into(),
            choices: choices.into_iter().map(Into::into).collect(),
        }
    }

    /// An error here.
    pub fn expected<const N: usize>(&self, detail: &str, choices: [&str; N]) -> FilterError {
        self.error(self.at, detail, choices)
    }

    /// A word between conditions, in any case of letters.
    pub fn keyword(&mut self, word: &str) -> bool {
        self.skip_blanks();
        let (rest, length) = (self.rest(), word.len());
        let is_there = rest.get(..length).is_some_and(|start| start.eq_ignore_ascii_case(word))
            && rest[length..].chars().next().is_none_or(|next| next.is_whitespace() || next == '(');
        self.at += if is_there { length } else { 0 };
        is_there
    }

    /// Reads a value.
    pub fn value(&mut self, extent: Extent) -> Result<String, FilterError> {
        let (text, length) = match extent {
            Extent::ToTheEnd => (self.rest().to_owned(), self.rest().len()),
            Extent::Word if self.rest().starts_with('"') => value::quoted(self.rest())
                .ok_or_else(|| self.expected("these quotes are never closed", ["\"value\""]))?,
            Extent::Word => {
                let length = self.rest().find(|next| !is_of_word(next)).unwrap_or(self.rest().len());
                if length == 0 {
                    return Err(self.expected("a value is missing", ["value", "\"value\""]));
                }
                (self.rest()[..length].to_owned(), length)
            }
        };
        self.at += length;
        Ok(text)
    }

    /// A range, in a text that stood at `at`.
    pub fn between<T: Bound>(&self, at: usize, text: &str) -> Result<Range<T>, FilterError> {
        let Some((from, until)) = text.split_once("..") else {
            return Err(self.error(at, format!("`{text}` is no range"), ["from..to"]));
        };
        Ok(Range::Between(self.bound(at, from)?, self.bound(at, until)?))
    }

    /// A number or a time, in a text that stood at `at`.
    pub fn bound<T: Bound>(&self, at: usize, text: &str) -> Result<T, FilterError> {
        T::read(text.trim())
            .ok_or_else(|| self.error(at, format!("`{text}` is no {}", T::WHAT), T::FORMS.iter().copied()))
    }
}

/// Whether a bare word goes on with this.
pub fn is_of_word(next: char) -> bool {
    !next.is_whitespace() && !matches!(next, '(' | ')' | '"')
}
