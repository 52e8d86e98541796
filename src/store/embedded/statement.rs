//! What kind of statement a text is: where an INSERT's rows begin, and what a statement may not contain.
//!
//! The engine parses SQL itself; this only decides how to run it. It also refuses what the engine would do
//! on behalf of a *client program* rather than of a server: `INTO OUTFILE` and `FROM INFILE` work on this
//! process's files, whatever the grants say, and the scalar function `file` reads any of them (both tried).
//! Table functions and engines that reach out are refused by grants, see `config.rs`.

use super::error::{EngineError, code};
use super::lexer::{Kind, Lexer, Token};

/// How a statement is to be run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Plan {
    /// A SELECT whose rows can be streamed.
    Stream,
    /// Any other statement, run as a whole.
    Whole,
    /// An INSERT followed by rows.
    Insert(Insert),
}

/// The parts of an INSERT with rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Insert {
    /// The statement up to, and without, FORMAT or VALUES.
    pub head: String,
    /// The format of the rows.
    pub format: String,
    /// Where the rows begin in the text.
    pub rows_at: usize,
    /// Nothing follows the format's name in the text, not even white space to skip.
    pub text_ends_here: bool,
}

/// What is known of a statement before it runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// How to run it.
    pub plan: Plan,
    /// The output format it names.
    pub format: Option<String>,
}

/// Looks at a statement. `complete` says that no more text will come.
///
/// `Ok(None)` asks for more text: so far it is an INSERT whose head has not ended.
pub fn inspect(text: &[u8], complete: bool) -> Result<Option<Statement>, EngineError> {
    let mut tokens = Lexer::new(text);
    let Some(first) = tokens.next() else {
        return if complete { Err(syntax("Empty query")) } else { Ok(None) };
    };
    if first.is(text, "INSERT") {
        return inspect_insert(text, complete);
    }
    if !complete {
        return Ok(None);
    }
    let facts = scan(text)?;
    let selects =
        ["SELECT", "WITH", "FROM"].iter().any(|word| first.is(text, word)) || first.kind == Kind::Sign(b'(');
    // Totals come out garbled when the engine streams them (tried on 26.7), so those are run as a whole.
    let plan = if selects && !facts.totals { Plan::Stream } else { Plan::Whole };
    Ok(Some(Statement { plan, format: facts.format }))
}

struct Facts {
    totals: bool,
    format: Option<String>,
}

/// Reads a whole statement once: refuses what may not be in it, and notes what matters for running it.
fn scan(text: &[u8]) -> Result<Facts, EngineError> {
    let mut facts = Facts { totals: false, format: None };
    let mut previous: Option<Token> = None;
    let mut ended = false;
    for token in Lexer::new(text) {
        if ended && token.kind != Kind::Sign(b';') {
            return Err(syntax("Multi-statements are not allowed"));
        }
        ended |= token.kind == Kind::Sign(b';');
        refuse_files(text, previous, token)?;
        facts.totals |= token.is(text, "TOTALS");
        if previous.is_some_and(|before| before.is(text, "FORMAT")) && token.kind == Kind::Word {
            facts.format = Some(String::from_utf8_lossy(token.of(text)).into_owned());
        }
        previous = Some(token);
    }
    Ok(facts)
}

/// Refuses statements that would read or write files of this process.
fn refuse_files(text: &[u8], previous: Option<Token>, token: Token) -> Result<(), EngineError> {
    let after = |word: &str| previous.is_some_and(|before| before.is(text, word));
    let outfile = token.is(text, "OUTFILE") && after("INTO");
    let infile = token.is(text, "INFILE") && after("FROM");
    let name = token.of(text);
    // The function's name is case-sensitive, but it is also called without parentheses, as in APPLY(file)
    // or arrayMap(file, …): so no identifier may be spelled like it.
    let function = match token.kind {
        Kind::Word => name == b"file",
        Kind::Quoted => name.len() == 6 && name.get(1..5) == Some(b"file"),
        _ => false,
    };
    if outfile || infile || function {
        let what = String::from_utf8_lossy(name).into_owned();
        let text =
            format!("{what} reads or writes files of the server, which the embedded engine does not allow");
        return Err(EngineError::raised(code::ACCESS_DENIED, "ACCESS_DENIED", text));
    }
    Ok(())
}

/// Finds where the rows of an INSERT begin, or that it has none of its own (INSERT … SELECT).
fn inspect_insert(text: &[u8], complete: bool) -> Result<Option<Statement>, EngineError> {
    let mut depth = 0_usize;
    let mut previous: Option<Token> = None;
    let mut tokens = Lexer::new(text).peekable();
    while let Some(token) = tokens.next() {
        refuse_files(text, previous, token)?;
        let names_a_table = previous.is_some_and(|before| {
            before.is(text, "INTO") || before.is(text, "TABLE") || before.kind == Kind::Sign(b'.')
        });
        match token.kind {
            Kind::Sign(b'(') => depth += 1,
            Kind::Sign(b')') => depth = depth.saturating_sub(1),
            Kind::Sign(b';') => return Err(syntax("An INSERT needs rows or a SELECT")),
            Kind::Word if depth == 0 && !names_a_table => {
                // A word at the very end may be the beginning of a longer one.
                if token.end == text.len() && !complete {
                    return Ok(None);
                }
                if token.is(text, "VALUES") {
                    return Ok(Some(with_rows(text, token, "Values".to_owned(), token.end)));
                }
                if token.is(text, "SELECT") || token.is(text, "WITH") {
                    return if complete { select_into(text).map(Some) } else { Ok(None) };
                }
                if token.is(text, "FORMAT") {
                    let Some(format) = tokens.peek().filter(|next| complete || next.end < text.len()) else {
                        return if complete { Err(syntax("FORMAT names no format")) } else { Ok(None) };
                    };
                    let name = String::from_utf8_lossy(format.of(text)).into_owned();
                    return Ok(Some(with_rows(text, token, name, format.end)));
                }
            }
            _ => {}
        }
        previous = Some(token);
    }
    if complete { Err(syntax("The INSERT names neither a FORMAT nor VALUES nor a SELECT")) } else { Ok(None) }
}

fn select_into(text: &[u8]) -> Result<Statement, EngineError> {
    let facts = scan(text)?;
    Ok(Statement { plan: Plan::Whole, format: facts.format })
}

fn with_rows(text: &[u8], format_keyword: Token, format: String, name_end: usize) -> Statement {
    let head = String::from_utf8_lossy(text.get(..format_keyword.start).unwrap_or_default()).into_owned();
    let insert =
        Insert { head, format, rows_at: rows_start(text, name_end), text_ends_here: name_end >= text.len() };
    Statement { plan: Plan::Insert(insert), format: None }
}

/// ClickHouse's rule for where inline rows begin: after blanks and at most one line end.
fn rows_start(text: &[u8], mut at: usize) -> usize {
    while matches!(text.get(at), Some(b' ' | b'\t' | 0x0c)) {
        at += 1;
    }
    if text.get(at) == Some(&b'\r') {
        at += 1;
    }
    if text.get(at) == Some(&b'\n') {
        at += 1;
    }
    at
}

fn syntax(text: &str) -> EngineError {
    EngineError::raised(code::SYNTAX_ERROR, "SYNTAX_ERROR", format_args!("Syntax error: {text}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(text: &str) -> Plan {
        inspect(text.as_bytes(), true).expect("allowed").expect("complete").plan
    }

    fn insert(text: &str) -> Insert {
        match plan(text) {
            Plan::Insert(insert) => insert,
            other => panic!("{text}: {other:?}"),
        }
    }

    #[test]
    fn selects_stream_and_other_statements_do_not() {
        for text in
            ["SELECT 1", " /* c */ with 1 as x select x", "(SELECT 1) UNION ALL (SELECT 2)", "select 1;"]
        {
            assert_eq!(plan(text), Plan::Stream, "{text}");
        }
        for text in
            ["SHOW TABLES", "CREATE TABLE t (a Int8) ENGINE=Memory", "SELECT 1 GROUP BY 1 WITH TOTALS"]
        {
            assert_eq!(plan(text), Plan::Whole, "{text}");
        }
        assert_eq!(plan("INSERT INTO t SELECT 1"), Plan::Whole);
        assert_eq!(plan("INSERT INTO t (a) WITH 1 AS x SELECT x"), Plan::Whole);
    }

    #[test]
    fn the_output_format_is_the_last_one_named() {
        let named = |text: &str| inspect(text.as_bytes(), true).expect("allowed").expect("complete").format;
        assert_eq!(named("SELECT 1 FORMAT JSON").as_deref(), Some("JSON"));
        assert_eq!(named("SELECT 'x FORMAT y'"), None);
        assert_eq!(named("select 1\nformat CSV;").as_deref(), Some("CSV"));
    }

    #[test]
    fn an_insert_is_cut_where_its_rows_begin() {
        let found = insert("INSERT INTO `t`(`format`, `a`) FORMAT RowBinary");
        assert_eq!(
            (found.head.as_str(), found.format.as_str()),
            ("INSERT INTO `t`(`format`, `a`) ", "RowBinary")
        );
        assert!(found.text_ends_here);

        let text = "INSERT INTO db.format (a) SETTINGS x=1 FORMAT JSONEachRow \r\n\n{}";
        let found = insert(text);
        assert_eq!(found.head, "INSERT INTO db.format (a) SETTINGS x=1 ");
        assert_eq!(&text[found.rows_at..], "\n{}");

        let text = "insert into t values (1, 'a;b'), (2, ')')";
        let found = insert(text);
        assert_eq!((found.format.as_str(), &text[found.rows_at..]), ("Values", "(1, 'a;b'), (2, ')')"));
    }

    #[test]
    fn an_unfinished_head_asks_for_more() {
        let whole = "INSERT INTO t (a) FORMAT Native\nrows";
        let first = whole.find("\nrows").expect("there");
        for end in 0..=first {
            assert_eq!(inspect(&whole.as_bytes()[..end], false), Ok(None), "{}", &whole[..end]);
        }
        assert!(matches!(inspect(&whole.as_bytes()[..=first], false), Ok(Some(_))));
        assert!(inspect(b"INSERT INTO t", true).is_err());
    }

    #[test]
    fn files_of_the_process_are_out_of_reach() {
        for text in [
            "SELECT 1 INTO OUTFILE '/x'",
            "select 1 into /* */ outfile '/x' format CSV",
            "INSERT INTO t FROM INFILE '/etc/passwd' FORMAT CSV",
            "SELECT file('/etc/passwd')",
            "SELECT `file`('/etc/passwd')",
            "SELECT * APPLY(file) FROM t",
            "INSERT INTO t SELECT arrayMap(\"file\", ['/x'])",
        ] {
            let error = inspect(text.as_bytes(), true).expect_err(text);
            assert_eq!(error.code(), code::ACCESS_DENIED, "{text}");
        }
        assert_eq!(plan("SELECT 'file', filename, profile FROM t"), Plan::Stream);
    }

    #[test]
    fn one_statement_at_a_time() {
        assert_eq!(plan("SELECT ';' ; ;"), Plan::Stream);
        let error = inspect(b"SELECT 1; DROP TABLE t", true).expect_err("two statements");
        assert_eq!(error.code(), code::SYNTAX_ERROR);
        assert!(inspect(b"  -- nothing", true).is_err());
    }
}
