//! What a mapping file asks for, checked and compiled: nothing in it can fail any more.

use std::sync::Arc;

use davy_model::Quality;

use crate::Hj212;

use super::{numbers::Scale, path::Path, patterns::Patterns, stamp::Stamp, tree::Tree};

/// The whole of it.
#[derive(Clone, Debug)]
pub(super) struct Spec {
    pub(super) layout: Layout,
    /// Every place that is looked at, as one tree.
    pub(super) tree: Tree,
    pub(super) rules: Vec<Rule>,
    /// The fields that readings want: where each stands...
    pub(super) fields: Vec<Path>,
    /// ...and how it says a time, when it does.
    pub(super) stamps: Vec<Option<Arc<Stamp>>>,
    pub(super) keys: Patterns<KeyRule>,
    pub(super) ignore: Patterns<()>,
    pub(super) unknown: Unknown,
    pub(super) warns_of_other_fields: bool,
    pub(super) not_numbers: Policy,
    pub(super) numbers_as_text: bool,
    pub(super) decimal_comma: bool,
    pub(super) sentinels: Sentinels,
    pub(super) scale: Scale,
    pub(super) unit: Option<UnitFrom>,
    pub(super) words: Words,
    /// What is looked for, for people: the paths of the values.
    pub(super) looked_for: String,
}

impl Spec {
    /// Of a form that says itself where everything stands.
    pub(super) fn of_wire(layout: Layout) -> Spec {
        Spec {
            layout,
            tree: Tree::new(),
            rules: Vec::new(),
            fields: Vec::new(),
            stamps: Vec::new(),
            keys: Patterns::new(Vec::new()),
            ignore: Patterns::new(Vec::new()),
            unknown: Unknown::Take,
            warns_of_other_fields: false,
            not_numbers: Policy::Refuse,
            numbers_as_text: false,
            decimal_comma: false,
            sentinels: Arc::from([]),
            scale: Scale::ONE,
            unit: None,
            words: Arc::from([]),
            looked_for: String::new(),
        }
    }

    /// Whether payloads carry readings at all.
    pub(super) fn has_readings(&self) -> bool {
        !self.rules.is_empty() || matches!(self.layout, Layout::Senml | Layout::Hj212(_))
    }
}

/// How the payload is laid out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Layout {
    Json,
    Csv(CsvLayout),
    /// Records that resolve themselves.
    Senml,
    /// Frames of boxes.
    Hj212(Hj212),
}

/// Lines of values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct CsvLayout {
    pub(super) delimiter: u8,
    pub(super) quote: u8,
    pub(super) comment: Option<u8>,
    /// The names of the columns; of a header when there are none.
    pub(super) columns: Option<Vec<Arc<str>>>,
    /// A last line without an end is taken: it may be a part of one.
    pub(super) takes_unended: bool,
}

/// Where one kind of readings stands.
#[derive(Clone, Debug)]
pub(super) struct Rule {
    pub(super) tag: Vec<Part>,
    /// What `keys` is asked with.
    pub(super) key: Part,
    pub(super) time: Option<usize>,
    pub(super) quality: Option<QualityFrom>,
    /// It stands in place of a value, and says how bad it is.
    pub(super) is_error: bool,
    pub(super) historical: Option<(usize, Arc<[Box<str>]>)>,
    pub(super) unit: Option<UnitFrom>,
    pub(super) scale: Option<Scale>,
    /// The fields that have to be known before it is told.
    pub(super) slots: Vec<usize>,
}

/// A part of a tag's name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Literal(Arc<str>),
    /// A level of the topic.
    Topic(Arc<str>),
    /// The name of an entry on the way to the value.
    Trail(usize),
    /// A field of the payload.
    Slot(usize),
    /// What `keys` is asked with.
    Key,
}

/// What is known of a key.
#[derive(Clone, Debug, Default)]
pub(super) struct KeyRule {
    pub(super) is_skipped: bool,
    /// What stands for the key in the tag's name.
    pub(super) rename: Option<Arc<str>>,
    pub(super) unit: Option<UnitFrom>,
    pub(super) scale: Option<Scale>,
    pub(super) sentinels: Option<Sentinels>,
    pub(super) words: Option<Words>,
}

/// Where a unit comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum UnitFrom {
    Fixed(Arc<str>),
    Field { slot: usize, words: Vec<(Box<str>, Arc<str>)>, otherwise: Option<Arc<str>> },
}

/// Where a quality comes from.
#[derive(Clone, Debug)]
pub(super) struct QualityFrom {
    /// The field; of an error that stands in place of a value, none.
    pub(super) slot: Option<usize>,
    pub(super) codes: Arc<Codes>,
}

/// What a sender's codes mean.
#[derive(Clone, Debug, Default)]
pub(super) struct Codes {
    pub(super) words: Vec<(Box<str>, Quality)>,
    pub(super) ranges: Vec<(f64, f64, Quality)>,
    pub(super) otherwise: Option<Quality>,
}

/// Texts that are numbers.
pub(super) type Words = Arc<[(Box<str>, f64)]>;

/// Values that are none.
pub(super) type Sentinels = Arc<[(Sentinel, Option<Quality>)]>;

/// A value that is none.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Sentinel {
    Null,
    Number(f64),
    Text(Box<str>),
}

/// What to do about a key that no rule knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unknown {
    Take,
    Skip,
    Warn,
    Refuse,
}

/// What to do about a value that cannot be a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Policy {
    Skip,
    Warn,
    Refuse,
}

impl Spec {
    pub(super) fn is_csv(&self) -> bool {
        matches!(self.layout, Layout::Csv(_))
    }
}

impl Codes {
    /// What a code means, and whether that is said anywhere.
    pub(super) fn quality(&self, code: &str) -> Option<Quality> {
        let word = self.words.iter().find(|(word, _)| **word == *code).map(|(_, quality)| *quality);
        word.or_else(|| {
            let number: f64 = code.parse().ok()?;
            let fits = |(low, high, _): &&(f64, f64, Quality)| (*low..=*high).contains(&number);
            self.ranges.iter().find(fits).map(|(_, _, quality)| *quality)
        })
        .or_else(|| if self.is_empty() { Quality::from_word(code) } else { None })
        .or(self.otherwise)
    }

    fn is_empty(&self) -> bool {
        self.words.is_empty() && self.ranges.is_empty()
    }
}
