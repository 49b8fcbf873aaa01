//! A change of a rule, in a line.

/// Subjects that are named.
const NAMED: usize = 3;

/// What one rule says otherwise, as a reader sees it.
pub(super) struct Changed<'a> {
    pub(super) direction: &'a str,
    pub(super) tier: &'a str,
    pub(super) rule: &'a str,
    pub(super) what: &'a str,
    pub(super) before: &'a str,
    pub(super) after: &'a str,
    pub(super) subjects: Vec<&'a str>,
}

impl Changed<'_> {
    /// `looser  orange h2s: H: on_delay: 0s -> 30s (1 subjects: AT-1/h2s)`.
    pub(super) fn line(&self) -> String {
        let told = |text: &str| if text.is_empty() { "nothing".to_owned() } else { text.to_owned() };
        let Changed { direction, tier, rule, what, .. } = self;
        let (before, after) = (told(self.before), told(self.after));
        let mut line = format!("  {direction:8} {tier:6} {rule}: {what}: {before} -> {after}");
        if !self.subjects.is_empty() {
            let names = &self.subjects[..self.subjects.len().min(NAMED)];
            let more = if self.subjects.len() > NAMED { ", ..." } else { "" };
            line += &format!(" ({} subjects: {}{more})", self.subjects.len(), names.join(", "));
        }
        line
    }
}
