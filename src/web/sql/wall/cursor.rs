//! The place in a statement: reading words, writing what they mean.
//!
//! The grammar ([`super::query`], [`super::from`], [`super::expression`]) is a recursive descent over this. It keeps the
//! order of the words, so it needs no precedence; what it finds out is which word is what: a table, a function, a column,
//! a setting. A word in a place where the grammar does not know it ends the statement.

use std::collections::{BTreeMap, BTreeSet};

use super::catalog::Catalog;
use super::output::Output;
use super::size::Size;
use super::token::{Placed, Token, failed_at, syntax_error, tokens};
use crate::store::embedded::error::{EngineError, code};

/// What is nested deeper is no statement a person or a tool writes.
const DEEPEST: usize = 120;

/// A statement half read and half written.
pub struct Cursor<'c> {
    pub catalog: &'c Catalog<'c>,
    pub out: Output,
    /// Names of the WITH queries in sight, innermost last, and how many tables and SELECTs each has.
    pub queries: Vec<(String, usize)>,
    /// What the engine will have to plan.
    pub size: Size,
    /// Names given to expressions, anywhere in the statement.
    pub aliases: BTreeSet<String>,
    /// What tables go by that were given another name: `playhead.views` has to be called that then.
    pub renamed: BTreeMap<String, String>,
    /// What SETTINGS clauses ask for.
    pub settings: BTreeMap<String, String>,
    /// The format asked for.
    pub format: Option<String>,
    words: Vec<Placed>,
    at: usize,
    end: usize,
    depth: usize,
}

impl<'c> Cursor<'c> {
    /// A cursor at the first word.
    pub fn new(text: &str, catalog: &'c Catalog<'c>) -> Result<Self, EngineError> {
        let words = named(tokens(text)?, catalog)?;
        let aliases = words
            .windows(2)
            .filter_map(|pair| match pair {
                [as_word, name] if is_keyword(as_word, "AS") => name_of(&name.token),
                _ => None,
            })
            .map(str::to_owned)
            .collect();
        Ok(Self {
            catalog,
            out: Output::default(),
            queries: Vec::new(),
            size: Size::default(),
            aliases,
            renamed: BTreeMap::new(),
            settings: BTreeMap::new(),
            format: None,
            words,
            at: 0,
            end: text.len(),
            depth: 0,
        })
    }

    /// The word so many ahead.
    pub fn peek(&self, ahead: usize) -> Option<&Token> {
        self.words.get(self.at + ahead).map(|placed| &placed.token)
    }

    /// Whether the word so many ahead is this keyword.
    pub fn is_word(&self, ahead: usize, keyword: &str) -> bool {
        self.words.get(self.at + ahead).is_some_and(|placed| is_keyword(placed, keyword))
    }

    /// Whether the word so many ahead is one of these keywords; which.
    pub fn any_word(&self, ahead: usize, keywords: &[&'static str]) -> Option<&'static str> {
        keywords.iter().copied().find(|keyword| self.is_word(ahead, keyword))
    }

    /// Whether the word so many ahead is this sign.
    pub fn is_sign(&self, ahead: usize, sign: &str) -> bool {
        matches!(self.peek(ahead), Some(Token::Sign(found)) if *found == sign)
    }

    /// Takes the next word, whatever it is.
    pub fn next(&mut self) -> Option<Token> {
        let token = self.peek(0).cloned();
        self.at += usize::from(token.is_some());
        token
    }

    /// Passes over so many words.
    pub fn skip(&mut self, words: usize) {
        self.at += words;
    }

    /// Takes a keyword without writing it.
    pub fn drop_word(&mut self, keyword: &str) -> bool {
        let found = self.is_word(0, keyword);
        self.at += usize::from(found);
        found
    }

    /// Takes a sign without writing it.
    pub fn drop_sign(&mut self, sign: &str) -> bool {
        let found = self.is_sign(0, sign);
        self.at += usize::from(found);
        found
    }

    /// Takes a keyword and writes it.
    pub fn word(&mut self, keyword: &'static str) -> bool {
        let found = self.drop_word(keyword);
        if found {
            self.out.fixed(keyword);
        }
        found
    }

    /// Takes one of these keywords and writes it.
    pub fn word_of(&mut self, keywords: &[&'static str]) -> Option<&'static str> {
        let found = self.any_word(0, keywords)?;
        self.word(found).then_some(found)
    }

    /// Takes these keywords in a row and writes them, or none of them.
    pub fn words(&mut self, keywords: &[&'static str]) -> bool {
        let all = keywords.iter().enumerate().all(|(ahead, keyword)| self.is_word(ahead, keyword));
        all && keywords.iter().all(|keyword| self.word(keyword))
    }

    /// Takes a sign and writes it.
    pub fn sign(&mut self, sign: &'static str) -> bool {
        let found = self.drop_sign(sign);
        if found {
            self.out.fixed(sign);
        }
        found
    }

    /// Demands a keyword and writes it.
    pub fn expect_word(&mut self, keyword: &'static str) -> Result<(), EngineError> {
        if self.word(keyword) { Ok(()) } else { Err(self.unexpected(keyword)) }
    }

    /// Demands a sign and writes it.
    pub fn expect_sign(&mut self, sign: &'static str) -> Result<(), EngineError> {
        if self.sign(sign) { Ok(()) } else { Err(self.unexpected(sign)) }
    }

    /// How many tables and SELECTs the WITH query of that name has, if one is in sight.
    pub fn with_query(&self, name: &str) -> Option<usize> {
        self.queries.iter().rev().find(|(known, _)| known == name).map(|(_, parts)| *parts)
    }

    /// Takes a name, quoted or not, without writing it.
    pub fn take_name(&mut self) -> Result<String, EngineError> {
        let name = self.peek(0).and_then(name_of).map(str::to_owned);
        let name = name.ok_or_else(|| self.unexpected("a name"))?;
        self.at += 1;
        Ok(name)
    }

    /// Takes and writes things with commas between.
    pub fn list(
        &mut self,
        mut one: impl FnMut(&mut Self) -> Result<(), EngineError>,
    ) -> Result<usize, EngineError> {
        let mut count = 1;
        one(self)?;
        while self.sign(",") {
            one(self)?;
            count += 1;
        }
        Ok(count)
    }

    /// Goes one level deeper.
    pub fn deeper<T>(
        &mut self,
        inside: impl FnOnce(&mut Self) -> Result<T, EngineError>,
    ) -> Result<T, EngineError> {
        if self.depth >= DEEPEST {
            let text = format!("The statement is nested more than {DEEPEST} levels deep");
            return Err(EngineError::raised(306, "TOO_DEEP_RECURSION", text));
        }
        self.depth += 1;
        let outcome = inside(self);
        self.depth -= 1;
        outcome
    }

    /// Whether all words are taken, apart from semicolons.
    pub fn at_end(&mut self) -> bool {
        while self.drop_sign(";") {}
        self.at >= self.words.len()
    }

    /// That something else should have stood here.
    pub fn unexpected(&self, wanted: &str) -> EngineError {
        match self.words.get(self.at) {
            None => syntax_error(self.end, format_args!("(end of query), expected {wanted}")),
            Some(placed) => {
                let word = match &placed.token {
                    Token::Word(word) | Token::Quoted(word) | Token::Number(word) => word.as_str(),
                    Token::Text(_) => "a string",
                    Token::Sign(sign) => sign,
                };
                syntax_error(placed.at, format_args!("({word}), expected {wanted}"))
            }
        }
    }
}

/// A refusal: well-formed, but not for this port.
pub fn denied(text: impl std::fmt::Display) -> EngineError {
    EngineError::raised(code::ACCESS_DENIED, "ACCESS_DENIED", text)
}

/// Puts the values of `{name:Identifier}` in the place of names, before anything looks at names.
fn named(words: Vec<Placed>, catalog: &Catalog<'_>) -> Result<Vec<Placed>, EngineError> {
    let mut replaced = Vec::with_capacity(words.len());
    let mut rest = words.into_iter().peekable();
    let mut window: Vec<Placed> = Vec::with_capacity(5);
    while rest.peek().is_some() || !window.is_empty() {
        while window.len() < 5
            && let Some(placed) = rest.next()
        {
            window.push(placed);
        }
        match identifier_parameter(&window) {
            Some(name) => {
                let value = catalog.parameter(name).filter(|value| !value.is_empty()).ok_or_else(|| {
                    let text = format!("Substitution `{name}` is not set");
                    EngineError::raised(456, "UNKNOWN_QUERY_PARAMETER", text)
                })?;
                let at = window.first().map_or(0, |placed| placed.at);
                if value.chars().any(char::is_control) {
                    return Err(failed_at(at, "not a name"));
                }
                replaced.push(Placed { token: Token::Quoted(value.to_owned()), at });
                window.clear();
            }
            None => replaced.push(window.remove(0)),
        }
    }
    Ok(replaced)
}

fn identifier_parameter(window: &[Placed]) -> Option<&str> {
    let [open, name, colon, kind, close] = window else { return None };
    let signs = [(open, "{"), (colon, ":"), (close, "}")];
    let framed = signs.iter().all(|(placed, sign)| placed.token == Token::Sign(sign));
    match (&name.token, &kind.token) {
        (Token::Word(name), Token::Word(kind)) if framed && kind == "Identifier" => Some(name),
        _ => None,
    }
}

fn is_keyword(placed: &Placed, keyword: &str) -> bool {
    matches!(&placed.token, Token::Word(word) if word.eq_ignore_ascii_case(keyword))
}

fn name_of(token: &Token) -> Option<&str> {
    match token {
        Token::Word(name) | Token::Quoted(name) => Some(name),
        _ => None,
    }
}
