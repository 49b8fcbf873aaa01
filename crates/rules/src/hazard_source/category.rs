//! Hazard categories: what goes for a substance that the standard does not name.

use super::{Sourced, figures::of_standard};
use crate::Confidence;

/// A category of substances.
#[derive(Debug, PartialEq)]
pub(super) struct Category {
    /// The standard's symbol for it: J of health, W of physical hazards.
    pub(super) symbol: &'static str,
    critical_t: f64,
    beta: f64,
    confidence: Confidence,
}

const fn row(symbol: &'static str, critical_t: f64, beta: f64) -> Category {
    Category { symbol, critical_t, beta, confidence: Confidence::Known }
}

/// Symbol, critical quantity (GB 18218-2018, table 2) and beta (table 4). Copies of table 4 differ on J2: 1 or 2.
const CATEGORIES: [Category; 24] = [
    row("J1", 5.0, 4.0),
    Category { symbol: "J2", critical_t: 50.0, beta: 1.0, confidence: Confidence::Uncertain },
    row("J3", 50.0, 2.0),
    row("J4", 50.0, 2.0),
    row("J5", 500.0, 1.0),
    row("W1.1", 1.0, 2.0),
    row("W1.2", 10.0, 2.0),
    row("W1.3", 50.0, 2.0),
    row("W2", 10.0, 1.5),
    row("W3", 150.0, 1.0),
    row("W4", 50.0, 1.0),
    row("W5.1", 10.0, 1.5),
    row("W5.2", 50.0, 1.0),
    row("W5.3", 1000.0, 1.0),
    row("W5.4", 5000.0, 1.0),
    row("W6.1", 10.0, 1.5),
    row("W6.2", 50.0, 1.0),
    row("W7.1", 10.0, 1.5),
    row("W7.2", 50.0, 1.0),
    row("W8", 50.0, 1.0),
    row("W9.1", 50.0, 1.0),
    row("W9.2", 200.0, 1.0),
    row("W10", 200.0, 1.0),
    row("W11", 200.0, 1.0),
];

/// The category of that symbol.
pub(super) fn find(symbol: &str) -> Option<&'static Category> {
    CATEGORIES.iter().find(|category| category.symbol == symbol)
}

/// All symbols, in the standard's order.
pub(crate) fn symbols() -> Vec<&'static str> {
    CATEGORIES.iter().map(|category| category.symbol).collect()
}

impl Category {
    /// The critical quantity of a substance that table 1 does not name, t.
    pub(super) fn critical_t(&self) -> Sourced {
        of_standard(self.critical_t, format!("table 2, {}", self.symbol), Confidence::Known)
    }

    /// Beta of a substance that table 3 does not name.
    pub(super) fn beta(&self) -> Sourced {
        of_standard(self.beta, format!("table 4, {}", self.symbol), self.confidence)
    }
}
