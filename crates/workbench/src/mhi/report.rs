//! What is found of one source.

use std::collections::BTreeMap;

use davy_model::TagIndex;
use davy_rules::{HazardMember, HazardSource};

use super::{Holding, Origin, ROUNDING, Standing};

/// What is found of one source.
#[derive(Clone, Debug, PartialEq)]
pub struct SourceReport<'a> {
    /// The source.
    pub source: &'a HazardSource,
    /// By design: so the law goes.
    pub design: Standing,
    /// By what is there now; none where no member was measured. A member that was not counts as by design.
    pub live: Option<Standing>,
}

/// Reckons one source. `values` are those of tags, each in its tag's unit, finite.
pub fn report<'a>(source: &'a HazardSource, values: &BTreeMap<TagIndex, f64>) -> SourceReport<'a> {
    let alpha = source.alpha.value;
    let by_design = |member: &HazardMember| Holding::new(member, alpha, member.design_t, Origin::Design);
    let measured = |member: &HazardMember| {
        let live = member.live.as_ref()?;
        let tonnes = live.content.tonnes(*values.get(&live.tag)?);
        Some(Holding::new(member, alpha, tonnes, Origin::Measured))
    };
    let design = Standing::of(source, source.members.iter().map(by_design).collect());
    let now: Vec<Option<Holding>> = source.members.iter().map(measured).collect();
    let live = now.iter().any(Option::is_some).then(|| {
        let holdings = now.iter().zip(&design.holdings).map(|(now, design)| now.unwrap_or(*design));
        Standing::of(source, holdings.collect())
    });
    SourceReport { source, design, live }
}

impl SourceReport<'_> {
    /// How many members were measured.
    pub fn measured(&self) -> usize {
        let holdings = self.live.iter().flat_map(|live| &live.holdings);
        holdings.filter(|holding| holding.origin == Origin::Measured).count()
    }

    /// The members of which there is more than by design, with how much more, t.
    pub fn over_design(&self) -> Vec<(&HazardMember, f64)> {
        let holdings = self.live.iter().flat_map(|live| &live.holdings);
        let members = self.source.members.iter().zip(holdings);
        let over = members.map(|(member, holding)| (member, holding.tonnes - member.design_t));
        over.filter(|(member, over)| *over > member.design_t * ROUNDING).collect()
    }
}
