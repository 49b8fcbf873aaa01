//! `RuleService`: the rules of a site, and how other ones take their place.

mod answer;
mod backtest;
mod look;
mod noted;
mod refusal;
mod steps;

use std::{sync::Arc, time::Duration};

use davy_model::BundleFile;
use davy_proto::{duration_from_wire, v1 as wire};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tonic::{Code, Request, Response, Status};

use self::{
    refusal::refusal,
    steps::{Step, subject, who},
};
use super::{
    lens::{self, Lens},
    page_len::OF_ENTRIES,
    page_token,
    place::{Page, Place},
    request_id, status,
    v1::rule_service_server::RuleService,
};
use crate::{
    Loaded,
    aside::aside,
    guard::Admitted,
    hub::Hub,
    revisions::{Asked, FORECAST_USUAL, Proposal, Record, Refused},
    site::SiteService,
};

#[derive(Clone)]
pub(crate) struct Rules {
    hub: Arc<Hub>,
    /// Compiling, testing and judging a journal take a core for a while: one at a time, so that the line keeps the others.
    turn: Arc<Semaphore>,
}

type Answer<T> = Result<Response<T>, Status>;

impl Rules {
    pub(super) fn new(hub: Arc<Hub>) -> Rules {
        Rules { hub, turn: Arc::new(Semaphore::new(1)) }
    }

    /// Does what takes its time, when its turn has come.
    async fn work<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Hub) -> Result<T, Refused> + Send + 'static,
    ) -> Result<T, Status> {
        let _turn = self.turn().await?;
        self.quick(work).await
    }

    async fn turn(&self) -> Result<OwnedSemaphorePermit, Status> {
        Arc::clone(&self.turn).acquire_owned().await.map_err(|_| status::stopping())
    }

    /// Does what waits for the disk at most.
    async fn quick<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Hub) -> Result<T, Refused> + Send + 'static,
    ) -> Result<T, Status> {
        let hub = Arc::clone(&self.hub);
        let done = aside(move || work(&hub)).await.map_err(|_| status::stopping())?;
        done.map_err(|refused| refusal(&refused))
    }

    /// The files of a request, or else those of a revision of a site.
    fn loaded(hub: &Hub, site: &str, files: Vec<BundleFile>, revision: &str) -> Result<Loaded, Refused> {
        if files.is_empty() {
            let record = hub.revisions.find(site, revision)?;
            return hub.revisions.loaded(site, &record.revision);
        }
        let loaded = Loaded::of_files(files).map_err(Refused::Files)?;
        if !site.is_empty() && *loaded.bundle.site != *site {
            return Err(Refused::Files(vec![format!(
                "site.yaml: they are of {}, not of {site}",
                loaded.bundle.site
            )]));
        }
        Ok(loaded)
    }
}

#[tonic::async_trait]
impl RuleService for Rules {
    async fn list(
        &self,
        request: Request<wire::RuleServiceListRequest>,
    ) -> Answer<wire::RuleServiceListResponse> {
        let (by, request) = Admitted::of(request);
        seen(&by, &request.site)?;
        let place = Place::of(&request)?;
        let (filter, order_by) = (&request.filter, &request.order_by);
        let lens = Lens::of("davy.v1.Rule", filter, order_by, request.read_mask.as_ref())?;
        let (found, revision) = self
            .work(move |hub| {
                let loaded = Rules::loaded(hub, &request.site, Vec::new(), &request.revision)?;
                Ok((look::list(&loaded), loaded.bundle.revision.to_string()))
            })
            .await?;
        let Page { entries, next, total } =
            place.page(lens.chosen(found, |rule| vec![lens::Step::up(&rule.id)]));
        let rules = entries.into_iter().map(|rule| lens.shown(rule)).collect();
        Ok(Response::new(wire::RuleServiceListResponse { rules, revision, next_page_token: next, total }))
    }

    async fn get(
        &self,
        request: Request<wire::RuleServiceGetRequest>,
    ) -> Answer<wire::RuleServiceGetResponse> {
        let (by, request) = Admitted::of(request);
        seen(&by, &request.site)?;
        let rule = request.rule.clone();
        let found = self
            .work(move |hub| {
                let loaded = Rules::loaded(hub, &request.site, Vec::new(), &request.revision)?;
                Ok(look::get(&loaded, &request.rule))
            })
            .await?;
        let found = found.ok_or_else(|| {
            status::status(Code::NotFound, "RULE_UNKNOWN", format!("no rule is called {rule}"))
        })?;
        Ok(Response::new(found))
    }

    async fn check(
        &self,
        request: Request<wire::RuleServiceCheckRequest>,
    ) -> Answer<wire::RuleServiceCheckResponse> {
        let files = answer::files(request.into_inner().files);
        Ok(Response::new(self.work(move |_| Ok(look::check(files))).await?))
    }

    async fn test(
        &self,
        request: Request<wire::RuleServiceTestRequest>,
    ) -> Answer<wire::RuleServiceTestResponse> {
        let (by, request) = Admitted::of(request);
        if !request.site.is_empty() {
            seen(&by, &request.site)?;
        }
        let found = self
            .work(move |hub| {
                let loaded = Rules::loaded(hub, &request.site, answer::files(request.files), "")?;
                look::test(&loaded, &answer::files(request.tests))
            })
            .await?;
        Ok(Response::new(found))
    }

    async fn backtest(
        &self,
        request: Request<wire::RuleServiceBacktestRequest>,
    ) -> Answer<wire::RuleServiceBacktestResponse> {
        let (by, request) = Admitted::of(request);
        let service =
            plant(&self.hub, &by, &request.site).ok_or_else(|| status::unknown_site(&request.site))?;
        judged_here(&service).map_err(|refused| refusal(&refused))?;
        let over = over(request.last.as_ref())?;
        let wanted =
            wire::ReadingsSource::try_from(request.source).map_err(|_| wrong("source is none of Davy's"))?;
        if wanted == wire::ReadingsSource::History && self.hub.history.is_none() {
            return Err(status::no_history());
        }
        let (found, source) = self
            .work(move |hub| {
                let loaded =
                    Rules::loaded(hub, &request.site, answer::files(request.files), &request.revision)?;
                Ok(backtest::judge(hub, &service, &loaded, over, wanted))
            })
            .await?;
        Ok(Response::new(wire::RuleServiceBacktestResponse {
            prediction: Some(answer::prediction(&found)),
            source: source.into(),
        }))
    }

    async fn propose(
        &self,
        request: Request<wire::RuleServiceProposeRequest>,
    ) -> Answer<wire::RuleServiceProposeResponse> {
        let (by, request) = Admitted::of(request);
        request_id::fits("request_id", &request.request_id)?;
        let deed = noted::proposal(&request);
        let validates = request.validate_only;
        let mut proposal = Proposal {
            files: answer::files(request.files),
            tests: answer::files(request.tests),
            actor: who(&by.caller, request.actor),
            subject: subject(&by.caller),
            comment: request.comment,
            expected: request.expected,
            withdraws: request.withdraws,
            over: over(request.predict_over.as_ref())?,
            validate_only: request.validate_only,
            request_id: request.request_id,
        };
        let work = move |hub: &Hub| {
            let wanted = proposal.loaded()?;
            let site = &wanted.bundle.site;
            let service = plant(hub, &by, site).ok_or_else(|| Refused::SiteUnknown(site.to_string()))?;
            judged_here(&service)?;
            let (active, now) = (service.loaded.load_full(), hub.clock.now());
            let record = hub.revisions.propose(&proposal, &wanted, &active, service.feed.journal(), now)?;
            Ok(wire::RuleServiceProposeResponse {
                revision: Some(answer::after(hub, &record, validates)),
                warnings: wanted.warnings.iter().map(answer::finding).collect(),
            })
        };
        let (rules, turn) = (self.clone(), self.turn().await?);
        let proposed = self.hub.audit.see_through(async move {
            let _turn = turn;
            let ready = if validates { Ok(()) } else { rules.hub.audit.ready() };
            let answer = match ready {
                Ok(()) => rules.quick(work).await,
                Err(refused) => Err(refused),
            };
            let revision = answer.as_ref().ok().and_then(|answer| answer.revision.as_ref());
            let site = revision.map_or("", |revision| revision.site.as_str());
            ((!validates).then(|| deed.on(site)), answer)
        });
        proposed.await.map(Response::new)
    }

    async fn approve(
        &self,
        request: Request<wire::RuleServiceApproveRequest>,
    ) -> Answer<wire::RuleServiceApproveResponse> {
        let (by, wire::RuleServiceApproveRequest { target, validate_only }) = Admitted::of(request);
        let step = Step { word: "approve", target, validate_only };
        let revision = self.decided(by, step, Hub::approve).await?;
        Ok(Response::new(wire::RuleServiceApproveResponse { revision }))
    }

    async fn reject(
        &self,
        request: Request<wire::RuleServiceRejectRequest>,
    ) -> Answer<wire::RuleServiceRejectResponse> {
        let (by, wire::RuleServiceRejectRequest { target, validate_only }) = Admitted::of(request);
        let step = Step { word: "reject", target, validate_only };
        let revision = self.decided(by, step, Hub::reject).await?;
        Ok(Response::new(wire::RuleServiceRejectResponse { revision }))
    }

    async fn shadow(
        &self,
        request: Request<wire::RuleServiceShadowRequest>,
    ) -> Answer<wire::RuleServiceShadowResponse> {
        let (by, wire::RuleServiceShadowRequest { target, end, validate_only }) = Admitted::of(request);
        let (word, work): (_, fn(&Hub, &Asked) -> Result<Record, Refused>) =
            if end { ("end_shadow", Hub::end_shadow) } else { ("shadow", Hub::shadow) };
        let revision = self.decided(by, Step { word, target, validate_only }, work).await?;
        Ok(Response::new(wire::RuleServiceShadowResponse { revision }))
    }

    async fn activate(
        &self,
        request: Request<wire::RuleServiceActivateRequest>,
    ) -> Answer<wire::RuleServiceActivateResponse> {
        let (by, wire::RuleServiceActivateRequest { target, validate_only }) = Admitted::of(request);
        let revision = self.exchanged(by, Step { word: "activate", target, validate_only }).await?;
        let at = revision.actual.as_ref().and_then(|actual| actual.from);
        Ok(Response::new(wire::RuleServiceActivateResponse { revision: Some(revision), at }))
    }

    async fn rollback(
        &self,
        request: Request<wire::RuleServiceRollbackRequest>,
    ) -> Answer<wire::RuleServiceRollbackResponse> {
        let (by, wire::RuleServiceRollbackRequest { target, validate_only }) = Admitted::of(request);
        let revision = self.exchanged(by, Step { word: "roll_back", target, validate_only }).await?;
        Ok(Response::new(wire::RuleServiceRollbackResponse { revision: Some(revision) }))
    }

    async fn list_revisions(
        &self,
        request: Request<wire::RuleServiceListRevisionsRequest>,
    ) -> Answer<wire::RuleServiceListRevisionsResponse> {
        let (by, request) = Admitted::of(request);
        seen(&by, &request.site)?;
        let len = OF_ENTRIES.of(request.page_size)?;
        let before = page_token::number(&request.page_token)?.unwrap_or(i64::MAX);
        let states = request.states.clone();
        let found = self
            .quick(move |hub| {
                let (revisions, standing) = hub.revisions.list(&request.site, before, len)?;
                let next =
                    (revisions.len() == len).then(|| revisions.last().map(|(number, _)| number.to_string()));
                let wanted = |record: &Record| {
                    states.is_empty() || states.contains(&i32::from(answer::state(record.state)))
                };
                let kept = revisions.iter().filter(|(_, record)| wanted(record));
                Ok(wire::RuleServiceListRevisionsResponse {
                    revisions: kept.map(|(_, record)| answer::listed(record)).collect(),
                    next_page_token: next.flatten().unwrap_or_default(),
                    folder_revision: standing.folder,
                })
            })
            .await?;
        Ok(Response::new(found))
    }

    async fn get_revision(
        &self,
        request: Request<wire::RuleServiceGetRevisionRequest>,
    ) -> Answer<wire::RuleServiceGetRevisionResponse> {
        let (by, request) = Admitted::of(request);
        seen(&by, &request.site)?;
        let found = self
            .quick(move |hub| {
                let record = hub.revisions.find(&request.site, &request.revision)?;
                let files = match request.with_files {
                    true => hub.revisions.files(&record.site, &record.revision)?,
                    false => Vec::new(),
                };
                Ok(wire::RuleServiceGetRevisionResponse {
                    revision: Some(answer::revision(hub, &record)),
                    files: files
                        .into_iter()
                        .map(|file| wire::SiteFile { path: file.path, text: file.text })
                        .collect(),
                })
            })
            .await?;
        Ok(Response::new(found))
    }
}

fn wrong(message: &str) -> Status {
    status::status(Code::InvalidArgument, "REQUEST_INVALID", message)
}

fn over(asked: Option<&prost_types::Duration>) -> Result<Duration, Status> {
    let asked = asked.map(duration_from_wire).transpose().map_err(|error| status::wrong(&error))?;
    Ok(asked.filter(|over| !over.is_zero()).unwrap_or(FORECAST_USUAL))
}

/// That there is such a site for them: one where they may not is as unknown as one that there is not.
fn seen(by: &Admitted, site: &str) -> Result<(), Status> {
    if by.may(site) { Ok(()) } else { Err(status::unknown_site(site)) }
}

/// A plant where they may.
fn plant(hub: &Hub, by: &Admitted, site: &str) -> Option<Arc<SiteService>> {
    hub.plants_of(&by.caller, by.permission).find(|service| *service.id == *site).map(Arc::clone)
}

/// What a lower Davy judges has its rules there.
fn judged_here(service: &SiteService) -> Result<(), Refused> {
    if service.forwarded.is_some() { Err(Refused::SiteForwarded(service.id.to_string())) } else { Ok(()) }
}
