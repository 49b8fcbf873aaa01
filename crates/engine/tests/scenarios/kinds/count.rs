//! `count`.

use crate::support::{placed, rule};

fn points() -> String {
    rule(
        "point",
        "G1, G2, G3, G4",
        "limit: [{name: B, tier: blue, above: 1}, {name: Y, tier: yellow, above: 2}]",
    )
}

#[test]
fn so_many_points_at_a_tier_make_an_item_of_another() {
    let item = rule(
        "item",
        "G1",
        "count:
      of: point
      steps: [{at_least: 3, at: blue, gives: yellow}, {at_least: 2, at: yellow, gives: orange}]",
    );
    let world = placed(
        &(points() + &item),
        "0 G1=1.5 G3=1.5 -> point:G1 raised blue!; point:G3 raised blue!
         1 G4=1.5 -> point:G4 raised blue!; item:park raised yellow!
         2 G1=2.5 -> point:G1 tier_raised yellow!
         3 G3=2.5 -> point:G3 tier_raised yellow!; item:park tier_raised orange!
         4 G3=0 -> point:G3 cleared yellow; item:park cleared orange",
    );
    let raised = world.told.iter().find(|told| &*told.alarm.rule == "item").expect("it was raised");
    let counted: Vec<_> = raised.evidence.alarms.iter().map(|seen| seen.alarm.to_string()).collect();
    assert_eq!(counted, ["park:point:G1", "park:point:G3", "park:point:G4"]);
}

#[test]
fn areas_are_counted_for_themselves_and_counts_may_be_counted() {
    let item = rule(
        "item",
        "G1",
        "count: {of: [point], group_by: area, steps: [{at_least: 1, at: blue, gives: yellow}]}",
    );
    let pond = rule("pond", "G1", "count: {of: [item], steps: [{at_least: 2, at: yellow, gives: red}]}");
    placed(
        &(points() + &item + &pond),
        "0 G1=1.5 -> point:G1 raised blue!; item:west raised yellow!
         1 G4=1.5 -> point:G4 raised blue!; item:east raised yellow!; pond:park raised red!
         2 G4=0 -> point:G4 cleared blue; item:east cleared yellow; pond:park cleared red",
    );
}

#[test]
fn what_is_out_of_service_is_not_counted_and_what_is_shelved_is() {
    let item = rule("item", "G1", "count: {of: point, steps: [{at_least: 1, at: blue, gives: yellow}]}");
    placed(
        &(points() + &item),
        "0 G1=1.5 -> point:G1 raised blue!; item:park raised yellow!
         1 shelve 60 point:G1 Wu -> point:G1 shelved blue
         2 out point:G1 Wu -> point:G1 out_of_service blue; item:park cleared yellow",
    );
}

#[test]
fn silence_leaves_what_stands_standing() {
    let item = rule("item", "G1", "count: {of: point, steps: [{at_least: 1, at: blue, gives: yellow}]}");
    placed(
        &(points() + &item),
        "0 G1=1.5 -> point:G1 raised blue!; item:park raised yellow!
         500 tick",
    );
}
