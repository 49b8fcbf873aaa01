//! Commands of operators: what `AlarmService` asks of a site, once, and by whom.

use std::sync::Arc;

use davy_access::{Caller, Countersigned};
use davy_journal::audit::What;
use davy_model::{Command, CommandKind};
use davy_proto::{command_of, v1 as wire};
use serde_json::json;
use tonic::Status;

use super::{request_id, status, view};
use crate::{audit::Deed, done::is_as_asked, guard::Admitted, hub::Hub, site::SiteService};

/// Gives commands to sites.
#[derive(Clone)]
pub(super) struct Commands {
    hub: Arc<Hub>,
}

/// What a command is about, as it is sent.
type Target = Option<wire::CommandTarget>;

impl Commands {
    pub(super) fn new(hub: Arc<Hub>) -> Commands {
        Commands { hub }
    }

    /// Does what an operator asks, and notes who did.
    pub(super) async fn give(
        &self,
        by: &Admitted,
        target: Target,
        kind: CommandKind,
    ) -> Result<Option<wire::Alarm>, Status> {
        let asked = target.clone().unwrap_or_default();
        let deed = Deed::new(What::Command, &asked.actor, asked.alarm).asking(json!({
            "command": kind.word(), "occurrence": asked.occurrence, "comment": asked.comment,
            "countersigned": !asked.approved_by.is_empty(), "seconds": shelved_s(kind),
        }));
        let (commands, by) = (self.clone(), by.clone());
        self.hub.audit.see_through(async move { (deed, commands.obey(&by, target, kind).await) }).await
    }

    async fn obey(
        &self,
        by: &Admitted,
        target: Target,
        kind: CommandKind,
    ) -> Result<Option<wire::Alarm>, Status> {
        let caller = &by.caller;
        let mut command = command_of(target.as_ref(), kind).map_err(|error| status::wrong(&error))?;
        if caller.is_proven() {
            command.actor.name = Arc::clone(caller.name());
        }
        request_id::fits("target.request_id", &command.request_id)?;
        let alarm = command.alarm.clone();
        let site = self.hub.site_of(caller, by.permission, &alarm.site);
        let site = site.ok_or_else(|| status::unknown_site(&alarm.site))?;
        if let Some(elsewhere) = &site.forwarded {
            return Err(status::forwarded(&alarm.site, &elsewhere.lower));
        }
        let command = self.proven(site, caller, command)?;
        let answer = site.command(command).await.map_err(|_| status::stopping())?;
        match &answer {
            Err(refusal) if !is_as_asked(&answer) => Err(status::refused(refusal)),
            // Asked twice, it is as it was asked for.
            Ok(()) | Err(_) => Ok(view::standing(&self.hub, &alarm)),
        }
    }

    /// The command with what of it is proven. The second person's word was used when it was done before, and is not asked for
    /// again; nor does what stands in its place go any further.
    fn proven(&self, site: &SiteService, caller: &Caller, mut command: Command) -> Result<Command, Status> {
        if !caller.is_proven() || !site.has_done(&command) {
            return self.countersigned(caller, command);
        }
        command.actor.approved_by = None;
        Ok(command)
    }

    /// The command with the name of the second person, where their word is proven; as it is, where nobody's is.
    fn countersigned(&self, caller: &Caller, mut command: Command) -> Result<Command, Status> {
        if !caller.is_proven() {
            return Ok(command);
        }
        let Some(token) = command.actor.approved_by.take() else { return Ok(command) };
        let what = Countersigned {
            alarm: command.alarm.to_string(),
            occurrence: command.occurrence.unwrap_or_default(),
            command: command.kind.word().to_owned(),
        };
        let by = self.hub.access.countersigned(&token, caller, &what, self.hub.clock.now());
        command.actor.approved_by = Some(by.ok_or_else(status::not_countersigned)?);
        Ok(command)
    }
}

fn shelved_s(kind: CommandKind) -> Option<u64> {
    match kind {
        CommandKind::Shelve { duration, .. } => Some(duration.as_secs()),
        _ => None,
    }
}
