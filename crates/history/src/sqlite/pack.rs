//! An hour of one series as bytes: columns of small numbers, compressed where that helps.
//!
//! How many readings; times as steps from the beginning of the hour; arrivals as steps from the times; values; qualities in runs.

use davy_model::{Quality, Timestamp};

use super::{
    columns::{self, put, put_values, take, take_values, unzigzag, zigzag},
    value::to_quality,
};
use crate::{HistoryError, Sample};

/// Most readings of an hour that is packed.
pub(super) const READINGS_MAX: usize = 500_000;
/// Most bytes of its columns: each reading takes at most 10 for its time, 10 for its arrival, 13 for its value, 3 for its quality.
const COLUMNS_MAX: usize = READINGS_MAX * 36;
/// Times are counted in the coarsest of these that fits all, µs.
const TICKS: [i64; 3] = [1_000_000, 1_000, 1];

/// Packs readings of the hour that begins at `hour`, in the order of the table.
pub(super) fn pack(hour: Timestamp, samples: &[Sample]) -> std::io::Result<Vec<u8>> {
    let mut columns = Vec::with_capacity(samples.len() * 8 + 16);
    put(&mut columns, samples.len() as u64);
    put_times(&mut columns, hour, samples);
    put_values(&mut columns, &samples.iter().map(|one| one.value).collect::<Vec<_>>());
    put_qualities(&mut columns, samples);
    columns::close(&columns)
}

/// The readings of a pack.
///
/// # Errors
/// [`HistoryError::Damaged`] when it is none.
pub(super) fn unpack(hour: Timestamp, packed: &[u8]) -> Result<Vec<Sample>, HistoryError> {
    let damaged = || HistoryError::Damaged(format!("the packed readings of the hour from {hour}"));
    let columns = columns::open(packed, COLUMNS_MAX).ok_or_else(damaged)?;
    let mut rest = columns.as_slice();
    let count = take(&mut rest).and_then(|count| usize::try_from(count).ok()).ok_or_else(damaged)?;
    // Each reading has at least a byte for its time.
    if count > READINGS_MAX || count > rest.len() {
        return Err(damaged());
    }
    let times = take_times(&mut rest, hour, count).ok_or_else(damaged)?;
    let values = take_values(&mut rest, count).ok_or_else(damaged)?;
    let qualities = take_qualities(&mut rest, count).ok_or_else(damaged)?;
    if !rest.is_empty() {
        return Err(damaged());
    }
    let sample = |(((time, arrival), value), quality)| Sample { time, arrival, value, quality };
    Ok(times.into_iter().zip(values).zip(qualities).map(sample).collect())
}

fn tick_of(spans: &[i64]) -> i64 {
    TICKS.into_iter().find(|tick| spans.iter().all(|span| span % tick == 0)).unwrap_or(1)
}

fn put_times(out: &mut Vec<u8>, hour: Timestamp, samples: &[Sample]) {
    let mut before = hour;
    let mut steps = Vec::with_capacity(samples.len());
    for sample in samples {
        steps.push(sample.time.micros_since(before));
        before = sample.time;
    }
    let delays: Vec<i64> = samples.iter().map(|one| one.arrival.micros_since(one.time)).collect();
    for spans in [steps, delays] {
        let tick = tick_of(&spans);
        put(out, tick as u64);
        spans.into_iter().for_each(|span| put(out, zigzag(span / tick)));
    }
}

fn take_times(rest: &mut &[u8], hour: Timestamp, count: usize) -> Option<Vec<(Timestamp, Timestamp)>> {
    let mut spans = [Vec::new(), Vec::new()];
    for column in &mut spans {
        let tick = i64::try_from(take(rest)?).ok().filter(|tick| TICKS.contains(tick))?;
        for _ in 0..count {
            column.push(unzigzag(take(rest)?).checked_mul(tick)?);
        }
    }
    let [steps, delays] = spans;
    let mut at = hour.as_micros();
    let time = |(step, delay): (i64, i64)| {
        at = at.checked_add(step)?;
        Some((Timestamp::from_micros(at), Timestamp::from_micros(at.checked_add(delay)?)))
    };
    steps.into_iter().zip(delays).map(time).collect()
}

fn put_qualities(out: &mut Vec<u8>, samples: &[Sample]) {
    for run in samples.chunk_by(|a, b| a.quality == b.quality) {
        out.push(run[0].quality.code());
        put(out, run.len() as u64);
    }
}

fn take_qualities(rest: &mut &[u8], count: usize) -> Option<Vec<Quality>> {
    let mut qualities = Vec::new();
    while qualities.len() < count {
        let (code, after) = rest.split_first()?;
        *rest = after;
        let quality = to_quality(i64::from(*code)).ok()?;
        let run =
            usize::try_from(take(rest)?).ok().filter(|run| (1..=count - qualities.len()).contains(run))?;
        qualities.resize(qualities.len() + run, quality);
    }
    Some(qualities)
}

#[cfg(test)]
mod tests {
    use davy_model::{QualityReason, Value};
    use proptest::prelude::*;

    use super::*;

    const HOUR: i64 = 1_795_420_800_000_000;

    fn value() -> impl Strategy<Value = Value> {
        prop_oneof![
            (-9_999_999i64..9_999_999, 0u32..6)
                .prop_map(|(whole, places)| Value::of(whole as f64 / f64::from(10u32.pow(places)))),
            any::<f64>().prop_map(|number| Value::of(number + 0.0)),
            Just(Value::NONE),
        ]
    }

    fn samples() -> impl Strategy<Value = Vec<Sample>> {
        let tick = prop_oneof![Just(1_000_000), Just(1_000), Just(1)];
        let quality = prop_oneof![
            4 => Just(Quality::Good),
            1 => Just(Quality::Bad(QualityReason::SensorFailure)),
            1 => Just(Quality::Uncertain(QualityReason::Manual)),
        ];
        let one = (0i64..3_600_000_000, any::<i32>(), value(), quality);
        (tick, prop::collection::vec(one, 0..60)).prop_map(|(tick, mut all)| {
            all.sort_by_key(|one| one.0 / tick);
            let sample = |(time, delay, value, quality): (i64, i32, Value, Quality)| Sample {
                time: Timestamp::from_micros(HOUR + time / tick * tick),
                arrival: Timestamp::from_micros(HOUR + time / tick * tick + i64::from(delay) * tick),
                value,
                quality,
            };
            all.into_iter().map(sample).collect()
        })
    }

    proptest! {
        #[test]
        fn what_is_unpacked_is_what_was_packed(samples in samples()) {
            let hour = Timestamp::from_micros(HOUR);
            let packed = pack(hour, &samples).expect("packed");
            prop_assert_eq!(unpack(hour, &packed).expect("a pack"), samples);
        }

        #[test]
        fn bytes_that_are_no_pack_are_refused_or_read_and_nothing_worse(
            form in 0u8..4, len in 0u32..300, body in prop::collection::vec(any::<u8>(), 0..300),
        ) {
            let mut bytes = vec![form];
            bytes.extend_from_slice(&len.to_le_bytes());
            bytes.extend_from_slice(&body);
            let _ = unpack(Timestamp::from_micros(HOUR), &bytes);
            bytes[1..5].copy_from_slice(&(body.len() as u32).to_le_bytes());
            let _ = unpack(Timestamp::from_micros(HOUR), &bytes);
        }

        #[test]
        fn a_pack_that_was_changed_does_not_stop_anybody(samples in samples(), at in any::<prop::sample::Index>(), bit in 0u8..8) {
            let hour = Timestamp::from_micros(HOUR);
            let mut packed = pack(hour, &samples).expect("packed");
            let at = at.index(packed.len());
            packed[at] ^= 1 << bit;
            let _ = unpack(hour, &packed);
            for len in 0..packed.len() {
                let _ = unpack(hour, &packed[..len]);
            }
        }
    }
}
