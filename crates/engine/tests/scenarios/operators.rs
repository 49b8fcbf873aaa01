//! What operators and plant logic may do, and what they may not.

use crate::support::{limit, rule, story};

const H: &str = "{name: H, tier: yellow, at_or_above: 80, clear_below: 75}";
const RED: &str = "{name: H, tier: red, at_or_above: 80, clear_below: 75}";

#[test]
fn a_shelved_alarm_is_judged_as_ever_and_sounds_again_when_its_time_is_over() {
    story(
        &limit(H),
        "0 85         -> raised yellow!
         1 shelve 10 -> shelved yellow
         2 shelve 10 -> refused ALREADY_SHELVED
         3 70        -> cleared yellow
         4 85        -> raised yellow
         11 tick     -> shelve_expired yellow!
         12 unshelve -> refused NOT_SHELVED",
    );
}

#[test]
fn a_one_shot_shelving_ends_when_the_condition_does() {
    story(
        &limit(H),
        "0 85              -> raised yellow!
         1 shelve-once 60 -> shelved yellow
         2 70             -> cleared yellow
         3 85             -> raised yellow!
         61 tick",
    );
}

#[test]
fn unshelving_an_active_alarm_sounds() {
    story(
        &limit(H),
        "0 shelve 10 -> shelved yellow\n 1 85 -> raised yellow\n 2 unshelve -> unshelved yellow!\n 10 tick",
    );
}

#[test]
fn shelving_is_bounded_and_says_why() {
    story(
        &limit(H),
        "0 shelve 0     -> refused SHELVE_DURATION
         1 shelve 3601 -> refused SHELVE_DURATION
         2 shelve 60 silently -> refused COMMENT_MISSING
         3 shelve 3600 -> shelved yellow
         3603 tick     -> shelve_expired yellow",
    );
}

#[test]
fn quieting_a_red_alarm_in_any_way_takes_two_people() {
    for verb in ["shelve 60", "shelve-once 60", "out", "suppress"] {
        for people in ["Wu", "Wu+Wu"] {
            story(&limit(RED), &format!("0 {verb} {people} -> refused SECOND_PERSON_NEEDED"));
        }
    }
    story(
        &limit(RED),
        "0 shelve 60 Wu+Li -> shelved red\n 1 out Wu+Li -> out_of_service red\n 2 suppress Wu+Li -> suppressed red",
    );
}

#[test]
fn out_of_service_and_back() {
    story(
        &limit(H),
        "0 out   -> out_of_service yellow
         1 out  -> refused ALREADY_OUT_OF_SERVICE
         2 85   -> raised yellow
         3 in   -> in_service yellow!
         4 in   -> refused NOT_OUT_OF_SERVICE",
    );
}

#[test]
fn nobody_acknowledges_what_is_not_there() {
    story(
        &limit(H),
        "0 ack         -> refused NOTHING_TO_ACKNOWLEDGE
         1 ack lim:U  -> refused ALARM_UNKNOWN
         2 ack nix:T  -> refused ALARM_UNKNOWN
         3 reset      -> refused NOT_LATCHED",
    );
}

fn with_mode(level: &str) -> String {
    rule("lim", "T", &format!("limit: [{level}]\n    suppressed_while: {{tag: M, at_or_above: 1}}"))
}

#[test]
fn plant_logic_quiets_a_rule_and_lets_it_sound_again() {
    story(
        &with_mode(H),
        "0 M=1     -> suppressed yellow
         1 85     -> raised yellow
         2 M=0.9  -> unsuppressed yellow!
         3 M=1    -> suppressed yellow
         4 70     -> cleared yellow
         5 M=0    -> unsuppressed yellow",
    );
}

#[test]
fn a_bad_or_doubtful_mode_quiets_nothing() {
    story(
        &with_mode(H),
        "0 M=1!
         1 M=1?
         2 85     -> raised yellow!
         3 M=1    -> suppressed yellow
         4 M=1!   -> unsuppressed yellow!
         5 M=1    -> suppressed yellow
         6 M=1?   -> unsuppressed yellow!",
    );
}

#[test]
fn what_a_backlog_lets_out_of_quiet_sounds_when_it_is_through() {
    for mode in ["M=0", "M=1!", "M=1?"] {
        let out = format!(
            "0 M=1  -> suppressed yellow
             1 85   -> raised yellow
             2 history {mode}@1.5 -> unsuppressed yellow late @1.5\n"
        );
        for then in [
            "2.5 snapshot\n 4 tick -> sounded yellow! @3",
            "2.5 85 -> sounded yellow!\n 4 tick",
            "2.5 history 85@2 -> \n 3.2 tick\n 4 tick -> sounded yellow! @3.5",
            "2.5 history 70@2 -> cleared yellow late @2\n 4 tick",
            "2.5 ack -> acknowledged yellow\n 4 tick",
        ] {
            story(&with_mode(H), &format!("{out}{then}"));
        }
    }
    // Quiet again before anybody heard of it.
    story(
        &with_mode(H),
        "0 M=1  -> suppressed yellow
         1 85   -> raised yellow
         2 history M=0@1.5 M=1@1.7 -> unsuppressed yellow late @1.5; suppressed yellow late @1.7
         4 tick
         5 M=0  -> unsuppressed yellow!",
    );
}

#[test]
fn a_silent_mode_quiets_nothing() {
    story(
        &with_mode(H),
        "0 M=1    -> suppressed yellow
         1 85    -> raised yellow
         29 85
         30 tick -> unsuppressed yellow!",
    );
    story(
        &with_mode(H),
        "0 M=1 -> suppressed yellow\n 1 85 -> raised yellow\n 2 lost gw1 -> unsuppressed yellow!",
    );
}

#[test]
fn plant_logic_lets_go_only_of_what_it_took() {
    story(
        &with_mode(H),
        "0 suppress Wu -> suppressed yellow
         1 M=1
         2 M=0
         3 85         -> raised yellow
         4 unsuppress -> unsuppressed yellow!
         5 unsuppress -> refused NOT_SUPPRESSED",
    );
}
