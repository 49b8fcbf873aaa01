//! ThingsBoard #15583: two messages of one device, milliseconds apart, each created an alarm of the same type, and
//! clearing one left the other standing. Davy judges a tag's readings one after the other: the first raises the one
//! alarm that a rule can have on a tag, the second finds it raised.

use crate::support::{limit, story};

const H: &str = "{name: H, tier: orange, at_or_above: 80, clear_below: 75}";

#[test]
fn two_messages_milliseconds_apart_raise_one_alarm_and_one_clear_ends_it() {
    let world = story(
        &limit(H),
        "0 85@0 -> raised orange!
         0.002 86@0.002
         0.003 ack -> acknowledged orange
         10 70 -> cleared orange",
    );
    assert!(world.told.iter().all(|transition| transition.occurrence == world.told[0].occurrence));
    assert_eq!(world.state("lim:T"), '.');
}

#[test]
fn two_readings_of_one_moment_raise_one_alarm_in_one_message_or_in_two() {
    story(&limit(H), "0 85@0 86@0 -> raised orange!\n 10 70 -> cleared orange");
    story(&limit(H), "0 85@0 -> raised orange!\n 0 86@0\n 10 70 -> cleared orange");
}

#[test]
fn the_same_message_delivered_twice_raises_one_alarm() {
    story(&limit(H), "0 85@0 -> raised orange!\n 0.002 85@0\n 10 70 -> cleared orange\n 10.002 85@0");
}
