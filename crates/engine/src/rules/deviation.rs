//! `deviation`: a value less what it should be near to.

use davy_model::{Quality, QualityReason};
use davy_rules::{Deviation, From};

use super::{
    Value, View,
    median::{Key, median},
    standard,
};
use crate::memory::worse;

/// Of a limit that stands in for one that is not known: what is short of it may still be past the other, so nothing clears.
const UNPROVEN: Quality = Quality::Uncertain(QualityReason::Incomplete);

pub(super) fn value(program: &Deviation, view: &View<'_>) -> Option<Value> {
    let (own, others) = view.inputs.split_first()?;
    let seen = own.held?;
    let mut quality = seen.quality;
    let mut known = others.iter().filter_map(|other| other.held);
    let reference = match &program.from {
        From::Tag(moving) => {
            let other = known.next();
            quality = worse(quality, other.map_or(UNPROVEN, |other| other.quality));
            moving.limit(other.map(|other| other.value))?
        }
        From::Mode(table) => {
            let mode = known.next();
            // What is short of the strictest limit is short of all.
            let unknown = table.strictest.map_or(UNPROVEN, |_| Quality::Good);
            quality = worse(quality, mode.map_or(unknown, |mode| mode.quality));
            table.limit(mode.map(|mode| mode.value))
        }
        From::Hours(table) => table.limit(view.now_us),
        From::Peers { at_least } => {
            let mut values: Vec<Key> = known.map(|other| Key::of(other.value)).collect();
            if values.len() < *at_least as usize {
                return None;
            }
            median(&mut values)?
        }
        From::Itself { over_us } => median(&mut standard::means(own.cells, *over_us)?)?,
    };
    let off = seen.value - reference;
    Some(Value::new(if program.signed { off } else { off.abs() }, quality))
}
