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

/// A story at a site with more in its `site.yaml`.
#[track_caller]
fn at_site(more: &str, rules: &str, text: &str) -> World {
    tell(World::new(plan_at(more, PLACED, rules)), text)
}
