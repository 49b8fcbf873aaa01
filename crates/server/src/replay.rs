//! A journal judged again from its first entry: the same log must give the same journal, byte for byte.

use std::path::Path;

use davy_engine::Judge;
use davy_journal::{Commit, Journal, JournalReader, chain, encode_commit, hex};

use crate::recover::RecoverError;

/// What a replay found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReplayReport {
    /// The site.
    pub site: String,
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
    let reader = JournalReader::open(journal)?;
    let site = reader.site().to_owned();
    let mut copy = out.map(|path| Journal::open(path, &site)).transpose()?.map(|(copy, _)| copy);
    let mut judge = Judge::new();
    let mut hash = davy_journal::first_hash(&site);
    let mut report = ReplayReport { site, commits: 0, transitions: 0, head: String::new(), differs: None };
    let mut commits = reader.commits_from(1);
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
