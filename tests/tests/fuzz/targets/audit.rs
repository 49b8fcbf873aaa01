//! The audit log: a file of it that is not as it was written.

use davy_journal::audit::{Noted, Segment, Trusted, check};

use crate::harness::{Gauge, Heap, Target};

#[allow(clippy::unwrap_used)] // A test's own.
#[path = "../../../../crates/journal/tests/common/audit.rs"]
mod common;

/// All bytes of one file.
pub(crate) const LOG: Target = Target {
    name: "audit_log",
    runs: 20_000,
    check: check_log,
    seeds: || {
        let made = common::made(9, 4);
        let lines = made.lines.concat();
        let torn = lines[..lines.len() - 40].to_vec();
        vec![lines, torn, made.lines[0].clone()]
    },
    words: &["{\"number\":1,", ",\"hash\":\"", "\"}\n", "\"what\":\"checkpoint\"", "\"after\":{", "\n"],
    // A file is read whole; of an entry every text stands there twice, and a finding is some hundred bytes a line.
    heap: Heap { times: 512, bytes: 256 * 1024 },
    ..Target::PLAIN
};

fn check_log(gauge: &mut Gauge, input: &[u8]) {
    let segment = Segment { name: "000000000001-2026-11.jsonl".to_owned(), bytes: input.to_vec() };
    let report = gauge.measure(input.len(), || check(&[segment], &Trusted::default()));
    let lines: Vec<&[u8]> = input.split_inclusive(|byte| *byte == b'\n').collect();
    assert!(report.entries <= lines.len() as u64);
    assert!(report.findings.is_sorted_by_key(|finding| finding.entry));
    if report.is_whole() {
        let whole = lines.iter().filter_map(|line| Noted::read(line.strip_suffix(b"\n")?));
        assert!(whole.map(|noted| noted.number).eq(1..=report.last), "{report:?}");
    }
    gauge.saw((report.is_whole(), report.entries.min(9), report.first_bad().map(|bad| bad.min(9)), report.notes.len()));
}
