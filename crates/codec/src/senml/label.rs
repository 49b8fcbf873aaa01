//! The labels of RFC 8428, table 1: names in JSON, numbers in CBOR.

/// A field of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Label {
    BaseVersion,
    BaseName,
    BaseTime,
    BaseUnit,
    BaseValue,
    BaseSum,
    Name,
    Unit,
    Value,
    Text,
    Bool,
    Sum,
    Time,
    UpdateTime,
    Data,
}

/// How the key of a field is to be taken.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Key {
    Known(Label),
    /// An extension that may be left out of account.
    Extension,
    /// An extension without which the pack means something else (RFC 8428, 4.4): its label ends with `_`.
    MustUnderstand(String),
}

impl Label {
    /// How many there are.
    pub(super) const COUNT: usize = TABLE.len();

    /// As JSON names it.
    pub(super) const fn word(self) -> &'static str {
        TABLE[self as usize].1
    }

    fn from_number(number: i64) -> Option<Label> {
        TABLE.iter().find(|(_, _, known)| *known == number).map(|(label, _, _)| *label)
    }

    fn from_word(word: &str) -> Option<Label> {
        TABLE.iter().find(|(_, known, _)| *known == word).map(|(label, _, _)| *label)
    }
}

impl Key {
    /// Of a key that is text.
    pub(super) fn of_word(word: &str) -> Key {
        match Label::from_word(word) {
            Some(label) => Key::Known(label),
            None if word.ends_with('_') => Key::MustUnderstand(crate::clip::clip(word)),
            None => Key::Extension,
        }
    }

    /// Of a key that is a number. RFC 8428, 6: no others will ever be defined.
    pub(super) fn of_number(number: i64) -> Key {
        Label::from_number(number).map_or(Key::Extension, Key::Known)
    }
}

/// In the order of `Label`.
const TABLE: [(Label, &str, i64); 15] = [
    (Label::BaseVersion, "bver", -1),
    (Label::BaseName, "bn", -2),
    (Label::BaseTime, "bt", -3),
    (Label::BaseUnit, "bu", -4),
    (Label::BaseValue, "bv", -5),
    (Label::BaseSum, "bs", -6),
    (Label::Name, "n", 0),
    (Label::Unit, "u", 1),
    (Label::Value, "v", 2),
    (Label::Text, "vs", 3),
    (Label::Bool, "vb", 4),
    (Label::Sum, "s", 5),
    (Label::Time, "t", 6),
    (Label::UpdateTime, "ut", 7),
    (Label::Data, "vd", 8),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_label_is_found_by_its_word_and_by_its_number() {
        for (place, (label, word, number)) in TABLE.into_iter().enumerate() {
            assert_eq!(label as usize, place);
            assert_eq!(label.word(), word);
            assert_eq!(Key::of_word(word), Key::Known(label));
            assert_eq!(Key::of_number(number), Key::Known(label));
        }
        assert_eq!(Key::of_word("ct"), Key::Extension);
        assert_eq!(Key::of_number(9), Key::Extension);
        assert_eq!(Key::of_word("ct_"), Key::MustUnderstand("ct_".to_owned()));
    }
}
