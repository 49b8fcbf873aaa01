//! The labels of RFC 8428, table 1: names in JSON, numbers in CBOR.

/// A field of a record: its own ones first, since most records have no others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Label {
    Name,
    Unit,
    Value,
    Text,
    Bool,
    Sum,
    Time,
    UpdateTime,
    Data,
    BaseVersion,
    BaseName,
    BaseTime,
    BaseUnit,
    BaseValue,
    BaseSum,
}

/// How the key of a field is to be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Key<'w> {
    Known(Label),
    /// An extension that may be left out of account.
    Extension,
    /// An extension without which the pack means something else (RFC 8428, 4.4): its label ends with `_`.
    MustUnderstand(&'w str),
}

impl Label {
    /// How many there are.
    pub(super) const COUNT: usize = TABLE.len();
    /// How many of those, the first, are a record's own.
    const OWN: i64 = Label::BaseVersion as i64;

    /// As JSON names it.
    pub(super) const fn word(self) -> &'static str {
        TABLE[self as usize].1
    }

    /// RFC 8428, table 4: a record's own fields count up from 0, the base fields down from -1.
    fn from_number(number: i64) -> Option<Label> {
        let place = match number {
            0..Label::OWN => number,
            -6..0 => Label::OWN - 1 - number,
            _ => return None,
        };
        TABLE.get(usize::try_from(place).ok()?).map(|(label, _)| *label)
    }

    fn from_word(word: &str) -> Option<Label> {
        TABLE.iter().find(|(_, known)| *known == word).map(|(label, _)| *label)
    }
}

impl<'w> Key<'w> {
    /// Of a key that is text.
    pub(super) fn of_word(word: &'w str) -> Key<'w> {
        match Label::from_word(word) {
            Some(label) => Key::Known(label),
            None if word.ends_with('_') => Key::MustUnderstand(word),
            None => Key::Extension,
        }
    }

    /// Of a key that is a number. RFC 8428, 6: no others will ever be defined.
    pub(super) fn of_number(number: i64) -> Key<'static> {
        Label::from_number(number).map_or(Key::Extension, Key::Known)
    }
}

/// In the order of `Label`.
const TABLE: [(Label, &str); 15] = [
    (Label::Name, "n"),
    (Label::Unit, "u"),
    (Label::Value, "v"),
    (Label::Text, "vs"),
    (Label::Bool, "vb"),
    (Label::Sum, "s"),
    (Label::Time, "t"),
    (Label::UpdateTime, "ut"),
    (Label::Data, "vd"),
    (Label::BaseVersion, "bver"),
    (Label::BaseName, "bn"),
    (Label::BaseTime, "bt"),
    (Label::BaseUnit, "bu"),
    (Label::BaseValue, "bv"),
    (Label::BaseSum, "bs"),
];

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 8428, table 4.
    #[test]
    fn every_label_is_found_by_its_word_and_by_its_number() {
        let numbers = [0, 1, 2, 3, 4, 5, 6, 7, 8, -1, -2, -3, -4, -5, -6];
        for (place, ((label, word), number)) in TABLE.into_iter().zip(numbers).enumerate() {
            assert_eq!(label as usize, place);
            assert_eq!(label.word(), word);
            assert_eq!(Key::of_word(word), Key::Known(label));
            assert_eq!(Key::of_number(number), Key::Known(label));
        }
        assert_eq!(Key::of_word("ct"), Key::Extension);
        for number in [9, 15, -7, i64::MAX, i64::MIN] {
            assert_eq!(Key::of_number(number), Key::Extension, "{number}");
        }
        assert_eq!(Key::of_word("ct_"), Key::MustUnderstand("ct_"));
    }
}
