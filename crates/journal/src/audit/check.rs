//! Goes through the log, entry by entry.

use std::collections::BTreeMap;

use super::{
    base::Beginning,
    checkpoint::Signed,
    diagnose::diagnose,
    key::PublicKey,
    line::{Fault, Noted, Tip, beginning},
    log::CHECKPOINT_EVERY,
    report::AuditReport,
    segment::{Name, Segment, lines, month},
    what::What,
};
use crate::hex;

/// How far a check is.
pub(super) struct Checker<'a> {
    /// The keys that are believed; any that signed, when none is given.
    keys: &'a [PublicKey],
    /// What was signed and kept elsewhere, by the number of the entry.
    anchors: BTreeMap<u64, Vec<(&'a str, Tip)>>,
    beginning: Beginning,
    tip: Tip,
    /// Whether the hash of `tip` is known: not behind a line that cannot be read.
    is_known: bool,
    /// The last entry that a checkpoint in the log vouches for.
    vouched: u64,
    /// The last entry that a checkpoint vouches for that was kept elsewhere.
    anchored: u64,
    /// Entries since the last checkpoint in the log.
    since: u64,
    pub(super) report: AuditReport,
}

impl<'a> Checker<'a> {
    pub(super) fn new(keys: &'a [PublicKey], off_box: &'a [(String, Signed)]) -> Checker<'a> {
        let mut checker = Checker {
            keys,
            anchors: BTreeMap::new(),
            beginning: Beginning::default(),
            tip: Tip::first(),
            is_known: true,
            vouched: 0,
            anchored: 0,
            since: 0,
            report: AuditReport::default(),
        };
        if keys.is_empty() {
            let note = "no key was given: whatever key signed is believed";
            checker.report.notes.push(note.to_owned());
        }
        let mut strangers = 0;
        for (file, signed) in off_box {
            match signed.open() {
                Some(_) if !checker.believes(signed) => strangers += 1,
                Some((tip, base)) => {
                    checker.beginning.may_follow(base);
                    checker.anchors.entry(tip.number).or_default().push((file, tip));
                }
                None => checker.report.find(signed.number, file, "the signature of this checkpoint is wrong"),
            }
        }
        if strangers > 0 {
            checker
                .report
                .notes
                .push(format!("{strangers} checkpoints are of other keys, and were left aside"));
        }
        checker
    }

    fn believes(&self, signed: &Signed) -> bool {
        self.keys.is_empty() || signed.key().is_some_and(|key| self.keys.contains(&key))
    }

    /// The next file; `is_last` when no other follows.
    pub(super) fn segment(&mut self, segment: &Segment, is_last: bool) {
        let Some(name) = Name::parse(&segment.name) else { return };
        if self.report.first == 0 {
            self.begin(name.first);
        }
        let (whole, tail) = lines(&segment.bytes);
        let (mut row, mut at) = (0, 0);
        for line in whole {
            row += 1;
            at += line.len() + 1;
            let place = format!("{}:{row}", segment.name);
            if self.report.entries == 0 && !self.is_known && row == 1 {
                self.beginning.with(name.first, line);
            }
            let follows = self.line(line, &segment.bytes[at..], &place);
            if row == 1 && follows {
                self.first_line(&name, line, &place);
            }
        }
        if row == 0 && tail.is_empty() && !is_last {
            self.report.find(name.first, &segment.name, "this file is empty, and others follow");
        }
        if row == 0 && name.first != self.tip.number + 1 {
            let first = name.first.min(self.tip.number + 1);
            self.report.find(first, &segment.name, "this file is called after another entry");
        }
        self.tail(segment, tail, is_last);
    }

    /// At this entry; all before it was let go.
    fn begin(&mut self, first: u64) {
        let before = first.saturating_sub(1);
        self.report.first = first;
        (self.vouched, self.anchored) = (before, before);
        let base = self.beginning.known(before);
        self.is_known = base.is_some();
        self.tip = base.unwrap_or(Tip { number: before, ..self.tip });
    }

    /// A file is called after its first entry.
    fn first_line(&mut self, name: &Name, line: &[u8], place: &str) {
        let Some(noted) = Noted::read(line) else { return };
        if noted.number != name.first || month(&noted.time) != name.month {
            let entry = noted.number.min(name.first);
            self.report.find(entry, place, "the file is called after another entry, or another month");
        }
    }

    /// The next line, and what stands after it. Says whether it follows.
    fn line(&mut self, line: &[u8], rest: &[u8], place: &str) -> bool {
        let before = self.is_known.then_some(self.tip);
        match self.follow(line) {
            Ok(tip) => {
                self.tip = tip;
                self.is_known = true;
                self.accept(before, line, place);
                true
            }
            Err(fault) => {
                let diagnosis = diagnose(&self.tip, fault, rest);
                self.report.find(self.tip.number + 1, place, diagnosis.what);
                if !diagnosis.is_inserted {
                    self.go_on(line);
                }
                false
            }
        }
    }

    fn follow(&self, line: &[u8]) -> Result<Tip, Fault> {
        if self.is_known {
            return self.tip.follow(line);
        }
        let said = Tip::said(line).ok_or(Fault::Unreadable)?;
        if said.number == self.tip.number + 1 { Ok(said) } else { Err(Fault::Number(said.number)) }
    }

    /// Past a line that does not follow, from where it says that it stands, so that what is behind it is checked too.
    fn go_on(&mut self, line: &[u8]) {
        match Tip::said(line) {
            Some(said) if said.number > self.tip.number => {
                self.tip = said;
                self.is_known = true;
            }
            Some(_) => {}
            None => {
                self.tip.number += 1;
                self.is_known = false;
            }
        }
    }

    fn accept(&mut self, before: Option<Tip>, line: &[u8], place: &str) {
        self.report.entries += 1;
        self.since += 1;
        self.agree(place);
        let Some(noted) = Noted::read(line) else {
            return self.report.find(self.tip.number, place, "it is chained, but no entry of this log");
        };
        if noted.what == What::Checkpoint.word() {
            self.checkpoint(before, &noted, place);
        } else if self.since == CHECKPOINT_EVERY + 1 {
            let what = format!("no checkpoint for {CHECKPOINT_EVERY} entries: Davy would have signed one");
            self.report.find(self.after(self.vouched), place, what);
        }
        self.report.last_time = noted.time;
    }

    /// With what was kept elsewhere.
    fn agree(&mut self, place: &str) {
        let Some(anchors) = self.anchors.remove(&self.tip.number) else { return };
        for (file, tip) in anchors {
            if tip == self.tip {
                self.report.off_box += 1;
                (self.vouched, self.anchored) = (self.tip.number, self.tip.number);
            } else {
                // Where every checkpoint in the log is good, whoever made it anew has the key, and they say nothing.
                let from = self.after(self.anchored);
                let what = format!("up to entry {}, the log is not the one that {file} signs", tip.number);
                self.report.find(from, place, what);
            }
        }
    }

    /// In the log itself.
    fn checkpoint(&mut self, before: Option<Tip>, noted: &Noted, place: &str) {
        self.since = 0;
        let signed = noted.after.clone().and_then(|after| serde_json::from_value::<Signed>(after).ok());
        let opened = signed.as_ref().and_then(|signed| Some((signed, signed.open()?)));
        let what = match opened {
            Some((signed, _)) if !self.believes(signed) => "its checkpoint is signed by another key",
            Some((_, (tip, base))) if before.is_none_or(|before| before == tip) => {
                self.beginning.may_follow(base);
                self.report.checkpoints += 1;
                self.vouched = self.tip.number;
                return;
            }
            Some(_) => "its checkpoint signs another log",
            None => "the signature of its checkpoint is wrong",
        };
        let what = format!("nothing vouches for the log up to entry {}: {what}", self.tip.number);
        self.report.find(self.after(self.vouched), place, what);
    }

    /// The first entry that nothing vouches for after this one; this very entry when what is wrong there is found already.
    fn after(&self, vouched: u64) -> u64 {
        let is_found = self.report.findings.iter().any(|finding| finding.entry > vouched);
        if is_found { self.tip.number } else { vouched + 1 }
    }

    /// What stands after the last line end: nothing, or what a crash left of an entry that nobody was told is there.
    fn tail(&mut self, segment: &Segment, tail: &[u8], is_last: bool) {
        if tail.is_empty() {
            return;
        }
        let place = format!("{}, at its end", segment.name);
        let wanted = beginning(self.tip.number + 1);
        let begins = &wanted.as_bytes()[..wanted.len().min(tail.len())];
        let is_torn = tail.starts_with(begins) || tail.iter().all(|byte| *byte == 0);
        // With its last byte in the place of a line end, it is a whole entry.
        let is_bent = self.tip.follow(&tail[..tail.len() - 1]).is_ok();
        if is_last && is_torn && !is_bent {
            self.report.notes.push(format!(
                "{place}: {} bytes of an entry that was being written; the next start cuts them off",
                tail.len()
            ));
        } else {
            self.report.find(self.tip.number + 1, place, "changed: its line does not end");
        }
    }

    /// Where the log stands, where it begins as far as is signed, and the entries since the last checkpoint.
    pub(super) fn left(&self) -> (Tip, Tip, u64) {
        (self.tip, self.beginning.base(), self.since)
    }

    /// Nothing follows.
    pub(super) fn end(mut self) -> AuditReport {
        self.beginning.check(&mut self.report);
        if self.report.first == 0 {
            self.tip = self.beginning.base();
        }
        self.report.last = self.tip.number;
        self.report.head_hash = hex(&self.tip.hash);
        let missing = self.anchors.iter().rfind(|(number, _)| **number > self.tip.number);
        if let Some((number, anchors)) = missing {
            let file = anchors.first().map_or("", |(file, _)| file);
            let what = format!("missing, and all to {number}: the log is cut off, for {file} signs more");
            self.report.find(self.tip.number + 1, "the end of the log", what);
        }
        self.report.in_order()
    }
}
