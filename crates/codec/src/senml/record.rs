//! One record as it stands in the pack, before the base fields of those before it are applied.

use super::label::Label;

/// A value, whatever carried it.
#[derive(Clone, Copy, Debug)]
pub(super) enum Value<'p> {
    Number(f64),
    True,
    False,
    Text(&'p str),
    /// Bytes (of `vd`).
    Data,
    /// A number that is not finite, as it was written.
    NotFinite(&'p str),
    /// Text that is not UTF-8, as much of it as can be shown.
    NotText(&'p str),
    /// Something no field can be: null, an array, an object, a tag.
    Other(&'p str),
}

/// A record's fields. One is filled again and again; of texts that do not stand in the payload as they are, whoever reads it
/// keeps hold.
#[derive(Debug)]
pub(super) struct Record<'p> {
    values: [Value<'p>; Label::COUNT],
    /// Which of those there are, a bit each.
    has: u16,
    /// The first field that came twice.
    pub(super) repeated: Option<Label>,
    /// The first label that had to be understood, and is not.
    pub(super) must_understand: Option<&'p str>,
}

/// Takes records as they are read.
pub(super) trait Records {
    /// The next element of the pack.
    fn record(&mut self, record: &Record<'_>);

    /// An element of the pack that is no record; what it is.
    fn no_record(&mut self, shown: &str);

    /// How many elements there were.
    fn count(&self) -> u32;
}

impl<'p> Record<'p> {
    /// Without any.
    pub(super) const fn new() -> Record<'p> {
        Record { values: [Value::Data; Label::COUNT], has: 0, repeated: None, must_understand: None }
    }

    /// Forgets its fields.
    pub(super) const fn clear(&mut self) {
        (self.has, self.repeated, self.must_understand) = (0, None, None);
    }

    /// Keeps the first of a label, and notes a second.
    #[inline]
    pub(super) fn put(&mut self, label: Label, value: Value<'p>) {
        if self.has(label) {
            self.repeated.get_or_insert(label);
        } else {
            self.values[label as usize] = value;
            self.has |= bit(label);
        }
    }

    pub(super) const fn get(&self, label: Label) -> Option<Value<'p>> {
        if self.has(label) { Some(self.values[label as usize]) } else { None }
    }

    pub(super) const fn has(&self, label: Label) -> bool {
        self.has & bit(label) != 0
    }

    /// Whether it says something of those after it.
    pub(super) const fn has_bases(&self) -> bool {
        self.has & !OWN != 0
    }

    /// Whether it measures nothing: it only says what holds for those after it.
    pub(super) const fn is_base_only(&self) -> bool {
        self.has & OWN == 0
    }
}

/// A record's own fields.
const OWN: u16 = bit(Label::BaseVersion) - 1;

const fn bit(label: Label) -> u16 {
    1 << label as u16
}

impl From<bool> for Value<'_> {
    fn from(value: bool) -> Self {
        if value { Value::True } else { Value::False }
    }
}

impl Value<'_> {
    /// As JSON would show it.
    pub(super) fn shown(self) -> String {
        match self {
            Value::Number(value) => value.to_string(),
            Value::True => "true".to_owned(),
            Value::False => "false".to_owned(),
            Value::Text(text) => format!("{text:?}"),
            Value::Data => "bytes".to_owned(),
            Value::NotFinite(shown) | Value::NotText(shown) | Value::Other(shown) => shown.to_owned(),
        }
    }
}
