//! Steps in the life of a revision, as they are asked for: who, on which one, and what goes into the audit log.
//!
//! A step that is only to be validated is looked at as any other, and refused as any other: nothing comes of it, and the audit log
//! does not say that something did.

use davy_access::Caller;
use davy_proto::v1 as wire;
use tonic::Status;

use super::{Rules, answer, noted, refusal::refusal, seen, wrong};
use crate::{
    guard::Admitted,
    hub::Hub,
    revisions::{Asked, Record, Refused},
    rpc::request_id,
};

/// A step, as it is asked for.
pub(super) struct Step {
    /// Its word in the audit log.
    pub(super) word: &'static str,
    pub(super) target: Option<wire::RevisionTarget>,
    pub(super) validate_only: bool,
}

impl Rules {
    /// Decides on a revision.
    pub(super) async fn decided(
        &self,
        by: Admitted,
        step: Step,
        work: impl FnOnce(&Hub, &Asked) -> Result<Record, Refused> + Send + 'static,
    ) -> Result<Option<wire::Revision>, Status> {
        let validates = step.validate_only;
        let decided = self.taken(by, step, move |rules, asked| async move {
            let done =
                move |hub: &Hub| work(hub, &asked).map(|record| answer::after(hub, &record, validates));
            rules.quick(done).await
        });
        decided.await.map(Some)
    }

    /// Other files become active.
    pub(super) async fn exchanged(&self, by: Admitted, step: Step) -> Result<wire::Revision, Status> {
        let (validates, activates) = (step.validate_only, step.word == "activate");
        let exchanged = self.taken(by, step, move |Rules { hub, .. }, asked| async move {
            let done = if activates { hub.activate(&asked).await } else { hub.roll_back(&asked).await };
            done.map_err(|refused| refusal(&refused))
        });
        let record = exchanged.await?;
        self.quick(move |hub| Ok(answer::after(hub, &record, validates))).await
    }

    /// Takes a step, and notes who asked for it.
    async fn taken<T, F>(
        &self,
        by: Admitted,
        step: Step,
        work: impl FnOnce(Rules, Asked) -> F + Send + 'static,
    ) -> Result<T, Status>
    where
        T: Send + Sync + 'static,
        F: Future<Output = Result<T, Status>> + Send,
    {
        let (rules, validates) = (self.clone(), step.validate_only);
        let deed = (!validates).then(|| noted::step(step.word, step.target.as_ref()));
        let taken = async move {
            if !validates {
                rules.hub.audit.ready()?;
            }
            let asked = asked(&by, step)?;
            work(rules, asked).await
        };
        self.hub.audit.see_through(async move { (deed, taken.await) }).await
    }
}

fn asked(by: &Admitted, step: Step) -> Result<Asked, Status> {
    let target = step.target.ok_or_else(|| wrong("target is missing"))?;
    if target.revision.is_empty() {
        return Err(wrong("target.revision is missing"));
    }
    let wire::RevisionTarget { site, revision, actor, comment, etag, request_id } = target;
    request_id::fits("target.request_id", &request_id)?;
    seen(by, &site)?;
    Ok(Asked {
        site,
        revision,
        actor: who(&by.caller, actor),
        subject: subject(&by.caller),
        comment,
        etag,
        request_id,
        validate_only: step.validate_only,
    })
}

/// The name for the record: the one that is proven, where one is.
pub(super) fn who(caller: &Caller, said: String) -> String {
    if caller.is_proven() { caller.name().to_string() } else { said }
}

/// Whose account it is; empty where nothing is proven.
pub(super) fn subject(caller: &Caller) -> String {
    if caller.is_proven() { caller.subject().to_string() } else { String::new() }
}
