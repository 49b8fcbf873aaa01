//! Why something asked of revisions was not done; nothing has changed then.

use davy_workbench::revision::RevisionRefusal;

use super::store::StoreError;

/// Why something was not done.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refused {
    #[error("no site is called {0}")]
    SiteUnknown(String),
    #[error("{0} is judged by a lower Davy: its rules are changed there")]
    SiteForwarded(String),
    #[error("no revision of {site} begins with {digits:?}")]
    Unknown { site: String, digits: String },
    #[error("{count} revisions of {site} begin with {digits:?}: give more digits, at least 4")]
    Ambiguous { site: String, digits: String, count: usize },
    #[error("somebody must be named who asks")]
    ActorMissing,
    #[error("a reason must be given")]
    CommentMissing,
    #[error("the files cannot be used:\n{}", .0.join("\n"))]
    Files(Vec<String>),
    #[error("they are the files that are active")]
    NothingChanged,
    #[error("{} of the tests failed:\n{}", .0.len(), .0.join("\n"))]
    Tests(Vec<String>),
    #[error(
        "alarms would be withdrawn that nobody watches any more, and the proposal does not say so: {}",
        .0.join("; ")
    )]
    Undeclared(Vec<String>),
    #[error("{site} has {max} revisions that wait to be decided on: decide on some first")]
    TooMany { site: String, max: usize },
    #[error("{revision} of {site} is in shadow: one at a time")]
    ShadowTaken { site: String, revision: String },
    #[error(
        "somebody has done something with {revision} since it was looked at: it is {state} now, look again"
    )]
    Changed { site: String, revision: String, state: &'static str, etag: String },
    #[error("{0} is the first that Davy knows of: nothing was active before it")]
    NothingBefore(String),
    #[error(transparent)]
    Life(#[from] RevisionRefusal),
    #[error("the file of revisions: {0}")]
    Store(#[from] StoreError),
    #[error("Davy is stopping")]
    Stopping,
}

impl Refused {
    /// The reason code.
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Refused::SiteUnknown(_) => "SITE_UNKNOWN",
            Refused::SiteForwarded(_) => "SITE_FORWARDED",
            Refused::Unknown { .. } | Refused::Ambiguous { .. } => "REVISION_UNKNOWN",
            Refused::ActorMissing => "ACTOR_MISSING",
            Refused::CommentMissing => "COMMENT_MISSING",
            Refused::Files(_) => "FILES_INVALID",
            Refused::NothingChanged => "NOTHING_CHANGED",
            Refused::Tests(_) => "TESTS_FAILED",
            Refused::Undeclared(_) => "MIGRATION_UNDECLARED",
            Refused::TooMany { .. } => "REVISIONS_TOO_MANY",
            Refused::ShadowTaken { .. } => "REVISION_STATE",
            Refused::Changed { .. } => "REVISION_CHANGED",
            Refused::NothingBefore(_) => "NOTHING_TO_ROLL_BACK",
            Refused::Life(refusal) => refusal.word(),
            Refused::Store(_) => "STORAGE_UNAVAILABLE",
            Refused::Stopping => "STOPPING",
        }
    }
}
