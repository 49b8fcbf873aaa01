//! Which revision is meant when nobody says: the only one that it can be done with.

use davy_proto::v1::{RevisionState, RuleServiceListRevisionsRequest};
use davy_server::rpc::v1::rule_service_client::RuleServiceClient;

use super::tell;
use crate::{ask::Connection, exit::Misuse, refusal::failed};

/// The revision named, or else the only one of the site in one of these states.
pub(super) async fn revision(
    client: &mut RuleServiceClient<Connection>,
    site: &str,
    named: Option<&str>,
    states: &[RevisionState],
) -> anyhow::Result<String> {
    if let Some(named) = named {
        return Ok(named.to_owned());
    }
    let request = RuleServiceListRevisionsRequest {
        site: site.to_owned(),
        states: states.iter().map(|state| (*state).into()).collect(),
        page_size: 1000,
        ..RuleServiceListRevisionsRequest::default()
    };
    let answer = client.list_revisions(request).await.map_err(|status| failed(&status))?.into_inner();
    match &answer.revisions[..] {
        [one] => Ok(one.revision.clone()),
        [] => Err(Misuse(format!(
            "{site} has no revision that this could be done with: davy rules history {site}"
        ))
        .into()),
        several => {
            let names: Vec<String> =
                several.iter().map(|one| format!("{} ({})", one.revision, tell::state(one))).collect();
            Err(Misuse(format!("which revision of {site}? {}", names.join(", "))).into())
        }
    }
}
