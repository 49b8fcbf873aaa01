//! `Publish`: readings of one edge node, message after message.

use std::sync::Arc;

use davy_intake::{NotPublished, Publication, Taken};
use davy_proto::v1 as wire;
use prost::Message;
use tokio_util::sync::CancellationToken;
use tonic::{Status, Streaming};

use super::super::status;
use crate::{
    guard::{Admitted, Lookout},
    hub::Hub,
};

type Said = wire::TelemetryServicePublishRequest;
type Answer = wire::TelemetryServicePublishResponse;

/// Problems told of one call.
const PROBLEMS_MAX: usize = 100;

/// One call.
pub(super) struct Publisher {
    hub: Arc<Hub>,
    by: Admitted,
    lookout: Option<Lookout>,
    stop: CancellationToken,
    said: Streaming<Said>,
    answer: Answer,
}

impl Publisher {
    pub(super) fn new(
        hub: &Arc<Hub>,
        by: Admitted,
        lookout: Option<Lookout>,
        said: Streaming<Said>,
        stop: &CancellationToken,
    ) -> Publisher {
        Publisher { hub: Arc::clone(hub), by, lookout, stop: stop.clone(), said, answer: Answer::default() }
    }

    /// Takes all that the caller has to say, and answers when it is on disk.
    pub(super) async fn run(mut self) -> Result<Answer, Status> {
        let Some(first) = self.next().await? else { return Ok(self.answer) };
        let (site, edge_node) = (first.site.clone(), first.edge_node.clone());
        let mut publication = self.begin(&site, &edge_node)?;
        let mut said = Some(first);
        while let Some(one) = said {
            if let Err(refused) = same(&one, &site, &edge_node) {
                publication.break_off(false).await;
                return Err(refused);
            }
            self.take(&mut publication, one).await;
            said = match self.next().await {
                Ok(next) => next,
                Err(broken) => {
                    publication.break_off(self.stop.is_cancelled()).await;
                    return Err(broken);
                }
            };
        }
        if publication.finish().await { Ok(self.answer) } else { Err(status::stopping()) }
    }

    async fn next(&mut self) -> Result<Option<Said>, Status> {
        let shut_out = async {
            match &mut self.lookout {
                Some(lookout) => lookout.shut_out().await,
                None => std::future::pending().await,
            }
        };
        // In this order: who is shut out has always something more to say.
        tokio::select! {
            biased;
            () = self.stop.cancelled() => Err(status::stopping()),
            status = shut_out => Err(status),
            said = self.said.message() => said,
        }
    }

    fn begin(&self, site: &str, edge_node: &str) -> Result<Publication, Status> {
        let Admitted { caller, permission } = &self.by;
        if site.is_empty() || edge_node.is_empty() {
            return Err(status::invalid("site and edge_node: the first message names both"));
        }
        if !caller.may(*permission, site) {
            return Err(status::unknown_site(site));
        }
        if !caller.may_about(*permission, site, edge_node) {
            return Err(status::unknown_device(edge_node));
        }
        self.hub.calls.begin(caller.name(), site, edge_node).map_err(|why| match why {
            NotPublished::NoSuchSite => status::unknown_site(site),
            NotPublished::NoSuchNode => status::unknown_device(edge_node),
        })
    }

    async fn take(&mut self, publication: &mut Publication, said: Said) {
        let payload = said.batch.unwrap_or_default().encode_to_vec();
        let Taken { accepted, rejected, findings } = publication.take(&payload).await;
        let place = self.answer.messages;
        self.answer.messages += 1;
        self.answer.accepted += accepted;
        self.answer.rejected += rejected;
        let room = PROBLEMS_MAX - self.answer.problems.len();
        self.answer.problems.extend(findings.iter().take(room).map(|finding| {
            let problem = wire::Problem::from(finding);
            wire::Problem { pointer: format!("/{place}{}", problem.pointer), ..problem }
        }));
    }
}

/// A call is one edge node's.
fn same(said: &Said, site: &str, edge_node: &str) -> Result<(), Status> {
    for (field, named, first) in [("site", &said.site, site), ("edge_node", &said.edge_node, edge_node)] {
        if !named.is_empty() && named != first {
            let what = format!("{field} {named:?}: the call began with {first:?}, and is of that one alone");
            return Err(status::invalid_field(field, what));
        }
    }
    Ok(())
}
