//! `davy tags watch`.

use std::time::Duration;

use davy_proto::v1::{
    CommittedReadings, StoredReading, TagSelector, TelemetryServiceWatchRequest,
    TelemetryServiceWatchResponse, telemetry_service_watch_response::Event,
};
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tonic::{Code, Status};

use super::{latest, which::Which};
use crate::{ask::ServerArgs, exit::Exit, figures, out, refusal::Refusal, span};

/// How long is waited before a stream that broke is begun anew.
const AGAIN_IN: Duration = Duration::from_secs(1);

/// What to watch.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    server: ServerArgs,
    #[command(flatten)]
    which: Which,
    /// Begin with what every tag said last
    #[arg(long)]
    snapshot: bool,
    /// One JSON object a line, nothing else on standard output
    #[arg(long)]
    json: bool,
}

type Message = Result<TelemetryServiceWatchResponse, Refusal>;

/// Watches until interrupted.
pub(crate) async fn run(args: Args) -> anyhow::Result<Exit> {
    let selectors = args.which.selectors(&args.server).await?;
    eprintln!("watching {}", args.server.url());
    if !args.json {
        out::line(line("MEASURED", "SITE", "TAG", "VALUE", "QUALITY"))?;
    }
    let (sender, mut messages) = mpsc::channel(16);
    for selector in selectors {
        let (server, sender) = (args.server.clone(), sender.clone());
        let site = selector.site.clone();
        tokio::spawn(async move {
            let refusal = watch(&server, selector, args.snapshot, &sender).await;
            // Whoever prints may have ended.
            let _ = sender.send((site, Err(refusal))).await;
        });
    }
    drop(sender);
    while let Some((site, message)) = messages.recv().await {
        show(&site, &message?, args.json)?;
    }
    Ok(Exit::Ok)
}

/// Watches one site, again and again where the stream breaks, until that is refused.
async fn watch(
    server: &ServerArgs,
    selector: TagSelector,
    snapshot: bool,
    sender: &mpsc::Sender<(String, Message)>,
) -> Refusal {
    let site = selector.site.clone();
    let request = TelemetryServiceWatchRequest { selector: Some(selector), snapshot };
    loop {
        let why = match once(server, &request, &site, sender).await {
            Ok(()) => "the server ended the stream".to_owned(),
            Err(Ended::Broken(why)) => why,
            Err(Ended::Refused(refusal)) => return refusal,
        };
        eprintln!("{site}: {why}; again in {}, what comes meanwhile is missed", span::words(AGAIN_IN));
        tokio::time::sleep(AGAIN_IN).await;
    }
}

enum Ended {
    Broken(String),
    Refused(Refusal),
}

impl From<Status> for Ended {
    fn from(status: Status) -> Ended {
        let refusal = Refusal::from(&status);
        match status.code() {
            Code::Unavailable | Code::Unknown | Code::Internal | Code::Cancelled | Code::DeadlineExceeded => {
                Ended::Broken(format!("{}: {}", refusal.code, refusal.message))
            }
            _ => Ended::Refused(refusal),
        }
    }
}

async fn once(
    server: &ServerArgs,
    request: &TelemetryServiceWatchRequest,
    site: &str,
    sender: &mpsc::Sender<(String, Message)>,
) -> Result<(), Ended> {
    let mut client = server.readings().await.map_err(|error| Ended::Broken(format!("{error:#}")))?;
    let mut stream = client.watch(request.clone()).await?.into_inner();
    while let Some(message) = stream.message().await? {
        if sender.send((site.to_owned(), Ok(message))).await.is_err() {
            return Ok(());
        }
    }
    Ok(())
}

fn show(site: &str, message: &TelemetryServiceWatchResponse, json: bool) -> std::io::Result<()> {
    if message.dropped_commits > 0 {
        let dropped = message.dropped_commits;
        eprintln!("{site}: too slow: {dropped} commits with readings went by; davy tags history has them");
        if json {
            out::line(json!({"site": site, "dropped_commits": dropped}))?;
        }
    }
    match &message.event {
        Some(Event::Snapshot(page)) => page.tags.iter().try_for_each(|tag| {
            if json {
                return out::line(latest::object(site, tag));
            }
            let reading = tag.reading.as_ref();
            reading.map_or(Ok(()), |reading| out::line(told(site, &tag.tag, &tag.unit, reading)))
        }),
        Some(Event::Readings(commit)) => readings(site, commit, json),
        None => Ok(()),
    }
}

fn readings(site: &str, commit: &CommittedReadings, json: bool) -> std::io::Result<()> {
    for series in &commit.series {
        for reading in &series.readings {
            if json {
                out::line(object(site, commit, &series.tag, &series.unit, reading))?;
            } else {
                out::line(told(site, &series.tag, &series.unit, reading))?;
            }
        }
    }
    Ok(())
}

fn object(site: &str, commit: &CommittedReadings, tag: &str, unit: &str, reading: &StoredReading) -> Value {
    json!({
        "site": site, "commit": commit.commit, "recorded_time": figures::rfc3339(commit.recorded_time.as_ref()),
        "tag": tag, "unit": unit, "source_time": figures::rfc3339(reading.source_time.as_ref()),
        "arrival_time": figures::rfc3339(reading.arrival_time.as_ref()), "value": reading.value,
        "quality": figures::quality(reading.quality.as_ref()),
    })
}

fn told(site: &str, tag: &str, unit: &str, reading: &StoredReading) -> String {
    let measured = figures::moment(reading.source_time.as_ref());
    let value = figures::value(reading.value, unit);
    line(&measured, site, tag, &value, &figures::quality(reading.quality.as_ref()))
}

fn line(measured: &str, site: &str, tag: &str, value: &str, quality: &str) -> String {
    format!("{measured:<24}  {site:<12}  {tag:<24}  {value:>16}  {quality}")
}
