//! Changes of a log that must not change what it says.

use std::{collections::BTreeSet, fmt::Write as _, sync::Arc};

use davy_engine::Engine;
use davy_model::{Input, ReadingBlock, Timestamp, Transition, TransitionKind};
use proptest::prelude::*;

use super::logs::{Entry, Log, apply, cases, log, plans, run, run_alone, run_on};
use crate::support::at;

/// Byte for byte, but for what the caller leaves out.
fn text(transitions: &[Transition]) -> String {
    transitions.iter().fold(String::new(), |mut text, told| {
        let _ = writeln!(text, "{told:?}");
        text
    })
}

/// Compares two tellings, and shows where they part.
fn assert_same(one: &str, other: &str) -> Result<(), TestCaseError> {
    let pairs = one.lines().zip(other.lines()).enumerate();
    for (place, (one, other)) in pairs {
        prop_assert_eq!(one, other, "transition {}", place + 1);
    }
    prop_assert_eq!(one.lines().count(), other.lines().count());
    Ok(())
}

fn without_recorded_time(mut transitions: Vec<Transition>) -> String {
    for told in &mut transitions {
        told.recorded_time = at(0.0);
    }
    text(&transitions)
}

/// When the log can next tell of a later time: a block's first message, or the entry itself.
fn arrival(now: Timestamp, entry: &Entry) -> Timestamp {
    match entry {
        Entry::Input(Input::Readings(block)) => block.messages.first().map_or(now, |head| head.arrival),
        Entry::Input(_) | Entry::Activate(_) => now,
    }
}

fn messages(block: &ReadingBlock) -> impl Iterator<Item = ReadingBlock> {
    let mut rest = block.readings.as_slice();
    block.messages.iter().map(move |head| {
        let (readings, later) = rest.split_at(head.len as usize);
        rest = later;
        ReadingBlock { messages: vec![*head], readings: readings.to_vec() }
    })
}

fn split(log: &Log) -> Log {
    let split = |(now, entry): &(Timestamp, Entry)| match entry {
        Entry::Input(Input::Readings(block)) => {
            messages(block).map(|block| (*now, Entry::Input(Input::Readings(block)))).collect()
        }
        other => vec![(*now, other.clone())],
    };
    Log(log.0.iter().flat_map(split).collect())
}

/// Every message twice, at once.
fn doubled(log: &Log) -> Log {
    let double = |(now, entry): &(Timestamp, Entry)| match entry {
        Entry::Input(Input::Readings(block)) => {
            let mut both = ReadingBlock::default();
            for message in messages(block) {
                both.messages.extend([message.messages[0], message.messages[0]]);
                both.readings.extend_from_slice(&message.readings);
                both.readings.extend_from_slice(&message.readings);
            }
            (*now, Entry::Input(Input::Readings(both)))
        }
        other => (*now, other.clone()),
    };
    Log(log.0.iter().map(double).collect())
}

/// One reading a tag in every message: the same time with another value cannot be told from news.
fn one_a_tag(log: &mut Log) {
    for (_, entry) in &mut log.0 {
        let Entry::Input(Input::Readings(block)) = entry else { continue };
        let mut kept = ReadingBlock::default();
        for mut message in messages(block) {
            let mut seen = Vec::new();
            message.readings.retain(|reading| {
                !seen.contains(&reading.tag) && {
                    seen.push(reading.tag);
                    true
                }
            });
            message.messages[0].len = message.readings.len() as u32;
            kept.messages.append(&mut message.messages);
            kept.readings.append(&mut message.readings);
        }
        *block = kept;
    }
}

fn without_tag(log: &Log, tag: u32) -> Log {
    let mut log = log.clone();
    for (_, entry) in &mut log.0 {
        let Entry::Input(Input::Readings(block)) = entry else { continue };
        let mut kept = ReadingBlock::default();
        for mut message in messages(block) {
            message.readings.retain(|reading| reading.tag.0 != tag);
            message.messages[0].len = message.readings.len() as u32;
            kept.messages.append(&mut message.messages);
            kept.readings.append(&mut message.readings);
        }
        *block = kept;
    }
    log
}

/// What is told of one subject, without the numbers that count the others too.
fn of_subject(transitions: Vec<Transition>, subject: &str) -> String {
    let mut kept: Vec<Transition> =
        transitions.into_iter().filter(|told| &*told.alarm.subject == subject).collect();
    for told in &mut kept {
        told.sequence = 0;
        // Which alarms are one incident hangs on the others.
        told.incident = None;
    }
    text(&kept)
}

/// What rules say that look at one tag alone.
fn of_one_tag(transitions: &[Transition]) -> Vec<Transition> {
    let plan = &plans()[0];
    let is_alone = |told: &&Transition| {
        let rule = plan.rules.iter().position(|rule| rule.id == told.alarm.rule);
        !plan.calculated.iter().any(|made| Some(made.rule as usize) == rule && made.is_on_arrival())
    };
    transitions.iter().filter(is_alone).cloned().collect()
}

/// When each alarm climbed and to whom, up to anything else that happened to it.
fn climbs_of(told: &[Transition]) -> String {
    let mut over = BTreeSet::new();
    let mut text = String::new();
    for told in told {
        if told.kind != TransitionKind::Escalated {
            over.insert(&told.alarm);
        } else if !over.contains(&told.alarm) {
            let _ = writeln!(text, "{} {} {:?}", told.arrival_time, told.alarm, told.desk);
        }
    }
    text
}

proptest! {
    #![proptest_config(cases(300))]

    #[test]
    fn the_same_log_says_the_same(log in log(true, true)) {
        assert_same(&text(&run(&log)), &text(&run(&log)))?;
    }

    #[test]
    fn a_snapshot_goes_on_as_the_engine_would(log in log(true, true), every in 1..8usize) {
        let plans = plans();
        let mut engine = Engine::new(Arc::clone(&plans[0]), at(0.0));
        let mut out = Vec::new();
        for (place, (now, entry)) in log.0.iter().enumerate() {
            if place % every == 0 {
                let bytes = engine.snapshot();
                let counts = engine.counts();
                engine = Engine::restore(Arc::clone(engine.plan()), &bytes).expect("its own snapshot");
                prop_assert_eq!(engine.snapshot(), bytes);
                prop_assert_eq!(engine.counts().since(&engine.counts()), counts.since(&counts));
            }
            apply(&mut engine, &plans, *now, entry, &mut out);
        }
        assert_same(&text(&out), &text(&run(&log)))?;
    }

    #[test]
    fn more_ticks_change_nothing_but_when_it_was_written_down(
        log in log(true, true),
        shares in prop::collection::vec(0..=100u8, 60),
    ) {
        let mut ticked = Vec::new();
        let mut last = at(0.0);
        for ((now, entry), share) in log.0.iter().zip(shares.into_iter().cycle()) {
            let next = arrival(*now, entry).max(last);
            let tick = last.offset_micros(next.micros_since(last) / 100 * i64::from(share));
            // A tick tells that Davy was there: before a restart it would say something new.
            if !matches!(entry, Entry::Input(Input::Restarted)) {
                ticked.push((tick, Entry::Input(Input::Tick)));
            }
            ticked.push((*now, entry.clone()));
            last = match entry {
                Entry::Input(Input::Readings(block)) => block.messages.last().map_or(next, |head| next.max(head.arrival)),
                Entry::Input(_) | Entry::Activate(_) => next,
            };
        }
        assert_same(&without_recorded_time(run(&Log(ticked))), &without_recorded_time(run(&log)))?;
    }

    #[test]
    fn a_tick_at_every_deadline_changes_nothing_but_when_it_was_written_down(log in log(true, true)) {
        let plans = plans();
        let mut engine = Engine::new(Arc::clone(&plans[0]), at(0.0));
        let mut out = Vec::new();
        for (now, entry) in &log.0 {
            let restarted = matches!(entry, Entry::Input(Input::Restarted));
            while let Some(due) =
                engine.next_deadline().filter(|due| !restarted && *due <= arrival(*now, entry))
            {
                engine.apply(due, &Input::Tick, &mut out).expect("a tick is never refused");
            }
            apply(&mut engine, &plans, *now, entry, &mut out);
        }
        assert_same(&without_recorded_time(out), &without_recorded_time(run(&log)))?;
    }

    /// What ticks before a restart say of evidence is new, and so they are left out above; after a silence so long that nothing
    /// is evidence any more, they say nothing new.
    #[test]
    fn a_restart_climbs_as_far_as_ticks_at_every_deadline_would_have(log in log(true, false), gap_s in 1..300i64) {
        let plan = &plans()[0];
        let mut engine = Engine::new(Arc::clone(plan), at(0.0));
        let mut before = run_on(&mut engine, &plans(), &log);
        let rests = log.0.last().expect("a log has entries").0.offset_micros(400 * 1_000_000);
        engine.apply(rests, &Input::Tick, &mut before).expect("a tick is never refused");
        let end = rests.offset_micros(gap_s * 1_000_000);
        let climbs = |ticks: bool| {
            let mut engine = Engine::restore(Arc::clone(plan), &engine.snapshot()).expect("its own snapshot");
            let mut out = Vec::new();
            while let Some(due) = engine.next_deadline().filter(|due| ticks && *due <= end) {
                engine.apply(due, &Input::Tick, &mut out).expect("a tick is never refused");
            }
            engine.apply(end, &Input::Restarted, &mut out).expect("a restart is never refused");
            climbs_of(&out)
        };
        assert_same(&climbs(false), &climbs(true))?;
    }

    #[test]
    fn splitting_blocks_changes_nothing(log in log(true, true)) {
        assert_same(&text(&run(&split(&log))), &text(&run(&log)))?;
    }

    #[test]
    fn a_message_delivered_twice_changes_nothing_but_counts(mut log in log(true, true)) {
        one_a_tag(&mut log);
        let plans = plans();
        let (mut once, mut twice) = (Engine::new(Arc::clone(&plans[0]), at(0.0)), Engine::new(Arc::clone(&plans[0]), at(0.0)));
        assert_same(&text(&run_on(&mut twice, &plans, &doubled(&log))), &text(&run_on(&mut once, &plans, &log)))?;
        prop_assert_eq!(once.counts().judged, twice.counts().judged);
    }

    /// Files are left as they are: one set of them knows other tags.
    #[test]
    fn what_other_tags_do_changes_nothing(log in log(true, false), left_out in 1..5u32) {
        let names = ["M", "T", "U", "X", "Y"];
        let (all, fewer) = (run_alone(&log), run_alone(&without_tag(&log, left_out)));
        for (tag, name) in names.iter().enumerate().filter(|(tag, _)| *tag != left_out as usize) {
            let alone = |told: &[Transition]| of_subject(of_one_tag(told), name);
            prop_assert_eq!(alone(&all), alone(&fewer), "{} {}", tag, name);
        }
    }
}
