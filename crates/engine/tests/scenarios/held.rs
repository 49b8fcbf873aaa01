//! What is held of a tag is the last reading of it that was judged.

use davy_model::{Quality, QualityReason, Reading, Value};

use crate::support::{World, at, limit, plan, seconds};

const H: &str = "{name: H, tier: yellow, at_or_above: 80, clear_below: 75}";

/// Tells a story of `T`, and what is held of it then: value, seconds it was measured and arrived at.
fn held(story: &str) -> Option<(Option<f64>, f64, Option<f64>)> {
    let mut world = World::new(plan(&limit(H)));
    for step in story.lines() {
        world.step(step);
    }
    let tag = world.engine.plan().site.tag_index("T").expect("a tag");
    let held = world.engine.held(tag)?;
    let reading = Reading { tag, quality: held.quality, source_time: held.source_time, value: held.value };
    let stamped_ahead = story.contains("@3600");
    assert_eq!(world.engine.holds(&reading), !stamped_ahead, "{story}");
    let other = Reading { value: Value::of(-1.0), ..reading };
    assert!(!world.engine.holds(&other), "{story}");
    Some((held.value.get(), seconds(held.source_time), held.arrival_time.map(seconds)))
}

#[test]
fn the_last_reading_that_was_judged_is_held() {
    for (story, want) in [
        ("0 tick", None),
        ("1 70@0.5", Some((Some(70.0), 0.5, Some(1.0)))),
        ("1 70\n2 71", Some((Some(71.0), 2.0, Some(2.0)))),
        // Older, and the same again: neither is judged.
        ("3 70\n4 71@2\n5 70@3", Some((Some(70.0), 3.0, Some(3.0)))),
        // A clock that stepped back is believed no more after three.
        ("3600 70\n3601 85@1\n3602 86@2", Some((Some(70.0), 3600.0, Some(3600.0)))),
        ("3600 70\n3601 85@1\n3602 86@2\n3603 87@3", Some((Some(87.0), 3.0, Some(3603.0)))),
        // A stamp far ahead says nothing of when it was.
        ("1 70\n2 85@3600", Some((Some(85.0), 2.0, Some(2.0)))),
        // What is no evidence leaves no trace of when it came.
        ("1 70\n2 71!", Some((Some(71.0), 2.0, None))),
        ("1 70\n2 -!", Some((None, 2.0, None))),
        ("1 70\n1 snapshot\n9 restart", Some((Some(70.0), 1.0, None))),
        ("1 70\n1 snapshot", Some((Some(70.0), 1.0, Some(1.0)))),
    ] {
        assert_eq!(held(story), want, "{story}");
    }
}

#[test]
fn a_stamp_ahead_is_known_again_by_itself() {
    let mut world = World::new(plan(&limit(H)));
    world.step("1 70");
    world.step("2 85@3600");
    let tag = world.engine.plan().site.tag_index("T").expect("a tag");
    let reading = Reading { tag, quality: Quality::Good, source_time: at(3600.0), value: Value::of(85.0) };
    for (what, reading, want) in [
        ("itself", reading, true),
        ("at its arrival", Reading { source_time: at(2.0), ..reading }, false),
        ("the one before", Reading { source_time: at(1.0), value: Value::of(70.0), ..reading }, false),
        ("doubted", Reading { quality: Quality::Uncertain(QualityReason::Manual), ..reading }, false),
    ] {
        assert_eq!(world.engine.holds(&reading), want, "{what}");
    }
}
