//! The record for people and other programs: one JSON object a line; and for comparing: one stream of bytes.

use std::io::Write;

use davy_model::{
    Actor, AlarmFacts, CaseStage, Command, CommandKind, Deadline, Evidence, Freshness, Input, Reading,
    ReadingBlock, SeenAlarm, SeenReading, Summary, Text, Timestamp, Transition, Verdict,
};
use serde_json::{Value, json};

use crate::{JournalReader, disk::Place, error::Result, files::Files, hex, verify::open_untouched};

/// Writes the inputs and transitions from commit `from` on, or all that are kept, as JSON, one object a line: a header
/// first, the head last. Where a journal does not begin with its first commit, the files that were active where it does follow the
/// header, when all of it is asked for.
/// Times are RFC 3339 in UTC with microseconds. The same journal gives the same text. Changes none of its files.
///
/// # Errors
/// The first commit that does not hold, or what `out` says; what was written until then stands.
pub fn export(place: impl Into<Place>, from: Option<u64>, out: &mut dyn Write) -> Result<()> {
    let reader = JournalReader::of(open_untouched(&Files::of(&place.into()))?)?;
    let first = reader.first_kept()?.number;
    let from = from.unwrap_or(first);
    line(out, &json!({"journal": "davy", "version": 1, "site": reader.site(), "from": from}))?;
    if from == first
        && let Some(files) = reader.base_files()?
    {
        let (_, value) = input(&Input::Activate(files.bundle));
        line(
            out,
            &json!({"base": {"commit": first - 1, "activated_in": files.activated_in, "value": value}}),
        )?;
    }
    let mut last = (from.saturating_sub(1), None);
    let mut commits = reader.commits_from(from);
    while let Some(linked) = commits.next_linked() {
        let linked = linked?;
        let (number, at) = (linked.commit.number, linked.commit.at.to_string());
        for input in &linked.commit.inputs {
            let (kind, value) = self::input(input);
            line(out, &json!({"commit": number, "at": at, "input": kind, "value": value}))?;
        }
        for found in &linked.commit.transitions {
            line(out, &json!({"commit": number, "at": at, "transition": transition(found)}))?;
        }
        last = (number, Some(linked.head));
    }
    let (sequence, hash) = last.1.map_or((None, None), |head| (Some(head.sequence), Some(hex(&head.hash))));
    line(out, &json!({"head": {"commit": last.0, "sequence": sequence, "hash": hash}}))
}

/// Writes the bytes that a replay is compared with: of each commit number, time, length and bytes of the inputs, length
/// and bytes of the transitions, and hash; numbers are eight bytes, little-endian. Changes none of its files.
///
/// # Errors
/// As [`export`].
pub fn canonical(place: impl Into<Place>, out: &mut dyn Write) -> Result<()> {
    let reader = JournalReader::of(open_untouched(&Files::of(&place.into()))?)?;
    let mut commits = reader.commits_from(reader.first_kept()?.number);
    while let Some(linked) = commits.next_linked() {
        let linked = linked?;
        out.write_all(&linked.commit.number.to_le_bytes())?;
        out.write_all(&linked.commit.at.as_micros().to_le_bytes())?;
        for bytes in [&linked.encoded.inputs, &linked.encoded.transitions] {
            out.write_all(&(bytes.len() as u64).to_le_bytes())?;
            out.write_all(bytes)?;
        }
        out.write_all(&linked.head.hash)?;
    }
    Ok(())
}

fn line(out: &mut dyn Write, value: &Value) -> Result<()> {
    Ok(writeln!(out, "{value}")?)
}

fn input(input: &Input) -> (&'static str, Value) {
    match input {
        Input::Activate(bundle) => {
            let files: Vec<Value> =
                bundle.files.iter().map(|file| json!({"path": file.path, "text": file.text})).collect();
            ("activate", json!({"site": *bundle.site, "revision": *bundle.revision, "files": files}))
        }
        Input::Readings(block) => ("readings", readings(block)),
        Input::Node { node, change } => ("node", json!({"node": node.0, "change": change.word()})),
        Input::Command(found) => ("command", command(found)),
        Input::Fault(fault) => {
            let value = json!({
                "part": *fault.part, "active": fault.active, "tier": fault.tier.word(), "text": text(&fault.text),
            });
            ("fault", value)
        }
        Input::Tick => ("tick", Value::Null),
        Input::Heartbeat(number) => ("heartbeat", json!(number)),
        Input::Restarted => ("restarted", Value::Null),
    }
}

const fn freshness(freshness: Freshness) -> &'static str {
    match freshness {
        Freshness::Live => "live",
        Freshness::Historical => "historical",
        Freshness::Replayed => "replayed",
    }
}

fn readings(block: &ReadingBlock) -> Value {
    let message = |head: &davy_model::MessageHead| {
        json!({
            "node": head.node.0, "arrival_time": time(head.arrival), "seq": head.seq,
            "redelivered": head.redelivered, "freshness": freshness(head.freshness), "readings": head.len,
        })
    };
    let reading = |reading: &Reading| {
        json!({
            "tag": reading.tag.0, "value": reading.value.get(), "quality": reading.quality.to_string(),
            "source_time": time(reading.source_time),
        })
    };
    let messages: Vec<Value> = block.messages.iter().map(message).collect();
    let readings: Vec<Value> = block.readings.iter().map(reading).collect();
    json!({"messages": messages, "readings": readings})
}

fn command(command: &Command) -> Value {
    let (duration_ms, one_shot) = match command.kind {
        CommandKind::Shelve { duration, one_shot } => (Some(duration.as_millis() as u64), Some(one_shot)),
        CommandKind::Acknowledge
        | CommandKind::Unshelve
        | CommandKind::Reset
        | CommandKind::SetOutOfService
        | CommandKind::ReturnToService
        | CommandKind::Suppress
        | CommandKind::Unsuppress
        | CommandKind::Verify(_)
        | CommandKind::Act
        | CommandKind::GiveFeedback
        | CommandKind::Close
        | CommandKind::Comment => (None, None),
    };
    let verdict = match command.kind {
        CommandKind::Verify(verdict) => Some(verdict.word()),
        _ => None,
    };
    json!({
        "alarm": command.alarm.to_string(), "occurrence": command.occurrence, "actor": actor(&command.actor),
        "command": command.kind.word(), "duration_ms": duration_ms, "one_shot": one_shot, "verdict": verdict,
        "request_id": Some(&*command.request_id).filter(|id| !id.is_empty()),
    })
}

fn transition(found: &Transition) -> Value {
    let limit = found.limit.as_ref().map(|limit| {
        json!({
            "name": *limit.name, "comparator": limit.comparator.symbol(), "set_point": limit.set_point,
            "clear_point": limit.clear_point, "clear_inclusive": limit.clear_inclusive, "written": *limit.written,
        })
    });
    let shelving = found.facts.shelving.as_ref().map(
        |shelving| json!({"until": time(shelving.until), "one_shot": shelving.one_shot, "by": *shelving.by}),
    );
    json!({
        "sequence": found.sequence, "id": found.id().to_string(), "alarm": found.alarm.to_string(),
        "occurrence": found.occurrence, "step": found.step, "kind": found.kind.word(),
        "state": found.facts.state().word(), "tier": found.facts.tier.word(),
        "tier_highest": found.facts.tier_highest.word(), "acknowledged": found.facts.acknowledged,
        "latched": found.facts.latched, "in_service": found.facts.in_service, "shelving": shelving,
        "suppressed_by": found.facts.suppressed_by.as_deref(), "case": case(&found.facts), "rule_revision": *found.rule_revision,
        "title": text(&found.title), "tags": found.tags.iter().map(|tag| tag.as_ref()).collect::<Vec<&str>>(),
        "limit": limit, "value": found.value, "unit": found.unit.map(|unit| unit.to_string()),
        "quality": found.quality.to_string(), "source_time": time(found.source_time),
        "arrival_time": time(found.arrival_time), "recorded_time": time(found.recorded_time),
        "first_out_time": found.first_out_time.map(time), "late": found.late, "sounds": found.sounds,
        "incident": found.incident.as_deref(), "desk": found.desk.as_deref(),
        "actor": found.actor.as_ref().map(actor), "evidence": evidence(&found.evidence),
        "message": text(&found.message),
    })
}

fn case(facts: &AlarmFacts) -> Value {
    let by = |deadline: Option<Deadline>| deadline.map(|deadline| time(deadline.by));
    facts.case.as_deref().map_or(Value::Null, |case| {
        json!({
            "began": case.began, "tier": case.tier.word(), "stage": facts.stage().map(CaseStage::word),
            "verdict": case.verdict.map(Verdict::word), "acted": case.acted, "feedback": case.feedback,
            "told": case.told.iter().map(|desk| &**desk).collect::<Vec<&str>>(),
            "acknowledge_by": by(case.acknowledge), "feedback_by": by(case.give_feedback),
        })
    })
}

fn evidence(evidence: &Evidence) -> Value {
    let seen = |reading: &SeenReading| {
        json!({
            "tag": *reading.tag, "value": reading.value, "quality": reading.quality.to_string(),
            "source_time": time(reading.source_time), "arrival_time": time(reading.arrival_time),
            "judged_time": time(reading.judged_time),
        })
    };
    let delay = evidence.delay.map(|delay| {
        json!({
            "kind": delay.kind.word(), "since": time(delay.since),
            "elapsed_us": davy_model::micros(delay.elapsed), "required_us": davy_model::micros(delay.required),
        })
    });
    let all = |readings: &[SeenReading]| readings.iter().map(seen).collect::<Vec<Value>>();
    let summaries: Vec<Value> = evidence.summaries.iter().map(summary).collect();
    let alarms: Vec<Value> = evidence.alarms.iter().map(seen_alarm).collect();
    json!({
        "readings": all(&evidence.readings), "readings_held": evidence.readings_held, "delay": delay,
        "calculated": all(&evidence.calculated), "summaries": summaries, "alarms": alarms,
    })
}

fn summary(summary: &Summary) -> Value {
    json!({
        "tag": *summary.tag, "from": time(summary.from), "until": time(summary.until),
        "readings": summary.readings, "covered_us": davy_model::micros(summary.covered), "mean": summary.mean(),
        "min": summary.min, "max": summary.max, "last": summary.last, "quality": summary.quality.to_string(),
    })
}

fn seen_alarm(seen: &SeenAlarm) -> Value {
    json!({
        "alarm": seen.alarm.to_string(), "occurrence": seen.occurrence, "tier": seen.tier.word(),
        "first_out": time(seen.first_out),
    })
}

fn actor(actor: &Actor) -> Value {
    json!({"name": *actor.name, "approved_by": actor.approved_by.as_deref(), "comment": *actor.comment})
}

fn text(text: &Text) -> Value {
    json!({"en": text.en, "zh": text.zh})
}

fn time(time: Timestamp) -> String {
    time.to_string()
}
