//! `tunes`: a site's own rule in the place of a pack's, and whether it is as strict.

use std::sync::Arc;

use davy_model::{Substance, Unit};

use crate::{
    Basis, Code, Confidence,
    fields::{Fields, Item},
    level::{self, LevelDraft, Scale},
    report::{Finding, Place, Report, quoted},
    rule_file::{DraftKind, RuleDraft},
};

/// Figures nearer than this part of the law's are the same: they were rounded when they were converted.
const TOLERANCE: f64 = 1e-3;

/// The keys of a deviation; all of them are required.
pub(crate) const DEVIATION: [&str; 3] = ["reference", "reason", "approved_by"];

/// Which pack's rule another stands for.
#[derive(Clone, Debug)]
pub(crate) struct Tunes {
    /// The pack's rule, with the pack's name.
    pub(crate) id: Arc<str>,
    /// Where that is said.
    pub(crate) place: Place,
    /// Who answers for what is looser.
    pub(crate) deviation: Option<Deviation>,
}

/// Who answers for a limit that is looser than the pack's.
#[derive(Clone, Debug)]
pub(crate) struct Deviation {
    reference: String,
    approved_by: String,
}

/// Reads `tunes`, and `deviation` beside it.
pub(crate) fn read(item: &Item<'_>, rule: &Fields<'_>, report: &mut Report) -> Option<Tunes> {
    let id = item.name(report)?;
    let deviation = rule.get("deviation").map(|item| deviation(&item, report));
    Some(Tunes { id: id.into(), place: item.place, deviation: deviation.unwrap_or_default() })
}

fn deviation(item: &Item<'_>, report: &mut Report) -> Option<Deviation> {
    let fields = Fields::open(item.node(), item.about_key(), &DEVIATION, report)?;
    let mut text =
        |key: &'static str| fields.need(key, report).and_then(|item| item.text(report)).map(str::to_owned);
    let (reference, reason, approved_by) = (text("reference"), text("reason"), text("approved_by"));
    reason?;
    Some(Deviation { reference: reference?, approved_by: approved_by? })
}

/// Gives each rule that tunes another what it does not say itself: title, tags, response and basis. `drafts` are sorted by
/// id; a rule that is not there, or is no pack's, is told.
pub(crate) fn inherit(drafts: &mut [RuleDraft], report: &mut Report) {
    for at in 0..drafts.len() {
        let Some(tunes) = drafts[at].tunes.clone() else { continue };
        let about = format!("rule {}: tunes", quoted(&drafts[at].id));
        let law = crate::dependence::find(drafts, &tunes.id).map(|place| place as usize);
        let Some(law) = law.filter(|law| drafts[*law].pack.is_some()) else {
            let packs = drafts.iter().filter(|draft| draft.pack.is_some());
            let near = report.nearest(&tunes.id, packs.map(|draft| &*draft.id));
            let finding = Finding::new(Code::RuleUnknown, about).found(&tunes.id);
            report.error(
                tunes.place,
                finding.expected("a rule of a pack that the site uses, and that is on").did_you_mean(near),
            );
            drafts[at].tunes = None;
            continue;
        };
        let limits = [law, at].map(|at| matches!(drafts[at].kind, DraftKind::Limit(_)));
        if limits != [true, true] {
            let kinds = format!("{} for {}", drafts[at].kind.kind().word(), drafts[law].kind.kind().word());
            let finding = Finding::new(Code::KeyConflict, about).found_words(kinds);
            let help = "turn the pack's rule off in site.yaml, and write your own";
            report.error(tunes.place, finding.expected("a limit for a limit").help(help));
            drafts[at].tunes = None;
            continue;
        }
        take(drafts, law, at);
    }
}

fn take(drafts: &mut [RuleDraft], law: usize, at: usize) {
    let (title, applies_to) = (drafts[law].title.clone(), drafts[law].applies_to.clone());
    let (response, basis) = (drafts[law].response.clone(), drafts[law].basis.clone());
    let own = &mut drafts[at];
    if *own.title.en == *own.id {
        own.title = title;
    }
    if own.applies_to.place.is_none() {
        own.applies_to = applies_to;
    }
    if own.response.time_to_respond.is_zero() {
        own.response = response;
    }
    own.basis = own.basis.take().or(basis);
}

/// What is looser in a site's own levels than in the pack's, on tags of one unit and gas: where it stands, and what is told.
pub(crate) fn looser(
    law: &RuleDraft,
    own: &RuleDraft,
    (unit, gas): (Unit, &Substance),
) -> Vec<(Place, Finding)> {
    let (DraftKind::Limit(bounds), DraftKind::Limit(levels)) = (&law.kind, &own.kind) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    if let Some(basis) = bounds.iter().find_map(|bound| law_of(law, bound))
        && law.is_alarm
        && !own.is_alarm
    {
        let finding = Finding::new(Code::LooserThanLaw, format!("rule {}", quoted(&own.id)));
        let expected = format!("an alarm: {}", cited(basis));
        found.push((own.place, finding.found_words("alarm: false").expected(expected)));
    }
    for bound in bounds {
        let Some(basis) = law_of(law, bound) else { continue };
        let about = format!("rule {}, level {}", quoted(&own.id), quoted(&bound.name));
        let finding = || Finding::new(Code::LooserThanLaw, about.clone());
        let expected = |words: String| format!("{words}: {}", cited(basis));
        let Some(level) = levels.iter().find(|level| level.name == bound.name) else {
            let wanted = format!("{} {}, {}", bound.comparator.symbol(), bound.set_point.written, bound.tier);
            found.push((own.place, finding().found_words("no such level").expected(expected(wanted))));
            continue;
        };
        if level.tier < bound.tier {
            let finding = finding().found_words(level.tier.word());
            found.push((level.place, finding.expected(expected(format!("{} at least", bound.tier)))));
        }
        let rising = bound.comparator.is_rising();
        if level.comparator.is_rising() != rising || !is_within(level, bound, unit, gas) {
            let side = if rising { "at or above" } else { "at or below" };
            let most = if rising { "at most" } else { "at least" };
            let written = format!("{} {}", level.comparator.symbol(), level.set_point.written);
            let bound = &bound.set_point.written;
            let words = format!("{side} a set point of {most} {bound}{}", in_unit(bound, bounds, unit, gas));
            found.push((level.set_point.place, finding().found(&written).expected(expected(words))));
        }
    }
    found.into_iter().map(|(place, finding)| (place, finding.help(help(own)))).collect()
}

/// The law behind a level; none, when it is an engineering default.
pub(crate) fn law_of<'a>(rule: &'a RuleDraft, level: &'a LevelDraft) -> Option<&'a Basis> {
    let basis = level.basis.as_ref().or(rule.basis.as_ref());
    basis.filter(|basis| basis.confidence != Confidence::Engineering)
}

fn is_within(level: &LevelDraft, bound: &LevelDraft, unit: Unit, gas: &Substance) -> bool {
    let of = |level: &LevelDraft| level::scaled(&level.set_point, unit, gas, Scale::Point).ok();
    // What does not convert is an error of its own.
    let (Some(own), Some(law)) = (of(level), of(bound)) else { return true };
    let slack = TOLERANCE * law.abs();
    if bound.comparator.is_rising() { own <= law + slack } else { own >= law - slack }
}

/// The bound in the tag's unit, when it is written in another.
fn in_unit(written: &str, bounds: &[LevelDraft], unit: Unit, gas: &Substance) -> String {
    let bound = bounds.iter().find(|level| &*level.set_point.written == written);
    let figure =
        bound.map(|level| &level.set_point).filter(|figure| figure.unit.is_some_and(|own| own != unit));
    let value = figure.and_then(|figure| level::scaled(figure, unit, gas, Scale::Point).ok());
    value.map_or_else(String::new, |value| format!(" ({value:.4} {unit})"))
}

fn cited(basis: &Basis) -> String {
    let parts = [basis.standard.clone(), basis.clause.clone()];
    let mut parts: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    if !basis.edition.is_empty() {
        parts.push(format!("edition {}", basis.edition));
    }
    parts.join(", ")
}

fn help(own: &RuleDraft) -> String {
    match own.tunes.as_ref().and_then(|tunes| tunes.deviation.as_ref()) {
        Some(Deviation { reference, approved_by, .. }) => {
            format!("deviation {reference}, approved by {approved_by}")
        }
        None => "tighten it, or declare a deviation: {reference, reason, approved_by}".to_owned(),
    }
}
