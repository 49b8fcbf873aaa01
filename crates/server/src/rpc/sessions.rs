//! `SessionService`: who somebody is.

use std::sync::Arc;

use davy_access::{Countersigned, Denied, Grant, Pattern, Permission};
use davy_journal::audit::What;
use davy_model::AlarmKey;
use davy_proto::{time_to_wire, v1 as wire};
use serde_json::json;
use tonic::{Code, Request, Response, Status};
use tracing::{info, warn};

use super::{status, v1::session_service_server::SessionService};
use crate::{
    audit::{Deed, RefusalOf},
    guard::{Admitted, Opened, address, caller, network, token, wire_of},
    hub::Hub,
};

/// Bytes of a name and of a password at most: longer ones are not even looked at.
const NAME_LEN_MAX: usize = 128;
const PASSWORD_LEN_MAX: usize = 1024;

pub(crate) struct Sessions {
    pub(crate) hub: Arc<Hub>,
}

#[tonic::async_trait]
impl SessionService for Sessions {
    async fn login(
        &self,
        request: Request<wire::SessionServiceLoginRequest>,
    ) -> Result<Response<wire::SessionServiceLoginResponse>, Status> {
        if !self.hub.access.is_kept() {
            return Err(nobody_is_asked());
        }
        let (from, network) = (address(&request), network(&request));
        let (hub, asked) = (Arc::clone(&self.hub), request.into_inner());
        let opened =
            self.hub.audit.see_through(async move { log_in(&hub, &from, &network, asked).await }).await?;
        Ok(Response::new(wire::SessionServiceLoginResponse {
            token: opened.token.reveal().to_owned(),
            expires_time: Some(time_to_wire(opened.session.ends())),
        }))
    }

    async fn logout(
        &self,
        request: Request<wire::SessionServiceLogoutRequest>,
    ) -> Result<Response<wire::SessionServiceLogoutResponse>, Status> {
        let ended = token(&request).is_some_and(|token| self.hub.access.log_out(token));
        info!(name = &**caller(&request).name(), ended, "logged out");
        if ended {
            let deed = Deed::new(What::Logout, "", "port");
            self.hub.audit.see_through(async { (deed, Ok(())) }).await?;
        }
        Ok(Response::new(wire::SessionServiceLogoutResponse { ended }))
    }

    async fn who_am_i(
        &self,
        request: Request<wire::SessionServiceWhoAmIRequest>,
    ) -> Result<Response<wire::SessionServiceWhoAmIResponse>, Status> {
        let caller = caller(&request);
        let ends = token(&request).and_then(|token| self.hub.access.session_ends(token));
        let may = Permission::ALL.into_iter().filter(|permission| caller.may_somewhere(*permission));
        Ok(Response::new(wire::SessionServiceWhoAmIResponse {
            name: caller.name().to_string(),
            kind: caller.kind().word().to_owned(),
            grants: caller.grants().iter().map(grant).collect(),
            permissions: may.map(|permission| wire_of(permission).into()).collect(),
            expires_time: ends.map(time_to_wire),
        }))
    }

    async fn countersign(
        &self,
        request: Request<wire::SessionServiceCountersignRequest>,
    ) -> Result<Response<wire::SessionServiceCountersignResponse>, Status> {
        let (by, request) = Admitted::of(request);
        let caller = &by.caller;
        let wire::SessionServiceCountersignRequest { alarm, occurrence, command } = request;
        self.check_place(&by, &alarm)?;
        let now = self.hub.clock.now();
        let what = Countersigned { alarm, occurrence, command };
        info!(
            name = &**caller.name(),
            alarm = what.alarm,
            occurrence,
            command = what.command,
            "countersigned"
        );
        let deed = Deed::new(What::Command, "", &what.alarm)
            .asking(json!({ "command": "countersign", "of": what.command, "occurrence": what.occurrence }));
        let given = self.hub.access.countersign(caller, what, now);
        let given = given.ok_or_else(nobody_is_asked);
        let (token, until) = self.hub.audit.see_through(async { (deed, given) }).await?;
        Ok(Response::new(wire::SessionServiceCountersignResponse {
            token: token.reveal().to_owned(),
            expires_time: Some(time_to_wire(until)),
        }))
    }
}

impl Sessions {
    fn check_place(&self, by: &Admitted, alarm: &str) -> Result<(), Status> {
        let key = AlarmKey::parse(alarm).ok_or_else(|| status::unknown_alarm(alarm))?;
        let site = self.hub.site_of(&by.caller, by.permission, &key.site);
        let site = site.ok_or_else(|| status::unknown_site(&key.site))?;
        match &site.forwarded {
            Some(elsewhere) => Err(status::forwarded(&key.site, &elsewhere.lower)),
            None => Ok(()),
        }
    }
}

/// Lets somebody in, and gives what is noted of it: of those who are not let in not so many that they fill the disk.
async fn log_in(
    hub: &Hub,
    from: &str,
    network: &str,
    asked: wire::SessionServiceLoginRequest,
) -> (Option<Deed>, Result<Opened, Status>) {
    let wire::SessionServiceLoginRequest { mut name, password } = asked;
    let opened = if name.len() > NAME_LEN_MAX || password.len() > PASSWORD_LEN_MAX {
        name.truncate(name.floor_char_boundary(NAME_LEN_MAX));
        Err(Denied::Length)
    } else {
        hub.access.log_in(&name, password.into_bytes(), network, hub.clock.now()).await
    };
    // Whoever calls may be known by another name.
    let deed = Deed::new(What::Login, &name, "port");
    let denied = match opened {
        Ok(opened) => {
            info!(name, from, "logged in");
            return (Some(deed.asking(json!({ "name": name }))), Ok(opened));
        }
        Err(denied) => denied,
    };
    let was_tried = !matches!(denied, Denied::Locked | Denied::Length);
    let kind = if was_tried { RefusalOf::TriedLogin } else { RefusalOf::UntriedLogin };
    let noted = hub.audit.room_for(kind).map(|left_out| {
        warn!(name, from, why = %denied, left_out_before = left_out, "not logged in");
        deed.asking(json!({ "name": name, "why": denied.to_string(), "left_out_before": left_out }))
    });
    (noted, Err(status::auth_failed()))
}

fn nobody_is_asked() -> Status {
    let what =
        "this Davy asks nobody who they are: it listens on loopback only, and has no [access] in davy.toml";
    status::status(Code::FailedPrecondition, "REQUEST_INVALID", what)
}

fn grant(grant: &Grant) -> wire::Grant {
    let word = |pattern: &Pattern| match pattern {
        Pattern::Exactly(name) => name.to_string(),
        Pattern::Beginning(beginning) => format!("{beginning}*"),
    };
    wire::Grant {
        role: grant.role.word().to_owned(),
        scope: grant.scope.to_string(),
        edge_nodes: grant.edge_nodes.iter().map(word).collect(),
    }
}
