//! eKuiper #530: after one event stamped in the future, every event stamped before it came "too late": all were dropped
//! without a word, and the window never gave a value again until the server was started anew. In Davy each tag has a
//! clock of its own, a stamp that cannot be believed does not move it, and what is not judged is counted by its reason.

use crate::support::{limit, rule, story};

fn mean(tags: &str) -> String {
    rule(
        "win",
        tags,
        "window: {of: mean, over: 100s, coverage: 0.5, levels: [{name: H, tier: orange, at_or_above: 50, clear_below: 40}]}",
    )
}

#[test]
fn a_reading_stamped_in_the_future_does_not_stop_the_window_for_those_after_it() {
    let world = story(
        &mean("T"),
        "0 10
         10 10@9000 -> davy-clock:D1 raised blue!
         20 71
         30 71
         40 71
         50 71
         60 71 -> win:T raised orange!
         70 71 -> davy-clock:D1 cleared blue",
    );
    let counts = world.engine.counts();
    assert_eq!((counts.judged, counts.clock_suspect), (8, 1), "nothing is lost without a count");
}

#[test]
fn the_clock_of_one_tag_makes_no_reading_of_another_late() {
    let world = story(
        &format!("{}{}", limit("{name: H, tier: orange, at_or_above: 80}"), mean("U")),
        "600 U=10
         601 85@1 -> raised orange late @1
         602 U=10 -> sounded orange!",
    );
    assert_eq!(world.engine.counts().out_of_order, 0);
}

#[test]
fn what_is_older_than_the_clock_of_its_own_tag_is_counted() {
    let world = story(&mean("T"), "10 60\n 20 60\n 21 60@5\n 30 60");
    let counts = world.engine.counts();
    assert_eq!((counts.judged, counts.out_of_order), (3, 1));
}
