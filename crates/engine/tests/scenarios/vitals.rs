//! What a heartbeat tells of its site: how much is seen, and how much is kept quiet.

use davy_model::Vitals;

use crate::support::{World, limit, plan, rule, tell};

const H: &str = "{name: H, tier: yellow, at_or_above: 80, clear_below: 75}";

fn check(world: &World, want: Vitals) {
    assert_eq!(world.engine.vitals(), want);
}

#[test]
fn tags_that_say_nothing_are_counted_with_or_without_a_rule_for_it() {
    let world = World::new(plan(""));
    let world = tell(world, "0 T=70 X=1\n 0 U=1\n 25 70\n 29 tick");
    check(&world, Vitals::default());
    // M and Y were never heard, U not for 31 s; the life of gw1 holds X.
    let world = tell(world, "31 tick");
    check(&world, Vitals { stale_tags: 3, ..Vitals::default() });
    let world = tell(world, "32 lost gw1");
    check(&world, Vitals { stale_tags: 5, ..Vitals::default() });
    let world = tell(world, "33 70");
    check(&world, Vitals { stale_tags: 4, ..Vitals::default() });
    let world = tell(world, "34 U=NaN");
    check(&world, Vitals { stale_tags: 4, ..Vitals::default() });
    // Its edge node holds X again, and then no longer, however alive.
    let world = tell(world, "35 X=1");
    check(&world, Vitals { stale_tags: 3, ..Vitals::default() });
    let world = tell(world, "36 X=1!\n 60 T=70\n 66 T=70");
    check(&world, Vitals { stale_tags: 4, ..Vitals::default() });
}

#[test]
fn alarms_kept_quiet_are_counted_by_who_quieted_them() {
    let rules =
        [limit(H), rule("two", "T", &format!("limit: [{H}]")), rule("three", "T", &format!("limit: [{H}]"))];
    let world = tell(
        World::new(plan(&rules.concat())),
        "0 85 -> raised yellow!; three:T raised yellow!; two:T raised yellow!",
    );
    check(&world, Vitals { standing: 3, ..Vitals::default() });
    let world = tell(
        world,
        "1 shelve 10 Wu lim:T -> shelved yellow
         2 out Wu two:T -> two:T out_of_service yellow
         3 suppress Wu three:T -> three:T suppressed yellow",
    );
    check(&world, Vitals { standing: 3, shelved: 1, out_of_service: 1, suppressed: 1, ..Vitals::default() });
    let world = tell(
        world,
        "4 in two:T -> two:T in_service yellow!\n 5 unshelve -> unshelved yellow!\n 6 ack -> acknowledged yellow",
    );
    check(&world, Vitals { standing: 3, suppressed: 1, ..Vitals::default() });
}
