//! What a stretch of a site's log gives to history.

use std::sync::Arc;

use davy_model::{Bundle, NodeChange, Quality, Tag, Tier, Timestamp, Transition, Value};

use crate::Scope;

/// How far a site's journal has been taken in: up to a commit, and that one included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Position {
    /// The commit.
    pub number: u64,
    /// Its hash, by which a journal is known again.
    pub hash: [u8; 32],
    /// The last transition up to there.
    pub sequence: u64,
    /// When the commit was.
    pub at: Timestamp,
    /// The revision of the files active after it.
    pub revision: Arc<str>,
}

/// The readings of one tag in one unit. A tag whose unit was changed has two of them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Series {
    /// The tag's name.
    pub tag: Arc<str>,
    /// The unit that values are in, as units are written: `mg/m3`.
    pub unit: Arc<str>,
    /// What it measures.
    pub quantity: Arc<str>,
    /// What people call it, in English.
    pub title_en: Arc<str>,
    /// What people call it, in Chinese.
    pub title_zh: Arc<str>,
    /// The area it belongs to.
    pub area: Option<Arc<str>>,
}

/// A reading on its way in.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Row {
    /// Place in the batch's list of series.
    pub series: u32,
    /// When it was measured: the source's time, or its arrival where the source's clock was too far ahead to be believed.
    pub time: Timestamp,
    /// When it arrived.
    pub arrival: Timestamp,
    /// In the series' unit; none where nothing was measured.
    pub value: Value,
    /// How far it may be believed.
    pub quality: Quality,
}

/// A transition on its way in.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredTransition {
    /// As it was decided. Its evidence is kept in `record` alone.
    pub transition: Arc<Transition>,
    /// The whole of it, as the journal has it: bytes to history.
    pub record: Vec<u8>,
    /// The areas of its tags and those around them, and their hazard sources: what it counts for.
    pub scopes: Vec<Scope>,
}

/// An edge node that came or went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeEvent {
    /// Which.
    pub edge_node: Arc<str>,
    /// When.
    pub at: Timestamp,
    /// What became of it.
    pub change: NodeChange,
}

/// Files that became active.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Activation {
    /// When.
    pub at: Timestamp,
    /// Which.
    pub bundle: Arc<Bundle>,
}

/// The level of an area or a hazard source, from a moment on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RiskChange {
    /// Which.
    pub scope: Scope,
    /// Since when.
    pub at: Timestamp,
    /// The gravest alarm that is active there; none when none is.
    pub tier: Option<Tier>,
}

/// How many readings were refused for one reason in an hour, so far, by one run of Davy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LetterCount {
    /// The beginning of the hour.
    pub hour: Timestamp,
    /// The reason code.
    pub code: Arc<str>,
    /// How many.
    pub count: u64,
}

/// What a stretch of a site's log gives. It lands as a whole or not at all.
#[derive(Clone, Debug, PartialEq)]
pub struct Batch {
    /// Of which site.
    pub site: Arc<str>,
    /// What it follows: nothing where the site's history begins, or begins anew with another journal.
    pub after: Option<Position>,
    /// It is of another journal than what the store stands at: what is numbered alike is not the same.
    pub begins_era: bool,
    /// Commits that were let go before history had them: the first and the last.
    pub hole: Option<(u64, u64)>,
    /// Where the site stands when it has landed.
    pub until: Position,
    /// What its readings are of.
    pub series: Vec<Series>,
    /// Readings, in the order of the log.
    pub readings: Vec<Row>,
    /// Transitions, in the order of the log.
    pub transitions: Vec<StoredTransition>,
    /// Who came and went.
    pub nodes: Vec<NodeEvent>,
    /// Files that became active.
    pub activations: Vec<Activation>,
    /// What areas and hazard sources came to.
    pub risks: Vec<RiskChange>,
}

impl Series {
    /// That of a tag as it is now.
    pub fn of(tag: &Tag) -> Series {
        Series {
            tag: Arc::clone(&tag.name),
            unit: tag.unit.to_string().into(),
            quantity: tag.quantity.to_string().into(),
            title_en: tag.title.en.as_str().into(),
            title_zh: tag.title.zh.as_str().into(),
            area: tag.area.clone(),
        }
    }
}
