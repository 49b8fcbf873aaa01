//! The sites now active: where their readings go, and under which files they are bound.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arc_swap::ArcSwap;
use davy_model::{Site, TagIndex};

use crate::feedback::SiteFeedback;
use crate::scores::{LastTimes, Scores};
use crate::topic::site_filters;
use crate::{Account, DeadLetters, Discovered, Gaps, Inbox, Presence, Way};

/// How much one site may keep of what was refused.
#[derive(Clone, Copy, Debug)]
pub struct Keeping {
    /// Dead letters.
    pub dead_letters_max: usize,
    /// Their texts and payloads, bytes.
    pub dead_letter_bytes_max: usize,
    /// Discovered tags.
    pub discovered_max: usize,
}

/// Where one site's readings go in.
pub struct SiteDoor {
    /// The site, as its files describe it.
    pub site: Arc<Site>,
    /// The revision of those files.
    pub revision: Arc<str>,
    /// Its tags by name.
    pub names: HashMap<Arc<str>, TagIndex>,
    /// Its tags by the names that edge nodes send them under, where those are others.
    pub(crate) sent_names: HashMap<Arc<str>, Vec<TagIndex>>,
    /// The ways in besides the native topics.
    pub(crate) ways: Arc<[Way]>,
    /// The way to its writer.
    pub inbox: Inbox,
    /// Its counts. These and what follows outlive a reload.
    pub account: Arc<Account>,
    /// What was refused.
    pub dead_letters: Arc<DeadLetters>,
    /// Tags its files do not know.
    pub discovered: Arc<Discovered>,
    /// Who is there.
    pub presence: Arc<Presence>,
    /// How its devices serve.
    pub scores: Arc<Scores>,
    pub(crate) last_times: LastTimes,
    /// Messages that never came.
    pub gaps: Arc<Gaps>,
    pub(crate) feedback: Arc<SiteFeedback>,
}

/// The sites now active. Readers keep what they looked up until the generation changes.
#[derive(Debug)]
pub struct Directory {
    sites: ArcSwap<BTreeMap<Arc<str>, Arc<SiteDoor>>>,
    generation: AtomicU64,
}

impl Default for Keeping {
    /// 1,000 dead letters in 16 MiB, 1,000 discovered tags.
    fn default() -> Keeping {
        Keeping { dead_letters_max: 1000, dead_letter_bytes_max: 16 << 20, discovered_max: 1000 }
    }
}

impl SiteDoor {
    /// A site that begins: all its counts are zero.
    pub fn new(
        site: Arc<Site>,
        revision: Arc<str>,
        ways: Arc<[Way]>,
        inbox: Inbox,
        keeping: Keeping,
    ) -> SiteDoor {
        SiteDoor {
            names: names(&site),
            sent_names: sent_names(&site),
            last_times: LastTimes::new(site.tags.len()),
            scores: Arc::default(),
            ways,
            feedback: Arc::new(SiteFeedback::new(Arc::clone(&site.id))),
            site,
            revision,
            inbox,
            account: Arc::default(),
            dead_letters: Arc::new(DeadLetters::new(keeping.dead_letters_max, keeping.dead_letter_bytes_max)),
            discovered: Arc::new(Discovered::new(keeping.discovered_max)),
            presence: Arc::default(),
            gaps: Arc::default(),
        }
    }

    /// The same files with books of their own, and an inbox that nobody empties: for looking what would become of something.
    pub(crate) fn on_trial(&self) -> SiteDoor {
        let (site, revision, ways) =
            (Arc::clone(&self.site), Arc::clone(&self.revision), Arc::clone(&self.ways));
        SiteDoor::new(site, revision, ways, Inbox::new(0).0, Keeping::default())
    }

    /// The same site under other files: inbox, counts and presence go on; tags now known are no longer discoveries.
    pub fn reloaded(&self, site: Arc<Site>, revision: Arc<str>, ways: Arc<[Way]>) -> SiteDoor {
        let (names, sent_names) = (names(&site), sent_names(&site));
        self.discovered.forget(|name| names.contains_key(name) || sent_names.contains_key(name));
        SiteDoor {
            names,
            sent_names,
            last_times: LastTimes::new(site.tags.len()),
            scores: Arc::clone(&self.scores),
            ways,
            site,
            revision,
            inbox: self.inbox.clone(),
            account: Arc::clone(&self.account),
            dead_letters: Arc::clone(&self.dead_letters),
            discovered: Arc::clone(&self.discovered),
            presence: Arc::clone(&self.presence),
            gaps: Arc::clone(&self.gaps),
            feedback: Arc::clone(&self.feedback),
        }
    }
}

impl Directory {
    /// A directory of these sites.
    pub fn new(sites: impl IntoIterator<Item = Arc<SiteDoor>>) -> Directory {
        Directory { sites: ArcSwap::from_pointee(by_id(sites)), generation: AtomicU64::new(0) }
    }

    /// Puts these sites in place of those before.
    pub fn replace(&self, sites: impl IntoIterator<Item = Arc<SiteDoor>>) {
        self.sites.store(Arc::new(by_id(sites)));
        // After the store: who sees the new number finds the new sites.
        self.generation.fetch_add(1, Ordering::Release);
    }

    /// Changes whenever the sites do.
    pub fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }

    /// The site of that id.
    pub fn site(&self, id: &str) -> Option<Arc<SiteDoor>> {
        self.sites.load().get(id).map(Arc::clone)
    }

    /// What a broker is asked for, for all sites.
    pub(crate) fn filters(&self) -> BTreeSet<String> {
        let filters = |door: &Arc<SiteDoor>| -> Vec<String> {
            site_filters(&door.site.id).into_iter().chain(door.ways.iter().map(Way::filter)).collect()
        };
        self.sites.load().values().flat_map(filters).collect()
    }

    /// All sites, by id.
    pub fn sites(&self) -> Vec<Arc<SiteDoor>> {
        self.sites.load().values().map(Arc::clone).collect()
    }
}

impl fmt::Debug for SiteDoor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SiteDoor")
            .field("site", &self.site.id)
            .field("revision", &self.revision)
            .finish_non_exhaustive()
    }
}

fn by_id(sites: impl IntoIterator<Item = Arc<SiteDoor>>) -> BTreeMap<Arc<str>, Arc<SiteDoor>> {
    sites.into_iter().map(|door| (Arc::clone(&door.site.id), door)).collect()
}

fn sent_names(site: &Site) -> HashMap<Arc<str>, Vec<TagIndex>> {
    let mut names: HashMap<Arc<str>, Vec<TagIndex>> = HashMap::new();
    for (place, tag) in site.tags.iter().enumerate() {
        if let Some(name) = &tag.sent_as {
            names.entry(Arc::clone(name)).or_default().push(tag_index(place));
        }
    }
    names
}

fn tag_index(place: usize) -> TagIndex {
    TagIndex(u32::try_from(place).expect("a site has fewer than 2^32 tags"))
}

fn names(site: &Site) -> HashMap<Arc<str>, TagIndex> {
    site.tags.iter().enumerate().map(|(place, tag)| (Arc::clone(&tag.name), tag_index(place))).collect()
}
