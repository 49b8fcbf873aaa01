//! `davy alarms watch`.

use davy_model::Tier;
use davy_proto::{
    alert_json,
    v1::{Gap, GapReason, alert_service_subscribe_request::Start, alert_service_subscribe_response::Event},
};

use super::parse_tier;
use crate::{
    ask::ServerArgs,
    exit::Exit,
    follow::{Follow, Seen, Wanted},
    json, line,
    looks::Colour,
    out, span,
};

/// What to watch.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    server: ServerArgs,
    /// Only these sites, separated by commas
    #[arg(long, value_delimiter = ',', value_name = "SITE")]
    sites: Vec<String>,
    /// Only sites at these places of the administrative tree, or below, separated by commas: 370000/370500
    #[arg(long, value_delimiter = ',', value_name = "SCOPE")]
    scopes: Vec<String>,
    /// Only as grave as this, or graver: blue, yellow, orange, red
    #[arg(long, value_parser = parse_tier, value_name = "TIER")]
    tier: Option<Tier>,
    /// Begin after this token of an earlier stream
    #[arg(long, value_name = "TOKEN", conflicts_with = "snapshot")]
    after: Option<String>,
    /// Begin with every alarm that stands
    #[arg(long)]
    snapshot: bool,
    /// One JSON object a line, nothing else on standard output
    #[arg(long)]
    json: bool,
}

/// Watches until interrupted.
pub(crate) async fn run(args: Args) -> anyhow::Result<Exit> {
    let start = match (args.after, args.snapshot) {
        (Some(token), _) => Start::AfterToken(token),
        (None, true) => Start::Snapshot(true),
        (None, false) => Start::FromNow(true),
    };
    let wanted = Wanted { start, sites: args.sites, scopes: args.scopes, tier_at_least: args.tier };
    eprintln!("watching {}", args.server.url());
    let mut follow = Follow::new(args.server, wanted);
    let show = Show { json: args.json, colour: Colour::of_stdout() };
    if !show.json {
        out::line(line::heading())?;
    }
    loop {
        match follow.next().await? {
            Seen::Event(event) => show.event(&event)?,
            Seen::Broken { why, again_in } => eprintln!("{why}; again in {}", span::words(again_in)),
        }
    }
}

struct Show {
    json: bool,
    colour: Colour,
}

impl Show {
    fn event(&self, event: &Event) -> std::io::Result<()> {
        match event {
            Event::Alert(alert) if self.json => out::line(alert_json(alert)),
            Event::Alert(alert) => out::line(line::alert(alert, self.colour)),
            Event::Alarm(alarm) if self.json => out::line(json::standing(alarm)),
            Event::Alarm(alarm) => out::line(line::standing(alarm, self.colour)),
            Event::Gap(found) => {
                eprintln!("{}", gap(found));
                Ok(())
            }
            Event::SnapshotBegin(begin) => {
                eprintln!("snapshot of {} alarms", begin.alarms);
                Ok(())
            }
            Event::SnapshotEnd(_) | Event::Heartbeat(_) | Event::Bookmark(_) => Ok(()),
        }
    }
}

/// A gap in words.
pub(crate) fn gap(gap: &Gap) -> String {
    let why = match gap.reason() {
        GapReason::Retention => "older than what the journal keeps",
        GapReason::UnknownToken => "the token is of another journal",
        GapReason::NotDurable => {
            "the journal failed, and they were not written down yet; those that are come then"
        }
        GapReason::Unspecified => "the server does not say why",
    };
    let which = match (gap.from_sequence, gap.to_sequence) {
        (from, 0) => format!("from {from} on"),
        (from, to) if from == to => format!("{from}"),
        (from, to) => format!("{from} to {to}"),
    };
    format!("gap in {}: alerts {which} cannot be delivered: {why}", gap.site)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gap_says_which_alerts_are_missing_and_why() {
        let found = |from_sequence, to_sequence| Gap {
            site: "park".to_owned(),
            from_sequence,
            to_sequence,
            reason: GapReason::Retention.into(),
        };
        for (from, to, which) in [(4, 9, "4 to 9"), (4, 4, "4"), (4, 0, "from 4 on")] {
            let told = gap(&found(from, to));
            assert_eq!(
                told,
                format!("gap in park: alerts {which} cannot be delivered: older than what the journal keeps")
            );
        }
    }
}
