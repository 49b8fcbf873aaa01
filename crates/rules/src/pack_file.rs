//! `packs/NAME.yaml`: a set of rules that cites its standard, with a head that says what can be chosen.

use std::{collections::BTreeMap, sync::Arc};

use davy_model::Text;

use crate::{
    Code,
    basis::Origin,
    fields::{Fields, one_of},
    pack_use::{Lists, PackUse},
    report::{Finding, Place, Report, quoted},
    selector::{Selector, Targets},
    site_file::{Ids, unknown},
    yaml::Node,
};

/// The keys that only a pack's rules have.
pub(crate) const OF_PACK: [&str; 5] = ["when", "off", "caveat", "among", "not_among"];
const KEYS: [&str; 8] = ["pack", "title", "note", "standard", "edition", "options", "tags", "rules"];

/// What a pack says of itself.
pub(crate) struct Head {
    /// Its name, that of its file.
    pub(crate) name: Arc<str>,
    /// What people call it.
    pub(crate) title: Text,
    /// What to know before it is used.
    pub(crate) note: Text,
    /// The standard its figures are from, unless a rule says otherwise.
    pub(crate) standard: String,
    /// The edition that was read.
    pub(crate) edition: String,
    /// What can be chosen, in the file's order.
    pub(crate) options: Vec<Choices>,
    /// Lists of tags that a site may name: name and title.
    pub(crate) lists: Vec<(String, Text)>,
}

/// One option of a pack.
pub(crate) struct Choices {
    /// Its name.
    pub(crate) name: String,
    /// What it is about.
    pub(crate) title: Text,
    /// What may be chosen.
    pub(crate) choices: Vec<String>,
    /// What is taken when a site does not say.
    pub(crate) usual: String,
}

/// A rule of a pack before it is read as one.
pub(crate) struct Entry {
    /// As the file has it.
    pub(crate) node: Node,
    /// Its id, without the pack's name.
    pub(crate) id: String,
    /// Where it stands.
    pub(crate) place: Place,
    /// Under which choices it holds, by option; always, when there is none.
    pub(crate) when: BTreeMap<String, Vec<String>>,
    /// Why it is off until a site turns it on.
    pub(crate) off: Option<Text>,
    /// What is doubtful about it.
    pub(crate) caveat: Text,
}

impl Head {
    /// A rule's id in a site.
    pub(crate) fn full(&self, id: &str) -> String {
        format!("{}.{id}", self.name)
    }

    /// Where figures come from that do not say.
    pub(crate) fn origin(&self) -> Origin<'_> {
        Origin { standard: Some(&self.standard), edition: &self.edition }
    }

    /// A selector cut to the tags of a list, or to those that are not in it.
    pub(crate) fn listed(
        &self,
        mut selector: Selector,
        lists: &Lists,
        fields: &Fields<'_>,
        report: &mut Report,
    ) -> Option<Selector> {
        let mut named = |key: &'static str| {
            let mut tags = Vec::new();
            for (name, place) in fields.get(key)?.texts(report) {
                if !self.lists.iter().any(|(known, _)| known == name) {
                    let known: Vec<&str> = self.lists.iter().map(|(name, _)| name.as_str()).collect();
                    let finding = Finding::new(Code::WordUnknown, format!("{}: {key}", fields.about()));
                    report.error(place, finding.found(name).expected(one_of(&known)));
                }
                tags.extend(lists.get(name).into_iter().flatten().map(|(tag, _)| tag.clone()));
            }
            Some(tags)
        };
        if let Some(tags) = named("among") {
            selector.tag = Some(tags);
        }
        selector.not = named("not_among").unwrap_or_default();
        Some(selector)
    }

    fn chosen<'a>(&'a self, option: &str, used: &'a PackUse) -> Option<&'a str> {
        let usual = self.options.iter().find(|known| known.name == option)?.usual.as_str();
        Some(used.options.get(option).map_or(usual, |(choice, ..)| choice.as_str()))
    }

    /// Whether a rule holds under what the site chose.
    pub(crate) fn holds(&self, entry: &Entry, used: &PackUse) -> bool {
        let is_chosen = |(option, wanted): (&String, &Vec<String>)| {
            self.chosen(option, used).is_some_and(|choice| wanted.iter().any(|wanted| wanted == choice))
        };
        entry.when.iter().all(is_chosen)
    }
}

/// Reads the head of a pack and finds its rules. What is wrong with it goes to the report.
pub(crate) fn read(root: &Node, name: &str, report: &mut Report) -> Option<(Head, Vec<Entry>)> {
    let fields = Fields::open(root, "pack", &KEYS, report)?;
    let own = fields.need("pack", report);
    if let Some(item) = &own
        && item.name(report)? != name
    {
        report.error(
            item.place,
            item.finding(Code::NameInvalid).expected(format!("{name}, as its file is called")),
        );
    }
    let words = |key: &'static str, report: &mut Report| {
        fields.get(key).map_or(Some(Text::default()), |item| item.words(report))
    };
    let title = fields.need("title", report).and_then(|item| item.words(report));
    let standard = fields.need("standard", report).and_then(|item| item.text(report));
    let edition = fields.need("edition", report).and_then(|item| item.text(report));
    let head = Head {
        name: name.into(),
        title: title?,
        note: words("note", report)?,
        standard: standard?.to_owned(),
        edition: edition?.to_owned(),
        options: options(&fields, report),
        lists: lists(&fields, report),
    };
    let nodes = fields.need("rules", report)?.list(report)?;
    let entries =
        nodes.iter().enumerate().filter_map(|(at, node)| entry(node, at + 1, &head, report)).collect();
    Some((head, entries))
}

fn options(fields: &Fields<'_>, report: &mut Report) -> Vec<Choices> {
    let Some(item) = fields.get("options") else { return Vec::new() };
    let nodes = item.list(report).unwrap_or_default();
    nodes.iter().enumerate().filter_map(|(at, node)| option(node, at + 1, report)).collect()
}

fn option(node: &Node, number: usize, report: &mut Report) -> Option<Choices> {
    let known = ["name", "title", "choices", "default"];
    let fields = Fields::open(node, format!("option {number}"), &known, report)?;
    let name = fields.need("name", report).and_then(|item| item.name(report));
    let title = fields.need("title", report).and_then(|item| item.words(report));
    let choices = fields.need("choices", report)?.texts(report);
    let choices: Vec<String> = choices.into_iter().map(|(choice, _)| choice.to_owned()).collect();
    let item = fields.need("default", report)?;
    let usual = item.text(report)?;
    if !choices.iter().any(|choice| choice == usual) {
        report.error(item.place, item.finding(Code::WordUnknown).expected("one of its choices"));
    }
    Some(Choices { name: name?.to_owned(), title: title?, choices, usual: usual.to_owned() })
}

fn lists(fields: &Fields<'_>, report: &mut Report) -> Vec<(String, Text)> {
    let Some(item) = fields.get("tags") else { return Vec::new() };
    let nodes = item.list(report).unwrap_or_default();
    let one = |(at, node): (usize, &Node)| {
        let fields = Fields::open(node, format!("tags {}", at + 1), &["name", "title"], report)?;
        let name = fields.need("name", report).and_then(|item| item.name(report));
        let title = fields.need("title", report).and_then(|item| item.words(report));
        Some((name?.to_owned(), title?))
    };
    nodes.iter().enumerate().filter_map(one).collect()
}

fn entry(node: &Node, number: usize, head: &Head, report: &mut Report) -> Option<Entry> {
    let fields = Fields::open_any(node, format!("rule {number}"))?;
    let id = fields.need("id", report)?.name(report)?.to_owned();
    let when = fields.get("when").map(|item| item.entries(report).unwrap_or_default()).unwrap_or_default();
    let inner = fields.get("when").and_then(|item| Fields::open_any(item.node(), "when"));
    let mut conditions = BTreeMap::new();
    for item in when {
        let Some(option) = head.options.iter().find(|option| option.name == item.key()) else {
            let known: Vec<&str> = head.options.iter().map(|option| option.name.as_str()).collect();
            report
                .error(item.place, item.finding(Code::KeyUnknown).found(item.key()).expected(one_of(&known)));
            continue;
        };
        let wanted = inner.as_ref().and_then(|inner| inner.get(item.key()));
        let wanted = wanted.map(|wanted| wanted.texts(report)).unwrap_or_default();
        for (choice, place) in &wanted {
            check_choice(option, choice, *place, report);
        }
        conditions
            .insert(option.name.clone(), wanted.into_iter().map(|(choice, _)| choice.to_owned()).collect());
    }
    let off = fields.get("off").map(|item| item.words(report));
    let caveat = fields.get("caveat").map(|item| item.words(report));
    Some(Entry {
        node: node.clone(),
        id,
        place: fields.place,
        when: conditions,
        off: off.flatten(),
        caveat: caveat.flatten().unwrap_or_default(),
    })
}

fn check_choice(option: &Choices, choice: &str, place: Place, report: &mut Report) {
    if option.choices.iter().any(|known| known == choice) {
        return;
    }
    let known: Vec<&str> = option.choices.iter().map(String::as_str).collect();
    let near = report.nearest(choice, known.iter().copied());
    let finding = Finding::new(Code::WordUnknown, format!("option {}", quoted(&option.name)));
    report.error(place, finding.found(choice).expected(one_of(&known)).did_you_mean(near));
}

/// Checks what a site says of a pack against what the pack has.
pub(crate) fn check_use(
    head: &Head,
    entries: &[Entry],
    used: &PackUse,
    targets: &Targets,
    report: &mut Report,
) {
    let about = format!("pack {}", quoted(&head.name));
    for (option, (choice, key, value)) in &used.options {
        match head.options.iter().find(|known| known.name == *option) {
            Some(known) => check_choice(known, choice, *value, report),
            None => {
                let known: Vec<&str> = head.options.iter().map(|option| option.name.as_str()).collect();
                let near = report.nearest(option, known.iter().copied());
                let finding = Finding::new(Code::KeyUnknown, format!("{about}: options")).found(option);
                report.error(*key, finding.expected(one_of(&known)).did_you_mean(near));
            }
        }
    }
    for (list, place) in &used.list_places {
        if !head.lists.iter().any(|(known, _)| known == list) {
            let known: Vec<&str> = head.lists.iter().map(|(name, _)| name.as_str()).collect();
            let finding = Finding::new(Code::KeyUnknown, format!("{about}: tags")).found(list);
            report.error(*place, finding.expected(one_of(&known)));
        }
    }
    for (tag, place) in used.lists.values().flatten() {
        if let Some(tags) = targets.tags.as_ref().filter(|tags| !tags.contains_key(tag)) {
            let finding = unknown(Code::TagUnknown, format!("{about}: tags"), tag, "tag", tags, report);
            report.error(*place, finding);
        }
    }
    let ids: Ids = entries.iter().map(|entry| (entry.id.clone(), entry.place)).collect();
    for (id, place) in used.on.iter().chain(&used.off) {
        if !ids.contains_key(local(head, id)) {
            let finding = unknown(Code::RuleUnknown, about.clone(), id, "rule of the pack", &ids, report);
            report.error(*place, finding);
        }
    }
}

/// A rule's id without the pack's name, with which it may be written too.
pub(crate) fn local<'i>(head: &Head, id: &'i str) -> &'i str {
    id.strip_prefix(&*head.name).and_then(|rest| rest.strip_prefix('.')).unwrap_or(id)
}
