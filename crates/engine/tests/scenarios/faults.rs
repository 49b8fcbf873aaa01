//! A part of Davy fails.

use crate::support::{World, plan, tell};

#[test]
fn a_fault_that_gets_graver_rises_and_says_why() {
    let world = tell(
        World::new(plan("")),
        "0 fault history yellow -> davy-fault:history raised yellow!
         1 ack davy-fault:history Wu -> davy-fault:history acknowledged yellow
         2 fault history yellow
         3 fault history orange -> davy-fault:history tier_raised orange!
         4 fault history yellow -> davy-fault:history tier_lowered yellow
         5 fault history over -> davy-fault:history cleared yellow
         6 fault history red -> davy-fault:history raised red!",
    );
    let words: Vec<&str> = world.told.iter().map(|told| &*told.message.en).collect();
    assert_eq!(words[2], "Davy history: it fails, orange");
    assert_eq!(words[3], "Davy history: it fails, yellow");
}
