//! Reads filters, by recursive descent. An error says at which character it is and what could have stood there.

use super::{
    super::{
        condition::{Condition, Operator, Range, Test, Time},
        dimension::Dimension,
    },
    FORMS,
    value::{self, Bound},
};
use crate::event::metric::{self, METRICS, Metric};

/// Nested deeper than this is no question of a person, and would cost the stack.
const DEEPEST: u32 = 32;

/// What may be named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Names {
    /// Dimensions, times and metrics.
    All,
    /// Metrics alone.
    Metrics,
}

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

/// Reads one filter.
pub fn filter(text: &str, names: Names) -> Result<Condition, FilterError> {
    let mut reader = Reader { text, at: 0, names };
    if !text.trim_start_matches('!').starts_with('(') {
        return reader.condition(Extent::ToTheEnd);
    }
    let condition = reader.either(0)?;
    reader.skip_blanks();
    match reader.rest() {
        "" => Ok(condition),
        _ => Err(reader.expected("the filter is over", ["and", "or"])),
    }
}

/// How far a value goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Extent {
    ToTheEnd,
    /// To the next blank or parenthesis, unless it is in quotes.
    Word,
}

/// What a sign before a name asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sign {
    None,
    Contains,
    StartsWith,
    Known,
}

enum Subject {
    Dimension(Dimension),
    Time(Time),
    Metric(&'static Metric),
}

struct Reader<'a> {
    text: &'a str,
    /// In bytes.
    at: usize,
    names: Names,
}

impl<'a> Reader<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn skip_blanks(&mut self) {
        self.at = self.text.len() - self.rest().trim_start().len();
    }

    fn eat(&mut self, token: &str) -> bool {
        let is_there = self.rest().starts_with(token);
        self.at += if is_there { token.len() } else { 0 };
        is_there
    }

    fn error<I>(&self, at: usize, detail: impl Into<String>, choices: I) -> FilterError
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

    fn expected<const N: usize>(&self, detail: &str, choices: [&str; N]) -> FilterError {
        self.error(self.at, detail, choices)
    }

    /// A word between conditions, in any case of letters.
    fn keyword(&mut self, word: &str) -> bool {
        self.skip_blanks();
        let (rest, length) = (self.rest(), word.len());
        let is_there = rest.get(..length).is_some_and(|start| start.eq_ignore_ascii_case(word))
            && rest[length..].chars().next().is_none_or(|next| next.is_whitespace() || next == '(');
        self.at += if is_there { length } else { 0 };
        is_there
    }

    fn either(&mut self, depth: u32) -> Result<Condition, FilterError> {
        let mut any = vec![self.both(depth)?];
        while self.keyword("or") {
            any.push(self.both(depth)?);
        }
        Ok(if any.len() == 1 { any.remove(0) } else { Condition::Any(any) })
    }

    fn both(&mut self, depth: u32) -> Result<Condition, FilterError> {
        let mut all = vec![self.term(depth)?];
        while self.keyword("and") {
            all.push(self.term(depth)?);
        }
        Ok(if all.len() == 1 { all.remove(0) } else { Condition::All(all) })
    }

    fn term(&mut self, depth: u32) -> Result<Condition, FilterError> {
        if depth == DEEPEST {
            return Err(self.error(
                self.at,
                "this is nested too deep",
                [format!("at most {DEEPEST} levels")],
            ));
        }
        if self.keyword("not") || self.rest().starts_with("!(") && self.eat("!") {
            return Ok(Condition::Not(Box::new(self.term(depth + 1)?)));
        }
        if !self.eat("(") {
            return self.condition(Extent::Word);
        }
        let condition = self.either(depth + 1)?;
        self.skip_blanks();
        match self.eat(")") {
            true => Ok(condition),
            false => Err(self.expected("the parenthesis is open here", ["and", "or", ")"])),
        }
    }

    fn condition(&mut self, extent: Extent) -> Result<Condition, FilterError> {
        let mut negated = self.eat("!");
        let first = self.rest().chars().next();
        let sign = match first {
            Some('+' | '-') => Sign::Contains,
            // A plus that nobody encoded is a blank when it arrives.
            Some(' ') if extent == Extent::ToTheEnd => Sign::Contains,
            Some('^') => Sign::StartsWith,
            Some('?') => Sign::Known,
            _ => Sign::None,
        };
        negated ^= first == Some('-');
        self.at += usize::from(sign != Sign::None);
        let name_at = self.at;
        let subject = self.subject(extent)?;
        let condition = match sign {
            Sign::Known => self.known(subject, name_at, extent),
            Sign::Contains | Sign::StartsWith => self.text(subject, name_at, sign, extent),
            Sign::None if self.eat(":") => self.equal(subject, extent),
            Sign::None => self.compared(subject, name_at, extent),
        }?;
        Ok(if negated { Condition::Not(Box::new(condition)) } else { condition })
    }

    fn subject(&mut self, extent: Extent) -> Result<Subject, FilterError> {
        let ends = |next: char| {
            matches!(next, ':' | '<' | '>' | '=' | '!')
                || extent == Extent::Word && (next.is_whitespace() || matches!(next, '(' | ')' | '"'))
        };
        let name_at = self.at;
        let length = self.rest().find(ends).unwrap_or(self.rest().len());
        let name = &self.rest()[..length];
        if name.is_empty() {
            return Err(self.error(name_at, "a name is missing", FORMS.map(|(form, _)| form)));
        }
        self.at += length;
        if self.names == Names::All {
            if let Some(dimension) = Dimension::parse(name) {
                return Ok(Subject::Dimension(dimension));
            }
            if let Some(time) = Time::ALL.into_iter().find(|time| time.name() == name) {
                return Ok(Subject::Time(time));
            }
        }
        let of_one_view = || METRICS.iter().filter(|metric| metric.of_one_view().is_some());
        match (metric::by_id(name), self.names) {
            (Some(metric), _) if metric.of_one_view().is_some() => Ok(Subject::Metric(metric)),
            (Some(_), _) => {
                let detail = format!("`{name}` is a metric of many views, and one view has no value for it");
                Err(self.error(name_at, detail, of_one_view().map(|metric| metric.id)))
            }
            (None, Names::Metrics) => {
                let detail = format!("`{name}` is no metric of a view");
                Err(self.error(name_at, detail, of_one_view().map(|metric| metric.id)))
            }
            (None, Names::All) => {
                let (basic, advanced) = Dimension::names();
                let dimensions = basic.into_iter().chain(advanced);
                let others =
                    Time::ALL.map(Time::name).into_iter().chain(of_one_view().map(|metric| metric.id));
                let detail = format!("`{name}` is no dimension, time or metric of a view");
                Err(self.error(name_at, detail, dimensions.chain(others)))
            }
        }
    }

    /// After `?name`.
    fn known(&self, subject: Subject, name_at: usize, extent: Extent) -> Result<Condition, FilterError> {
        let goes_on = self.rest().starts_with(|next: char| extent == Extent::ToTheEnd || is_of_word(next));
        if goes_on {
            return Err(self.expected("`?` asks for a name alone", ["?name"]));
        }
        match subject {
            Subject::Dimension(dimension) => Ok(Condition::Dimension(dimension, Test::Known)),
            Subject::Metric(metric) => Ok(Condition::Metric(metric, None)),
            Subject::Time(_) => {
                Err(self.error(name_at, "every view has its times", ["a dimension", "a metric"]))
            }
        }
    }

    /// After `+name` and `^name`.
    fn text(
        &mut self,
        subject: Subject,
        name_at: usize,
        sign: Sign,
        extent: Extent,
    ) -> Result<Condition, FilterError> {
        let Subject::Dimension(dimension) = subject else {
            return Err(self.error(name_at, "only dimensions are texts", Dimension::names().0));
        };
        if !self.eat(":") {
            return Err(self.expected("here the text begins", [":"]));
        }
        let text = self.value(extent)?;
        if text.is_empty() {
            return Err(self.expected("every text contains nothing", ["a text"]));
        }
        let test = if sign == Sign::Contains { Test::Contains(text) } else { Test::StartsWith(text) };
        Ok(Condition::Dimension(dimension, test))
    }

    /// After `name:`.
    fn equal(&mut self, subject: Subject, extent: Extent) -> Result<Condition, FilterError> {
        let value_at = self.at;
        let value = self.value(extent)?;
        match subject {
            Subject::Dimension(dimension) if dimension.is_number() => {
                if let Some((from, until)) = value.split_once("..") {
                    let (from, until) = (self.bound(value_at, from)?, self.bound(value_at, until)?);
                    return Ok(Condition::Dimension(dimension, Test::Number(Range::Between(from, until))));
                }
                let number = match dimension.normal(&value) {
                    nothing if nothing.is_empty() => nothing,
                    number => self.bound::<f64>(value_at, &number)?.to_string(),
                };
                Ok(Condition::Dimension(dimension, Test::OneOf(vec![number])))
            }
            Subject::Dimension(dimension) => {
                let value = dimension.normal(&value);
                Ok(Condition::Dimension(dimension, Test::OneOf(vec![value])))
            }
            Subject::Time(time) => Ok(Condition::Time(time, self.between(value_at, &value)?)),
            Subject::Metric(metric) => Ok(Condition::Metric(metric, Some(self.between(value_at, &value)?))),
        }
    }

    /// After a name alone.
    fn compared(
        &mut self,
        subject: Subject,
        name_at: usize,
        extent: Extent,
    ) -> Result<Condition, FilterError> {
        let operator_at = self.at;
        let Some(operator) = Operator::ALL.into_iter().find(|operator| self.eat(operator.sign())) else {
            return Err(
                self.expected("a name is followed by what is asked of it", [":", ">=", "<=", ">", "<"])
            );
        };
        let is_metric = matches!(subject, Subject::Metric(_));
        if !is_metric && matches!(operator, Operator::Equal | Operator::Not) {
            let choices = ["name:value", "!name:value", "name:from..to"];
            return Err(self.error(operator_at, "this is for metrics", choices));
        }
        let value_at = self.at;
        let value = self.value(extent)?;
        match subject {
            Subject::Dimension(dimension) if dimension.may_be_number() => {
                let range = Range::Compare(operator, self.bound(value_at, &value)?);
                Ok(Condition::Dimension(dimension, Test::Number(range)))
            }
            Subject::Dimension(dimension) => {
                let detail = format!("`{dimension}` is no number");
                Err(self.error(name_at, detail, Dimension::numbers()))
            }
            Subject::Time(time) => {
                Ok(Condition::Time(time, Range::Compare(operator, self.bound(value_at, &value)?)))
            }
            Subject::Metric(metric) => {
                let range = Range::Compare(operator, self.bound(value_at, &value)?);
                Ok(Condition::Metric(metric, Some(range)))
            }
        }
    }

    fn value(&mut self, extent: Extent) -> Result<String, FilterError> {
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

    fn between<T: Bound>(&self, at: usize, text: &str) -> Result<Range<T>, FilterError> {
        let Some((from, until)) = text.split_once("..") else {
            return Err(self.error(at, format!("`{text}` is no range"), ["from..to"]));
        };
        Ok(Range::Between(self.bound(at, from)?, self.bound(at, until)?))
    }

    fn bound<T: Bound>(&self, at: usize, text: &str) -> Result<T, FilterError> {
        T::read(text.trim())
            .ok_or_else(|| self.error(at, format!("`{text}` is no {}", T::WHAT), T::FORMS.iter().copied()))
    }
}

fn is_of_word(next: char) -> bool {
    !next.is_whitespace() && !matches!(next, '(' | ')' | '"')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Condition {
        filter(text, Names::All).unwrap_or_else(|error| panic!("{error}"))
    }

    fn dimension(name: &str) -> Dimension {
        Dimension::parse(name).unwrap()
    }

    fn is(name: &str, value: &str) -> Condition {
        Condition::Dimension(dimension(name), Test::OneOf(vec![value.to_owned()]))
    }

    fn not(condition: Condition) -> Condition {
        Condition::Not(Box::new(condition))
    }

    #[test]
    fn a_value_goes_to_the_end_of_the_filter() {
        assert_eq!(read("video_title:a:b (or c) \"d\""), is("video_title", "a:b (or c) \"d\""));
        assert_eq!(read("!video_title:a>b"), not(is("video_title", "a>b")));
        assert_eq!(read("playback_failure:1"), is("playback_failure", "true"));
        assert_eq!(read("country:__empty__"), is("country", ""));
        assert_eq!(read("rendition_height:720.0"), is("rendition_height", "720"));
    }

    #[test]
    fn signs_before_a_name_ask_for_texts() {
        let contains = |text: &str| Condition::Dimension(dimension("cdn"), Test::Contains(text.into()));
        for plus in ["+cdn:a b", " cdn:a b", "!-cdn:a b"] {
            assert_eq!(read(plus), contains("a b"));
        }
        assert_eq!(read("-cdn:x"), not(contains("x")));
        let known = Condition::Dimension(dimension("cdn"), Test::Known);
        assert_eq!(read("?cdn"), known);
        assert_eq!(read("!?cdn"), not(known));
        let starts = Condition::Dimension(dimension("custom.plan"), Test::StartsWith("go".into()));
        assert_eq!(read("^custom.plan:go"), starts);
    }

    #[test]
    fn numbers_and_times_are_compared() {
        let height = |range| Condition::Dimension(dimension("rendition_height"), Test::Number(range));
        assert_eq!(read("rendition_height>=720"), height(Range::Compare(Operator::AtLeast, 720.0)));
        assert_eq!(read("rendition_height:480..720"), height(Range::Between(480.0, 720.0)));
        let starts = |range| Condition::Time(Time::Start, range);
        assert_eq!(read("view_start<1000"), starts(Range::Compare(Operator::Below, 1_000_000)));
        let day = starts(Range::Between(1_793_491_200_000, 1_793_534_400_500));
        assert_eq!(read("view_start:2026-11-01..2026-11-01T13:00:00.5+01:00"), day);
        let Condition::Metric(metric, Some(range)) = read("rebuffer_count!=3") else { panic!("no metric") };
        assert_eq!((metric.id, range), ("rebuffer_count", Range::Compare(Operator::Not, 3.0)));
        assert!(matches!(read("?seek_latency"), Condition::Metric(_, None)));
    }

    #[test]
    fn and_binds_closer_than_or() {
        let [a, b, c] = ["DE", "FR", "US"].map(|country| is("country", country));
        let both = Condition::All(vec![b.clone(), not(c.clone())]);
        let expected = Condition::Any(vec![a.clone(), both]);
        for text in [
            "(country:DE or country:FR and !country:US)",
            "(country:DE OR (country:FR AND NOT(country:US)))",
            "(country:DE) or (\tcountry:\"FR\" and not country:US )",
        ] {
            assert_eq!(read(text), expected, "{text}");
        }
        assert_eq!(read("!(country:DE or country:FR)"), not(Condition::Any(vec![a, b])));
        assert_eq!(read(r#"(video_title:"a \"b\" \\")"#), is("video_title", r#"a "b" \"#));
    }

    #[test]
    fn an_error_says_where_and_what_else() {
        for (text, at, choice) in [
            ("planet:earth", 1, "country"),
            ("!planet:earth", 2, "country"),
            ("", 1, "dimension:value"),
            (":x", 1, "dimension:value"),
            ("country", 8, ":"),
            ("country=DE", 8, "name:value"),
            ("country>3", 1, "rendition_height"),
            ("rendition_height>=x", 19, "a number"),
            ("rendition_height:x", 18, "a number"),
            ("rendition_height>inf", 18, "a number"),
            ("view_start>soon", 12, "2026-11-01"),
            ("view_start:2026-11-01", 12, "from..to"),
            ("views>1", 1, "rebuffer_count"),
            ("+country:", 10, "a text"),
            ("?country:x", 9, "?name"),
            ("?view_end", 2, "a dimension"),
            ("(country:DE cdn:x)", 13, "or"),
            ("(country:DE or planet:x)", 16, "country"),
            ("(country:DE or )", 16, "dimension:value"),
            ("(country:DE or", 15, "dimension:value"),
            ("(country:DE", 12, ")"),
            ("(country:)", 10, "value"),
            ("(video_title:\"ä or cdn:x)", 14, "\"value\""),
            ("(cdn:ä) x", 9, "or"),
        ] {
            let error = filter(text, Names::All).unwrap_err();
            assert_eq!(error.at, at, "{error}");
            assert!(error.choices.iter().any(|known| known == choice), "{error}: {:?}", error.choices);
        }
        assert!(filter("country:DE", Names::Metrics).is_err());
        assert!(filter(&"(".repeat(100_000), Names::All).unwrap_err().detail.contains("deep"));
        assert!(filter(&format!("({}", "not ".repeat(100_000)), Names::All).is_err());
    }
}
