//! What a pack says, for people who choose one.

use std::sync::Arc;

use davy_model::{Comparator, Text, Tier};

use crate::{
    Basis, Diagnostic, Response, RuleKind,
    pack::path,
    pack_file::{self, Entry, Head},
    pack_use::Lists,
    packs,
    report::Report,
    rule_file::{DraftKind, RuleDraft},
    selector::Targets,
    site_file::Ids,
    yaml,
};

/// A pack of rules.
#[derive(Clone, Debug, PartialEq)]
pub struct PackDescription {
    /// Its name.
    pub name: Arc<str>,
    /// What people call it.
    pub title: Text,
    /// What to know before it is used; may be empty.
    pub note: Text,
    /// The standard its figures are from, unless a rule says otherwise.
    pub standard: String,
    /// The edition that was read.
    pub edition: String,
    /// What can be chosen.
    pub options: Vec<PackOption>,
    /// Lists of tags that a site may name: name and title.
    pub lists: Vec<(String, Text)>,
    /// Its rules, those of every choice, in the file's order.
    pub rules: Vec<PackRule>,
}

/// One option of a pack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PackOption {
    /// Its name.
    pub name: String,
    /// What it is about.
    pub title: Text,
    /// What may be chosen.
    pub choices: Vec<String>,
    /// What is taken when a site does not say.
    pub usual: String,
}

/// One rule of a pack.
#[derive(Clone, Debug, PartialEq)]
pub struct PackRule {
    /// Its id in a site, `PACK.rule`.
    pub id: Arc<str>,
    /// What people call it.
    pub title: Text,
    /// Its kind.
    pub kind: RuleKind,
    /// Under which choices it holds, by option; always, when there is none.
    pub when: Vec<(String, Vec<String>)>,
    /// Why it is off until a site turns it on; on, when there is no reason.
    pub off: Option<Text>,
    /// What is doubtful about it; may be empty.
    pub caveat: Text,
    /// Where its figures come from.
    pub basis: Option<Basis>,
    /// What to do when it speaks.
    pub response: Response,
    /// Its levels, the least grave first; none of a rule about silence.
    pub levels: Vec<PackLevel>,
}

/// One level of a pack's rule.
#[derive(Clone, Debug, PartialEq)]
pub struct PackLevel {
    /// Its name.
    pub name: Arc<str>,
    /// How grave.
    pub tier: Tier,
    /// How a value is compared.
    pub comparator: Comparator,
    /// The set point, as the pack has it.
    pub set_point: Arc<str>,
    /// Where the set point comes from, when not from where the rule's do.
    pub basis: Option<Basis>,
}

/// Reads a pack.
///
/// # Errors
/// What is wrong with it, in whatever rule, of whatever choice.
pub fn describe_pack(name: &str, text: &str) -> Result<PackDescription, Vec<Diagnostic>> {
    let mut report = Report::new(vec![path(name).into()]);
    let root = yaml::parse(text, 0, &mut report);
    let read = root.as_ref().and_then(|root| pack_file::read(root, name, &mut report));
    let Some((head, entries)) = read else { return Err(report.into_findings()) };
    let targets = Targets {
        areas: None,
        nodes: None,
        devices: None,
        equipment: None,
        hazard_sources: None,
        tags: None,
    };
    let each = |(at, entry): (usize, &Entry)| {
        // Rules of different choices share an id.
        let mut ids = Ids::new();
        let lists = Lists::new();
        let rule = packs::rule(&head, entry, (at + 1, &lists), &mut ids, &targets, &mut report)?;
        Some(described(entry, rule))
    };
    let rules = entries.iter().enumerate().filter_map(each).collect();
    if report.errors() > 0 {
        return Err(report.into_findings());
    }
    let Head { name, title, note, standard, edition, options, lists } = head;
    let options = options
        .into_iter()
        .map(|it| PackOption { name: it.name, title: it.title, choices: it.choices, usual: it.usual })
        .collect();
    Ok(PackDescription { name, title, note, standard, edition, options, lists, rules })
}

fn described(entry: &Entry, rule: RuleDraft) -> PackRule {
    let levels = match &rule.kind {
        DraftKind::Limit(levels) => levels.as_slice(),
        DraftKind::Stale(_) => &[],
        DraftKind::Calculated(_, draft) => draft.levels(),
    };
    let level = |level: &crate::level::LevelDraft| PackLevel {
        name: Arc::clone(&level.name),
        tier: level.tier,
        comparator: level.comparator,
        set_point: Arc::clone(&level.set_point.written),
        basis: level.basis.clone(),
    };
    PackRule {
        levels: levels.iter().map(level).collect(),
        kind: rule.kind.kind(),
        id: rule.id,
        title: rule.title,
        when: entry.when.clone().into_iter().collect(),
        off: entry.off.clone(),
        caveat: entry.caveat.clone(),
        basis: rule.basis,
        response: rule.response,
    }
}
