//! `davy demo`: everything in one process, on loopback, and looked at from outside as any client would.
//!
//! The gateways are MQTT clients of the door, and the table is filled by a gRPC subscription. Nothing is short-cut.

mod account;
mod args;
mod header;
mod progress;
mod sample;
mod screen;
mod stage;
mod tally;
mod view;

use std::time::Duration;

use davy_proto::v1::alert_service_subscribe_response::Event;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until, timeout};

pub(crate) use self::args::Args;
use self::{account::Account, screen::Screen, stage::Stage, view::View};
use crate::{
    exit::Exit,
    follow::Seen,
    logging,
    stop::{Asked, Signals},
};

/// How long the first snapshot may take.
const FIRST_SIGHT: Duration = Duration::from_secs(10);
/// How long the last alerts may take to arrive once nothing more comes in.
const LAST_SIGHT: Duration = Duration::from_secs(3);

/// Runs until its time is over or somebody stops it, then gives the account.
pub(crate) async fn run(args: Args) -> anyhow::Result<Exit> {
    logging::start("warn")?;
    let mut signals = Signals::listen()?;
    let Some(mut stage) = Stage::open(&args).await? else { return Ok(Exit::Findings) };
    let mut screen = Screen::new(args.json);
    screen.show(&header::text(&stage, &args))?;
    let mut view = View::open(&stage.server_args());
    let played = play(&mut stage, &mut view, &mut screen, &mut signals, &args).await;
    let account = close(stage, &mut view, &mut screen).await;
    played?;
    screen.account(&account)?;
    Ok(Exit::found(!account.is_sound()))
}

/// Alerts on the screen, for as long as it takes.
async fn play(
    stage: &mut Stage,
    view: &mut View,
    screen: &mut Screen,
    signals: &mut Signals,
    args: &Args,
) -> anyhow::Result<()> {
    first_sight(view, screen).await?;
    view.begin().await;
    stage.start_gateways(args)?;
    let started = Instant::now();
    // A span too long for the clock is one that never ends.
    let end = args.span.and_then(|span| started.checked_add(span));
    let mut ticks = interval(Duration::from_secs(1));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            biased;
            asked = signals.next() => match asked {
                Asked::Stop => return Ok(()),
                Asked::Reload => screen.note("the demo's files are built in: nothing to read again"),
            },
            () = until(end) => return Ok(()),
            why = stage.server.failed() => anyhow::bail!("Davy cannot go on: {why}"),
            seen = view.next() => take(view, screen, &seen?)?,
            _ = ticks.tick() => {
                if let Some(status) = view.status().await {
                    screen.progress(started.elapsed(), &status, view.heartbeats());
                }
            }
        }
    }
}

async fn until(end: Option<Instant>) {
    match end {
        Some(end) => sleep_until(end).await,
        None => std::future::pending().await,
    }
}

/// Waits for the snapshot, so that nothing the gateways cause is missed.
async fn first_sight(view: &mut View, screen: &mut Screen) -> anyhow::Result<()> {
    let complete = async {
        loop {
            let seen = view.next().await?;
            let done = matches!(&seen, Seen::Event(event) if matches!(**event, Event::SnapshotEnd(_)));
            take(view, screen, &seen)?;
            if done {
                return anyhow::Ok(());
            }
        }
    };
    timeout(FIRST_SIGHT, complete)
        .await
        .unwrap_or_else(|_| anyhow::bail!("Davy's own alerts did not come within 10 s"))
}

fn take(view: &mut View, screen: &mut Screen, seen: &Seen) -> anyhow::Result<()> {
    view.count(seen);
    Ok(screen.seen(seen)?)
}

/// Gateways first, so that nothing is under way; then the last alerts; then Davy.
async fn close(stage: Stage, view: &mut View, screen: &mut Screen) -> Account {
    screen.note("stopping: the gateways have everything acknowledged first");
    let (server, gateways, folder) = stage.stop_gateways().await;
    let late = async {
        while let Some(missing) = view.missing().await {
            if missing == 0 {
                return;
            }
            let Ok(seen) = view.next().await else { return };
            // A closed screen ends the demo by itself; the account still counts what came.
            let _ = take(view, screen, &seen);
        }
    };
    let _ = timeout(LAST_SIGHT, late).await;
    let summary = server.shutdown().await;
    // Until the stream breaks, what was decided last is still on its way.
    let last = async {
        while let Ok(seen @ Seen::Event(_)) = view.next().await {
            let _ = take(view, screen, &seen);
        }
    };
    let _ = timeout(LAST_SIGHT, last).await;
    drop(folder);
    Account { summary, gateways, tally: view.tally().clone() }
}
