//! `vote`: the M-th greatest of N values, N being those that are known now; or how many are not.

use davy_model::{Quality, QualityReason};
use davy_rules::{Degraded, Vote};

use super::{Value, View};
use crate::memory::worse;

pub(super) fn value(program: &Vote, view: &View<'_>) -> Option<Value> {
    let known: Vec<_> = view.inputs.iter().filter_map(|input| input.held).collect();
    let faulty = view.inputs.len() - known.len();
    if program.faulty {
        return Some(Value::new(faulty as f64, Quality::Good));
    }
    let need = match program.degraded {
        Degraded::Safe => (program.need as usize).saturating_sub(faulty).max(1),
        Degraded::Available => (program.need as usize).min(known.len()),
    };
    let mut values: Vec<f64> = known.iter().map(|seen| seen.value).collect();
    values.sort_unstable_by(f64::total_cmp);
    let at = if program.rising { values.len().checked_sub(need)? } else { need.checked_sub(1)? };
    let worst = known.iter().map(|seen| seen.quality).fold(Quality::Good, worse);
    // As many as are needed may be past the limit unseen: what is left proves nothing of being back.
    let proves = faulty < program.need as usize;
    let quality = if proves { worst } else { Quality::Uncertain(QualityReason::Incomplete) };
    Some(Value::new(*values.get(at)?, quality))
}
