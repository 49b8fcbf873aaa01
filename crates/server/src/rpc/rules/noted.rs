//! What of a change of rules goes into the audit log.

use davy_journal::{audit::What, hex};
use davy_proto::v1 as wire;
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::audit::Deed;

/// A step in the life of a revision.
pub(super) fn step(step: &str, target: Option<&wire::RevisionTarget>) -> Deed {
    let target = target.cloned().unwrap_or_default();
    Deed::new(What::RuleChange, &target.actor, target.site)
        .asking(json!({ "step": step, "revision": target.revision, "comment": target.comment }))
}

/// A proposal: its files by a hash each.
pub(super) fn proposal(request: &wire::RuleServiceProposeRequest) -> Deed {
    let files: Vec<_> =
        request.files.iter().map(|file| json!({ "path": file.path, "sha256": sum(file) })).collect();
    Deed::new(What::RuleChange, &request.actor, "")
        .asking(json!({ "step": "propose", "comment": request.comment, "files": files }))
}

fn sum(file: &wire::SiteFile) -> String {
    hex(&Sha256::digest(&file.text))
}
