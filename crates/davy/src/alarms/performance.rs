//! `davy alarms performance`.

use davy_proto::{
    time_to_wire,
    v1::{AlarmServiceGetPerformanceRequest, DeskPerformance, PerformanceFigure, PerformanceVerdict},
};
use serde_json::{Value, json};

use super::period::PeriodArgs;
use crate::{ask::ServerArgs, exit::Exit, figures, out, refusal::failed, span, table};

/// Of which site, and over which time.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    server: ServerArgs,
    /// The site
    #[arg(long, value_name = "SITE")]
    site: String,
    #[command(flatten)]
    period: PeriodArgs,
    /// Only this desk
    #[arg(long, value_name = "DESK")]
    desk: Option<String>,
    /// One JSON object a desk
    #[arg(long)]
    json: bool,
}

/// Tells it.
pub(crate) async fn run(args: Args) -> anyhow::Result<Exit> {
    let mut client = args.server.alarms().await?;
    let from = args.period.from();
    // The same end for both, where one was counted back from.
    let until = args.period.until().or(from.map(|_| span::now()));
    let request = AlarmServiceGetPerformanceRequest {
        site: args.site.clone(),
        from: from.map(time_to_wire),
        until: until.map(time_to_wire),
    };
    let answer = client.get_performance(request).await.map_err(|status| failed(&status))?.into_inner();
    let wanted = |desk: &&DeskPerformance| args.desk.as_ref().is_none_or(|name| *name == desk.desk);
    let desks: Vec<&DeskPerformance> = answer.desks.iter().filter(wanted).collect();
    let (from, until) = (figures::moment(answer.from.as_ref()), figures::moment(answer.until.as_ref()));
    if args.json {
        desks.iter().try_for_each(|desk| out::line(object(desk, &from, &until)))?;
        return Ok(Exit::Ok);
    }
    if desks.is_empty() {
        out::line("no such desk")?;
        return Ok(Exit::Findings);
    }
    out::line(format_args!("site {}, {from} to {until}", args.site))?;
    desks.iter().try_for_each(|desk| tell(desk))?;
    Ok(Exit::Ok)
}

fn tell(desk: &DeskPerformance) -> std::io::Result<()> {
    let name = if desk.desk.is_empty() { "no desk" } else { &desk.desk };
    out::line(format_args!("\n{name}"))?;
    out::line(table::render(&["FIGURE", "VALUE", "TARGET", ""], desk.figures.iter().map(row).collect()))?;
    for actor in &desk.top {
        let share = 100.0 * actor.share;
        out::line(format_args!("  {} calls, {share:.1} %: {}", actor.calls, actor.alarm))?;
    }
    if !desk.chattering.is_empty() {
        out::line(format_args!("  chattering: {}", desk.chattering.join(", ")))?;
    }
    Ok(())
}

fn row(figure: &PerformanceFigure) -> Vec<table::Field> {
    let told = |value: f64| {
        let decimals = if value.fract() == 0.0 { 0 } else { 2 };
        format!("{value:.decimals$} {}", figure.unit).trim_end().to_owned()
    };
    let target = match (figure.target, figure.manageable) {
        (None, _) => String::new(),
        (Some(target), None) => format!("≤ {}", told(target)),
        (Some(target), Some(manageable)) => format!("≤ {}, manageable ≤ {}", told(target), told(manageable)),
    };
    let verdict = match figure.verdict() {
        PerformanceVerdict::Good => "✓ good",
        PerformanceVerdict::Manageable => "△ manageable",
        PerformanceVerdict::Over => "✗ over",
        PerformanceVerdict::Untold | PerformanceVerdict::Unspecified => "",
    };
    vec![figure.name.replace('_', " ").into(), told(figure.value).into(), target.into(), verdict.into()]
}

fn object(desk: &DeskPerformance, from: &str, until: &str) -> Value {
    let figure = |figure: &PerformanceFigure| {
        let verdict =
            figure.verdict().as_str_name().trim_start_matches("PERFORMANCE_VERDICT_").to_lowercase();
        json!({
            "name": figure.name, "value": figure.value, "unit": figure.unit, "target": figure.target,
            "manageable": figure.manageable, "verdict": verdict, "source": figure.source,
        })
    };
    let top = desk
        .top
        .iter()
        .map(|actor| json!({"alarm": actor.alarm, "calls": actor.calls, "share": actor.share}));
    json!({
        "desk": (!desk.desk.is_empty()).then_some(&desk.desk), "from": from, "until": until,
        "figures": desk.figures.iter().map(figure).collect::<Vec<_>>(), "top": top.collect::<Vec<_>>(),
        "chattering": desk.chattering,
    })
}
