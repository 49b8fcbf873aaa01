//! What is decided on revisions, and what that makes active.

use std::sync::Arc;

use davy_workbench::revision::{Act, RevisionRefusal, State};
use tracing::{info, warn};

use super::{Event, Record, Refused, kept, shadow::Task, store::Standing};
use crate::{Loaded, hub::Hub, site::SiteService};

/// Of which revision, who asks, and why.
#[derive(Debug)]
pub(crate) struct Asked {
    pub(crate) site: String,
    pub(crate) revision: String,
    pub(crate) actor: String,
    /// Whose account that is; empty where nobody's name is proven.
    pub(crate) subject: String,
    pub(crate) comment: String,
    /// The revision's etag as they saw it; empty where that is not to be checked.
    pub(crate) etag: String,
    /// Chosen by whoever asks; empty where they chose none.
    pub(crate) request_id: String,
    /// Only what would come of it is wanted: nothing is kept, and nothing changes.
    pub(crate) validate_only: bool,
}

impl Asked {
    fn named(&self) -> Result<(), Refused> {
        if self.actor.trim().is_empty() { Err(Refused::ActorMissing) } else { Ok(()) }
    }

    fn explained(&self) -> Result<(), Refused> {
        self.named()?;
        if self.comment.trim().is_empty() { Err(Refused::CommentMissing) } else { Ok(()) }
    }

    /// That the revision stands as it was looked at.
    fn saw(&self, record: &Record) -> Result<(), Refused> {
        let etag = record.etag();
        if self.etag.is_empty() || self.etag == etag {
            return Ok(());
        }
        let (site, revision) = (record.site.clone(), record.revision.clone());
        Err(Refused::Changed { site, revision, state: record.state.word(), etag })
    }

    fn event(&self, what: &str, hub: &Hub) -> Event {
        let event = Event::new(what, hub.clock.now(), &self.actor, &self.comment);
        event.by(&self.subject).under(&self.request_id)
    }
}

impl Hub {
    fn service(&self, site: &str) -> Result<&Arc<SiteService>, Refused> {
        let found = self.plants().find(|service| *service.id == *site);
        if found.is_some_and(|service| service.forwarded.is_some()) {
            return Err(Refused::SiteForwarded(site.to_owned()));
        }
        found.ok_or_else(|| Refused::SiteUnknown(site.to_owned()))
    }

    /// Agrees to a proposal.
    pub(crate) fn approve(&self, asked: &Asked) -> Result<Record, Refused> {
        asked.named()?;
        self.decide(asked, Act::Approve { actor: &asked.actor }, Event::APPROVED)
    }

    /// Does not agree to it, or takes it back.
    pub(crate) fn reject(&self, asked: &Asked) -> Result<Record, Refused> {
        asked.explained()?;
        let record = self.decide(asked, Act::Reject, Event::REJECTED)?;
        self.end_of_shadow(asked, &record);
        Ok(record)
    }

    /// Judges it beside what is active. It may have to wait its turn: not for a task that must not.
    pub(crate) fn shadow(&self, asked: &Asked) -> Result<Record, Refused> {
        asked.named()?;
        let _turn = self.revisions.turn.blocking_lock();
        let service = self.service(&asked.site)?;
        let record = self.revisions.find(&asked.site, &asked.revision)?;
        if record.has_done(&asked.event(Event::SHADOWED, self)) {
            return Ok(record);
        }
        asked.saw(&record)?;
        record.life().after(Act::Shadow)?;
        if let Some(other) = self.revisions.shadows.of(&asked.site) {
            return Err(Refused::ShadowTaken { site: asked.site.clone(), revision: other });
        }
        let loaded = self.revisions.loaded(&record.site, &record.revision)?;
        let record = self.decide(asked, Act::Shadow, Event::SHADOWED)?;
        if asked.validate_only {
            return Ok(record);
        }
        let since = record.events.last().expect("an event was added").at();
        let task = Task {
            revision: record.revision.clone(),
            loaded,
            since,
            journal: service.feed.journal().to_owned(),
        };
        self.revisions.shadows.begin(&record.site, task);
        Ok(record)
    }

    /// Does so no longer.
    pub(crate) fn end_shadow(&self, asked: &Asked) -> Result<Record, Refused> {
        asked.named()?;
        let record = self.decide(asked, Act::EndShadow, Event::UNSHADOWED)?;
        self.end_of_shadow(asked, &record);
        Ok(record)
    }

    fn end_of_shadow(&self, asked: &Asked, record: &Record) {
        // One that was asked for twice may be in shadow anew.
        if !asked.validate_only && record.state != State::Shadow {
            self.revisions.shadows.end(&record.site, &record.revision);
        }
    }

    /// Goes on with what was in shadow when Davy ended.
    pub(crate) fn resume_shadows(&self) {
        for service in self.own() {
            if let Err(error) = self.resume_shadow(service) {
                warn!(site = &*service.id, %error, "a revision is in shadow no more");
            }
        }
    }

    fn resume_shadow(&self, service: &SiteService) -> Result<(), Refused> {
        let (all, _) = self.revisions.list(&service.id, i64::MAX, usize::MAX)?;
        let in_shadow = all.into_iter().find(|(_, one)| one.state == State::Shadow);
        let Some((_, record)) = in_shadow else { return Ok(()) };
        let began = record.events.iter().rfind(|event| event.what == Event::SHADOWED);
        let since = began.map_or(self.started, Event::at);
        let loaded = self.revisions.loaded(&record.site, &record.revision)?;
        let journal = service.feed.journal().to_owned();
        let task = Task { revision: record.revision.clone(), loaded, since, journal };
        self.revisions.shadows.begin(&record.site, task);
        Ok(())
    }

    fn decide(&self, asked: &Asked, act: Act<'_>, what: &str) -> Result<Record, Refused> {
        let record = self.revisions.find(&asked.site, &asked.revision)?;
        let mut store = self.revisions.store.lock();
        // As it stands now that nobody else can move it.
        let record = kept(&store, &record.site, &record.revision)?;
        let event = asked.event(what, self);
        if record.has_done(&event) {
            return Ok(record);
        }
        asked.saw(&record)?;
        let state = record.life().after(act)?;
        if matches!(act, Act::Approve { .. })
            && record.needs_second_person
            && record.is_proposed_by(&asked.subject)
        {
            let proposer = record.proposer().to_owned();
            return Err(RevisionRefusal::SecondPersonNeeded { proposer }.into());
        }
        let record = record.moved(state, event);
        if asked.validate_only {
            return Ok(record);
        }
        store.keep(&[(&record, None)], None)?;
        info!(site = record.site, revision = record.revision, actor = asked.actor, what, "a revision");
        Ok(record)
    }

    /// Makes an approved revision active. Written down first: whatever happens then, the next start finds it.
    pub(crate) async fn activate(&self, asked: &Asked) -> Result<Record, Refused> {
        asked.named()?;
        let _turn = self.revisions.turn.lock().await;
        let service = self.service(&asked.site)?;
        let found = self.revisions.find(&asked.site, &asked.revision)?;
        if found.has_done(&asked.event(Event::ACTIVATED, self)) {
            return Ok(found);
        }
        let active = Arc::clone(&service.loaded.load().bundle.revision);
        asked.saw(&found)?;
        found.life().after(Act::Activate { active: &active })?;
        let act = Act::Activate { active: &active };
        self.exchange(asked, &found.revision, &active, (act, Event::ACTIVATED)).await
    }

    /// Makes the revision active again in whose place the active one came.
    pub(crate) async fn roll_back(&self, asked: &Asked) -> Result<Record, Refused> {
        asked.explained()?;
        let _turn = self.revisions.turn.lock().await;
        let service = self.service(&asked.site)?;
        let found = self.revisions.find(&asked.site, &asked.revision)?;
        let base = self.revisions.store.lock().revision(&found.site, &found.base)?;
        if let Some(base) = base.filter(|base| base.has_done(&asked.event(Event::ROLLED_BACK, self))) {
            return Ok(base);
        }
        asked.saw(&found)?;
        found.life().after(Act::Retire)?;
        if found.base.is_empty() {
            return Err(Refused::NothingBefore(found.revision));
        }
        let active = Arc::clone(&service.loaded.load().bundle.revision);
        self.exchange(asked, &found.base, &active, (Act::Restore, Event::ROLLED_BACK)).await
    }

    /// What the sites' folders hold now, made active where it is new; gives the sites whose files changed. When the file of
    /// revisions fails on the way, those before it have changed.
    pub(crate) async fn settle(&self, folders: Vec<Loaded>) -> Result<Vec<Arc<str>>, Vec<String>> {
        let _turn = self.revisions.turn.lock().await;
        let now = self.clock.now();
        let mut changed = Vec::new();
        for folder in folders {
            let site = self.revisions.settle(folder, now).map_err(|error| vec![error.to_string()])?;
            let id = Arc::clone(&site.bundle.site);
            let Some(service) = self.sites.get(&id) else { continue };
            if service.loaded.load().bundle.revision == site.bundle.revision {
                continue;
            }
            let revision = Arc::clone(&site.bundle.revision);
            self.make_active(site).await.map_err(|_| vec![format!("site {id} is stopping")])?;
            self.revisions.shadows.end(&id, &revision);
            changed.push(id);
        }
        Ok(changed)
    }

    async fn exchange(
        &self,
        asked: &Asked,
        wanted: &str,
        active: &str,
        (act, what): (Act<'_>, &str),
    ) -> Result<Record, Refused> {
        let loaded = self.revisions.loaded(&asked.site, wanted)?;
        let record = {
            let mut store = self.revisions.store.lock();
            let (new, old) = (kept(&store, &asked.site, wanted)?, kept(&store, &asked.site, active)?);
            // Somebody may have been quicker than the files were compiled.
            asked.saw(if matches!(act, Act::Restore) { &old } else { &new })?;
            let state = new.life().after(act)?;
            let new = new.moved(state, asked.event(what, self));
            let old = old.moved(State::Retired, asked.event(Event::RETIRED, self));
            if asked.validate_only {
                return Ok(new);
            }
            let standing = store.standing(&asked.site)?;
            let folder = standing.map_or_else(|| active.to_owned(), |standing| standing.folder);
            let standing = Standing { active: new.revision.clone(), folder };
            store.keep(&[(&new, None), (&old, None)], Some(&standing))?;
            new
        };
        self.revisions.shadows.end(&record.site, &record.revision);
        self.make_active(loaded).await.map_err(|_| Refused::Stopping)?;
        info!(site = record.site, revision = record.revision, actor = asked.actor, what, "a revision");
        Ok(record)
    }
}
