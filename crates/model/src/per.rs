//! The time a rate is meant over.

/// The time a rate is meant over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Per {
    /// A second.
    Second,
    /// A minute.
    Minute,
    /// An hour.
    Hour,
    /// A day.
    Day,
}

impl Per {
    const ALL: [(&'static str, Per); 4] =
        [("s", Per::Second), ("min", Per::Minute), ("h", Per::Hour), ("d", Per::Day)];

    /// The time that `text` names, as [`Per::word`] writes it.
    pub(crate) fn parse(text: &str) -> Option<Per> {
        Per::ALL.into_iter().find(|(word, _)| *word == text).map(|(_, per)| per)
    }

    /// `s`, `min`, `h` or `d`.
    pub fn word(self) -> &'static str {
        Per::ALL.into_iter().find(|(_, per)| *per == self).map_or("", |(word, _)| word)
    }

    /// How long it is, s.
    pub const fn seconds(self) -> f64 {
        match self {
            Per::Second => 1.0,
            Per::Minute => 60.0,
            Per::Hour => 3600.0,
            Per::Day => 86_400.0,
        }
    }
}
