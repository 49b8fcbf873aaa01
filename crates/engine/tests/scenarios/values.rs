//! A reading without a value: nobody is told anything that was not measured.

use davy_model::{Quality, QualityReason, Transition};

use crate::support::{World, limit, plan_of, rule, seconds, story, tell};

const H: &str = "{name: H, tier: yellow, at_or_above: 80, clear_below: 75}";
/// Cleared by any 0 that nobody measured.
const L: &str = "{name: L, tier: yellow, at_or_below: 20, clear_above: 25}";

fn stale(tags: &str) -> String {
    rule("stale", tags, "stale: {after: 20s, tier: yellow}")
}

/// What a transition was decided from: each reading's value, quality and source time.
fn evidence(told: &Transition) -> Vec<(Option<f64>, Quality, f64)> {
    let seen = told.evidence.readings.iter();
    seen.map(|seen| (seen.value, seen.quality, seconds(seen.source_time))).collect()
}

const FAILED: Quality = Quality::Bad(QualityReason::SensorFailure);

#[test]
fn it_raises_nothing_and_clears_nothing_whatever_its_quality() {
    story(
        &limit(L),
        "0 50\n 1 -!\n 2 -\n 3 -^\n 4 50\n 5 10 -> raised yellow!\n 6 -\n 7 -!\n 8 50 -> cleared yellow",
    );
    story(&limit(H), "0 85 -> raised yellow!\n 1 -!\n 2 -\n 3 -?\n 4 70 -> cleared yellow");
}

#[test]
fn it_completes_no_delay() {
    story(
        &limit("{name: H, tier: yellow, at_or_above: 80, clear_below: 75, on_delay: 5s, off_delay: 5s}"),
        "0 85
         3 -!
         20 85
         21.999 tick
         22 tick -> raised yellow!
         23 70
         26 -
         40 70
         42 tick -> cleared yellow",
    );
}

#[test]
fn a_stale_alarm_shows_the_last_value_that_was_measured_and_what_came_after_it() {
    for (tag, what) in [("X", "12 X=-!\n 15 X=-!"), ("X", "12 X=-!\n 13 snapshot\n 15 X=-!")] {
        let world = story(
            &stale(tag),
            &format!("0 X=70@0\n 10 X=71@10\n {what}\n 31 T=1\n 32 tick -> stale:X raised yellow!"),
        );
        let told = &world.told[0];
        assert_eq!(
            told.message.en,
            "stale X: no usable reading for 20 s, last 71 degC (good), then no value (bad:sensor_failure)"
        );
        assert_eq!(
            told.message.zh,
            "stale X：20 s 内无有效数据，末值 71 degC（good），其后无值（bad:sensor_failure）"
        );
        assert_eq!((told.value, told.quality), (Some(71.0), FAILED));
        assert_eq!(evidence(told), [(Some(71.0), Quality::Good, 10.0), (None, FAILED, 15.0)]);
        assert_eq!(seconds(told.evidence.readings[0].arrival_time), 10.0);
    }
}

#[test]
fn a_periodic_tag_shows_the_same() {
    let world = story(
        &stale("T"),
        "0 70\n 10 -!\n 19 -!\n 20 tick -> stale:T raised yellow!\n 21 71 -> stale:T cleared yellow",
    );
    assert_eq!(evidence(&world.told[0]), [(Some(70.0), Quality::Good, 0.0), (None, FAILED, 19.0)]);
    assert_eq!(world.told[0].value, Some(70.0));
    assert_eq!(evidence(&world.told[1]), [(Some(71.0), Quality::Good, 21.0)]);
}

#[test]
fn a_tag_that_never_measured_anything_shows_no_value() {
    let world = story(&stale("T"), "5 -!\n 9 snapshot\n 20 tick -> stale:T raised yellow!");
    let told = &world.told[0];
    assert_eq!((told.value, told.quality), (None, FAILED));
    assert_eq!(told.message.en, "stale T: no usable reading for 20 s, no value (bad:sensor_failure)");
    assert_eq!(told.message.zh, "stale T：20 s 内无有效数据，无值（bad:sensor_failure）");
    assert_eq!(evidence(told), [(None, FAILED, 5.0)]);
}

#[test]
fn a_good_quality_without_a_value_is_shown_as_bad() {
    let world = story(&stale("T"), "0 70\n 10 -\n 20 tick -> stale:T raised yellow!");
    let unspecified = Quality::Bad(QualityReason::Unspecified);
    assert_eq!(evidence(&world.told[0]), [(Some(70.0), Quality::Good, 0.0), (None, unspecified, 10.0)]);
}

#[test]
fn a_bad_value_is_shown_as_it_was_sent_and_one_that_is_missing_does_not_hide_it() {
    let world = story(&stale("T"), "0 70\n 10 99!\n 15 -!\n 20 tick -> stale:T raised yellow!");
    assert_eq!(evidence(&world.told[0]), [(Some(99.0), FAILED, 10.0), (None, FAILED, 15.0)]);
    let world = story(&stale("T"), "0 70\n 10 -!\n 15 99!\n 20 tick -> stale:T raised yellow!");
    assert_eq!(evidence(&world.told[0]), [(Some(99.0), FAILED, 15.0)]);
}

#[test]
fn what_was_measured_before_a_restart_is_shown_when_it_is_known_when_it_came() {
    let world = story(&stale("X"), "0 X=70@0\n 5 X=-!\n 10 restart\n 30 tick -> stale:X raised yellow!");
    assert_eq!(evidence(&world.told[0]), [(Some(70.0), Quality::Good, 0.0), (None, FAILED, 5.0)]);
    let world =
        story(&stale("X"), "0 X=70@0\n 10 restart\n 15 X=-!\n 34 T=1\n 35 tick -> stale:X raised yellow!");
    assert_eq!(evidence(&world.told[0]), [(None, FAILED, 15.0)]);
}

#[test]
fn the_same_again_is_a_duplicate_and_a_value_of_that_moment_is_not() {
    let world =
        story(&limit(H), "1 -!@1\n 2 -!@1\n 3 -@1\n 4 85@1 -> raised yellow! @1\n 5 85@1\n 6 -@1\n 7 -@1");
    let counts = world.engine.counts();
    assert_eq!((counts.duplicate, counts.bad, counts.judged), (3, 3, 4));
}

#[test]
fn the_last_value_is_converted_with_its_tag() {
    let mut world = World::new(crate::support::plan(&stale("U")));
    let kelvin = crate::support::TAGS.replace("U,another,temperature,degC", "U,another,temperature,K");
    world.plans.insert("kelvin", plan_of(&kelvin, &stale("U")));
    let world = tell(world, "0 U=70\n 5 U=-!\n 10 activate kelvin\n 20 tick -> stale:U raised yellow!");
    let seen = evidence(&world.told[0]);
    assert!((seen[0].0.expect("it was measured") - 343.15).abs() < 1e-9, "{seen:?}");
    assert_eq!(seen[1].0, None);
}

#[test]
fn a_new_limit_judges_no_value_that_is_gone() {
    let mut world = World::new(crate::support::plan(&limit(H)));
    world.plans.insert(
        "lower",
        crate::support::plan(&limit("{name: H, tier: yellow, at_or_above: 60, clear_below: 55}")),
    );
    tell(world, "0 70\n 1 -\n 2 activate lower\n 3 -!\n 4 70 -> raised yellow!");
}
