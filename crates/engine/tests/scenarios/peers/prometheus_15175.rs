//! Prometheus #15175: at every restart a firing alert whose `for` is shorter than the grace period went back to pending,
//! and whoever was told had to wait it out again. Davy keeps what it knew: an alarm that stood stands, is not raised or
//! sounded anew, keeps who acknowledged it, and a delay under way goes on from where it was.

use crate::support::{limit, rule, story};

const H: &str = "{name: H, tier: orange, at_or_above: 80, clear_below: 75, on_delay: 300s}";

/// Readings of `T` at 85, one each ten seconds.
fn high(from: u32, to: u32) -> String {
    (from..=to).step_by(10).map(|second| format!("{second} 85\n")).collect()
}

#[test]
fn an_alarm_that_stood_is_never_pending_again() {
    let rises = high(0, 290);
    story(
        &limit(H),
        &format!(
            "{rises}
             300 85 -> raised orange!
             301 ack -> acknowledged orange
             302 snapshot
             400 restart
             401 85
             402 snapshot
             800 restart
             801 85
             802 70 -> cleared orange"
        ),
    );
}

#[test]
fn a_delay_under_way_goes_on_and_the_time_between_does_not_count() {
    let rises = high(0, 200);
    let rest = high(1010, 1090);
    story(
        &limit(H),
        &format!(
            "{rises} 200 snapshot\n 1000 restart\n 1000 85\n {rest} 1099.999 tick\n 1100 tick -> raised orange!"
        ),
    );
}

#[test]
fn what_is_calculated_stands_over_a_restart_too() {
    let rate = rule(
        "rate",
        "T",
        "rate_of_change: {over: 60s, levels: [{name: FAST, tier: yellow, at_or_above: 5 degC/min, clear_below: 1 degC/min}]}",
    );
    story(
        &rate,
        "0 20\n 10 21\n 20 22\n 30 23
         40 24 -> rate:T raised yellow!
         41 snapshot
         1000 restart
         1001 60\n 1011 60\n 1021 60\n 1031 60
         1041 60 -> rate:T cleared yellow",
    );
}
