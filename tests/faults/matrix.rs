//! `matrix.tsv`: every row of the matrix, and how it is proved. Tab-separated: number, fault, how, by what.

/// The file; `docs/faults.md` shows it.
const TEXT: &str = include_str!("matrix.tsv");

/// One row.
pub struct Row {
    pub id: String,
    pub fault: String,
    pub how: How,
}

/// How it is proved.
pub enum How {
    /// By the campaign of random kills.
    Kills,
    /// By `rows.rs`.
    Run,
    /// By tests of `tests/it` (`it::…`) or of the library.
    Test(Vec<String>),
    /// Not by a machine here, and why.
    NotHere(String),
}

/// All rows, in order.
pub fn rows() -> Vec<Row> {
    let rows = TEXT.lines().filter(|line| line.starts_with('T'));
    rows.map(|line| {
        let mut columns = line.split('\t').map(str::to_owned);
        let mut next = || columns.next().unwrap_or_default();
        let (id, fault, how, by) = (next(), next(), next(), next());
        let how = match how.as_str() {
            "kills" => How::Kills,
            "run" => How::Run,
            "test" => How::Test(by.split(' ').map(str::to_owned).collect()),
            _ => How::NotHere(by),
        };
        Row { id, fault, how }
    })
    .collect()
}
