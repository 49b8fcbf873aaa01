//! Which tags each rule covers, and which are judged by none, for people and for programs.

use std::{cmp::Reverse, collections::BTreeMap};

use davy_model::TagIndex;
use davy_rules::{
    Plan,
    coverage::{Coverage, Sight, tags_named},
};
use serde_json::{Value, json};

/// Names in a line at most, where not all are asked for.
const FEW: usize = 3;

/// What is asked for.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Wanted<'a> {
    /// This rule only.
    pub(super) rule: Option<&'a str>,
    /// The rules that cover such a tag only: its name, or a pattern.
    pub(super) tag: Option<&'a str>,
    /// All names, and not the first few.
    pub(super) all: bool,
}

/// The coverage of one site, as far as it is asked for.
struct Told<'a> {
    plan: &'a Plan,
    coverage: Coverage,
    wanted: Wanted<'a>,
    named: Option<Vec<TagIndex>>,
}

/// A line a rule, and one for the tags of each kind that no rule judges.
pub(super) fn text(plan: &Plan, wanted: Wanted<'_>) -> Vec<String> {
    let told = Told::new(plan, wanted);
    let site = &plan.site.id;
    let rules = told.rules().map(|(rule, tags)| {
        let rule = &plan.rules[rule];
        format!("{site}: {} ({}) covers {}", rule.id, rule.kind.word(), told.tags(tags, ""))
    });
    let unjudged = told.unjudged().into_iter().map(|(sight, tags)| {
        let by = if sight == Sight::Unseen { "no rule" } else { "only a stale rule" };
        let quantities = format!(" ({})", told.quantities(&tags));
        format!("{site}: {by} covers {}", told.tags(&tags, &quantities))
    });
    rules.chain(unjudged).collect()
}

/// An object a rule, and one a tag that no rule judges.
pub(super) fn json(plan: &Plan, wanted: Wanted<'_>) -> Vec<Value> {
    let told = Told::new(plan, wanted);
    let site = &*plan.site.id;
    let rules = told.rules().map(|(rule, tags)| {
        let names: Vec<&str> = tags.iter().map(|tag| told.name(*tag)).collect();
        let rule = &plan.rules[rule];
        json!({
            "site": site, "rule": *rule.id, "kind": rule.kind.word(), "file": *rule.place.0, "line": rule.place.1,
            "tags": names,
        })
    });
    let unjudged = told.unjudged().into_iter().flat_map(|(sight, tags)| {
        let told = &told;
        tags.into_iter().map(move |tag| {
            let covered_by = if sight == Sight::Unseen { "none" } else { "stale" };
            let quantity = plan.site.tag(tag).quantity.as_str();
            json!({"site": site, "tag": told.name(tag), "quantity": quantity, "covered_by": covered_by})
        })
    });
    rules.chain(unjudged).collect()
}

impl<'a> Told<'a> {
    fn new(plan: &'a Plan, wanted: Wanted<'a>) -> Told<'a> {
        let named = wanted.tag.map(|pattern| tags_named(plan, pattern));
        Told { plan, coverage: Coverage::of(plan), wanted, named }
    }

    /// The rules that are asked for, and what each covers.
    fn rules(&self) -> impl Iterator<Item = (usize, &Vec<TagIndex>)> {
        self.coverage.of_rules.iter().enumerate().filter(|(rule, tags)| {
            let is_it = self.wanted.rule.is_none_or(|id| *self.plan.rules[*rule].id == *id);
            is_it && (self.named.is_none() || tags.iter().any(|tag| self.is_named(tag)))
        })
    }

    /// The tags that no rule judges; whoever asks for a rule does not ask for them.
    fn unjudged(&self) -> Vec<(Sight, Vec<TagIndex>)> {
        if self.wanted.rule.is_some() {
            return Vec::new();
        }
        let with = |sight| {
            let mut tags = self.coverage.tags_with(self.plan, sight);
            tags.retain(|tag| self.is_named(tag));
            (sight, tags)
        };
        [Sight::SilenceOnly, Sight::Unseen]
            .map(with)
            .into_iter()
            .filter(|(_, tags)| !tags.is_empty())
            .collect()
    }

    fn is_named(&self, tag: &TagIndex) -> bool {
        self.named.as_ref().is_none_or(|named| named.binary_search(tag).is_ok())
    }

    fn name(&self, tag: TagIndex) -> &str {
        &self.plan.site.tag(tag).name
    }

    /// `2 tags: a, b`
    fn tags(&self, tags: &[TagIndex], more: &str) -> String {
        let names: Vec<&str> = tags.iter().map(|tag| self.name(*tag)).collect();
        match names.len() {
            0 => "no tag".to_owned(),
            1 => format!("1 tag{more}: {}", names[0]),
            count => format!("{count} tags{more}: {}", self.listed(&names)),
        }
    }

    /// `temperature 2, wind.speed 1`
    fn quantities(&self, tags: &[TagIndex]) -> String {
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for tag in tags {
            *counts.entry(self.plan.site.tag(*tag).quantity.as_str()).or_default() += 1;
        }
        let mut counts: Vec<_> = counts.into_iter().collect();
        counts.sort_by_key(|(_, count)| Reverse(*count));
        let words: Vec<String> =
            counts.iter().map(|(quantity, count)| format!("{quantity} {count}")).collect();
        self.listed(&words.iter().map(String::as_str).collect::<Vec<_>>())
    }

    fn listed(&self, words: &[&str]) -> String {
        if self.wanted.all || words.len() <= FEW {
            return words.join(", ");
        }
        format!("{} and {} more", words[..FEW].join(", "), words.len() - FEW)
    }
}
