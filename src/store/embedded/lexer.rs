//! The tokens of ClickHouse SQL, as far as finding one's way in a statement needs them.

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A keyword or bare identifier.
    Word,
    /// An identifier in backticks or double quotes; the bounds include the quotes.
    Quoted,
    /// A string literal or heredoc.
    Text,
    /// A number.
    Number,
    /// Any other single byte.
    Sign(u8),
}

/// A token and where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token {
    /// What it is.
    pub kind: Kind,
    /// Its first byte.
    pub start: usize,
    /// One past its last byte.
    pub end: usize,
}

impl Token {
    /// The token's bytes.
    pub fn of<'t>(&self, text: &'t [u8]) -> &'t [u8] {
        text.get(self.start..self.end).unwrap_or_default()
    }

    /// Is it this keyword, in any case?
    pub fn is(&self, text: &[u8], keyword: &str) -> bool {
        self.kind == Kind::Word && self.of(text).eq_ignore_ascii_case(keyword.as_bytes())
    }
}

/// Walks over the tokens of a text, skipping white space and comments.
pub struct Lexer<'t> {
    text: &'t [u8],
    at: usize,
}

impl<'t> Lexer<'t> {
    /// Starts at the beginning of `text`.
    pub fn new(text: &'t [u8]) -> Self {
        Self { text, at: 0 }
    }

    fn peek(&self, ahead: usize) -> Option<u8> {
        self.text.get(self.at + ahead).copied()
    }

    fn position_of(&self, needle: &[u8], from: usize) -> Option<usize> {
        let tail = self.text.get(from..)?;
        tail.windows(needle.len()).position(|window| window == needle).map(|offset| from + offset)
    }

    fn skip_blank(&mut self) {
        loop {
            match (self.peek(0), self.peek(1)) {
                (Some(byte), _) if byte.is_ascii_whitespace() || byte == 0x0b => self.at += 1,
                (Some(b'-'), Some(b'-')) | (Some(b'#'), Some(b' ' | b'!')) => {
                    self.at = self.position_of(b"\n", self.at).map_or(self.text.len(), |end| end + 1);
                }
                (Some(b'/'), Some(b'*')) => {
                    self.at = self.position_of(b"*/", self.at + 2).map_or(self.text.len(), |end| end + 2);
                }
                _ => return,
            }
        }
    }

    /// The end of a quoted token: a backslash escapes one byte, a doubled quote stands for itself.
    fn quoted_end(&self, quote: u8) -> usize {
        let mut at = self.at + 1;
        while let Some(&byte) = self.text.get(at) {
            match byte {
                b'\\' => at += 2,
                _ if byte == quote && self.text.get(at + 1) == Some(&quote) => at += 2,
                _ if byte == quote => return at + 1,
                _ => at += 1,
            }
        }
        self.text.len()
    }

    /// The end of `$tag$ … $tag$`, or `None` when this dollar starts no heredoc.
    fn heredoc_end(&self) -> Option<usize> {
        let name_end = self.position_of(b"$", self.at + 1)?;
        let tag = self.text.get(self.at..=name_end)?;
        let plain = tag.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$'));
        plain.then(|| self.position_of(tag, name_end + 1).map_or(self.text.len(), |end| end + tag.len()))
    }

    fn word_end(&self) -> usize {
        let tail = self.text.get(self.at..).unwrap_or_default();
        let length = tail
            .iter()
            .take_while(|byte| {
                byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$') || !byte.is_ascii()
            })
            .count();
        self.at + length
    }
}

impl Iterator for Lexer<'_> {
    type Item = Token;

    fn next(&mut self) -> Option<Token> {
        self.skip_blank();
        let start = self.at;
        let byte = self.peek(0)?;
        let (kind, end) = match byte {
            b'\'' => (Kind::Text, self.quoted_end(byte)),
            b'`' | b'"' => (Kind::Quoted, self.quoted_end(byte)),
            b'$' => match self.heredoc_end() {
                Some(end) => (Kind::Text, end),
                None => (Kind::Sign(byte), start + 1),
            },
            b'0'..=b'9' => (Kind::Number, self.word_end()),
            _ if byte.is_ascii_alphabetic() || byte == b'_' || !byte.is_ascii() => {
                (Kind::Word, self.word_end())
            }
            _ => (Kind::Sign(byte), start + 1),
        };
        self.at = end.min(self.text.len());
        Some(Token { kind, start, end: self.at })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(text: &str) -> Vec<&str> {
        Lexer::new(text.as_bytes()).map(|token| &text[token.start..token.end]).collect()
    }

    #[test]
    fn strings_comments_and_identifiers_keep_their_bounds() {
        assert_eq!(
            tokens("SELECT `a``b`, 'it''s \\' -- no' /* x ; */ , \"q\" -- end\n, $t$;'$t$ # c\n1.5e3"),
            ["SELECT", "`a``b`", ",", "'it''s \\' -- no'", ",", "\"q\"", ",", "$t$;'$t$", "1", ".", "5e3"]
        );
    }

    #[test]
    fn unfinished_tokens_end_with_the_text() {
        assert_eq!(tokens("SELECT 'abc"), ["SELECT", "'abc"]);
        assert_eq!(tokens("SELECT /* abc"), ["SELECT"]);
        assert_eq!(tokens("$x"), ["$", "x"]);
        assert_eq!(tokens("'\\"), ["'\\"]);
    }

    #[test]
    fn any_bytes_are_walked_to_the_end() {
        let bytes: Vec<u8> = (0..=255).chain((0..=255).rev()).collect();
        let last = Lexer::new(&bytes).last().expect("there are tokens");
        assert!(last.end <= bytes.len());
    }
}
