//! Rules that look at the alarms of other rules come after those.

use crate::{
    Code,
    report::{Finding, Report, quoted},
    rule_file::{DraftKind, RuleDraft},
};

/// The places of all rules, each after those that it looks at. A rule that is not there, or comes by itself again, is told.
pub(crate) fn order(drafts: &[RuleDraft], report: &mut Report) -> Vec<u32> {
    let mut walk = Walk { drafts, report, marks: vec![Mark::New; drafts.len()], order: Vec::new() };
    // A rule that tunes another is looked at in its place, and looks at nothing: those of readings come first.
    let (of_alarms, of_readings): (Vec<usize>, _) =
        (0..drafts.len()).partition(|at| looks_at_alarms(&drafts[*at]));
    for at in of_readings.into_iter().chain(of_alarms) {
        walk.visit(at);
    }
    walk.order
}

/// The place of the rule with that id.
pub(crate) fn find(drafts: &[RuleDraft], id: &str) -> Option<u32> {
    drafts.binary_search_by(|draft| (*draft.id).cmp(id)).ok().and_then(|at| u32::try_from(at).ok())
}

/// The same, and those that tune it.
pub(crate) fn find_all(drafts: &[RuleDraft], id: &str) -> Vec<u32> {
    let tunes = |draft: &RuleDraft| draft.tunes.as_ref().is_some_and(|tunes| *tunes.id == *id);
    let tuners = drafts.iter().enumerate().filter(|(_, draft)| tunes(draft));
    let tuners = tuners.filter_map(|(at, _)| u32::try_from(at).ok());
    find(drafts, id).into_iter().chain(tuners).collect()
}

fn looks_at_alarms(draft: &RuleDraft) -> bool {
    matches!(&draft.kind, DraftKind::Calculated(_, kind) if !kind.looks_at().is_empty())
}

/// Whether `id` is that of a rule of the same pack, which may be off.
fn is_of_its_pack(draft: &RuleDraft, id: &str) -> bool {
    let rest = draft.pack.as_ref().and_then(|pack| id.strip_prefix(&**pack));
    rest.is_some_and(|rest| rest.starts_with('.'))
}

#[derive(Clone, Copy, PartialEq)]
enum Mark {
    New,
    Open,
    Done,
}

struct Walk<'a> {
    drafts: &'a [RuleDraft],
    report: &'a mut Report,
    marks: Vec<Mark>,
    order: Vec<u32>,
}

/// A rule on the way, and how many of those that it looks at are done.
type Step = (usize, usize);

impl Walk<'_> {
    /// Without recursion: a chain of rules may be as long as there are rules.
    fn visit(&mut self, at: usize) {
        if self.marks[at] != Mark::New {
            return;
        }
        self.marks[at] = Mark::Open;
        let mut path: Vec<Step> = vec![(at, 0)];
        while let Some((at, next)) = path.last_mut() {
            let (at, place) = (*at, *next);
            *next += 1;
            let DraftKind::Calculated(_, kind) = &self.drafts[at].kind else {
                self.finish(at, &mut path);
                continue;
            };
            let Some((id, place)) = kind.looks_at().get(place) else {
                self.finish(at, &mut path);
                continue;
            };
            let about = format!("rule {}", quoted(&self.drafts[at].id));
            match find(self.drafts, id).map(|other| other as usize) {
                None if is_of_its_pack(&self.drafts[at], id) => {}
                None => {
                    let near = self.report.nearest(id, self.drafts.iter().map(|draft| &*draft.id));
                    let finding = Finding::new(Code::RuleUnknown, about).found(id);
                    self.report.error(*place, finding.expected("the id of a rule").did_you_mean(near));
                }
                Some(other) if self.marks[other] == Mark::Open => {
                    let finding = Finding::new(Code::RuleCycle, about).found(id);
                    self.report
                        .error(*place, finding.expected("rules that do not look at each other in a circle"));
                }
                Some(other) if self.marks[other] == Mark::New => {
                    self.marks[other] = Mark::Open;
                    path.push((other, 0));
                }
                Some(_) => {}
            }
        }
    }

    fn finish(&mut self, at: usize, path: &mut Vec<Step>) {
        self.marks[at] = Mark::Done;
        self.order.push(at as u32);
        path.pop();
    }
}
