//! How much is told at once: floods, chattering, incidents; who is asked when nobody answers, and how it ends.

mod cases;
mod chatter;
mod duties;
mod escalation;
mod flood;
mod incidents;

use crate::support::{PLACED, World, plan_at, rule, tell};

/// Levels on all gas tags of the placed site.
fn gas() -> String {
    rule("gas", "\"G*\"", "limit: [{name: L1, tier: yellow, above: 1}, {name: L2, tier: red, above: 2}]")
}

/// A world at a site with more in its `site.yaml`, and with other things there under the files called `next`.
fn with_next(more: &str, next: &str, rules: &str) -> World {
    let mut world = World::new(plan_at(more, PLACED, rules));
    world.plans.insert("next", plan_at(next, PLACED, rules));
    world
}

/// A story at a site with more in its `site.yaml`.
#[track_caller]
fn at_site(more: &str, rules: &str, text: &str) -> World {
    tell(World::new(plan_at(more, PLACED, rules)), text)
}
