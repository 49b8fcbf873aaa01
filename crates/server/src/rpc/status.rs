//! Errors on the wire: each carries an `ErrorInfo` whose reason is a word of the documentation, what that means in Chinese, and
//! where its page is. The message is English, and has the particulars; those that a program may want are in the metadata.

use std::{collections::HashMap, time::Duration};

use davy_access::{Permission, Scope};
use davy_delivery::consumers::TooMany;
use davy_history::HistoryError;
use davy_journal::JournalError;
use davy_model::Refusal;
use davy_proto::WireError;
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt};

use super::{meaning, words};

/// The domain of every reason.
const DOMAIN: &str = "davy.v1";
/// When to ask again, where asking again may help.
const RETRY: Duration = Duration::from_secs(1);

pub(crate) fn status(code: Code, reason: &str, message: impl AsRef<str>) -> Status {
    about(code, reason, message, &[])
}

/// As [`status`], with particulars for programs: `("site", "park")`.
pub(super) fn about(
    code: Code,
    reason: &str,
    message: impl AsRef<str>,
    particulars: &[(&str, &str)],
) -> Status {
    Status::with_error_details(code, words::message(message.as_ref()), details(code, reason, particulars))
}

fn details(code: Code, reason: &str, particulars: &[(&str, &str)]) -> ErrorDetails {
    let metadata =
        particulars.iter().map(|&(key, value)| (key.to_owned(), words::particular(value).into_owned()));
    let mut details = ErrorDetails::new();
    details.set_error_info(reason, DOMAIN, metadata.collect::<HashMap<String, String>>());
    if let Some(meaning) = meaning::of(reason) {
        details.set_localized_message("zh-CN", meaning.zh);
        details.add_help_link("what it means, and what to do", meaning::address(reason));
    }
    if matches!(code, Code::Unavailable | Code::ResourceExhausted) {
        details.set_retry_info(Some(RETRY));
    }
    details
}

/// How tonic begins to say that what came cannot be read: as protobuf, as one message, as frames of gRPC or gRPC-Web.
const UNREAD: [&str; 6] = [
    "failed to decode",
    "Missing request message",
    "Unexpected EOF",
    "protocol error: received message",
    "tonic-web: ",
    "Invalid header bit",
];
/// And that it is compressed in a way that is not spoken here: none is.
const COMPRESSED: &str = "Content is compressed";

/// An error that was made without Davy's words, by what stands between the wire and its services, gets them.
pub(crate) fn completed(status: Status) -> Status {
    if status.code() == Code::Ok || !status.details().is_empty() {
        return status;
    }
    let message = status.message();
    let (code, reason) = match status.code() {
        Code::Unimplemented if message.starts_with(COMPRESSED) => (Code::Unimplemented, "REQUEST_INVALID"),
        Code::Unimplemented => (Code::Unimplemented, "METHOD_UNKNOWN"),
        // A message that is too long, as tonic has it.
        Code::OutOfRange => (Code::ResourceExhausted, "PAYLOAD_TOO_LARGE"),
        // A message that cannot be read is the caller's, whatever tonic says.
        Code::Internal | Code::DataLoss if UNREAD.iter().any(|words| message.starts_with(words)) => {
            (Code::InvalidArgument, "REQUEST_INVALID")
        }
        Code::InvalidArgument | Code::FailedPrecondition | Code::NotFound => {
            (status.code(), "REQUEST_INVALID")
        }
        Code::DeadlineExceeded | Code::Cancelled => (Code::DeadlineExceeded, "DEADLINE_EXCEEDED"),
        Code::Unavailable => (Code::Unavailable, "STOPPING"),
        _ => (status.code(), "INTERNAL"),
    };
    self::status(code, reason, message)
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
        | Refusal::NotSuppressed
        | Refusal::NoOpenCase
        | Refusal::AlreadyVerified { .. }
        | Refusal::NotVerified
        | Refusal::FeedbackMissing => Code::FailedPrecondition,
    };
    status(code, refusal.word(), refusal.to_string())
}

/// A field that says what cannot be, or nothing.
pub(super) fn wrong(error: &WireError) -> Status {
    invalid_field(error.field(), error.to_string())
}

/// As [`invalid`], naming the field.
pub(crate) fn invalid_field(field: &str, what: impl AsRef<str>) -> Status {
    let what = what.as_ref();
    let mut details = details(Code::InvalidArgument, "REQUEST_INVALID", &[("field", field)]);
    details.add_bad_request_violation(words::particular(field), words::detail(what));
    Status::with_error_details(Code::InvalidArgument, words::message(what), details)
}

/// A request that makes no sense, in words.
pub(crate) fn invalid(what: impl AsRef<str>) -> Status {
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
    about(Code::NotFound, "SITE_UNKNOWN", format!("no site is called {site}"), &[("site", site)])
}

/// No site of the caller's lies there: whether others do is not said.
pub(super) fn empty_scope(scope: &Scope) -> Status {
    let scope = scope.to_string();
    about(Code::NotFound, "SITE_UNKNOWN", format!("no site lies at or below {scope}"), &[("scope", &scope)])
}

pub(super) fn unknown_device(device: &str) -> Status {
    let what = format!("no edge node or device is called {device}");
    about(Code::NotFound, "DEVICE_UNKNOWN", what, &[("device", device)])
}

/// A site that a lower Davy judges is not acted on here.
pub(super) fn forwarded(site: &str, lower: &str) -> Status {
    let what = format!("{site} is judged by the lower Davy {lower}: act there");
    about(Code::FailedPrecondition, "SITE_FORWARDED", what, &[("site", site), ("lower", lower)])
}

pub(super) fn unknown_exit(exit: &str) -> Status {
    status(
        Code::NotFound,
        "EXIT_UNKNOWN",
        format!("no exit is called {exit:?}: `davy exits list` tells which there are"),
    )
}

/// None of the caller's: whether it is somebody else's is not said.
pub(super) fn unknown_consumer(consumer: &str) -> Status {
    let what = format!("no consumer is called {consumer:?}: `davy consumers list` tells which there are");
    about(Code::NotFound, "CONSUMER_UNKNOWN", what, &[("consumer", consumer)])
}

pub(super) fn connected_consumer(consumer: &str) -> Status {
    let what = format!("{consumer} is connected: end its streams first");
    about(Code::FailedPrecondition, "CONSUMER_CONNECTED", what, &[("consumer", consumer)])
}

pub(super) fn too_many_consumers(why: TooMany) -> Status {
    status(Code::ResourceExhausted, "CONSUMERS_TOO_MANY", format!("{why}: forget those that are gone"))
}

pub(super) fn unknown_alarm(alarm: &str) -> Status {
    about(Code::NotFound, "ALARM_UNKNOWN", format!("no alarm {alarm} stands"), &[("alarm", alarm)])
}

pub(crate) fn stopping() -> Status {
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

/// As many streams of readings as may be at once, `whose` says of whom.
pub(super) fn too_many_watchers(most: usize, whose: &str) -> Status {
    let what = format!(
        "{most} streams{whose} watch readings, as many as may at once: end streams that nobody reads"
    );
    status(Code::ResourceExhausted, "WATCHERS_TOO_MANY", what)
}

/// As many calls as may be at once, `whose` says of whom.
pub(crate) fn too_many_calls(most: usize, whose: &str) -> Status {
    let what = format!(
        "{most} calls{whose} are being answered, as many as may at once: end streams that nobody reads"
    );
    status(Code::ResourceExhausted, "CALLS_TOO_MANY", what)
}

/// A token of another journal, or of one that went further than this copy: what it says is dealt with never happened here.
pub(super) fn foreign_token(site: &str) -> Status {
    let what =
        format!("the token is of another journal of {site}, or ahead of this one: no cursor moves there");
    about(Code::InvalidArgument, "RESUME_TOKEN_INVALID", what, &[("site", site)])
}

pub(super) fn wrong_token(token: &str) -> Status {
    status(Code::InvalidArgument, "RESUME_TOKEN_INVALID", format!("not a token of Davy's: {token:?}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_says_why_for_a_program_and_for_a_person_in_both_languages() {
        let status = unknown_site("nowhere");
        let details = status.get_error_details();
        let info = details.error_info().expect("ErrorInfo");
        assert_eq!((info.reason.as_str(), info.domain.as_str()), ("SITE_UNKNOWN", "davy.v1"));
        assert_eq!(info.metadata["site"], "nowhere");
        let words = details.localized_message().expect("a message");
        assert_eq!((words.locale.as_str(), words.message.as_str()), ("zh-CN", "本系统没有该名称的站点。"));
        assert_eq!(details.help().expect("help").links[0].url, "/errors/SITE_UNKNOWN");
        assert!(details.retry_info().is_none(), "asking again does not make a site");
        assert!(stopping().get_error_details().retry_info().is_some());
    }

    #[test]
    fn an_error_about_anything_at_all_fits_what_the_libraries_of_callers_take() {
        for of in ["x", " ", "<", "甲", "\u{1f525}"] {
            let long = of.repeat(100_000 / of.len());
            for status in
                [unknown_site(&long), invalid_field(&long, &long), completed(Status::unknown(&long))]
            {
                let headers = status.into_http::<()>().into_parts().0.headers;
                let len: usize =
                    headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 32).sum();
                assert!((2000..=8 << 10).contains(&len), "{len} for {of:?}");
            }
        }
    }

    #[test]
    fn a_field_that_is_wrong_is_named() {
        let status = wrong(&WireError::Missing("target"));
        let details = status.get_error_details();
        assert_eq!(details.bad_request().expect("a violation").field_violations[0].field, "target");
    }

    #[test]
    fn errors_of_others_get_words_and_those_of_ours_keep_theirs() {
        let cases = [
            (Status::unimplemented(""), Code::Unimplemented, "METHOD_UNKNOWN"),
            (
                Status::out_of_range("decoded message length too large"),
                Code::ResourceExhausted,
                "PAYLOAD_TOO_LARGE",
            ),
            (Status::internal("failed to decode Protobuf message"), Code::InvalidArgument, "REQUEST_INVALID"),
            (Status::internal("Missing request message."), Code::InvalidArgument, "REQUEST_INVALID"),
            (Status::data_loss("tonic-web: invalid base64"), Code::InvalidArgument, "REQUEST_INVALID"),
            (Status::unimplemented("Content is compressed with `x`"), Code::Unimplemented, "REQUEST_INVALID"),
            (Status::internal("Error encoding: no room"), Code::Internal, "INTERNAL"),
            (Status::not_found("service not registered"), Code::NotFound, "REQUEST_INVALID"),
            (Status::cancelled("Timeout expired"), Code::DeadlineExceeded, "DEADLINE_EXCEEDED"),
            (Status::unknown("what?"), Code::Unknown, "INTERNAL"),
            (unknown_site("nowhere"), Code::NotFound, "SITE_UNKNOWN"),
        ];
        for (status, code, reason) in cases {
            let status = completed(status);
            let info = status.get_details_error_info().expect("ErrorInfo");
            assert_eq!((status.code(), info.reason.as_str()), (code, reason));
            assert!(meaning::of(&info.reason).is_some(), "{reason} has its page");
        }
    }
}
