//! What the engine decides from: one ordered log of these, and nothing else.

use std::sync::Arc;

use crate::{Command, NodeIndex, Reading, Text, Tier, Timestamp};

/// One entry of a site's ordered log.
#[derive(Clone, Debug, PartialEq)]
pub enum Input {
    /// The site's files, made active. The first entry of every log.
    Activate(Arc<Bundle>),
    /// Readings, as their messages brought them.
    Readings(ReadingBlock),
    /// An edge node came or went.
    Node {
        /// Which.
        node: NodeIndex,
        /// How.
        change: NodeChange,
    },
    /// What an operator asked for, granted or refused.
    Command(Command),
    /// A part of Davy itself fails, or works again.
    Fault(Fault),
    /// Time passed, and something was due.
    Tick,
    /// Time passed, and whoever listens is to be told that the alarm path works. Numbered from 1.
    Heartbeat(u64),
    /// Davy was down: nothing is known of the time since the entry before.
    Restarted,
}

/// Readings of one or more messages, in arrival order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ReadingBlock {
    /// The messages; their lengths add up to the number of readings.
    pub messages: Vec<MessageHead>,
    /// Their readings, message after message.
    pub readings: Vec<Reading>,
}

/// What one message brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MessageHead {
    /// Who sent it.
    pub node: NodeIndex,
    /// When it arrived.
    pub arrival: Timestamp,
    /// The sender's own number for it.
    pub seq: Option<u64>,
    /// Whether the transport said that it may have been delivered before.
    pub redelivered: bool,
    /// Whether its readings tell what is, or what was.
    pub freshness: Freshness,
    /// How many readings it brought.
    pub len: u32,
}

/// Whether readings tell what is, or what was.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Freshness {
    /// As they were measured, or so it seems: their times decide whether they are late.
    #[default]
    Live,
    /// The sender says that they are history, kept while they could not be sent: a backlog, however young.
    Historical,
    /// Refused when they came, and sent again by an operator from the dead letters. They may raise an alarm, which is late
    /// and does not sound; they clear none, complete no delay and end no silence.
    Replayed,
}

/// What became of an edge node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NodeChange {
    /// It is there.
    Online,
    /// It said goodbye: what it sent last holds until the tags' silence limits.
    Offline,
    /// It is gone without a word, or its last will says so: its tags are stale at once.
    Lost,
}

impl NodeChange {
    /// All of them.
    pub const ALL: [NodeChange; 3] = [NodeChange::Online, NodeChange::Offline, NodeChange::Lost];

    /// The word in payloads and tables.
    pub const fn word(self) -> &'static str {
        match self {
            NodeChange::Online => "online",
            NodeChange::Offline => "offline",
            NodeChange::Lost => "lost",
        }
    }
}

/// A part of Davy that fails, or works again. Raises and clears an alarm of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Which part, a name: `journal`, `intake-dropped`.
    pub part: Arc<str>,
    /// True when it fails.
    pub active: bool,
    /// How grave that is.
    pub tier: Tier,
    /// What happened, and what to try.
    pub text: Text,
}

/// The files that describe a site and its rules, as they were read. Their hash is the revision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bundle {
    /// The site's id.
    pub site: Arc<str>,
    /// `site.yaml`, `tags.csv` and the rule files, sorted by path.
    pub files: Vec<BundleFile>,
    /// First 12 hex digits of the SHA-256 over paths and texts.
    pub revision: Arc<str>,
}

/// One file of a bundle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BundleFile {
    /// Its path below the site's folder, with `/`.
    pub path: String,
    /// What is in it.
    pub text: String,
}
