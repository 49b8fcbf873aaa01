//! Where durable consumers go on, and how far they confirm.

use std::sync::Arc;

use davy_access::Caller;
use davy_delivery::{
    Mark, SiteFeed, Token,
    consumers::{Consumer, Filters, Listening, Who},
};
use davy_journal::{Cursor, JournalReader};
use davy_proto::v1 as wire;
use tonic::Status;

use super::wanted::Wanted;
use crate::{aside::aside, guard::Admitted, hub::Hub, rpc::status};

/// Whose a consumer of that name is. Where callers are known, it is its caller's: nobody moves another's.
///
/// # Errors
/// When it is no name.
pub(super) fn who(caller: &Caller, name: &str) -> Result<Who, Status> {
    if davy_model::is_name(name) {
        let caller = caller.is_proven().then(|| Arc::clone(caller.name()));
        return Ok(Who { caller, name: name.into() });
    }
    let what = "a consumer is called by 1 to 64 letters, digits, dots, dashes and underscores";
    Err(status::invalid_field("consumer", what))
}

/// A stream of a durable consumer begins; none, when it has no name.
///
/// # Errors
/// When it is no name, or no more consumers may be.
pub(super) fn listen(
    hub: &Hub,
    caller: &Caller,
    request: &wire::AlertServiceSubscribeRequest,
    wanted: &Wanted,
) -> Result<Option<Listening>, Status> {
    if request.consumer.is_empty() {
        return Ok(None);
    }
    let filters = Filters { sites: request.sites.clone(), scopes: request.scopes.clone(), tier: wanted.tier };
    let listening = hub.consumers.listen(&who(caller, &request.consumer)?, filters, &wanted.sites);
    listening.map(Some).map_err(status::too_many_consumers)
}

/// Where a consumer that confirmed before goes on; `None` when it never did.
pub(super) fn confirmed(hub: &Hub, consumer: &Consumer, sites: &[Arc<str>]) -> Option<Token> {
    let mut token = Token::default();
    let mut known = false;
    for feed in sites.iter().filter_map(|site| hub.feed.site(site)) {
        let position = consumer.position(feed.site());
        known |= position.is_some();
        // A site it never heard of begins with its first transition.
        token.see(feed.site(), position.map_or(0_u64, |position| position.sequence));
    }
    known.then_some(token)
}

/// Moves a consumer's cursors up to a token, and returns once that is on disk. What the token says of sites beyond the
/// caller's is nothing.
///
/// # Errors
/// When it is no name, the token is of another journal or ahead of this one, no more consumers may be, or a journal cannot be
/// read or written.
pub(super) async fn confirm(hub: &Hub, by: &Admitted, consumer: &str, token: &Token) -> Result<(), Status> {
    let who = who(&by.caller, consumer)?;
    let at = hub.clock.now();
    let theirs = hub.sites.iter().filter(|(id, _)| by.may(id));
    let moves: Vec<_> = theirs.filter_map(|(id, site)| Some((site, token.seen(id)?))).collect();
    for (site, mark) in &moves {
        if mark.sequence > site.feed.written_sequence() || !is_of(&site.feed, *mark).await? {
            return Err(status::foreign_token(&site.id));
        }
    }
    let consumer = hub.consumers.admit(&who).map_err(status::too_many_consumers)?;
    for (site, Mark { sequence, .. }) in moves {
        // Most of a token's sites stand still.
        let stands = consumer.position(&site.id).is_some_and(|known| known.sequence >= sequence);
        if !stands {
            let cursor = Cursor { name: who.to_string(), sequence, at };
            let noted = site.confirm(cursor).await.map_err(|_| status::stopping())?;
            noted.map_err(|error| status::journal(&error))?;
        }
        consumer.confirmed(&site.id, sequence, at);
    }
    Ok(())
}

/// Whether a mark is one of this journal; also where the journal has let go of it.
///
/// # Errors
/// When the journal cannot be read.
async fn is_of(feed: &Arc<SiteFeed>, mark: Mark) -> Result<bool, Status> {
    if let Some(known) = feed.has(mark) {
        return Ok(known);
    }
    let feed = Arc::clone(feed);
    let look = move || JournalReader::open(feed.journal())?.transition(mark.sequence);
    let found = aside(look).await.map_err(|_| status::stopping())?;
    let found = found.map_err(|error| status::journal(&error))?;
    Ok(found.is_none_or(|found| Some(found.recorded_time) == mark.recorded_time))
}
