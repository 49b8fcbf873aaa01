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
        Refused::Store(_) | Refused::Stopping => Code::Unavailable,
        Refused::SiteForwarded(_)
        | Refused::NothingChanged
        | Refused::Tests(_)
        | Refused::Undeclared(_)
        | Refused::ShadowTaken { .. }
        | Refused::NothingBefore(_)
        | Refused::Life(_) => Code::FailedPrecondition,
    };
    status::status(code, refused.word(), refused.to_string())
}
