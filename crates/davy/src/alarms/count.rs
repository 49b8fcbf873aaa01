//! `davy alarms count`.

use clap::ValueEnum;
use davy_proto::v1::{self, AlarmServiceCountHistoryRequest, HistoryCount, HistoryGrouping};
use serde_json::{Map, Value};

use super::filter::FilterArgs;
use crate::{ask::ServerArgs, exit::Exit, out, refusal::failed, table};

/// Which are counted, and by what.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    server: ServerArgs,
    /// By what, the first first; all together, without
    #[arg(long, value_name = "WHAT", value_delimiter = ',')]
    by: Vec<By>,
    /// How far the plant's clock is ahead of UTC, for days and hours: 8h in China, -3h30m in St. John's
    #[arg(long, value_name = "SPAN", value_parser = parse_offset, default_value = "0s", allow_hyphen_values = true)]
    utc_offset: i64,
    /// At most this many counts, the greatest first
    #[arg(long, value_name = "N", default_value_t = 1000)]
    limit: u16,
    /// Every change of an alarm; without, and without --kind, only raised ones are counted
    #[arg(long, conflicts_with = "kinds")]
    all_kinds: bool,
    #[command(flatten)]
    filter: FilterArgs,
    /// One JSON object a line
    #[arg(long)]
    json: bool,
}

/// What transitions may have in common.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum By {
    Site,
    Rule,
    Subject,
    Tier,
    Kind,
    Day,
    Hour,
}

impl By {
    fn word(self) -> String {
        self.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
    }

    fn wire(self) -> HistoryGrouping {
        match self {
            By::Site => HistoryGrouping::Site,
            By::Rule => HistoryGrouping::Rule,
            By::Subject => HistoryGrouping::Subject,
            By::Tier => HistoryGrouping::Tier,
            By::Kind => HistoryGrouping::Kind,
            By::Day => HistoryGrouping::Day,
            By::Hour => HistoryGrouping::Hour,
        }
    }
}

/// Tells it.
pub(crate) async fn run(args: Args) -> anyhow::Result<Exit> {
    let mut filter = args.filter.wire();
    if filter.kinds.is_empty() && !args.all_kinds {
        filter.kinds.push(v1::TransitionKind::Raised.into());
    }
    let request = AlarmServiceCountHistoryRequest {
        filter: Some(filter),
        by: args.by.iter().map(|by| by.wire().into()).collect(),
        utc_offset: Some(prost_types::Duration { seconds: args.utc_offset, nanos: 0 }),
        limit: args.limit.into(),
    };
    let mut client = args.server.alarms().await?;
    let answer = client.count_history(request).await.map_err(|status| failed(&status))?.into_inner();
    if args.json {
        answer.counts.iter().try_for_each(|count| out::line(object(&args.by, count)))?;
        return Ok(Exit::Ok);
    }
    let headings: Vec<String> =
        args.by.iter().map(|by| by.word().to_uppercase()).chain(["COUNT".to_owned()]).collect();
    let headings: Vec<&str> = headings.iter().map(String::as_str).collect();
    let row = |count: &HistoryCount| -> Vec<table::Field> {
        count.keys.iter().map(|key| key.as_str().into()).chain([count.count.to_string().into()]).collect()
    };
    out::line(table::render(&headings, answer.counts.iter().map(row).collect()))?;
    if answer.more {
        out::line(format_args!("and more: --limit is {}", args.limit))?;
    }
    Ok(Exit::Ok)
}

fn object(by: &[By], count: &HistoryCount) -> Value {
    let keys = by.iter().zip(&count.keys).map(|(by, key)| (by.word(), key.as_str().into()));
    Value::Object(keys.chain([("count".to_owned(), count.count.into())]).collect::<Map<_, _>>())
}

/// Whole minutes, ahead of UTC or, with a minus, behind it; s.
fn parse_offset(text: &str) -> Result<i64, String> {
    let wrong = || format!("expected a span such as 8h or -3h30m, found {text:?}");
    let span: jiff::SignedDuration = text.trim().parse().map_err(|_| wrong())?;
    let whole = span.subsec_nanos() == 0 && span.as_secs() % 60 == 0;
    if whole { Ok(span.as_secs()) } else { Err(wrong()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clocks_of_plants_are_understood() {
        for (text, due) in
            [("8h", Some(28_800)), ("-3h30m", Some(-12_600)), ("0s", Some(0)), ("90s", None), ("china", None)]
        {
            assert_eq!(parse_offset(text).ok(), due, "{text}");
        }
    }
}
