//! An hour of one series as bytes: columns of small numbers, compressed where that helps.
//!
//! `form` (1 plain, 2 compressed), the columns' length (four bytes, little endian), then the columns: how many readings; times
//! as steps from the beginning of the hour; arrivals as steps from the times; values; qualities in runs. Numbers are varints,
//! those that may be negative zigzag. Values that are decimals of few places are steps of whole numbers (0 for none, else the
//! step and one); all others are their eight bytes, each XORed with the one before, the highest bytes of all first.

use davy_model::{Quality, Timestamp, Value};

use super::value::{of_value, to_quality};
use crate::{HistoryError, Sample};

/// Most readings of an hour that is packed.
pub(super) const READINGS_MAX: usize = 500_000;
/// Most bytes of its columns: each reading takes at most 10 for its time, 10 for its arrival, 10 for its value, 3 for its quality.
const COLUMNS_MAX: usize = READINGS_MAX * 34;
const PLAIN: u8 = 1;
const COMPRESSED: u8 = 2;
const EFFORT: i32 = 6;
/// Times are counted in the coarsest of these that fits all, µs.
const TICKS: [i64; 3] = [1_000_000, 1_000, 1];
/// Most places of decimals.
const PLACES_MAX: u8 = 6;
/// In place of a number of places: values are bits.
const BITS: u8 = 255;

/// Packs readings of the hour that begins at `hour`, in the order of the table.
pub(super) fn pack(hour: Timestamp, samples: &[Sample]) -> std::io::Result<Vec<u8>> {
    let mut columns = Vec::with_capacity(samples.len() * 8 + 16);
    put(&mut columns, samples.len() as u64);
    put_times(&mut columns, hour, samples);
    put_values(&mut columns, samples);
    put_qualities(&mut columns, samples);
    let compressed = zstd::bulk::compress(&columns, EFFORT)?;
    let (form, body) =
        if compressed.len() < columns.len() { (COMPRESSED, &compressed) } else { (PLAIN, &columns) };
    let mut packed = vec![form];
    packed.extend_from_slice(&(columns.len() as u32).to_le_bytes());
    packed.extend_from_slice(body);
    Ok(packed)
}

/// The readings of a pack.
///
/// # Errors
/// [`HistoryError::Damaged`] when it is none.
pub(super) fn unpack(hour: Timestamp, packed: &[u8]) -> Result<Vec<Sample>, HistoryError> {
    let damaged = || HistoryError::Damaged(format!("the packed readings of the hour from {hour}"));
    let columns = columns_of(packed).ok_or_else(damaged)?;
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

fn columns_of(packed: &[u8]) -> Option<Vec<u8>> {
    let (form, rest) = packed.split_first()?;
    let (len, body) = rest.split_first_chunk::<4>()?;
    let len = u32::from_le_bytes(*len) as usize;
    let columns = match *form {
        PLAIN => body.to_vec(),
        COMPRESSED if len <= COLUMNS_MAX => zstd::bulk::decompress(body, len).ok()?,
        _ => return None,
    };
    (columns.len() == len).then_some(columns)
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

/// The value as a whole number of 10^-places, if it is exactly that.
fn whole(value: f64, places: u8) -> Option<i64> {
    let scale = 10f64.powi(i32::from(places));
    let scaled = (value * scale).round();
    let exact = scaled.abs() < 9e15 && (scaled / scale).to_bits() == value.to_bits();
    exact.then_some(scaled as i64)
}

fn put_values(out: &mut Vec<u8>, samples: &[Sample]) {
    let fits = |places: &u8| {
        samples.iter().filter_map(|one| one.value.get()).all(|value| whole(value, *places).is_some())
    };
    let Some(places) = (0..=PLACES_MAX).find(fits) else {
        out.push(BITS);
        return put_bits(out, samples);
    };
    out.push(places);
    let mut before = 0;
    for sample in samples {
        match sample.value.get().and_then(|value| whole(value, places)) {
            None => put(out, 0),
            Some(number) => {
                put(out, zigzag(number - before) + 1);
                before = number;
            }
        }
    }
}

fn put_bits(out: &mut Vec<u8>, samples: &[Sample]) {
    let mut before = 0;
    let mut words = Vec::with_capacity(samples.len());
    for sample in samples {
        let bits = of_value(sample.value).to_bits();
        words.push((bits ^ before).to_be_bytes());
        before = bits;
    }
    for place in 0..8 {
        out.extend(words.iter().map(|word| word[place]));
    }
}

fn take_values(rest: &mut &[u8], count: usize) -> Option<Vec<Value>> {
    let (places, after) = rest.split_first()?;
    *rest = after;
    if *places == BITS {
        return take_bits(rest, count);
    }
    let scale = 10f64.powi(i32::from(Some(*places).filter(|places| *places <= PLACES_MAX)?));
    let mut before = 0i64;
    let value = |_| {
        let Some(step) = take(rest)?.checked_sub(1) else { return Some(Value::NONE) };
        before = before.checked_add(unzigzag(step))?;
        Some(Value::of(before as f64 / scale))
    };
    (0..count).map(value).collect()
}

fn take_bits(rest: &mut &[u8], count: usize) -> Option<Vec<Value>> {
    let (bytes, after) = rest.split_at_checked(count.checked_mul(8)?)?;
    *rest = after;
    let mut before = 0;
    let value = |number: usize| {
        let word: [u8; 8] = std::array::from_fn(|place| bytes[place * count + number]);
        before ^= u64::from_be_bytes(word);
        Value::from_bits(before)
    };
    Some((0..count).map(value).collect())
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

fn zigzag(number: i64) -> u64 {
    ((number << 1) ^ (number >> 63)) as u64
}

fn unzigzag(number: u64) -> i64 {
    (number >> 1) as i64 ^ -((number & 1) as i64)
}

fn put(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

fn take(rest: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for place in 0..10 {
        let (byte, after) = rest.split_first()?;
        *rest = after;
        number |= u64::from(byte & 0x7f).checked_shl(7 * place)?;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use davy_model::QualityReason;
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
