//! Alpha: how much graver a source is by the people near it.

use super::{Sourced, figures::of_standard};
use crate::Confidence;

/// From so many people on, alpha. GB 18218-2018, table 5.
const STEPS: [(u32, f64, &str); 5] = [
    (100, 2.0, "100 people or more"),
    (50, 1.5, "50 to 99 people"),
    (30, 1.2, "30 to 49 people"),
    (1, 1.0, "1 to 29 people"),
    (0, 0.5, "nobody"),
];

/// Alpha for so many people within 500 m outside the boundary.
pub(super) fn alpha(people: u32) -> Sourced {
    let step = STEPS.iter().find(|(from, ..)| people >= *from);
    let (_, alpha, who) = step.expect("the last step begins at nobody");
    of_standard(*alpha, format!("table 5, {who}"), Confidence::Verified)
}

#[cfg(test)]
mod tests {
    use super::alpha;

    #[test]
    fn alpha_steps_up_with_the_people_exposed() {
        for (people, want) in [
            (0, 0.5),
            (1, 1.0),
            (29, 1.0),
            (30, 1.2),
            (49, 1.2),
            (50, 1.5),
            (99, 1.5),
            (100, 2.0),
            (u32::MAX, 2.0),
        ] {
            assert_eq!(alpha(people).value, want, "{people} people");
        }
    }
}
