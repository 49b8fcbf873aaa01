//! Takes alerts from Davy as a durable consumer: acts on each once, and misses none. See README.md.

mod connection;
mod deed;
mod done;
mod watch;

use std::{
    env,
    process::{Child, Command},
    time::{Duration, Instant},
};

use done::Done;
use proto::{
    AlertServiceConfirmRequest, AlertServiceSubscribeRequest, alert_service_subscribe_request::Start,
    alert_service_subscribe_response::Event,
};
use tonic::{Code, Request, Status};
use tonic_types::StatusExt;
use watch::Watch;

mod proto {
    tonic::include_proto!("davy.v1");
}

/// What ends a stream, and how.
type Broken = Box<dyn std::error::Error>;

const LOOK_EVERY: Duration = Duration::from_secs(1);
const CONFIRM_EVERY: usize = 64;
const CONFIRM_AFTER: Duration = Duration::from_secs(1);
const CONFIRM_LIMIT: Duration = Duration::from_secs(5);
const PAUSE_MIN: Duration = Duration::from_millis(100);
const PAUSE_MAX: Duration = Duration::from_secs(10);
/// What another try does not mend: a person has to.
const FINAL: [Code; 5] = [
    Code::InvalidArgument,
    Code::Unauthenticated,
    Code::PermissionDenied,
    Code::NotFound,
    Code::Unimplemented,
];

pub(crate) fn setting(name: &str, otherwise: &str) -> String {
    env::var(name).unwrap_or_else(|_| otherwise.to_owned())
}

/// Tells a person who is not looking.
pub(crate) fn sound(text: &str) -> Option<Child> {
    eprintln!("{text}");
    Command::new(env::var_os("DAVY_LOST")?).arg(text).spawn().ok()
}

struct Consumer {
    name: String,
    done: Done,
    watch: Watch,
    snapshot: bool,
}

impl Consumer {
    /// Takes one stream until it breaks. Without a start it goes on after what was confirmed last.
    async fn follow(&mut self) -> Result<(), Broken> {
        let mut client = connection::connect().await?;
        let request = AlertServiceSubscribeRequest {
            start: self.snapshot.then_some(Start::Snapshot(true)),
            heartbeat: true,
            consumer: self.name.clone(),
            ..Default::default()
        };
        let answer = tokio::time::timeout(watch::LOST_AFTER, client.subscribe(request)).await;
        let mut stream = answer??.into_inner();
        let (mut standing, mut token, mut confirmed) = (Vec::new(), String::new(), String::new());
        let (mut acted, mut confirmed_at, mut event_at) = (0, Instant::now(), Instant::now());
        loop {
            let Ok(message) = tokio::time::timeout(LOOK_EVERY, stream.message()).await else {
                if event_at.elapsed() > watch::LOST_AFTER {
                    return Err("nothing came, not even heartbeats".into());
                }
                continue;
            };
            let Some(message) = message? else { return Err("Davy closed the stream".into()) };
            event_at = Instant::now();
            match message.event {
                // Whoever keeps a board of alarms clears it here.
                Some(Event::SnapshotBegin(_)) => standing.clear(),
                Some(Event::Alarm(alarm)) => standing.push(deed::of_alarm(&alarm)),
                Some(Event::SnapshotEnd(_)) => {
                    standing.drain(..).try_for_each(|deed| self.done.act(&deed))?;
                    (self.snapshot, acted) = (false, CONFIRM_EVERY);
                }
                Some(Event::Alert(alert)) => {
                    self.done.act(&deed::of_alert(&alert))?;
                    acted += 1;
                }
                Some(Event::Heartbeat(beat)) => self.watch.heartbeat(&beat),
                Some(Event::Gap(gap)) => {
                    self.snapshot = true;
                    return Err(format!("alerts are missing, asking how alarms stand: {gap:?}").into());
                }
                // Davy may be newer than this: only the token counts.
                #[allow(unreachable_patterns, reason = "an event that this contract does not have yet")]
                Some(_) | None => {}
            }
            if !message.token.is_empty() {
                token = message.token;
            }
            let due = acted >= CONFIRM_EVERY || confirmed_at.elapsed() >= CONFIRM_AFTER;
            if due && token != confirmed {
                let what = AlertServiceConfirmRequest { consumer: self.name.clone(), token: token.clone() };
                let mut request = Request::new(what);
                request.set_timeout(CONFIRM_LIMIT);
                client.confirm(request).await?;
                (acted, confirmed, confirmed_at) = (0, token.clone(), Instant::now());
                self.done.confirmed()?;
            }
        }
    }
}

#[tokio::main]
async fn main() -> Result<(), Broken> {
    let keep = setting("DAVY_KEEP", "10000").parse()?;
    let mut consumer = Consumer {
        name: setting("DAVY_CONSUMER", "sample-rust"),
        done: Done::open(setting("DAVY_DONE", "done.jsonl").into(), keep)?,
        watch: Watch::start(),
        snapshot: false,
    };
    let mut pause = PAUSE_MIN;
    loop {
        let began = Instant::now();
        let Err(broken) = consumer.follow().await else { continue };
        if broken.is::<std::io::Error>() {
            return Err(broken); // What was done cannot be written down: nothing more is done.
        }
        eprintln!("the stream broke: {}", explain(&*broken));
        if broken.downcast_ref::<Status>().is_some_and(|status| FINAL.contains(&status.code())) {
            sound("MONITORING LOST: Davy refuses this consumer, and it ends");
            std::process::exit(2);
        }
        if began.elapsed() > PAUSE_MAX {
            pause = PAUSE_MIN;
        }
        tokio::time::sleep(pause.mul_f64(rand::random_range(0.5..1.0)).max(PAUSE_MIN)).await;
        pause = (pause * 2).min(PAUSE_MAX);
    }
}

/// With the reason, which has a page in docs/errors.
fn explain(broken: &(dyn std::error::Error + 'static)) -> String {
    let Some(status) = broken.downcast_ref::<Status>() else {
        let causes = std::iter::successors(Some(broken), |error| error.source());
        return causes.map(ToString::to_string).collect::<Vec<_>>().join(": ");
    };
    let reason = status.get_details_error_info().map(|info| info.reason).unwrap_or_default();
    format!("{:?} {reason} {}", status.code(), status.message())
}
