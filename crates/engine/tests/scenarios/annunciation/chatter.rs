//! An alarm that comes and goes.

use super::{at_site, gas};

#[test]
fn an_alarm_that_chatters_is_told_once_and_sounds_again_when_it_stays() {
    at_site(
        "annunciation: {chatter: {raises: 3, within: 60s, quiet_below: red}}\n",
        &gas(),
        "0 G1=1.5 -> gas:G1 raised yellow!
         5 G1=0 -> gas:G1 cleared yellow
         10 G1=1.5 -> gas:G1 raised yellow!
         15 G1=0 -> gas:G1 cleared yellow
         20 G1=1.5 -> gas:G1 raised yellow!; davy-chatter:gas:G1 raised blue!
         25 G1=0 -> gas:G1 cleared yellow
         30 G1=1.5 -> gas:G1 raised yellow
         31 snapshot
         89 G1=1.5
         91 tick -> davy-chatter:gas:G1 cleared blue @90; gas:G1 sounded yellow! @90",
    );
}

#[test]
fn three_raises_over_more_than_a_minute_are_no_chatter_and_the_gravest_always_sounds() {
    at_site(
        "annunciation: {chatter: {}}\n",
        &gas(),
        "0 G1=1.5 -> gas:G1 raised yellow!
         5 G1=0 -> gas:G1 cleared yellow
         30 G1=1.5 -> gas:G1 raised yellow!
         35 G1=0 -> gas:G1 cleared yellow
         60 G1=1.5 -> gas:G1 raised yellow!",
    );
    at_site(
        "annunciation: {chatter: {raises: 2, quiet_below: red}}\n",
        &gas(),
        "0 G1=3 -> gas:G1 raised red!
         5 G1=0 -> gas:G1 cleared red
         10 G1=3 -> gas:G1 raised red!; davy-chatter:gas:G1 raised blue!
         15 G1=0 -> gas:G1 cleared red
         20 G1=3 -> gas:G1 raised red!",
    );
}
