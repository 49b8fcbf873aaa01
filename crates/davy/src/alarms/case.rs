//! An open case, as people read it.

use davy_model::{CaseStage, Verdict};
use davy_proto::v1::{Alarm, Case};
use prost_types::Timestamp;
use serde_json::{Value, json};

use crate::figures;

/// What it waits for, and by when where there is a deadline: `feedback by 2026-11-23 08:30:00.000Z`. Empty where no case is
/// open.
pub(crate) fn waits_for(alarm: &Alarm) -> String {
    let Some(case) = &alarm.case else { return String::new() };
    let Ok(stage) = CaseStage::try_from(case.stage()) else { return String::new() };
    let by = match stage {
        CaseStage::Acknowledge => &case.acknowledge_by,
        CaseStage::Verify | CaseStage::Act | CaseStage::Feedback => &case.feedback_by,
        CaseStage::Clear | CaseStage::Close => &None,
    };
    // What comes before feedback is due with it.
    let until = |by: &Timestamp| match stage {
        CaseStage::Verify | CaseStage::Act => format!(", feedback by {}", figures::moment(Some(by))),
        _ => format!(" by {}", figures::moment(Some(by))),
    };
    format!("{}{}", stage.word(), by.as_ref().map(until).unwrap_or_default())
}

/// A case, a fact a line.
pub(super) fn facts(alarm: &Alarm) -> Vec<(&'static str, String)> {
    let Some(case) = &alarm.case else { return Vec::new() };
    let verdict = Verdict::try_from(case.verdict()).map_or("none yet", Verdict::word).to_owned();
    let began = match case.began_occurrence {
        began if began == alarm.occurrence => String::new(),
        began => format!(", open since occurrence {began}"),
    };
    vec![
        ("waits for", format!("{}{began}", waits_for(alarm))),
        ("verdict", verdict),
        ("desk", alarm.desk.clone()),
        ("told", case.told_desks.join(", ")),
    ]
}

/// A case as JSON.
pub(crate) fn json(case: &Case) -> Value {
    json!({
        "began_occurrence": case.began_occurrence,
        "stage": CaseStage::try_from(case.stage()).ok().map(CaseStage::word),
        "tier": figures::tier(case.tier()).map(|tier| tier.word()),
        "verdict": Verdict::try_from(case.verdict()).ok().map(Verdict::word),
        "acted": case.acted, "feedback_given": case.feedback_given, "told_desks": case.told_desks,
        "acknowledge_by": figures::rfc3339(case.acknowledge_by.as_ref()),
        "feedback_by": figures::rfc3339(case.feedback_by.as_ref()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use davy_proto::v1;

    fn alarm(stage: v1::CaseStage) -> Alarm {
        let at = |seconds: i64| Some(Timestamp { seconds: 1_795_420_800 + seconds, nanos: 0 });
        let case = Case {
            began_occurrence: 2,
            stage: stage.into(),
            verdict: v1::Verdict::Real.into(),
            told_desks: vec!["shift".to_owned(), "park".to_owned()],
            acknowledge_by: at(60),
            feedback_by: at(1800),
            ..Case::default()
        };
        Alarm { occurrence: 3, desk: "park".to_owned(), case: Some(case), ..Alarm::default() }
    }

    #[test]
    fn a_case_says_what_it_waits_for_and_by_when() {
        for (stage, told) in [
            (v1::CaseStage::Acknowledge, "acknowledge by 2026-11-23 08:01:00.000Z"),
            (v1::CaseStage::Act, "act, feedback by 2026-11-23 08:30:00.000Z"),
            (v1::CaseStage::Feedback, "feedback by 2026-11-23 08:30:00.000Z"),
            (v1::CaseStage::Close, "close"),
        ] {
            assert_eq!(waits_for(&alarm(stage)), told);
        }
        assert_eq!(waits_for(&Alarm::default()), "");
        let told = facts(&alarm(v1::CaseStage::Close));
        let told: Vec<String> = told.into_iter().map(|(name, fact)| format!("{name}: {fact}")).collect();
        let due =
            ["waits for: close, open since occurrence 2", "verdict: real", "desk: park", "told: shift, park"];
        assert_eq!(told, due);
    }
}
