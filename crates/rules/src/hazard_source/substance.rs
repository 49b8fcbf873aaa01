//! A substance that the standard names, and what it says of it.

use super::{
    Sourced,
    category::{self, Category},
    figures::of_standard,
    substances::SUBSTANCES,
};
use crate::Confidence;

/// A row of GB 18218-2018, table 1.
pub(super) struct Substance {
    /// Its number in the table.
    pub(super) number: u32,
    /// The word for it in files.
    pub(super) name: &'static str,
    /// Other names that files may use: Chinese ones, and those of `gas.*` quantities.
    pub(super) other_names: &'static [&'static str],
    /// The critical quantity, t.
    pub(super) critical_t: f64,
    /// How sure that quantity is.
    pub(super) confidence: Confidence,
    /// Where beta comes from.
    pub(super) beta: Beta,
}

/// Where the beta of a named substance comes from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Beta {
    /// Table 3 names the substance, a toxic gas.
    Toxic(f64),
    /// Table 4, by the category that the substance usually has.
    Category(&'static str),
    /// Table 4, by a category that the site must tell.
    Untold,
}

/// The substance of that name.
pub(super) fn find(name: &str) -> Option<&'static Substance> {
    SUBSTANCES.iter().find(|known| known.name == name || known.other_names.contains(&name))
}

/// Every name that a file may use.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    SUBSTANCES.iter().flat_map(Substance::names)
}

impl Substance {
    /// Every name that a file may use for it.
    pub(super) fn names(&self) -> impl Iterator<Item = &'static str> {
        [self.name].into_iter().chain(self.other_names.iter().copied())
    }

    /// The critical quantity, t.
    pub(super) fn critical_t(&self) -> Sourced {
        of_standard(self.critical_t, format!("table 1, no. {}", self.number), self.confidence)
    }

    /// Beta, where the standard tells it without the site's help.
    pub(super) fn beta(&self) -> Option<Sourced> {
        match self.beta {
            Beta::Toxic(beta) => {
                Some(of_standard(beta, format!("table 3, {}", self.name), Confidence::Verified))
            }
            Beta::Category(symbol) => category::find(symbol).map(Category::beta),
            Beta::Untold => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_row_of_table_1_is_there_once_and_every_name_means_one_substance() {
        let numbers: Vec<u32> = SUBSTANCES.iter().map(|known| known.number).collect();
        assert_eq!(numbers, (1..=85).collect::<Vec<u32>>());
        let all: Vec<&str> = names().collect();
        assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), all.len(), "a name that two rows have");
        for name in all {
            assert!(find(name).is_some(), "{name}");
        }
    }

    /// The permits of the first batch are given for 36 times the critical quantity.
    #[test]
    fn what_can_be_checked_against_another_rule_agrees_with_it() {
        for (name, permit_t) in [
            ("chlorine", 180.0),
            ("ammonia", 360.0),
            ("lpg", 1800.0),
            ("hydrogen_sulfide", 180.0),
            ("methane", 1800.0),
            ("hydrogen", 180.0),
            ("gasoline", 7200.0),
            ("ethylene_oxide", 360.0),
        ] {
            let known = find(name).expect(name);
            assert_eq!(known.critical_t * 36.0, permit_t, "{name}");
            assert_eq!(known.confidence, Confidence::Verified, "{name}");
        }
    }

    #[test]
    fn each_category_that_a_row_relies_on_is_one_and_is_certain() {
        for known in SUBSTANCES {
            if let Beta::Category(symbol) = known.beta {
                let beta = category::find(symbol).map(Category::beta);
                assert_eq!(beta.map(|beta| beta.basis.confidence), Some(Confidence::Known), "{}", known.name);
            }
        }
    }
}
