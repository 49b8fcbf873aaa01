//! The packs that a site uses → their rules, under what the site chose.

use davy_model::BundleFile;

use crate::{
    Code, Confidence,
    bundle::{index, yaml_in},
    pack::{self, pack_names},
    pack_file::{self, Entry, Head, local},
    pack_use::{Lists, PackUse},
    report::{Finding, Place, Report, quoted},
    rule_file::{self, Home, RuleDraft},
    selector::Targets,
    site_file::Ids,
    yaml,
};

/// Reads the rules of the packs in use. What is wrong with packs, or with what the site says of them, goes to the report.
pub(crate) fn rules(
    files: &[BundleFile],
    used: &[PackUse],
    ids: &mut Ids,
    targets: &Targets,
    report: &mut Report,
) -> Vec<RuleDraft> {
    unused(files, used, report);
    used.iter().flat_map(|used| of_pack(files, used, ids, targets, report)).collect()
}

fn unused(files: &[BundleFile], used: &[PackUse], report: &mut Report) {
    for (at, file) in files.iter().enumerate() {
        if let Some(name) =
            yaml_in(&file.path, "packs/").filter(|name| used.iter().all(|used| *used.name != **name))
        {
            let finding = Finding::new(Code::PackUnused, "packs").found(name);
            report.warn(
                Place::start_of(index(at)),
                finding.expected("a pack that site.yaml uses, under packs"),
            );
        }
    }
}

fn of_pack(
    files: &[BundleFile],
    used: &PackUse,
    ids: &mut Ids,
    targets: &Targets,
    report: &mut Report,
) -> Vec<RuleDraft> {
    let path = pack::path(&used.name);
    let Some((at, file)) = files.iter().enumerate().find(|(_, file)| file.path == path) else {
        let near = report.nearest(&used.name, pack_names());
        let finding = Finding::new(Code::PackUnknown, "packs: pack").found(&used.name);
        let names: Vec<&str> = pack_names().collect();
        let expected = format!("a pack that ships ({}), or a file {path}", names.join(", "));
        report.error(used.place, finding.expected(expected).did_you_mean(near));
        return Vec::new();
    };
    let root = yaml::parse(&file.text, index(at), report);
    let read = root.as_ref().and_then(|root| pack_file::read(root, &used.name, report));
    let Some((head, entries)) = read else { return Vec::new() };
    pack_file::check_use(&head, &entries, used, targets, report);
    let held = entries.iter().enumerate().filter(|(_, entry)| head.holds(entry, used));
    let mut rules = Vec::new();
    for (at, entry) in held {
        let turned = |list: &[(String, Place)]| {
            list.iter().find(|(id, _)| local(&head, id) == entry.id).map(|(_, place)| *place)
        };
        let off = turned(&used.off);
        if entry.off.is_some() && turned(&used.on).is_none() {
            continue;
        }
        // A rule that is off is read all the same, but takes no id and no place among the rules.
        let mut nobody = Ids::new();
        let ids = if off.is_some() { &mut nobody } else { &mut *ids };
        let Some(rule) = rule(&head, entry, (at + 1, &used.lists), ids, targets, report) else { continue };
        match off {
            Some(place) => law_off(&rule, place, report),
            None => rules.push(rule),
        }
    }
    rules
}

/// Reads one rule of a pack, the so many-th of its file.
pub(crate) fn rule(
    head: &Head,
    entry: &Entry,
    (number, lists): (usize, &Lists),
    ids: &mut Ids,
    targets: &Targets,
    report: &mut Report,
) -> Option<RuleDraft> {
    let rule = rule_file::rule(&entry.node, (number, Home::Pack(head, lists)), ids, targets, report)?;
    let about = format!("rule {}", quoted(&rule.id));
    match &rule.basis {
        None => {
            let finding = Finding::new(Code::KeyMissing, about);
            report.error(
                entry.place,
                finding.expected("the key basis: a rule of a pack says where it is from"),
            );
        }
        Some(basis) if basis.confidence == Confidence::Uncertain && entry.off.is_none() => {
            let finding = Finding::new(Code::KeyMissing, about);
            report.error(
                entry.place,
                finding.expected("the key off: what is uncertain is off until a site turns it on"),
            );
        }
        Some(_) => {}
    }
    Some(rule)
}

fn law_off(rule: &RuleDraft, place: Place, report: &mut Report) {
    let Some(basis) = rule.basis.as_ref().filter(|basis| basis.confidence != Confidence::Engineering) else {
        return;
    };
    let finding = Finding::new(Code::LawOff, format!("rule {}", quoted(&rule.id))).found_words("off");
    let expected = format!("on, after {} {}", basis.standard, basis.clause);
    report.warn(
        place,
        finding.expected(expected.trim_end()).help("to change its figures, write a rule that tunes it"),
    );
}
