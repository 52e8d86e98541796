//! Reads filters, by recursive descent. An error says at which character it is and what could have stood there.

use super::{
    super::{
        condition::{Condition, Operator, Range, Test, Time},
        dimension::{Dimension, mux},
    },
    FORMS,
    reader::{Extent, FilterError, Reader, is_of_word},
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

/// Reads one filter.
pub fn filter(text: &str, names: Names) -> Result<Condition, FilterError> {
    let mut parser = Parser { reader: Reader::new(text), names };
    if !text.trim_start_matches('!').starts_with('(') {
        return parser.condition(Extent::ToTheEnd);
    }
    let condition = parser.either(0)?;
    parser.reader.skip_blanks();
    match parser.reader.rest() {
        "" => Ok(condition),
        _ => Err(parser.reader.expected("the filter is over", ["and", "or"])),
    }
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

struct Parser<'a> {
    reader: Reader<'a>,
    names: Names,
}

impl Parser<'_> {
    fn either(&mut self, depth: u32) -> Result<Condition, FilterError> {
        let mut any = vec![self.both(depth)?];
        while self.reader.keyword("or") {
            any.push(self.both(depth)?);
        }
        Ok(if any.len() == 1 { any.remove(0) } else { Condition::Any(any) })
    }

    fn both(&mut self, depth: u32) -> Result<Condition, FilterError> {
        let mut all = vec![self.term(depth)?];
        while self.reader.keyword("and") {
            all.push(self.term(depth)?);
        }
        Ok(if all.len() == 1 { all.remove(0) } else { Condition::All(all) })
    }

    fn term(&mut self, depth: u32) -> Result<Condition, FilterError> {
        if depth == DEEPEST {
            return Err(self.reader.error(
                self.reader.at,
                "this is nested too deep",
                [format!("at most {DEEPEST} levels")],
            ));
        }
        if self.reader.keyword("not") || self.reader.rest().starts_with("!(") && self.reader.eat("!") {
            return Ok(Condition::Not(Box::new(self.term(depth + 1)?)));
        }
        if !self.reader.eat("(") {
            return self.condition(Extent::Word);
        }
        let condition = self.either(depth + 1)?;
        self.reader.skip_blanks();
        match self.reader.eat(")") {
            true => Ok(condition),
            false => Err(self.reader.expected("the parenthesis is open here", ["and", "or", ")"])),
        }
    }

    fn condition(&mut self, extent: Extent) -> Result<Condition, FilterError> {
        let mut negated = self.reader.eat("!");
        let first = self.reader.rest().chars().next();
        let sign = match first {
            Some('+' | '-') => Sign::Contains,
            // A plus that nobody encoded is a blank when it arrives.
            Some(' ') if extent == Extent::ToTheEnd => Sign::Contains,
            Some('^') => Sign::StartsWith,
            Some('?') => Sign::Known,
            _ => Sign::None,
        };
        negated ^= first == Some('-');
        self.reader.at += usize::from(sign != Sign::None);
        let name_at = self.reader.at;
        let subject = self.subject(extent)?;
        let condition = match sign {
            Sign::Known => self.known(subject, name_at, extent),
            Sign::Contains | Sign::StartsWith => self.text(subject, name_at, sign, extent),
            Sign::None if self.reader.eat(":") => self.equal(subject, extent),
            Sign::None => self.compared(subject, name_at, extent),
        }?;
        Ok(if negated { Condition::Not(Box::new(condition)) } else { condition })
    }

    fn subject(&mut self, extent: Extent) -> Result<Subject, FilterError> {
        let ends = |next: char| {
            matches!(next, ':' | '<' | '>' | '=' | '!')
                || extent == Extent::Word && (next.is_whitespace() || matches!(next, '(' | ')' | '"'))
        };
        let name_at = self.reader.at;
        let length = self.reader.rest().find(ends).unwrap_or(self.reader.rest().len());
        let name = &self.reader.rest()[..length];
        if name.is_empty() {
            return Err(self.reader.error(name_at, "a name is missing", FORMS.map(|(form, _)| form)));
        }
        self.reader.at += length;
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
                Err(self.reader.error(name_at, detail, of_one_view().map(|metric| metric.id)))
            }
            (None, Names::Metrics) => {
                let detail =
                    metric::absent(name).unwrap_or_else(|| format!("`{name}` is no metric of a view"));
                Err(self.reader.error(name_at, detail, of_one_view().map(|metric| metric.id)))
            }
            (None, Names::All) => {
                let (basic, advanced) = Dimension::names();
                let dimensions = basic.into_iter().chain(advanced);
                let others =
                    Time::ALL.map(Time::name).into_iter().chain(of_one_view().map(|metric| metric.id));
                let detail = mux::absent(name)
                    .or_else(|| metric::absent(name))
                    .unwrap_or_else(|| format!("`{name}` is no dimension, time or metric of a view"));
                Err(self.reader.error(name_at, detail, dimensions.chain(others)))
            }
        }
    }

    /// After `?name`.
    fn known(&self, subject: Subject, name_at: usize, extent: Extent) -> Result<Condition, FilterError> {
        let goes_on =
            self.reader.rest().starts_with(|next: char| extent == Extent::ToTheEnd || is_of_word(next));
        if goes_on {
            return Err(self.reader.expected("`?` asks for a name alone", ["?name"]));
        }
        match subject {
            Subject::Dimension(dimension) => Ok(Condition::Dimension(dimension, Test::Known)),
            Subject::Metric(metric) => Ok(Condition::Metric(metric, None)),
            Subject::Time(_) => {
                Err(self.reader.error(name_at, "every view has its times", ["a dimension", "a metric"]))
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
            return Err(self.reader.error(name_at, "only dimensions are texts", Dimension::names().0));
        };
        if !self.reader.eat(":") {
            return Err(self.reader.expected("here the text begins", [":"]));
        }
        let text = self.reader.value(extent)?;
        if text.is_empty() {
            return Err(self.reader.expected("every text contains nothing", ["a text"]));
        }
        let test = if sign == Sign::Contains { Test::Contains(text) } else { Test::StartsWith(text) };
        Ok(Condition::Dimension(dimension, test))
    }

    /// After `name:`.
    fn equal(&mut self, subject: Subject, extent: Extent) -> Result<Condition, FilterError> {
        let value_at = self.reader.at;
        let value = self.reader.value(extent)?;
        match subject {
            Subject::Dimension(dimension) if dimension.is_number() => {
                if let Some((from, until)) = value.split_once("..") {
                    let (from, until) =
                        (self.reader.bound(value_at, from)?, self.reader.bound(value_at, until)?);
                    return Ok(Condition::Dimension(dimension, Test::Number(Range::Between(from, until))));
                }
                let number = match dimension.normal(&value) {
                    nothing if nothing.is_empty() => nothing,
                    number => self.reader.bound::<f64>(value_at, &number)?.to_string(),
                };
                Ok(Condition::Dimension(dimension, Test::OneOf(vec![number])))
            }
            Subject::Dimension(dimension) => {
                let value = dimension.normal(&value);
                Ok(Condition::Dimension(dimension, Test::OneOf(vec![value])))
            }
            Subject::Time(time) => Ok(Condition::Time(time, self.reader.between(value_at, &value)?)),
            Subject::Metric(metric) => {
                Ok(Condition::Metric(metric, Some(self.reader.between(value_at, &value)?)))
            }
        }
    }

    /// After a name alone.
    fn compared(
        &mut self,
        subject: Subject,
        name_at: usize,
        extent: Extent,
    ) -> Result<Condition, FilterError> {
        let operator_at = self.reader.at;
        let Some(operator) = Operator::ALL.into_iter().find(|operator| self.reader.eat(operator.sign()))
        else {
            return Err(self
                .reader
                .expected("a name is followed by what is asked of it", [":", ">=", "<=", ">", "<"]));
        };
        let is_metric = matches!(subject, Subject::Metric(_));
        if !is_metric && matches!(operator, Operator::Equal | Operator::Not) {
            let choices = ["name:value", "!name:value", "name:from..to"];
            return Err(self.reader.error(operator_at, "this is for metrics", choices));
        }
        let value_at = self.reader.at;
        let value = self.reader.value(extent)?;
        match subject {
            Subject::Dimension(dimension) if dimension.may_be_number() => {
                let range = Range::Compare(operator, self.reader.bound(value_at, &value)?);
                Ok(Condition::Dimension(dimension, Test::Number(range)))
            }
            Subject::Dimension(dimension) => {
                let detail = format!("`{dimension}` is no number");
                Err(self.reader.error(name_at, detail, Dimension::numbers()))
            }
            Subject::Time(time) => {
                Ok(Condition::Time(time, Range::Compare(operator, self.reader.bound(value_at, &value)?)))
            }
            Subject::Metric(metric) => {
                let range = Range::Compare(operator, self.reader.bound(value_at, &value)?);
                Ok(Condition::Metric(metric, Some(range)))
            }
        }
    }
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
