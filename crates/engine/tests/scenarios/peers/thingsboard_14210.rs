//! ThingsBoard #14210: a cold room's alarm, to be raised after 90 minutes above 6 °C, was raised in a gap without data though
//! the last reading was 1.7 °C: its timer went on by itself. In Davy a delay runs only on evidence, so a reading back
//! below the limit ends it, and where none comes it stands still; the gap itself is told by the silence rule.

use crate::support::{limit, rule, story};

const WARM: &str = "{name: H, tier: orange, above: 6, clear_below: 5, on_delay: 90m}";

/// Readings of `T`, one each ten seconds.
fn held(value: f64, from: u32, to: u32) -> String {
    (from..=to).step_by(10).map(|second| format!("{second} {value}\n")).collect()
}

#[test]
fn a_gap_after_a_reading_below_the_limit_raises_nothing() {
    let warm = held(7.3, 0, 4000);
    story(&limit(WARM), &format!("{warm} 4010 1.7\n 5400 tick\n 9000 tick\n 9010 1.7"));
}

#[test]
fn a_gap_after_a_reading_past_the_limit_does_not_make_up_the_delay() {
    let stale = rule("quiet", "T", "stale: {after: 30s, tier: blue}");
    let (before, after) = (held(7.3, 0, 3000), held(7.3, 9010, 11_360));
    story(
        &format!("{}{stale}", limit(WARM)),
        &format!(
            "{before}
             3030 tick -> quiet:T raised blue!
             5400 tick
             9000 7.3 -> quiet:T cleared blue
             {after}
             11369.9 tick
             11370 tick -> raised orange!"
        ),
    );
}

#[test]
fn the_backlog_of_the_gap_decides_and_not_the_time_that_passed() {
    let before = held(7.3, 0, 3000);
    story(&limit(WARM), &format!("{before} 9000 1.7@3010\n 9001 1.7@6000\n 9002 7.3@9002\n 9010 tick"));
}
