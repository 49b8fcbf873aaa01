//! Twice the input, about twice the time: no input makes a parser pay for its length more than once.

use std::sync::{Mutex, PoisonError};

use super::{
    Growth, Target,
    fails::{attempt, on_thread},
    watchdog::Watchdog,
};

/// Lengths compared, bytes; the long one is as good as the longest payload there is, 256 KiB.
const SHORT: usize = 16_000;
const LONG: usize = 16 * SHORT;
/// What a byte of the long input may cost more than one of the short. Were the cost quadratic, it were sixteen times as
/// much.
const DEARER_MAX: f64 = 4.0;
/// How often a pair is measured before it is called too slow.
const TRIES: usize = 6;

/// Compares the cost of a byte in a short and in a long input of each kind, one target at a time.
///
/// # Errors
/// The kinds of which the long input costs more than in proportion, or breaks a bound.
pub(crate) fn grow(target: &'static Target) -> Result<(), String> {
    static ALONE: Mutex<()> = Mutex::new(());
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let wrong = on_thread(target, || {
        let watchdog = Watchdog::over(target.name);
        target.growth.iter().filter_map(|kind| compare(target, &watchdog, kind).err()).collect::<Vec<_>>()
    });
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n")) }
}

fn compare(target: &Target, watchdog: &Watchdog, kind: &Growth) -> Result<(), String> {
    let (short, long) = ((kind.make)(SHORT), (kind.make)(LONG));
    let mut least = f64::MAX;
    for _ in 0..TRIES {
        let per_byte = |input: &[u8]| {
            watchdog.note(input);
            let gauge = attempt(target, input).map_err(|message| {
                format!("{}, {}, {} bytes: {message}", target.name, kind.what, input.len())
            })?;
            Ok::<_, String>(gauge.took.as_secs_f64() / input.len() as f64)
        };
        // The short one twice: the first warms up.
        let of_short = per_byte(&short)?.min(per_byte(&short)?);
        least = least.min(per_byte(&long)? / of_short.max(f64::MIN_POSITIVE));
        if least <= DEARER_MAX {
            return Ok(());
        }
    }
    let (name, what) = (target.name, kind.what);
    Err(format!(
        "{name}, {what}: a byte of {} costs {least:.1} times what one of {} does",
        long.len(),
        short.len()
    ))
}
