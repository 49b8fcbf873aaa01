//! Transitions are found again, and alarms stand as the last of them left them.

use davy_history::{AlarmQuery, Hole, NodeEvent, RiskChange, Scope, Store};
use davy_model::{Actor, Condition, NodeChange, Tier, TransitionKind};

use super::story::{Log, SITE, at, row, stored, transition};

/// What a person or a device says may hold anything, and lands.
pub(crate) async fn any_text_lands(store: &dyn Store) {
    let (mut log, now) = (Log::new(&["a"]), at("2026-11-29T08:00:00Z"));
    log.tags[0].title_en = "\0".into();
    let mut odd = transition(1, "h2s", "AT-1", Tier::Red, now);
    odd.message.en = "nul \0, quote ', bar |".to_owned();
    odd.actor = Some(Actor { name: "ann\0".into(), approved_by: None, comment: "\0".into() });
    let mut batch = log.batch(now, vec![row(0, now, 1.0)]);
    batch.transitions = vec![stored(odd, &[])];
    assert_eq!(store.write(&batch).await.expect("it lands").new, 1);
}

/// Every filter, alone and with others, finds what it should, in order.
pub(crate) async fn transitions_are_found_by_what_they_are(store: &dyn Store) {
    let (mut log, now) = (Log::new(&[]), at("2026-11-29T08:00:00Z"));
    let mut cleared = transition(4, "level", "LT-1", Tier::Blue, now.offset_micros(3));
    cleared.kind = TransitionKind::Cleared;
    let mut batch = log.batch(now, Vec::new());
    batch.transitions = vec![
        stored(transition(1, "h2s", "AT-1", Tier::Red, now), &["area/north", "hazard_source/R1"]),
        stored(transition(2, "h2s", "AT-2", Tier::Orange, now.offset_micros(2)), &["area/south"]),
        stored(transition(3, "level", "LT-1", Tier::Yellow, now.offset_micros(1)), &[]),
        stored(cleared, &["area/north"]),
    ];
    store.write(&batch).await.expect("it lands");
    let all = || AlarmQuery { limit: 100, ..AlarmQuery::default() };
    let scopes = |scopes: &[&str]| scopes.iter().map(|one| Scope::from(*one)).collect();
    let word = |word: &str| vec![word.to_owned()];
    let table = [
        ("all", all(), "1 3 2 4"),
        ("a few", AlarmQuery { limit: 2, ..all() }, "1 3"),
        ("site", AlarmQuery { sites: word(SITE), ..all() }, "1 3 2 4"),
        ("other site", AlarmQuery { sites: word("yard"), ..all() }, ""),
        ("from", AlarmQuery { from: Some(now.offset_micros(1)), ..all() }, "3 2 4"),
        ("until", AlarmQuery { until: Some(now.offset_micros(2)), ..all() }, "1 3"),
        ("tier", AlarmQuery { tier_at_least: Some(Tier::Orange), ..all() }, "1 2"),
        ("rule", AlarmQuery { rules: word("level"), ..all() }, "3 4"),
        ("subject", AlarmQuery { subjects: word("AT-2"), ..all() }, "2"),
        ("scope", AlarmQuery { scopes: scopes(&["area/north"]), ..all() }, "1 4"),
        ("scopes", AlarmQuery { scopes: scopes(&["area/south", "hazard_source/R1"]), ..all() }, "1 2"),
        ("kind", AlarmQuery { kinds: vec![TransitionKind::Cleared], ..all() }, "4"),
        ("after", AlarmQuery { after: Some((now.offset_micros(1), SITE.to_owned(), 3)), ..all() }, "2 4"),
        ("within", AlarmQuery { after: Some((now.offset_micros(1), SITE.to_owned(), 2)), ..all() }, "3 2 4"),
        ("two", AlarmQuery { rules: word("h2s"), tier_at_least: Some(Tier::Red), ..all() }, "1"),
    ];
    for (what, query, expected) in table {
        let records = store.transitions(&query).await.expect("it answers");
        let told: Vec<String> =
            records.into_iter().map(|one| String::from_utf8(one).expect("text")).collect();
        assert_eq!(told.join(" "), expected, "{what}");
    }
}

/// What is active is told with what it counts for: as the newest transition has it, of the newest journal.
pub(crate) async fn alarms_stand_as_the_last_transition_left_them(store: &dyn Store) {
    let (mut log, now) = (Log::new(&[]), at("2026-11-29T08:00:00Z"));
    let active = async || {
        let standing = store.standing(SITE).await.expect("it answers").expect("it stands somewhere");
        let mut told: Vec<String> = standing
            .active
            .iter()
            .map(|(alarm, tier, scopes)| format!("{alarm} {} {}", tier.word(), scopes.join(",")))
            .collect();
        told.sort();
        told
    };
    let mut first = log.batch(now, Vec::new());
    let mut out_of_service = transition(4, "h2s", "AT-3", Tier::Red, now);
    out_of_service.facts.in_service = false;
    first.transitions = vec![
        stored(transition(1, "h2s", "AT-1", Tier::Orange, now), &["area/north"]),
        stored(transition(2, "h2s", "AT-2", Tier::Orange, now), &["area/south"]),
        stored(transition(3, "h2s", "AT-1", Tier::Red, now), &["area/north", "hazard_source/R1"]),
        stored(out_of_service, &["area/north"]),
    ];
    store.write(&first).await.expect("it lands");
    assert_eq!(
        active().await,
        ["park:h2s:AT-1 red area/north,hazard_source/R1", "park:h2s:AT-2 orange area/south"]
    );
    let mut second = log.batch(now, Vec::new());
    let mut cleared = transition(5, "h2s", "AT-1", Tier::Red, now);
    cleared.facts.condition = Condition::Normal;
    second.transitions = vec![stored(cleared, &["area/north"])];
    store.write(&second).await.expect("it lands");
    assert_eq!(active().await, ["park:h2s:AT-2 orange area/south"]);
    // Another journal begins its numbers anew, and what stood in the one before stands no more.
    let mut third = log.batch(now, Vec::new());
    third.begins_era = true;
    third.transitions = vec![stored(transition(1, "h2s", "AT-1", Tier::Blue, now), &[])];
    store.write(&third).await.expect("it lands");
    assert_eq!(active().await, ["park:h2s:AT-1 blue "]);
    let query = AlarmQuery { limit: 100, ..AlarmQuery::default() };
    assert_eq!(store.transitions(&query).await.expect("it answers").len(), 6, "what was before stays");
}

/// Few rows of many kinds land, again and again, and holes are told.
pub(crate) async fn what_else_a_batch_has_lands(store: &dyn Store) {
    let (mut log, now) = (Log::new(&["a"]), at("2026-11-29T08:00:00Z"));
    let mut batch = log.batch(now, Vec::new());
    let change = |tier| RiskChange { scope: "area/north".into(), at: now, tier };
    batch.hole = Some((3, 9));
    batch.nodes = vec![
        NodeEvent { edge_node: "gw1".into(), at: now, change: NodeChange::Online },
        NodeEvent { edge_node: "gw1".into(), at: now, change: NodeChange::Online },
    ];
    batch.risks = vec![change(Some(Tier::Red)), change(None)];
    store.write(&batch).await.expect("it lands");
    let count = davy_history::LetterCount { hour: now, code: "TAG_UNKNOWN".into(), count: 3 };
    for _ in 0..2 {
        store.count_letters(SITE, now, std::slice::from_ref(&count)).await.expect("it lands");
    }
    let state = store.state().await.expect("it answers");
    assert_eq!(state.holes, [Hole { site: SITE.into(), noticed: now, first_commit: 3, last_commit: 9 }]);
    assert_eq!((state.series, state.rolled_until), (1, None));
    assert!(state.bytes > 0);
}
