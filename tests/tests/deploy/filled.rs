//! A database with something of everything, as Davy fills it.

use std::time::Duration;

use davy_history::{LetterCount, NodeEvent, PostgresStore, RiskChange, Store};
use davy_model::{Actor, NodeChange, Tier, TransitionKind};

use crate::story::{Log, SITE, at, nothing, row, stored, transition};

/// Two hours of a site on the morning of 2026-11-29, UTC.
pub(crate) async fn fill(store: &PostgresStore) {
    let start = at("2026-11-29T06:00:00Z");
    let minute = |count: u64| start.plus(Duration::from_secs(60 * count));
    let mut log = Log::new(&["a", "b"]);
    let mut rows: Vec<_> = (0..120).flat_map(|m| [row(0, minute(m), 1.0), row(1, minute(m), 2.0)]).collect();
    rows.push(nothing(1, minute(119).offset_micros(1)));
    let mut batch = log.batch(minute(120), rows);
    let mut sequence = 0;
    let mut change = |occurrence, tier, kind, after| {
        sequence += 1;
        let mut it = transition(sequence, "h2s", "AT-1", tier, minute(60).plus(Duration::from_secs(after)));
        (it.occurrence, it.kind) = (occurrence, kind);
        it.desk = Some("tank-farm".into());
        it
    };
    // Three times within a minute; the last is answered and stands on.
    let mut changes = Vec::new();
    for occurrence in 1..=3 {
        changes.push(change(occurrence, Tier::Red, TransitionKind::Raised, 20 * (occurrence - 1)));
        if occurrence < 3 {
            let mut over = change(occurrence, Tier::Red, TransitionKind::Cleared, 20 * occurrence - 10);
            (over.facts.condition, over.sounds) = (davy_model::Condition::Normal, false);
            changes.push(over);
        }
    }
    let mut seen = change(3, Tier::Red, TransitionKind::Acknowledged, 100);
    (seen.facts.acknowledged, seen.sounds) = (true, false);
    seen.actor = Some(Actor { name: "wang".into(), approved_by: None, comment: "".into() });
    changes.push(seen);
    batch.transitions = changes.into_iter().map(|it| stored(it, &["area/tank-farm"])).collect();
    batch.hole = Some((3, 9));
    batch.nodes = vec![NodeEvent { edge_node: "gw-1".into(), at: minute(1), change: NodeChange::Online }];
    batch.risks = vec![RiskChange { scope: "area/tank-farm".into(), at: minute(60), tier: Some(Tier::Red) }];
    store.write(&batch).await.expect("it lands");
    let count = LetterCount { hour: start, code: "TAG_UNKNOWN".into(), count: 3 };
    store.count_letters(SITE, start, &[count]).await.expect("it lands");
    for _ in 0..20 {
        store.tend(minute(120), minute(120)).await.expect("it tends");
    }
}
