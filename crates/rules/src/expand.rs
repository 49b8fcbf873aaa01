//! A rule and the tags that it covers → calculated tags.

use std::sync::Arc;

use davy_model::{Site, Substance, Tag, TagIndex, Unit};

use crate::{
    Code, HazardSource, Program,
    expression::Mistake,
    figure::Figure,
    level::{self, LevelDraft, Scale, Unfit},
    report::{Finding, Place, Report, quoted},
    rule_file::RuleDraft,
    select::TagLists,
    selector::Selector,
};

/// A calculated tag before its place is known.
pub(crate) struct Calculation {
    /// What its alarm is about.
    pub(crate) subject: Arc<str>,
    /// The unit of its value.
    pub(crate) unit: Unit,
    /// What is known of the gas.
    pub(crate) substance: Substance,
    /// The tags it reads, in the order in which its program knows them.
    pub(crate) inputs: Vec<TagIndex>,
    /// The alarms it looks at: of which rule, on which tag.
    pub(crate) alarms: Vec<(u32, TagIndex)>,
    /// Where it belongs, as its inputs do.
    pub(crate) near: Option<TagIndex>,
    /// Its levels, where they are not the rule's.
    pub(crate) levels: Option<Vec<LevelDraft>>,
    /// What is calculated.
    pub(crate) program: Program,
}

/// What a rule looks at of another: every subject that has an alarm of it.
#[derive(Clone, Debug)]
pub(crate) struct Subject {
    /// Of which rule.
    pub(crate) rule: u32,
    /// The tag, measured or calculated, that is judged.
    pub(crate) tag: TagIndex,
    /// A measured tag that is where it is.
    pub(crate) near: Option<TagIndex>,
}

/// What a kind may ask while it makes its calculated tags.
pub(crate) struct Expansion<'a> {
    /// The site.
    pub(crate) site: &'a Site,
    /// The tags that the rule covers, sorted.
    pub(crate) tags: Vec<TagIndex>,
    /// The subjects of the rules that it looks at.
    pub(crate) subjects: Vec<Subject>,
    /// The site's hazard sources.
    pub(crate) hazards: &'a [HazardSource],
    lists: &'a TagLists<'a>,
    draft: &'a RuleDraft,
    report: &'a mut Report,
    made: Vec<Calculation>,
}

impl<'a> Expansion<'a> {
    /// Nothing made yet.
    pub(crate) fn new(
        (site, hazards): (&'a Site, &'a [HazardSource]),
        lists: &'a TagLists<'a>,
        draft: &'a RuleDraft,
        (tags, subjects): (Vec<TagIndex>, Vec<Subject>),
        report: &'a mut Report,
    ) -> Expansion<'a> {
        Expansion { site, tags, subjects, hazards, lists, draft, report, made: Vec::new() }
    }

    /// What was made, sorted by subject.
    pub(crate) fn into_made(mut self) -> Vec<Calculation> {
        self.made.sort_by(|a, b| a.subject.cmp(&b.subject));
        self.made
    }

    /// Makes one calculated tag.
    pub(crate) fn make(&mut self, calculation: Calculation) {
        self.made.push(calculation);
    }

    /// Makes one calculated tag for each tag covered, of that tag alone, where `program` can.
    pub(crate) fn each(
        &mut self,
        unit: impl Fn(Unit) -> Option<Unit>,
        program: impl Fn(&mut Self, TagIndex) -> Option<Program>,
    ) {
        for at in 0..self.tags.len() {
            let tag = self.tags[at];
            let described = self.site.tag(tag);
            let Some(unit) = unit(described.unit) else {
                self.error(self.draft.place, Code::UnitMismatch, tag, "a tag whose value has a rate");
                continue;
            };
            let Some(program) = program(self, tag) else { continue };
            self.make(Calculation {
                subject: Arc::clone(&described.name),
                unit,
                substance: described.substance,
                inputs: vec![tag],
                alarms: Vec::new(),
                near: Some(tag),
                levels: None,
                program,
            });
        }
    }

    /// A figure in a tag's unit. What does not convert is told.
    pub(crate) fn figure(&mut self, figure: &Figure, tag: TagIndex, scale: Scale) -> Option<f64> {
        let described = self.site.tag(tag);
        let converted = level::scaled(figure, described.unit, &described.substance, scale);
        converted.map_err(|unfit| self.unfit(tag, unfit)).ok()
    }

    /// The tag of that name, which must be there.
    pub(crate) fn tag(&mut self, name: &str, place: Place) -> Option<TagIndex> {
        let found = self.site.tag_index(name);
        if found.is_none() {
            let near = self.report.nearest(name, self.site.tags.iter().map(|tag| &*tag.name));
            let about = format!("rule {}: tag", quoted(&self.draft.id));
            let finding = Finding::new(Code::TagUnknown, about).found(name);
            self.report.error(place, finding.expected("the name of a known tag").did_you_mean(near));
        }
        found
    }

    /// The tags that another selector covers.
    pub(crate) fn select(&self, selector: &Selector) -> Vec<TagIndex> {
        self.lists.select(selector).into_iter().map(TagIndex).collect()
    }

    /// Whether values of some tags can be compared as they are: all must have the unit of the first. One that has not is told.
    pub(crate) fn in_one_unit(&mut self, tags: &[TagIndex]) -> bool {
        let site = self.site;
        let unit = tags.first().map(|tag| site.tag(*tag).unit);
        let Some(&other) = tags.iter().find(|tag| Some(site.tag(**tag).unit) != unit) else { return true };
        let expected = unit.map_or_else(String::new, |unit| format!("{unit}, the unit of the others"));
        self.error(self.draft.place, Code::UnitMismatch, other, &expected);
        false
    }

    /// Something is wrong with one of the tags covered.
    pub(crate) fn error(&mut self, place: Place, code: Code, tag: TagIndex, expected: &str) {
        let Tag { name, unit, .. } = self.site.tag(tag);
        let about = format!("rule {}, tag {}", quoted(&self.draft.id), quoted(name));
        self.report.error(place, Finding::new(code, about).found_words(format!("{unit}")).expected(expected));
    }

    /// Something is wrong with the rule as a whole.
    pub(crate) fn wrong(&mut self, place: Place, code: Code, found: &str, expected: &str) {
        let about = format!("rule {}", quoted(&self.draft.id));
        self.report.error(place, Finding::new(code, about).found_words(found).expected(expected));
    }

    /// Something is wrong in an expression that stands at `place`.
    pub(crate) fn mistake(&mut self, place: Place, mistake: &Mistake) {
        let Mistake { character, code, found, expected, help } = mistake;
        let about = format!("rule {}: character {character}", quoted(&self.draft.id));
        let finding = Finding::new(*code, about).found_words(found).expected(expected);
        self.report.error(place, finding.help(help));
    }

    /// Whether the rule is a pack's: one that meets nothing here is no mistake.
    pub(crate) fn is_of_a_pack(&self) -> bool {
        self.draft.pack.is_some()
    }

    /// Where the rule stands.
    pub(crate) fn place(&self) -> Place {
        self.draft.place
    }

    fn unfit(&mut self, tag: TagIndex, unfit: Unfit) {
        let name = &self.site.tag(tag).name;
        let about = format!("rule {}, tag {}", quoted(&self.draft.id), quoted(name));
        self.report
            .error(unfit.place, Finding::new(unfit.code, about).found(&unfit.found).expected(unfit.expected));
    }
}
