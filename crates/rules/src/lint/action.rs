//! What to do, said in a word, is not said.

use crate::{
    Code,
    report::{Finding, Report, quoted},
    rule_file::RuleDraft,
};

/// Characters that a text without blanks needs to say what to do: Chinese has no blanks between words.
const CHARACTERS_MIN: usize = 4;

pub(super) fn warn(drafts: &[RuleDraft], report: &mut Report) {
    for draft in drafts.iter().filter(|draft| draft.is_alarm && is_short(&draft.response.action.en)) {
        let about = format!("rule {}: response: action", quoted(&draft.id));
        let finding = Finding::new(Code::ActionTooShort, about).found(&draft.response.action.en);
        report.warn(draft.action_place, finding.expected("who does what, and where: more than a word"));
    }
}

fn is_short(action: &str) -> bool {
    let is_one_word = action.split_whitespace().count() < 2;
    is_one_word && (action.is_ascii() || action.chars().count() < CHARACTERS_MIN)
}
