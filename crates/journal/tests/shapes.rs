//! Every shape of input and transition comes back as it went in, bit by bit.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod common;

use std::{sync::Arc, time::Duration};

use common::*;
use davy_journal::{Commit, Journal, JournalReader, canonical, chain, encode_commit, export, first_hash};
use davy_model::*;
use proptest::{
    prelude::*,
    test_runner::{Config, TestRunner},
};

fn time() -> impl Strategy<Value = Timestamp> {
    prop_oneof![
        4 => (0..1_000_000_000i64).prop_map(|us| at(0).offset_micros(us)),
        1 => any::<i64>().prop_map(Timestamp::from_micros),
    ]
}

fn text() -> impl Strategy<Value = String> {
    prop::collection::vec(any::<char>(), 0..6).prop_map(|chars| chars.into_iter().collect())
}

fn word() -> impl Strategy<Value = Arc<str>> {
    text().prop_map(Into::into)
}

fn both() -> impl Strategy<Value = Text> {
    (text(), text()).prop_map(|(en, zh)| Text { en, zh })
}

/// Any bits: minus zero, infinities and every NaN too.
fn value() -> impl Strategy<Value = f64> {
    any::<u64>().prop_map(f64::from_bits)
}

fn duration() -> impl Strategy<Value = Duration> {
    (any::<u64>(), 0..1_000_000_000u32).prop_map(|(seconds, nanos)| Duration::new(seconds, nanos))
}

fn quality() -> impl Strategy<Value = Quality> {
    let reason = || prop::sample::select(QualityReason::ALL.to_vec());
    prop_oneof![Just(Quality::Good), reason().prop_map(Quality::Uncertain), reason().prop_map(Quality::Bad)]
}

fn tier() -> impl Strategy<Value = Tier> {
    prop::sample::select(Tier::ALL.to_vec())
}

fn key() -> impl Strategy<Value = AlarmKey> {
    (word(), word(), word()).prop_map(|(site, rule, subject)| AlarmKey { site, rule, subject })
}

fn actor() -> impl Strategy<Value = Actor> {
    (word(), prop::option::of(word()), word()).prop_map(|(name, approved_by, comment)| Actor {
        name,
        approved_by,
        comment,
    })
}

fn head() -> impl Strategy<Value = MessageHead> {
    let freshness = prop::sample::select(vec![Freshness::Live, Freshness::Historical, Freshness::Replayed]);
    (any::<u32>(), time(), prop::option::of(any::<u64>()), any::<bool>(), freshness, any::<u32>()).prop_map(
        |(node, arrival, seq, redelivered, freshness, len)| MessageHead {
            node: NodeIndex(node),
            arrival,
            seq,
            redelivered,
            freshness,
            len,
        },
    )
}

fn reading() -> impl Strategy<Value = Reading> {
    (any::<u32>(), quality(), time(), value()).prop_map(|(tag, quality, source_time, value)| Reading {
        tag: TagIndex(tag),
        quality,
        source_time,
        value: value.into(),
    })
}

fn readings() -> impl Strategy<Value = ReadingBlock> {
    (prop::collection::vec(head(), 0..5), prop::collection::vec(reading(), 0..20))
        .prop_map(|(messages, readings)| ReadingBlock { messages, readings })
}

fn command() -> impl Strategy<Value = Command> {
    let kind = prop_oneof![
        Just(CommandKind::Acknowledge),
        (duration(), any::<bool>())
            .prop_map(|(duration, one_shot)| CommandKind::Shelve { duration, one_shot }),
        Just(CommandKind::Unshelve),
        Just(CommandKind::Reset),
        Just(CommandKind::SetOutOfService),
        Just(CommandKind::ReturnToService),
        Just(CommandKind::Suppress),
        Just(CommandKind::Unsuppress),
        prop::sample::select(Verdict::ALL.to_vec()).prop_map(CommandKind::Verify),
        Just(CommandKind::Act),
        Just(CommandKind::GiveFeedback),
        Just(CommandKind::Close),
        Just(CommandKind::Comment),
    ];
    (key(), prop::option::of(any::<u64>()), actor(), kind, word()).prop_map(
        |(alarm, occurrence, actor, kind, request_id)| Command { alarm, occurrence, actor, kind, request_id },
    )
}

fn bundle() -> impl Strategy<Value = Bundle> {
    let file = (text(), text()).prop_map(|(path, text)| BundleFile { path, text });
    (word(), prop::collection::vec(file, 0..3), word()).prop_map(|(site, files, revision)| Bundle {
        site,
        files,
        revision,
    })
}

fn input() -> impl Strategy<Value = Input> {
    let change = prop::sample::select(vec![NodeChange::Online, NodeChange::Offline, NodeChange::Lost]);
    prop_oneof![
        bundle().prop_map(|bundle| Input::Activate(Arc::new(bundle))),
        readings().prop_map(Input::Readings),
        (any::<u32>(), change).prop_map(|(node, change)| Input::Node { node: NodeIndex(node), change }),
        command().prop_map(Input::Command),
        (word(), any::<bool>(), tier(), both()).prop_map(|(part, active, tier, text)| Input::Fault(Fault {
            part,
            active,
            tier,
            text
        })),
        Just(Input::Tick),
        any::<u64>().prop_map(Input::Heartbeat),
        Just(Input::Restarted),
    ]
}

fn case() -> impl Strategy<Value = Box<Case>> {
    let deadline = || prop::option::of((time(), time()).prop_map(|(since, by)| Deadline { since, by }));
    let verdict = prop::option::of(prop::sample::select(Verdict::ALL.to_vec()));
    let done = (any::<bool>(), any::<bool>(), any::<bool>());
    let told = prop::collection::vec(word(), 0..3);
    (any::<u64>(), tier(), verdict, done, told, deadline(), deadline()).prop_map(
        |(began, tier, verdict, (acted, feedback, unheard), told, acknowledge, give_feedback)| {
            Box::new(Case {
                began,
                tier,
                verdict,
                acted,
                feedback,
                unheard,
                told,
                acknowledge,
                give_feedback,
            })
        },
    )
}

fn facts() -> impl Strategy<Value = AlarmFacts> {
    let condition = prop::sample::select(vec![Condition::Normal, Condition::Pending, Condition::Active]);
    let shelving =
        (time(), any::<bool>(), word()).prop_map(|(until, one_shot, by)| Shelving { until, one_shot, by });
    let flags = (any::<bool>(), any::<bool>(), any::<bool>());
    (
        condition,
        flags,
        prop::option::of(shelving),
        prop::option::of(word()),
        (tier(), tier()),
        prop::option::of(case()),
    )
        .prop_map(
            |(
                condition,
                (acknowledged, latched, in_service),
                shelving,
                suppressed_by,
                (tier, tier_highest),
                case,
            )| {
                AlarmFacts {
                    condition,
                    acknowledged,
                    latched,
                    shelving,
                    suppressed_by,
                    in_service,
                    tier,
                    tier_highest,
                    case,
                }
            },
        )
}

fn limit() -> impl Strategy<Value = LimitView> {
    let comparator = prop::sample::select(Comparator::ALL.to_vec());
    (word(), comparator, value(), value(), any::<bool>(), word()).prop_map(
        |(name, comparator, set_point, clear_point, clear_inclusive, written)| LimitView {
            name,
            comparator,
            set_point,
            clear_point,
            clear_inclusive,
            written,
        },
    )
}

fn evidence() -> impl Strategy<Value = Evidence> {
    let seen = || {
        (word(), value(), quality(), time(), time(), time()).prop_map(
            |(tag, value, quality, source_time, arrival_time, judged_time)| SeenReading {
                tag,
                value: Value::of(value).get(),
                quality,
                source_time,
                arrival_time,
                judged_time,
            },
        )
    };
    let kind = prop::sample::select(DelayKind::ALL.to_vec());
    let delay = (kind, time(), duration(), duration()).prop_map(|(kind, since, elapsed, required)| Delay {
        kind,
        since,
        elapsed,
        required,
    });
    let alarm = (key(), any::<u64>(), tier(), time())
        .prop_map(|(alarm, occurrence, tier, first_out)| SeenAlarm { alarm, occurrence, tier, first_out });
    let some = || prop::collection::vec(seen(), 0..3);
    (
        (some(), any::<u32>(), prop::option::of(delay)),
        some(),
        prop::collection::vec(summary(), 0..3),
        prop::collection::vec(alarm, 0..3),
    )
        .prop_map(|((readings, readings_held, delay), calculated, summaries, alarms)| Evidence {
            readings,
            readings_held,
            delay,
            calculated,
            summaries,
            alarms,
        })
}

fn summary() -> impl Strategy<Value = Summary> {
    let values = (value(), value(), value(), value());
    (word(), (time(), time()), any::<u32>(), duration(), values, quality()).prop_map(
        |(tag, (from, until), readings, covered, (area, min, max, last), quality)| Summary {
            tag,
            from,
            until,
            readings,
            covered,
            area,
            min,
            max,
            last,
            quality,
        },
    )
}

/// Every unit there is, as files write them.
fn unit() -> impl Strategy<Value = Unit> {
    let written = "ppm ppb mg/m3 mg/m3@0C mg/m3@25C ug/m3 ug/m3@0C ug/m3@25C %vol %LEL LEL.m Pa kPa MPa bar mbar mm cm \
                   m Cel K degF m3/h m3/s L/min kg/h t/h m/s km/h % 1 on/off deg s min h d \
                   degC/min mg/m3@25C/h";
    prop::sample::select(written.split_whitespace().filter_map(Unit::parse).collect::<Vec<_>>())
}

fn judged() -> impl Strategy<Value = Transition> {
    let whose =
        (any::<u64>(), key(), any::<u64>(), any::<u32>(), prop::sample::select(TransitionKind::ALL.to_vec()));
    let what = (facts(), word(), both(), prop::collection::vec(word(), 0..3), prop::option::of(limit()));
    let of = (prop::option::of(value()), prop::option::of(unit()), quality());
    let when = (time(), time(), time(), prop::option::of(time()));
    let how = (any::<bool>(), any::<bool>(), prop::option::of(actor()), evidence(), both());
    let how = (how, prop::option::of(word()), prop::option::of(word()));
    (whose, what, of, when, how).prop_map(|(whose, what, of, when, how)| Transition {
        sequence: whose.0,
        alarm: whose.1,
        occurrence: whose.2,
        step: whose.3,
        kind: whose.4,
        facts: what.0,
        rule_revision: what.1,
        title: what.2,
        tags: what.3,
        limit: what.4,
        value: of.0,
        unit: of.1,
        quality: of.2,
        source_time: when.0,
        arrival_time: when.1,
        recorded_time: when.2,
        first_out_time: when.3,
        late: how.0.0,
        sounds: how.0.1,
        incident: how.1,
        desk: how.2,
        actor: how.0.2,
        evidence: how.0.3,
        message: how.0.4,
    })
}

fn any_commit() -> impl Strategy<Value = Commit> {
    (time(), prop::collection::vec(input(), 0..16), prop::collection::vec(judged(), 0..10)).prop_map(
        |(at, inputs, transitions)| {
            let numbered = transitions.into_iter().zip(1..);
            let transitions = numbered.map(|(found, sequence)| Transition { sequence, ..found }).collect();
            Commit { number: 1, at, inputs, transitions }
        },
    )
}

/// Two NaNs of the same bits are the same value here.
fn printed(commit: &Commit) -> String {
    let bits = |commit: &Commit| -> Vec<u64> {
        let of_block = |input: &Input| match input {
            Input::Readings(block) => block.readings.iter().map(|reading| reading.value.to_bits()).collect(),
            _ => Vec::new(),
        };
        let of_inputs = commit.inputs.iter().flat_map(of_block);
        let of_transition = |found: &Transition| -> Vec<f64> {
            let limit = found.limit.iter().flat_map(|limit| [limit.set_point, limit.clear_point]);
            let seen = found.evidence.readings.iter().filter_map(|seen| seen.value);
            found.value.into_iter().chain(limit).chain(seen).collect()
        };
        let of_transitions = commit.transitions.iter().flat_map(of_transition).map(f64::to_bits);
        of_inputs.chain(of_transitions).collect()
    };
    format!("{commit:?} {:?}", bits(commit))
}

#[test]
fn every_shape_comes_back() {
    // Proptest prints the seed and the smallest case that fails.
    let mut runner = TestRunner::new(Config { cases: 60, failure_persistence: None, ..Config::default() });
    let dir = tempfile::tempdir().unwrap();
    let mut case = 0;
    let path = |case| dir.path().join(format!("{case}.sqlite"));
    let numbered = std::cell::RefCell::new(&mut case);
    let outcome = runner.run(&any_commit(), |commit| {
        **numbered.borrow_mut() += 1;
        let path = path(**numbered.borrow());
        let (mut journal, _) = Journal::open(&path, SITE).unwrap();
        let head = journal.append(std::slice::from_ref(&commit)).unwrap();
        prop_assert_eq!(head.hash, chain(&first_hash(SITE), &commit));
        let read = JournalReader::open(&path).unwrap().commits_from(1).next().unwrap().unwrap();
        prop_assert_eq!(printed(&read), printed(&commit));
        prop_assert_eq!(encode_commit(&read), encode_commit(&commit));
        drop(journal);
        for suffix in ["", "-wal", "-shm", ".sums", ".lock"] {
            std::fs::remove_file(beside(&path, suffix)).unwrap();
        }
        Ok(())
    });
    if let Err(error) = outcome {
        panic!("{error}\nrunner: {runner}");
    }
}

#[test]
fn the_export_has_a_line_for_each_input_and_transition() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("park.sqlite");
    let (mut journal, _) = Journal::open(&path, SITE).unwrap();
    journal.append(&commits(1, 6)).unwrap();
    let head = journal.close().map(|_| Journal::open(&path, SITE).unwrap().1).unwrap();
    let mut out = Vec::new();
    export(&path, Some(3), &mut out).unwrap();
    let text = String::from_utf8(out).unwrap();
    let lines: Vec<serde_json::Value> =
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 1 + 4 * 2 + 2 + 1);
    assert_eq!((&lines[0]["site"], &lines[0]["from"]), (&"park".into(), &3.into()));
    assert_eq!(lines[1]["at"], "2026-11-23T08:00:03.000000Z");
    assert_eq!(lines[1]["value"]["readings"][3]["quality"], "bad:calibration");
    assert_eq!(lines[3]["transition"]["id"], "park:h2s:AT-0413/h2s#1.1");
    assert_eq!(lines[3]["transition"]["title"]["zh"], "硫化氢");
    assert_eq!(lines[11]["head"]["hash"], davy_journal::hex(&head.hash));
    let mut again = Vec::new();
    export(&path, Some(3), &mut again).unwrap();
    assert_eq!(again, text.as_bytes());
}

#[test]
fn the_canonical_bytes_are_those_a_replay_makes() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("park.sqlite");
    let (mut journal, _) = Journal::open(&path, SITE).unwrap();
    journal.append(&commits(1, 20)).unwrap();
    let mut kept = Vec::new();
    canonical(&path, &mut kept).unwrap();
    let mut made: Vec<u8> = Vec::new();
    let mut hash = first_hash(SITE);
    for commit in commits(1, 20) {
        hash = chain(&hash, &commit);
        let encoded = encode_commit(&commit);
        made.extend(commit.number.to_le_bytes());
        made.extend(commit.at.as_micros().to_le_bytes());
        for bytes in [encoded.inputs, encoded.transitions] {
            made.extend((bytes.len() as u64).to_le_bytes());
            made.extend(bytes);
        }
        made.extend(hash);
    }
    assert!(kept == made);
}
