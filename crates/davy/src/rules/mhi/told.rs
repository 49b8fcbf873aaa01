//! A source and what was reckoned of it, for people and for programs.

use davy_model::{Site, Text};
use davy_rules::{Basis, HazardMember, HazardSource, Sourced};
use davy_workbench::mhi::{Class, Holding, Origin, SourceReport, Standing, Step};
use serde_json::{Value, json};

use crate::{figures::number, table};

/// S from which a unit is a source, and what says so.
const S_CLAUSE: &str = "GB 18218-2018, 4.2.1";
const R_CLAUSE: &str = "GB 18218-2018, 4.3.2";
const CLASS_CLAUSE: &str = "GB 18218-2018, 4.3.3, table 6";

/// Several lines, the last one empty.
pub(super) fn text(site: &Site, source: &HazardSource, report: &SourceReport<'_>) -> String {
    let mut lines = vec![
        format!("{} {}: {}", site.id, source.id, source.title.en),
        format!(
            "  {} unit; {} people exposed, alpha {}  [{}]",
            source.unit.word(),
            source.people_exposed,
            number(source.alpha.value),
            basis_text(&source.alpha.basis)
        ),
        stands("design", &report.design),
    ];
    if let Some(live) = &report.live {
        let measured = report.measured();
        let others = match source.members.len() - measured {
            0 => String::new(),
            others => format!("; {others} not measured, as by design"),
        };
        lines.push(format!(
            "{}  ({measured} of {} measured{others})",
            stands("live", live),
            source.members.len()
        ));
    }
    lines.extend(report.over_design().iter().map(|(member, over)| {
        format!(
            "  {} holds {} t more than its design of {} t",
            member.title.en,
            number(*over),
            number(member.design_t)
        )
    }));
    let headings = ["", "MEMBER", "SUBSTANCE", "q t", "Q t", "q/Q", "BETA", "R", "ONE CLASS UP", "SOURCE"];
    lines.push(indented(&table::render(&headings, rows(source, report))));
    lines.push(format!("  S [{S_CLAUSE}]  R [{R_CLAUSE}]  class [{CLASS_CLAUSE}]\n"));
    lines.join("\n")
}

fn indented(text: &str) -> String {
    text.lines().map(|line| format!("  {line}")).collect::<Vec<_>>().join("\n")
}

/// `  design: S 6, R 48: a major hazard source of class 3`.
fn stands(what: &str, standing: &Standing) -> String {
    let class = match standing.class {
        Some(class) => format!("a major hazard source of {class}"),
        None => "no major hazard source".to_owned(),
    };
    format!("  {what}: S {}, R {}: {class}", number(standing.s), number(standing.r))
}

fn rows(source: &HazardSource, report: &SourceReport<'_>) -> Vec<Vec<table::Field>> {
    let standings = [("design", Some(&report.design)), ("live", report.live.as_ref())];
    let mut rows = Vec::new();
    for (at, member) in source.members.iter().enumerate() {
        for (what, standing) in standings.iter().filter_map(|(what, standing)| Some((*what, (*standing)?))) {
            rows.push(row(what, member, &standing.holdings[at], standing.steps.get(at)));
        }
    }
    rows
}

fn row(what: &str, member: &HazardMember, holding: &Holding, step: Option<&Step>) -> Vec<table::Field> {
    let assumed = what == "live" && holding.origin == Origin::Design;
    let tonnes = number(holding.tonnes);
    vec![
        what.into(),
        member.title.en.as_str().into(),
        (*member.substance).into(),
        if assumed { format!("{tonnes} assumed") } else { tonnes }.into(),
        number(member.critical_t.value).into(),
        number(holding.ratio).into(),
        number(member.beta.value).into(),
        number(holding.weighted).into(),
        step.map_or_else(|| "-".to_owned(), |step| format!("+{} t: {}", number(step.more_t), step.class))
            .into(),
        sources(member).into(),
    ]
}

fn sources(member: &HazardMember) -> String {
    format!("Q {}; beta {}", basis_text(&member.critical_t.basis), basis_text(&member.beta.basis))
}

fn basis_text(basis: &Basis) -> String {
    let Basis { standard, clause, confidence, .. } = basis;
    let comma = if clause.is_empty() { "" } else { ", " };
    format!("{standard}{comma}{clause}: {}", confidence.word())
}

/// One object.
pub(super) fn json(site: &Site, source: &HazardSource, report: &SourceReport<'_>) -> Value {
    let members = source.members.iter().enumerate();
    json!({
        "site": *site.id, "hazard_source": *source.id, "title": text_json(&source.title), "unit": source.unit.word(),
        "people_exposed": source.people_exposed, "alpha": sourced_json(&source.alpha),
        "design": standing_json(&report.design), "live": report.live.as_ref().map(standing_json),
        "measured": report.measured(),
        "over_design": report.over_design().iter().map(|(member, over)| json!({
            "member": text_json(&member.title), "more_t": over,
        })).collect::<Vec<_>>(),
        "clauses": {"s": S_CLAUSE, "r": R_CLAUSE, "class": CLASS_CLAUSE},
        "members": members.map(|(at, member)| json!({
            "title": text_json(&member.title), "substance": *member.substance,
            "critical_t": sourced_json(&member.critical_t), "beta": sourced_json(&member.beta),
            "tag": member.live.as_ref().map(|live| &*site.tag(live.tag).name),
            "design": holding_json(&report.design, at),
            "live": report.live.as_ref().map(|live| holding_json(live, at)),
        })).collect::<Vec<_>>(),
    })
}

fn standing_json(standing: &Standing) -> Value {
    json!({
        "s": standing.s, "r": standing.r, "major_hazard_source": standing.class.is_some(),
        "class": standing.class.map(Class::number),
    })
}

fn holding_json(standing: &Standing, at: usize) -> Value {
    let holding = &standing.holdings[at];
    let step = standing.steps.get(at);
    json!({
        "tonnes": holding.tonnes, "origin": holding.origin.word(), "ratio": holding.ratio, "weighted": holding.weighted,
        "next": step.map(|step| json!({"class": step.class.number(), "more_t": step.more_t})),
    })
}

fn sourced_json(figure: &Sourced) -> Value {
    let Basis { standard, clause, confidence, .. } = &figure.basis;
    json!({"value": figure.value, "standard": standard, "clause": clause, "confidence": confidence.word()})
}

fn text_json(text: &Text) -> Value {
    json!({"en": text.en, "zh": text.zh})
}
