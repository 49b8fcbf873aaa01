//! Rules as written and the tags of a site → programs and watches.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
    sync::Arc,
};

use davy_model::{Reporting, Site, Substance, Tag, TagIndex, Unit, micros};

use crate::{
    Calculated, Code, HazardSource, Level, LimitProgram, Plan, Rule, SilenceProgram, SuppressedWhile, Watch,
    WatchKind, dependence, duration,
    expand::{Expansion, Subject},
    figure::Figure,
    kinds::KindDraft,
    level::{self, LevelDraft, Scale, Unfit},
    order,
    plan::Lists,
    report::{Finding, Place, Report, quoted},
    rule_file::{After, DraftKind, RuleDraft, StaleDraft},
    select::TagLists,
    tunes,
};

/// Pairs of a rule and a tag in a plan at most.
pub(crate) const WATCHES_MAX: usize = 4_000_000;

/// A unit and what is known of the gas: tags alike in these share a program.
type Sort = (Unit, Option<u64>, Option<u64>);

/// On what levels are judged.
#[derive(Clone, Copy)]
struct On<'a> {
    unit: Unit,
    substance: &'a Substance,
    name: &'a str,
}

impl<'a> On<'a> {
    fn tag(tag: &'a Tag) -> On<'a> {
        On { unit: tag.unit, substance: &tag.substance, name: &tag.name }
    }
}

struct Compiler<'a> {
    site: &'a Site,
    hazards: &'a [HazardSource],
    drafts: &'a [RuleDraft],
    lists: TagLists<'a>,
    report: &'a mut Report,
    limits: Vec<LimitProgram>,
    silences: Vec<SilenceProgram>,
    watches: Vec<Watch>,
    calculated: Vec<Calculated>,
    /// By rule, once it is compiled: what it watches.
    subjects: Vec<Vec<Subject>>,
    /// By rule: its calculated tags.
    calculated_of: Vec<Range<u32>>,
    /// The alarms that calculated tags look at.
    looks: Vec<(u32, Subject)>,
}

/// Compiles rules sorted by id. What does not fit goes to the report, and then the plan is not to be used.
pub(crate) fn plan(
    revision: Arc<str>,
    (site, hazards): (Site, Vec<HazardSource>),
    drafts: &[RuleDraft],
    report: &mut Report,
) -> Plan {
    let mut compiler = Compiler {
        site: &site,
        hazards: &hazards,
        drafts,
        lists: TagLists::new(&site.tags, &site.areas),
        report,
        limits: Vec::new(),
        silences: Vec::new(),
        watches: Vec::new(),
        calculated: Vec::new(),
        subjects: vec![Vec::new(); drafts.len()],
        calculated_of: vec![0..0; drafts.len()],
        looks: Vec::new(),
    };
    let tuned = compiler.tuned();
    for rule in dependence::order(drafts, compiler.report) {
        let draft = &drafts[rule as usize];
        let mut tags: Vec<TagIndex> =
            compiler.lists.select(&draft.applies_to).into_iter().map(TagIndex).collect();
        tags.retain(|tag| !tuned.contains(&(rule, *tag)));
        if compiler.watches.len() + tags.len() > WATCHES_MAX {
            compiler.too_large(draft);
            break;
        }
        compiler.rule(rule, &tags);
    }
    let rules = drafts.iter().map(|draft| compiler.described(draft)).collect();
    let Compiler { limits, silences, mut watches, mut calculated, calculated_of, looks, .. } = compiler;
    watches.sort_by_key(|watch| (watch.tag, watch.rule));
    let find = |subject: &Subject| {
        let key = (subject.tag, subject.rule);
        watches.binary_search_by_key(&key, |watch| (watch.tag, watch.rule)).ok().map(place)
    };
    let nears: Vec<Option<TagIndex>> = calculated.iter().map(|made| made.near).collect();
    for (reader, subject) in &looks {
        let Some(watch) = find(subject) else { continue };
        let measured = subject.tag.0 < place(site.tags.len());
        let near = if measured { Some(subject.tag) } else { nears[subject.tag.0 as usize - site.tags.len()] };
        let made = &mut calculated[*reader as usize];
        made.alarms.push(watch);
        made.witnesses.push(witness(&site, near.unwrap_or(subject.tag)));
    }
    let pairs = |pairs: &dyn Fn(&Calculated) -> Vec<u32>| {
        let each = calculated.iter().enumerate();
        each.flat_map(|(at, made)| pairs(made).into_iter().map(move |other| (other, place(at)))).collect()
    };
    let readers = pairs(&|made| made.inputs.iter().map(|tag| tag.0).collect());
    let observers = pairs(&|made| made.alarms.clone());
    let watched = watches.iter().enumerate().map(|(at, watch)| (watch.tag.0, place(at))).collect();
    Plan {
        revision,
        watch_lists: Lists::new(site.tags.len() + calculated.len(), watched),
        readers: Lists::new(site.tags.len(), readers),
        observers: Lists::new(watches.len(), observers),
        site,
        hazard_sources: hazards,
        rules,
        limits,
        silences,
        calculated,
        watches,
        calculated_of,
    }
}

impl Compiler<'_> {
    /// Which rules of packs stand back on which tags: a rule that tunes them covers these.
    fn tuned(&self) -> BTreeSet<(u32, TagIndex)> {
        let tuners = self.drafts.iter().filter_map(|draft| Some((draft, draft.tunes.as_ref()?)));
        let law = |id: &str| dependence::find(self.drafts, id);
        let pairs = tuners.filter_map(|(draft, tunes)| Some((law(&tunes.id)?, &draft.applies_to)));
        let each =
            |(law, selector)| self.lists.select(selector).into_iter().map(move |tag| (law, TagIndex(tag)));
        pairs.flat_map(each).collect()
    }

    fn rule(&mut self, rule: u32, tags: &[TagIndex]) {
        let draft = &self.drafts[rule as usize];
        let watched = self.watches.len();
        match &draft.kind {
            DraftKind::Limit(levels) => self.limit(draft, levels, rule, tags),
            DraftKind::Stale(stale) => self.stale(stale, rule, tags),
            DraftKind::Calculated(_, kind) => {
                self.calculate(draft, &**kind, rule, tags);
                return;
            }
        }
        let subject = |watch: &Watch| Subject { rule, tag: watch.tag, near: Some(watch.tag) };
        self.subjects[rule as usize] = self.watches[watched..].iter().map(subject).collect();
    }

    fn described(&mut self, draft: &RuleDraft) -> Rule {
        Rule {
            id: Arc::clone(&draft.id),
            title: draft.title.clone(),
            kind: draft.kind.kind(),
            tier_max: draft.kind.tier_max(),
            is_alarm: draft.is_alarm,
            response: draft.response.clone(),
            basis: draft.basis.clone(),
            suppressed_while: self.suppressed_while(draft),
            place: (self.report.file(draft.place), draft.place.line),
        }
    }

    /// The calculated tags of a rule, and their levels.
    fn calculate(&mut self, draft: &RuleDraft, kind: &dyn KindDraft, rule: u32, tags: &[TagIndex]) {
        let looked_at = kind.looks_at().iter().flat_map(|(id, _)| dependence::find_all(self.drafts, id));
        let subjects = looked_at.flat_map(|rule| self.subjects[rule as usize].clone()).collect();
        let given = (tags.to_vec(), subjects);
        let mut expansion = Expansion::new((self.site, self.hazards), &self.lists, draft, given, self.report);
        kind.expand(&mut expansion);
        let first = place(self.calculated.len());
        let mut programs = BTreeMap::new();
        let mut told = BTreeSet::new();
        for made in expansion.into_made() {
            let tag = TagIndex(place(self.site.tags.len() + self.calculated.len()));
            let of = place(self.calculated.len());
            let own = made.levels.is_some();
            let sort: (Sort, bool) = (sort(made.unit, &made.substance), own);
            let program = match programs.get(&sort) {
                Some(program) => *program,
                None => {
                    let levels = made.levels.as_deref().unwrap_or(kind.levels());
                    let on = On { unit: made.unit, substance: &made.substance, name: &made.subject };
                    let program = self.program(draft, levels, (on, kind.scale()), &mut told);
                    programs.insert(sort, program);
                    program
                }
            };
            let Some(program) = program else { continue };
            self.watches.push(Watch { rule, tag, kind: WatchKind::Limit(program) });
            self.subjects[rule as usize].push(Subject { rule, tag, near: made.near });
            let looks = made.alarms.iter().map(|&(rule, tag)| (of, Subject { rule, tag, near: None }));
            self.looks.extend(looks);
            self.calculated.push(Calculated {
                rule,
                subject: made.subject,
                unit: made.unit,
                inputs: made.inputs,
                alarms: Vec::new(),
                witnesses: Vec::new(),
                near: made.near,
                program: made.program,
            });
        }
        self.calculated_of[rule as usize] = first..place(self.calculated.len());
    }

    fn limit(&mut self, draft: &RuleDraft, levels: &[LevelDraft], rule: u32, tags: &[TagIndex]) {
        let mut programs: BTreeMap<Sort, Option<u32>> = BTreeMap::new();
        let mut told = BTreeSet::new();
        for &tag in tags {
            let described = self.site.tag(tag);
            let sort = sort(described.unit, &described.substance);
            let program = match programs.get(&sort) {
                Some(program) => *program,
                None => {
                    let on = On::tag(described);
                    self.hold_to_law(draft, on, &mut told);
                    let program = self.program(draft, levels, (on, Scale::Point), &mut told);
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
        (on, scale): (On<'_>, Scale),
        told: &mut BTreeSet<(Place, Code)>,
    ) -> Option<u32> {
        // One that could not be reckoned has been told.
        if levels.iter().any(|level| level.formula.is_some()) {
            return None;
        }
        let mut compiled: Vec<Level> = Vec::with_capacity(levels.len());
        for level in levels {
            match level.compile(on.unit, on.substance, scale) {
                Ok(level) => compiled.push(level),
                Err(unfit) if told.insert((unfit.place, unfit.code)) => {
                    let about = format!("rule {}, level {}", quoted(&draft.id), quoted(&level.name));
                    self.unfit(&about, on.name, unfit);
                }
                Err(_) => {}
            }
        }
        if compiled.len() != levels.len() {
            return None;
        }
        if let Some((lesser, graver)) = order::misplaced(&compiled) {
            if told.insert((levels[graver].set_point.place, Code::LevelOrder)) {
                self.misplaced(draft, &levels[lesser], &levels[graver], on);
            }
            return None;
        }
        self.limits.push(LimitProgram::new(compiled));
        Some(place(self.limits.len() - 1))
    }

    /// Tells what is looser in a rule than in the pack's rule that it tunes, once a place.
    fn hold_to_law(&mut self, draft: &RuleDraft, on: On<'_>, told: &mut BTreeSet<(Place, Code)>) {
        let Some(tunes) = &draft.tunes else { return };
        let Some(law) = dependence::find(self.drafts, &tunes.id) else { return };
        for (place, finding) in tunes::looser(&self.drafts[law as usize], draft, (on.unit, on.substance)) {
            if !told.insert((place, Code::LooserThanLaw)) {
                continue;
            }
            match &tunes.deviation {
                Some(_) => self.report.warn(place, finding),
                None => self.report.error(place, finding),
            }
        }
    }

    fn stale(&mut self, stale: &StaleDraft, rule: u32, tags: &[TagIndex]) {
        let mut programs: BTreeMap<i64, u32> = BTreeMap::new();
        for &tag in tags {
            let (after_us, written) = silence(stale, self.site.tag(tag));
            let program = *programs.entry(after_us).or_insert_with(|| {
                let StaleDraft { tier, latch, re_alarm_us, near_limit, .. } = *stale;
                self.silences.push(SilenceProgram {
                    tier,
                    after_us,
                    latch,
                    re_alarm_us,
                    written,
                    near_limit,
                });
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
        match level::scaled(figure, tag.unit, &tag.substance, Scale::Point) {
            Ok(at_or_above) => Some(SuppressedWhile { tag: index, at_or_above }),
            Err(unfit) => {
                self.unfit(&format!("rule {}: suppressed_while", quoted(&draft.id)), &tag.name, unfit);
                None
            }
        }
    }

    fn unfit(&mut self, about: &str, tag: &str, unfit: Unfit) {
        let finding = Finding::new(unfit.code, format!("{about}, tag {}", quoted(tag))).found(&unfit.found);
        self.report.error(unfit.place, finding.expected(unfit.expected));
    }

    fn misplaced(&mut self, draft: &RuleDraft, lesser: &LevelDraft, graver: &LevelDraft, on: On<'_>) {
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
            finding.help(format!("compared in {}, the unit of {}", on.unit, on.name)),
        );
    }

    fn too_large(&mut self, draft: &RuleDraft) {
        let finding = Finding::new(Code::PlanTooLarge, format!("rule {}", quoted(&draft.id)));
        let finding = finding.found_words("more pairs of a rule and a tag than a plan may hold");
        self.report.error(draft.place, finding.expected(format!("at most {WATCHES_MAX}")));
    }
}

/// Who measures a tag: its device, or it is on its own.
fn witness(site: &Site, tag: TagIndex) -> u32 {
    let device = site.tags.get(tag.0 as usize).and_then(|tag| tag.device.as_ref());
    let at = device.and_then(|id| site.devices.iter().position(|device| device.id == *id));
    place(at.unwrap_or(site.devices.len() + tag.0 as usize))
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

fn sort(unit: Unit, substance: &Substance) -> Sort {
    let Substance { molar_mass_g_per_mol, lel_percent_volume } = *substance;
    (unit, molar_mass_g_per_mol.map(f64::to_bits), lel_percent_volume.map(f64::to_bits))
}

fn place(index: usize) -> u32 {
    u32::try_from(index).expect("rules and watches are bounded far below")
}
