//! The tree, and the one parser that makes it.

use std::fmt;

use serde::{Deserialize, Deserializer, de};
use serde_saphyr::{Location, MessageFormatter, Spanned, UserMessageFormatter};

/// Nested lists and maps at most; a rule file needs 6.
const DEPTH_MAX: usize = 16;
/// Lists, maps and scalars at most in one file, also counting what aliases repeat.
const NODES_MAX: usize = 4_000_000;
/// What aliases may repeat at most.
const REPLAYED_MAX: usize = 200_000;

/// One value of a file, and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// Where it begins; of an alias, where the alias stands.
    pub place: Place,
    /// What it is.
    pub value: Value,
}

/// What a value can be. Scalars keep the text of the file: only the reader knows whether `1` is a number or a name.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Nothing, `null` or `~`.
    Null,
    /// Any other single value.
    Scalar(String),
    /// A list.
    List(Vec<Node>),
    /// Keys and their values, in the file's order; keys are unique.
    Map(Vec<(Key, Node)>),
}

/// A key, and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Key {
    /// Where it begins.
    pub place: Place,
    /// The key.
    pub name: String,
}

/// A place in one of several files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Which of the files, as whoever reads them counts.
    pub file: u32,
    /// From 1.
    pub line: u32,
    /// In characters, from 1.
    pub column: u32,
}

impl Place {
    /// Where a file begins.
    pub const fn start_of(file: u32) -> Place {
        Place { file, line: 1, column: 1 }
    }
}

/// Why a text is not plain YAML.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// Where that shows.
    pub place: Place,
    /// What is wrong, on one line of at most 200 characters.
    pub problem: String,
}

/// Reads one file.
///
/// # Errors
/// When it is not YAML, or not plain YAML: two documents, the same key twice, merge keys, nested deeper than 16, or
/// aliases that repeat more than 200,000 values.
pub fn parse(text: &str, file: u32) -> Result<Node, Broken> {
    // A byte order mark is no character of the first line.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    match serde_saphyr::from_str_with_options::<Option<Spanned<Raw>>>(text, options()) {
        Ok(Some(root)) => Ok(Source { text, file }.node(root)),
        Ok(None) => Ok(Node { place: Place::start_of(file), value: Value::Null }),
        Err(error) => {
            let place = error.location().map_or(Place::start_of(file), |at| place(file, at));
            let problem = UserMessageFormatter.format_message(error.without_snippet());
            Err(Broken { place, problem: problem.chars().filter(|c| !c.is_control()).take(200).collect() })
        }
    }
}

fn options() -> serde_saphyr::Options {
    serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_depth: DEPTH_MAX,
            flow_nesting_limit: DEPTH_MAX,
            max_nodes: NODES_MAX,
            max_events: 2 * NODES_MAX,
            max_aliases: 10_000,
            max_anchors: 10_000,
            max_documents: 1,
            max_inclusion_depth: 0,
        },
        alias_limits: serde_saphyr::alias_limits! {
            max_total_replayed_events: REPLAYED_MAX,
            max_replay_stack_depth: DEPTH_MAX,
        },
        emit_comments: false,
        duplicate_keys: serde_saphyr::DuplicateKeyPolicy::Error,
        merge_keys: serde_saphyr::MergeKeyPolicy::Error,
        non_finite_float_policy: serde_saphyr::NonFiniteFloatPolicy::AsString,
        leading_zero_numbers_as_strings: true,
        underscored_numbers_as_strings: true,
        strict_booleans: true,
        with_snippet: false,
    }
}

fn place(file: u32, at: Location) -> Place {
    let count = |figure: u64| u32::try_from(figure).unwrap_or(u32::MAX).max(1);
    Place { file, line: count(at.line()), column: count(at.column()) }
}

/// A value as the parser tells it, before its text is taken from the file.
enum Raw {
    Null,
    /// The parser made something else of the text: the text is in the file.
    Typed(String),
    Text(String),
    List(Vec<Spanned<Raw>>),
    Map(Vec<(Spanned<String>, Spanned<Raw>)>),
}

struct Source<'a> {
    text: &'a str,
    file: u32,
}

impl Source<'_> {
    fn node(&self, raw: Spanned<Raw>) -> Node {
        let value = match raw.value {
            Raw::Null => Value::Null,
            Raw::Text(text) => Value::Scalar(text),
            Raw::Typed(text) => Value::Scalar(self.slice(raw.defined).map_or(text, str::to_owned)),
            Raw::List(items) => Value::List(items.into_iter().map(|item| self.node(item)).collect()),
            Raw::Map(entries) => {
                let entry = |(key, value): (Spanned<String>, _)| {
                    let place = place(self.file, key.referenced);
                    (Key { place, name: key.value }, self.node(value))
                };
                Value::Map(entries.into_iter().map(entry).collect())
            }
        };
        Node { place: place(self.file, raw.referenced), value }
    }

    /// The text of a plain scalar as it stands in the file: `7.050` stays `7.050`.
    fn slice(&self, at: Location) -> Option<&str> {
        let from = usize::try_from(at.span().byte_offset()?).ok()?;
        let len = usize::try_from(at.span().byte_len()?).ok()?;
        let text = self.text.get(from..from.checked_add(len)?)?.trim();
        (!text.is_empty()).then_some(text)
    }
}

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Raw, D::Error> {
        deserializer.deserialize_any(RawVisitor)
    }
}

struct RawVisitor;

impl<'de> de::Visitor<'de> for RawVisitor {
    type Value = Raw;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value, a list or a map")
    }

    fn visit_unit<E>(self) -> Result<Raw, E> {
        Ok(Raw::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Raw, E> {
        Ok(Raw::Typed(value.to_string()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Raw, E> {
        Ok(Raw::Typed(value.to_string()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Raw, E> {
        Ok(Raw::Typed(value.to_string()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Raw, E> {
        Ok(Raw::Typed(value.to_string()))
    }

    fn visit_str<E>(self, text: &str) -> Result<Raw, E> {
        Ok(Raw::Text(text.to_owned()))
    }

    fn visit_string<E>(self, text: String) -> Result<Raw, E> {
        Ok(Raw::Text(text))
    }

    fn visit_seq<A: de::SeqAccess<'de>>(self, mut items: A) -> Result<Raw, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Raw::List(list))
    }

    fn visit_map<A: de::MapAccess<'de>>(self, mut entries: A) -> Result<Raw, A::Error> {
        let mut map = Vec::new();
        while let Some(entry) = entries.next_entry()? {
            map.push(entry);
        }
        Ok(Raw::Map(map))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Node, String> {
        parse(text, 0)
            .map_err(|broken| format!("{}:{}: {}", broken.place.line, broken.place.column, broken.problem))
    }

    fn show(node: &Node) -> String {
        let at = format!("{}:{}", node.place.line, node.place.column);
        match &node.value {
            Value::Null => format!("{at} null"),
            Value::Scalar(text) => format!("{at} {text}"),
            Value::List(items) => format!("{at} [{}]", items.iter().map(show).collect::<Vec<_>>().join(", ")),
            Value::Map(entries) => {
                let entry = |(key, value): &(Key, Node)| {
                    format!("{}:{} {}= {}", key.place.line, key.place.column, key.name, show(value))
                };
                format!("{at} {{{}}}", entries.iter().map(entry).collect::<Vec<_>>().join(", "))
            }
        }
    }

    #[test]
    fn scalars_keep_the_text_of_the_file_and_everything_its_place() {
        for (text, want) in [
            ("a: 7.050", "1:1 {1:1 a= 1:4 7.050}"),
            ("a: 007\nb: 1_000", "1:1 {1:1 a= 1:4 007, 2:1 b= 2:4 1_000}"),
            ("a: on\nb: true\nc: .nan", "1:1 {1:1 a= 1:4 on, 2:1 b= 2:4 true, 3:1 c= 3:4 .nan}"),
            ("a: \"x y\"\nb: ~\nc:", "1:1 {1:1 a= 1:4 x y, 2:1 b= 2:4 null, 3:1 c= 3:2 null}"),
            ("气: [1.0 , -2e3]  # why", "1:1 {1:1 气= 1:4 [1:5 1.0, 1:11 -2e3]}"),
            ("\u{feff}a:\r\n  - x\r\n  - {b: 1.10}\r\n", "1:1 {1:1 a= 2:3 [2:5 x, 3:5 {3:6 b= 3:9 1.10}]}"),
            ("a: &p 7.10\nb: *p", "1:1 {1:1 a= 1:7 7.10, 2:1 b= 2:4 7.10}"),
            ("", "1:1 null"),
            ("# nothing", "1:1 null"),
        ] {
            assert_eq!(read(text).map(|node| show(&node)).as_deref(), Ok(want), "{text}");
        }
    }

    #[test]
    fn what_is_not_plain_yaml_is_refused_where_it_begins() {
        for (text, at) in [
            ("a: [1, 2", "1:4"),
            ("a: 1\na: 2", "2:1"),
            ("a: *nobody", "1:4"),
            ("b: &b {c: 1}\na:\n  <<: *b", "3:3"),
            ("a: 1\n---\nb: 2", "2:1"),
            ("a: \"open", "1:4"),
            ("a:\n\t- 1", "2:2"),
        ] {
            let error = read(text).expect_err(text);
            assert!(error.starts_with(&format!("{at}: ")), "{text}: {error}");
        }
    }

    #[test]
    fn deep_nests_and_alias_bombs_are_refused_before_they_cost_anything() {
        let deep = "[".repeat(100_000);
        let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
        for i in 1..12 {
            let row = vec![format!("*a{}", i - 1); 9].join(", ");
            bomb.push_str(&format!("a{i}: &a{i} [{row}]\n"));
        }
        let blocks: String = (0..2000).map(|i| format!("{}- \n", " ".repeat(i))).collect();
        for text in [deep, bomb, blocks] {
            read(&text).expect_err("a bomb");
        }
    }
}
