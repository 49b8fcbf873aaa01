//! Transitions are found again, and alarms stand as the last of them left them.

use davy_history::{
    AlarmFilter, AlarmQuery, CountQuery, Grouping, Hole, NodeEvent, RiskChange, Scope, Store,
};
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
    let all = AlarmFilter::default;
    let scopes = |scopes: &[&str]| scopes.iter().map(|one| Scope::from(*one)).collect();
    let word = |word: &str| vec![word.to_owned()];
    let table = [
        ("all", all(), "1 3 2 4"),
        ("site", AlarmFilter { sites: word(SITE), ..all() }, "1 3 2 4"),
        ("other site", AlarmFilter { sites: word("yard"), ..all() }, ""),
        ("from", AlarmFilter { from: Some(now.offset_micros(1)), ..all() }, "3 2 4"),
        ("until", AlarmFilter { until: Some(now.offset_micros(2)), ..all() }, "1 3"),
        ("tier", AlarmFilter { tier_at_least: Some(Tier::Orange), ..all() }, "1 2"),
        ("rule", AlarmFilter { rules: word("level"), ..all() }, "3 4"),
        ("subject", AlarmFilter { subjects: word("AT-2"), ..all() }, "2"),
        ("scope", AlarmFilter { scopes: scopes(&["area/north"]), ..all() }, "1 4"),
        ("scopes", AlarmFilter { scopes: scopes(&["area/south", "hazard_source/R1"]), ..all() }, "1 2"),
        ("kind", AlarmFilter { kinds: vec![TransitionKind::Cleared], ..all() }, "4"),
        ("two", AlarmFilter { rules: word("h2s"), tier_at_least: Some(Tier::Red), ..all() }, "1"),
    ];
    for (what, filter, expected) in table {
        let asked = AlarmQuery { filter: filter.clone(), after: None, limit: 100 };
        assert_eq!(found(store, &asked).await, expected, "{what}");
        let counted = CountQuery { filter, limit: 100, ..CountQuery::default() };
        let total = expected.split_whitespace().count();
        let expected = if total == 0 { String::new() } else { format!(": {total}") };
        assert_eq!(counts(store, &counted).await, expected, "how many: {what}");
    }
    let after = |micros, sequence| Some((now.offset_micros(micros), SITE.to_owned(), sequence));
    for (after, limit, expected) in
        [(None, 2, "1 3"), (after(1, 3), 100, "2 4"), (after(1, 2), 100, "3 2 4"), (after(3, 4), 100, "")]
    {
        let asked = AlarmQuery { filter: all(), after, limit };
        assert_eq!(found(store, &asked).await, expected);
    }
}

/// The numbers of the transitions that meet a question.
async fn found(store: &dyn Store, query: &AlarmQuery) -> String {
    let records = store.transitions(query).await.expect("it answers");
    let told: Vec<String> = records.into_iter().map(|one| String::from_utf8(one).expect("text")).collect();
    told.join(" ")
}

/// How many meet a question, group by group: `keys: count`.
async fn counts(store: &dyn Store, query: &CountQuery) -> String {
    let counts = store.count(query).await.expect("it answers");
    let told: Vec<String> =
        counts.iter().map(|one| format!("{}: {}", one.keys.join(" "), one.count)).collect();
    told.join(", ")
}

/// Transitions are counted by what they have in common, the most first; a plant's day begins by its own clock.
pub(crate) async fn transitions_are_counted_by_what_they_have_in_common(store: &dyn Store) {
    // Midnight in China comes between the second and the third.
    let (mut log, dusk) = (Log::new(&[]), at("2026-11-29T15:59:59Z"));
    let dawn = dusk.offset_micros(1_000_000);
    let mut batch = log.batch(dawn, Vec::new());
    let mut cleared = transition(4, "level", "LT-1", Tier::Blue, dawn);
    cleared.kind = TransitionKind::Cleared;
    batch.transitions = vec![
        stored(transition(1, "h2s", "AT-1", Tier::Red, dusk), &[]),
        stored(transition(2, "h2s", "AT-2", Tier::Orange, dusk), &[]),
        stored(transition(3, "h2s", "AT-1", Tier::Red, dawn), &[]),
        stored(cleared, &[]),
    ];
    store.write(&batch).await.expect("it lands");
    const CHINA: i64 = 8 * 3600;
    let table: [(&[Grouping], i64, usize, &str); 9] = [
        (&[], 0, 100, ": 4"),
        (&[Grouping::Rule], 0, 100, "h2s: 3, level: 1"),
        (&[Grouping::Tier], 0, 100, "red: 2, blue: 1, orange: 1"),
        (&[Grouping::Tier], 0, 2, "red: 2, blue: 1"),
        (&[Grouping::Subject, Grouping::Kind], 0, 100, "AT-1 raised: 2, AT-2 raised: 1, LT-1 cleared: 1"),
        (&[Grouping::Site, Grouping::Day], 0, 100, "park 2026-11-29: 4"),
        (&[Grouping::Day], CHINA + 1, 100, "2026-11-30: 4"),
        (&[Grouping::Day], CHINA, 100, "2026-11-29: 2, 2026-11-30: 2"),
        (&[Grouping::Hour], CHINA, 100, "2026-11-29T23: 2, 2026-11-30T00: 2"),
    ];
    for (by, utc_offset_s, limit, expected) in table {
        let query = CountQuery { filter: AlarmFilter::default(), by: by.to_vec(), utc_offset_s, limit };
        assert_eq!(counts(store, &query).await, expected, "{by:?} at UTC+{utc_offset_s} s");
    }
    let red = AlarmFilter { tier_at_least: Some(Tier::Red), from: Some(dawn), ..AlarmFilter::default() };
    let query = CountQuery { filter: red, by: vec![Grouping::Subject], utc_offset_s: 0, limit: 100 };
    assert_eq!(counts(store, &query).await, "AT-1: 1");
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
