//! A figure of the standard with its clause.

use super::{STANDARD, Sourced};
use crate::{Basis, Confidence};

/// A figure of GB 18218-2018.
pub(super) fn of_standard(value: f64, clause: String, confidence: Confidence) -> Sourced {
    Sourced {
        value,
        basis: Basis { standard: STANDARD.to_owned(), clause, edition: String::new(), confidence },
    }
}
