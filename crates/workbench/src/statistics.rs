//! What may be said of a few numbers.

/// The value below which a share of the values lies, interpolated between the two about it; `None` of no values.
///
/// `share` is within 0 and 1. The values need no order.
pub fn percentile(values: &[f64], share: f64) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let place = share * sorted.len().checked_sub(1)? as f64;
    let (below, above) = (sorted[place.floor() as usize], sorted[place.ceil() as usize]);
    Some(below + (above - below) * place.fract())
}

/// Between which numbers the true mean of a count lies, 19 times of 20, if what is counted comes at random: Byar's
/// approximation to the exact Poisson limits, good to 1 % from one event on.
pub fn poisson_interval(count: u64) -> (f64, f64) {
    let cubed = |n: f64, sign: f64| n * (1.0 - 1.0 / (9.0 * n) + sign * Z / (3.0 * n.sqrt())).powi(3);
    let low = if count == 0 { 0.0 } else { cubed(count as f64, -1.0).max(0.0) };
    (low, cubed(count as f64 + 1.0, 1.0))
}

/// Between which shares the true share lies, 19 times of 20, when `hits` of `of` were found: Wilson's score interval. All
/// of nothing may be anything.
pub fn share_interval(hits: u64, of: u64) -> (f64, f64) {
    if of == 0 {
        return (0.0, 1.0);
    }
    let (n, p) = (of as f64, hits as f64 / of as f64);
    let middle = p + Z * Z / (2.0 * n);
    let half = Z * (p * (1.0 - p) / n + Z * Z / (4.0 * n * n)).sqrt();
    let whole = 1.0 + Z * Z / n;
    (((middle - half) / whole).max(0.0), ((middle + half) / whole).min(1.0))
}

/// Between which shares of the count before its change lies, 19 times of 20, when `gained` came and `lost` went, each at
/// random; `None` when there was nothing before.
pub fn change_interval(before: u64, gained: u64, lost: u64) -> Option<(f64, f64)> {
    let base = (before > 0).then_some(before as f64)?;
    let change = gained as f64 - lost as f64;
    let half = Z * ((gained + lost) as f64).sqrt();
    Some((((change - half) / base).max(-1.0), (change + half) / base))
}

/// Half the width of the middle 95 % of a normal distribution, in its standard deviations.
const Z: f64 = 1.959_963_984_540_054;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_lie_between_the_values_about_them() {
        let values = [30.0, 10.0, 20.0, 40.0];
        for (share, expected) in [(0.0, 10.0), (0.5, 25.0), (0.95, 38.5), (1.0, 40.0)] {
            let found = percentile(&values, share).expect("there are values");
            assert!((found - expected).abs() < 1e-9, "{share}: {found}");
        }
        assert_eq!(percentile(&[], 0.5), None);
    }

    /// The exact limits are those of tables of the Poisson distribution (95 %, two sides).
    #[test]
    fn intervals_of_counts_are_near_the_exact_ones() {
        for (count, low, high) in
            [(0, 0.0, 3.689), (1, 0.025, 5.572), (4, 1.090, 10.242), (10, 4.795, 18.390), (54, 40.57, 70.46)]
        {
            let found = poisson_interval(count);
            assert!((found.0 - low).abs() < 0.03 && (found.1 - high).abs() < 0.06, "{count}: {found:?}");
        }
    }

    #[test]
    fn intervals_of_shares_are_wilsons() {
        let (low, high) = share_interval(15, 17);
        assert!((low - 0.657).abs() < 0.001 && (high - 0.967).abs() < 0.001, "{low} {high}");
        assert_eq!(share_interval(0, 0), (0.0, 1.0));
    }

    #[test]
    fn a_change_is_told_with_what_chance_may_have_done() {
        let (low, high) = change_interval(412, 0, 261).expect("there was something before");
        assert!((low + 0.710).abs() < 0.001 && (high + 0.557).abs() < 0.001, "{low} {high}");
        assert_eq!(change_interval(0, 3, 0), None);
        assert_eq!(change_interval(5, 0, 0), Some((0.0, 0.0)));
    }
}
