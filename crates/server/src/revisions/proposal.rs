//! Files that somebody wants: looked at from every side before anybody is asked.

use std::{path::Path, sync::Arc, time::Duration};

use davy_model::{BundleFile, Timestamp};
use davy_rules::{Diagnostic, Severity};
use davy_workbench::{
    revision::{Act, State, withdrawals},
    rule_test::{self, TestReport},
};

use super::{Event, Record, Refused, Revisions, forecast, record};
use crate::Loaded;

/// Revisions of a site that may wait to be decided on.
const OPEN_MAX: usize = 100;

/// What somebody wants.
#[derive(Debug)]
pub(crate) struct Proposal {
    pub(crate) files: Vec<BundleFile>,
    pub(crate) tests: Vec<BundleFile>,
    pub(crate) actor: String,
    /// Whose account that is; empty where nobody's name is proven.
    pub(crate) subject: String,
    pub(crate) comment: String,
    pub(crate) expected: String,
    pub(crate) withdraws: Vec<String>,
    pub(crate) over: Duration,
    pub(crate) validate_only: bool,
    /// Chosen by whoever asks; empty where they chose none.
    pub(crate) request_id: String,
}

impl Proposal {
    /// What they compile to, when there is somebody and a reason.
    pub(crate) fn loaded(&mut self) -> Result<Loaded, Refused> {
        if self.actor.trim().is_empty() {
            return Err(Refused::ActorMissing);
        }
        if self.comment.trim().is_empty() {
            return Err(Refused::CommentMissing);
        }
        Loaded::of_files(std::mem::take(&mut self.files)).map_err(Refused::Files)
    }
}

impl Revisions {
    /// Looks at a proposal, judges it over the journal, and keeps it unless it is only to be validated.
    pub(crate) fn propose(
        &self,
        proposal: &Proposal,
        wanted: &Loaded,
        active: &Loaded,
        journal: &Path,
        now: Timestamp,
    ) -> Result<Record, Refused> {
        let base = &active.bundle.revision;
        let event = Event::new(Event::PROPOSED, now, &proposal.actor, &proposal.comment)
            .by(&proposal.subject)
            .under(&proposal.request_id);
        let known = self.store.lock().revision(&wanted.bundle.site, &wanted.bundle.revision)?;
        if let Some(known) = known.filter(|known| known.has_done(&event)) {
            return Ok(known);
        }
        if wanted.bundle.revision == *base {
            return Err(Refused::NothingChanged);
        }
        check_tests(proposal, wanted)?;
        check_withdrawals(proposal, wanted, active)?;
        let fresh = record(wanted, base, Some(active));
        self.check_place(&fresh)?;
        let predicted = Some(forecast(journal, wanted, proposal.over));
        let mut store = self.store.lock();
        // Somebody else may have been quicker.
        let known = store.revision(&fresh.site, &fresh.revision)?;
        let events = match known {
            Some(known) => {
                known.life().after(Act::Propose)?;
                known.events
            }
            None => Vec::new(),
        };
        let expected = proposal.expected.trim().to_owned();
        let record = Record { events, expected, predicted, ..fresh }.moved(State::Proposed, event);
        if !proposal.validate_only {
            store.keep(&[(&record, Some(&wanted.bundle.files))], None)?;
        }
        Ok(record)
    }

    fn check_place(&self, fresh: &Record) -> Result<(), Refused> {
        let store = self.store.lock();
        if let Some(known) = store.revision(&fresh.site, &fresh.revision)? {
            known.life().after(Act::Propose)?;
        }
        let all = store.starting_with(&fresh.site, "")?;
        if all.iter().filter(|one| one.state.is_open()).count() >= OPEN_MAX {
            return Err(Refused::TooMany { site: fresh.site.clone(), max: OPEN_MAX });
        }
        Ok(())
    }
}

/// What is wrong with files of tests, and what came of each test, with its file.
pub(crate) type Tested = (Vec<Diagnostic>, Vec<(String, TestReport)>);

/// Runs files of tests: what is wrong with them, and what came of each test, with its file.
///
/// # Errors
/// When the site's files do not compile.
pub(crate) fn tests_of(wanted: &Loaded, tests: &[BundleFile]) -> Result<Tested, Refused> {
    let (mut findings, mut reports) = (Vec::new(), Vec::new());
    for file in tests {
        let (read, found) = rule_test::read(&wanted.plan, &file.path, &file.text);
        findings.extend(found);
        for test in read {
            let report = rule_test::run(&wanted.bundle, &wanted.plan, &test)
                .map_err(|error| Refused::Files(vec![error.to_string()]))?;
            reports.push((file.path.clone(), report));
        }
    }
    Ok((findings, reports))
}

fn check_tests(proposal: &Proposal, wanted: &Loaded) -> Result<(), Refused> {
    let (findings, reports) = tests_of(wanted, &proposal.tests)?;
    let mut failed: Vec<String> = findings
        .iter()
        .filter(|finding| finding.severity == Severity::Error)
        .map(ToString::to_string)
        .collect();
    let stops = reports.iter().filter(|(_, report)| report.stops());
    failed.extend(stops.map(|(file, report)| {
        let first = report.differences.first().map(ToString::to_string).unwrap_or_default();
        format!("{file}:{}: {}: {first}", report.line, report.name)
    }));
    if failed.is_empty() { Ok(()) } else { Err(Refused::Tests(failed)) }
}

/// Every rule that watches less than before must be named.
fn check_withdrawals(proposal: &Proposal, wanted: &Loaded, active: &Loaded) -> Result<(), Refused> {
    let named = |rule: &Arc<str>| proposal.withdraws.iter().any(|name| name.as_str() == &**rule);
    let undeclared: Vec<String> = withdrawals(&active.plan, &wanted.plan)
        .iter()
        .filter(|gone| !named(&gone.rule))
        .map(|gone| match &gone.subjects[..] {
            [one] => format!("{} of {one}", gone.rule),
            [first, ..] => format!("{} of {first} and {} more", gone.rule, gone.subjects.len() - 1),
            [] => gone.rule.to_string(),
        })
        .collect();
    if undeclared.is_empty() { Ok(()) } else { Err(Refused::Undeclared(undeclared)) }
}
