//! Looks entries up, the newest first.

use std::{borrow::Cow, path::Path, sync::Arc};

use davy_model::Timestamp;
use serde::Deserialize;

use super::{
    backwards::Backwards,
    line::{self, Noted},
    segment,
    what::What,
};
use crate::{disk::Disk, error::Result};

/// Entries looked at for one page at the most: rare ones in a long log take several pages, empty ones among them.
const LOOKED_AT_MAX: usize = 10_000;

/// Which entries are wanted; with nothing given, all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Noted at or after it.
    pub from: Option<Timestamp>,
    /// Noted before it.
    pub until: Option<Timestamp>,
    /// Any of these words.
    pub what: Vec<String>,
    /// The name of who did it.
    pub who: String,
    /// What it was done on begins so.
    pub on: String,
    /// Only what was done on one of these sites, or on something of theirs; all when none is given.
    pub sites: Option<Vec<String>>,
    /// `done` or `refused`.
    pub result: String,
}

/// Entries, and where to go on.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Page {
    /// The newest first.
    pub entries: Vec<Noted>,
    /// Give it as `before` for older ones; nothing when there are none.
    pub next: Option<u64>,
}

/// At most `len` entries with numbers less than `before`. Whether they are what was written is not asked: that is what
/// [`super::verify`] is for; a line that is no entry is passed over.
///
/// # Errors
/// [`crate::JournalError::Full`] when a file cannot be read.
pub fn page(
    disk: &Arc<dyn Disk>,
    folder: &Path,
    filter: &Filter,
    before: Option<u64>,
    len: usize,
) -> Result<Page> {
    let (from, until) = (filter.from.map(|at| at.to_string()), filter.until.map(|at| at.to_string()));
    let before = before.unwrap_or(u64::MAX);
    let (mut found, mut looked) = (Page::default(), 0);
    let names = segment::list(folder)?;
    for name in names.iter().rev().filter(|name| name.first < before) {
        let mut lines = Backwards::open(disk.as_ref(), &name.path(folder))?;
        while let Some(line) = lines.next()? {
            let Some(number) = line::number(line).filter(|number| *number < before) else { continue };
            let Some(glance) = Glance::of(line) else { continue };
            // Times never go back in a log.
            if from.as_ref().is_some_and(|from| *glance.time < **from) {
                return Ok(found);
            }
            if found.entries.len() == len || looked == LOOKED_AT_MAX {
                found.next = Some(number + 1);
                return Ok(found);
            }
            looked += 1;
            if until.as_ref().is_none_or(|until| *glance.time < **until) && filter.wants(&glance) {
                found.entries.extend(Noted::read(line));
            }
        }
    }
    Ok(found)
}

/// What of an entry tells whether it is wanted: most are not, and the rest of them is not read.
#[derive(Deserialize)]
struct Glance<'a> {
    #[serde(borrow)]
    time: Cow<'a, str>,
    #[serde(borrow)]
    what: Cow<'a, str>,
    #[serde(borrow)]
    who: Name<'a>,
    #[serde(borrow, default)]
    on: Cow<'a, str>,
    #[serde(borrow)]
    result: Cow<'a, str>,
}

#[derive(Deserialize)]
struct Name<'a> {
    #[serde(borrow, default)]
    name: Cow<'a, str>,
}

impl Glance<'_> {
    fn of(line: &[u8]) -> Option<Glance<'_>> {
        serde_json::from_slice(line).ok()
    }

    fn is_of_any(&self, sites: &[String]) -> bool {
        What::of(&self.what).is_some_and(What::is_of_sites) && sites.iter().any(|site| is_of(site, &self.on))
    }
}

impl Filter {
    fn wants(&self, glance: &Glance) -> bool {
        let any = |wanted: &str, is: &str| wanted.is_empty() || wanted == is;
        (self.what.is_empty() || self.what.iter().any(|what| *what == glance.what))
            && any(&self.who, &glance.who.name)
            && any(&self.result, &glance.result)
            && glance.on.starts_with(&self.on)
            && self.sites.as_ref().is_none_or(|sites| glance.is_of_any(sites))
    }
}

/// Whether something is a site, or an alarm or a letter of it.
fn is_of(site: &str, on: &str) -> bool {
    on.strip_prefix(site).is_some_and(|rest| rest.is_empty() || rest.starts_with([':', '/']))
}
