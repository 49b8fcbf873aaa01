//! An alarm that is raised: what the tests of several crates begin with.

use davy_model::{
    AlarmFacts, AlarmKey, Condition, Evidence, Quality, Text, Tier, Timestamp, Transition, TransitionKind,
    Unit,
};

/// Transition `sequence` of the site `park`: hydrogen sulfide at AT-0412 for the `sequence`th time, all at one moment.
pub(crate) fn raised(sequence: u64, tier: Tier, at: Timestamp) -> Transition {
    let facts = AlarmFacts { condition: Condition::Active, acknowledged: false, ..AlarmFacts::normal(tier) };
    Transition {
        sequence,
        alarm: AlarmKey { site: "park".into(), rule: "h2s".into(), subject: "AT-0412/h2s".into() },
        occurrence: sequence,
        step: 1,
        kind: TransitionKind::Raised,
        facts,
        rule_revision: "0123456789ab".into(),
        title: Text::both("Hydrogen sulfide", "硫化氢"),
        tags: vec!["AT-0412/h2s".into()],
        limit: None,
        value: Some(14.5),
        unit: Some(Unit::Ppm),
        quality: Quality::Good,
        source_time: at,
        arrival_time: at,
        recorded_time: at,
        first_out_time: Some(at),
        late: false,
        incident: None,
        desk: None,
        sounds: true,
        actor: None,
        evidence: Evidence::default(),
        message: Text::both("above 14.1 ppm", "高于 14.1 ppm"),
    }
}
