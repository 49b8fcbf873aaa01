//! A desk that is flooded.

use super::{at_site, gas, with_next};
use crate::support::tell;

const FLOOD: &str = "annunciation: {flood: {starts: 2, ends: 2, within: 60s, quiet_below: red}}\n";

#[test]
fn a_flood_is_told_and_quiets_what_is_less_grave_until_it_is_over() {
    at_site(
        FLOOD,
        &gas(),
        "0 G1=1.5 -> gas:G1 raised yellow!
         1 G2=1.5 -> gas:G2 raised yellow!
         2 G3=1.5 -> gas:G3 raised yellow!; davy-flood:park raised yellow!
         3 G4=1.5 -> gas:G4 raised yellow
         4 G3=3 -> gas:G3 tier_raised red!
         10 ack gas:G1 Wu -> gas:G1 acknowledged yellow
         62 tick
         64 tick -> davy-flood:park cleared yellow @63; gas:G4 sounded yellow! @63",
    );
}

#[test]
fn what_was_quiet_and_is_over_or_seen_does_not_sound_any_more() {
    at_site(
        FLOOD,
        &gas(),
        "0 G1=1.5 -> gas:G1 raised yellow!
         1 G2=1.5 -> gas:G2 raised yellow!
         2 G3=1.5 -> gas:G3 raised yellow!; davy-flood:park raised yellow!
         3 G4=1.5 -> gas:G4 raised yellow
         5 ack gas:G4 Wu -> gas:G4 acknowledged yellow
         6 snapshot
         64 tick -> davy-flood:park cleared yellow @62",
    );
}

#[test]
fn each_desk_has_floods_of_its_own() {
    let desks = "desks: [{id: left, areas: [west]}, {id: right}]\n";
    at_site(
        &format!("{FLOOD}{desks}"),
        &gas(),
        "0 G1=1.5 -> gas:G1 raised yellow!
         1 G2=1.5 -> gas:G2 raised yellow!
         2 G4=1.5 -> gas:G4 raised yellow!
         3 G3=1.5 -> gas:G3 raised yellow!; davy-flood:left raised yellow!",
    );
}

#[test]
fn what_a_flood_quieted_sounds_when_under_other_files_its_desk_is_not_flooded() {
    let parted = format!("{FLOOD}desks: [{{id: left, areas: [west]}}, {{id: right}}]\n");
    let renamed = parted.replace("left", "port").replace("areas: [west]", "areas: [west, east]");
    let whole = renamed.replace("port", "left");
    for (before, next, told) in [
        (FLOOD, FLOOD, ""),
        (FLOOD, "", "davy-flood:park withdrawn yellow; gas:G4 sounded yellow!"),
        (FLOOD, &parted, "gas:G4 sounded yellow!"),
        (&whole, &parted, "gas:G4 sounded yellow!"),
        (&whole, &renamed, "davy-flood:left withdrawn yellow; gas:G4 sounded yellow!"),
    ] {
        let desk = if before == FLOOD { "park" } else { "left" };
        let flooded = "0 G1=1.5 -> gas:G1 raised yellow!
             1 G2=1.5 -> gas:G2 raised yellow!
             2 G3=1.5 -> gas:G3 raised yellow!; davy-flood:DESK raised yellow!
             3 G4=1.5 -> gas:G4 raised yellow\n 4 activate next -> "
            .replace("DESK", desk);
        tell(with_next(before, next, &gas()), &format!("{flooded}{told}"));
    }
}

#[test]
fn without_a_policy_everything_sounds() {
    at_site(
        "",
        &gas(),
        "0 G1=1.5 -> gas:G1 raised yellow!\n1 G2=1.5 -> gas:G2 raised yellow!\n2 G3=1.5 -> gas:G3 raised yellow!",
    );
}
