//! Durable consumers: taken up from journals and ledger, and told of as Davy's own faults when one that must listen does not.

use std::sync::Arc;

use davy_delivery::{
    Feed,
    consumers::{Consumers, LedgerBounds, Silence},
    exits::LentClock,
};
use davy_journal::{Cursor, JournalReader};
use davy_model::{Text, Tier};
use tracing::warn;

use crate::{
    clock::Clock,
    config::{Config, ConsumerConfig},
    hub::Hub,
    server::{StartError, io_error},
    site::SiteService,
};

/// What an alarm about a consumer is about: this, and its name.
const FAULT_PART: &str = "consumer-";

/// Takes up who is known. `feed` has the journals.
///
/// # Errors
/// When the system gives no thread.
pub(crate) fn open(config: &Config, feed: &Feed, clock: &Clock) -> Result<Consumers, StartError> {
    let cursors = feed.sites().map(|site| (Arc::clone(site.site()), cursors(site.journal()))).collect();
    let must_listen = config.consumers.iter().map(|one| one.who.clone());
    let lent = clock.clone();
    let clock: LentClock = Arc::new(move || lent.now());
    let path = config.data_dir.join("consumers.db");
    let opened = Consumers::open(&path, LedgerBounds::default(), cursors, must_listen, clock);
    opened.map_err(|source| io_error("consumers.db", source))
}

/// A journal that cannot be read now says so wherever it matters: here nobody is held up by it.
fn cursors(journal: &std::path::Path) -> Vec<Cursor> {
    let read = JournalReader::open(journal).and_then(|reader| reader.cursors());
    read.unwrap_or_else(|error| {
        warn!(journal = %journal.display(), %error, "who takes alerts from it is not known");
        Vec::new()
    })
}

/// What is to be told of one consumer in a site.
pub(crate) struct Fault {
    /// What the alarm is about.
    pub(crate) part: String,
    /// How grave it is, and why; nothing when it listens.
    pub(crate) why: Option<(Tier, Text)>,
}

/// How the consumers do that must listen to a site, and that of those that no longer must. One that is gone for a moment is left
/// out: what was told of it stands.
pub(crate) fn faults(hub: &Hub, site: &SiteService) -> Vec<Fault> {
    let must = |one: &&ConsumerConfig| {
        (one.sites.is_empty() || one.sites.iter().any(|id| **id == *site.id))
            && hub.within(vec![Arc::clone(&site.id)], &one.scopes).is_ok()
    };
    let mut faults: Vec<Fault> =
        hub.must_listen.iter().filter(must).filter_map(|one| fault(hub, one)).collect();
    for entry in site.feed.book().standing() {
        let alarm = &entry.last.alarm;
        let about =
            alarm.subject.strip_prefix(FAULT_PART).filter(|_| *alarm.rule == *davy_engine::FAULT_RULE);
        if let Some(name) = about
            && !hub.must_listen.iter().filter(must).any(|one| *one.who.name == *name)
        {
            faults.push(Fault { part: alarm.subject.to_string(), why: None });
        }
    }
    faults
}

fn fault(hub: &Hub, must: &ConsumerConfig) -> Option<Fault> {
    let standing = hub.consumers.get(&must.who).map(|consumer| consumer.standing());
    // Whether it never came, or was forgotten by somebody and is not here since.
    let is_new = standing.as_ref().is_none_or(|known| known.heard.is_none() && known.positions.is_empty());
    let (after, now) = (must.silent_after, hub.clock.now());
    let silence = standing.map_or(Silence::Gone, |standing| standing.silence(after, hub.started, now));
    let name = &must.who.name;
    let of = must.who.caller.as_ref().map(|caller| format!(" --of {caller}")).unwrap_or_default();
    let show = format!("davy consumers show {name}{of}");
    let text = match silence {
        Silence::None => None,
        Silence::Unsaid => return None,
        Silence::Gone if is_new => Some(Text::both(
            format!(
                "consumer {name} has never been here: nobody takes alerts under that name; look at that system"
            ),
            format!("消费方 {name} 从未连接：没有系统以该名称接收警报；请检查该系统"),
        )),
        Silence::Gone => Some(Text::both(
            format!("consumer {name} is not connected: alerts are kept for it; look at it, and at {show}"),
            format!("消费方 {name} 未连接：已为其保留警报；请检查该系统，并查看 {show}"),
        )),
        Silence::Unconfirmed => Some(Text::both(
            format!(
                "consumer {name} is connected and confirms nothing: alerts wait for it; look at it, and at {show}"
            ),
            format!("消费方 {name} 已连接但不确认：有警报待其处理；请检查该系统，并查看 {show}"),
        )),
    };
    Some(Fault { part: format!("{FAULT_PART}{name}"), why: text.map(|text| (must.tier, text)) })
}
