//! One record as it stands in the pack, before the base fields of those before it are applied.

use std::borrow::Cow;

use super::label::Label;

/// A value, whatever carried it.
#[derive(Clone, Debug)]
pub(super) enum Value<'p> {
    Number(f64),
    Bool(bool),
    Text(Cow<'p, str>),
    /// Bytes (of `vd`).
    Data,
    /// A number that is not finite, as it was written.
    NotFinite(String),
    /// Text that is not UTF-8, as much of it as can be shown.
    NotText(String),
    /// Something no field can be: null, an array, an object, a tag.
    Other(String),
}

/// A record's fields.
#[derive(Debug)]
pub(super) struct Record<'p> {
    values: [Option<Value<'p>>; Label::COUNT],
    /// The first field that came twice.
    pub(super) repeated: Option<Label>,
    /// The first label that had to be understood, and is not.
    pub(super) must_understand: Option<String>,
}

/// Takes records as they are read.
pub(super) trait Records<'p> {
    /// The next element of the pack.
    fn record(&mut self, record: Record<'p>);

    /// An element of the pack that is no record; what it is.
    fn no_record(&mut self, shown: &str);

    /// How many elements there were.
    fn count(&self) -> u32;
}

impl<'p> Record<'p> {
    pub(super) fn new() -> Record<'p> {
        Record { values: [const { None }; Label::COUNT], repeated: None, must_understand: None }
    }

    /// Keeps the first of a label, and notes a second.
    pub(super) fn put(&mut self, label: Label, value: Value<'p>) {
        let slot = &mut self.values[label as usize];
        if slot.is_some() {
            self.repeated.get_or_insert(label);
        } else {
            *slot = Some(value);
        }
    }

    pub(super) const fn get(&self, label: Label) -> Option<&Value<'p>> {
        self.values[label as usize].as_ref()
    }

    pub(super) const fn has(&self, label: Label) -> bool {
        self.values[label as usize].is_some()
    }

    /// Whether it measures nothing: it only says what holds for those after it.
    pub(super) fn is_base_only(&self) -> bool {
        self.values[Label::Name as usize..].iter().all(Option::is_none)
    }
}

impl Value<'_> {
    /// As JSON would show it.
    pub(super) fn shown(&self) -> String {
        match self {
            Value::Number(value) => value.to_string(),
            Value::Bool(value) => value.to_string(),
            Value::Text(text) => format!("{text:?}"),
            Value::Data => "bytes".to_owned(),
            Value::NotFinite(shown) | Value::NotText(shown) | Value::Other(shown) => shown.clone(),
        }
    }
}
