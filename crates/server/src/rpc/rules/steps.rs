//! Steps in the life of a revision, as they are asked for: who, on which one, and what goes into the audit log.
//!
//! A step that is only to be validated is looked at as any other, and refused as any other: nothing comes of it, and the audit log
//! does not say that something did.

use std::sync::Arc;

use davy_access::Caller;
use davy_proto::v1 as wire;
use tonic::Status;

use super::{Rules, answer, noted, refusal::refusal, seen, wrong};
use crate::{
    guard::Admitted,
    hub::Hub,
    revisions::{Asked, Record, Refused},
    rpc::{request_id, status},
};

/// A step, as it is asked for.
pub(super) struct Step {
    /// Its word in the audit log.
    pub(super) word: &'static str,
    pub(super) target: Option<wire::RevisionTarget>,
    pub(super) validate_only: bool,
}

impl Rules {
    /// Decides on a revision, and notes who did.
    pub(super) async fn decided(
        &self,
        by: Admitted,
        step: Step,
        work: impl FnOnce(&Hub, &Asked) -> Result<Record, Refused> + Send + 'static,
    ) -> Result<Option<wire::Revision>, Status> {
        let validates = step.validate_only;
        let deed = noted::step(step.word, step.target.as_ref());
        let done = async {
            if !validates {
                self.hub.audit.ready()?;
            }
            let asked = asked(&by, step)?;
            self.quick(move |hub| {
                work(hub, &asked).map(|record| Some(answer::after(hub, &record, validates)))
            })
            .await
        };
        let answer = done.await;
        if !validates {
            self.hub.audit.tell(deed, &answer).await;
        }
        answer
    }

    /// Other files become active. Whoever asked may hang up: what was begun is ended all the same, and noted.
    pub(super) async fn exchanged(&self, by: Admitted, step: Step) -> Result<wire::Revision, Status> {
        let (hub, validates) = (Arc::clone(&self.hub), step.validate_only);
        let activates = step.word == "activate";
        // Here, where it is known who asks.
        let deed = noted::step(step.word, step.target.as_ref());
        let done = tokio::spawn(async move {
            let done = async {
                if !validates {
                    hub.audit.ready()?;
                }
                let asked = asked(&by, step)?;
                let done = if activates { hub.activate(&asked).await } else { hub.roll_back(&asked).await };
                done.map_err(|refused| refusal(&refused))
            };
            let answer = done.await;
            if !validates {
                hub.audit.tell(deed, &answer).await;
            }
            answer
        });
        let record = done.await.map_err(|_| status::stopping())??;
        self.quick(move |hub| Ok(answer::after(hub, &record, validates))).await
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
