//! `deviation` from a limit that moves: another tag's value, a table by mode, a table by the time of day.

use crate::support::{PLACED, World, placed, plan_of, rule, tell};

const H: &str = "signed: true, levels: [{name: PAST, tier: yellow, at_or_above: 0, deadband: 0.5}]";

fn from(reference: &str) -> String {
    rule("dev", "G1", &format!("deviation: {{from: {{{reference}}}, {H}}}"))
}

#[test]
fn a_limit_comes_from_another_tag() {
    placed(
        &from("tag: G2"),
        "0 G2=5
         1 G1=4.9
         2 G1=5 -> dev:G1 raised yellow!
         3 G2=6 -> dev:G1 cleared yellow
         4 G2=4 -> dev:G1 raised yellow!",
    );
}

#[test]
fn without_that_tag_the_limit_is_what_the_file_says() {
    placed(
        &from("tag: G2, otherwise: 3 %vol"),
        "0 G1=2.9
         1 G1=3.1 -> dev:G1 raised yellow!
         2 G2=5 -> dev:G1 cleared yellow
         3 G2=0! -> dev:G1 raised yellow!
         4 G2=5 -> dev:G1 cleared yellow
         25 G1=3.1
         35 tick -> dev:G1 raised yellow! @34.000001",
    );
}

/// What stands in for a limit that is not known raises, and proves nothing: no alarm clears by the loss of its limit.
#[test]
fn losing_that_tag_clears_nothing() {
    placed(
        &from("tag: G2, otherwise: 5 %vol"),
        "0 G2=3
         1 G1=4 -> dev:G1 raised yellow!
         2 G2=3!
         3 G1=4
         4 G1=2
         5 G2=3 -> dev:G1 cleared yellow",
    );
}

/// Levels on both sides have no strictest limit, so nothing is proved until the mode is known.
#[test]
fn losing_the_mode_clears_nothing_where_none_of_its_limits_is_the_strictest() {
    let both =
        "{name: PAST, tier: yellow, at_or_above: 0, deadband: 0.5}, {name: FAR, tier: yellow, below: -3}";
    let mode = "from: {mode: T, values: [{is: 1, limit: 3 %vol}], otherwise: 5 %vol}";
    placed(
        &rule("dev", "G1", &format!("deviation: {{{mode}, signed: true, levels: [{both}]}}")),
        "0 T=1
         1 G1=4 -> dev:G1 raised yellow!
         2 T=1!
         3 G1=4
         4 T=7 -> dev:G1 cleared yellow",
    );
}

/// Whoever writes the other tag moves the limit within what the file allows.
#[test]
fn another_tag_moves_the_limit_within_bounds() {
    placed(
        &from("tag: G2, not_below: 2 %vol, not_above: 4 %vol"),
        "0 G2=90
         1 G1=3.9
         2 G1=4.1 -> dev:G1 raised yellow!
         3 G1=1.9 -> dev:G1 cleared yellow
         4 G2=0
         5 G1=2.1 -> dev:G1 raised yellow!",
    );
}

#[test]
fn the_limit_is_that_of_the_mode() {
    placed(
        &from("mode: T, values: [{is: 1, limit: 8 %vol}, {is: 2, limit: 3 %vol}], otherwise: 5 %vol"),
        "0 T=1
         1 G1=6
         2 T=2 -> dev:G1 raised yellow!
         3 T=1 -> dev:G1 cleared yellow
         4 T=7 -> dev:G1 raised yellow!
         5 G1=4 -> dev:G1 cleared yellow",
    );
}

/// A mode that is doubtful may raise, and proves nothing.
#[test]
fn a_doubtful_mode_clears_nothing() {
    placed(
        &from("mode: T, values: [{is: 1, limit: 8 %vol}, {is: 2, limit: 3 %vol}], otherwise: 5 %vol"),
        "0 T=2
         1 G1=6 -> dev:G1 raised yellow!
         2 T=1^
         3 T=1 -> dev:G1 cleared yellow",
    );
}

/// Never a false silence: nobody knows the mode, so the strictest limit holds.
#[test]
fn a_mode_that_is_not_known_is_the_strictest() {
    let strict = "mode: T, values: [{is: 1, limit: 8 %vol}, {is: 2, limit: 3 %vol}], otherwise: 5 %vol";
    placed(&from(strict), "0 G1=2.9\n1 G1=3.5 -> dev:G1 raised yellow!");
    placed(
        &from(strict),
        "0 T=1
         1 G1=3.5
         2 T=1! -> dev:G1 raised yellow!
         3 T=1 -> dev:G1 cleared yellow",
    );
}

#[test]
fn the_limit_is_another_by_night() {
    let night =
        "hours: [{from: '16:01', until: '16:02', limit: 3 %vol}], utc_offset: '+08:00', otherwise: 5 %vol";
    placed(
        &from(night),
        "50 G1=4
         60 G1=4 -> dev:G1 raised yellow!
         110 G1=4
         119 G1=4
         120 G1=4 -> dev:G1 cleared yellow",
    );
}

/// The hour comes though nothing else does: at its moment, while the value holds, and not a moment later.
#[test]
fn the_hour_comes_between_two_readings() {
    let night =
        "hours: [{from: '16:01', until: '16:02', limit: 3 %vol}], utc_offset: '+08:00', otherwise: 5 %vol";
    placed(&from(night), "50 G1=4\n59.9 tick\n61 tick -> dev:G1 raised yellow! @60");
    // What has ended before is not judged by it.
    placed(&from(night), "20 G1=4\n61 tick");
}

/// Over midnight, and over a restart in between.
#[test]
fn a_night_goes_over_midnight_and_a_restart() {
    let night = "hours: [{from: '23:59', until: '08:01', limit: 3 %vol}], utc_offset: 'Z', otherwise: 5 %vol";
    let rules = from(night);
    let world = tell(World::new(plan_of(PLACED, &rules)), "0 G1=4 -> dev:G1 raised yellow!");
    tell(world, "50 G1=4\n55 restart\n59 G1=4\n60 G1=4 -> dev:G1 cleared yellow");
}
