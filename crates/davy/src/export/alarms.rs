//! Transitions of alarms, with the names that `davy alarms watch --json` gives them.

use anyhow::Context;
use davy_history::{AlarmFilter, AlarmQuery};
use davy_journal::decode_transition;
use davy_model::{LimitView, Transition};

use super::{
    Args,
    place::Place,
    sink::{Cell, Column, Kind, Sink},
    source::{Source, is_wanted},
};
use crate::json::comparator;

/// What a row has: what an alert says, and what an auditor asks besides.
const COLUMNS: &[Column] = &[
    Column { name: "sequence", kind: Kind::Count },
    Column { name: "id", kind: Kind::Name },
    Column { name: "site", kind: Kind::Name },
    Column { name: "alarm", kind: Kind::Name },
    Column { name: "rule", kind: Kind::Name },
    Column { name: "rule_revision", kind: Kind::Name },
    Column { name: "subject", kind: Kind::Text },
    Column { name: "tags", kind: Kind::Name },
    Column { name: "tier", kind: Kind::Name },
    Column { name: "tier_highest", kind: Kind::Name },
    Column { name: "state", kind: Kind::Name },
    Column { name: "transition", kind: Kind::Name },
    Column { name: "limit", kind: Kind::Name },
    Column { name: "comparator", kind: Kind::Name },
    Column { name: "set_point", kind: Kind::Number },
    Column { name: "clear_point", kind: Kind::Number },
    Column { name: "value", kind: Kind::Number },
    Column { name: "unit", kind: Kind::Name },
    Column { name: "quality", kind: Kind::Name },
    Column { name: "source_time", kind: Kind::Time },
    Column { name: "arrival_time", kind: Kind::Time },
    Column { name: "recorded_time", kind: Kind::Time },
    Column { name: "first_out_time", kind: Kind::Time },
    Column { name: "occurrence", kind: Kind::Count },
    Column { name: "step", kind: Kind::Count },
    Column { name: "late", kind: Kind::Flag },
    Column { name: "sounds", kind: Kind::Flag },
    Column { name: "acknowledged", kind: Kind::Flag },
    Column { name: "latched", kind: Kind::Flag },
    Column { name: "shelved_until", kind: Kind::Time },
    Column { name: "suppressed_by", kind: Kind::Name },
    Column { name: "in_service", kind: Kind::Flag },
    Column { name: "actor", kind: Kind::Text },
    Column { name: "approved_by", kind: Kind::Text },
    Column { name: "comment", kind: Kind::Text },
    Column { name: "incident", kind: Kind::Name },
    Column { name: "desk", kind: Kind::Name },
    Column { name: "title_en", kind: Kind::Text },
    Column { name: "title_zh", kind: Kind::Text },
    Column { name: "message_en", kind: Kind::Text },
    Column { name: "message_zh", kind: Kind::Text },
];

/// Records fetched at a time.
const PAGE: usize = 500;

/// Writes all of them, by the time of record.
pub(super) async fn write(args: &Args, source: &Source, place: Place) -> anyhow::Result<u64> {
    let filter = AlarmFilter {
        sites: vec![args.site.clone()],
        from: args.from,
        until: args.until,
        ..AlarmFilter::default()
    };
    let mut query = AlarmQuery { filter, after: None, limit: PAGE };
    let mut records = source.store.transitions(&query).await.context("reading history")?;
    let mut sink = Sink::open(place, COLUMNS)?;
    loop {
        let mut last = None;
        for record in &records {
            let found = decode_transition(record).context("reading history")?;
            last = Some((found.recorded_time, found.alarm.site.to_string(), found.sequence));
            if args.tags.is_empty() || found.tags.iter().any(|tag| is_wanted(&args.tags, tag)) {
                sink.row(&row(&found))?;
            }
        }
        if records.len() < PAGE {
            return sink.finish();
        }
        query.after = last;
        records = source.store.transitions(&query).await.context("reading history")?;
    }
}

fn row(of: &Transition) -> Vec<Cell> {
    let (facts, limit, actor) = (&of.facts, of.limit.as_ref(), of.actor.as_ref());
    let number = |figure: Option<f64>| figure.map_or(Cell::Null, Cell::Number);
    let time = |moment| Option::map_or(moment, Cell::Null, Cell::Time);
    let text = |words: Option<&str>| words.map_or(Cell::Null, Cell::text);
    let unit = of.unit.map(|unit| unit.to_string());
    let limits = |figure: fn(&LimitView) -> f64| number(limit.map(figure));
    let tags = serde_json::json!(of.tags.iter().map(|tag| &**tag).collect::<Vec<_>>()).to_string();
    vec![
        Cell::Count(of.sequence),
        Cell::text(&of.id().to_string()),
        Cell::text(&of.alarm.site),
        Cell::text(&of.alarm.to_string()),
        Cell::text(&of.alarm.rule),
        Cell::text(&of.rule_revision),
        Cell::text(&of.alarm.subject),
        Cell::text(&tags),
        Cell::text(facts.tier.word()),
        Cell::text(facts.tier_highest.word()),
        Cell::text(facts.state().word()),
        Cell::text(of.kind.word()),
        text(limit.map(|limit| &*limit.name)),
        text(limit.map(|limit| comparator(limit.comparator))),
        limits(|limit| limit.set_point),
        limits(|limit| limit.clear_point),
        number(of.value),
        text(unit.as_deref()),
        Cell::text(&of.quality.to_string()),
        Cell::Time(of.source_time),
        Cell::Time(of.arrival_time),
        Cell::Time(of.recorded_time),
        time(of.first_out_time),
        Cell::Count(of.occurrence),
        Cell::Count(of.step.into()),
        Cell::Flag(of.late),
        Cell::Flag(of.sounds),
        Cell::Flag(facts.acknowledged),
        Cell::Flag(facts.latched),
        time(facts.shelving.as_ref().map(|shelving| shelving.until)),
        text(facts.suppressed_by.as_deref()),
        Cell::Flag(facts.in_service),
        text(actor.map(|actor| &*actor.name)),
        text(actor.and_then(|actor| actor.approved_by.as_deref())),
        text(actor.map(|actor| &*actor.comment)),
        text(of.incident.as_deref()),
        text(of.desk.as_deref()),
        Cell::text(&of.title.en),
        Cell::text(&of.title.zh),
        Cell::text(&of.message.en),
        Cell::text(&of.message.zh),
    ]
}
