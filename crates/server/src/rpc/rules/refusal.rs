//! Why something asked of revisions was not done, as it goes over the wire.

use davy_workbench::revision::RevisionRefusal;
use tonic::{Code, Status};

use crate::{revisions::Refused, rpc::status};

/// The status of a refusal.
pub(super) fn refusal(refused: &Refused) -> Status {
    let code = match refused {
        Refused::SiteUnknown(_) | Refused::Unknown { .. } => Code::NotFound,
        Refused::Ambiguous { .. } | Refused::ActorMissing | Refused::CommentMissing | Refused::Files(_) => {
            Code::InvalidArgument
        }
        Refused::Life(RevisionRefusal::SecondPersonNeeded { .. }) => Code::PermissionDenied,
        Refused::TooMany { .. } => Code::ResourceExhausted,
        Refused::Changed { .. } => Code::Aborted,
        Refused::Store(_) | Refused::Stopping => Code::Unavailable,
        Refused::SiteForwarded(_)
        | Refused::NothingChanged
        | Refused::Tests(_)
        | Refused::Undeclared(_)
        | Refused::ShadowTaken { .. }
        | Refused::NothingBefore(_)
        | Refused::Life(_) => Code::FailedPrecondition,
    };
    let (reason, message) = (refused.word(), refused.to_string());
    if let Refused::Changed { site, revision, state, etag } = refused {
        let now = [("site", site.as_str()), ("revision", revision), ("state", state), ("etag", etag)];
        return status::about(code, reason, message, &now);
    }
    status::status(code, reason, message)
}
