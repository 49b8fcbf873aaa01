//! Davy's own troubles, looked for every few seconds and told as alarms: what is dropped must not be dropped in silence.

use std::{
    collections::BTreeMap,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use davy_delivery::exits::FAULT_PART;
use davy_intake::{
    Ack, Cause, Lost, Parcel,
    broker::{BrokerLink, LinkState},
    sparkplug,
};
use davy_model::{AlarmKey, Condition, Fault, Input, Text, Tier, Timestamp};

use crate::{
    audit::Health,
    canary::Standing,
    certificates::{self, Ending, told_ending, told_trouble},
    consumers, exits, history,
    hub::Hub,
    link::{Silence, silences, upward_fault},
    site::SiteService,
};

/// Looks at the books, and remembers what it told.
#[derive(Default)]
pub(crate) struct Watch {
    dropped: BTreeMap<Arc<str>, u64>,
    /// By site and edge node: since when no further message of it was lost.
    whole_since: BTreeMap<(Arc<str>, Arc<str>), Timestamp>,
    /// How grave what was told last is, if it stands; at first, what the journal says was.
    active: BTreeMap<(Arc<str>, Arc<str>), Option<Tier>>,
}

/// The links to the external broker.
pub(crate) struct Links {
    /// Of native topics and sources.
    pub(crate) native: Arc<BrokerLink>,
    /// The Sparkplug host's own.
    pub(crate) sparkplug: Arc<BrokerLink>,
}

/// How long history may take nothing before that is told: a database that starts again is none of an operator's business.
const HISTORY_GRACE: Duration = Duration::from_secs(15);
/// With less time left than this until something of it is lost, it is told as graver.
const HISTORY_SHORT: Duration = Duration::from_secs(24 * 3600);

/// How long an edge node must lose nothing more for its alarm to clear.
const GAP_OVER: Duration = Duration::from_secs(60);

impl Watch {
    /// Looks once.
    pub(crate) fn look(&mut self, hub: &Hub, links: Option<&Links>) {
        for door in hub.intake.directory.sites() {
            door.scores.gather(&door.site, &door.presence, hub.clock.now());
        }
        let canary = hub.canary.standing(hub.clock.now());
        for site in hub.own() {
            if !self.dropped.contains_key(&site.id) {
                self.take_up_gaps(hub, site);
            }
            self.look_at_canary(site, &canary);
            self.look_at_drops(hub, site);
            self.look_at_gaps(hub, site);
            // Without a broker in the configuration, an alarm about it that stood before the restart is over.
            let (native, sparkplug) = links.map_or((LinkState::Stopped, LinkState::Stopped), |links| {
                (links.native.state(), links.sparkplug.state())
            });
            self.look_at_broker(site, &native);
            self.look_at_sparkplug(hub, site, &sparkplug);
            self.look_at_history(hub, site);
            self.look_at_certificates(hub, site);
            self.look_at_audit(hub, site);
            self.look_at_exits(hub, site);
            self.look_at_links(hub, site);
            self.look_at_consumers(hub, site);
        }
    }

    fn look_at_drops(&mut self, hub: &Hub, site: &SiteService) {
        let Some(door) = hub.intake.directory.site(&site.id) else { return };
        let totals = door.account.totals();
        let dropped =
            totals.dropped.iter().find(|(cause, _)| *cause == Cause::Qos0Full).map_or(0, |(_, count)| *count);
        let before = self.dropped.insert(Arc::clone(&site.id), dropped).unwrap_or(0);
        let text = Text::both(
            format!(
                "{} readings were dropped: sent at QoS 0 faster than the disk takes them; send at QoS 1",
                dropped - before
            ),
            format!("丢弃 {} 条数据：QoS 0 发送过快；请改用 QoS 1", dropped - before),
        );
        self.tell(site, "intake-dropped", Tier::Yellow, dropped > before, text);
    }

    /// Alarms of lost messages that stood before a restart clear as others do.
    fn take_up_gaps(&mut self, hub: &Hub, site: &SiteService) {
        for entry in site.feed.book().standing() {
            let alarm = &entry.last.alarm;
            if let Some(edge_node) =
                alarm.subject.strip_prefix(GAP).filter(|_| *alarm.rule == *davy_engine::FAULT_RULE)
            {
                self.whole_since.insert((Arc::clone(&site.id), edge_node.into()), hub.clock.now());
            }
        }
    }

    fn look_at_gaps(&mut self, hub: &Hub, site: &SiteService) {
        let now = hub.clock.now();
        for lost in hub.intake.lost(&site.id, now) {
            let whole_since = (Arc::clone(&site.id), Arc::clone(&lost.edge_node));
            self.whole_since.insert(whole_since, now);
            let Lost { edge_node, topic, messages, first, last } = lost;
            let text = Text::both(
                format!(
                    "{messages} messages of {edge_node} never came ({topic}, seq {first} to {last}): look at its link, at the broker's queue, and at QoS"
                ),
                format!(
                    "网关 {edge_node} 有 {messages} 条报文未收到（{topic}，seq {first} 至 {last}）：请检查链路、消息服务器队列和 QoS"
                ),
            );
            self.tell(site, &gap_part(&edge_node), Tier::Yellow, true, text);
        }
        let over = self
            .whole_since
            .iter()
            .filter(|((of, _), since)| *of == site.id && now.since(**since) >= GAP_OVER);
        let over: Vec<Arc<str>> = over.map(|((_, node), _)| Arc::clone(node)).collect();
        for edge_node in over {
            let text = Text::both("no further message was lost for a minute", "一分钟内未再丢失报文");
            self.tell(site, &gap_part(&edge_node), Tier::Yellow, false, text);
            self.whole_since.remove(&(Arc::clone(&site.id), edge_node));
        }
    }

    fn look_at_broker(&mut self, site: &SiteService, state: &LinkState) {
        let Some(loss) = loss(state) else { return };
        let (lost, why) = loss.map_or((false, ""), |why| (true, why));
        let text = Text::both(
            format!("the MQTT broker cannot be reached ({why}): no reading comes in by it"),
            format!("无法连接 MQTT 服务器（{why}）：收不到数据"),
        );
        self.tell(site, "broker", Tier::Orange, lost, text);
    }

    /// The host's own connection: it can fail where the other stands, by a right that it lacks for one.
    fn look_at_sparkplug(&mut self, hub: &Hub, site: &SiteService, state: &LinkState) {
        let door = hub.intake.directory.site(&site.id);
        let listens = door.is_some_and(|door| sparkplug::listens(&door.site));
        // A link that nobody listens by is not made.
        let Some(why) = (if listens { loss(state) } else { Some(None) }) else { return };
        let told = why.unwrap_or_default();
        let text = Text::both(
            format!(
                "the MQTT broker cannot be reached as a Sparkplug host ({told}): all Sparkplug edge nodes are lost"
            ),
            format!("无法以 Sparkplug 主机身份连接 MQTT 服务器（{told}）：所有 Sparkplug 边缘节点失联"),
        );
        self.tell(site, "broker-sparkplug", Tier::Orange, why.is_some(), text);
    }

    fn look_at_canary(&mut self, site: &SiteService, standing: &Standing) {
        let why = match standing {
            Standing::Overdue { why, .. } => Some(why.as_str()),
            Standing::Off | Standing::Waiting | Standing::Ok => None,
        };
        let told = why.unwrap_or_default();
        let text = Text::both(
            format!(
                "Davy's canary is overdue ({told}): readings may not become alarms; look at the door or the broker, and at the disk"
            ),
            format!(
                "Davy 自检金丝雀逾期未归（{told}）：数据可能无法形成报警；请检查入口或 MQTT 服务器以及磁盘"
            ),
        );
        // One that waits for its first return proves nothing yet: what stood before a restart stands on.
        if *standing != Standing::Waiting {
            self.tell(site, "canary", Tier::Orange, why.is_some(), text);
        }
    }

    /// History that takes nothing harms no alarm, but what it is owed takes room in the journal.
    fn look_at_history(&mut self, hub: &Hub, site: &SiteService) {
        let now = hub.clock.now();
        let health = hub.history.as_ref().map(|history| &history.health);
        let trouble = health.and_then(|health| {
            health.trouble_of(&site.id, now).or_else(|| brought_trouble(hub, health, now))
        });
        let lasting = trouble.filter(|(since, _)| now.since(*since) >= HISTORY_GRACE);
        let left = site.state.kept.debt_full_in(site.state.number.load(Ordering::Acquire));
        let (tier, text) = history_fault(lasting.as_ref().map_or("", |(_, why)| why), left);
        self.tell(site, "history", tier, lasting.is_some(), text);
    }

    /// What is no longer served with TLS is none of anybody's business.
    fn look_at_certificates(&mut self, hub: &Hub, site: &SiteService) {
        let now = hub.clock.now();
        for place in ["http", "door"] {
            let served = hub.certificates.iter().find(|served| served.place() == place);
            let ending = certificates::ending(served.and_then(|served| served.ends()), now);
            let (tier, text) = told_ending(place, ending);
            self.tell(site, &format!("certificate-{place}"), tier, ending != Ending::Far, text);
            let trouble = served.and_then(|served| served.trouble());
            let text = told_trouble(place, trouble.as_deref().unwrap_or_default());
            self.tell(site, &format!("certificate-{place}-files"), Tier::Yellow, trouble.is_some(), text);
        }
    }

    /// An audit log that fails harms no alarm, but nobody can show afterwards who did what.
    fn look_at_audit(&mut self, hub: &Hub, site: &SiteService) {
        let fault = audit_fault(hub.audit.health());
        let (tier, text) =
            fault.clone().unwrap_or((Tier::Yellow, Text::both("the audit log is written", "审计日志正常")));
        self.tell(site, "audit", tier, fault.is_some(), text);
    }

    /// An exit that fails is told where it tells.
    fn look_at_exits(&mut self, hub: &Hub, site: &SiteService) {
        let Some(exits) = &hub.exits else { return };
        let own: Vec<&str> = hub.own().map(|own| &*own.id).collect();
        for door in exits.doors().filter(|door| is_told_in(&site.id, &door.sites, &own)) {
            let part = format!("{FAULT_PART}{}", door.name);
            let fault = exits::fault(exits, door, hub.clock.now());
            let active = fault.is_some();
            let works = || (Tier::Yellow, Text::both("alerts reach it again", "报警已恢复送达"));
            let (tier, text) = fault.unwrap_or_else(works);
            self.tell(site, &part, tier, active, text);
        }
    }

    /// A lower Davy that is silent, and an upper one that is away.
    fn look_at_links(&mut self, hub: &Hub, site: &SiteService) {
        for lower in hub.lowers.iter().filter(|lower| lower.alarm_site == site.id) {
            for Silence { part, tier, silent, text } in silences(hub, lower) {
                self.tell(site, &part, tier, silent, text);
            }
        }
        if let Some((down, text)) = upward_fault(hub) {
            self.tell(site, "link", Tier::Yellow, down, text);
        }
    }

    /// A consumer that must listen and does not is told where it should.
    fn look_at_consumers(&mut self, hub: &Hub, site: &SiteService) {
        for fault in consumers::faults(hub, site) {
            let active = fault.why.is_some();
            let listens = || (Tier::Yellow, Text::both("it listens again", "已恢复接收"));
            let (tier, text) = fault.why.unwrap_or_else(listens);
            self.tell(site, &fault.part, tier, active, text);
        }
    }

    /// How grave the part was told to fail, if it was. What was told before a restart is in the site's book.
    fn told(&self, site: &SiteService, part: &str) -> Option<Tier> {
        if let Some(active) = self.active.get(&(Arc::clone(&site.id), Arc::from(part))) {
            return *active;
        }
        let alarm = AlarmKey {
            site: Arc::clone(&site.id),
            rule: davy_engine::FAULT_RULE.into(),
            subject: part.into(),
        };
        let entry = site.feed.book().get(&alarm)?;
        let facts = &entry.last.facts;
        (facts.condition == Condition::Active).then_some(facts.tier)
    }

    /// Tells a change: that it fails, that it is graver than was told, that it works again. One that finds no room is told the
    /// next time.
    fn tell(&mut self, site: &SiteService, part: &str, tier: Tier, active: bool, text: Text) {
        let told = self.told(site, part);
        if told.is_some() == active && told.is_none_or(|told| told >= tier) {
            return;
        }
        let key = (Arc::clone(&site.id), Arc::from(part));
        let fault = Fault { part: part.into(), active, tier, text };
        if site.inbox.try_put(Parcel::new("".into(), Input::Fault(fault), Ack::None)).is_ok() {
            self.active.insert(key, active.then_some(tier));
        }
    }
}

/// Since when nothing of a site is taken in that a lower Davy brings, and why: such a site has no alarms of its own to tell it.
fn brought_trouble(hub: &Hub, health: &history::Health, now: Timestamp) -> Option<(Timestamp, String)> {
    let mut brought = hub.sites.values().filter(|site| site.forwarded.is_some());
    brought.find_map(|site| {
        let (since, why) = health.trouble_of(&site.id, now)?;
        Some((since, format!("{}: {why}", site.id)))
    })
}

/// How grave it is that history takes nothing, and what is told: what is owed, and when some of it will be lost.
fn history_fault(why: &str, left: Option<Duration>) -> (Tier, Text) {
    let tier = if left.is_some_and(|left| left < HISTORY_SHORT) { Tier::Orange } else { Tier::Yellow };
    let (left_en, left_zh) = room_left(left);
    let text = Text::both(
        format!(
            "history is not kept ({why}): alarms go on; the journal keeps what it owes, and {left_en}; look at the database"
        ),
        format!("历史数据未写入（{why}）：报警不受影响，日志暂存欠写数据，{left_zh}；请检查数据库"),
    );
    (tier, text)
}

/// What is wrong with the audit log, the gravest of it.
fn audit_fault(health: &Health) -> Option<(Tier, Text)> {
    let fails = health.trouble().map(|why| {
        let en = format!("the audit log cannot be written ({why}): rules cannot be changed meanwhile; make room on the disk");
        (Tier::Orange, Text::both(en, format!("审计日志无法写入（{why}）：期间不能变更规则；请检查磁盘")))
    });
    let damaged = || {
        let what = health.damage()?;
        let en = format!("the audit log does not verify ({what}): keep the files, and run davy audit verify");
        Some((
            Tier::Orange,
            Text::both(en, format!("审计日志校验失败（{what}）：请保留文件并运行 davy audit verify")),
        ))
    };
    let unsent = || {
        let why = health.unsent()?;
        let en = format!(
            "checkpoints of the audit log cannot be kept elsewhere ({why}): look at audit.checkpoints"
        );
        Some((
            Tier::Yellow,
            Text::both(en, format!("审计检查点无法写入异地文件夹（{why}）：请检查 audit.checkpoints")),
        ))
    };
    fails.or_else(damaged).or_else(unsent)
}

/// How long the journal can keep what it owes, in words.
fn room_left(left: Option<Duration>) -> (String, String) {
    let Some(left) = left else {
        return ("it hardly grows".to_owned(), "目前几乎不增长".to_owned());
    };
    let (days, hours, minutes) = (left.as_secs() / 86_400, left.as_secs() / 3600, left.as_secs() / 60);
    match (days, hours) {
        (2.., _) => (format!("has room for about {days} days"), format!("余量约 {days} 天")),
        (_, 2..) => (format!("has room for about {hours} hours"), format!("余量约 {hours} 小时")),
        _ => (format!("has room for about {minutes} minutes"), format!("余量约 {minutes} 分钟")),
    }
}

/// Whether how an exit does is told in a site: in each own one of `told`, the sites that it tells of; where none of them is own, in
/// the first own one.
fn is_told_in(site: &str, told: &[Arc<str>], own: &[&str]) -> bool {
    let tells_of = |own: &&str| told.iter().any(|told| **told == **own);
    if own.iter().any(tells_of) { tells_of(&site) } else { own.first() == Some(&site) }
}

/// Why a link is down, if it is. Of one whose first attempt has not ended nothing is known: what stood before a restart
/// stands on.
fn loss(state: &LinkState) -> Option<Option<&str>> {
    match state {
        LinkState::Connecting { .. } => None,
        LinkState::Lost { why, .. } => Some(Some(why)),
        LinkState::Subscribed { .. } | LinkState::Stopped => Some(None),
    }
}

/// What an alarm of lost messages is about: this, and the edge node's id.
const GAP: &str = "gap-";

fn gap_part(edge_node: &str) -> String {
    format!("{GAP}{edge_node}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exit_that_tells_of_no_own_site_is_told_of_in_the_first() {
        let own = ["mine", "port"];
        for (told, due) in [
            (&["mine", "port", "park"][..], &["mine", "port"][..]),
            (&["park", "port"], &["port"]),
            (&["park"], &["mine"]),
            (&[], &["mine"]),
        ] {
            let told: Vec<Arc<str>> = told.iter().map(|site| Arc::from(*site)).collect();
            let told_in: Vec<&str> = own.into_iter().filter(|site| is_told_in(site, &told, &own)).collect();
            assert_eq!(told_in, due, "{told:?}");
        }
    }

    #[test]
    fn with_less_than_a_day_left_a_history_that_is_not_kept_is_graver() {
        for (left_s, due, words) in [
            (None, Tier::Yellow, "it hardly grows"),
            (Some(30 * 86_400), Tier::Yellow, "has room for about 30 days"),
            (Some(86_400), Tier::Yellow, "has room for about 24 hours"),
            (Some(86_399), Tier::Orange, "has room for about 23 hours"),
            (Some(600), Tier::Orange, "has room for about 10 minutes"),
            (Some(0), Tier::Orange, "has room for about 0 minutes"),
        ] {
            let (tier, text) = history_fault("the disk is full", left_s.map(Duration::from_secs));
            assert_eq!(tier, due, "{left_s:?}");
            assert!(text.en.contains(words) && text.en.contains("the disk is full"), "{}", text.en);
        }
    }
}
