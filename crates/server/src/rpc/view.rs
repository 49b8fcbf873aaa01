//! Alarms as a client sees them: how they stand, what decided, what to do.

use davy_delivery::Entry;
use davy_model::NodeChange;
use davy_proto::{alarm_of, duration_to_wire, time_to_wire, v1 as wire};
use davy_rules::{Response, Rule};

use crate::{canary::Standing, hub::Hub, site::SiteService};

/// An alarm of the book, with the rule's response.
pub(super) fn alarm(site: &SiteService, entry: &Entry) -> wire::Alarm {
    let loaded = site.loaded.load();
    let rule = rule(&loaded.plan.rules, &entry.last.alarm.rule);
    wire::Alarm { response: rule.map(|rule| response(&rule.response)), ..told(entry) }
}

/// An alarm as its transitions tell it.
fn told(entry: &Entry) -> wire::Alarm {
    let Entry { last, raised, decided } = entry;
    let mut alarm = alarm_of(last);
    if let Some(raised) = raised {
        alarm.raised_time = Some(time_to_wire(raised.source_time));
    }
    // What a value decided before it was raised is of an occurrence that is over.
    let why = [raised, decided].into_iter().flatten().max_by_key(|transition| transition.sequence);
    if let Some(why) = why {
        alarm.limit = why.limit.as_ref().map(wire::Limit::from);
        alarm.value = why.value;
        alarm.unit = why.unit.map(|unit| unit.to_string()).unwrap_or_default();
        alarm.quality = Some(why.quality.into());
        alarm.message = Some((&why.message).into());
    }
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use davy_delivery::Book;
    use davy_model::{Text, TransitionKind};

    use super::*;
    use crate::rpc::testing::transition;

    /// `raised 3` and `cleared` with that value or none, and what is done about it: one after the other, a second each.
    fn told_of(story: &str) -> wire::Alarm {
        let (book, mut raised) = (Book::default(), 0);
        for (second, said) in (1..).zip(story.split(", ")) {
            let (word, value) = said.split_once(' ').unwrap_or((said, ""));
            raised += u64::from(word == "raised");
            let mut next = transition(2 * raised - u64::from(word != "cleared"));
            (next.sequence, next.message, next.value) = (second, Text::en(said), value.parse().ok());
            next.source_time =
                davy_model::Timestamp::from_micros(i64::try_from(second).expect("few") * 1_000_000);
            next.kind = TransitionKind::ALL.into_iter().find(|kind| kind.word() == word).expect("a kind");
            book.note(&Arc::new(next));
        }
        told(&book.get(&transition(1).alarm).expect("it stood"))
    }

    #[test]
    fn an_alarm_tells_since_when_and_why_it_stands_whatever_was_done_about_it() {
        for (story, second, why, value) in [
            ("raised 9", 1, "raised 9", Some(9.0)),
            ("raised 9, acknowledged", 1, "raised 9", Some(9.0)),
            ("raised 9, acknowledged, tier_raised 12, commented", 1, "tier_raised 12", Some(12.0)),
            ("raised 9, cleared 2, shelved", 1, "cleared 2", Some(2.0)),
            // One of Davy's own faults, which no value decides.
            ("raised", 1, "raised", None),
            ("raised, acknowledged, commented, escalated", 1, "raised", None),
            // What a value decided in the occurrence before is not why it stands now.
            ("raised 9, cleared 2, raised, acknowledged", 3, "raised", None),
        ] {
            let told = told_of(story);
            let message = told.message.unwrap_or_default().en;
            let raised = told.raised_time.map(|time| time.seconds);
            assert_eq!((raised, &*message, told.value), (Some(second), why, value), "{story}");
        }
    }
}
