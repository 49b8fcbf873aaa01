//! What Davy is put through each time: readings that raise and clear alarms, an operator who acknowledges, a reload, and a
//! clean end, which keeps a snapshot and empties the write-ahead log.

use std::path::Path;

use davy_proto::v1::{AlarmServiceAcknowledgeRequest, CommandTarget};
use davy_tests::{
    Davy, Grpc, Record, Setup, Told, check_journal, copy_folder,
    mqtt::{Login, Mqtt, Packet, Version},
};
use jiff::{SignedDuration, Timestamp};
use tokio::time::{Duration, sleep, timeout};

/// The site.
pub(crate) const SITE: &str = "crash";
/// How many tags send.
pub(crate) const TAGS: usize = 3;
/// Past this, a value raises.
pub(crate) const LIMIT: f64 = 5.0;
/// Messages, each with a reading of every tag.
const STEPS: u64 = 60;
/// After so many, a tag goes past its limit, or back.
const PHASE: u64 = 5;
/// Where the files change.
const RELOAD_AT: u64 = 30;
/// How long one answer may take, on a machine that is busy and under strace.
const ANSWER: Duration = Duration::from_secs(60);

/// What Davy said yes to.
#[derive(Debug, Default)]
pub(crate) struct Promised {
    pub(crate) readings: Vec<Told>,
    /// Alarms acknowledged by an operator.
    pub(crate) acknowledged: Vec<String>,
    /// Transitions that were told, and must be in the record.
    pub(crate) told: Vec<String>,
    /// Whether it came to its end.
    pub(crate) done: bool,
}

/// A gateway, and what it was promised.
pub(crate) struct Gateway {
    pub(crate) mqtt: Mqtt,
    seq: u64,
}

pub(crate) fn setup() -> Setup {
    let mut setup = Setup::new();
    let rule = format!(
        "rules:\n  - id: high\n    applies_to: {{quantity: gas.ch4}}\n    limit:\n\
         \x20     - {{name: H, tier: orange, at_or_above: {LIMIT} ppm}}\n\
         \x20   response: {{action: Look, time_to_respond: 1m}}\n"
    );
    let site = format!("site: {SITE}\nedge_nodes: [{{id: gw-1}}]\n");
    setup.site(SITE, &[("site.yaml", &site), ("tags.csv", &tags(false)), ("rules/high.yaml", &rule)]);
    setup.configure("");
    setup
}

/// The tags, and one that is new.
fn tags(one_more: bool) -> String {
    let mut text = "tag,quantity,unit,interval,edge_node\n".to_owned();
    for tag in 0..TAGS + usize::from(one_more) {
        text.push_str(&format!("{},gas.ch4,ppm,1s,gw-1\n", tag_name(tag)));
    }
    text
}

pub(crate) fn tag_name(tag: usize) -> String {
    format!("T-{tag}")
}

pub(crate) fn alarm(tag: usize) -> String {
    format!("{SITE}:high:{}", tag_name(tag))
}

impl Gateway {
    pub(crate) async fn connect(server: &Davy) -> std::io::Result<Gateway> {
        let login = Login { id: "gw-1", user: None };
        Ok(Gateway { mqtt: Mqtt::connect(server.door().await, Version::V311, login).await?, seq: 0 })
    }

    /// Sends one message with a reading of every tag, and gives what it says.
    pub(crate) async fn send(&mut self, value: impl Fn(usize) -> f64) -> std::io::Result<Vec<Told>> {
        self.seq += 1;
        let now = Timestamp::now();
        let now = now - SignedDuration::from_nanos(i64::from(now.subsec_nanosecond() % 1000));
        let told: Vec<Told> =
            (0..TAGS).map(|tag| (tag, now.as_microsecond(), value(tag).to_bits())).collect();
        let reading = |&(tag, _, bits): &Told| {
            let (name, value) = (tag_name(tag), f64::from_bits(bits));
            format!(r#"{{"tag":"{name}","value":{value},"unit":"ppm","ts":"{now}"}}"#)
        };
        let readings: Vec<String> = told.iter().map(reading).collect();
        let payload = format!(r#"{{"seq":{},"readings":[{}]}}"#, self.seq, readings.join(","));
        self.mqtt.publish(&format!("davy/v1/{SITE}/gw-1/readings"), payload.as_bytes()).await?;
        Ok(told)
    }

    /// Waits for one PUBACK.
    pub(crate) async fn puback(&mut self) -> std::io::Result<()> {
        match timeout(ANSWER, self.mqtt.next()).await.expect("a PUBACK, or the end of the connection")? {
            Packet::PubAck { code: 0, .. } => Ok(()),
            other => panic!("no PUBACK: {other:?}"),
        }
    }

    /// Sends, and waits until it is acknowledged.
    pub(crate) async fn deliver(&mut self, value: impl Fn(usize) -> f64) -> std::io::Result<Vec<Told>> {
        let told = self.send(value).await?;
        self.puback().await?;
        Ok(told)
    }
}

/// The value of a tag at a step: past the limit in every other phase.
fn value(tag: usize, step: u64) -> f64 {
    let past = (step / PHASE + tag as u64) % 2 == 1;
    (if past { 10.0 } else { 1.0 }) + step as f64 / 1e3
}

/// Plays it until the end, or until Davy is gone.
pub(crate) async fn play(server: &mut Davy, setup: &Setup) -> Promised {
    let mut promised = Promised::default();
    // Whatever a connection says, it says that Davy was killed; whether it was is looked at later.
    if server.listens_or_ends().await && run(server, setup, &mut promised).await.is_some() {
        promised.done = true;
    }
    promised
}

async fn run(server: &mut Davy, setup: &Setup, promised: &mut Promised) -> Option<()> {
    let mut gateway = Gateway::connect(server).await.ok()?;
    let grpc = Grpc::try_connect(server.http()).await.ok()?;
    for step in 0..STEPS {
        promised.readings.extend(gateway.deliver(|tag| value(tag, step)).await.ok()?);
        if step % PHASE == 1 {
            let tag = (0..TAGS).find(|tag| value(*tag, step) >= LIMIT)?;
            promised.acknowledged.push(acknowledge(&grpc, tag).await?);
        }
        if step == RELOAD_AT {
            setup.write(&format!("{SITE}/tags.csv"), &tags(true));
            reloaded(server).await?;
        }
    }
    let stopping = server.stop_or_die().await;
    stopping.then_some(())
}

async fn acknowledge(grpc: &Grpc, tag: usize) -> Option<String> {
    let target = CommandTarget { alarm: alarm(tag), actor: "ann".to_owned(), ..Default::default() };
    let request = AlarmServiceAcknowledgeRequest { target: Some(target) };
    let answer = timeout(ANSWER, grpc.alarms().acknowledge(request)).await.expect("an answer").ok()?;
    answer.into_inner().alarm.map(|alarm| format!("{}#{}", alarm.id, alarm.occurrence))
}

/// Asks for a reload and waits until it is there. `None` when Davy is gone.
async fn reloaded(server: &mut Davy) -> Option<()> {
    server.hang_up();
    timeout(ANSWER, async {
        loop {
            if server.log().contains("new files are active") {
                return Some(());
            }
            if server.has_ended() {
                return None;
            }
            sleep(Duration::from_millis(5)).await;
        }
    })
    .await
    .expect("the new files become active")
}

/// Starts Davy on what is left, has it take readings and end well, and checks everything.
pub(crate) async fn check(setup: &Setup, mut promised: Promised) {
    let mut server = Davy::serve(&setup.config()).await;
    let mut gateway = Gateway::connect(&server).await.expect("let in after the restart");
    promised
        .readings
        .extend(gateway.deliver(|tag| value(tag, PHASE)).await.expect("taken after the restart"));
    assert_eq!(server.stop().await, 0, "a stop that was asked for is no failure");
    server.check_account();
    check_record(&setup.journal(SITE), &promised).await;
}

/// Checks the journal of a Davy that has ended.
pub(crate) async fn check_record(journal: &Path, promised: &Promised) {
    check_journal(journal).await;
    let record = Record::read(journal);
    record.check_numbers();
    record.check_acknowledged(&promised.readings);
    for tag in 0..TAGS {
        record.check_changes(tag, &alarm(tag), LIMIT);
    }
    for told in &promised.told {
        let found = record.transitions.iter().any(|transition| transition.id == *told);
        assert!(found, "{told} was told, and is not in the journal");
    }
    let by_hand: Vec<&String> = record
        .transitions
        .iter()
        .filter(|transition| transition.kind == "acknowledged")
        .map(|transition| &transition.id)
        .collect();
    for acknowledged in &promised.acknowledged {
        let times = by_hand.iter().filter(|id| id.starts_with(&format!("{acknowledged}."))).count();
        assert_eq!(times, 1, "{acknowledged} was acknowledged once: {by_hand:?}");
    }
    let stray = by_hand.len() - promised.acknowledged.len();
    assert!(stray <= 1, "one command at most was under way: {by_hand:?}");
}

/// Copies what a Davy left behind into the data folder of another.
pub(crate) fn copy_data(from: &Setup, to: &Setup) {
    copy_folder(&from.path("data"), &to.path("data"));
}
