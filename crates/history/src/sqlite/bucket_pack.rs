//! A day of one series' buckets as bytes: columns of small numbers, compressed where that helps.
//!
//! How many buckets; where they begin, as steps of their width from the beginning of the day; how many readings each has, how many
//! of them are no evidence, and how many of the evidence are not plainly good; then least, greatest, first, last and sum.

use std::time::Duration;

use davy_model::{Timestamp, Value};

use super::columns::{self, put, put_values, take, take_values};
use crate::{Bucket, HistoryError, Values};

/// Most buckets of a day.
const BUCKETS_MAX: usize = 1440;
/// Most bytes of its columns: each bucket takes at most 40 for its numbers and 13 for each of its values.
const COLUMNS_MAX: usize = BUCKETS_MAX * 105 + 64;

/// Packs buckets of the day that begins at `day`, in order; nothing where they cannot be packed as they are.
pub(super) fn pack(day: Timestamp, width: Duration, buckets: &[Bucket]) -> std::io::Result<Option<Vec<u8>>> {
    let is_whole = |bucket: &Bucket| {
        let values = bucket.values.is_none_or(|values| parts(&values).iter().all(|value| value.is_finite()));
        values
            && bucket.values.is_some() == (bucket.valued > 0)
            && bucket.good <= bucket.readings
            && bucket.valued <= bucket.readings
            && bucket.start >= day
    };
    if buckets.len() > BUCKETS_MAX || !buckets.iter().all(is_whole) {
        return Ok(None);
    }
    let mut columns = Vec::with_capacity(buckets.len() * 16 + 16);
    put(&mut columns, buckets.len() as u64);
    let mut before = 0;
    for bucket in buckets {
        let place = place_of(bucket.start, day, width);
        put(&mut columns, place - before);
        before = place;
    }
    buckets.iter().for_each(|bucket| put(&mut columns, bucket.readings));
    buckets.iter().for_each(|bucket| put(&mut columns, bucket.readings - bucket.valued));
    buckets.iter().for_each(|bucket| put(&mut columns, bucket.readings - bucket.good));
    for part in 0..5 {
        let column = buckets
            .iter()
            .map(|bucket| bucket.values.map_or(Value::NONE, |values| Value::of(parts(&values)[part])));
        put_values(&mut columns, &column.collect::<Vec<_>>());
    }
    columns::close(&columns).map(Some)
}

/// The buckets of a pack.
///
/// # Errors
/// [`HistoryError::Damaged`] when it is none.
pub(super) fn unpack(day: Timestamp, width: Duration, packed: &[u8]) -> Result<Vec<Bucket>, HistoryError> {
    let damaged = || HistoryError::Damaged(format!("the packed buckets of the day from {day}"));
    let columns = columns::open(packed, COLUMNS_MAX).ok_or_else(damaged)?;
    let mut rest = columns.as_slice();
    let buckets = read(&mut rest, day, width).ok_or_else(damaged)?;
    if rest.is_empty() { Ok(buckets) } else { Err(damaged()) }
}

fn read(rest: &mut &[u8], day: Timestamp, width: Duration) -> Option<Vec<Bucket>> {
    let count = usize::try_from(take(rest)?).ok().filter(|count| *count <= BUCKETS_MAX)?;
    let mut place = 0_u64;
    let mut starts = Vec::with_capacity(count);
    for _ in 0..count {
        place = place.checked_add(take(rest)?).filter(|place| *place < BUCKETS_MAX as u64)?;
        starts.push(day.plus(width * u32::try_from(place).ok()?));
    }
    let mut numbers = [const { Vec::new() }; 3];
    for column in &mut numbers {
        for _ in 0..count {
            column.push(take(rest)?);
        }
    }
    let mut values = Vec::with_capacity(5);
    for _ in 0..5 {
        values.push(take_values(rest, count)?);
    }
    let [readings, no_evidence, not_good] = &numbers;
    let bucket = |number: usize| {
        let parts: Option<Vec<f64>> = values.iter().map(|column| column[number].get()).collect();
        let readings = readings[number];
        Some(Bucket {
            start: starts[number],
            values: parts.map(|parts| Values {
                min: parts[0],
                max: parts[1],
                first: parts[2],
                last: parts[3],
                sum: parts[4],
            }),
            readings,
            valued: readings.checked_sub(no_evidence[number])?,
            good: readings.checked_sub(not_good[number])?,
        })
    };
    (0..count).map(bucket).collect()
}

fn parts(values: &Values) -> [f64; 5] {
    [values.min, values.max, values.first, values.last, values.sum]
}

fn place_of(start: Timestamp, day: Timestamp, width: Duration) -> u64 {
    u64::try_from(start.since(day).as_micros() / width.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::Level;

    const DAY: Timestamp = Timestamp::from_micros(1_795_392_000_000_000);

    fn values() -> impl Strategy<Value = Option<Values>> {
        let number = prop_oneof![
            (-99_999i64..99_999, 0u32..4)
                .prop_map(|(whole, places)| whole as f64 / f64::from(10u32.pow(places))),
            (-99_999i64..99_999).prop_map(|whole| (0..7).map(|_| whole as f64 / 10.0).sum::<f64>()),
            any::<f64>().prop_filter("finite", |number| number.is_finite()).prop_map(|number| number + 0.0),
        ];
        let all = prop::array::uniform5(number);
        prop::option::of(all.prop_map(|[min, max, sum, first, last]| Values { min, max, sum, first, last }))
    }

    fn buckets() -> impl Strategy<Value = Vec<Bucket>> {
        prop::collection::btree_map(0u32..1440, (values(), 1u64..100_000, 0u64..1000, 0u64..1000), 0..80)
            .prop_map(|all| {
                let bucket =
                    |(place, (values, valued, more, good)): (u32, (Option<Values>, u64, u64, u64))| {
                        let valued = if values.is_some() { valued } else { 0 };
                        let readings = valued + more.max(1);
                        Bucket {
                            start: DAY.plus(Duration::from_secs(60) * place),
                            values,
                            readings,
                            valued,
                            good: good.min(readings),
                        }
                    };
                all.into_iter().map(bucket).collect()
            })
    }

    proptest! {
        #[test]
        fn what_is_unpacked_is_what_was_packed(buckets in buckets()) {
            let packed = pack(DAY, Level::Minute.width(), &buckets).expect("packed").expect("they can be packed");
            prop_assert_eq!(unpack(DAY, Level::Minute.width(), &packed).expect("a pack"), buckets);
        }

        #[test]
        fn a_pack_that_was_changed_does_not_stop_anybody(buckets in buckets(), at in any::<prop::sample::Index>(), bit in 0u8..8) {
            let mut packed = pack(DAY, Level::Minute.width(), &buckets).expect("packed").expect("they can be packed");
            let at = at.index(packed.len());
            packed[at] ^= 1 << bit;
            let _ = unpack(DAY, Level::Minute.width(), &packed);
            for len in 0..packed.len() {
                let _ = unpack(DAY, Level::Minute.width(), &packed[..len]);
            }
        }
    }

    #[test]
    fn what_is_no_number_is_not_packed() {
        let values = Values { min: 0.0, max: 1e308, sum: f64::INFINITY, first: 1.0, last: 1.0 };
        let bucket = Bucket { start: DAY, values: Some(values), readings: 2, valued: 2, good: 2 };
        assert_eq!(pack(DAY, Level::Minute.width(), &[bucket]).expect("no trouble"), None);
    }
}
