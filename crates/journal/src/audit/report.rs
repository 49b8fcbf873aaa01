//! What a check of the log found.

use std::fmt;

/// Findings listed; more are only counted.
const FINDINGS_MAX: usize = 1000;

/// What a check found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditReport {
    /// The first entry kept: 1, unless older ones were let go; 0 in an empty log.
    pub first: u64,
    /// The last entry.
    pub last: u64,
    /// Entries that follow from the ones before them.
    pub entries: u64,
    /// When the last of them was noted, RFC 3339.
    pub last_time: String,
    /// The hash of the last entry, in hex.
    pub head_hash: String,
    /// Checkpoints in the log whose signature holds.
    pub checkpoints: u64,
    /// Checkpoints that were kept elsewhere, and agree.
    pub off_box: u64,
    /// What is wrong, in the order of the entries; none in a log that is whole. At most 1,000.
    pub findings: Vec<AuditFinding>,
    /// Findings past those listed.
    pub findings_left_off: u64,
    /// What is worth knowing, and harmless.
    pub notes: Vec<String>,
}

/// Something found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditFinding {
    /// The entry that is bad, or whose place is.
    pub entry: u64,
    /// Where: the file, and the line in it.
    pub place: String,
    /// What is wrong.
    pub what: String,
}

impl fmt::Display for AuditFinding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "entry {}, {}: {}", self.entry, self.place, self.what)
    }
}

impl AuditReport {
    /// Whether nothing is wrong.
    pub fn is_whole(&self) -> bool {
        self.findings.is_empty()
    }

    /// The first bad entry.
    pub fn first_bad(&self) -> Option<u64> {
        self.findings.first().map(|finding| finding.entry)
    }

    pub(super) fn find(&mut self, entry: u64, place: impl Into<String>, what: impl Into<String>) {
        if self.findings.len() < FINDINGS_MAX {
            self.findings.push(AuditFinding { entry, place: place.into(), what: what.into() });
        } else {
            self.findings_left_off += 1;
        }
    }

    /// The findings in the order of their entries.
    pub(super) fn in_order(mut self) -> AuditReport {
        self.findings.sort_by_key(|finding| finding.entry);
        self
    }
}
