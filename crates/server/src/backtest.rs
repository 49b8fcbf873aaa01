//! A log judged under several rule sets at once: it is read once, and each core judges its share of the rule sets.

use std::{
    num::NonZeroUsize,
    path::Path,
    sync::{
        Arc,
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    thread,
};

use davy_engine::JudgeError;
use davy_journal::{JournalReader, hex};
use davy_model::{Bundle, Input, Timestamp};
use davy_workbench::{
    backtest::{Entry, Side, SideReport},
    performance::Period,
};

use crate::recover::RecoverError;

/// Entries handed over at a time, and how many such parcels may wait for one core.
const PARCEL: usize = 64;
const PARCELS_MAX: usize = 4;

/// What a journal has to tell before it is read.
#[derive(Clone, Debug)]
pub struct Recorded {
    /// The first entry and the last.
    pub period: Period,
    /// The files that were active last.
    pub bundle: Arc<Bundle>,
    /// How often files were made active.
    pub activations: usize,
    /// The hash over everything, up to the last commit.
    pub head: String,
}

/// Looks through a journal for its time and its files.
///
/// # Errors
/// When it cannot be read, or has no files.
pub fn survey(journal: &Path) -> Result<Recorded, RecoverError> {
    let reader = JournalReader::open(journal)?;
    let head = reader.head()?;
    let (mut first, mut bundle, mut activations) = (None, None, 0);
    for commit in reader.commits_from(1) {
        let commit = commit?;
        first = first.or(Some(commit.at));
        for input in commit.inputs {
            if let Input::Activate(files) = input {
                bundle = Some(files);
                activations += 1;
            }
        }
    }
    let (Some(from), Some(bundle)) = (first, bundle) else { return Err(JudgeError::NotActivated.into()) };
    let until = head.at.offset_micros(1);
    Ok(Recorded { period: Period { from, until }, bundle, activations, head: hex(&head.hash) })
}

/// The entries of a journal up to a moment, each checked against the one before.
///
/// # Errors
/// When the journal cannot be opened; each entry that cannot be read is an error in its place, and the last.
pub fn entries(
    reader: &JournalReader,
    until: Timestamp,
) -> impl Iterator<Item = Result<Entry, RecoverError>> + '_ {
    let before =
        move |commit: &Result<davy_journal::Commit, _>| commit.as_ref().map_or(true, |it| it.at < until);
    reader.commits_from(1).take_while(before).map(|commit| {
        let davy_journal::Commit { at, inputs, transitions, .. } = commit?;
        Ok(Entry { at, inputs, transitions })
    })
}

/// Judges a log under every rule set, and gives the reports in the same order.
///
/// # Errors
/// The first entry that cannot be read, or the first rule set that cannot be judged.
pub fn run(
    log: impl Iterator<Item = Result<Entry, RecoverError>>,
    sides: Vec<Side>,
    cores: NonZeroUsize,
) -> Result<Vec<SideReport>, RecoverError> {
    let count = sides.len();
    let cores = cores.get().min(count).max(1);
    let mut shares: Vec<Vec<(usize, Side)>> = (0..cores).map(|_| Vec::new()).collect();
    for (place, side) in sides.into_iter().enumerate() {
        shares[place % cores].push((place, side));
    }
    let judged = thread::scope(|scope| {
        let mut ways = Vec::new();
        let mut workers = Vec::new();
        for share in shares {
            let (way, parcels) = sync_channel(PARCELS_MAX);
            ways.push(way);
            workers.push(scope.spawn(move || judge(share, &parcels)));
        }
        let read = hand_out(log, &ways);
        drop(ways);
        let judged: Vec<_> =
            workers.into_iter().map(|worker| worker.join().expect("judging does not panic")).collect();
        read.map(|()| judged)
    })?;
    let mut reports: Vec<Option<SideReport>> = (0..count).map(|_| None).collect();
    for share in judged {
        for (place, report) in share? {
            reports[place] = Some(report);
        }
    }
    Ok(reports.into_iter().flatten().collect())
}

type Parcel = Arc<Vec<Entry>>;

fn hand_out(
    log: impl Iterator<Item = Result<Entry, RecoverError>>,
    ways: &[SyncSender<Parcel>],
) -> Result<(), RecoverError> {
    let mut parcel = Vec::with_capacity(PARCEL);
    let give = |parcel: &mut Vec<Entry>| {
        let full: Parcel = Arc::new(std::mem::take(parcel));
        // A core that cannot go on has hung up; its error is found when it is asked for its reports.
        ways.iter().for_each(|way| drop(way.send(Arc::clone(&full))));
    };
    for entry in log {
        parcel.push(entry?);
        if parcel.len() == PARCEL {
            give(&mut parcel);
        }
    }
    give(&mut parcel);
    Ok(())
}

fn judge(
    mut share: Vec<(usize, Side)>,
    parcels: &Receiver<Parcel>,
) -> Result<Vec<(usize, SideReport)>, JudgeError> {
    for parcel in parcels {
        for entry in parcel.iter() {
            for (_, side) in &mut share {
                side.take(entry)?;
            }
        }
    }
    share.into_iter().map(|(place, side)| Ok((place, side.finish()?))).collect()
}
