//! The events of a test: edge nodes that come and go, Davy that is down, operators who act.

use std::time::Duration;

use davy_model::{AlarmKey, CommandKind, NodeChange};
use davy_rules::{
    Code,
    reader::{Fields, Finding, Item, Node, Report, one_of},
};

use super::{
    case::{Event, Happening, Order},
    refer::Names,
    series::offset,
};

/// What becomes of edge nodes.
pub(crate) const NODE_WORDS: [&str; 3] = ["lost", "offline", "online"];
/// What operators ask for.
pub(crate) const COMMAND_WORDS: [&str; 8] =
    ["acknowledge", "shelve", "unshelve", "reset", "out_of_service", "in_service", "suppress", "unsuppress"];
/// Davy is down for so long.
pub(crate) const DOWN: &str = "down_for";
/// What says more of a command.
pub(crate) const DETAILS: [&str; 6] = ["by", "approved_by", "comment", "for", "one_shot", "refused"];
/// Its keys.
pub(crate) const KEYS: &[&str] = &[
    "at",
    "lost",
    "offline",
    "online",
    "acknowledge",
    "shelve",
    "unshelve",
    "reset",
    "out_of_service",
    "in_service",
    "suppress",
    "unsuppress",
    "down_for",
    "by",
    "approved_by",
    "comment",
    "for",
    "one_shot",
    "refused",
];

/// Reads `events:`.
pub(crate) fn read(item: &Item<'_>, names: Names<'_>, report: &mut Report) -> Vec<Event> {
    let nodes = item.list(report).unwrap_or_default();
    let events: Vec<Event> = nodes.iter().filter_map(|node| event(node, names, report)).collect();
    while_down(&events, item, report);
    events
}

/// While Davy is down, nothing else happens to it: what edge nodes keep comes when it is back.
fn while_down(events: &[Event], item: &Item<'_>, report: &mut Report) {
    for event in events {
        let is_down = |other: &&Event| match other.what {
            Happening::Down(span) => *other != event && event.at > other.at && event.at < other.at + span,
            Happening::Node(..) | Happening::Command(_) => false,
        };
        let down = events.iter().find(is_down);
        if let Some(down) = down {
            let place = davy_rules::reader::Place { line: event.line, column: 1, ..item.place };
            let finding = Finding::new(Code::TimeInvalid, "event").found_words("an event while Davy is down");
            let help = format!("it goes down in line {}", down.line);
            report.error(place, finding.expected("an event before or after that").help(help));
        }
    }
}

fn event(node: &Node, names: Names<'_>, report: &mut Report) -> Option<Event> {
    let fields = Fields::open(node, "event", KEYS, report)?;
    let at = fields.need("at", report).and_then(|item| offset(&item, report));
    let words: Vec<&str> = NODE_WORDS
        .iter()
        .chain(&COMMAND_WORDS)
        .chain([&DOWN])
        .copied()
        .filter(|word| fields.get(word).is_some())
        .collect();
    let [word] = words[..] else {
        let code = if words.is_empty() { Code::KeyMissing } else { Code::KeyConflict };
        let found = if words.is_empty() { "none".to_owned() } else { words.join(" and ") };
        let all: Vec<&str> = NODE_WORDS.into_iter().chain([DOWN]).chain(COMMAND_WORDS).collect();
        let finding = Finding::new(code, "event").found_words(found);
        report.error(node.place, finding.expected(format!("exactly one of {}", one_of(&all))));
        return None;
    };
    let item = fields.get(word)?;
    let what = match word {
        DOWN => Happening::Down(item.duration(Duration::from_millis(1), report)?),
        "lost" => Happening::Node(names.node(&item, report)?, NodeChange::Lost),
        "offline" => Happening::Node(names.node(&item, report)?, NodeChange::Offline),
        "online" => Happening::Node(names.node(&item, report)?, NodeChange::Online),
        command => Happening::Command(order(command, names.alarm(&item, report), &fields, report)?),
    };
    if !matches!(what, Happening::Command(_)) {
        no_details(&fields, word, report);
    }
    Some(Event { line: node.place.line, at: at?, what })
}

fn no_details(fields: &Fields<'_>, word: &str, report: &mut Report) {
    for detail in DETAILS.iter().filter_map(|detail| fields.get(detail)) {
        report.error(
            detail.place,
            detail.finding(Code::KeyConflict).expected(format!("nothing, beside {word}")),
        );
    }
}

fn order(word: &str, alarm: Option<AlarmKey>, fields: &Fields<'_>, report: &mut Report) -> Option<Order> {
    let mut text = |key: &str| fields.get(key).and_then(|item| item.text(report).map(str::to_owned));
    let (by, approved_by, comment, refused) =
        (text("by"), text("approved_by"), text("comment"), text("refused"));
    let span = fields.get("for").map(|item| offset(&item, report));
    let one_shot = fields.get("one_shot").map(|item| item.flag(report));
    let kind = match word {
        "shelve" => {
            let span = fields.need("for", report).and(span.flatten());
            CommandKind::Shelve { duration: span?, one_shot: one_shot.flatten().unwrap_or(false) }
        }
        other => {
            for detail in ["for", "one_shot"].iter().filter_map(|key| fields.get(key)) {
                report.error(
                    detail.place,
                    detail.finding(Code::KeyConflict).expected("nothing: only shelve has it"),
                );
            }
            plain(other)
        }
    };
    Some(Order {
        alarm: alarm?,
        kind,
        by: by.as_deref().unwrap_or("operator").into(),
        approved_by: approved_by.map(Into::into),
        comment: comment.as_deref().unwrap_or("as the test asks").into(),
        refused,
    })
}

/// A command that is its word alone.
fn plain(word: &str) -> CommandKind {
    match word {
        "unshelve" => CommandKind::Unshelve,
        "reset" => CommandKind::Reset,
        "out_of_service" => CommandKind::SetOutOfService,
        "in_service" => CommandKind::ReturnToService,
        "suppress" => CommandKind::Suppress,
        "unsuppress" => CommandKind::Unsuppress,
        _ => CommandKind::Acknowledge,
    }
}
