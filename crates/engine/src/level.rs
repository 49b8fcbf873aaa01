//! One trip level: what a reading, or the end of a delay, makes of it.

use std::{sync::Arc, time::Duration};

use davy_model::{Delay, DelayKind, LimitView, Timestamp};
use davy_rules::Level;

use crate::hold::{Hold, LevelState, Seen};

/// A level that became active, or stopped being so, and from what.
pub(crate) struct Done {
    pub(crate) level: usize,
    pub(crate) first: Seen,
    pub(crate) last: Seen,
    pub(crate) readings: u32,
    pub(crate) delay: Option<Delay>,
}

/// A level as transitions show it.
pub(crate) fn view(level: &Level) -> LimitView {
    LimitView {
        name: Arc::clone(&level.name),
        comparator: level.comparator,
        set_point: level.set_point,
        clear_point: level.clear_point,
        clear_inclusive: level.clear_inclusive,
        written: Arc::clone(&level.written),
    }
}

/// The delay that runs on a level, and how long it has to.
pub(crate) fn running<'a>(state: &'a LevelState, level: &Level) -> Option<(&'a Hold, i64)> {
    match state {
        LevelState::Rising(hold) => Some((hold, level.on_delay_us)),
        LevelState::Falling(hold) => Some((hold, level.off_delay_us)),
        LevelState::Normal | LevelState::Active => None,
    }
}

/// One reading, one level. Time with evidence has been counted up to the reading already.
///
/// Beyond its range a sensor proves nothing about being back: whatever delay runs then stands still.
pub(crate) fn step_level(place: usize, state: &mut LevelState, level: &Level, seen: Seen) -> Option<Done> {
    let past = level.is_past(seen.value);
    let clear = level.is_clear(seen.value);
    let may_clear = seen.quality.may_clear();
    match state {
        LevelState::Normal if past && level.on_delay_us == 0 => {
            *state = LevelState::Active;
            Some(Done { level: place, first: seen, last: seen, readings: 1, delay: None })
        }
        LevelState::Normal => {
            if past {
                *state = LevelState::Rising(Box::new(Hold::begin(seen)));
            }
            None
        }
        LevelState::Rising(hold) if past => {
            hold.agree(seen);
            if hold.elapsed_us < level.on_delay_us {
                None
            } else {
                complete(place, state, level, seen.judged_us)
            }
        }
        LevelState::Rising(hold) if !may_clear => {
            hold.stands_still = true;
            None
        }
        LevelState::Rising(_) => {
            *state = LevelState::Normal;
            None
        }
        LevelState::Active if clear && may_clear && level.off_delay_us == 0 => {
            *state = LevelState::Normal;
            Some(Done { level: place, first: seen, last: seen, readings: 1, delay: None })
        }
        LevelState::Active => {
            if clear && may_clear {
                *state = LevelState::Falling(Box::new(Hold::begin(seen)));
            }
            None
        }
        LevelState::Falling(hold) if clear && may_clear => {
            hold.agree(seen);
            if hold.elapsed_us < level.off_delay_us {
                None
            } else {
                complete(place, state, level, seen.judged_us)
            }
        }
        LevelState::Falling(hold) if clear => {
            hold.stands_still = true;
            None
        }
        LevelState::Falling(_) => {
            *state = LevelState::Active;
            None
        }
    }
}

/// A delay is over at `due_us`: the level becomes active, or normal.
pub(crate) fn complete(place: usize, state: &mut LevelState, level: &Level, due_us: i64) -> Option<Done> {
    let (kind, required_us, next) = match state {
        LevelState::Rising(_) => (DelayKind::OnDelay, level.on_delay_us, LevelState::Active),
        LevelState::Falling(_) => (DelayKind::OffDelay, level.off_delay_us, LevelState::Normal),
        LevelState::Normal | LevelState::Active => return None,
    };
    let hold = std::mem::replace(state, next).hold().cloned()?;
    let elapsed_us = hold.elapsed_us.saturating_add((due_us - hold.counted_us).max(0));
    let delay = Delay {
        kind,
        since: Timestamp::from_micros(hold.since_us),
        elapsed: Duration::from_micros(elapsed_us.unsigned_abs()),
        required: Duration::from_micros(required_us.unsigned_abs()),
    };
    Some(Done {
        level: place,
        first: hold.first,
        last: hold.last,
        readings: hold.readings,
        delay: Some(delay),
    })
}
