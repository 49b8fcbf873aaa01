//! Davy's own troubles, looked for every few seconds and told as alarms: what is dropped must not be dropped in silence.

use std::{collections::BTreeMap, sync::Arc};

use davy_intake::{Ack, Cause, Parcel, broker::LinkState};
use davy_model::{Fault, Input, Text, Tier};

use crate::{hub::Hub, site::SiteService};

/// Looks at the books, and remembers what it told.
#[derive(Default)]
pub(crate) struct Watch {
    dropped: BTreeMap<Arc<str>, u64>,
    active: BTreeMap<(Arc<str>, &'static str), bool>,
}

impl Watch {
    /// Looks once. `broker` is how the link to the external broker stands, if there is one.
    pub(crate) fn look(&mut self, hub: &Hub, broker: Option<&LinkState>) {
        for site in hub.sites.values() {
            self.look_at_drops(hub, site);
            if let Some(state) = broker {
                self.look_at_broker(site, state);
            }
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

    fn look_at_broker(&mut self, site: &SiteService, state: &LinkState) {
        let (lost, why) = match state {
            LinkState::Lost { why, .. } => (true, why.as_str()),
            _ => (false, ""),
        };
        let text = Text::both(
            format!("the MQTT broker cannot be reached ({why}): no reading comes in by it"),
            format!("无法连接 MQTT 服务器（{why}）：收不到数据"),
        );
        self.tell(site, "broker", Tier::Orange, lost, text);
    }

    /// Tells a change. One that finds no room is told the next time.
    fn tell(&mut self, site: &SiteService, part: &'static str, tier: Tier, active: bool, text: Text) {
        let key = (Arc::clone(&site.id), part);
        if self.active.get(&key).copied().unwrap_or(false) == active {
            return;
        }
        let fault = Fault { part: part.into(), active, tier, text };
        if site.inbox.try_put(Parcel::new("".into(), Input::Fault(fault), Ack::None)).is_ok() {
            self.active.insert(key, active);
        }
    }
}
