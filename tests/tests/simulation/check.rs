//! What must hold after every run, whatever happened in it.

use std::collections::{BTreeMap, BTreeSet};

use davy_engine::Judge;
use davy_journal::{Commit, Head, Journal, JournalReader, Place, canonical, chain, verify};
use davy_model::{Input, TransitionKind};
use sha2::{Digest, Sha256};

use crate::{
    gateway::Readings,
    oracle::{self, Change, Told},
    path, proof,
    scenario::Scenario,
    subscriber::Subscriber,
    world::World,
};

/// What two runs of one scenario must have in common.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Outcome {
    pub(crate) hash: String,
    pub(crate) commits: u64,
    pub(crate) transitions: u64,
    pub(crate) acknowledged: u64,
    pub(crate) lives: u64,
}

/// Checks everything. Ends the world's Davy.
///
/// # Errors
/// The first promise that does not hold, and where.
pub(crate) fn check(world: &mut World<'_>, scenario: &Scenario) -> Result<Outcome, String> {
    drained(world)?;
    let mut outcome =
        Outcome { hash: String::new(), commits: 0, transitions: 0, acknowledged: 0, lives: world.life };
    let mut hash = Sha256::new();
    let mut sites = Vec::new();
    for site in 0..scenario.sites {
        let place = world.places[site].clone();
        let commits = read(&place)?;
        let told = oracle::judge(&commits);
        accounted(world, site, &told)?;
        acknowledged_is_kept(world, site, &commits)?;
        commands_are_kept(world, &commits)?;
        as_the_oracle_says(&commits, &told)?;
        faults_are_over(&told)?;
        path::is_legal(&commits)?;
        proof::clears(&commits)?;
        for subscriber in world.subscribers.iter().filter(|subscriber| subscriber.site == site) {
            everything_was_heard(subscriber, &commits)?;
            subscriber.stream.iter().for_each(|line| hash.update(line));
        }
        outcome.commits += commits.len() as u64;
        outcome.transitions += commits.iter().map(|commit| commit.transitions.len() as u64).sum::<u64>();
        sites.push((place, commits));
    }
    world.house = None;
    world.subscribers.iter_mut().for_each(Subscriber::lose);
    world.disk.rise(None);
    for (place, commits) in &sites {
        again(place, commits)?;
        let mut bytes = Vec::new();
        canonical(place, &mut bytes).map_err(|error| format!("the journal does not read: {error}"))?;
        hash.update(&bytes);
        let report = verify(place).map_err(|error| format!("the journal cannot be checked: {error}"))?;
        if !report.is_whole() {
            return Err(format!("the journal is damaged: {:?}", report.findings));
        }
    }
    outcome.acknowledged = world.gateways.iter().map(|gateway| gateway.acknowledged.len() as u64).sum();
    outcome.hash = davy_journal::hex(&hash.finalize());
    Ok(outcome)
}

fn read(place: &Place) -> Result<Vec<Commit>, String> {
    let reader = JournalReader::open(place).map_err(|error| format!("the journal does not open: {error}"))?;
    reader
        .commits_from(1)
        .collect::<Result<_, _>>()
        .map_err(|error| format!("the journal does not read: {error}"))
}

/// Faults are over: nobody waits for anything any more.
fn drained(world: &World<'_>) -> Result<(), String> {
    if world.house.is_none() {
        return Err("not drained: Davy is not up".to_owned());
    }
    for gateway in &world.gateways {
        if let Some(first) = gateway.outbox.front() {
            let left = gateway.outbox.len();
            return Err(format!(
                "not drained: {} holds {left} messages from seq {} on",
                gateway.node, first.seq
            ));
        }
    }
    Ok(())
}

/// What failed works again, and its alarm says so.
fn faults_are_over(told: &Told) -> Result<(), String> {
    for ((rule, part), changes) in &told.changes {
        let last = changes.iter().rfind(|change| matches!(change.kind, "raised" | "cleared"));
        if rule == "davy-fault" && last.is_some_and(|last| last.kind == "raised") {
            return Err(format!("not drained: the fault alarm of the {part} still stands"));
        }
    }
    Ok(())
}

/// P8: received = judged + rejected + dropped; and what became of the readings is what the oracle counts.
fn accounted(world: &World<'_>, site: usize, told: &Told) -> Result<(), String> {
    let Some(house) = &world.house else { return Ok(()) };
    let totals = house.sites[site].line.door().account.totals();
    if !totals.balances() {
        return Err(format!("P8: the account of s{site} does not balance: {totals:?}"));
    }
    let fates = told.fates;
    let (found, wanted) = (
        [totals.judged, totals.duplicate, totals.out_of_order, totals.too_old],
        [fates.judged, fates.duplicate, fates.out_of_order, fates.too_old],
    );
    if found != wanted {
        return Err(format!("P8: s{site} counted {found:?}, the oracle {wanted:?}"));
    }
    Ok(())
}

/// P1: every reading of a message that was acknowledged is in the journal.
fn acknowledged_is_kept(world: &World<'_>, site: usize, commits: &[Commit]) -> Result<(), String> {
    let loaded = &world.loaded[site].plan.site;
    let mut kept: BTreeMap<(usize, u64), Vec<Readings>> = BTreeMap::new();
    for input in commits.iter().flat_map(|commit| &commit.inputs) {
        let Input::Readings(block) = input else { continue };
        let mut readings = block.readings.iter();
        for head in &block.messages {
            let told = readings.by_ref().take(head.len as usize).map(|reading| {
                let tag = loaded.tag(reading.tag).name.to_string();
                (tag, reading.value.or_nan(), reading.source_time.as_micros() / 1000)
            });
            let told = told.collect();
            kept.entry((head.node.0 as usize, head.seq.unwrap_or_default())).or_default().push(told);
        }
    }
    for gateway in world.gateways.iter().filter(|gateway| gateway.node.site == site) {
        for message in gateway.acknowledged.iter().filter(|message| !message.told.is_empty()) {
            let found = kept.get(&(gateway.node.node, message.seq));
            if !found.is_some_and(|found| found.contains(&message.told)) {
                return Err(format!(
                    "P1: {} seq {} was acknowledged, and the journal has {found:?} instead of {:?}",
                    gateway.node, message.seq, message.told
                ));
            }
        }
    }
    Ok(())
}

/// A command that was granted is in the journal too.
fn commands_are_kept(world: &World<'_>, commits: &[Commit]) -> Result<(), String> {
    let site = commits.iter().flat_map(|commit| &commit.inputs).find_map(|input| match input {
        Input::Activate(bundle) => Some(bundle.site.to_string()),
        _ => None,
    });
    let kept: BTreeSet<&str> = commits
        .iter()
        .flat_map(|commit| &commit.inputs)
        .filter_map(|input| match input {
            Input::Command(command) => Some(command.actor.comment.as_ref()),
            _ => None,
        })
        .collect();
    for (of, comment, granted) in world.answers.lock().iter() {
        if *granted && Some(of) == site.as_ref() && !kept.contains(comment.as_str()) {
            return Err(format!("P1: {comment} was granted, and is not in the journal"));
        }
    }
    Ok(())
}

/// The alarms raised and cleared are those of the oracle, when and as grave as it says.
fn as_the_oracle_says(commits: &[Commit], told: &Told) -> Result<(), String> {
    let mut found: BTreeMap<(String, String), Vec<Change>> = BTreeMap::new();
    for transition in commits.iter().flat_map(|commit| &commit.transitions) {
        // Whether an alarm of a backlog sounds is not the oracle's business.
        if transition.kind == TransitionKind::Sounded {
            continue;
        }
        let key = (transition.alarm.rule.to_string(), transition.alarm.subject.to_string());
        found.entry(key).or_default().push(Change {
            kind: transition.kind.word(),
            tier: transition.facts.tier.word(),
            clock_us: transition.source_time.as_micros(),
        });
    }
    let keys: BTreeSet<_> = found.keys().chain(told.changes.keys()).collect();
    for key in keys {
        let none = Vec::new();
        let (found, wanted) = (found.get(key).unwrap_or(&none), told.changes.get(key).unwrap_or(&none));
        let place = (0..found.len().max(wanted.len())).find(|&place| found.get(place) != wanted.get(place));
        if let Some(place) = place {
            return Err(format!(
                "oracle: {} {}, change {place}: Davy says {:?}, the oracle {:?}",
                key.0,
                key.1,
                found.get(place),
                wanted.get(place)
            ));
        }
    }
    Ok(())
}

/// P2: each subscriber heard each transition, under one id, and nothing twice under different words.
fn everything_was_heard(subscriber: &Subscriber, commits: &[Commit]) -> Result<(), String> {
    let who = format!("subscriber {} of s{}", subscriber.number, subscriber.site);
    for transition in commits.iter().flat_map(|commit| &commit.transitions) {
        let (id, sequence) = (transition.id().to_string(), transition.sequence);
        let said = format!("{transition:?}");
        let heard = subscriber.heard.get(&id).into_iter().flatten();
        let mut alike = heard.clone().filter(|(number, _, words)| *number == sequence && *words == said);
        let announced = subscriber.gaps.iter().any(|(from, to)| (*from..=*to).contains(&sequence));
        if alike.next().is_none() && !announced {
            return Err(format!("P2: {who} never heard {sequence} {id}"));
        }
        let other =
            heard.filter(|(number, durable, words)| *durable && (*number != sequence || *words != said));
        if let Some((number, _, words)) = other.into_iter().next() {
            return Err(format!("P2: {who} heard {id} as {number} too: {words} is not {said}"));
        }
    }
    Ok(())
}

/// P3: the same log gives the same journal, and its newest snapshot is how the engine stood then.
fn again(place: &Place, commits: &[Commit]) -> Result<(), String> {
    let (journal, head) = Journal::open(place, journal_site(commits)?)
        .map_err(|error| format!("the journal does not open: {error}"))?;
    let snapshot = journal.newest_snapshot().map_err(|error| format!("no snapshot: {error}"))?;
    if !snapshot.damaged.is_empty() {
        return Err(format!("P3: a snapshot is damaged: {:?}", snapshot.damaged));
    }
    let mut judge = Judge::new();
    let mut hash = Head::of_nothing(journal.site()).hash;
    for commit in commits {
        let mut transitions = Vec::new();
        for input in &commit.inputs {
            let judged = judge.apply(commit.at, input, &mut transitions);
            judged
                .map_err(|error| format!("P3: commit {} cannot be judged again: {error}", commit.number))?;
        }
        if transitions != commit.transitions {
            return Err(format!("P3: commit {} judged again gives other transitions", commit.number));
        }
        hash = chain(&hash, &Commit { transitions, ..commit.clone() });
        if let (Some(kept), Some(engine)) = (&snapshot.snapshot, judge.engine())
            && kept.number == commit.number
            && !holds(&kept.bytes, &engine.snapshot())
        {
            return Err(format!(
                "P3: the snapshot of commit {} is not how the engine stood then",
                commit.number
            ));
        }
    }
    if hash != head.hash {
        return Err("P3: the log judged again has another hash".to_owned());
    }
    Ok(())
}

/// Whether what the server keeps has the engine's own state in it.
fn holds(kept: &[u8], engine: &[u8]) -> bool {
    kept.windows(engine.len()).any(|part| part == engine)
}

fn journal_site(commits: &[Commit]) -> Result<&str, String> {
    let first = commits.first().and_then(|commit| commit.inputs.first());
    match first {
        Some(Input::Activate(bundle)) => Ok(&bundle.site),
        other => Err(format!("the log does not begin with files: {other:?}")),
    }
}
