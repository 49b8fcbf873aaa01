//! Durable consumers, looked at and forgotten.

use std::sync::Arc;

use davy_access::{Caller, Permission};
use davy_delivery::consumers::{Consumer, DeliveryQuery, LedgerError, Who};
use davy_journal::audit::What;
use davy_proto::v1 as wire;
use serde_json::json;
use tonic::{Code, Status};

use super::{cursors, shown};
use crate::{
    audit::Deed,
    hub::Hub,
    rpc::{page_len::OF_ENTRIES, page_token, status},
};

/// Whether a consumer is the caller's to see: its own, or everybody's for who administers everything.
fn is_theirs(caller: &Caller, consumer: &Who) -> bool {
    let own = caller.is_proven() && consumer.caller.as_ref() == Some(caller.name());
    own || caller.may_everywhere(Permission::Administer)
}

/// Whom a request is about: a consumer of `of`, or of the caller's own when nobody is named.
fn asked(caller: &Caller, of: &str, name: &str) -> Result<Who, Status> {
    let own = cursors::who(caller, name)?;
    let who = if of.is_empty() { own } else { Who { caller: Some(of.into()), ..own } };
    if is_theirs(caller, &who) { Ok(who) } else { Err(status::unknown_consumer(name)) }
}

fn find(hub: &Hub, caller: &Caller, of: &str, name: &str) -> Result<Arc<Consumer>, Status> {
    let who = asked(caller, of, name)?;
    // One from before callers were known is found by whoever sees all.
    let before = || {
        let unowned = Who { caller: None, name: Arc::clone(&who.name) };
        hub.consumers.get(&unowned).filter(|_| of.is_empty() && is_theirs(caller, &unowned))
    };
    hub.consumers.get(&who).or_else(before).ok_or_else(|| status::unknown_consumer(name))
}

pub(super) async fn list(
    hub: &Arc<Hub>,
    caller: &Caller,
    request: wire::AlertServiceListConsumersRequest,
) -> Result<wire::AlertServiceListConsumersResponse, Status> {
    let len = OF_ENTRIES.of(request.page_size)?;
    let after = |consumer: &Who| request.page_token.is_empty() || consumer.to_string() > request.page_token;
    let mut page: Vec<Arc<Consumer>> = hub.consumers.all();
    page.retain(|consumer| is_theirs(caller, &consumer.who) && after(&consumer.who));
    let is_last = page.len() <= len;
    page.truncate(len);
    let next = page.last().filter(|_| !is_last).map(|last| last.who.to_string());
    let consumers = shown::consumers(hub, caller, page).await?;
    Ok(wire::AlertServiceListConsumersResponse { consumers, next_page_token: next.unwrap_or_default() })
}

pub(super) async fn get(
    hub: &Arc<Hub>,
    caller: &Caller,
    request: wire::AlertServiceGetConsumerRequest,
) -> Result<wire::AlertServiceGetConsumerResponse, Status> {
    let found = find(hub, caller, &request.caller, &request.consumer)?;
    let consumer = shown::consumers(hub, caller, vec![found]).await?.pop();
    Ok(wire::AlertServiceGetConsumerResponse { consumer })
}

pub(super) async fn delete(
    hub: &Arc<Hub>,
    caller: &Caller,
    request: wire::AlertServiceDeleteConsumerRequest,
) -> Result<wire::AlertServiceDeleteConsumerResponse, Status> {
    let deed = Deed::new(What::ConsumerForgotten, &request.actor, request.consumer.clone())
        .asking(json!({ "consumer": request.consumer, "caller": request.caller }));
    let (of, caller) = (Arc::clone(hub), caller.clone());
    hub.audit.see_through(async move { (deed, forget(&of, &caller, &request).await) }).await?;
    Ok(wire::AlertServiceDeleteConsumerResponse {})
}

async fn forget(
    hub: &Hub,
    caller: &Caller,
    request: &wire::AlertServiceDeleteConsumerRequest,
) -> Result<(), Status> {
    let consumer = find(hub, caller, &request.caller, &request.consumer)?;
    let standing = consumer.standing();
    if standing.streams > 0 {
        return Err(status::connected_consumer(&request.consumer));
    }
    for site in standing.positions.keys().filter_map(|site| hub.sites.get(site)) {
        let gone = site.forget_cursor(consumer.who.to_string()).await.map_err(|_| status::stopping())?;
        gone.map_err(|error| status::journal(&error))?;
    }
    hub.consumers.forget(&consumer.who).await.map_err(|error| ledger(&error))
}

pub(super) async fn deliveries(
    hub: &Hub,
    caller: &Caller,
    request: wire::AlertServiceListDeliveriesRequest,
) -> Result<wire::AlertServiceListDeliveriesResponse, Status> {
    let len = OF_ENTRIES.of(request.page_size)?;
    if request.sequence > 0 && request.site.is_empty() {
        return Err(status::invalid_field("site", "a sequence is a site's: name the site"));
    }
    // One that is forgotten has its deliveries still.
    let who = match find(hub, caller, &request.caller, &request.consumer) {
        Ok(consumer) => consumer.who.clone(),
        Err(_) => asked(caller, &request.caller, &request.consumer)?,
    };
    let before = page_token::number(&request.page_token)?;
    let sequence = Some(request.sequence).filter(|sequence| *sequence > 0);
    let query = DeliveryQuery { site: request.site, sequence, before };
    // One more than asked for tells whether another page follows.
    let found = hub.consumers.deliveries(&who, query, len + 1).await.map_err(|error| ledger(&error))?;
    if found.is_empty() && before.is_none() && hub.consumers.get(&who).is_none() {
        return Err(status::unknown_consumer(&request.consumer));
    }
    let told = &found[..found.len().min(len)];
    let next = told.last().filter(|_| found.len() > len).map(|last| last.number.to_string());
    Ok(wire::AlertServiceListDeliveriesResponse {
        deliveries: told.iter().map(shown::delivery).collect(),
        next_page_token: next.unwrap_or_default(),
    })
}

fn ledger(error: &LedgerError) -> Status {
    match error {
        LedgerError::Stopping => status::stopping(),
        LedgerError::File(_) | LedgerError::Sqlite(_) => {
            status::status(Code::Unavailable, "STORAGE_UNAVAILABLE", error.to_string())
        }
    }
}
