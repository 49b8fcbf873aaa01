//! Topics of senders that have their own: which belong to a source, and what their levels say.

use std::{fmt, sync::Arc};

use davy_model::is_name;

/// The longest topic MQTT knows, bytes.
const TOPIC_LEN_MAX: usize = 65_535;
/// Levels of a pattern at most.
const LEVELS_MAX: usize = 64;

/// A pattern of topics: levels, of which `{name}` is any one and is remembered under that name, `+` any one, and `#`, as
/// the last, any rest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopicPattern {
    text: Arc<str>,
    levels: Vec<Level>,
    /// It ends in `#`.
    is_open: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Level {
    Literal(Arc<str>),
    Any,
    Named(Arc<str>),
}

/// What the named levels of a topic hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Captures(Vec<(Arc<str>, Arc<str>)>);

/// Why a text is no pattern of topics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PatternError(&'static str, &'static str);

impl PatternError {
    /// What is wrong, for people.
    pub const fn en(self) -> &'static str {
        self.0
    }

    /// The same in Chinese.
    pub const fn zh(self) -> &'static str {
        self.1
    }
}

impl fmt::Display for PatternError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for PatternError {}

impl TopicPattern {
    /// Reads `tele/{device}/+/SENSOR` or `plant/{edge_node}/#`.
    ///
    /// # Errors
    /// When it is empty or longer than 65,535 bytes or 64 levels, holds `+`, `#`, `{` or `}` inside a level, a name twice,
    /// or anything behind `#`.
    pub fn parse(text: &str) -> Result<TopicPattern, PatternError> {
        if text.is_empty() || text.len() > TOPIC_LEN_MAX || text.contains('\0') {
            return Err(PatternError(
                "a topic has 1 to 65,535 bytes, none of them zero",
                "主题为 1 至 65535 字节，不得含零字节",
            ));
        }
        if text.split('/').count() > LEVELS_MAX {
            return Err(PatternError("a pattern has at most 64 levels", "主题最多 64 级"));
        }
        let (body, is_open) = match text.strip_suffix("/#") {
            Some(body) => (body, true),
            None if text == "#" => {
                return Ok(TopicPattern { text: text.into(), levels: Vec::new(), is_open: true });
            }
            None => (text, false),
        };
        let mut levels = Vec::new();
        for level in body.split('/') {
            let level = level_of(level)?;
            if matches!(&level, Level::Named(_)) && levels.contains(&level) {
                return Err(PatternError("a name stands for one level only", "同一名称只能用于一级"));
            }
            levels.push(level);
        }
        Ok(TopicPattern { text: text.into(), levels, is_open })
    }

    /// What the named levels of a topic hold, when the topic fits. A named level is never empty; a topic that begins with
    /// `$` needs a literal first level.
    pub fn matches(&self, topic: &str) -> Option<Captures> {
        let opens_with_any = !matches!(self.levels.first(), Some(Level::Literal(_)));
        if topic.starts_with('$') && opens_with_any {
            return None;
        }
        let mut captures = Vec::new();
        let mut rest = topic.split('/');
        for level in &self.levels {
            let found = rest.next()?;
            match level {
                Level::Literal(wanted) if **wanted == *found => {}
                Level::Literal(_) => return None,
                Level::Any => {}
                Level::Named(_) if found.is_empty() => return None,
                Level::Named(name) => captures.push((Arc::clone(name), found.into())),
            }
        }
        (self.is_open || rest.next().is_none()).then_some(Captures(captures))
    }

    /// The filter to subscribe to at a broker: every topic that fits the pattern fits it.
    pub fn filter(&self) -> String {
        let level = |level: &Level| match level {
            Level::Literal(text) => text.to_string(),
            Level::Any | Level::Named(_) => "+".to_owned(),
        };
        let mut levels: Vec<String> = self.levels.iter().map(level).collect();
        if self.is_open {
            levels.push("#".to_owned());
        }
        levels.join("/")
    }

    /// The names of its levels, in their order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.levels.iter().filter_map(|level| match level {
            Level::Named(name) => Some(&**name),
            Level::Literal(_) | Level::Any => None,
        })
    }

    /// The pattern as it was written.
    pub fn text(&self) -> &str {
        &self.text
    }
}

impl Captures {
    /// Nothing is known from the topic.
    pub fn none() -> Captures {
        Captures::default()
    }

    /// What the level of that name holds.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| **known == *name).map(|(_, value)| &**value)
    }

    /// Each name and what its level holds.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (&**name, &**value))
    }
}

impl<N: Into<Arc<str>>, V: Into<Arc<str>>> FromIterator<(N, V)> for Captures {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(pairs: I) -> Captures {
        Captures(pairs.into_iter().map(|(name, value)| (name.into(), value.into())).collect())
    }
}

fn level_of(text: &str) -> Result<Level, PatternError> {
    if text == "+" {
        return Ok(Level::Any);
    }
    if let Some(name) = text.strip_prefix('{').and_then(|text| text.strip_suffix('}')) {
        if is_name(name) {
            return Ok(Level::Named(name.into()));
        }
        return Err(PatternError(
            "the name in {} is 1 to 64 of A-Z a-z 0-9 - _ .",
            "{} 中的名称为 1 至 64 个 A-Z a-z 0-9 - _ . 字符",
        ));
    }
    if text.contains(['+', '#', '{', '}']) {
        return Err(PatternError(
            "+ and {name} stand for a whole level, and # for the last ones",
            "+ 与 {name} 必须独占一级，# 只能是最后一级",
        ));
    }
    Ok(Level::Literal(text.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn captured(pattern: &str, topic: &str) -> Option<String> {
        let captures = TopicPattern::parse(pattern).expect(pattern).matches(topic)?;
        Some(captures.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(" "))
    }

    #[test]
    fn named_levels_are_remembered_and_everything_else_must_fit() {
        for (pattern, topic, want) in [
            ("tele/{device}/SENSOR", "tele/wemos5/SENSOR", Some("device=wemos5")),
            ("tele/{device}/SENSOR", "tele/wemos5/STATE", None),
            ("tele/{device}/SENSOR", "tele/sonoff/13DC54/SENSOR", None),
            ("tele/+/{device}/SENSOR", "tele/sonoff/13DC54/SENSOR", Some("device=13DC54")),
            ("tele/{device}/SENSOR", "tele//SENSOR", None),
            ("tele/+/SENSOR", "tele//SENSOR", Some("")),
            ("/neuron/mqtt", "/neuron/mqtt", Some("")),
            ("/neuron/mqtt", "neuron/mqtt", None),
            ("{device}", "BL280-7", Some("device=BL280-7")),
            ("{device}", "a/b", None),
            ("{a}/{b}/#", "x/y", Some("a=x b=y")),
            ("{a}/{b}/#", "x/y/z/1", Some("a=x b=y")),
            ("{a}/{b}/#", "x", None),
            ("#", "a/b", Some("")),
            ("#", "$SYS/x", None),
            ("{a}/x", "$SYS/x", None),
            ("$SYS/{a}", "$SYS/x", Some("a=x")),
            ("气/{测}", "气/1", None),
        ] {
            if pattern.contains('测') {
                assert!(TopicPattern::parse(pattern).is_err());
                continue;
            }
            assert_eq!(captured(pattern, topic).as_deref(), want, "{pattern} {topic}");
        }
    }

    #[test]
    fn its_filter_is_one_a_broker_knows() {
        for (pattern, want) in [
            ("tele/{device}/+/SENSOR", "tele/+/+/SENSOR"),
            ("plant/{edge_node}/#", "plant/+/#"),
            ("#", "#"),
            ("/a/", "/a/"),
        ] {
            assert_eq!(TopicPattern::parse(pattern).expect(pattern).filter(), want);
        }
    }

    #[test]
    fn what_is_no_pattern_is_refused() {
        for text in
            ["", "a/#/b", "a#", "a/b+", "{", "{}", "x{a}", "{a}/{a}", "a/{a b}", "a\0b", &"a/".repeat(100)]
        {
            assert!(TopicPattern::parse(text).is_err(), "{text}");
        }
    }
}
