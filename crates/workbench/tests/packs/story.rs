//! What is told of one level, and whether the engine says so.

use std::sync::Arc;

use davy_model::{Bundle, Comparator, Tier};
use davy_rules::Plan;
use davy_workbench::rule_test;

use super::site::Judged;

/// A part of the figure: beside a set point.
const BESIDE: f64 = 1e-6;

/// One level of a site.
pub(crate) struct Story<'a> {
    /// The site.
    pub(crate) bundle: &'a Arc<Bundle>,
    /// Its plan.
    pub(crate) plan: &'a Arc<Plan>,
    /// The level.
    pub(crate) of: &'a Judged,
}

/// Tells every story of a level; what is not so goes to `told`. How many there are.
pub(crate) fn check(story: &Story<'_>, told: &mut Vec<String>) -> usize {
    let level = &story.of.level;
    let rising = level.comparator.is_rising();
    let (sign, at) = (if rising { 1.0 } else { -1.0 }, level.set_point);
    let off_s = level.off_delay_us / 1_000_000;
    let on_s = level.on_delay_us / 1_000_000;
    let beside = at.abs() * BESIDE;
    let (inside, outside) = (at - sign * beside, at + sign * beside);
    let passes_at = matches!(level.comparator, Comparator::AtOrAbove | Comparator::AtOrBelow);
    // Where it is held still, and where it lets go.
    let held = level.clear_point + sign * beside;
    let free = level.clear_point - sign * beside;
    let quiet = quiet(story.of);
    let tier = level.tier;
    let raise = format!("{quiet}x2 {outside}x{}", on_s + 2);
    let up = on_s + 3;
    let mut stories = vec![
        ("just short of it", format!("{quiet}x2 {inside}x{}", on_s + 3), on_s + 4, false),
        ("at it", format!("{quiet}x2 {at}x{}", on_s + 3), on_s + 4, passes_at),
        ("just past it", format!("{quiet}x2 {outside}x{}", on_s + 3), on_s + 4, true),
        ("past it, bad", format!("{quiet}x2 {outside}!badx{}", on_s + 3), on_s + 4, false),
        ("past it, in calibration", format!("{quiet}x2 {outside}!calibrationx{}", on_s + 3), on_s + 4, false),
        ("raised, then bad and quiet", format!("{raise} {quiet}!badx{}", off_s + 5), up + off_s + 5, true),
        ("raised, then nothing", format!("{raise} _x{}", off_s + 5), up + off_s + 5, true),
        ("raised, and not back far enough", format!("{raise} {held}x{}", off_s + 5), up + off_s + 5, true),
    ];
    // The first value past the clear point begins the delay, one interval after `up`.
    if off_s > 0 {
        stories.push(("back, before the delay is over", format!("{raise} {free}x{off_s}"), up + off_s, true));
    }
    if level.latch {
        stories.push(("back for long", format!("{raise} {quiet}x{}", off_s + 3), up + off_s + 3, false));
    } else {
        stories.push((
            "back, and the delay over",
            format!("{raise} {free}x{}", off_s + 2),
            up + 1 + off_s,
            false,
        ));
    }
    let count = stories.len();
    for (what, values, at_s, wanted) in stories {
        match stands(story, &values, at_s, tier) {
            Ok(got) if got == wanted => {}
            got => told.push(format!(
                "{} {} on {}: {what}: want {wanted}, got {got:?}, {values}",
                story.of.rule,
                level.name,
                story.plan.site.tag(story.of.tag).name
            )),
        }
    }
    count
}

/// A value that passes no level of the rule: beyond all clear points, on the safe side, or between them.
fn quiet(of: &Judged) -> f64 {
    let points = |rising: bool| {
        let of_direction = of.levels.iter().filter(move |level| level.comparator.is_rising() == rising);
        of_direction.map(|level| level.clear_point)
    };
    let below = points(true).reduce(f64::min);
    let above = points(false).reduce(f64::max);
    match (below, above) {
        (Some(below), Some(above)) => f64::midpoint(below, above),
        (Some(below), None) => below * 0.5,
        (None, above) => above.expect("a rule has levels") + 0.4,
    }
}

/// Whether the alarm's condition holds at that tier, or a graver one of its levels has it, so long after the beginning.
fn stands(story: &Story<'_>, values: &str, at_s: i64, tier: Tier) -> Result<bool, String> {
    let Judged { rule, tag, .. } = story.of;
    let tag = &story.plan.site.tag(*tag).name;
    let text = format!(
        "tests:\n  - name: t\n    rules: {rule}\n    series: {{{tag}: {{values: \"{values}\", interval: 1s}}}}\n    nothing_else: false\n    expect: [{{at: {at_s}s, state: active, tier: {tier}}}]\n"
    );
    let (tests, findings) = rule_test::read(story.plan, "t.yaml", &text);
    if let Some(found) = findings.first() {
        return Err(found.to_string());
    }
    let report = rule_test::run(story.bundle, story.plan, &tests[0]).map_err(|error| error.to_string())?;
    Ok(report.passed())
}
