//! Many candidates at once: every combination of values, and those of them that no other beats.

use super::Setting;

/// Combinations at most: each is judged over the whole log.
const GRID_MAX: usize = 1000;

/// One thing that is tried in several ways.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Axis {
    /// Which field of which rule: `h2s.L1.at_or_above`.
    pub path: String,
    /// What is tried.
    pub values: Vec<String>,
}

impl Axis {
    /// Reads `h2s.L1.at_or_above=8..16:2 ppm` (from, to and step, and the unit) or `h2s.L1.on_delay=0s,5s,10s`.
    ///
    /// # Errors
    /// What is wrong with it, and what would be right.
    pub fn parse(text: &str) -> Result<Axis, String> {
        let form = "expected RULE.FIELD=FROM..TO:STEP UNIT or RULE.FIELD=A,B,C";
        let (path, tried) = text.split_once('=').ok_or_else(|| format!("found {text:?}, {form}"))?;
        let values = match range(tried.trim()) {
            Some(values) => values?,
            None => tried.split(',').map(|value| value.trim().to_owned()).collect(),
        };
        if path.trim().is_empty() || values.is_empty() || values.iter().any(String::is_empty) {
            return Err(format!("found {text:?}, {form}"));
        }
        Ok(Axis { path: path.trim().to_owned(), values })
    }
}

/// `8..16:2 ppm`.
fn range(text: &str) -> Option<Result<Vec<String>, String>> {
    let (from, rest) = text.split_once("..")?;
    Some(stepped(from, rest).ok_or_else(|| {
        format!(
            "found {text:?}, expected FROM..TO:STEP UNIT, such as 8..16:2 ppm, with at most {GRID_MAX} steps"
        )
    }))
}

fn stepped(from: &str, rest: &str) -> Option<Vec<String>> {
    let (to, rest) = rest.split_once(':')?;
    let digits =
        rest.trim_start().find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.trim_start().len());
    let (step, unit) = rest.trim_start().split_at(digits);
    let read = |text: &str| text.trim().parse::<f64>().ok().filter(|value| value.is_finite());
    let (first, last, width) = (read(from)?, read(to)?, read(step)?);
    let count = ((last - first) / width + 1e-9).floor();
    if width <= 0.0 || count < 0.0 || count >= GRID_MAX as f64 {
        return None;
    }
    // As many decimals as were typed: 0.1 steps are not to become 0.30000000000000004.
    let decimals = [from, step]
        .iter()
        .map(|text| text.trim().split_once('.').map_or(0, |(_, part)| part.len()))
        .max()?;
    let gap = if unit.starts_with(' ') { " " } else { "" };
    let value = |place: usize| format!("{:.decimals$}{gap}{}", first + place as f64 * width, unit.trim());
    Some((0..=count as usize).map(value).collect())
}

/// Every combination of one value of each axis, in order.
///
/// # Errors
/// When there are more than 1,000.
pub fn grid(axes: &[Axis]) -> Result<Vec<Vec<Setting>>, String> {
    let count =
        axes.iter().map(|axis| axis.values.len()).try_fold(1_usize, |all, some| all.checked_mul(some));
    if count.is_none_or(|count| count > GRID_MAX) {
        return Err(format!("more than {GRID_MAX} combinations: try fewer values"));
    }
    let mut combinations: Vec<Vec<Setting>> = vec![Vec::new()];
    for axis in axes {
        let each = combinations.into_iter().flat_map(|before| {
            axis.values.iter().map(move |value| {
                let setting = Setting { path: axis.path.clone(), value: value.clone() };
                before.iter().cloned().chain([setting]).collect()
            })
        });
        combinations = each.collect();
    }
    Ok(combinations)
}

/// Which of the points no other beats: at least as good in every measure, and better in one. Less is better; what is not a
/// number is worst. Of points alike in everything, all stay.
pub fn front(points: &[Vec<f64>]) -> Vec<bool> {
    let cost = |value: f64| if value.is_nan() { f64::INFINITY } else { value };
    let beats = |a: &[f64], b: &[f64]| {
        let pairs = || a.iter().zip(b).map(|(a, b)| (cost(*a), cost(*b)));
        pairs().all(|(a, b)| a <= b) && pairs().any(|(a, b)| a < b)
    };
    points.iter().map(|point| !points.iter().any(|other| beats(other, point))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_tried_is_typed_as_a_range_or_a_list() {
        for (typed, values) in [
            ("h2s.L1.at_or_above=8..16:4 ppm", vec!["8 ppm", "12 ppm", "16 ppm"]),
            ("leak.above=0.1..0.3:0.1ppm", vec!["0.1ppm", "0.2ppm", "0.3ppm"]),
            ("h2s.L1.on_delay=0s, 5s,10s", vec!["0s", "5s", "10s"]),
            ("h2s.L1.tier=orange", vec!["orange"]),
        ] {
            assert_eq!(Axis::parse(typed).expect(typed).values, values, "{typed}");
        }
        for typed in
            ["h2s.L1.at_or_above", "=1", "a=", "a=1..9", "a=9..1:1", "a=1..9:0", "a=0..9:0.001 ppm", "a=1,,2"]
        {
            Axis::parse(typed).expect_err(typed);
        }
    }

    #[test]
    fn a_grid_has_every_combination() {
        let axes = ["a.x=1,2", "a.y=3,4,5"].map(|text| Axis::parse(text).expect(text));
        let grid = grid(&axes).expect("six are few");
        assert_eq!(grid.len(), 6);
        let told: Vec<String> =
            grid[5].iter().map(|setting| format!("{}={}", setting.path, setting.value)).collect();
        assert_eq!(told, ["a.x=2", "a.y=5"]);
        let many = Axis::parse("a.x=0..999:1").expect("a thousand");
        super::grid(&[many.clone(), many]).expect_err("a million");
    }

    #[test]
    fn the_front_is_what_no_other_beats() {
        let points = [
            vec![1.0, 9.0],
            vec![2.0, 2.0],
            vec![3.0, 2.0],
            vec![9.0, 1.0],
            vec![0.5, f64::NAN],
            vec![2.0, 2.0],
        ];
        assert_eq!(front(&points), [true, true, false, true, true, true]);
    }
}
