//! What a server said no to: the reason code, the words, and what to try.

use std::{error::Error, fmt};

use serde_json::json;
use tonic::{Code, Status};
use tonic_types::StatusExt;

use crate::out;

/// A call that was answered with an error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// The reason code, `OCCURRENCE_CHANGED`; the status code where the server gave none.
    pub(crate) code: String,
    /// In words.
    pub(crate) message: String,
    /// What to try; may be empty.
    pub(crate) hint: &'static str,
}

impl Refusal {
    /// Says no to what was asked of something.
    pub(crate) fn tell(&self, of: &str, as_json: bool) -> std::io::Result<()> {
        if as_json {
            let Refusal { code, message, hint } = self;
            return out::line(json!({"id": of, "refused": {"code": code, "message": message, "try": hint}}));
        }
        eprintln!("refused {of}: {self}");
        Ok(())
    }
}

impl From<&Status> for Refusal {
    fn from(status: &Status) -> Refusal {
        let reason =
            status.get_details_error_info().map(|info| info.reason).filter(|reason| !reason.is_empty());
        let message = with_causes(status);
        let hint = match &reason {
            Some(reason) => hint_for_reason(reason),
            // A server that turns a certificate away hangs up; whether it is heard to say why is a matter of luck.
            None if status.source().is_some() => {
                "again in a moment; by https://, with a certificate that holds where the server asks for one: --certificate FILE --key FILE"
            }
            None => hint_for_status(status.code()),
        };
        let code = reason.unwrap_or_else(|| format!("{:?}", status.code()));
        Refusal { code, message, hint }
    }
}

/// What is said, and why, where the connection and not the server said it.
fn with_causes(status: &Status) -> String {
    let mut message = status.message().to_owned();
    let mut cause = status.source();
    while let Some(error) = cause {
        let told = error.to_string();
        if !message.contains(&told) {
            message = format!("{message}: {told}");
        }
        cause = error.source();
    }
    message
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Refusal { code, message, hint } = self;
        write!(f, "{code}: {message}")?;
        if hint.is_empty() { Ok(()) } else { write!(f, "\n  try: {hint}") }
    }
}

impl Error for Refusal {}

/// The error of a call that should have been answered.
pub(crate) fn failed(status: &Status) -> anyhow::Error {
    Refusal::from(status).into()
}

fn hint_for_reason(reason: &str) -> &'static str {
    match reason {
        "CONSUMER_UNKNOWN" => "davy consumers list shows the names; --of ACCOUNT names one that is not yours",
        "CONSUMER_CONNECTED" => "stop the program first: davy consumers show NAME tells whether it is gone",
        "EXIT_UNKNOWN" => "davy exits list shows the names",
        "ALARM_UNKNOWN" => "davy alarms list shows the ids: site:rule:subject",
        "SITE_UNKNOWN" => {
            "an alarm's id begins with its site: site:rule:subject; davy alarms list shows them"
        }
        "AUTH_FAILED" => "davy login, or --token-file; after five wrong tries wait 15 minutes",
        "NOT_ALLOWED" => "davy whoami shows what you may do",
        "COUNTERSIGNATURE_INVALID" => {
            "somebody else: davy alarms countersign ALARM --command WORD, then --approved-by TOKEN"
        }
        "RESUME_TOKEN_INVALID" => "--snapshot begins anew",
        "OCCURRENCE_CHANGED" => "davy alarms show ALARM, then act on the occurrence that stands now",
        "NOTHING_TO_ACKNOWLEDGE" => "nothing: the alarm has returned to normal and is acknowledged",
        "ALREADY_ACKNOWLEDGED" => "davy alarms history ALARM shows who did it",
        "ALREADY_SHELVED" => "davy alarms unshelve ALARM first, to shelve it for another time",
        "NOT_SHELVED" => "davy alarms show ALARM",
        "SHELVE_DURATION" => "a shorter --for; a longer need is out-of-service, with a work permit",
        "SECOND_PERSON_NEEDED" => {
            "somebody else: --approved-by NAME for an alarm, --by NAME for a revision; with [access] their word is the token that davy alarms countersign gives them"
        }
        "COMMENT_MISSING" => "--comment \"why\"",
        "ACTOR_MISSING" => "--by NAME",
        "NOT_LATCHED" => "davy alarms show ALARM",
        "STILL_ACTIVE" => "bring the process back first; davy alarms explain ALARM shows what holds it",
        "NOT_ACKNOWLEDGED" => "davy alarms ack ALARM, then this again",
        "NO_OPEN_CASE" => "davy alarms list --cases shows what waits for somebody",
        "ALREADY_VERIFIED" => "davy alarms history ALARM shows who did it",
        "NOT_VERIFIED" => "davy alarms verify ALARM --as real|false|maintenance|drill",
        "FEEDBACK_MISSING" => "davy alarms feedback ALARM --comment \"how it went\"",
        "ALREADY_OUT_OF_SERVICE" => "davy alarms in-service ALARM brings it back",
        "NOT_OUT_OF_SERVICE" => "davy alarms show ALARM",
        "REVISION_UNKNOWN" => "davy rules history SITE lists them",
        "RULE_UNKNOWN" => "davy rules check DIR lists the rules of a folder",
        "REVISION_STATE" => "davy rules history SITE REVISION shows where it stands",
        "REVISION_CHANGED" => "davy rules history SITE REVISION shows who did what with it",
        "REVISION_BASE_MOVED" => "propose it again, in place of what is active now",
        "FILES_INVALID" => "davy rules check DIR",
        "TESTS_FAILED" => "davy rules test DIR shows what happened",
        "MIGRATION_UNDECLARED" => "--withdraw RULE, if that is meant",
        "NOTHING_CHANGED" => "davy rules diff OLD NEW",
        "NOTHING_TO_ROLL_BACK" => "davy rules history SITE",
        "CALLS_TOO_MANY" => "end streams that nobody reads; or a higher http.calls_max, or caller_calls_max",
        "WATCHERS_TOO_MANY" => "davy tags latest asks once, and holds no stream",
        "REVISIONS_TOO_MANY" => "davy rules reject SITE REVISION",
        _ => "",
    }
}

fn hint_for_status(code: Code) -> &'static str {
    match code {
        Code::Unimplemented => "a server of this version: davy version, there and here",
        Code::Unavailable | Code::DeadlineExceeded => "again in a moment; the server's log says more",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use davy_model::{Refusal as ModelRefusal, Timestamp};
    use std::io;
    use tonic_types::ErrorDetails;

    #[test]
    fn a_refusal_shows_its_reason_its_words_and_what_to_try() {
        let details = ErrorDetails::with_error_info(
            "SECOND_PERSON_NEEDED",
            "davy.v1",
            [("a".to_owned(), "b".to_owned())],
        );
        let status =
            Status::with_error_details(Code::FailedPrecondition, "two people quiet a red alarm", details);
        let told = Refusal::from(&status).to_string();
        assert_eq!(
            told,
            "SECOND_PERSON_NEEDED: two people quiet a red alarm\n  try: somebody else: --approved-by NAME for an alarm, --by NAME for a revision; with [access] their word is the token that davy alarms countersign gives them"
        );
    }

    #[test]
    fn an_error_without_a_reason_keeps_its_status() {
        let told = Refusal::from(&Status::internal("it broke")).to_string();
        assert_eq!(told, "Internal: it broke");
    }

    #[test]
    fn a_connection_that_breaks_says_why_and_what_the_server_wants_of_a_caller() {
        for cause in ["received fatal alert: CertificateRequired", "connection closed"] {
            let told = Refusal::from(&Status::from_error(io::Error::other(cause).into()));
            assert!(told.message.contains(cause) && told.hint.contains("--certificate"), "{told}");
        }
        assert_eq!(Refusal::from(&Status::internal("it broke")).hint, "");
    }

    #[test]
    fn every_refusal_an_operator_can_get_says_what_to_try() {
        use std::time::Duration;
        for refusal in [
            ModelRefusal::AlarmUnknown,
            ModelRefusal::OccurrenceChanged { now: 2 },
            ModelRefusal::NothingToAcknowledge,
            ModelRefusal::AlreadyAcknowledged,
            ModelRefusal::AlreadyShelved { until: Timestamp::MIN },
            ModelRefusal::NotShelved,
            ModelRefusal::ShelveDuration { max: Duration::from_secs(1) },
            ModelRefusal::SecondPersonNeeded,
            ModelRefusal::CommentMissing,
            ModelRefusal::ActorMissing,
            ModelRefusal::NotLatched,
            ModelRefusal::StillActive,
            ModelRefusal::NotAcknowledged,
            ModelRefusal::AlreadyOutOfService,
            ModelRefusal::NotOutOfService,
            ModelRefusal::NoOpenCase,
            ModelRefusal::AlreadyVerified { verdict: davy_model::Verdict::Real },
            ModelRefusal::NotVerified,
            ModelRefusal::FeedbackMissing,
        ] {
            assert!(!hint_for_reason(refusal.word()).is_empty(), "{}", refusal.word());
        }
    }
}
