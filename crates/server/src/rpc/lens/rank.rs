//! By what an entry is placed in its list. A token says it, so that the next page begins there whatever else has moved.

use std::{cmp::Ordering, fmt};

use super::key::Key;

/// By what an entry is placed, the first the most. No two entries of a list have the same.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::rpc) struct Rank(Vec<Step>);

/// What is absent comes before what is there; downwards, behind it.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::rpc) enum Step {
    Up(Option<Key>),
    Down(Option<Key>),
}

impl Step {
    /// The smallest first.
    pub(in crate::rpc) fn up(key: impl Into<Key>) -> Step {
        Step::Up(Some(key.into()))
    }

    /// The greatest first.
    pub(in crate::rpc) fn down(key: impl Into<Key>) -> Step {
        Step::Down(Some(key.into()))
    }

    /// The greatest first, then those that have none.
    pub(in crate::rpc) fn down_or_last(key: Option<impl Into<Key>>) -> Step {
        Step::Down(key.map(Into::into))
    }

    fn compare(&self, other: &Step) -> Ordering {
        match (self, other) {
            (Step::Up(one), Step::Up(other)) | (Step::Down(other), Step::Down(one)) => match (one, other) {
                (Some(one), Some(other)) => one.compare(other),
                (one, other) => one.is_some().cmp(&other.is_some()),
            },
            // Of two orders, which only a token that nobody was given can bring together.
            (Step::Up(_), Step::Down(_)) | (Step::Down(_), Step::Up(_)) => Ordering::Equal,
        }
    }
}

impl Rank {
    /// The place that these steps lead to.
    pub(in crate::rpc) fn of(steps: impl IntoIterator<Item = Step>) -> Rank {
        Rank(steps.into_iter().collect())
    }

    /// Which comes first.
    pub(in crate::rpc) fn compare(&self, other: &Rank) -> Ordering {
        let steps = self.0.iter().zip(&other.0);
        steps.map(|(one, other)| one.compare(other)).find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
    }

    /// What [`Rank::fmt`] wrote; `None` when it is nothing of the kind.
    pub(in crate::rpc) fn read(text: &str) -> Option<Rank> {
        let step = |step: &str| {
            let (way, key) = step.split_at_checked(1)?;
            let key = if key.is_empty() { None } else { Some(Key::read(key)?) };
            match way {
                "u" => Some(Step::Up(key)),
                "d" => Some(Step::Down(key)),
                _ => None,
            }
        };
        text.split('.').map(step).collect::<Option<_>>().map(Rank)
    }
}

impl fmt::Display for Rank {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (nth, step) in self.0.iter().enumerate() {
            let (way, key) = match step {
                Step::Up(key) => ("u", key),
                Step::Down(key) => ("d", key),
            };
            let dot = if nth == 0 { "" } else { "." };
            write!(f, "{dot}{way}{}", key.as_ref().map(Key::written).unwrap_or_default())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rank_is_read_as_it_was_written() {
        let nan = Key::Number(f64::from_bits(0x7ff8_0000_0000_0001));
        for (key, text) in [
            (None, "u"),
            (Some(Key::Flag(true)), "uf1"),
            (Some(Key::Whole(-3)), "uw-3"),
            (Some(Key::Whole(u64::MAX.into())), "uw18446744073709551615"),
            (Some(Key::Number(-0.0)), "ud8000000000000000"),
            (Some(nan), "ud7ff8000000000001"),
            (Some(Key::Text(String::new())), "ut"),
            (Some(Key::Text("a.b 硫".to_owned())), "utYS5iIOehqw"),
            (Some(Key::Nanos(i128::from(i64::MAX) * 1_000_000_000)), "un9223372036854775807000000000"),
            (Some(Key::There), "um"),
        ] {
            let rank = Rank::of([Step::Up(key.clone()), Step::Down(key)]);
            let text = format!("{text}.{}", text.replacen('u', "d", 1));
            assert_eq!(rank.to_string(), text);
            let read = Rank::read(&text).unwrap_or_else(|| panic!("{text} is not read"));
            assert_eq!((read.to_string(), read.compare(&rank)), (text, Ordering::Equal));
        }
        for wrong in ["", "1/b", "u.", "ux1", "uf2", "uw", "uw1x", "udxyz", "ut?", "um1", "v", "硫"] {
            assert_eq!(Rank::read(wrong), None, "{wrong}");
        }
    }
}
