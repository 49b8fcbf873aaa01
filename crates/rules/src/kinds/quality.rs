//! `quality`: a tag's readings come with a certain quality: a sensor that is being calibrated, warms up, or is beyond its
//! range. Such readings decide nothing of the process; they have an alarm of their own.

use davy_model::{Comparator, QualityReason, Unit};

use super::{Keep, KindDraft};
use crate::{
    Code, Program,
    expand::Expansion,
    fields::{Fields, Item},
    level::LevelDraft,
    one_level,
    report::Report,
};

/// 1 while the last reading has one of these qualities, 0 while it has none of them.
#[derive(Clone, Debug, PartialEq)]
pub struct QualityWatch {
    /// The reasons looked for, of bad and of uncertain readings.
    pub reasons: Vec<QualityReason>,
}

impl QualityWatch {
    pub(super) fn keep(&self) -> Keep {
        Keep::default()
    }
}

pub(super) struct Draft {
    program: QualityWatch,
    levels: Vec<LevelDraft>,
}

/// Its keys.
pub(crate) fn keys() -> Vec<&'static str> {
    one_level::and(&["is"])
}

pub(super) fn read(item: &Item<'_>, about: &str, report: &mut Report) -> Option<Draft> {
    let fields = Fields::open(item.node(), about, &keys(), report)?;
    let is = fields.need("is", report)?;
    let mut reasons = Vec::new();
    let mut written = Vec::new();
    for (text, place) in is.texts(report) {
        let Some(reason) = QualityReason::from_word(text) else {
            let words = QualityReason::ALL.map(QualityReason::word);
            let near = davy_yaml::nearest(text, words);
            let finding = is.finding(Code::WordUnknown).found(text);
            let expected = "a reason of a quality, such as calibration, warm_up or over_range";
            report.error(place, finding.expected(expected).did_you_mean(near));
            continue;
        };
        reasons.push(reason);
        written.push(reason.word());
    }
    let set_point = one_level::number(1.0, written.join(" or "), is.place);
    let level = one_level::read("QUALITY", Comparator::AtOrAbove, &fields, Some(set_point), report);
    (!reasons.is_empty()).then_some(Draft { program: QualityWatch { reasons }, levels: vec![level?] })
}

impl KindDraft for Draft {
    fn levels(&self) -> &[LevelDraft] {
        &self.levels
    }

    fn expand(&self, expansion: &mut Expansion<'_>) {
        expansion.each(|_| Some(Unit::OnOff), |_, _| Some(Program::Quality(self.program.clone())));
    }
}
