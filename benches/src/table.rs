//! Medians, and lines that line up.

/// The median; NaN of nothing.
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    match values.len() {
        0 => f64::NAN,
        len if len % 2 == 1 => values[len / 2],
        len => f64::midpoint(values[len / 2 - 1], values[len / 2]),
    }
}

/// One measured line with its budget.
pub fn line(what: &str, measured: &str, budget: &str) {
    println!("  {what:<58} {measured:>28}   {budget}");
}
