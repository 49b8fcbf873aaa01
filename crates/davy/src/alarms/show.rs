//! `davy alarms show`.

use davy_proto::v1::{Alarm, AlarmServiceGetRequest, LocalizedText, Response};

use super::case;
use crate::{
    ask::ServerArgs,
    exit::Exit,
    figures, json,
    looks::{self, Colour},
    out,
    refusal::failed,
    span,
};

/// Which alarm.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    server: ServerArgs,
    /// The alarm's id, site:rule:subject
    alarm: String,
    /// One JSON object
    #[arg(long)]
    json: bool,
}

/// Shows it.
pub(crate) async fn run(args: Args) -> anyhow::Result<Exit> {
    let mut client = args.server.alarms().await?;
    let request = AlarmServiceGetRequest { alarm: args.alarm, read_mask: None };
    let answer = client.get(request).await.map_err(|status| failed(&status))?.into_inner();
    let alarm = answer.alarm.unwrap_or_default();
    if args.json {
        out::line(json::alarm(&alarm))?;
    } else {
        out::line(text(&alarm, Colour::of_stdout()))?;
    }
    Ok(Exit::Ok)
}

/// The alarm, a fact a line.
pub(crate) fn text(alarm: &Alarm, colour: Colour) -> String {
    let mut facts = vec![
        ("title", both(alarm.title.as_ref())),
        ("state", figures::state(alarm.state()).to_owned()),
        ("value", figures::against(alarm.value, alarm.limit.as_ref(), &alarm.unit)),
        ("quality", figures::quality(alarm.quality.as_ref())),
        ("message", both(alarm.message.as_ref())),
        ("occurrence", format!("{} (step {})", alarm.occurrence, alarm.step)),
        ("raised", figures::moment(alarm.raised_time.as_ref())),
        ("last change", figures::moment(alarm.last_transition_time.as_ref())),
        ("tags", alarm.tags.join(", ")),
        ("rule", format!("{} at revision {}", alarm.rule, alarm.rule_revision)),
    ];
    if alarm.shelved_until.is_some() {
        let until = figures::moment(alarm.shelved_until.as_ref());
        let one_shot = if alarm.shelved_one_shot { ", or until it returns to normal" } else { "" };
        facts.push(("shelved", format!("until {until}{one_shot}, by {}", alarm.shelved_by)));
    }
    if !alarm.suppressed_by.is_empty() {
        facts.push(("suppressed", format!("by {}", alarm.suppressed_by)));
    }
    facts.extend(case::facts(alarm));
    facts.extend(alarm.response.iter().flat_map(response));
    let chip = looks::painted_chip(figures::tier(alarm.tier()), colour);
    let lines = facts.into_iter().filter(|(_, fact)| !fact.is_empty());
    let lines: Vec<String> = lines.map(|(name, fact)| format!("  {name:<12} {fact}")).collect();
    format!("{chip} {}\n{}", alarm.id, lines.join("\n"))
}

/// What to do, a fact a line.
pub(crate) fn response(response: &Response) -> Vec<(&'static str, String)> {
    let time = response.time_to_respond.and_then(|span| std::time::Duration::try_from(span).ok());
    vec![
        ("cause", both(response.cause.as_ref())),
        ("consequence", both(response.consequence.as_ref())),
        ("action", both(response.action.as_ref())),
        ("respond in", time.map(span::words).unwrap_or_default()),
    ]
}

/// English, and Chinese where there is some.
fn both(text: Option<&LocalizedText>) -> String {
    match text {
        Some(text) if text.zh.is_empty() => text.en.clone(),
        Some(text) => format!("{} / {}", text.en, text.zh),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use davy_proto::v1;

    #[test]
    fn an_alarm_is_shown_with_what_to_do_and_nothing_empty() {
        let alarm = Alarm {
            id: "park:h2s:AT-0412/h2s".to_owned(),
            tier: v1::Tier::Orange.into(),
            state: v1::AlarmState::Shelved.into(),
            shelved_until: Some(prost_types::Timestamp { seconds: 1_795_420_800, nanos: 0 }),
            shelved_by: "ann".to_owned(),
            response: Some(Response {
                action: Some(LocalizedText { en: "Clear the unit".to_owned(), zh: "撤离".to_owned() }),
                time_to_respond: Some(prost_types::Duration { seconds: 180, nanos: 0 }),
                ..Response::default()
            }),
            ..Alarm::default()
        };
        let text = text(&alarm, Colour::Off);
        for part in [
            "▲ orange  park:h2s:AT-0412/h2s",
            "shelved      until 2026-11-23 08:00:00.000Z, by ann",
            "action       Clear the unit / 撤离",
            "respond in   3 min 00 s",
        ] {
            assert!(text.contains(part), "{part} is not in\n{text}");
        }
        assert!(!text.contains("suppressed") && !text.contains("cause"), "{text}");
    }
}
