//! `corroborate`: the greatest number of witnesses whose alarms stand and began within so long of each other.

use davy_model::Quality;
use davy_rules::Corroborate;

use super::{Standing, Value, View};

pub(super) fn value(program: &Corroborate, view: &View<'_>) -> Option<Value> {
    let mut began: Vec<&Standing> = view.alarms.iter().collect();
    began.sort_by_key(|alarm| alarm.seen.first_out);
    let witnesses = (0..began.len()).map(|at| {
        let from = began[at].seen.first_out;
        let together = began[at..]
            .iter()
            .take_while(|alarm| alarm.seen.first_out.micros_since(from) <= program.within_us);
        let mut witnesses: Vec<u32> = together.map(|alarm| alarm.witness).collect();
        witnesses.sort_unstable();
        witnesses.dedup();
        witnesses.len()
    });
    Some(Value::new(witnesses.max().unwrap_or(0) as f64, Quality::Good))
}
