//! A week of real methane leaks, through a real broker and through the door: every change of every alarm is the one that
//! the documentation asks for, worked out here a second time.
//!
//! `sounded` is left out: whether a backlog's alarm sounds depends on when it arrives, not on what was measured.

mod data;
mod figures;
mod leaks;
mod naive;
mod past;

use std::{
    collections::BTreeMap,
    fmt::Write,
    path::{Path, PathBuf},
    time::Duration,
};

use data::{Point, Release, SENSORS, median};
use davy_proto::v1::{Alert, Tier, TransitionKind, alert_service_subscribe_response::Event};
use davy_tests::mqtt::{Login, Mqtt, Version};
use davy_tests::{Davy, Grpc, LONG, Mosquitto, Setup, Subscriber, alert_time, davy, shared, wait_until};
use figures::{Figures, Occurrence, occurrences};
use naive::{Change, Level};
use tokio::time::timeout;

/// How far above its usual value a sensor must be, ppm.
const LEVELS_ABOVE_MEDIAN: [(Tier, f64); 2] = [(Tier::Yellow, 5.0), (Tier::Orange, 20.0)];
/// All of it is 80,000 readings.
const LIMIT: Duration = Duration::from_secs(180);

struct Recording {
    path: PathBuf,
    readings: BTreeMap<&'static str, Vec<Point>>,
    releases: Vec<Release>,
}

impl Recording {
    fn open() -> Option<Recording> {
        let path = shared("data/metec_ch4_2022.csv.gz")?;
        let releases = data::releases(&shared("data/metec_ch4_2022_events.csv")?);
        Some(Recording { readings: data::readings(&path), releases, path })
    }

    fn levels(&self, sensor: &str) -> [Level; 2] {
        let usual = median(self.readings[sensor].iter().map(|point| point.ppm));
        LEVELS_ABOVE_MEDIAN.map(|(tier, above)| Level { tier, ppm: usual + above })
    }

    fn expected(&self) -> BTreeMap<String, Vec<Change>> {
        let changes = |sensor: &str| naive::changes(self.levels(sensor), &self.readings[sensor]);
        SENSORS.into_iter().map(|sensor| (alarm_of(sensor), changes(sensor))).collect()
    }

    fn count(&self) -> u64 {
        self.readings.values().map(|points| points.len() as u64).sum()
    }

    fn site(&self, more_time: &str) -> Setup {
        let site = format!(
            "site: metec\ntitle: Fence line\ntime: {{max_age: 3650d, backlog_settle: 1h{more_time}}}\n\
             edge_nodes: [{{id: fence}}]\n"
        );
        let mut tags = "tag,quantity,unit,interval,edge_node\n".to_owned();
        let mut rules = "rules:\n".to_owned();
        for sensor in SENSORS {
            writeln!(tags, "{sensor}/ch4,gas.ch4,ppm,60s,fence").expect("memory takes it");
            rules.push_str(&rule(sensor, self.levels(sensor)));
        }
        let mut setup = Setup::new();
        setup.site("metec", &[("site.yaml", &site), ("tags.csv", &tags), ("rules/ch4.yaml", &rules)]);
        setup
    }
}

fn rule(sensor: &str, [first, second]: [Level; 2]) -> String {
    format!(
        "  - id: ch4-{sensor}\n    applies_to: {{tag: {sensor}/ch4}}\n    limit:\n\
         \x20     - {{name: L1, tier: yellow, at_or_above: {} ppm, off_delay: 1m}}\n\
         \x20     - {{name: L2, tier: orange, at_or_above: {} ppm, off_delay: 1m}}\n\
         \x20   response: {{action: Walk the fence with a camera, time_to_respond: 30m}}\n",
        first.ppm, second.ppm
    )
}

fn alarm_of(sensor: &str) -> String {
    format!("metec:ch4-{sensor}:{sensor}/ch4")
}

fn map(setup: &Setup) -> PathBuf {
    let mut text = "site: metec\nedge_node: fence\ntime: {column: ts, format: rfc3339}\ntags:\n".to_owned();
    for sensor in SENSORS {
        writeln!(text, "  - {{column: ch4_ppm_{sensor}, tag: {sensor}/ch4, unit: ppm}}")
            .expect("memory takes it");
    }
    setup.write("map.yaml", &text);
    setup.path("map.yaml")
}

#[tokio::test]
async fn a_recorded_week_through_a_broker_gives_every_alarm_that_was_due() {
    let Some(recording) = Recording::open() else { return };
    let Some(broker) = Mosquitto::start("").await else { return };
    // So old that all of it is a backlog, unless the site says that it is not.
    let setup = recording.site(", late_after: 3650d");
    setup.configure(&format!("[door]\nenabled = false\n[broker]\nurl = \"{}\"\n", broker.url()));
    let server = Davy::serve(&setup.config()).await;
    let grpc = Grpc::connect(server.http()).await;
    until_subscribed(&broker, &grpc).await;
    let found = play(&recording, &setup, &grpc, &broker.url()).await;
    compare(&recording.expected(), &found);
    let occurrences: Vec<Occurrence> = found.values().flat_map(|changes| occurrences(changes)).collect();
    let figures = Figures::of(&occurrences, &recording.readings, &recording.releases);
    println!("plain two-level limit on {} sensors: {figures}", SENSORS.len());
}

#[tokio::test]
async fn a_recorded_week_through_the_door_is_a_backlog_and_gives_the_same() {
    let Some(recording) = Recording::open() else { return };
    let setup = recording.site("");
    setup.configure("");
    let server = Davy::serve(&setup.config()).await;
    let grpc = Grpc::connect(server.http()).await;
    let door = format!("mqtt://{}", server.door().await);
    let found = play(&recording, &setup, &grpc, &door).await;
    compare(&recording.expected(), &found);
}

/// Says that the edge node is there, retained, and waits until Davy has heard it: then it hears what comes after.
async fn until_subscribed(broker: &Mosquitto, grpc: &Grpc) {
    let login = Login { id: "herald", user: None };
    let mut herald = Mqtt::connect(broker.addr(), Version::V311, login).await.expect("the broker lets it in");
    herald.publish_retained("davy/v1/metec/fence/status", b"online").await.expect("it goes out");
    wait_until("davy hears the edge node through the broker", LONG, async || {
        let nodes = grpc.site("metec").await.edge_nodes;
        nodes.iter().any(|node| node.state() == davy_proto::v1::EdgeNodeState::Online).then_some(())
    })
    .await;
}

/// Replays the recording and gives each alarm's changes, once all of it is judged and all alerts are there.
async fn play(
    recording: &Recording,
    setup: &Setup,
    grpc: &Grpc,
    broker: &str,
) -> BTreeMap<String, Vec<Change>> {
    let mut alerts = grpc.subscribe_from_now().await;
    let map = map(setup);
    let args = [
        "replay",
        path(&recording.path),
        "--map",
        path(&map),
        "--broker",
        broker,
        "--speed",
        "max",
        "--json",
    ];
    let told = davy(args).await.ended(0).one();
    assert_eq!(told["readings"], recording.count(), "{told}");
    let last = wait_until("every reading is judged", LIMIT, async || {
        let site = grpc.site("metec").await;
        let counts = site.readings.expect("counts");
        assert_eq!((counts.rejected, counts.dropped), (0, 0), "{counts:?}");
        (counts.evaluated == recording.count()).then_some(site.last_sequence)
    })
    .await;
    until_sequence(&mut alerts, last).await
}

fn path(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}

async fn until_sequence(alerts: &mut Subscriber, last: u64) -> BTreeMap<String, Vec<Change>> {
    let mut found: BTreeMap<String, Vec<Change>> =
        SENSORS.into_iter().map(|sensor| (alarm_of(sensor), Vec::new())).collect();
    let mut sequence = 0;
    while sequence < last {
        let event = timeout(LONG, alerts.next())
            .await
            .unwrap_or_else(|_| panic!("alert {sequence} of {last} was the last"));
        let Some(Event::Alert(alert)) = event.unwrap_or_else(|status| panic!("{status}")) else { continue };
        assert_eq!(alert.sequence, sequence + 1, "a hole before {}", alert.id);
        sequence = alert.sequence;
        if alert.transition() != TransitionKind::Sounded {
            let changes = found
                .get_mut(&alert.alarm)
                .unwrap_or_else(|| panic!("an alarm nobody expects: {}", alert.id));
            changes.push(change(&alert));
        }
    }
    found
}

fn change(alert: &Alert) -> Change {
    let ppm = alert.value.unwrap_or_else(|| panic!("{}: no value", alert.id));
    Change { kind: alert.transition(), tier: alert.tier(), at: alert_time(alert), ppm }
}

fn compare(expected: &BTreeMap<String, Vec<Change>>, found: &BTreeMap<String, Vec<Change>>) {
    for (alarm, expected) in expected {
        let found = &found[alarm];
        for (place, (expected, found)) in expected.iter().zip(found).enumerate() {
            assert_eq!(expected, found, "{alarm}: change {place} (expected, found)");
        }
        assert_eq!(
            expected.len(),
            found.len(),
            "{alarm}: how many changes (expected, found); the rest of them agree"
        );
    }
    let count = expected.values().map(Vec::len).sum::<usize>();
    assert!(count > 100, "the recording has hundreds of changes, not {count}");
    println!("{count} transitions, each as worked out a second time");
}
