//! The median of some numbers: to the bit what sorting them by [`f64::total_cmp`] gives, without sorting them.

/// Of so many numbers a sample is looked at first: of fewer it costs more than it saves.
const MANY: usize = 512;
const SAMPLE: usize = 64;
/// How many places off the middle of the sample the median lies at most, nearly always: two standard errors of a rank,
/// √64 / 2 each.
const AROUND: usize = 8;

/// A number as an integer that orders as [`f64::total_cmp`] does: integers are compared faster.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key(i64);

impl Key {
    pub(super) fn of(number: f64) -> Key {
        Key(turned(number.to_bits().cast_signed()))
    }

    pub(super) fn number(self) -> f64 {
        f64::from_bits(turned(self.0).cast_unsigned())
    }

    /// How far it is above another; of one below it, more than of any above.
    fn above(self, other: Key) -> u64 {
        self.0.wrapping_sub(other.0).cast_unsigned()
    }
}

/// Of a negative number all bits but the sign, the other way round; it undoes itself.
fn turned(bits: i64) -> i64 {
    bits ^ ((bits >> 63) & i64::MAX)
}

/// The median of some numbers, which it puts in another order; none of none.
pub(super) fn median(keys: &mut [Key]) -> Option<f64> {
    let (lower_at, upper_at) = (keys.len().checked_sub(1)? / 2, keys.len() / 2);
    let sampled = if keys.len() < MANY { None } else { by_sample(keys, lower_at, upper_at) };
    let (lower, upper) = sampled.unwrap_or_else(|| by_place(keys, upper_at));
    let upper = upper.number();
    Some(if lower_at == upper_at { upper } else { f64::midpoint(lower.number(), upper) })
}

/// The median distance of some numbers from one, which it puts in their place; none of none.
pub(super) fn median_distance(keys: &mut [Key], from: f64) -> Option<f64> {
    for key in &mut *keys {
        *key = Key::of((key.number() - from).abs());
    }
    median(keys)
}

/// What stands before a place and what stands there, once all are in order.
fn by_place(keys: &mut [Key], at: usize) -> (Key, Key) {
    let (before, upper, _) = keys.select_nth_unstable(at);
    (*before.iter().max().unwrap_or(upper), *upper)
}

/// What stands at two places that are one or neighbours, looked for only between two numbers of a sample; none where it does not lie there.
fn by_sample(keys: &[Key], lower_at: usize, upper_at: usize) -> Option<(Key, Key)> {
    let mut sample: [Key; SAMPLE] = std::array::from_fn(|at| keys[at * keys.len() / SAMPLE]);
    sample.sort_unstable();
    let (least, greatest) = (sample[SAMPLE / 2 - 1 - AROUND], sample[SAMPLE / 2 + AROUND]);
    let span = greatest.above(least);
    let mut between = vec![least; keys.len()];
    let (mut below, mut count) = (0, 0);
    // Each is written, and counted or not: a branch here would be guessed wrong too often.
    for &key in keys {
        between[count] = key;
        below += usize::from(key < least);
        count += usize::from(key.above(least) <= span);
    }
    if lower_at < below || upper_at >= below + count {
        return None;
    }
    if least == greatest {
        return Some((least, greatest));
    }
    Some(by_place(&mut between[..count], upper_at - below))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Key, median};

    /// What a median is.
    fn sorted(numbers: &[f64]) -> Option<u64> {
        let mut numbers = numbers.to_vec();
        numbers.sort_by(f64::total_cmp);
        let (len, half) = (numbers.len(), numbers.len() / 2);
        let number = match len % 2 {
            1 => numbers[half],
            _ => f64::midpoint(*numbers.get(half.checked_sub(1)?)?, numbers[half]),
        };
        Some(number.to_bits())
    }

    fn selected(numbers: &[f64]) -> Option<u64> {
        let mut keys: Vec<Key> = numbers.iter().copied().map(Key::of).collect();
        median(&mut keys).map(f64::to_bits)
    }

    /// Numbers as bits may be, as gauges give them, with both zeros, and in rows that a sample by stride may misread.
    fn numbers() -> impl Strategy<Value = Vec<f64>> {
        let any = any::<u64>()
            .prop_map(f64::from_bits)
            .prop_filter("a midpoint keeps no NaN's bits", |n| !n.is_nan());
        let coarse = (-3i32..4).prop_map(|steps| f64::from(steps) * 0.1);
        let zero = prop_oneof![Just(0.0), Just(-0.0)];
        let row = (1usize..3000, 1u32..70, -2.0..2.0f64).prop_map(|(len, period, drift)| {
            (0..len as u32).map(|at| f64::from(at % period) + drift * f64::from(at)).collect()
        });
        prop_oneof![
            prop::collection::vec(any, 0..1500),
            prop::collection::vec(coarse, 0..3000),
            prop::collection::vec(zero, 0..1500),
            prop::collection::vec(-1e3..1e3, 0..8000),
            row,
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn it_is_what_sorting_gives_to_the_bit(numbers in numbers()) {
            prop_assert_eq!(selected(&numbers), sorted(&numbers));
        }

        #[test]
        fn a_key_orders_as_its_number_and_gives_it_back(a: u64, b: u64) {
            let (a, b) = (f64::from_bits(a), f64::from_bits(b));
            prop_assert_eq!(Key::of(a).cmp(&Key::of(b)), a.total_cmp(&b));
            prop_assert_eq!(Key::of(a).number().to_bits(), a.to_bits());
        }
    }

    #[test]
    fn a_sample_that_misleads_changes_nothing() {
        // Of 64 × 64 numbers a sample sees each 64th.
        let seen = |at: usize| at.is_multiple_of(64);
        for (wild, len) in [(1e9, 4096), (-1e9, 4096), (1e9, 4097), (-1e9, 4097)] {
            let numbers: Vec<f64> = (0..len).map(|at| if seen(at) { wild } else { at as f64 }).collect();
            assert_eq!(selected(&numbers), sorted(&numbers), "{wild} at each 64th of {len}");
        }
    }
}
