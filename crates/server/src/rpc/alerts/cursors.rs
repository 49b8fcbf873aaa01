//! How far durable consumers have come, as the sites' journals keep it.

use std::sync::Arc;

use davy_access::{Caller, Permission};
use davy_delivery::Token;
use davy_journal::{Cursor, JournalReader};
use tonic::Status;

use crate::{hub::Hub, rpc::status};

/// What a consumer's cursor is kept under. Where callers are known, a consumer is its caller's: nobody moves another's.
///
/// # Errors
/// When it is no name.
pub(super) fn consumer_name(caller: &Caller, name: &str) -> Result<String, Status> {
    if davy_model::is_name(name) {
        let own = || format!("{}/{name}", caller.name());
        return Ok(if caller.is_proven() { own() } else { name.to_owned() });
    }
    let what = "a consumer is called by 1 to 64 letters, digits, dots, dashes and underscores";
    Err(status::invalid_field("consumer", what))
}

/// Where a consumer that confirmed before goes on; `None` when it never did, or has no name.
///
/// # Errors
/// When it is no name, or a journal cannot be read.
pub(super) async fn confirmed(
    hub: &Hub,
    caller: &Caller,
    consumer: &str,
    sites: &[Arc<str>],
) -> Result<Option<Token>, Status> {
    if consumer.is_empty() {
        return Ok(None);
    }
    let name = consumer_name(caller, consumer)?;
    let mut token = Token::default();
    let mut known = false;
    for feed in sites.iter().filter_map(|site| hub.feed.site(site)) {
        let (path, name) = (feed.journal().to_owned(), name.clone());
        let cursor = tokio::task::spawn_blocking(move || JournalReader::open(&path)?.cursor(&name));
        let cursor =
            cursor.await.map_err(|_| status::stopping())?.map_err(|error| status::journal(&error))?;
        known |= cursor.is_some();
        // A site it never heard of begins with its first transition.
        token.see(feed.site(), cursor.map_or(0, |cursor| cursor.sequence));
    }
    Ok(known.then_some(token))
}

/// Moves a consumer's cursors up to a token, and returns once that is on disk. What the token says of sites beyond the
/// caller's is nothing.
///
/// # Errors
/// When it is no name, the token is ahead of a site, or a journal cannot be written.
pub(super) async fn confirm(hub: &Hub, caller: &Caller, consumer: &str, token: &Token) -> Result<(), Status> {
    let name = consumer_name(caller, consumer)?;
    let at = hub.clock.now();
    let theirs = hub.sites.iter().filter(|(id, _)| caller.may(Permission::View, id));
    let moves: Vec<_> = theirs.filter_map(|(id, site)| Some((site, token.seen(id)?))).collect();
    if let Some((site, _)) = moves.iter().find(|(site, sequence)| *sequence > site.feed.sequence()) {
        return Err(status::token_ahead(&site.id));
    }
    for (site, sequence) in moves {
        let cursor = Cursor { name: name.clone(), sequence, at };
        let noted = site.confirm(cursor).await.map_err(|_| status::stopping())?;
        noted.map_err(|error| status::journal(&error))?;
    }
    Ok(())
}
