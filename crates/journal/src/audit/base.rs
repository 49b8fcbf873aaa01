//! Where a log begins whose oldest entries were let go.

use super::{
    line::{Fault, Tip},
    report::AuditReport,
};

/// The first line of a log, until it is known what it must follow.
#[derive(Debug, Default)]
pub(super) struct Beginning {
    first: Option<(u64, Vec<u8>)>,
    bases: Vec<Tip>,
}

impl Beginning {
    /// The log begins with this line.
    pub(super) fn with(&mut self, number: u64, line: &[u8]) {
        self.first = Some((number, line.to_vec()));
    }

    /// A signed checkpoint says that all to here was let go.
    pub(super) fn may_follow(&mut self, base: Tip) {
        self.bases.push(base);
    }

    /// The entry with this number, where a log may begin after it.
    pub(super) fn known(&self, number: u64) -> Option<Tip> {
        let bases = self.bases.iter().copied();
        bases.chain([Tip::first()]).find(|base| base.number == number)
    }

    /// The last entry that was let go, as far as is signed.
    pub(super) fn base(&self) -> Tip {
        self.bases.iter().copied().max_by_key(|base| base.number).unwrap_or(Tip::first())
    }

    /// Whether what came before the first line was let go, and nothing else of it is gone.
    pub(super) fn check(&self, report: &mut AuditReport) {
        let Some((first, line)) = &self.first else { return };
        let before = first - 1;
        let mut known = self.bases.iter().filter(|base| base.number == before).peekable();
        if known.peek().is_none() {
            let from = (self.base().number + 1).min(*first);
            report.find(from, "the beginning of the log", gone(from, before));
        } else if known.all(|base| base.follow(line).is_err_and(|fault| fault == Fault::Hash)) {
            report.find(*first, "the beginning of the log", "it does not follow what was let go before it");
        }
    }
}

fn gone(from: u64, before: u64) -> String {
    match before.checked_sub(from) {
        None => "no checkpoint says what came before it".to_owned(),
        Some(0) => "missing: no signed checkpoint lets it go".to_owned(),
        Some(_) => format!("missing, and all to {before}: no signed checkpoint lets them go"),
    }
}
