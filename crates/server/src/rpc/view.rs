//! Alarms as a client sees them: how they stand, what decided, what to do.

use davy_delivery::Entry;
use davy_model::NodeChange;
use davy_proto::{alarm_of, duration_to_wire, time_to_wire, v1 as wire};
use davy_rules::{Response, Rule};

use crate::{canary::Standing, hub::Hub, site::SiteService};

/// An alarm of the book, with the rule's response.
pub(super) fn alarm(site: &SiteService, entry: &Entry) -> wire::Alarm {
    let mut alarm = alarm_of(&entry.last);
    if let Some(decided) = &entry.decided {
        alarm.limit = decided.limit.as_ref().map(wire::Limit::from);
        alarm.value = decided.value;
        alarm.unit = decided.unit.map(|unit| unit.to_string()).unwrap_or_default();
        alarm.quality = Some(decided.quality.into());
        if let Some(raised) = &entry.raised {
            alarm.message = Some((&decided.message).into());
            alarm.raised_time = Some(time_to_wire(raised.source_time));
        }
    }
    let loaded = site.loaded.load();
    alarm.response = rule(&loaded.plan.rules, &entry.last.alarm.rule).map(|rule| response(&rule.response));
    alarm
}

pub(super) fn rule<'a>(rules: &'a [Rule], id: &str) -> Option<&'a Rule> {
    let place = rules.binary_search_by(|rule| rule.id.as_ref().cmp(id)).ok()?;
    rules.get(place)
}

fn response(response: &Response) -> wire::Response {
    wire::Response {
        cause: Some((&response.cause).into()),
        consequence: Some((&response.consequence).into()),
        action: Some((&response.action).into()),
        time_to_respond: Some(duration_to_wire(response.time_to_respond)),
    }
}

/// The alarm of a key: as it stands, or as plainly normal when a rule makes it and it does not stand.
pub(super) fn standing(hub: &Hub, key: &davy_model::AlarmKey) -> Option<wire::Alarm> {
    let site = hub.sites.get(&key.site)?;
    if let Some(entry) = site.feed.book().get(key) {
        return Some(alarm(site, &entry));
    }
    let loaded = site.loaded.load();
    let plan = &loaded.plan;
    let found = rule(&plan.rules, &key.rule)?;
    let place = plan.rules.iter().position(|rule| rule.id == found.id)?;
    let watched = plan.watch_on(u32::try_from(place).ok()?, &key.subject).is_some();
    (watched && found.is_alarm).then(|| wire::Alarm {
        id: key.to_string(),
        site: key.site.to_string(),
        rule: key.rule.to_string(),
        subject: key.subject.to_string(),
        title: Some((&found.title).into()),
        state: wire::AlarmState::Normal.into(),
        condition: wire::Condition::Normal.into(),
        acknowledged: true,
        in_service: true,
        tags: vec![key.subject.to_string()],
        rule_revision: plan.revision.to_string(),
        response: Some(response(&found.response)),
        ..wire::Alarm::default()
    })
}

/// How an edge node is.
pub(super) fn node_state(state: Option<NodeChange>) -> wire::EdgeNodeState {
    match state {
        None => wire::EdgeNodeState::Unspecified,
        Some(NodeChange::Online) => wire::EdgeNodeState::Online,
        Some(NodeChange::Offline) => wire::EdgeNodeState::Offline,
        Some(NodeChange::Lost) => wire::EdgeNodeState::Lost,
    }
}

/// How the canary is.
pub(super) fn canary(hub: &Hub) -> wire::CanaryStatus {
    let mut status = wire::CanaryStatus::default();
    let state = match hub.canary.standing(hub.clock.now()) {
        Standing::Off => wire::CanaryState::Off,
        Standing::Waiting => wire::CanaryState::Waiting,
        Standing::Ok => wire::CanaryState::Ok,
        Standing::Overdue { since, why } => {
            status.overdue_since = Some(time_to_wire(since));
            status.why = why;
            wire::CanaryState::Overdue
        }
    };
    status.state = state.into();
    if let Some(config) = hub.canary.config() {
        status.every = Some(duration_to_wire(config.every));
        status.deadline = Some(duration_to_wire(config.deadline));
    }
    if let Some(last) = hub.canary.last() {
        status.last_time = Some(time_to_wire(last.at));
        status.took = Some(duration_to_wire(last.raised_in));
    }
    status
}
