//! A log judged under several rule sets at once: it is read once, and each core judges its share of the rule sets.

use std::{
    num::NonZeroUsize,
    sync::{
        Arc,
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    thread,
};

use davy_engine::JudgeError;
use davy_workbench::backtest::{Entry, Side, SideReport};

/// Entries handed over at a time, and how many such parcels may wait for one core.
const PARCEL: usize = 64;
const PARCELS_MAX: usize = 4;

/// Judges a log under every rule set, and gives the reports in the same order.
///
/// # Errors
/// The first entry that cannot be read, or the first rule set that cannot be judged.
pub fn run<E: From<JudgeError>>(
    log: impl Iterator<Item = Result<Entry, E>>,
    sides: Vec<Side>,
    cores: NonZeroUsize,
) -> Result<Vec<SideReport>, E> {
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

fn hand_out<E>(log: impl Iterator<Item = Result<Entry, E>>, ways: &[SyncSender<Parcel>]) -> Result<(), E> {
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
