//! `cusum`.

use crate::support::{placed, rule};

fn cusum(more: &str) -> String {
    let body = format!(
        "cusum: {{target: 20, sigma: 1, over: 10m{more}, levels: [{{name: SHIFT, tier: yellow, above: 5, clear_below: 1}}]}}"
    );
    rule("sum", "T", &body)
}

#[test]
fn a_small_shift_that_lasts_adds_up() {
    // Each reading adds 1.5 − 0.5 = 1.
    placed(
        &cusum(""),
        "0 21.5\n10 21.5\n20 21.5\n30 21.5\n40 21.5
         50 21.5 -> sum:T raised yellow!
         60 19
         70 19
         80 19
         90 19 -> sum:T cleared yellow",
    );
}

#[test]
fn what_is_allowed_does_not_add_up_and_the_other_direction_is_asked_for() {
    placed(&cusum(""), &(0..40).map(|at| format!("{} 20.4", at * 10)).collect::<Vec<_>>().join("\n"));
    placed(&cusum(", direction: falling"), "0 18\n10 18\n20 18\n30 18 -> sum:T raised yellow!");
}

#[test]
fn what_lay_below_before_does_not_have_to_be_made_up_for() {
    placed(
        &cusum(""),
        "0 15\n10 15\n20 15\n30 15
         40 21.5\n50 21.5\n60 21.5\n70 21.5\n80 21.5
         90 21.5 -> sum:T raised yellow!",
    );
}
