//! Did you mean ...?

/// Texts longer than this are not compared: nobody mistypes so long a name by a letter or two.
const LENGTH_MAX: usize = 48;
/// Names looked at for one suggestion.
const NAMES_MAX: usize = 20_000;

/// The name nearest to `text`, when it is near enough to be a slip of the finger.
pub fn nearest<'a>(text: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let typed: Vec<char> = text.chars().map(fold).collect();
    if typed.is_empty() || typed.len() > LENGTH_MAX {
        return None;
    }
    let most = (typed.len() / 3).clamp(1, 3);
    let near = names.into_iter().take(NAMES_MAX).filter_map(|name| {
        let known: Vec<char> = name.chars().take(LENGTH_MAX + 1).map(fold).collect();
        let fits = known.len() <= LENGTH_MAX && known.len().abs_diff(typed.len()) <= most;
        let distance = if fits { distance(&typed, &known) } else { usize::MAX };
        (distance <= most).then_some((distance, name))
    });
    near.min_by_key(|(distance, _)| *distance).map(|(_, name)| name)
}

/// `-`, `_` and blanks are mistaken for each other, and so are capitals.
fn fold(c: char) -> char {
    match c {
        '_' | ' ' => '-',
        other => other.to_ascii_lowercase(),
    }
}

/// Insertions, deletions, replacements and swaps of neighbours between two texts.
fn distance(a: &[char], b: &[char]) -> usize {
    let width = b.len() + 1;
    let mut rows = vec![(0..width).collect::<Vec<usize>>()];
    for i in 1..=a.len() {
        let mut row = vec![i; width];
        for j in 1..width {
            let same = usize::from(a[i - 1] != b[j - 1]);
            row[j] = (rows[i - 1][j] + 1).min(row[j - 1] + 1).min(rows[i - 1][j - 1] + same);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                row[j] = row[j].min(rows[i - 2][j - 2] + 1);
            }
        }
        rows.push(row);
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn a_slip_of_the_finger_is_recognised_and_another_word_is_not() {
        let names = ["tank-farm", "loading-bay", "gw-1", "ppm"];
        for (typed, want) in [
            ("tank-fram", Some("tank-farm")),
            ("Tank_Farm", Some("tank-farm")),
            ("gw-2", Some("gw-1")),
            ("ppmm", Some("ppm")),
            ("boiler", None),
            ("", None),
        ] {
            assert_eq!(nearest(typed, names), want, "{typed}");
        }
        assert_eq!(nearest(&"x".repeat(100_000), names), None);
    }
}
