//! The revisions of every site: which is active, which are wanted, who agreed.
//!
//! A site's folder and the calls of `RuleService` both make files active; whichever came last holds. What a call made
//! active stays so over restarts, until the folder is changed.

mod forecast;
mod hindsight;
mod live;
mod proposal;
mod record;
mod refused;
mod shadow;
mod store;

use std::{path::Path, sync::Arc};

use davy_model::{BundleFile, Timestamp};
use davy_workbench::{
    change::{SECOND_PERSON_FROM, changes_of_files, needs_second_person},
    revision::{Act, State, withdrawals},
};
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};

pub use self::store::StoreError;
pub(crate) use self::{
    forecast::{USUAL as FORECAST_USUAL, falls_short, forecast},
    hindsight::hindsight,
    live::Asked,
    proposal::{Proposal, tests_of},
    record::{Event, Forecast, Note, Record},
    refused::Refused,
    shadow::Seen,
};
use self::{
    record::notes,
    shadow::Shadows,
    store::{Standing, Store},
};
use crate::Loaded;

/// What the file is called. No journal has such a name, whatever its site's.
const FILE_NAME: &str = "revisions.db";
/// Digits of a revision that must be given at least.
const DIGITS_MIN: usize = 4;

/// The revisions of every site.
pub(crate) struct Revisions {
    store: Mutex<Store>,
    /// Whoever changes what is active holds it: one at a time.
    turn: tokio::sync::Mutex<()>,
    shadows: Shadows,
    /// What a folder that changed does.
    folders: FolderPolicy,
}

/// What becomes of files that somebody changed in a site's folder.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FolderPolicy {
    /// They are active, from the next start or reload on: whoever can write them is trusted.
    #[default]
    Activate,
    /// They are a proposal, which somebody must approve. A site's first files are active.
    Propose,
}

/// Why a site's files could not be settled on.
#[derive(Debug, thiserror::Error)]
pub enum SettleError {
    /// The file of revisions.
    #[error(
        "the file of revisions ({FILE_NAME}): {0}; put it aside, and the sites' folders are active: who agreed to what is lost then"
    )]
    Store(#[from] StoreError),
    /// What is active does not compile any more.
    #[error(
        "site {site}: revision {revision} is active, was activated by a call, and cannot be used by this Davy: {}; change the site's \
         folder, and its files take that place, or start the Davy that was there before",
        findings.join("; ")
    )]
    Active {
        /// Which site.
        site: Arc<str>,
        /// Which revision.
        revision: String,
        /// What is wrong with it.
        findings: Vec<String>,
    },
}

impl Revisions {
    /// Opens the file, or makes it. The journals' locks have to be held: they keep a second Davy out of the folder.
    pub(crate) fn open(data_dir: &Path, folders: FolderPolicy) -> Result<Revisions, StoreError> {
        let store = Mutex::new(Store::open(&data_dir.join(FILE_NAME))?);
        Ok(Revisions { store, turn: tokio::sync::Mutex::default(), shadows: Shadows::default(), folders })
    }

    /// What is to be active, when that is what a site's folder holds: the folder's files when they are new, else what is
    /// active already.
    pub(crate) fn settle(&self, folder: Loaded, now: Timestamp) -> Result<Loaded, SettleError> {
        let mut store = self.store.lock();
        let site = Arc::clone(&folder.bundle.site);
        let held = folder.bundle.revision.to_string();
        let Some(standing) = store.standing(&site)? else {
            first(&mut store, &folder, now)?;
            return Ok(folder);
        };
        let is_new = standing.folder != held;
        if standing.active == held {
            if is_new {
                let standing = Standing { folder: held, ..standing };
                let record = kept(&store, &site, &standing.active)?;
                store.keep(&[(&record, None)], Some(&standing))?;
            }
            return Ok(folder);
        }
        if is_new && self.folders == FolderPolicy::Activate {
            take_over(&mut store, &folder, &standing, now)?;
            return Ok(folder);
        }
        let files = store.files(&site, &standing.active)?;
        let active = Loaded::of_files(files).map_err(|findings| SettleError::Active {
            site,
            revision: standing.active.clone(),
            findings,
        })?;
        if is_new {
            propose_folder(&mut store, &folder, &active, &standing, now)?;
        }
        Ok(active)
    }

    /// The one revision whose name begins so; the active one, when nothing is given.
    pub(crate) fn find(&self, site: &str, digits: &str) -> Result<Record, Refused> {
        let store = self.store.lock();
        let standing = store.standing(site)?.ok_or_else(|| Refused::SiteUnknown(site.to_owned()))?;
        let digits = if digits.is_empty() { &standing.active } else { digits };
        let mut found = store.starting_with(site, digits)?;
        let (site, digits, count) = (site.to_owned(), digits.to_owned(), found.len());
        match found.pop() {
            None => Err(Refused::Unknown { site, digits }),
            Some(one) if count == 1 && digits.len() >= DIGITS_MIN => Ok(one),
            Some(_) => Err(Refused::Ambiguous { site, digits, count }),
        }
    }

    /// The revisions of a site, the newest first, from before a number on; each with its own.
    pub(crate) fn list(
        &self,
        site: &str,
        before: i64,
        limit: usize,
    ) -> Result<(Vec<(i64, Record)>, Standing), Refused> {
        let store = self.store.lock();
        let standing = store.standing(site)?.ok_or_else(|| Refused::SiteUnknown(site.to_owned()))?;
        Ok((store.revisions(site, before, limit)?, standing))
    }

    /// The files of a revision.
    pub(crate) fn files(&self, site: &str, revision: &str) -> Result<Vec<BundleFile>, Refused> {
        Ok(self.store.lock().files(site, revision)?)
    }

    /// What a revision's files compile to.
    pub(crate) fn loaded(&self, site: &str, revision: &str) -> Result<Loaded, Refused> {
        Loaded::of_files(self.files(site, revision)?).map_err(Refused::Files)
    }

    /// What a revision in shadow has shown.
    pub(crate) fn seen(&self, site: &str, revision: &str) -> Option<Seen> {
        self.shadows.seen(site, revision)
    }
}

fn kept(store: &Store, site: &str, revision: &str) -> Result<Record, StoreError> {
    store.revision(site, revision)?.ok_or_else(|| StoreError::Record {
        site: site.to_owned(),
        revision: revision.to_owned(),
        why: "it is not there".to_owned(),
    })
}

/// What is kept of files, before anything was done with them.
fn record(of: &Loaded, base: &str, before: Option<&Loaded>) -> Record {
    let changes = before
        .map(|before| changes_of_files((&before.bundle, &before.plan), (&of.bundle, &of.plan)))
        .unwrap_or_default();
    let gone = before.map(|before| withdrawals(&before.plan, &of.plan)).unwrap_or_default();
    Record {
        site: of.bundle.site.to_string(),
        revision: of.bundle.revision.to_string(),
        base: base.to_owned(),
        state: State::Proposed,
        needs_second_person: needs_second_person(&changes, SECOND_PERSON_FROM),
        changes: notes(&changes),
        withdraws: gone.iter().map(|gone| gone.rule.to_string()).collect(),
        expected: String::new(),
        predicted: None,
        events: Vec::new(),
    }
}

/// A site that was never seen.
fn first(store: &mut Store, folder: &Loaded, now: Timestamp) -> Result<(), StoreError> {
    let record = record(folder, "", None).moved(State::Active, Event::new(Event::FILES, now, "", ""));
    let standing = Standing { active: record.revision.clone(), folder: record.revision.clone() };
    store.keep(&[(&record, Some(&folder.bundle.files))], Some(&standing))
}

/// A folder whose files were changed takes the place of what was active.
fn take_over(
    store: &mut Store,
    folder: &Loaded,
    standing: &Standing,
    now: Timestamp,
) -> Result<(), StoreError> {
    let site = &folder.bundle.site;
    let old = kept(store, site, &standing.active)?;
    // What was active may be of another Davy, and not compile: then nobody can say what changes.
    let before = Loaded::of_files(store.files(site, &standing.active)?).ok();
    let fresh = record(folder, &standing.active, before.as_ref());
    let known = store.revision(site, &fresh.revision)?.map(|known| known.events).unwrap_or_default();
    let new = Record { events: known, ..fresh }.moved(State::Active, Event::new(Event::FILES, now, "", ""));
    let old = old.moved(State::Retired, Event::new(Event::RETIRED, now, "", ""));
    let standing = Standing { active: new.revision.clone(), folder: new.revision.clone() };
    store.keep(&[(&new, Some(&folder.bundle.files)), (&old, None)], Some(&standing))
}

/// A folder whose files were changed asks to take that place.
fn propose_folder(
    store: &mut Store,
    folder: &Loaded,
    active: &Loaded,
    standing: &Standing,
    now: Timestamp,
) -> Result<(), StoreError> {
    let fresh = record(folder, &standing.active, Some(active));
    let standing = Standing { folder: fresh.revision.clone(), ..standing.clone() };
    let known = store.revision(&fresh.site, &fresh.revision)?;
    let may = known.as_ref().is_none_or(|known| known.life().after(Act::Propose).is_ok());
    let record = match known {
        // It is being decided on already.
        Some(known) if !may => known,
        known => {
            let events = known.map(|known| known.events).unwrap_or_default();
            let event = Event::new(Event::PROPOSED, now, "", "the site's folder was changed");
            Record { events, ..fresh }.moved(State::Proposed, event)
        }
    };
    store.keep(&[(&record, Some(&folder.bundle.files))], Some(&standing))
}
