//! Every kind of exit, and a receiver that is up, down, slow or lying, and then returns: nothing is lost, and nothing is told under two
//! ids.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use davy_delivery::exits::{
    Alertmanager, AlertmanagerConfig, Cap, CapConfig, Exit, Hook, HookConfig, HttpTarget, Mqtt, MqttConfig,
    Syslog, SyslogConfig, SyslogTransport, Wanted,
};
use davy_model::{Text, Tier};
use tempfile::TempDir;

use crate::{
    plant::{Plant, transition},
    speech::Speech,
    stand::{Mode, Stand},
};

const LIMIT: Duration = Duration::from_millis(400);
const ALL: [Kind; 6] = [
    Kind::Of(Speech::Webhook),
    Kind::Of(Speech::Alertmanager),
    Kind::Of(Speech::Mqtt),
    Kind::Of(Speech::Syslog),
    Kind::Hook,
    Kind::Cap,
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// Over the network.
    Of(Speech),
    Hook,
    Cap,
}

/// A receiver of some kind.
enum Rig {
    Stand(Stand),
    /// A program that does what a file says.
    Program(TempDir),
    /// A folder of drafts.
    Folder(TempDir),
}

impl Rig {
    async fn up(kind: Kind) -> Rig {
        let folder = || tempfile::tempdir().unwrap();
        match kind {
            Kind::Of(speech) => Rig::Stand(Stand::new(speech, None).await),
            Kind::Hook => {
                let mut rig = Rig::Program(folder());
                rig.is(Mode::Up).await;
                rig
            }
            Kind::Cap => {
                let folder = folder();
                fs::create_dir(drafts(&folder)).unwrap();
                Rig::Folder(folder)
            }
        }
    }

    fn exit(&self, plant: &Plant, kind: Kind) -> Box<dyn Exit> {
        match (self, kind) {
            (Rig::Stand(stand), Kind::Of(speech)) => over_the_network(plant, speech, stand.port),
            (Rig::Program(folder), _) => Box::new(Hook::new(hook(folder.path()))),
            (Rig::Folder(folder), _) => Box::new(Cap::new(cap(drafts(folder)))),
            (Rig::Stand(_), Kind::Hook | Kind::Cap) => unreachable!("they need no network"),
        }
    }

    async fn is(&mut self, mode: Mode) {
        match self {
            Rig::Stand(stand) => stand.is(mode).await,
            Rig::Program(folder) => {
                let program = folder.path().join("program");
                fs::write(folder.path().join("mode"), format!("{mode:?}")).unwrap();
                let _ = fs::remove_file(&program);
                if mode != Mode::Down {
                    std::os::unix::fs::symlink("/bin/sh", program).unwrap();
                }
            }
            Rig::Folder(folder) => folder_is(folder, mode),
        }
    }

    /// The ids of what it took, as often as it took them.
    fn taken(&self) -> Vec<String> {
        match self {
            Rig::Stand(stand) => stand.taken(),
            Rig::Program(folder) => {
                let taken = fs::read_to_string(folder.path().join("taken")).unwrap_or_default();
                taken.lines().filter_map(|id| id.split('@').next()).map(str::to_owned).collect()
            }
            Rig::Folder(folder) => drafted(&drafts(folder)),
        }
    }
}

fn over_the_network(plant: &Plant, speech: Speech, port: u16) -> Box<dyn Exit> {
    let host = "127.0.0.1".to_owned();
    match speech {
        Speech::Webhook => plant.webhook(&format!("http://127.0.0.1:{port}/"), |_| {}),
        Speech::Alertmanager => {
            let target = HttpTarget::new(&format!("http://127.0.0.1:{port}"), None, false).unwrap();
            let config = AlertmanagerConfig { targets: vec![target], timeout: LIMIT, authorization: None };
            Box::new(Alertmanager::new(config, plant.clock()))
        }
        Speech::Mqtt => Box::new(Mqtt::new(MqttConfig {
            host,
            port,
            tls: None,
            client_id: "davy-exit-desk".to_owned(),
            login: None,
            prefix: "davy/v1".to_owned(),
            timeout: LIMIT,
        })),
        Speech::Syslog => Box::new(Syslog::new(SyslogConfig {
            host,
            port,
            transport: SyslogTransport::Tcp,
            // Long enough for the long alarm, where somebody reads it.
            timeout: 5 * LIMIT,
            hostname: "davy".to_owned(),
            facility: 16,
        })),
    }
}

/// It takes an alert by writing its id down, is slow, or says by its words that it did and by its status that it did not.
const SCRIPT: &str = r#"case $(cat "$1/mode") in
    Up) echo "$DAVY_ID" >> "$1/taken" ;;
    Slow) exec sleep 5 ;;
    *) echo taken; exit 1 ;;
esac"#;

fn hook(folder: &Path) -> HookConfig {
    let arguments = ["-c", SCRIPT, "hook", folder.to_str().unwrap()].map(str::to_owned).to_vec();
    HookConfig { program: folder.join("program"), arguments, timeout: LIMIT }
}

fn cap(folder: PathBuf) -> CapConfig {
    CapConfig {
        folder,
        sender: "duty@park.example".to_owned(),
        sender_name: "Park".to_owned(),
        exercise: false,
        category: "Safety".to_owned(),
        area: ("Tank farm".to_owned(), "罐区".to_owned()),
        polygon: None,
        utc_offset_s: 0,
        gb_code: None,
        timeout: LIMIT,
    }
}

fn drafts(folder: &TempDir) -> PathBuf {
    folder.path().join("drafts")
}

/// The draft that is written next while it is away: its name, and the name it has until it is whole.
const NEXT: &str = "park%3Ah2s%3AAT-0412%2Fh2s#3.0001.xml";

/// Away, on a disk that hangs, or with another thing where the draft should be.
fn folder_is(folder: &TempDir, mode: Mode) {
    let (drafts, away) = (drafts(folder), folder.path().join("away"));
    let unfinished = drafts.join(format!(".{NEXT}.unfinished"));
    match mode {
        Mode::Down => fs::rename(drafts, away).unwrap(),
        Mode::Slow => assert!(Command::new("mkfifo").arg(unfinished).status().unwrap().success()),
        Mode::Lying => fs::create_dir_all(drafts.join(NEXT).join("taken")).unwrap(),
        Mode::Up => {
            let _ = fs::rename(&away, &drafts);
            let _ = fs::remove_dir_all(drafts.join(NEXT));
            // Who waits to write there waits no longer.
            let hung = folder.path().join("hung");
            if fs::rename(unfinished, &hung).is_ok() {
                let _ = fs::File::open(hung).unwrap();
            }
        }
    }
}

/// By the numbers of their occurrences.
fn drafted(folder: &Path) -> Vec<String> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let texts = entries.filter_map(|entry| fs::read_to_string(entry.unwrap().path()).ok());
    let id =
        |text: String| text.split_once("<value>").unwrap().1.split_once("</value>").unwrap().0.to_owned();
    let mut ids: Vec<String> = texts.map(id).collect();
    ids.sort();
    ids
}

/// Whether the exit can know that it is not taken: a syslog receiver that says something has said nothing in this protocol.
fn is_noticed(kind: Kind, mode: Mode) -> bool {
    !(kind == Kind::Of(Speech::Syslog) && mode == Mode::Lying)
}

/// An alarm with so much to say that a connection which nobody reads cannot hold it.
fn long_alarm(plant: &Plant) {
    let mut alarm = transition(3, Tier::Red);
    alarm.message = Text::en("very long ".repeat(1 << 19));
    plant.alarm(alarm);
}

async fn check(kind: Kind, mode: Mode) {
    let (plant, mut rig) = (Plant::new(), Rig::up(kind).await);
    let running = plant.run_with(rig.exit(&plant, kind), Wanted::default()).await;
    plant.alarms(2);
    running.dealt_with(2).await;

    rig.is(mode).await;
    if (kind, mode) == (Kind::Of(Speech::Syslog), Mode::Slow) {
        long_alarm(&plant);
    }
    plant.alarms(3);
    if is_noticed(kind, mode) {
        running.until(|running| running.exits.trouble(running.door()).is_some()).await;
        // Once more: what fails for the first time is the least of an outage.
        let failed = || running.door().health.figures().failed_attempts;
        let before = failed();
        running.exits.resume(running.door()).await.unwrap();
        running.until(|_| failed() > before).await;
    }

    rig.is(Mode::Up).await;
    running.exits.resume(running.door()).await.unwrap();
    let last = plant.sequence();
    running.dealt_with(last).await;
    assert_eq!(running.exits.trouble(running.door()), None, "{kind:?}, {mode:?}");
    let mut first = Vec::new();
    for id in rig.taken() {
        if !first.contains(&id) {
            first.push(id);
        }
    }
    if kind == Kind::Of(Speech::Alertmanager) {
        // It is reminded of what stands, which may come before what is new.
        first.sort();
    }
    assert_eq!(first, plant.ids(1..=last), "{kind:?}, {mode:?}");
    running.stop().await;
}

#[tokio::test]
async fn nothing_is_lost_whatever_kind_of_receiver_is_down() {
    for kind in ALL {
        check(kind, Mode::Down).await;
    }
}

#[tokio::test]
async fn nothing_is_lost_whatever_kind_of_receiver_is_slow() {
    for kind in ALL {
        check(kind, Mode::Slow).await;
    }
}

#[tokio::test]
async fn nothing_is_lost_whatever_kind_of_receiver_lies() {
    for kind in ALL {
        check(kind, Mode::Lying).await;
    }
}
