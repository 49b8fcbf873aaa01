//! One member of a source: a substance, so much of it, and its figures.

use std::sync::Arc;

use davy_model::{Substance as Gas, Text, Unit};

use super::{
    Sourced,
    category::{self, Category},
    live::{self, LiveDraft},
    substance::{self, Beta, Substance},
};
use crate::{
    Basis, Code,
    basis::{self, Origin},
    fields::{Fields, one_of},
    level::{self, Scale},
    report::{Finding, Report},
    yaml::Node,
};

/// The keys of a member.
pub(crate) const KEYS: [&str; 8] =
    ["title", "substance", "category", "critical", "beta", "basis", "design", "live"];
/// A mass that is none of a plant: some slip of the finger, t.
const MASS_MAX_T: f64 = 1e8;
/// Beta at most.
pub(crate) const BETA_MAX: f64 = 100.0;

/// One member before its tag is known.
pub(super) struct MemberDraft {
    pub(super) title: Text,
    pub(super) substance: Arc<str>,
    pub(super) design_t: f64,
    pub(super) critical_t: Sourced,
    pub(super) beta: Sourced,
    pub(super) live: Option<LiveDraft>,
}

/// Reads one member. What is wrong with it goes to the report.
pub(super) fn read(node: &Node, about: &str, report: &mut Report) -> Option<MemberDraft> {
    let fields = Fields::open(node, about, &KEYS, report)?;
    let title = fields.get("title").map(|item| item.words(report));
    let figures = figures(&fields, report);
    let design = mass(&fields, "design", report);
    let live = fields.get("live").map(|item| live::read(&item, about, report));
    let (substance, critical_t, beta) = figures?;
    Some(MemberDraft {
        title: title.unwrap_or_else(|| Some(Text::en(&*substance)))?,
        substance,
        design_t: design?,
        critical_t,
        beta,
        live: match live {
            Some(live) => Some(live?),
            None => None,
        },
    })
}

/// A mass above 0 that must be there, t.
fn mass(fields: &Fields<'_>, key: &'static str, report: &mut Report) -> Option<f64> {
    let item = fields.need(key, report)?;
    let figure = item.figure(report)?;
    let Ok(tonnes) = level::scaled(&figure, Unit::Tonne, &Gas::default(), Scale::Point) else {
        report.error(item.place, item.finding(Code::UnitMismatch).expected("a mass, in t or kg"));
        return None;
    };
    if tonnes > 0.0 && tonnes <= MASS_MAX_T {
        return Some(tonnes);
    }
    let expected = format!("more than 0 t, at most {MASS_MAX_T} t");
    report.error(item.place, item.finding(Code::NumberRange).expected(expected));
    None
}

/// The substance, its critical quantity, and its beta.
fn figures(fields: &Fields<'_>, report: &mut Report) -> Option<(Arc<str>, Sourced, Sourced)> {
    let item = fields.need("substance", report)?;
    let name = item.text(report)?;
    let category = match fields.get("category") {
        Some(item) => {
            let symbols = category::symbols();
            Some(category::find(item.word(&symbols, report)?)?)
        }
        None => None,
    };
    if let Some(known) = substance::find(name) {
        let beta = beta_of_known(fields, known, category, report);
        return Some((known.name.into(), known.critical_t(), beta?));
    }
    if let Some(category) = category {
        only(fields, &["critical", "beta", "basis"], "category tells it", report)?;
        return Some((name.into(), category.critical_t(), category.beta()));
    }
    if fields.get("critical").is_some() {
        let basis = own_basis(fields, report);
        let critical = mass(fields, "critical", report);
        let beta = own_beta(fields, report);
        let basis = basis?;
        let sourced = |value| Sourced { value, basis: basis.clone() };
        return Some((name.into(), sourced(critical?), sourced(beta?)));
    }
    let near = report.nearest(name, substance::names());
    let finding = item.finding(Code::HazardSubstanceUnknown);
    let expected =
        "a substance of GB 18218-2018, table 1; of another, its category, or critical, beta and basis";
    report.error(item.place, finding.expected(expected).did_you_mean(near));
    None
}

/// Beta of a substance that table 1 names: from table 3, or by its category. Its critical quantity is never the site's to say.
fn beta_of_known(
    fields: &Fields<'_>,
    known: &Substance,
    category: Option<&Category>,
    report: &mut Report,
) -> Option<Sourced> {
    let told = format!("GB 18218-2018, table 1 has {}", known.name);
    only(fields, &["critical"], &told, report)?;
    if matches!(known.beta, Beta::Toxic(_)) {
        let told = format!("GB 18218-2018, table 3 has {}", known.name);
        only(fields, &["category", "beta", "basis"], &told, report)?;
        return known.beta();
    }
    if let Some(category) = category {
        only(fields, &["beta", "basis"], "category tells it", report)?;
        return Some(category.beta());
    }
    if !fields.given(&["beta", "basis"]).is_empty() {
        let basis = own_basis(fields, report);
        let value = own_beta(fields, report);
        return Some(Sourced { value: value?, basis: basis? });
    }
    let beta = known.beta();
    if beta.is_none() {
        let finding = Finding::new(Code::KeyMissing, fields.about());
        let expected = format!(
            "the category of {} (GB 18218-2018, table 2), or beta and basis; category is {}",
            known.name,
            one_of(&category::symbols())
        );
        report.error(fields.place, finding.expected(expected));
    }
    beta
}

/// Reports each of `keys` that is there although something else tells what it would.
fn only(fields: &Fields<'_>, keys: &'static [&'static str], told: &str, report: &mut Report) -> Option<()> {
    let given = fields.given(keys);
    for item in given.iter().filter_map(|key| fields.get(key)) {
        report.error(item.place, item.finding(Code::KeyConflict).expected(format!("nothing: {told}")));
    }
    given.is_empty().then_some(())
}

fn own_beta(fields: &Fields<'_>, report: &mut Report) -> Option<f64> {
    let item = fields.need("beta", report)?;
    let beta = item.number(0.0..=BETA_MAX, report)?;
    if beta > 0.0 {
        return Some(beta);
    }
    report.error(item.place, item.finding(Code::NumberRange).expected("more than 0"));
    None
}

/// Where a figure of the site's own comes from: without a standard behind it nobody could check it.
fn own_basis(fields: &Fields<'_>, report: &mut Report) -> Option<Basis> {
    let item = fields.need("basis", report)?;
    let basis = basis::read(&item, Origin::default(), report)?;
    if basis.standard.is_empty() {
        let finding = Finding::new(Code::KeyMissing, item.about_key());
        report.error(item.place, finding.expected("the key standard: where the figure can be looked up"));
        return None;
    }
    Some(basis)
}
