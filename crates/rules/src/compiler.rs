//! Rules as written and the tags of a site → programs and watches.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use davy_model::{Reporting, Site, Substance, Tag, TagIndex, Unit, micros};

use crate::{
    Code, Level, LimitProgram, Plan, Rule, SilenceProgram, SuppressedWhile, Watch, WatchKind, duration,
    figure::Figure,
    level::{self, LevelDraft, Unfit},
    order,
    report::{Finding, Place, Report, quoted},
    rule_file::{After, DraftKind, RuleDraft, StaleDraft},
    select::TagLists,
};

/// Pairs of a rule and a tag in a plan at most.
pub(crate) const WATCHES_MAX: usize = 4_000_000;

/// A unit and what is known of the gas: tags alike in these share a program.
type Sort = (Unit, Option<u64>, Option<u64>);

struct Compiler<'a> {
    site: &'a Site,
    report: &'a mut Report,
    rules: Vec<Rule>,
    limits: Vec<LimitProgram>,
    silences: Vec<SilenceProgram>,
    watches: Vec<Watch>,
}

/// Compiles rules sorted by id. What does not fit goes to the report, and then the plan is not to be used.
pub(crate) fn plan(revision: Arc<str>, site: Site, drafts: &[RuleDraft], report: &mut Report) -> Plan {
    let lists = TagLists::new(&site.tags, &site.areas);
    let mut compiler = Compiler {
        site: &site,
        report,
        rules: Vec::with_capacity(drafts.len()),
        limits: Vec::new(),
        silences: Vec::new(),
        watches: Vec::new(),
    };
    for draft in drafts {
        let tags = lists.select(&draft.applies_to);
        if compiler.watches.len() + tags.len() > WATCHES_MAX {
            compiler.too_large(draft);
            break;
        }
        compiler.rule(draft, &tags);
    }
    let Compiler { rules, limits, silences, mut watches, .. } = compiler;
    watches.sort_by_key(|watch| (watch.tag, watch.rule));
    let watch_starts = starts(&watches, site.tags.len());
    Plan { revision, site, rules, limits, silences, watches, watch_starts }
}

fn starts(watches: &[Watch], tags: usize) -> Vec<u32> {
    let mut starts = vec![0; tags + 1];
    for watch in watches {
        starts[watch.tag.0 as usize + 1] += 1;
    }
    for place in 1..starts.len() {
        starts[place] += starts[place - 1];
    }
    starts
}

impl Compiler<'_> {
    fn rule(&mut self, draft: &RuleDraft, tags: &[u32]) {
        let rule = place(self.rules.len());
        let suppressed_while = self.suppressed_while(draft);
        match &draft.kind {
            DraftKind::Limit(levels) => self.limit(draft, levels, rule, tags),
            DraftKind::Stale(stale) => self.stale(stale, rule, tags),
        }
        self.rules.push(Rule {
            id: Arc::clone(&draft.id),
            title: draft.title.clone(),
            kind: draft.kind.kind(),
            tier_max: draft.kind.tier_max(),
            response: draft.response.clone(),
            basis: draft.basis.clone(),
            suppressed_while,
            place: (self.report.file(draft.place), draft.place.line),
        });
    }

    fn limit(&mut self, draft: &RuleDraft, levels: &[LevelDraft], rule: u32, tags: &[u32]) {
        let mut programs: BTreeMap<Sort, Option<u32>> = BTreeMap::new();
        let mut told = BTreeSet::new();
        for &tag in tags {
            let tag = TagIndex(tag);
            let sort = sort(self.site.tag(tag));
            let program = match programs.get(&sort) {
                Some(program) => *program,
                None => {
                    let program = self.program(draft, levels, self.site.tag(tag), &mut told);
                    programs.insert(sort, program);
                    program
                }
            };
            if let Some(program) = program {
                self.watches.push(Watch { rule, tag, kind: WatchKind::Limit(program) });
            }
        }
    }

    /// The levels in the unit of `tag`; every fault is told once a rule, at the first tag that has it.
    fn program(
        &mut self,
        draft: &RuleDraft,
        levels: &[LevelDraft],
        tag: &Tag,
        told: &mut BTreeSet<(Place, Code)>,
    ) -> Option<u32> {
        let mut compiled: Vec<Level> = Vec::with_capacity(levels.len());
        for level in levels {
            match level.compile(tag.unit, &tag.substance) {
                Ok(level) => compiled.push(level),
                Err(unfit) if told.insert((unfit.place, unfit.code)) => {
                    let about = format!("rule {}, level {}", quoted(&draft.id), quoted(&level.name));
                    self.unfit(&about, tag, unfit);
                }
                Err(_) => {}
            }
        }
        if compiled.len() != levels.len() {
            return None;
        }
        if let Some((lesser, graver)) = order::misplaced(&compiled) {
            if told.insert((levels[graver].set_point.place, Code::LevelOrder)) {
                self.misplaced(draft, &levels[lesser], &levels[graver], tag);
            }
            return None;
        }
        self.limits.push(LimitProgram::new(compiled));
        Some(place(self.limits.len() - 1))
    }

    fn stale(&mut self, stale: &StaleDraft, rule: u32, tags: &[u32]) {
        let mut programs: BTreeMap<i64, u32> = BTreeMap::new();
        for &tag in tags {
            let tag = TagIndex(tag);
            let (after_us, written) = silence(stale, self.site.tag(tag));
            let program = *programs.entry(after_us).or_insert_with(|| {
                let (tier, latch, re_alarm_us) = (stale.tier, stale.latch, stale.re_alarm_us);
                self.silences.push(SilenceProgram { tier, after_us, latch, re_alarm_us, written });
                place(self.silences.len() - 1)
            });
            self.watches.push(Watch { rule, tag, kind: WatchKind::Silence(program) });
        }
    }

    fn suppressed_while(&mut self, draft: &RuleDraft) -> Option<SuppressedWhile> {
        let (name, figure): &(String, Figure) = draft.suppressed_while.as_ref()?;
        // A name that is not there has been reported where it was read.
        let index = self.site.tag_index(name)?;
        let tag = self.site.tag(index);
        match level::converted(figure, tag.unit, &tag.substance) {
            Ok(at_or_above) => Some(SuppressedWhile { tag: index, at_or_above }),
            Err(unfit) => {
                self.unfit(&format!("rule {}: suppressed_while", quoted(&draft.id)), tag, unfit);
                None
            }
        }
    }

    fn unfit(&mut self, about: &str, tag: &Tag, unfit: Unfit) {
        let finding =
            Finding::new(unfit.code, format!("{about}, tag {}", quoted(&tag.name))).found(&unfit.found);
        self.report.error(unfit.place, finding.expected(unfit.expected));
    }

    fn misplaced(&mut self, draft: &RuleDraft, lesser: &LevelDraft, graver: &LevelDraft, tag: &Tag) {
        let about = format!("rule {}, level {}", quoted(&draft.id), quoted(&graver.name));
        let side = if graver.comparator.is_rising() { "at or above" } else { "at or below" };
        let expected = format!(
            "a set point {side} that of the lesser level {}, {} {}",
            quoted(&lesser.name),
            lesser.comparator.symbol(),
            lesser.set_point.written
        );
        let found = format!("{} {}", graver.comparator.symbol(), graver.set_point.written);
        let finding = Finding::new(Code::LevelOrder, about).found(&found).expected(expected);
        self.report.error(
            graver.set_point.place,
            finding.help(format!("compared in {}, the unit of {}", tag.unit, tag.name)),
        );
    }

    fn too_large(&mut self, draft: &RuleDraft) {
        let finding = Finding::new(Code::PlanTooLarge, format!("rule {}", quoted(&draft.id)));
        let finding = finding.found_words("more pairs of a rule and a tag than a plan may hold");
        self.report.error(draft.place, finding.expected(format!("at most {WATCHES_MAX}")));
    }
}

/// How long the tag may be silent under this rule, µs, and how that is written. By exception there is no interval to
/// count, and the tag's silence limit is taken.
fn silence(stale: &StaleDraft, tag: &Tag) -> (i64, Arc<str>) {
    let own_limit = || (micros(tag.silence_limit), duration::show(tag.silence_limit).into());
    match &stale.after {
        After::SilenceLimit => own_limit(),
        After::Intervals(..) if tag.reporting == Reporting::ByException => own_limit(),
        After::Intervals(count, written) => {
            (micros(tag.expected_interval).saturating_mul(i64::from(*count)), Arc::clone(written))
        }
        After::Span(span, written) => (micros(*span), Arc::clone(written)),
    }
}

fn sort(tag: &Tag) -> Sort {
    let Substance { molar_mass_g_per_mol, lel_percent_volume } = tag.substance;
    (tag.unit, molar_mass_g_per_mol.map(f64::to_bits), lel_percent_volume.map(f64::to_bits))
}

fn place(index: usize) -> u32 {
    u32::try_from(index).expect("rules and watches are bounded far below")
}
