//! What a file names: rules, tags, edge nodes and alarms of the site.

use std::sync::Arc;

use davy_model::{AlarmKey, NodeIndex, Site, Substance, TagIndex, Unit};
use davy_rules::{
    Code, Plan, WatchKind,
    reader::{Item, Report, one_of},
};

/// Rules that every site has, though no file names them.
const BUILT_IN: [&str; 2] = ["davy-clock", "davy-fault"];

/// A place where something named may be looked up.
#[derive(Clone, Copy)]
pub(crate) struct Names<'a> {
    pub(crate) plan: &'a Plan,
}

impl<'a> Names<'a> {
    fn site(self) -> &'a Site {
        &self.plan.site
    }

    /// A tag of the site.
    pub(crate) fn tag_named(self, item: &Item<'_>, name: &str, report: &mut Report) -> Option<TagIndex> {
        let tag = self.site().tag_index(name);
        if tag.is_none() {
            let near = report.nearest(name, self.site().tags.iter().map(|tag| &*tag.name));
            let finding = item.finding(Code::TagUnknown).found(name).expected("a tag of the site");
            report.error(item.place, finding.did_you_mean(near));
        }
        tag
    }

    /// An edge node of the site.
    pub(crate) fn node(self, item: &Item<'_>, report: &mut Report) -> Option<NodeIndex> {
        let name = item.text(report)?;
        let node = self.site().node_index(name);
        if node.is_none() {
            let near = report.nearest(name, self.site().edge_nodes.iter().map(|node| &*node.id));
            let finding = item.finding(Code::EdgeNodeUnknown).expected("an edge node of the site");
            report.error(item.place, finding.did_you_mean(near));
        }
        node
    }

    /// A rule of the site, or one that every site has.
    pub(crate) fn rule(self, item: &Item<'_>, name: &str, report: &mut Report) -> Option<Arc<str>> {
        let rules = || self.plan.rules.iter().map(|rule| &*rule.id);
        if let Some(id) = rules().chain(BUILT_IN).find(|id| *id == name) {
            return Some(id.into());
        }
        let near = report.nearest(name, rules());
        let finding = item.finding(Code::RuleUnknown).found(name).expected("the id of a rule of the site");
        report.error(item.place, finding.did_you_mean(near));
        None
    }

    /// An alarm by its id, `rule:subject` or with the site before it.
    pub(crate) fn alarm(self, item: &Item<'_>, report: &mut Report) -> Option<AlarmKey> {
        let text = item.text(report)?;
        let own = text.strip_prefix(&*self.site().id).and_then(|rest| rest.strip_prefix(':'));
        let id = own.filter(|rest| rest.contains(':')).unwrap_or(text);
        let Some((rule, subject)) = id.split_once(':').filter(|(_, subject)| !subject.is_empty()) else {
            report.error(
                item.place,
                item.finding(Code::AlarmUnknown).expected("rule:subject, such as h2s:AT-0412/h2s"),
            );
            return None;
        };
        let rule = self.rule(item, rule, report)?;
        self.alarm_of(item, rule, subject, report)
    }

    /// The alarm of a rule on a subject; it is told when the rule makes none on it.
    pub(crate) fn alarm_of(
        self,
        item: &Item<'_>,
        rule: Arc<str>,
        subject: &str,
        report: &mut Report,
    ) -> Option<AlarmKey> {
        let key = AlarmKey { site: self.site().id.clone(), rule, subject: subject.into() };
        if BUILT_IN.contains(&&*key.rule) || self.watch(&key).is_some() {
            return Some(key);
        }
        let subjects = self.subjects(&key.rule);
        let near = report.nearest(subject, subjects.iter().copied());
        let expected = match subjects.as_slice() {
            few if few.len() <= 6 => format!("what the rule watches: {}", one_of(few)),
            many => format!("one of the {} that the rule watches", many.len()),
        };
        let found = format!("\"{}:{subject}\"", key.rule);
        let finding = item.finding(Code::AlarmUnknown).found_words(found).expected(expected);
        report.error(item.place, finding.did_you_mean(near));
        None
    }

    /// What a rule has alarms on.
    fn subjects(self, rule: &str) -> Vec<&'a str> {
        let plan = self.plan;
        let place = plan.rules.iter().position(|known| &*known.id == rule);
        let watches = plan.watches.iter().filter(|watch| Some(watch.rule as usize) == place);
        watches.map(|watch| &**plan.subject(watch.tag)).collect()
    }

    fn watch(self, key: &AlarmKey) -> Option<usize> {
        let rule = self.plan.rules.iter().position(|rule| rule.id == key.rule)?;
        Some(self.plan.watch_on(u32::try_from(rule).ok()?, &key.subject)? as usize)
    }

    /// The levels an alarm has; none, where it has no such thing.
    pub(crate) fn levels(self, key: &AlarmKey) -> Vec<&'a str> {
        match self.watch(key).map(|watch| self.plan.watches[watch].kind) {
            Some(WatchKind::Limit(program)) => {
                self.plan.limits[program as usize].levels.iter().map(|level| &*level.name).collect()
            }
            Some(WatchKind::Silence(_)) => vec!["stale"],
            None => Vec::new(),
        }
    }

    /// The unit that an alarm's value has, and the gas that is measured.
    pub(crate) fn unit(self, key: &AlarmKey) -> Option<(Unit, Substance)> {
        let tag = self.plan.watches[self.watch(key)?].tag;
        let measured = match self.plan.calculated(tag) {
            Some(made) => made.near.or(made.inputs.first().copied()),
            None => Some(tag),
        };
        let substance = measured.map(|tag| self.site().tag(tag).substance).unwrap_or_default();
        Some((self.plan.unit(tag), substance))
    }
}
