//! Which alarms are one incident.

use super::{at_site, gas};

#[test]
fn alarms_of_an_area_soon_after_each_other_are_one_incident_named_after_the_first() {
    let world = at_site(
        "annunciation: {incident: {within: 60s}}\n",
        &gas(),
        "0 G1=3 -> gas:G1 raised red!
         50 G2=1.5 -> gas:G2 raised yellow!
         55 G4=1.5 -> gas:G4 raised yellow!
         100 G3=1.5 -> gas:G3 raised yellow!
         110 G1=0 -> gas:G1 cleared red
         200 G1=3 -> gas:G1 raised red!",
    );
    let incidents: Vec<_> =
        world.told.iter().map(|told| told.incident.as_deref().unwrap_or_default()).collect();
    let first = "park:gas:G1#1.1";
    assert_eq!(incidents, [first, first, "park:gas:G4#1.1", first, first, "park:gas:G1#2.1"]);
}

#[test]
fn what_is_mounted_on_one_thing_may_be_one_incident_and_a_snapshot_keeps_it() {
    let world = at_site(
        "annunciation: {incident: {group_by: equipment, within: 60s}}\n",
        &gas(),
        "0 G1=3 -> gas:G1 raised red!
         1 snapshot
         2 G4=3 -> gas:G4 raised red!
         3 G2=3 -> gas:G2 raised red!",
    );
    let incidents: Vec<_> =
        world.told.iter().map(|told| told.incident.as_deref().unwrap_or_default()).collect();
    assert_eq!(incidents, ["park:gas:G1#1.1", "park:gas:G4#1.1", "park:gas:G1#1.1"]);
}
