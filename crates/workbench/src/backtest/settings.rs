//! A field of a rule, set to another value in the text of its file, where everything else stays as it was written.

use std::str::FromStr;

use davy_model::BundleFile;
use davy_yaml::{Node, Place, Value, nearest};

/// Keys of a rule that are no part of what it judges.
const BESIDE: [&str; 6] = ["title", "applies_to", "basis", "response", "suppressed_while", "id"];

/// A field of a rule, and what it is to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// `h2s.L1.at_or_above`: the rule, its level by name, the field; or `leak.window`, a field of the rule's kind.
    pub path: String,
    /// As it would stand in the file: `12 ppm`.
    pub value: String,
}

/// Why a field cannot be set.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {problem}")]
pub struct SettingError {
    /// Which field.
    pub path: String,
    /// What is wrong.
    pub problem: String,
}

/// A change of a text: so many bytes from there on become something else.
struct Edit {
    from: usize,
    len: usize,
    text: String,
}

impl FromStr for Setting {
    type Err = String;

    fn from_str(text: &str) -> Result<Setting, String> {
        let parts = text.split_once('=').map(|(path, value)| (path.trim(), value.trim()));
        let whole = parts.filter(|(path, value)| !path.is_empty() && !value.is_empty());
        let (path, value) = whole.ok_or_else(|| {
            format!("found {text:?}, expected RULE.LEVEL.FIELD=VALUE, such as h2s.L1.at_or_above=12 ppm")
        })?;
        Ok(Setting { path: path.to_owned(), value: value.to_owned() })
    }
}

/// Sets one field in a site's files.
///
/// # Errors
/// When no rule, level or field of that name is there. Whether the value makes sense is told when the files are compiled.
pub fn apply(files: &mut [BundleFile], setting: &Setting) -> Result<(), SettingError> {
    let problem = |problem: String| SettingError { path: setting.path.clone(), problem };
    let mut ids = Vec::new();
    for file in files.iter_mut().filter(|file| file.path.starts_with("rules/")) {
        let Ok(root) = davy_yaml::parse(&file.text, 0) else { continue };
        for rule in rules(&root) {
            let Some(id) = scalar(rule, "id") else { continue };
            if let Some(rest) = setting.path.strip_prefix(id).and_then(|rest| rest.strip_prefix('.')) {
                let edit = field(&file.text, rule, rest, &setting.value).map_err(problem)?;
                file.text.replace_range(edit.from..edit.from + edit.len, &edit.text);
                return Ok(());
            }
            ids.push(id.to_owned());
        }
    }
    let wanted = setting.path.split('.').next().unwrap_or_default();
    if files.iter().any(|file| file.path == format!("packs/{wanted}.yaml")) {
        return Err(problem("a rule of a pack is changed by a rule of the site that tunes it".to_owned()));
    }
    let near = nearest(wanted, ids.iter().map(String::as_str));
    Err(problem(format!(
        "no rule has that id{}",
        near.map_or_else(String::new, |near| format!("; did you mean {near:?}?"))
    )))
}

fn rules(root: &Node) -> impl Iterator<Item = &Node> {
    let list = match get(root, "rules").map(|node| &node.value) {
        Some(Value::List(rules)) => &rules[..],
        _ => &[],
    };
    list.iter()
}

/// Finds the field and makes the edit.
fn field(text: &str, rule: &Node, path: &str, value: &str) -> Result<Edit, String> {
    let (holder, key) = match path.split_once('.') {
        Some((part, key)) => (part_of(rule, part).ok_or_else(|| no_part(rule, part))?, key),
        None => (holder_of(rule, path), path),
    };
    let Value::Map(entries) = &holder.value else { return Err("that is no list of fields".to_owned()) };
    match get(holder, key) {
        Some(node) => replace(text, node, value),
        None => insert(text, holder, entries.first().map(|(key, _)| key.place), key, value),
    }
}

/// A level by its name, or what stands under a key of the rule or its kind.
fn part_of<'n>(rule: &'n Node, part: &str) -> Option<&'n Node> {
    levels(rule).find(|level| scalar(level, "name") == Some(part)).or_else(|| get(rule, part)).or_else(|| {
        let mut kinds = kinds(rule);
        kinds.find_map(|kind| get(kind, part))
    })
}

/// Where a field without a part belongs: the rule, if it has it, else what its kind says.
fn holder_of<'n>(rule: &'n Node, key: &str) -> &'n Node {
    let of_kind = kinds(rule).find(|kind| matches!(kind.value, Value::Map(_)));
    if get(rule, key).is_some() { rule } else { of_kind.unwrap_or(rule) }
}

fn no_part(rule: &Node, part: &str) -> String {
    let names: Vec<&str> = levels(rule).filter_map(|level| scalar(level, "name")).collect();
    format!("found no level {part:?}, expected one of {}", names.join(", "))
}

/// What stands under the key of the rule's kind.
fn kinds(rule: &Node) -> impl Iterator<Item = &Node> {
    let entries = if let Value::Map(entries) = &rule.value { &entries[..] } else { &[] };
    let kinds = entries.iter().filter(|(key, _)| !BESIDE.contains(&key.name.as_str()));
    kinds.map(|(_, node)| node).filter(|node| !matches!(node.value, Value::Scalar(_) | Value::Null))
}

fn levels(rule: &Node) -> impl Iterator<Item = &Node> {
    let lists = kinds(rule).filter_map(|kind| match &kind.value {
        Value::List(levels) => Some(&levels[..]),
        _ => match get(kind, "levels").map(|node| &node.value) {
            Some(Value::List(levels)) => Some(&levels[..]),
            _ => None,
        },
    });
    lists.flatten()
}

fn get<'n>(node: &'n Node, name: &str) -> Option<&'n Node> {
    let Value::Map(entries) = &node.value else { return None };
    entries.iter().find(|(key, _)| key.name == name).map(|(_, node)| node)
}

fn scalar<'n>(node: &'n Node, name: &str) -> Option<&'n str> {
    match &get(node, name)?.value {
        Value::Scalar(text) => Some(text),
        _ => None,
    }
}

fn replace(text: &str, node: &Node, value: &str) -> Result<Edit, String> {
    let Value::Scalar(old) = &node.value else { return Err("that is no single value".to_owned()) };
    let from = byte_of(text, node.place).ok_or("its place is not in the file")?;
    let rest = &text[from..];
    let len = match rest.chars().next() {
        Some(quote @ ('"' | '\'')) => quoted_len(rest, quote),
        _ => rest.starts_with(old.as_str()).then_some(old.len()),
    };
    let len = len.ok_or("it is written in a way that cannot be set here: write it on one line")?;
    Ok(Edit { from, len, text: written(value) })
}

/// The bytes of a quoted value, its quotes among them.
fn quoted_len(text: &str, quote: char) -> Option<usize> {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            '\n' => return None,
            _ if escaped => escaped = false,
            '\\' if quote == '"' => escaped = true,
            _ if c == quote => return Some(at + 1),
            _ => {}
        }
    }
    None
}

fn insert(text: &str, holder: &Node, first: Option<Place>, key: &str, value: &str) -> Result<Edit, String> {
    let first = first.ok_or("nothing stands there that it could stand beside")?;
    let is_flow = byte_of(text, holder.place).is_some_and(|at| text[at..].starts_with('{'));
    let from = byte_of(text, first).ok_or("its place is not in the file")?;
    let value = written(value);
    let text = if is_flow {
        format!("{key}: {value}, ")
    } else {
        format!("{key}: {value}\n{}", " ".repeat(first.column as usize - 1))
    };
    Ok(Edit { from, len: 0, text })
}

/// As it can stand in a file: quoted where it would not be read as one word otherwise. A list or a map stays one.
fn written(value: &str) -> String {
    let is_plain = !value.contains([',', ':', '#', '"', '\'', '&', '*', '!', '|', '>', '{', '[']);
    let is_list = value.starts_with(['{', '[']);
    if is_plain || is_list { value.to_owned() } else { format!("{value:?}") }
}

fn byte_of(text: &str, place: Place) -> Option<usize> {
    let marked = text.len() - text.trim_start_matches('\u{feff}').len();
    let body = &text[marked..];
    let line = body.split_inclusive('\n').nth(place.line as usize - 1)?;
    let start = line.as_ptr() as usize - body.as_ptr() as usize;
    let column = line.char_indices().nth(place.column as usize - 1)?.0;
    Some(marked + start + column)
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: &str = "\
# Gas rules; this line stays.
rules:
  - id: h2s
    title: {en: Hydrogen sulfide}
    applies_to: {quantity: gas.h2s}
    limit:
      - {name: L1, tier: orange, at_or_above: 10 ppm, off_delay: 30s}   # 硫化氢
      - name: L2
        tier: red
        at_or_above: \"20 ppm\"
  - id: leak
    applies_to: {quantity: gas.ch4}
    deviation:
      of: own
      window: 3h
      levels:
        - {name: H, tier: yellow, above: 1.75 ppm}
";

    fn set(text: &str) -> Result<String, String> {
        let mut files = [BundleFile { path: "rules/gas.yaml".to_owned(), text: RULES.to_owned() }];
        apply(&mut files, &text.parse()?).map_err(|error| error.to_string())?;
        Ok(files[0].text.clone())
    }

    #[test]
    fn one_field_changes_and_nothing_else() {
        for (setting, old, new) in [
            ("h2s.L1.at_or_above=8.5 ppm", "at_or_above: 10 ppm", "at_or_above: 8.5 ppm"),
            ("h2s.L2.at_or_above=15 ppm", "at_or_above: \"20 ppm\"", "at_or_above: 15 ppm"),
            ("h2s.L1.on_delay=5s", "{name: L1", "{on_delay: 5s, name: L1"),
            ("h2s.L2.on_delay=5s", "- name: L2", "- on_delay: 5s\n        name: L2"),
            ("leak.window=6h", "window: 3h", "window: 6h"),
            ("leak.deviation.window=6h", "window: 3h", "window: 6h"),
            ("leak.H.above=2 ppm", "above: 1.75 ppm", "above: 2 ppm"),
            ("leak.min_coverage=50 %", "of: own", "min_coverage: 50 %\n      of: own"),
        ] {
            let found = set(setting).expect(setting);
            assert_eq!(found, RULES.replacen(old, new, 1), "{setting}");
        }
    }

    #[test]
    fn what_is_not_there_is_told() {
        for (setting, told) in [
            ("h2x.L1.at_or_above=8", "did you mean \"h2s\""),
            ("h2s.L3.at_or_above=8", "expected one of L1, L2"),
            ("h2s.limit=8", "no single value"),
            ("h2s.L1", "expected RULE.LEVEL.FIELD=VALUE"),
        ] {
            let problem = set(setting).expect_err(setting);
            assert!(problem.contains(told), "{setting}: {problem}");
        }
    }
}
