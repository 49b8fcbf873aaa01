//! Whatever is done to an audit log is found, and the first bad entry is named.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "common/audit.rs"]
mod common;

use common::{Made, at, entry, file, key, made};
use davy_journal::audit::{AuditReport, Entry, Segment, Statement, Tip, Trusted, What, check, seal};
use proptest::prelude::*;

/// The lines as one file, checked against the key and a checkpoint of the last entry.
fn checked(lines: &[Vec<u8>], trusted: &Trusted) -> AuditReport {
    check(&[file(1, lines)], trusted)
}

/// The number of the first line that is not what was written.
fn first_bad(written: &[Vec<u8>], is: &[Vec<u8>]) -> u64 {
    let same = written.iter().zip(is).take_while(|(written, is)| written == is).count();
    same as u64 + 1
}

#[test]
fn a_log_as_it_was_written_is_whole() {
    for (len, every) in [(1, 10), (9, 10), (10, 10), (1000, 250)] {
        let made = made(len, every);
        let report = checked(&made.lines, &made.trusted());
        assert!(report.is_whole(), "{report:?}");
        assert_eq!((report.first, report.last, report.entries), (1, len, len));
        assert_eq!((report.checkpoints, report.off_box), (len / every, 1));
    }
}

#[test]
fn every_byte_of_a_thousand_entries_counts() {
    let made = made(1000, 250);
    let mut flips = 0;
    for (line, tip) in made.lines.iter().zip(&made.tips) {
        let mut line = line[..line.len() - 1].to_vec();
        assert!(tip.follow(&line).is_ok());
        for place in 0..line.len() {
            // One bit, the one that makes a capital, and all of them.
            for mask in [1, 0x20, 0xff] {
                line[place] ^= mask;
                assert!(tip.follow(&line).is_err(), "entry {}, byte {place}", tip.number + 1);
                line[place] ^= mask;
                flips += 1;
            }
        }
    }
    assert!(flips > 600_000, "{flips}");
}

/// A piece of a long log, as it is once all before it was let go: so that a whole check is cheap.
fn window(made: &Made, from: usize, to: usize) -> (Vec<Vec<u8>>, Trusted) {
    let signed = made.sign(made.tips[to], made.tips[from]);
    let trusted = Trusted { keys: vec![made.key.public()], off_box: vec![("elsewhere".to_owned(), signed)] };
    (made.lines[from..to].to_vec(), trusted)
}

#[test]
fn a_flipped_byte_names_its_entry() {
    let made = made(1000, 250);
    let mut step = 0;
    for from in 0..998 {
        let (lines, trusted) = window(&made, from, from + 2);
        let number = from as u64 + 1;
        assert!(check(&[file(from + 1, &lines)], &trusted).is_whole(), "{number}");
        for place in 0..lines[0].len() {
            step += 1;
            // Every 29th place, and every line end.
            if step % 29 != 0 && place + 1 != lines[0].len() {
                continue;
            }
            let mut lines = lines.clone();
            lines[0][place] ^= 1;
            let report = check(&[file(from + 1, &lines)], &trusted);
            assert_eq!(report.first_bad(), Some(number), "byte {place}: {report:?}");
        }
    }
}

#[test]
fn every_byte_of_a_small_log_names_its_entry() {
    let made = made(12, 5);
    let trusted = made.trusted();
    for (index, line) in made.lines.iter().enumerate() {
        for place in 0..line.len() {
            let mut lines = made.lines.clone();
            lines[index][place] ^= 0x04;
            let report = checked(&lines, &trusted);
            assert_eq!(report.first_bad(), Some(index as u64 + 1), "byte {place}: {report:?}");
        }
    }
}

#[test]
fn lines_that_are_gone_or_moved_or_too_many_are_found() {
    type Change = fn(&mut Vec<Vec<u8>>, usize);
    const CHANGES: [(&str, Change); 6] = [
        ("missing", |lines, at| drop(lines.remove(at))),
        ("swapped", |lines, at| lines.swap(at, at + 1)),
        ("swapped", |lines, at| lines.swap(at, (at * 7 + 13) % 1000)),
        ("inserted", |lines, at| lines.insert(at + 1, lines[at].clone())),
        ("inserted", |lines, at| lines.insert(at, lines[(at * 11 + 500) % 1000].clone())),
        ("inserted", |lines, at| {
            let (mut line, _) = seal(&Tip { number: at as u64, hash: [7; 32] }, common::at(3), &entry(3));
            line.push(b'\n');
            lines.insert(at, line);
        }),
    ];
    let made = made(1000, 250);
    let trusted = made.trusted();
    let mut named = [0; CHANGES.len()];
    for place in (0..999).step_by(7).chain([998]) {
        for (kind, (word, change)) in CHANGES.iter().enumerate() {
            let mut lines = made.lines.clone();
            change(&mut lines, place);
            if lines == made.lines {
                continue;
            }
            let report = checked(&lines, &trusted);
            let due = first_bad(&made.lines, &lines);
            assert_eq!(report.first_bad(), Some(due), "{word} at {place}: {:?}", report.findings);
            named[kind] += u32::from(
                report.findings[0].what.starts_with(word) || report.findings[0].what.contains(word),
            );
        }
    }
    // What was done is named too, all but where it could as well have been something else.
    assert!(named.iter().all(|named| *named > 130), "{named:?}");
}

#[test]
fn a_log_cut_off_anywhere_is_found_by_a_checkpoint_kept_elsewhere() {
    let made = made(1000, 250);
    let trusted = made.trusted();
    for len in 0..1000 {
        let report = checked(&made.lines[..len], &trusted);
        assert_eq!(report.first_bad(), Some(len as u64 + 1), "{len}");
        assert!(report.findings[0].what.contains("and all to 1000: the log is cut off"), "{report:?}");
    }
    let report = check(&[], &trusted);
    assert_eq!(report.first_bad(), Some(1), "all of it is gone");
    // Without one, the end of a log looks like its end: that is why they are kept elsewhere.
    let alone = Trusted { off_box: Vec::new(), ..trusted };
    assert!(checked(&made.lines[..400], &alone).is_whole());
}

#[test]
fn files_that_are_gone_renamed_or_exchanged_are_found() {
    let made = made(30, 10);
    let trusted = made.trusted();
    let whole: Vec<Segment> = (0..3).map(|n| file(n * 10 + 1, &made.lines[n * 10..n * 10 + 10])).collect();
    assert!(check(&whole, &trusted).is_whole());
    type Change = fn(&mut Vec<Segment>);
    let cases: [(&str, u64, Change); 8] = [
        ("the first is gone", 1, |files| drop(files.remove(0))),
        ("one between is gone", 11, |files| drop(files.remove(1))),
        ("the last is gone", 21, |files| drop(files.pop())),
        ("one is empty", 11, |files| files[1].bytes.clear()),
        ("one is called after another entry", 11, |files| {
            files[1].name = "000000000012-2026-11.jsonl".to_owned();
        }),
        ("one is called after another month", 21, |files| {
            files[2].name = "000000000021-2026-10.jsonl".to_owned();
        }),
        ("two have each other's lines", 11, |files| {
            let bytes = std::mem::take(&mut files[1].bytes);
            files[1].bytes = std::mem::replace(&mut files[2].bytes, bytes);
        }),
        ("a line went into the file before", 11, |files| {
            let end = files[1].bytes.iter().position(|byte| *byte == b'\n').unwrap() + 1;
            let line: Vec<u8> = files[1].bytes.drain(..end).collect();
            files[0].bytes.extend(line);
        }),
    ];
    for (what, due, change) in cases {
        let mut files = whole.clone();
        change(&mut files);
        let report = check(&files, &trusted);
        assert_eq!(report.first_bad(), Some(due), "{what}: {report:?}");
    }
}

/// Made anew from an entry on, with every hash as it must be.
fn forged(made: &Made, from: usize, signer: Option<&davy_journal::audit::Key>) -> Vec<Vec<u8>> {
    let mut lines = made.lines[..from].to_vec();
    let mut tip = made.tips[from];
    for index in from..made.lines.len() {
        let number = index as u64 + 1;
        let entry = match (number % 10, signer) {
            (0, Some(key)) => {
                let statement =
                    Statement { node: common::NODE.to_owned(), time: at(number), tip, base: Tip::first() };
                let after = serde_json::to_value(statement.sign(key)).unwrap();
                Entry::of_davy(What::Checkpoint, "audit").with_after(after)
            }
            (0, None) => {
                let after = serde_json::to_value(&made.signed[number as usize / 10 - 1]).unwrap();
                Entry::of_davy(What::Checkpoint, "audit").with_after(after)
            }
            _ => entry(number + u64::from(index == from)),
        };
        let (mut line, next) = seal(&tip, at(number), &entry);
        line.push(b'\n');
        lines.push(line);
        tip = next;
    }
    lines
}

#[test]
fn who_makes_the_chain_anew_is_betrayed_by_what_was_signed() {
    let made = made(50, 10);
    let alone = Trusted { keys: vec![made.key.public()], off_box: Vec::new() };
    let stranger = key();
    // An entry that is no checkpoint is changed, and all after it made to fit.
    for from in (0..40).filter(|from| from % 10 != 9) {
        // Everything after the last checkpoint before it is no longer vouched for.
        let due = from as u64 / 10 * 10 + 1;
        for signer in [None, Some(&stranger)] {
            let report = checked(&forged(&made, from, signer), &alone);
            assert_eq!(report.first_bad(), Some(due), "from {from}: {report:?}");
        }
        // Even the key is of no use to whoever has it, against what was signed before and kept elsewhere.
        let report = checked(&forged(&made, from, Some(&made.key)), &made.trusted());
        assert_eq!(report.first_bad(), Some(1), "from {from}: {report:?}");
    }
    // Without a checkpoint anywhere, a chain made anew is as good as the first.
    let nobody = forged(&made, 45, Some(&made.key));
    assert!(checked(&nobody, &alone).is_whole());
}

#[test]
fn a_log_without_checkpoints_is_not_one_of_davys() {
    let made = made(1200, 5000);
    let report = checked(&made.lines, &Trusted { keys: vec![made.key.public()], off_box: Vec::new() });
    assert_eq!(report.first_bad(), Some(1), "{report:?}");
    assert!(report.findings[0].what.contains("no checkpoint for 1000 entries"), "{report:?}");
}

#[test]
fn the_end_of_an_entry_that_was_being_written_is_no_tampering() {
    let made = made(12, 5);
    let (last, before) = made.lines.split_last().unwrap();
    let trusted = Trusted { keys: vec![made.key.public()], off_box: Vec::new() };
    for len in 1..last.len() {
        let report = check(&[file(1, &[before.concat(), last[..len].to_vec()])], &trusted);
        assert!(report.is_whole() && report.notes.len() == 1 && report.last == 11, "{len}: {report:?}");
        // Where it is known that the entry was there, it is missed.
        let report = check(&[file(1, &[before.concat(), last[..len].to_vec()])], &made.trusted());
        assert_eq!(report.first_bad(), Some(12), "{len}");
    }
}

/// What anybody could do to the bytes of a log.
#[derive(Clone, Debug)]
enum Edit {
    Put(prop::sample::Index, Vec<u8>),
    Over(prop::sample::Index, u8),
    Cut(prop::sample::Index, usize),
    Copy(prop::sample::Index, usize, prop::sample::Index),
    Swap(prop::sample::Index, prop::sample::Index),
    Drop(prop::sample::Index),
}

fn edit() -> impl Strategy<Value = Edit> {
    let index = any::<prop::sample::Index>;
    prop_oneof![
        (index(), prop::collection::vec(any::<u8>(), 1..40)).prop_map(|(at, bytes)| Edit::Put(at, bytes)),
        (index(), 1..=255u8).prop_map(|(at, mask)| Edit::Over(at, mask)),
        (index(), 1..900usize).prop_map(|(at, len)| Edit::Cut(at, len)),
        (index(), 1..900usize, index()).prop_map(|(from, len, to)| Edit::Copy(from, len, to)),
        (index(), index()).prop_map(|(one, other)| Edit::Swap(one, other)),
        index().prop_map(Edit::Drop),
    ]
}

fn pieces(bytes: &[u8]) -> Vec<Vec<u8>> {
    bytes.split_inclusive(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect()
}

fn edited(mut bytes: Vec<u8>, edit: &Edit) -> Vec<u8> {
    if bytes.is_empty() {
        return bytes;
    }
    match edit {
        Edit::Put(at, put) => {
            let at = at.index(bytes.len() + 1);
            bytes.splice(at..at, put.iter().copied());
        }
        Edit::Over(at, mask) => {
            let at = at.index(bytes.len());
            bytes[at] ^= mask;
        }
        Edit::Cut(at, len) => {
            let at = at.index(bytes.len());
            bytes.drain(at..(at + len).min(bytes.len()));
        }
        Edit::Copy(from, len, to) => {
            let (from, to) = (from.index(bytes.len()), to.index(bytes.len() + 1));
            let copy = bytes[from..(from + len).min(bytes.len())].to_vec();
            bytes.splice(to..to, copy);
        }
        Edit::Swap(one, other) => {
            let mut lines = pieces(&bytes);
            let (one, other) = (one.index(lines.len()), other.index(lines.len()));
            lines.swap(one, other);
            bytes = lines.concat();
        }
        Edit::Drop(at) => {
            let mut lines = pieces(&bytes);
            lines.remove(at.index(lines.len()));
            bytes = lines.concat();
        }
    }
    bytes
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_edits_at_all_are_found(edits in prop::collection::vec(edit(), 1..4)) {
        thread_local!(static MADE: (Made, Trusted) = { let made = made(12, 5); let trusted = made.trusted(); (made, trusted) });
        MADE.with(|(made, trusted)| {
            let whole = made.lines.concat();
            let bytes = edits.iter().fold(whole.clone(), edited);
            // What is added behind the end as a crash would leave it is no tampering.
            let is_torn = bytes.strip_prefix(whole.as_slice()).is_some_and(|added| {
                let next = br#"{"number":13,"#;
                !added.contains(&b'\n') && (next.starts_with(added) || added.starts_with(next) || added.iter().all(|byte| *byte == 0))
            });
            let report = check(&[Segment { bytes: bytes.clone(), ..file(1, &[]) }], trusted);
            let due = (!is_torn).then(|| first_bad(&made.lines, &pieces(&bytes)));
            prop_assert_eq!(report.first_bad(), due, "{:?}", report);
            Ok(())
        })?;
    }
}
