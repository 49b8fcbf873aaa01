//! `AuditService`: who did what to this Davy.

use std::sync::Arc;

use davy_journal::audit::{Filter, Noted};
use davy_model::Timestamp;
use davy_proto::{time_from_wire, time_to_wire, v1 as wire};
use tonic::{Request, Response, Status};

use super::{page_len::OF_ENTRIES, page_token, status, v1::audit_service_server::AuditService};
use crate::{aside::aside, guard::Admitted, hub::Hub};

pub(crate) struct AuditEntries {
    pub(crate) hub: Arc<Hub>,
}

#[tonic::async_trait]
impl AuditService for AuditEntries {
    async fn list(
        &self,
        request: Request<wire::AuditServiceListRequest>,
    ) -> Result<Response<wire::AuditServiceListResponse>, Status> {
        // Who may not see all sites hears of theirs alone, and not of who came in.
        let (by, request) = Admitted::of(request);
        let theirs = self.hub.plants_of(&by.caller, by.permission).map(|site| site.id.to_string());
        let sites = (!by.may_everywhere()).then(|| theirs.collect());
        let len = OF_ENTRIES.of(request.page_size)?;
        let before = page_token::number(&request.page_token)?;
        let filter = Filter { sites, ..filter(request)? };
        let hub = Arc::clone(&self.hub);
        // Who was just refused finds it here.
        hub.audit.settled().await;
        let found = aside(move || hub.audit.page(&filter, before, len))
            .await
            .map_err(|_| status::stopping())?
            .map_err(|error| status::journal(&error))?;
        Ok(Response::new(wire::AuditServiceListResponse {
            entries: found.entries.into_iter().map(entry).collect(),
            next_page_token: found.next.map(|number| number.to_string()).unwrap_or_default(),
        }))
    }
}

fn filter(request: wire::AuditServiceListRequest) -> Result<Filter, Status> {
    let moment = |time: Option<prost_types::Timestamp>| {
        time.as_ref().map(time_from_wire).transpose().map_err(|error| status::wrong(&error))
    };
    Ok(Filter {
        from: moment(request.from)?,
        until: moment(request.until)?,
        what: request.what,
        who: request.who,
        on: request.on,
        sites: None,
        result: if request.only_refused { "refused" } else { "" }.to_owned(),
    })
}

fn entry(noted: Noted) -> wire::AuditEntry {
    let json = |value: Option<serde_json::Value>| value.map(|value| value.to_string()).unwrap_or_default();
    let davy_journal::audit::Who { name, kind, subject, from } = noted.who;
    wire::AuditEntry {
        number: noted.number,
        time: noted.time.parse::<Timestamp>().ok().map(time_to_wire),
        who: Some(wire::AuditWho { name, kind: kind.word().to_owned(), subject, address: from }),
        what: noted.what,
        on: noted.on,
        before_json: json(noted.before),
        after_json: json(noted.after),
        refused: noted.result == "refused",
        code: noted.code,
    }
}
