//! The words of a statement: what the text says, stripped of how it was written.
//!
//! Comments and white space are gone after this, literals and names are decoded. What is sent on is written anew from
//! these values ([`super::output`]), so it does not matter whether the engine would have read the text the same way.
//! Whatever this does not know (a stray quote, a character outside ASCII) ends the statement's way here.

use crate::store::embedded::error::{EngineError, code};

/// More than this is no statement an analyst writes, nor one a tool generates.
const MOST_TOKENS: usize = 50_000;

/// One word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Token {
    /// A keyword or a bare name.
    Word(String),
    /// A name in backticks or double quotes, decoded.
    Quoted(String),
    /// A string, decoded.
    Text(Vec<u8>),
    /// A number, as it was written.
    Number(String),
    /// An operator or a bracket.
    Sign(&'static str),
}

/// A word and where it began.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placed {
    pub token: Token,
    pub at: usize,
}

/// All signs there are, the longer before those they begin with.
const SIGNS: [&str; 28] = [
    "<=>", "::", "->", "==", "!=", "<>", "<=", ">=", "||", "(", ")", "[", "]", "{", "}", ",", ".", ";", ":",
    "?", "+", "-", "*", "/", "%", "=", "<", ">",
];

/// Reads a whole text.
///
/// # Errors
/// SYNTAX_ERROR at what is no word, with its position.
pub fn tokens(text: &str) -> Result<Vec<Placed>, EngineError> {
    let mut reader = Reader { text, at: 0 };
    let mut found: Vec<Placed> = Vec::new();
    while reader.skip_blank()? {
        let at = reader.at;
        let token = reader.token(found.last().map(|placed| &placed.token))?;
        found.push(Placed { token, at });
        if found.len() > MOST_TOKENS {
            let text = format!("The statement has more than {MOST_TOKENS} words");
            return Err(EngineError::raised(code::QUERY_IS_TOO_LARGE, "QUERY_IS_TOO_LARGE", text));
        }
    }
    Ok(found)
}

/// A syntax error at a byte of the text.
pub fn failed_at(position: usize, what: impl std::fmt::Display) -> EngineError {
    syntax_error(position, format_args!("({what})"))
}

/// The same, in words of one's own about what is there.
pub fn syntax_error(position: usize, said: impl std::fmt::Display) -> EngineError {
    let text = format!("Syntax error: failed at position {} {said}", position + 1);
    EngineError::raised(code::SYNTAX_ERROR, "SYNTAX_ERROR", text)
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Reader<'t> {
    fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn peek(&self, ahead: usize) -> Option<u8> {
        self.text.as_bytes().get(self.at + ahead).copied()
    }

    /// Skips white space and comments; false at the end of the text.
    fn skip_blank(&mut self) -> Result<bool, EngineError> {
        loop {
            let rest = self.rest();
            if rest.starts_with("--") || rest.starts_with("# ") || rest.starts_with("#!") {
                self.at += rest.find('\n').unwrap_or(rest.len());
            } else if rest.starts_with("/*") {
                let end = rest.find("*/").ok_or_else(|| failed_at(self.at, "a comment without end"))?;
                self.at += end + 2;
            } else if self.peek(0).is_some_and(|byte| byte.is_ascii_whitespace()) {
                self.at += 1;
            } else {
                return Ok(!rest.is_empty());
            }
        }
    }

    fn token(&mut self, before: Option<&Token>) -> Result<Token, EngineError> {
        let first = self.peek(0).unwrap_or_default();
        match first {
            b'\'' => self.quoted(b'\'').map(Token::Text),
            b'`' | b'"' => {
                let name = String::from_utf8(self.quoted(first)?)
                    .ok()
                    .filter(|name| !name.is_empty() && !name.chars().any(char::is_control));
                name.map(Token::Quoted).ok_or_else(|| failed_at(self.at, "not a name"))
            }
            b'$' => self.heredoc(),
            _ if first.is_ascii_alphabetic() || first == b'_' => {
                Ok(Token::Word(self.take(is_word).to_owned()))
            }
            // After a dot that selects, digits are the number of a tuple's element.
            _ if first.is_ascii_digit() && before == Some(&Token::Sign(".")) => {
                Ok(Token::Number(self.take(|byte| byte.is_ascii_digit()).to_owned()))
            }
            _ if first.is_ascii_digit() => self.number(),
            b'.' if self.peek(1).is_some_and(|next| next.is_ascii_digit()) && !ends_value(before) => {
                self.number()
            }
            _ => self.sign(),
        }
    }

    fn take(&mut self, belongs: impl Fn(u8) -> bool) -> &'t str {
        let rest = self.rest();
        let length = rest.bytes().take_while(|byte| belongs(*byte)).count();
        self.at += length;
        rest.get(..length).unwrap_or_default()
    }

    fn sign(&mut self) -> Result<Token, EngineError> {
        let rest = self.rest();
        let sign = SIGNS.into_iter().find(|sign| rest.starts_with(sign)).ok_or_else(|| {
            failed_at(self.at, format_args!("{:?} has no meaning here", rest.chars().next().unwrap_or(' ')))
        })?;
        self.at += sign.len();
        Ok(Token::Sign(sign))
    }

    /// A whole or decimal number, with an exponent perhaps, or one in base 16 or 2.
    fn number(&mut self) -> Result<Token, EngineError> {
        let start = self.at;
        let rest = self.rest();
        if rest.starts_with("0x") || rest.starts_with("0b") {
            self.at += 2;
            let digits = if rest.starts_with("0x") {
                self.take(|byte| byte.is_ascii_hexdigit())
            } else {
                self.take(|byte| matches!(byte, b'0' | b'1'))
            };
            if digits.is_empty() {
                return Err(failed_at(start, "not a number"));
            }
        } else {
            self.take(|byte| byte.is_ascii_digit() || byte == b'_');
            if self.peek(0) == Some(b'.') {
                self.at += 1;
                self.take(|byte| byte.is_ascii_digit());
            }
            if matches!(self.peek(0), Some(b'e' | b'E')) {
                let signed = usize::from(matches!(self.peek(1), Some(b'+' | b'-')));
                if self.peek(1 + signed).is_some_and(|byte| byte.is_ascii_digit()) {
                    self.at += 1 + signed;
                    self.take(|byte| byte.is_ascii_digit());
                }
            }
        }
        if self.peek(0).is_some_and(is_word) {
            return Err(failed_at(start, "not a number"));
        }
        Ok(Token::Number(self.text.get(start..self.at).unwrap_or_default().replace('_', "")))
    }

    /// `$tag$ … $tag$`, which has no escapes.
    fn heredoc(&mut self) -> Result<Token, EngineError> {
        let broken = || failed_at(self.at, "a string without end");
        let rest = self.rest();
        let tag_end = rest.bytes().skip(1).position(|byte| byte == b'$').ok_or_else(broken)? + 2;
        let (tag, body) = rest.split_at_checked(tag_end).ok_or_else(broken)?;
        if !tag.bytes().all(|byte| is_word(byte) || byte == b'$') {
            return Err(broken());
        }
        let end = body.find(tag).ok_or_else(broken)?;
        let content = body.get(..end).unwrap_or_default().as_bytes().to_vec();
        self.at += tag_end + end + tag.len();
        Ok(Token::Text(content))
    }

    /// A quoted text, decoded by ClickHouse's rules: a doubled quote stands for itself, a backslash begins an escape.
    fn quoted(&mut self, quote: u8) -> Result<Vec<u8>, EngineError> {
        let start = self.at;
        let bytes = self.text.as_bytes();
        let mut decoded = Vec::new();
        let mut at = start + 1;
        loop {
            match (bytes.get(at), bytes.get(at + 1)) {
                (Some(b'\\'), Some(_)) => {
                    at += escape(bytes.get(at + 1..).unwrap_or_default(), &mut decoded) + 1
                }
                (Some(first), Some(second)) if *first == quote && *second == quote => {
                    decoded.push(quote);
                    at += 2;
                }
                (Some(byte), _) if *byte == quote => break,
                (Some(byte), Some(_)) => {
                    decoded.push(*byte);
                    at += 1;
                }
                _ => return Err(failed_at(start, "a quote without end")),
            }
        }
        self.at = at + 1;
        Ok(decoded)
    }
}

/// Decodes what follows a backslash and returns how many bytes that was.
fn escape(after: &[u8], to: &mut Vec<u8>) -> usize {
    let plain = match after.first().copied().unwrap_or_default() {
        b'x' => {
            let digits = after.get(1..3).and_then(|digits| std::str::from_utf8(digits).ok());
            if let Some(byte) = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
                to.push(byte);
                return 3;
            }
            b'x'
        }
        b'N' => return 1,
        b'a' => 0x07,
        b'b' => 0x08,
        b'e' => 0x1b,
        b'f' => 0x0c,
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'v' => 0x0b,
        b'0' => 0,
        other => other,
    };
    // An escape that means nothing keeps its backslash: regular expressions and LIKE patterns count on it.
    if !matches!(plain, b'\\' | b'\'' | b'"' | b'`' | b'/' | b'=') && !plain.is_ascii_control() {
        to.push(b'\\');
    }
    to.push(plain);
    1
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

fn ends_value(token: Option<&Token>) -> bool {
    match token {
        Some(Token::Sign(sign)) => matches!(*sign, ")" | "]"),
        Some(_) => true,
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<Token> {
        tokens(text).expect(text).into_iter().map(|placed| placed.token).collect()
    }

    fn text(value: &str) -> Token {
        Token::Text(value.as_bytes().to_vec())
    }

    #[test]
    fn literals_are_decoded_as_clickhouse_does() {
        assert_eq!(read(r"'it\'s'"), [text("it's")]);
        assert_eq!(read("'it''s'"), [text("it's")]);
        assert_eq!(read(r"'\\'"), [text("\\")]);
        assert_eq!(read(r"'\d+\n\x41\%'"), [text("\\d+\nA\\%")]);
        assert_eq!(read("$t$ it's $u$ $t$"), [text(" it's $u$ ")]);
        assert_eq!(read("`a``b`"), [Token::Quoted("a`b".into())]);
    }

    #[test]
    fn comments_vanish_and_numbers_are_told_from_elements() {
        let word = |text: &str| Token::Word(text.into());
        let number = |text: &str| Token::Number(text.into());
        assert_eq!(read("a/* ' */b -- c\n#! d\n0x1F"), [word("a"), word("b"), number("0x1F")]);
        assert_eq!(read("t.1.2"), [word("t"), Token::Sign("."), number("1"), Token::Sign("."), number("2")]);
        assert_eq!(
            read("-.5e-3, 1_000."),
            [Token::Sign("-"), number(".5e-3"), Token::Sign(","), number("1000.")]
        );
    }

    #[test]
    fn what_is_no_word_is_refused() {
        for bad in
            ["'a", "`a", "``", "/* a", "a \u{2018}b\u{2019}", "a & b", "1abc", "$a b$", "\0", "\\", "`a\nb`"]
        {
            assert!(tokens(bad).is_err(), "{bad:?}");
        }
    }
}
