//! What a shift was like, counted by hand.

mod yard;

use std::sync::Arc;

use davy_model::{
    Actor, AlarmKey, Command, CommandKind, Input, NodeChange, NodeIndex, TagIndex, Verdict as Nature,
};
use davy_workbench::{
    backtest::{Entry, Side, SideReport},
    performance::{DeskPerformance, Period, Verdict, desks},
};

use yard::{at, reading};

const SITE: &str = "site: yard\nareas: [{id: east}, {id: west}]\nedge_nodes: [{id: gw}]\n\
                    desks: [{id: east-desk, areas: [east]}, {id: west-desk, areas: [west]}]\n";
const RULES: &str = "\
rules:
  - id: gas
    applies_to: {quantity: gas.h2s}
    limit:
      - {name: H, tier: yellow, at_or_above: 10 ppm, clear_below: 8 ppm}
      - {name: HH, tier: red, at_or_above: 20 ppm, clear_below: 18 ppm}
    response: {action: Leave the yard, time_to_respond: 3m}
";
/// Tags 0 to 19 are in the east, 20 to 39 in the west.
const TAGS: u32 = 40;
const DAY_S: i64 = 86_400;

/// What happens: at a second, a tag reads so much, or an operator has seen its alarm, or what it was.
#[derive(Clone, Copy)]
enum What {
    Reads(u32, f64),
    Seen(u32),
    Found(u32, Nature),
}
use What::{Found, Reads, Seen};

/// The figures of both desks over two days.
fn shift(story: Vec<(i64, What)>) -> (DeskPerformance, DeskPerformance) {
    let report = judged(story);
    let period = Period { from: at(0), until: at(2 * DAY_S) };
    let mut found = desks(&report.ledger, &report.plan.site, period).into_iter();
    let (east, west) = (found.next().expect("a desk"), found.next().expect("another"));
    assert!(found.next().is_none(), "every alarm has a desk");
    (east, west)
}

/// What becomes of two days.
fn judged(mut story: Vec<(i64, What)>) -> SideReport {
    let tags: String = (0..TAGS)
        .map(|tag| format!("t{tag:02},gas.h2s,ppm,1d,30d,{}\n", if tag < 20 { "east" } else { "west" }))
        .collect();
    let tags = format!("tag,quantity,unit,interval,silence_limit,area\n{tags}");
    let (bundle, plan) = yard::compiled(SITE, &tags, RULES);
    let mut side = Side::under(Arc::clone(&bundle), Arc::clone(&plan));
    let begin = vec![Input::Activate(bundle), Input::Node { node: NodeIndex(0), change: NodeChange::Online }];
    let entry = |second, inputs| Entry { at: at(second), inputs, transitions: Vec::new() };
    side.take(&entry(0, begin)).expect("it is judged");
    story.sort_by_key(|(second, _)| *second);
    for (second, what) in story {
        let input = match what {
            Reads(tag, ppm) => reading(second, 0, TagIndex(tag), ppm),
            Seen(tag) => Input::Command(seen(tag)),
            Found(tag, nature) => Input::Command(Command { kind: CommandKind::Verify(nature), ..seen(tag) }),
        };
        side.take(&entry(second, vec![input])).expect("it is judged");
    }
    side.take(&entry(2 * DAY_S, vec![Input::Tick])).expect("it is judged");
    side.finish().expect("there were files")
}

fn seen(tag: u32) -> Command {
    let actor = Actor { name: "operator".into(), comment: "looked".into(), ..Actor::default() };
    let alarm = AlarmKey { site: "yard".into(), rule: "gas".into(), subject: format!("t{tag:02}").into() };
    Command { alarm, occurrence: None, actor, kind: CommandKind::Acknowledge, request_id: "".into() }
}

/// An alarm that stands so long.
fn alarm(tag: u32, from: i64, for_s: i64) -> [(i64, What); 2] {
    [(from, Reads(tag, 12.0)), (from + for_s, Reads(tag, 2.0))]
}

#[test]
fn figures_are_those_counted_by_hand() {
    // Ten alarms an hour apart, each for ten minutes, on ten tags: nobody minds.
    let calm: Vec<_> = (0..10).flat_map(|n| alarm(n, 3600 * i64::from(n), 600)).collect();
    // Twelve within two minutes: a flood, from the eleventh until fewer than five are left within ten minutes.
    let flood: Vec<_> = (0..12).flat_map(|n| alarm(n, 36_000 + 10 * i64::from(n), 300)).collect();
    // Four raises of one tag, ten seconds apart, each for five.
    let chatter: Vec<_> = (0..4).flat_map(|n| alarm(0, 1000 + 10 * n, 5)).collect();
    // Graver while it stands, and for more than a day.
    let grave = vec![(100, Reads(0, 12.0)), (200, Reads(0, 25.0)), (90_000, Reads(0, 2.0))];
    // Seen after one minute, and after three.
    let answered: Vec<_> = alarm(0, 1000, 30)
        .into_iter()
        .chain(alarm(1, 5000, 600))
        .chain([(1060, Seen(0)), (5180, Seen(1))])
        .collect();
    // A drill, something that was taken for real before it was found to be nothing, and one that nobody looked at.
    let looked_at = [(0, Nature::Drill), (1, Nature::Real)];
    let verified: Vec<_> = (0..3)
        .flat_map(|tag| alarm(tag, 1000, 600))
        .chain(
            looked_at.into_iter().flat_map(|(tag, nature)| [(1010, Seen(tag)), (1020, Found(tag, nature))]),
        )
        .chain([(1030, Found(1, Nature::False))])
        .collect();
    for (name, story, expected) in [
        (
            "calm",
            calm,
            vec![
                ("alarms", 10.0),
                ("alarms_per_day", 5.0),
                ("alarms_per_hour", 5.0 / 24.0),
                ("alarms_per_10_min", 5.0 / 144.0),
                ("alarms_per_10_min_peak", 1.0),
                ("ten_minutes_over_10", 0.0),
                ("time_in_flood", 0.0),
                ("top_10_share", 100.0),
                ("fleeting", 0.0),
                ("chattering", 0.0),
                ("standing_over_24_h", 0.0),
                ("standing_at_end", 0.0),
                ("tier_yellow", 100.0),
            ],
        ),
        (
            "flood",
            flood,
            vec![
                ("alarms_per_10_min_peak", 12.0),
                ("ten_minutes_over_10", 100.0 / 288.0),
                ("hours_over_30", 0.0),
                ("floods", 1.0),
                ("alarms_in_worst_flood", 12.0),
                // From 36,100 s until the eighth, called at 36,070 s, is ten minutes old.
                ("time_in_flood", 100.0 * 570.0 / 172_800.0),
                ("top_10_share", 100.0 * 10.0 / 12.0),
            ],
        ),
        ("chatter", chatter, vec![("alarms", 4.0), ("chattering", 1.0), ("fleeting", 4.0)]),
        (
            "grave",
            grave,
            vec![
                // The rise to red is an alarm of its own.
                ("alarms", 2.0),
                ("tier_yellow", 50.0),
                ("tier_red", 50.0),
                ("standing_over_24_h", 0.5),
                ("fleeting", 0.0),
                ("unacknowledged_at_end", 0.0),
            ],
        ),
        (
            "answered",
            answered,
            vec![
                // It was over after 30 s, but somebody saw it.
                ("fleeting", 0.0),
                ("time_to_acknowledge_median", 120.0),
                ("time_to_acknowledge_p95", 174.0),
            ],
        ),
        (
            "verified",
            verified,
            vec![
                // Of a verdict that was changed the last counts; what nobody looked at counts for nothing.
                ("verified", 2.0),
                ("verified_real", 0.0),
                ("verified_false", 50.0),
                ("verified_drill", 50.0),
            ],
        ),
    ] {
        let (east, west) = shift(story);
        for (figure, value) in expected {
            let found = east.value(figure).unwrap_or_else(|| panic!("{name}: no {figure}"));
            assert!((found - value).abs() < 1e-9, "{name}: {figure} is {found}, counted {value}");
        }
        assert_eq!(west.value("alarms"), Some(0.0), "{name}: what happens in the east is not the west's");
    }
}

#[test]
fn what_stands_at_the_end_and_who_calls_most_is_told() {
    let mut story: Vec<_> = (0..3).flat_map(|n| alarm(25, 1000 + 500 * n, 100)).collect();
    story.extend([(9000, Reads(21, 12.0)), (9000, Reads(22, 12.0)), (9100, Seen(22))]);
    let (_, west) = shift(story);
    assert_eq!(west.desk.as_deref(), Some("west-desk"));
    assert_eq!((west.value("standing_at_end"), west.value("unacknowledged_at_end")), (Some(2.0), Some(1.0)));
    let top: Vec<(&str, u64)> = west.top.iter().map(|actor| (&*actor.alarm.subject, actor.calls)).collect();
    assert_eq!(top, [("t25", 3), ("t21", 1), ("t22", 1)]);
    assert!((west.top[0].share - 0.6).abs() < 1e-9);
    let verdict =
        |name: &str| west.figures.iter().find(|figure| figure.name == name).map(|figure| figure.verdict());
    assert_eq!(verdict("alarms_per_day"), Some(Verdict::Good));
    assert_eq!(verdict("top_10_share"), Some(Verdict::Over));
    assert_eq!(verdict("standing_at_end"), Some(Verdict::Untold));
}

#[test]
fn a_desk_that_is_gone_keeps_its_alarms_and_nothing_after_the_end_is_known() {
    let report = judged(alarm(0, 1000, 600).into());
    let mut site = report.plan.site.clone();
    site.desks[0].id = "north-desk".into();
    let period = Period { from: at(0), until: at(1200) };
    let found = desks(&report.ledger, &site, period);
    let names: Vec<Option<&str>> = found.iter().map(|desk| desk.desk.as_deref()).collect();
    assert_eq!(names, [Some("north-desk"), Some("west-desk"), Some("east-desk")]);
    // It was cleared at 1,600 s, which nobody knew at 1,200 s.
    assert_eq!((found[2].value("alarms"), found[2].value("standing_at_end")), (Some(1.0), Some(1.0)));
    let period = Period { until: at(900), ..period };
    assert_eq!(desks(&report.ledger, &site, period)[2].value("standing_at_end"), Some(0.0));
}
