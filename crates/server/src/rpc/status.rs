//! Errors on the wire: each carries an `ErrorInfo` whose reason is a word of the documentation.

use std::collections::HashMap;

use davy_access::Permission;
use davy_history::HistoryError;
use davy_journal::JournalError;
use davy_model::Refusal;
use davy_proto::WireError;
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt};

/// The domain of every reason.
const DOMAIN: &str = "davy.v1";

pub(super) fn status(code: Code, reason: &str, message: impl Into<String>) -> Status {
    let mut details = ErrorDetails::new();
    details.set_error_info(reason, DOMAIN, HashMap::<String, String>::new());
    Status::with_error_details(code, message, details)
}

/// Nobody known, or not so: which of the two, and why, is not said.
pub(crate) fn auth_failed() -> Status {
    let what = "log in, or show a token or a certificate that is known and good";
    status(Code::Unauthenticated, "AUTH_FAILED", what)
}

/// Known, and without the role for it anywhere.
pub(crate) fn not_allowed(permission: Permission) -> Status {
    let roles: Vec<&str> = davy_access::roles_with(permission).map(|role| role.word()).collect();
    let what = format!("no role of yours permits {}: {} would", permission.word(), roles.join(", "));
    status(Code::PermissionDenied, "NOT_ALLOWED", what)
}

/// Not the second person's word for this command.
pub(super) fn not_countersigned() -> Status {
    let what = "approved_by is not a countersignature of somebody else's for this alarm, occurrence and command, or it is used up or \
                older than 5 minutes: have a shift leader countersign, and send it within 5 minutes";
    status(Code::PermissionDenied, "COUNTERSIGNATURE_INVALID", what)
}

/// A command was refused, and changed nothing.
pub(super) fn refused(refusal: &Refusal) -> Status {
    let code = match refusal {
        Refusal::AlarmUnknown => Code::NotFound,
        Refusal::ShelveDuration { .. } | Refusal::CommentMissing | Refusal::ActorMissing => {
            Code::InvalidArgument
        }
        Refusal::SecondPersonNeeded => Code::PermissionDenied,
        Refusal::OccurrenceChanged { .. }
        | Refusal::NothingToAcknowledge
        | Refusal::AlreadyAcknowledged
        | Refusal::AlreadyShelved { .. }
        | Refusal::NotShelved
        | Refusal::NotLatched
        | Refusal::StillActive
        | Refusal::NotAcknowledged
        | Refusal::AlreadyOutOfService
        | Refusal::NotOutOfService
        | Refusal::AlreadySuppressed
        | Refusal::NotSuppressed => Code::FailedPrecondition,
    };
    status(code, refusal.word(), refusal.to_string())
}

pub(super) fn wrong(error: &WireError) -> Status {
    status(Code::InvalidArgument, "REQUEST_INVALID", error.to_string())
}

/// A request that makes no sense, in words.
pub(super) fn invalid(what: impl Into<String>) -> Status {
    status(Code::InvalidArgument, "REQUEST_INVALID", what)
}

pub(super) fn no_history() -> Status {
    let what = "this Davy keeps no history: name a store under [history] in davy.toml";
    status(Code::FailedPrecondition, "HISTORY_UNAVAILABLE", what)
}

/// What history did not answer, and why.
pub(super) fn history(error: &HistoryError) -> Status {
    match error {
        HistoryError::Asked(what) => invalid(what),
        _ => status(Code::Unavailable, "HISTORY_UNAVAILABLE", error.to_string()),
    }
}

pub(super) fn unknown_site(site: &str) -> Status {
    status(Code::NotFound, "SITE_UNKNOWN", format!("no site is called {site}"))
}

pub(super) fn unknown_alarm(alarm: &str) -> Status {
    status(Code::NotFound, "ALARM_UNKNOWN", format!("no alarm {alarm} stands"))
}

pub(super) fn stopping() -> Status {
    status(Code::Unavailable, "STOPPING", "Davy is stopping: connect again, with the last token")
}

pub(super) fn journal(error: &JournalError) -> Status {
    match error {
        JournalError::NoLongerKept { .. } => status(Code::OutOfRange, "NO_LONGER_KEPT", error.to_string()),
        JournalError::Full(_)
        | JournalError::Busy(_)
        | JournalError::Damaged { .. }
        | JournalError::Newer { .. }
        | JournalError::Misuse(_)
        | JournalError::Sqlite(_) => status(Code::Unavailable, "STORAGE_UNAVAILABLE", error.to_string()),
    }
}

pub(super) fn too_many_watchers(most: usize) -> Status {
    let what =
        format!("{most} callers watch readings, as many as may at once: end streams that nobody reads");
    status(Code::ResourceExhausted, "WATCHERS_TOO_MANY", what)
}

/// As many calls as may be at once, `whose` says of whom.
pub(crate) fn too_many_calls(most: usize, whose: &str) -> Status {
    let what = format!(
        "{most} calls{whose} are being answered, as many as may at once: end streams that nobody reads"
    );
    status(Code::ResourceExhausted, "CALLS_TOO_MANY", what)
}

pub(super) fn wrong_token(token: &str) -> Status {
    status(Code::InvalidArgument, "RESUME_TOKEN_INVALID", format!("not a token of Davy's: {token:?}"))
}
