//! Drafts and the tags of a site → sources.

use std::{collections::BTreeMap, sync::Arc};

use davy_model::{Tag, TagIndex};

use super::{
    Drafts, HazardMember, HazardSource, Live, live::LiveDraft, member::MemberDraft, read::SourceDraft,
};
use crate::{
    Code,
    report::{Finding, Place, Report},
    site_file::{Ids, unknown},
};

/// Looks up the tags that tell what is in the sources, and makes each a tag of its source. `tags` are sorted by name;
/// `names` are those of every row, when all could be read. What is wrong goes to the report.
pub(crate) fn bind(
    drafts: Drafts,
    tags: &mut [(Tag, Place)],
    names: Option<&Ids>,
    report: &mut Report,
) -> Vec<HazardSource> {
    let mut binding = Binding { tags, names, taken: BTreeMap::new(), report };
    drafts.sources.into_iter().map(|draft| binding.source(draft)).collect()
}

struct Binding<'a> {
    tags: &'a mut [(Tag, Place)],
    names: Option<&'a Ids>,
    /// Which tags tell of a member already, and where that is said.
    taken: BTreeMap<usize, Place>,
    report: &'a mut Report,
}

impl Binding<'_> {
    fn source(&mut self, draft: SourceDraft) -> HazardSource {
        let SourceDraft { id, title, unit, people_exposed, alpha, members } = draft;
        let members = members.into_iter().map(|member| self.member(member, &id)).collect();
        HazardSource { id, title, unit, people_exposed, alpha, members }
    }

    fn member(&mut self, draft: MemberDraft, source: &Arc<str>) -> HazardMember {
        let MemberDraft { title, substance, design_t, critical_t, beta, live } = draft;
        let live = live.and_then(|live| self.live(&live, source));
        HazardMember { title, substance, design_t, critical_t, beta, live }
    }

    fn live(&mut self, draft: &LiveDraft, source: &Arc<str>) -> Option<Live> {
        let about = format!("{}: tag", draft.about);
        let Ok(at) = self.tags.binary_search_by(|(tag, _)| (*tag.name).cmp(&draft.tag)) else {
            if let Some(names) = self.names.filter(|names| !names.contains_key(&draft.tag)) {
                let finding = unknown(Code::TagUnknown, about, &draft.tag, "tag", names, self.report);
                self.report.error(draft.tag_place, finding);
            }
            return None;
        };
        if let Some(first) = self.taken.insert(at, draft.tag_place) {
            let expected = format!("a tag of one member: it is another's at {}", self.report.line_of(first));
            let finding = Finding::new(Code::NameTwice, about).found(&draft.tag).expected(expected);
            self.report.error(draft.tag_place, finding);
            return None;
        }
        self.belongs(at, draft, source);
        let tag = &self.tags[at].0;
        match draft.form.content(tag.unit) {
            Ok(content) => Some(Live { tag: TagIndex(at as u32), content }),
            Err(expected) => {
                let found = format!("{} in {}, {}", tag.name, tag.unit, tag.quantity);
                let finding = Finding::new(Code::UnitMismatch, &*draft.about).found_words(found);
                self.report.error(draft.place, finding.expected(expected));
                None
            }
        }
    }

    /// Makes the tag one of the source, unless its row says otherwise.
    fn belongs(&mut self, at: usize, draft: &LiveDraft, source: &Arc<str>) {
        let (tag, place) = &mut self.tags[at];
        let of = tag.hazard_source.get_or_insert_with(|| Arc::clone(source));
        if of == source {
            return;
        }
        let found = format!("{} of {of}, by {}", tag.name, self.report.line_of(*place));
        let finding = Finding::new(Code::HazardSourceElsewhere, format!("{}: tag", draft.about));
        self.report.error(draft.tag_place, finding.found_words(found).expected(format!("a tag of {source}")));
    }
}
