//! What a tuner is told of other rules: what was taken of the log, what the alarms were worth, and what changed.

mod yard;

use std::{sync::Arc, time::Duration};

use davy_model::{
    Actor, AlarmKey, Command, CommandKind, Fault, Input, NodeChange, NodeIndex, TagIndex, Text, Tier, Unit,
};
use davy_rules::Plan;
use davy_workbench::{
    backtest::{Entry, Event, LoggedSeries, Reach, Side, SideReport, difference, read_events, score},
    performance::Period,
};

use yard::{at, reading};

const SITE: &str = "site: yard\nareas: [{id: east}, {id: pumps, parent: east}, {id: west}]\n\
                    edge_nodes: [{id: n0}, {id: n1, loss_grace: 30s}]\n";
const TAGS: &str = "tag,quantity,unit,interval,silence_limit,area,edge_node\n\
                    b,gas.h2s,ppm,1m,5m,pumps,n0\nc,gas.h2s,ppm,1m,5m,west,n1\n";
const RULES: &str = "\
rules:
  - id: gas
    applies_to: {quantity: gas.h2s}
    limit:
      - {name: H, tier: yellow, at_or_above: 10 ppm, clear_below: 8 ppm}
      - {name: HH, tier: red, at_or_above: 20 ppm, clear_below: 18 ppm}
    response: {action: Leave the yard, time_to_respond: 3m}
  - id: silent
    applies_to: {quantity: gas.h2s}
    stale: {tier: blue}
    response: {action: Mend the sensor, time_to_respond: 1d}
";
const HOUR: Period = Period { from: davy_model::Timestamp::MIN, until: davy_model::Timestamp::MAX };

/// An hour of both tags: a value a minute, what is told of each, then of its minutes.
fn log(b: fn(i64) -> Option<f64>, c: fn(i64) -> Option<f64>, more: Vec<(i64, Input)>) -> Vec<Entry> {
    let (bundle, plan) = yard::compiled(SITE, TAGS, RULES);
    let tag = |name: &str| plan.site.tag_index(name).expect("a tag");
    let mut inputs = vec![(0, Input::Activate(bundle))];
    inputs.extend([0, 1].map(|node| (0, Input::Node { node: NodeIndex(node), change: NodeChange::Online })));
    for minute in 0..60 {
        let second = 60 * minute;
        inputs.extend(b(minute).map(|value| (second, reading(second, 0, tag("b"), value))));
        inputs.extend(c(minute).map(|value| (second, reading(second, 1, tag("c"), value))));
    }
    inputs.extend(more);
    inputs.sort_by_key(|(second, _)| *second);
    inputs
        .into_iter()
        .map(|(second, input)| Entry { at: at(second), inputs: vec![input], transitions: vec![] })
        .collect()
}

fn judged(log: &[Entry], site: &str, tags: &str, rules: &str) -> SideReport {
    let (bundle, plan) = yard::compiled(site, tags, rules);
    let period = Period { from: at(0), until: at(3600) };
    let mut side = Side::under(bundle, plan).counting(period);
    log.iter().for_each(|entry| side.take(entry).expect("it is judged"));
    side.finish().expect("there were files")
}

fn raised(report: &SideReport) -> Vec<(String, i64)> {
    let ledger = &report.ledger;
    let told = ledger.occurrences().iter().map(|found| {
        let key = &ledger.alarm(found.alarm).key;
        (format!("{}:{}", key.rule, key.subject), found.raised.since(at(0)).as_secs() as i64 / 60)
    });
    told.collect()
}

fn calm(_: i64) -> Option<f64> {
    Some(2.0)
}

fn leak(minute: i64) -> Option<f64> {
    Some(if (20..30).contains(&minute) { 12.0 } else { 2.0 })
}

#[test]
fn tags_and_edge_nodes_are_found_by_name() {
    let lost = Input::Node { node: NodeIndex(1), change: NodeChange::Lost };
    let log = log(leak, |minute| (minute < 40).then_some(2.0), vec![(2400, lost)]);
    let told = [("gas:b".to_owned(), 20), ("silent:c".to_owned(), 40)];
    let report = judged(&log, SITE, TAGS, RULES);
    assert_eq!(raised(&report), told);
    // The loss is told after its grace, long before the silence would be.
    let heard = |report: &SideReport| report.ledger.calls().iter().map(|call| call.at).collect::<Vec<_>>();
    assert_eq!(heard(&report), [at(1200), at(2430)]);
    // Another tag stands before both now, and the edge nodes have changed places.
    let site = SITE.replace("[{id: n0}, {id: n1, loss_grace: 30s}]", "[{id: n1, loss_grace: 30s}, {id: n0}]");
    let tags = TAGS.replace("b,gas", "a,number,1,1m,5m,west,n0\nb,gas");
    let report = judged(&log, &site, &tags, RULES);
    assert_eq!(raised(&report), told);
    assert_eq!(report.readings_untaken, 0);
    assert_eq!(heard(&report), [at(1200), at(2430)]);
    let silent = report.ledger.of_rules(&|rule| rule == "silent");
    assert_eq!((silent.occurrences().len(), silent.calls().len()), (1, 1));
}

#[test]
fn a_ledger_tells_calls_from_reminders_and_the_plants_alarms_from_davys() {
    let upset = |minute: i64| {
        Some(match minute {
            20..30 => 12.0,
            30..40 => 25.0,
            _ => 2.0,
        })
    };
    let fault = Fault {
        part: "journal".into(),
        active: true,
        tier: Tier::Orange,
        text: Text::en("the disk is slow"),
    };
    let log = log(upset, calm, vec![(600, Input::Fault(fault))]);
    let rules = RULES.replace("clear_below: 18 ppm", "clear_below: 18 ppm, re_alarm: 4m");
    let report = judged(&log, SITE, TAGS, &rules);
    let [found] = report.ledger.occurrences() else { panic!("{:?}", report.ledger.occurrences()) };
    assert_eq!((found.tier, found.re_alarms), (Tier::Red, 2));
    assert_eq!(found.cleared, Some(at(2400)));
    // Raised, and graver; not the reminders.
    let calls: Vec<_> = report.ledger.calls().iter().map(|call| (call.at, call.tier)).collect();
    assert_eq!(calls, [(at(1200), Tier::Yellow), (at(1800), Tier::Red)]);
}

#[test]
fn an_alarm_whose_rule_is_gone_is_over() {
    let mut log = log(leak, calm, vec![]);
    let silent = &RULES[RULES.find("  - id: silent").expect("it is there")..];
    let (bundle, _) = yard::compiled(SITE, TAGS, &format!("rules:\n{silent}"));
    let at_25 = log.iter().position(|entry| entry.at == at(1500)).expect("an entry a minute");
    log.insert(at_25, Entry { at: at(1500), inputs: vec![Input::Activate(bundle)], transitions: vec![] });
    let mut side = Side::recorded();
    log.iter().for_each(|entry| side.take(entry).expect("it is judged"));
    let report = side.finish().expect("there were files");
    // Its last reading was at 24 minutes.
    let over = report.ledger.occurrences()[0].cleared.expect("it was withdrawn");
    assert!((at(1440)..=at(1500)).contains(&over), "{over}");
}

#[test]
fn readings_of_tags_that_are_gone_or_in_another_unit_are_told_and_not_guessed() {
    let log = log(leak, leak, vec![]);
    for (tags, untaken) in [
        (TAGS.replace("c,gas.h2s,ppm,1m,5m,west,n1\n", ""), "c"),
        (TAGS.replace("b,gas.h2s,ppm", "b,gas.h2s,mg/m3"), "b"),
    ] {
        let report = judged(&log, SITE, &tags, RULES);
        assert_eq!(report.readings_untaken, 60, "{untaken}");
        assert_eq!(report.tags_untaken, [untaken.into()]);
        let kept = if untaken == "b" { "gas:c" } else { "gas:b" };
        let gas: Vec<_> = raised(&report).into_iter().filter(|(alarm, _)| alarm.starts_with("gas")).collect();
        assert_eq!(gas, [(kept.to_owned(), 20)]);
    }
}

#[test]
fn a_command_acts_on_the_alarm_as_it_stands_and_what_finds_none_is_counted() {
    let command = |subject: &str| {
        let alarm = AlarmKey { site: "yard".into(), rule: "gas".into(), subject: subject.into() };
        let actor = Actor { name: "operator".into(), ..Actor::default() };
        // The operator saw the seventh time that it stood; under these rules it is the first.
        Input::Command(Command {
            alarm,
            occurrence: Some(7),
            actor,
            kind: CommandKind::Acknowledge,
            request_id: "".into(),
        })
    };
    let log = log(leak, calm, vec![(1500, command("b")), (1500, command("c"))]);
    let report = judged(&log, SITE, TAGS, RULES);
    assert_eq!((report.commands, report.commands_void), (2, 1));
    assert_eq!(report.ledger.occurrences()[0].acknowledged, Some(at(1500)));
}

#[test]
fn what_is_missing_is_measured() {
    // Of b ten minutes are missing in the middle, of c all from the fortieth on.
    let log = log(
        // One that comes late is no gap.
        |minute| (!(10..20).contains(&minute) && minute != 30).then_some(2.0),
        |minute| (minute < 40).then_some(2.0),
        vec![],
    );
    let coverage = judged(&log, SITE, TAGS, RULES).coverage.expect("it was counted");
    for (tag, minutes) in coverage.tags.iter().zip([50.0, 40.0]) {
        let share = tag.share.expect("it reports at an interval");
        assert!((share * 60.0 - minutes).abs() < 1e-9, "{tag:?}");
    }
    assert!(coverage.share().is_some_and(|share| (share - 0.75).abs() < 1e-12));
    assert_eq!((coverage.readings, coverage.good), (89, 89));
    let gaps: Vec<(&str, i64, i64)> = coverage
        .gaps
        .iter()
        .map(|gap| {
            (&*gap.tag, gap.from.micros_since(at(0)) / 60_000_000, gap.until.micros_since(at(0)) / 60_000_000)
        })
        .collect();
    assert_eq!(gaps, [("c", 39, 60), ("b", 9, 20)]);
}

fn events(plan: &Plan, rows: &str) -> Vec<Event> {
    let text = format!("id,scope,start,end,kind,consequence\n{rows}");
    read_events(&text, &plan.site).unwrap_or_else(|problems| panic!("{problems:?}")).0
}

#[test]
fn an_alarm_is_worth_what_it_tells_in_its_place_and_time() {
    let report = judged(&log(leak, calm, vec![]), SITE, TAGS, RULES);
    let time = |minute: i64| at(60 * minute).to_string();
    for (name, scope, (start, end), kind, caught, (outside, nuisance)) in [
        ("in time", "", (18, 25), "true", Some(120), (0, 0)),
        ("from its first moment", "", (20, 25), "test", Some(0), (0, 0)),
        ("to its last", "", (10, 20), "true", Some(600), (0, 0)),
        ("over before", "", (10, 19), "true", None, (1, 0)),
        ("stood already", "", (21, 25), "true", None, (1, 0)),
        ("its area", "pumps", (18, 25), "true", Some(120), (0, 0)),
        ("what that is a part of", "east", (18, 25), "true", Some(120), (0, 0)),
        ("its tag", "b", (18, 25), "true", Some(120), (0, 0)),
        ("elsewhere", "west", (18, 25), "true", None, (1, 0)),
        ("a nuisance", "", (18, 25), "nuisance", None, (0, 1)),
    ] {
        let row = format!("e,{scope},{},{},{kind},{}\n", time(start), time(end), time(26));
        let found = score(&report.ledger, &report.plan.site, &events(&report.plan, &row), HOUR);
        assert_eq!((found.outside, found.nuisance), (outside, nuisance), "{name}");
        assert_eq!(found.events.len(), usize::from(kind != "nuisance"), "{name}");
        let delay = found.events.first().and_then(|event| event.delay);
        assert_eq!(delay, caught.map(Duration::from_secs), "{name}");
        let lead = found.lead_least().map(|lead| lead.as_secs());
        assert_eq!(lead, caught.map(|_| 360), "{name}: six minutes to the consequence");
        let stood = found.events.iter().any(|event| event.stood_before);
        assert_eq!(stood, name == "stood already", "{name}");
    }
}

#[test]
fn a_list_of_events_that_cannot_be_read_says_where() {
    let (_, plan) = yard::compiled(SITE, TAGS, RULES);
    for (text, told) in [
        ("id,start\n", "line 1: column \"end\" is not in the header"),
        ("start,end\n2026-03-01T00:00:00Z,soon\n", "line 2: end: found \"soon\""),
        ("start,end\n2026-03-01T01:00:00Z,2026-03-01T00:00:00Z\n", "line 2: end: found 2026-03-01T00:00:00"),
        (
            "start,end,scope\n2026-03-01T00:00:00Z,2026-03-01T01:00:00Z,nort\n",
            "line 2: scope: found \"nort\"",
        ),
        ("start,end\n,2026-03-01T01:00:00Z\n", "line 2: start: found nothing"),
    ] {
        let problems = read_events(text, &plan.site).expect_err(text);
        assert!(problems.len() == 1 && problems[0].starts_with(told), "{text}: {problems:?}");
    }
    let text = "start,end,kind\n2026-03-01T00:00:00Z,2026-03-01T01:00:00Z,release\n";
    let (events, remarks) = read_events(text, &plan.site).expect("another word is a true event");
    assert!(events[0].is_due() && remarks == ["kind \"release\" is taken as a true event"]);
}

#[test]
fn each_occurrence_has_one_partner_and_what_has_none_is_gained_or_lost() {
    // Two rises with a dip between them, and a third alone.
    let rises = |minute: i64| {
        Some(match minute {
            10..15 | 17..20 => 12.0,
            15..17 => 7.0,
            40..45 => 25.0,
            _ => 2.0,
        })
    };
    let log = log(rises, calm, vec![]);
    let now = judged(&log, SITE, TAGS, RULES);
    let told = |rules: &str, period: Period| {
        let other = judged(&log, SITE, TAGS, rules);
        let found = difference(&now.ledger, &other.ledger, period);
        (found.gained.len(), found.lost.len(), found.moved.len(), found.same)
    };
    assert_eq!(told(RULES, HOUR), (0, 0, 0, 3));
    // The dip no longer clears: the second rise is a part of the first.
    assert_eq!(told(&RULES.replace("clear_below: 8 ppm", "clear_below: 6 ppm"), HOUR), (0, 1, 0, 2));
    let high = RULES.replace("at_or_above: 10 ppm", "at_or_above: 15 ppm");
    assert_eq!(told(&high, HOUR), (0, 2, 0, 1));
    assert_eq!(told(&high, Period { from: at(2000), until: at(3600) }), (0, 0, 0, 1));
    // As early, and less grave.
    let mild =
        RULES.replace("at_or_above: 20 ppm, clear_below: 18 ppm", "at_or_above: 30 ppm, clear_below: 28 ppm");
    assert_eq!(told(&mild, HOUR), (0, 0, 1, 2));
    // Later.
    assert_eq!(
        told(&RULES.replace("clear_below: 8 ppm", "clear_below: 8 ppm, on_delay: 90s"), HOUR),
        (0, 0, 2, 1)
    );
    let mild = judged(&log, SITE, TAGS, &mild);
    let moved = &difference(&now.ledger, &mild.ledger, HOUR).moved[0];
    assert_eq!((moved.before, moved.after), ((at(2400), Tier::Red), (at(2400), Tier::Yellow)));
    assert_eq!(difference(&now.ledger, &mild.ledger, HOUR).rules(), [Arc::from("gas")]);
}

#[test]
fn a_log_of_series_is_taken_by_name_in_each_ones_own_unit() {
    // 12 ppm of H2S are 17 mg/m3 at 20 °C: past the one limit, and past the other.
    let in_mg = RULES.replace(": 10 ppm", ": 16 mg/m3").replace(": 8 ppm", ": 12 mg/m3");
    let tags_mg = TAGS.replace("b,gas.h2s,ppm", "b,gas.h2s,mg/m3");
    let series: Arc<[LoggedSeries]> = ["old", "c", "b", "b"]
        .into_iter()
        .zip(["ppm", "ppm", "ppm", "m"])
        .map(|(tag, unit)| LoggedSeries { tag: tag.into(), unit: Unit::parse(unit) })
        .collect();
    let (files, _) = yard::compiled(SITE, TAGS, RULES);
    let mut log = vec![Entry { at: at(0), inputs: vec![Input::Activate(files)], transitions: vec![] }];
    for minute in 0..60 {
        let second = 60 * minute;
        for (place, value) in [(0, 99.0), (1, 2.0), (2, leak(minute).expect("a value")), (3, 99.0)] {
            let inputs = vec![reading(second, 0, TagIndex(place), value)];
            log.push(Entry { at: at(second), inputs, transitions: vec![] });
        }
    }
    for (tags, rules, unit) in [(TAGS, RULES, "ppm"), (&tags_mg, &in_mg, "mg/m3")] {
        let (bundle, plan) = yard::compiled(SITE, tags, rules);
        let period = Period { from: at(0), until: at(3600) };
        let mut side = Side::under(bundle, plan).of_series(Arc::clone(&series)).counting(period);
        log.iter().for_each(|entry| side.take(entry).expect("it is judged"));
        let report = side.finish().expect("there were files");
        assert_eq!(raised(&report), [("gas:b".to_owned(), 20)], "{unit}");
        assert_eq!((report.readings_untaken, report.counts.judged), (120, 120), "{unit}");
        let tags: Vec<&str> = report.tags_untaken.iter().map(|tag| &**tag).collect();
        assert_eq!(tags, ["b", "old"], "{unit}: no length is a share of gas");
    }
}

#[test]
fn what_is_imported_is_held_against_the_range_of_the_sensor() {
    let tags = "tag,quantity,unit,low,high,interval,silence_limit,edge_node\nb,gas.h2s,ppm,0,50,1m,5m,n0\n";
    let series: Arc<[LoggedSeries]> = [LoggedSeries { tag: "b".into(), unit: Unit::parse("ppm") }].into();
    let (bundle, plan) = yard::compiled(SITE, tags, RULES);
    for (value, raises) in [(45.0, 1), (60.0, 1), (500.0, 0)] {
        let mut side = Side::under(Arc::clone(&bundle), Arc::clone(&plan)).of_series(Arc::clone(&series));
        let opening = vec![Input::Activate(Arc::clone(&bundle))];
        side.take(&Entry { at: at(0), inputs: opening, transitions: vec![] }).expect("it is judged");
        let inputs = vec![reading(60, 0, TagIndex(0), value)];
        side.take(&Entry { at: at(60), inputs, transitions: vec![] }).expect("it is judged");
        let report = side.finish().expect("there were files");
        assert_eq!(raised(&report).len(), raises, "{value} ppm of a sensor that ends at 50");
    }
}

#[test]
fn how_far_back_a_rule_set_looks_is_its_longest_window_silence_and_delays() {
    let s = Duration::from_secs;
    let window = "rules:\n  - id: shift\n    applies_to: {quantity: gas.h2s}\n    window:\n      of: twa\n      levels:\n\
                  \x20       - {name: H, tier: yellow, at_or_above: 5 ppm, on_delay: 1m, off_delay: 30s}\n\
                  \x20   response: {action: Air the hall, time_to_respond: 1h}\n";
    for (rules, windows, delays, before, after) in [
        (RULES, s(0), s(0), s(300), s(300)),
        (window, s(8 * 3600), s(90), s(8 * 3600 + 300 + 180), s(300 + 180)),
    ] {
        let (_, plan) = yard::compiled(SITE, TAGS, rules);
        let reach = Reach::of(&plan);
        assert_eq!((reach.windows, reach.delays, reach.silences), (windows, delays, s(300)), "{rules}");
        assert_eq!((reach.before(), reach.after()), (before, after), "{rules}");
    }
}
