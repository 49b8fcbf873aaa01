//! `davy rules packs`.

use std::io;

use davy_rules::{Basis, PackDescription, PackRule, describe_pack, pack_names, pack_text};
use serde_json::{Value, json};

use crate::{
    exit::{Exit, Misuse},
    out,
    table::{self, Field},
};

/// Which packs.
#[derive(Debug, clap::Args)]
pub(crate) struct PacksArgs {
    /// One pack, with its options and rules; all of them in short, without
    #[arg(value_name = "NAME")]
    name: Option<String>,
    /// One JSON object a line: a pack, or a rule of the one that is named
    #[arg(long)]
    json: bool,
}

/// Does it.
pub(crate) fn run(args: &PacksArgs) -> anyhow::Result<Exit> {
    match &args.name {
        Some(name) => one(&described(name)?, args.json)?,
        None => all(args.json)?,
    }
    Ok(Exit::Ok)
}

fn described(name: &str) -> anyhow::Result<PackDescription> {
    let Some(text) = pack_text(name) else {
        let names: Vec<&str> = pack_names().collect();
        return Err(Misuse(format!("{name}: no such pack; there are {}", names.join(", "))).into());
    };
    describe_pack(name, text).map_err(|found| anyhow::anyhow!("{}", found[0]))
}

fn all(as_json: bool) -> anyhow::Result<()> {
    let packs = pack_names().map(described).collect::<anyhow::Result<Vec<_>>>()?;
    if as_json {
        for pack in &packs {
            out::line(head(pack))?;
        }
        return Ok(());
    }
    let row = |pack: &PackDescription| {
        let off = pack.rules.iter().filter(|rule| rule.off.is_some()).count();
        let rules = format!("{}, {off} off", pack.rules.len());
        let texts = [
            pack.name.to_string(),
            pack.standard.clone(),
            pack.edition.clone(),
            rules,
            pack.title.en.clone(),
        ];
        texts.map(Field::from).into()
    };
    let headings = ["PACK", "STANDARD", "EDITION", "RULES", "TITLE"];
    out::line(table::render(&headings, packs.iter().map(row).collect()))?;
    Ok(())
}

fn one(pack: &PackDescription, as_json: bool) -> io::Result<()> {
    if as_json {
        out::line(head(pack))?;
        return pack.rules.iter().try_for_each(|told| out::line(rule(told)));
    }
    out::line(format!("{}  {}  {}", pack.name, pack.title.en, pack.title.zh))?;
    out::line(format!("standard {}, edition {}", pack.standard, pack.edition))?;
    if !pack.note.is_empty() {
        out::line(format!("note     {}", pack.note.en))?;
    }
    for option in &pack.options {
        let choices = option.choices.join(", ");
        out::line(format!(
            "option   {}: {choices}; {} unless chosen. {}",
            option.name, option.usual, option.title.en
        ))?;
    }
    for (name, title) in &pack.lists {
        out::line(format!("tags     {name}: {}", title.en))?;
    }
    out::line("")?;
    out::line(table::render(&["RULE", "WHEN", "LEVEL", "SET POINT", "TIER", "BASIS", "STATE"], rows(pack)))?;
    for rule in &pack.rules {
        let why = rule.off.as_ref().map(|why| format!("off: {}", why.en));
        let caveat = (!rule.caveat.is_empty()).then(|| rule.caveat.en.clone());
        for line in why.into_iter().chain(caveat) {
            out::line(format!("{}: {line}", name(rule)))?;
        }
    }
    Ok(())
}

fn rows(pack: &PackDescription) -> Vec<Vec<Field>> {
    pack.rules.iter().flat_map(rows_of).collect()
}

/// A row a level; one of a rule that has none.
fn rows_of(rule: &PackRule) -> Vec<Vec<Field>> {
    let state = if rule.off.is_some() { "off" } else { "on" };
    let row = |level: String, set_point: String, tier: Field, basis: Option<&Basis>| {
        let basis = basis.map(cited).unwrap_or_default();
        let fields = [rule.id.to_string(), when(rule), level, set_point].map(Field::from);
        fields.into_iter().chain([tier, basis.into(), state.into()]).collect()
    };
    if rule.levels.is_empty() {
        return vec![row(String::new(), rule.kind.word().to_owned(), Field::Tier(None), rule.basis.as_ref())];
    }
    let levels = rule.levels.iter().map(|level| {
        let set_point = format!("{} {}", level.comparator.symbol(), level.set_point);
        let basis = level.basis.as_ref().or(rule.basis.as_ref());
        row(level.name.to_string(), set_point, Field::Tier(Some(level.tier)), basis)
    });
    levels.collect()
}

fn name(rule: &PackRule) -> String {
    let when = when(rule);
    if when.is_empty() { rule.id.to_string() } else { format!("{} ({when})", rule.id) }
}

fn when(rule: &PackRule) -> String {
    let each = rule.when.iter().map(|(_, choices)| choices.join(" or "));
    each.collect::<Vec<_>>().join(", ")
}

fn cited(basis: &Basis) -> String {
    let edition = if basis.standard.contains(&basis.edition) { "" } else { &basis.edition };
    let parts = [&*basis.standard, &*basis.clause, edition, basis.confidence.word()];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", ")
}

fn head(pack: &PackDescription) -> Value {
    let text = |text: &davy_model::Text| json!({"en": text.en, "zh": text.zh});
    let options: Vec<Value> = pack
        .options
        .iter()
        .map(|it| json!({"name": it.name, "title": text(&it.title), "choices": it.choices, "default": it.usual}))
        .collect();
    let lists: Vec<Value> =
        pack.lists.iter().map(|(name, title)| json!({"name": name, "title": text(title)})).collect();
    json!({
        "pack": *pack.name, "title": text(&pack.title), "note": text(&pack.note), "standard": pack.standard,
        "edition": pack.edition, "options": options, "tags": lists, "rules": pack.rules.len(),
        "off": pack.rules.iter().filter(|rule| rule.off.is_some()).count(),
    })
}

fn rule(rule: &PackRule) -> Value {
    let text = |text: &davy_model::Text| json!({"en": text.en, "zh": text.zh});
    let basis = |basis: &Basis| {
        json!({
            "standard": basis.standard, "clause": basis.clause, "edition": basis.edition,
            "confidence": basis.confidence.word(),
        })
    };
    let levels: Vec<Value> = rule
        .levels
        .iter()
        .map(|level| {
            json!({
                "name": *level.name, "tier": level.tier.word(), "comparator": level.comparator.symbol(),
                "set_point": *level.set_point, "basis": level.basis.as_ref().or(rule.basis.as_ref()).map(basis),
            })
        })
        .collect();
    let when: serde_json::Map<String, Value> =
        rule.when.iter().map(|(option, choices)| (option.clone(), json!(choices))).collect();
    let caveat = (!rule.caveat.is_empty()).then(|| text(&rule.caveat));
    json!({
        "rule": *rule.id, "title": text(&rule.title), "kind": rule.kind.word(), "when": when,
        "on": rule.off.is_none(), "off": rule.off.as_ref().map(text), "caveat": caveat,
        "basis": rule.basis.as_ref().map(basis), "levels": levels,
    })
}
