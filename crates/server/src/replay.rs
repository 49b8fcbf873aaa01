//! A journal judged again from its first entry, or from the oldest snapshot where that is gone: the same log must give the same journal, byte for byte.

use std::path::Path;

use davy_engine::Judge;
use davy_journal::{Commit, Journal, chain, encode_commit, hex};

use crate::{log::JournalLog, recover::RecoverError};

/// What a replay found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReplayReport {
    /// The site.
    pub site: String,
    /// The first commit that is kept: 1, unless older ones were let go.
    pub first_kept: u64,
    /// The first commit judged again: what is kept before it has no state to be judged from.
    pub first: u64,
    /// Commits judged again.
    pub commits: u64,
    /// Transitions made again.
    pub transitions: u64,
    /// The hash over everything, as written and as made again.
    pub head: String,
    /// The first commit whose bytes differ.
    pub differs: Option<u64>,
}

/// Judges every commit of `journal` again, compares its bytes and the chain, and writes what it made to a new journal at
/// `out` if one is asked for.
///
/// # Errors
/// [`RecoverError`] when the journal cannot be read or judged. A difference is no error: it is in the report.
pub fn replay(journal: &Path, out: Option<&Path>) -> Result<ReplayReport, RecoverError> {
    let log = JournalLog::open(journal)?;
    let site = log.site().to_owned();
    let (first_kept, first) = (log.first_kept(), log.first_judged());
    if out.is_some() && first > 1 {
        return Err(RecoverError::NoBeginning { first: first_kept });
    }
    let mut copy = out.map(|path| Journal::open(path, &site)).transpose()?.map(|(copy, _)| copy);
    let mut judge = log.judge()?;
    let mut hash = log.after().hash;
    let (commits, transitions, head, differs) = (0, 0, String::new(), None);
    let mut report = ReplayReport { site, first_kept, first, commits, transitions, head, differs };
    let mut commits = log.commits();
    while let Some(written) = commits.next() {
        let written = written?;
        let made = judge_again(&mut judge, &written)?;
        hash = chain(&hash, &made);
        report.commits += 1;
        report.transitions += made.transitions.len() as u64;
        let same = encode_commit(&made) == encode_commit(&written) && commits.hash() == Some(hash);
        if let Some(copy) = &mut copy {
            copy.append(&[made])?;
        }
        if !same {
            report.differs = Some(written.number);
            break;
        }
    }
    report.head = hex(&hash);
    if let Some(copy) = copy {
        copy.close()?;
    }
    Ok(report)
}

fn judge_again(judge: &mut Judge, written: &Commit) -> Result<Commit, RecoverError> {
    let mut transitions = Vec::with_capacity(written.transitions.len());
    for input in &written.inputs {
        judge.apply(written.at, input, &mut transitions)?;
    }
    Ok(Commit { number: written.number, at: written.at, inputs: written.inputs.clone(), transitions })
}
