//! The statement that is sent on, written word by word.
//!
//! Every piece of text the engine gets passes through one of these functions, and each of them can only write what its
//! name says: a name stays inside its backticks, a text inside its quotes, a keyword is one of this program's own.

/// A statement under construction.
#[derive(Debug, Default)]
pub struct Output {
    text: String,
}

impl Output {
    /// Where the next word will be; for [`Self::cut`] and [`Self::insert`].
    pub fn mark(&self) -> usize {
        self.text.len()
    }

    /// Takes back everything since a mark, and returns it.
    pub fn cut(&mut self, mark: usize) -> String {
        self.text.split_off(mark)
    }

    /// Puts back what was cut.
    pub fn put(&mut self, cut: &str) {
        self.text.push_str(cut);
    }

    /// A keyword, operator or other text of this program.
    pub fn fixed(&mut self, text: &'static str) {
        self.piece(text);
    }

    /// Text made by this program from its own tables, [`name`]s and [`literal`]s.
    pub fn made(&mut self, text: &str) {
        self.piece(text);
    }

    /// A name.
    pub fn name(&mut self, text: &str) {
        self.piece(&name(text));
    }

    /// What follows a dot: `.name`, without a space before.
    pub fn member(&mut self, text: &str) {
        self.text.push('.');
        self.text.push_str(&name(text));
    }

    /// `.1`, the element of a tuple. The tokenizer has let digits through and nothing else.
    pub fn element(&mut self, digits: &str) {
        self.text.push('.');
        self.text.push_str(digits);
    }

    /// A text.
    pub fn text(&mut self, value: &[u8]) {
        self.piece(&literal(value));
    }

    /// A number, as the tokenizer has let it through.
    pub fn number(&mut self, digits: &str) {
        self.piece(digits);
    }

    /// A bare word: letters, digits and underscores, for the names of functions, types and units.
    pub fn word(&mut self, word: &str) {
        debug_assert!(word.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_'));
        self.piece(word);
    }

    fn piece(&mut self, text: &str) {
        if !self.text.is_empty() && !self.text.ends_with('(') && text != ")" && text != "," {
            self.text.push(' ');
        }
        self.text.push_str(text);
    }

    /// The statement.
    pub fn finish(self) -> String {
        self.text
    }
}

/// A name in backticks.
pub fn name(text: &str) -> String {
    format!("`{}`", text.replace('\\', "\\\\").replace('`', "\\`"))
}

/// A text in quotes: printable ASCII and whole UTF-8 as they are, everything else as `\xHH`.
pub fn literal(value: &[u8]) -> String {
    let as_it_is = std::str::from_utf8(value).is_ok();
    let mut written = Vec::with_capacity(value.len() + 2);
    written.push(b'\'');
    for byte in value {
        match byte {
            b'\\' | b'\'' => written.extend([b'\\', *byte]),
            b' '..=b'~' => written.push(*byte),
            128.. if as_it_is => written.push(*byte),
            _ => written.extend(format!("\\x{byte:02X}").bytes()),
        }
    }
    written.push(b'\'');
    String::from_utf8_lossy(&written).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_leaves_its_quotes() {
        assert_eq!(name("a`b\\"), r"`a\`b\\`");
        assert_eq!(literal(b"it's \\"), r"'it\'s \\'");
        assert_eq!(literal("Zürich\n".as_bytes()), "'Zürich\\x0A'");
        assert_eq!(literal(b"\xff'"), r"'\xFF\''");
    }
}
