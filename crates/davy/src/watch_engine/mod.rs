//! `davy watch-engine`: a small watchdog in a process of its own, for a machine of its own.
//!
//! It listens to heartbeats as any consumer may, and alarms when a site has none for too long, or when Davy's canary is
//! overdue. It keeps nothing and needs nothing of Davy but its address.

mod hook;
mod listen;
mod syslog;
mod watchdog;
mod word;

use std::{path::PathBuf, time::Duration};

use sd_notify::NotifyState;
use tokio::{
    sync::mpsc,
    time::{Instant, MissedTickBehavior, interval},
};

use self::{
    hook::Hook,
    listen::{Heard, listen},
    syslog::Syslog,
    watchdog::Watchdog,
    word::Word,
};
use crate::{
    ask::ServerArgs,
    exit::Exit,
    out, span,
    stop::{Asked, Signals},
    systemd::notify,
};

/// How often silence is looked for at the least.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How many things heard may wait: a watchdog that is this far behind reads on later.
const HEARD_LEN_MAX: usize = 256;

/// What to watch, and what to do about it.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Run it on hardware and power that do not fail together with Davy's: it is what notices when Davy does not.
PROGRAM is run without a shell, with the arguments after `--`, at most 30 s, one at a time. It finds in its environment
DAVY_EVENT (lost, back, canary_overdue, canary_back, canary_off), DAVY_SITE (empty for all of Davy), DAVY_SILENT_S, DAVY_MESSAGE.
Under systemd it says READY=1, and WATCHDOG=1 while it looks.")]
pub(crate) struct Args {
    #[command(flatten)]
    server: ServerArgs,
    /// Only these sites, separated by commas; all that Davy serves, when none is named
    #[arg(long, value_delimiter = ',', value_name = "SITE")]
    sites: Vec<String>,
    /// Alarm after so long without a heartbeat of a site
    #[arg(long, value_parser = span::parse, value_name = "SPAN", default_value = "15s")]
    silence: Duration,
    /// Run this program for every alarm and every all-clear
    #[arg(long, value_name = "PROGRAM")]
    exec: Option<PathBuf>,
    /// What PROGRAM is given as arguments
    #[arg(last = true, requires = "exec", value_name = "ARGUMENT")]
    exec_args: Vec<String>,
    /// Write every alarm and every all-clear to the system log as well
    #[arg(long)]
    syslog: bool,
    /// Wait for one heartbeat of every site, and say by the exit code whether all came: 0, or 1
    #[arg(long)]
    once: bool,
    /// One JSON object a line, nothing else on standard output
    #[arg(long)]
    json: bool,
}

/// Watches until interrupted; with `--once`, until it is known whether all is well.
pub(crate) async fn run(args: Args) -> anyhow::Result<Exit> {
    let mut signals = Signals::listen()?;
    let mut dog = Watchdog::new(args.server.url(), &args.sites, args.silence, Instant::now());
    let mut voice = Voice {
        json: args.json,
        hook: args.exec.map(|program| Hook::start(program, args.exec_args)),
        syslog: args.syslog.then(Syslog::open),
    };
    let (sender, mut heard) = mpsc::channel(HEARD_LEN_MAX);
    let listening = tokio::spawn(listen(args.server, args.sites, sender));
    let mut looks = interval(LOOK_EVERY.min(args.silence / 4).max(Duration::from_millis(10)));
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    notify(&[NotifyState::Ready]);
    let exit = loop {
        let words = tokio::select! {
            asked = signals.next() => match asked {
                Asked::Stop => break Exit::Ok,
                Asked::Reload => Vec::new(),
            },
            Some(heard) = heard.recv() => match heard {
                Heard::Sites(sites) => dog.expect(&sites, Instant::now()),
                Heard::Beat(beat) => dog.heard(&beat, Instant::now()),
                Heard::Trouble(why) => {
                    dog.trouble(why);
                    Vec::new()
                }
            },
            _ = looks.tick() => {
                notify(&[NotifyState::Watchdog]);
                dog.look(Instant::now())
            }
        };
        for word in &words {
            voice.say(word)?;
        }
        if args.once
            && let Some(well) = dog.verdict()
        {
            break Exit::found(!well);
        }
    };
    listening.abort();
    voice.finish().await;
    Ok(exit)
}

/// Everywhere a word goes.
struct Voice {
    json: bool,
    hook: Option<Hook>,
    syslog: Option<Syslog>,
}

impl Voice {
    fn say(&mut self, word: &Word) -> std::io::Result<()> {
        if let Some(hook) = &self.hook {
            hook.call(word);
        }
        if let Some(syslog) = &mut self.syslog {
            syslog.say(word);
        }
        notify(&[NotifyState::Status(&word.message)]);
        if self.json { out::line(word.json()) } else { out::line(word.text()) }
    }

    /// Lets the last program come to its end.
    async fn finish(self) {
        if let Some(hook) = self.hook {
            hook.finish().await;
        }
    }
}
