//! `corroborate`.

use davy_engine::{Part, derive};

use crate::support::{World, condition, placed, plan_of, rule, tell};

fn rules(of: &str) -> String {
    of.to_owned()
        + &rule("both", "G1", "corroborate: {of: whiff, group_by: area, at_least: 2, within: 60s, tier: red}")
}

fn whiff() -> String {
    condition("whiff", "G1, G2, G3, G4", "limit: [{name: W, tier: blue, above: 0.3, clear_below: 0.2}]")
}

#[test]
fn two_devices_of_an_area_within_a_minute_say_what_one_alone_does_not() {
    let world = placed(
        &rules(&whiff()),
        "0 G1=0.5
         30 G1=0.5
         50 G2=0.5 -> both:west raised red!
         60 G1=0.1 -> both:west cleared red",
    );
    assert_eq!(
        world.told.iter().map(|told| told.sequence).collect::<Vec<_>>(),
        [1, 2],
        "a condition is no transition"
    );
    assert_eq!(world.told[0].evidence.alarms.len(), 2);
}

#[test]
fn too_far_apart_in_time_or_place_they_are_two_stories() {
    placed(&rules(&whiff()), "0 G1=0.5\n20 G1=0.5\n40 G1=0.5\n61 G2=0.5");
    placed(&rules(&whiff()), "0 G1=0.5\n10 G4=0.5");
}

#[test]
fn two_tags_of_one_device_are_one_witness() {
    placed(
        &rules(&whiff()).replace("group_by: area", "group_by: site"),
        "0 G3=0.5
         1 G4=0.5
         2 G1=0.5 -> both:park raised red!",
    );
}

#[test]
fn a_condition_cannot_be_acknowledged_for_it_is_no_alarm() {
    placed(
        &rules(&whiff()),
        "0 G1=0.5
         1 ack whiff:G1 Wu -> refused ALARM_UNKNOWN",
    );
}

#[test]
fn a_minute_is_within_a_minute() {
    placed(&rules(&whiff()), "0 G1=0.5\n20 G1=0.5\n40 G1=0.5\n60 G2=0.5 -> both:west raised red!");
}

/// Three detectors in a line, 100 m from each other from west to east, one 100 m north of the first, and a mast.
const YARD: &str = "tag,title,quantity,unit,interval,silence_limit,reporting,edge_node,area,x,y
G1,gas,gas.ch4,%vol,10s,300s,periodic,gw1,west,0,0
G2,gas,gas.ch4,%vol,10s,300s,periodic,gw1,west,100,0
G3,gas,gas.ch4,%vol,10s,300s,periodic,gw1,west,200,0
N,gas,gas.ch4,%vol,10s,300s,periodic,gw1,west,0,100
W/dir,direction,number.degrees,1,10s,300s,periodic,gw1,,,
W/speed,speed,speed,m/s,10s,300s,periodic,gw1,,,
";

fn windy(story: &str) -> World {
    windy_with("", story)
}

fn windy_with(more: &str, story: &str) -> World {
    let rules = condition(
        "whiff",
        "G1, G2, G3, N",
        "limit: [{name: W, tier: blue, above: 0.3, clear_below: 0.2}]",
    ) + &rule(
        "cloud",
        "G1",
        &format!(
            "corroborate: {{of: whiff, group_by: area, at_least: 2, within: 120s, downwind: {{direction: W/dir, speed: W/speed}}, tier: red{more}}}"
        ),
    );
    tell(World::new(plan_of(YARD, &rules)), story)
}

/// 100 m by a west wind of 2 m/s take 50 s, half of that sooner or later.
#[test]
fn a_cloud_is_smelled_down_the_wind_and_in_its_time() {
    windy("0 W/dir=270 W/speed=2\n1 G1=0.5\n51 G2=0.5 -> cloud:west raised red!");
    windy("0 W/dir=270 W/speed=2\n1 G1=0.5\n20 G2=0.5");
    windy("0 W/dir=270 W/speed=2\n1 G1=0.5\n80 G2=0.5");
    // Against the wind, and across it.
    windy("0 W/dir=270 W/speed=2\n1 G2=0.5\n51 G1=0.5");
    windy("0 W/dir=270 W/speed=2\n1 G1=0.5\n51 N=0.5");
    windy("0 W/dir=180 W/speed=2\n1 G1=0.5\n51 N=0.5 -> cloud:west raised red!");
}

#[test]
fn the_wind_that_turns_says_otherwise() {
    windy(
        "0 W/dir=90 W/speed=2
         1 G1=0.5
         51 G2=0.5
         60 W/dir=270 -> cloud:west raised red!
         70 W/dir=90 -> cloud:west cleared red",
    );
}

/// Where nobody knows which way a cloud goes, any two devices are two.
#[test]
fn a_wind_that_is_calm_or_not_known_rules_nothing_out() {
    windy("1 G1=0.5\n5 N=0.5 -> cloud:west raised red!");
    windy("0 W/dir=270 W/speed=0.4\n1 G1=0.5\n5 N=0.5 -> cloud:west raised red!");
    windy("0 W/dir=270 W/speed=2\n1 G1=0.5\n5 N=0.5\n6 W/speed=2! -> cloud:west raised red!");
    windy("0 W/dir=270 W/speed=2\n1 G1=0.5\n5 N=0.5\n6 W/dir=270^ -> cloud:west raised red!");
}

/// What stands, stands: the mast falls silent, and no alarm clears by that.
#[test]
fn a_mast_that_falls_silent_clears_nothing() {
    windy(
        "0 W/dir=270 W/speed=2
         1 G1=0.5
         51 G2=0.5 -> cloud:west raised red!
         55 W/speed=2!
         60 W/dir=0!",
    );
}

/// Of its evidence the wind only rules out; both devices are needed.
#[test]
fn a_cloud_is_derived_from_its_evidence_alone() {
    let world = windy("0 W/dir=270 W/speed=2\n1 G1=0.5\n51 G2=0.5 -> cloud:west raised red!");
    let derived = derive(world.engine.plan(), &world.told[0]).expect("it is the process's");
    assert!(derived.holds && derived.agrees, "{derived:?}");
    let needed = |part: fn(&Part) -> bool| -> Vec<bool> {
        derived.pieces.iter().filter(|piece| part(&piece.part)).map(|piece| piece.is_needed).collect()
    };
    assert_eq!(needed(|part| matches!(part, Part::Alarm(_))), [true, true]);
    assert_eq!(needed(|part| matches!(part, Part::Reading(_))), [false, false], "the wind");
}

/// Nor does it stop a delay: the alarms stand, whoever is silent.
#[test]
fn a_mast_that_falls_silent_stops_no_delay() {
    windy_with(
        ", on_delay: 400s",
        "0 W/dir=270 W/speed=2
         1 G1=0.5
         51 G2=0.5
         450 tick
         452 tick -> cloud:west raised red! @451",
    );
}
