//! A figure beside its target.

/// A figure beside its target.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    /// What it is called in answers and tables.
    pub name: &'static str,
    /// How much.
    pub value: f64,
    /// Of what; empty for a plain count.
    pub unit: &'static str,
    /// Up to this all is well.
    pub target: Option<f64>,
    /// Up to this it can be managed.
    pub manageable: Option<f64>,
    /// Whose target that is.
    pub source: &'static str,
}

/// How a figure stands to its target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// It has none.
    Untold,
    /// Within it.
    Good,
    /// Past it, and still manageable.
    Manageable,
    /// Past what can be managed.
    Over,
}

impl Figure {
    /// How it stands to its target.
    pub fn verdict(&self) -> Verdict {
        match (self.target, self.manageable) {
            (None, _) => Verdict::Untold,
            (Some(target), _) if self.value <= target => Verdict::Good,
            (_, Some(manageable)) if self.value <= manageable => Verdict::Manageable,
            (_, _) => Verdict::Over,
        }
    }
}

impl Verdict {
    /// The word in answers and tables.
    pub const fn word(self) -> &'static str {
        match self {
            Verdict::Untold => "untold",
            Verdict::Good => "good",
            Verdict::Manageable => "manageable",
            Verdict::Over => "over",
        }
    }
}
