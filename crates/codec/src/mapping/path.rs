//! Where in a payload something stands: `values.{key}`, `{device}[].ts`, `m(json)[].itemcode`.

use std::{fmt, sync::Arc};

use davy_model::is_name;

use crate::Limits;

/// A way from the payload to something in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Path(pub(super) Vec<Step>);

/// One step of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Into the object, to the entry of that name.
    Key(Arc<str>),
    /// Into the object, to each entry that has no step of its own; its name is remembered under this one.
    Any(Arc<str>),
    /// Into the array, to each element.
    Each,
    /// Into the JSON that the text holds.
    Text,
}

/// What a path looks like, for people.
pub(super) const FORM: (&str, &str) = (
    "a path such as values.{key}, {device}[].ts, m(json)[].code; a name with dots in quotes",
    "路径，如 values.{key}、{device}[].ts、m(json)[].code；含点的名称加引号",
);

impl Path {
    /// Reads a path.
    pub(super) fn parse(text: &str) -> Option<Path> {
        let mut steps = Vec::new();
        let mut rest = text;
        let mut wants_name = !text.starts_with('[') && !text.starts_with('(');
        loop {
            if wants_name {
                let (step, behind) = name(rest)?;
                steps.push(step);
                rest = behind;
                wants_name = false;
            } else if let Some(behind) = rest.strip_prefix("[]") {
                steps.push(Step::Each);
                rest = behind;
            } else if let Some(behind) = rest.strip_prefix("(json)") {
                steps.push(Step::Text);
                rest = behind;
            } else if let Some(behind) = rest.strip_prefix('.') {
                rest = behind;
                wants_name = true;
            } else if rest.is_empty() {
                return (!steps.is_empty() && steps.len() < Limits::DEPTH_MAX as usize)
                    .then_some(Path(steps));
            } else {
                return None;
            }
        }
    }

    /// The path that begins where this one ends.
    pub(super) fn then(&self, other: &Path) -> Path {
        Path(self.0.iter().chain(&other.0).cloned().collect())
    }

    /// The names it remembers, each with the place of its step among those that are steps of a JSON pointer.
    pub(super) fn captures(&self) -> Vec<(Arc<str>, usize)> {
        let in_pointer = self.0.iter().filter(|step| **step != Step::Text);
        let named = |(at, step): (usize, &Step)| match step {
            Step::Any(name) => Some((Arc::clone(name), at)),
            Step::Key(_) | Step::Each | Step::Text => None,
        };
        in_pointer.enumerate().filter_map(named).collect()
    }
}

fn name(text: &str) -> Option<(Step, &str)> {
    if let Some(quoted) = text.strip_prefix('"') {
        let (name, rest) = quoted.split_once('"')?;
        return Some((Step::Key(name.into()), rest));
    }
    if let Some(open) = text.strip_prefix('{') {
        let (name, rest) = open.split_once('}')?;
        return is_name(name).then(|| (Step::Any(name.into()), rest));
    }
    let end = text.find(['.', '[', '(']).unwrap_or(text.len());
    let (name, rest) = text.split_at(end);
    (!name.is_empty() && !name.contains(['{', '}', '"', ']', ')'])).then(|| (Step::Key(name.into()), rest))
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, step) in self.0.iter().enumerate() {
            let dot = if at == 0 { "" } else { "." };
            match step {
                Step::Key(name) if name.contains(['.', '[', '(', '{', '}', ']', ')']) => {
                    write!(f, "{dot}\"{name}\"")?;
                }
                Step::Key(name) => write!(f, "{dot}{name}")?,
                Step::Any(name) => write!(f, "{dot}{{{name}}}")?,
                Step::Each => f.write_str("[]")?,
                Step::Text => f.write_str("(json)")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_read_and_written_alike_and_what_is_none_is_refused() {
        for text in [
            "ts",
            "values.{key}",
            "{device}[].values.{key}",
            "[].ts",
            "[][].x",
            "m(json)[].itemcode",
            "\"a.b\".c",
            "温度.值",
        ] {
            assert_eq!(Path::parse(text).map(|path| path.to_string()).as_deref(), Some(text));
        }
        for text in
            ["", ".", "a.", "a..b", "a[0]", "a[", "{", "{a b}", "a}b", "\"open", "a b{c}", &"a.".repeat(40)]
        {
            assert!(Path::parse(text).is_none(), "{text}");
        }
    }
}
