//! The life of a revision: every act in every state, and what it does to the alarms that stand.

mod yard;

use std::{collections::BTreeSet, sync::Arc};

use davy_engine::Judge;
use davy_model::{Input, TagIndex, TransitionKind};
use davy_rules::Plan;
use davy_workbench::revision::{Act, Life, RevisionRefusal, State, withdrawals};

/// From where, to where.
type Way = (State, State);

/// Every act, with the states that it may be done in and where it leads; it is refused in all others.
const ACTS: &[(&str, Act<'static>, &[Way])] = &[
    ("propose", Act::Propose, &[(State::Rejected, State::Proposed), (State::Retired, State::Proposed)]),
    ("approve", Act::Approve { actor: "Li" }, &[(State::Proposed, State::Approved)]),
    (
        "reject",
        Act::Reject,
        &[
            (State::Proposed, State::Rejected),
            (State::Approved, State::Rejected),
            (State::Shadow, State::Rejected),
        ],
    ),
    ("shadow", Act::Shadow, &[(State::Approved, State::Shadow)]),
    ("end shadow", Act::EndShadow, &[(State::Shadow, State::Approved)]),
    (
        "activate",
        Act::Activate { active: "aaaa" },
        &[(State::Approved, State::Active), (State::Shadow, State::Active)],
    ),
    (
        "restore",
        Act::Restore,
        &[
            (State::Proposed, State::Active),
            (State::Approved, State::Active),
            (State::Shadow, State::Active),
            (State::Retired, State::Active),
            (State::Rejected, State::Active),
        ],
    ),
    ("retire", Act::Retire, &[(State::Active, State::Retired)]),
];

fn life(state: State) -> Life<'static> {
    Life { state, proposer: "Wu", needs_second_person: true, base: "aaaa" }
}

#[test]
fn every_act_in_every_state_leads_where_it_may_or_nowhere() {
    for (name, act, ways) in ACTS {
        for state in State::ALL {
            let way = ways.iter().find(|(from, _)| *from == state);
            match (life(state).after(*act), way) {
                (Ok(found), Some((_, to))) => assert_eq!(found, *to, "{name} from {state:?}"),
                (Err(refusal), None) => assert_eq!(refusal.word(), "REVISION_STATE", "{name} from {state:?}"),
                (found, _) => panic!("{name} from {state:?}: {found:?}"),
            }
        }
    }
}

#[test]
fn nobody_agrees_with_themselves_about_what_loosens_a_grave_alarm() {
    for (actor, needed, agrees) in [
        ("Wu", true, false),
        (" wu ", true, false),
        ("WU", true, false),
        ("Li", true, true),
        ("Wu", false, true),
    ] {
        let life = Life { needs_second_person: needed, ..life(State::Proposed) };
        let found = life.after(Act::Approve { actor });
        let refusal = Err(RevisionRefusal::SecondPersonNeeded { proposer: "Wu".to_owned() });
        assert_eq!(found, if agrees { Ok(State::Approved) } else { refusal }, "{actor:?}, needed: {needed}");
    }
}

#[test]
fn what_was_judged_against_other_files_does_not_become_active() {
    let refused = life(State::Approved).after(Act::Activate { active: "bbbb" }).expect_err("it moved");
    assert_eq!(refused.word(), "REVISION_BASE_MOVED");
    assert!(refused.to_string().contains("aaaa") && refused.to_string().contains("bbbb"), "{refused}");
}

const SITE: &str = "site: yard\nedge_nodes: [{id: gw}]\n";
const TAGS: &str =
    "tag,quantity,unit,interval,edge_node\na/h2s,gas.h2s,ppm,10s,gw\nb/h2s,gas.h2s,ppm,10s,gw\n";
const RULES: &str = "\
rules:
  - id: h2s
    applies_to: {quantity: gas.h2s}
    limit: [{name: H, tier: red, at_or_above: 10 ppm}]
    response: {action: Leave the yard, time_to_respond: 3m}
  - id: any
    corroborate: {of: [h2s], group_by: site, at_least: 2, within: 10m, tier: orange}
    response: {action: Call the fire brigade, time_to_respond: 3m}
  - id: high
    alarm: false
    applies_to: {quantity: gas.h2s}
    limit: [{name: H, tier: blue, at_or_above: 5 ppm}]
    response: {action: none, time_to_respond: 3m}
";

/// What the engine itself withdraws, when everything stands and other files become active.
fn withdrawn_by_the_engine(after: &str) -> BTreeSet<String> {
    let (old, new) = (yard::compiled(SITE, TAGS, RULES), yard::compiled(SITE, TAGS, after));
    let mut judge = Judge::new();
    let mut told = Vec::new();
    let mut apply = |second: i64, input: Input, told: &mut Vec<_>| {
        judge.apply(yard::at(second), &input, told).expect("it is judged");
    };
    apply(0, Input::Activate(old.0), &mut told);
    for tag in 0..2 {
        apply(1, yard::reading(1, 0, TagIndex(tag), 30.0), &mut told);
    }
    assert_eq!(told.iter().filter(|one| one.kind == TransitionKind::Raised).count(), 3, "{told:?}");
    told.clear();
    apply(2, Input::Activate(new.0), &mut told);
    let gone = told.iter().filter(|one| one.kind == TransitionKind::Withdrawn);
    gone.map(|one| format!("{}:{}", one.alarm.rule, one.alarm.subject)).collect()
}

#[test]
fn what_is_told_beforehand_is_what_the_engine_withdraws() {
    let plan = |rules: &str| -> Arc<Plan> { yard::compiled(SITE, TAGS, rules).1 };
    for (from, to, gone) in [
        ("10 ppm", "12 ppm", vec![]),
        ("tier: red", "tier: orange", vec![]),
        (
            "{quantity: gas.h2s}\n    limit: [{name: H, tier: red",
            "{tag: a/h2s}\n    limit: [{name: H, tier: red",
            vec!["h2s:b/h2s"],
        ),
        ("- id: any\n", "- id: some\n", vec!["any:yard"]),
        ("- id: high\n", "- id: higher\n", vec![]),
        ("    alarm: false\n", "", vec![]),
        ("- id: h2s\n", "- id: h2s\n    alarm: false\n", vec!["h2s:a/h2s", "h2s:b/h2s"]),
        (
            "limit: [{name: H, tier: red, at_or_above: 10 ppm}]",
            "window: {of: mean, over: 15m, levels: [{name: H, tier: red, above: 6 ppm}]}",
            vec!["h2s:a/h2s", "h2s:b/h2s"],
        ),
    ] {
        assert!(RULES.contains(from), "{from}");
        let after = RULES.replacen(from, to, 1);
        let told: BTreeSet<String> = withdrawals(&plan(RULES), &plan(&after))
            .iter()
            .flat_map(|one| one.subjects.iter().map(|subject| format!("{}:{subject}", one.rule)))
            .collect();
        assert_eq!(told, withdrawn_by_the_engine(&after), "{from} -> {to}");
        assert_eq!(told, gone.iter().map(ToString::to_string).collect(), "{from} -> {to}");
    }
}
