//! A gateway at the door.

use std::net::{Ipv4Addr, SocketAddr};

use davy_door::{Config, Door, DoorPublisher};
use davy_model::{NodeChange, NodeIndex, Quality, QualityReason, Reason};
use rumqttc::v5::mqttbytes::v5::LastWill;

use super::*;
use crate::rights::{Client, Clients, Grant, Pattern, token_hash};
use crate::{Cause, DoorIntake, GAP_GRACE, QuotaConfig};

pub(super) struct Open {
    pub(super) setting: Setting,
    pub(super) door: Door<DoorIntake>,
    pub(super) handler: Arc<DoorIntake>,
}

impl Open {
    pub(super) fn new(inbox_bytes: usize, clients: Clients) -> Open {
        Open::with_quota(inbox_bytes, clients, QuotaConfig::default())
    }

    fn of(setting: Setting, clients: Clients) -> Open {
        Open::with(setting, clients, QuotaConfig::default())
    }

    pub(super) fn with_quota(inbox_bytes: usize, clients: Clients, quota: QuotaConfig) -> Open {
        Open::with(Setting::new(inbox_bytes), clients, quota)
    }

    fn with(setting: Setting, clients: Clients, quota: QuotaConfig) -> Open {
        let publisher = DoorPublisher::new();
        let handler =
            Arc::new(DoorIntake::new(Arc::clone(&setting.intake), clients, quota, publisher.clone()));
        let config = Config::listen_on(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)));
        let door = Door::start_with(config, Arc::clone(&handler), publisher).expect("a free port");
        Open { setting, door, handler }
    }

    fn port(&self) -> u16 {
        self.door.local_addr().port()
    }

    async fn gateway(&self, name: &str) -> Gateway {
        Gateway::connect(options(name, self.port())).await
    }
}

fn node(parcel: &Parcel) -> Option<(NodeIndex, NodeChange)> {
    match parcel.input {
        Input::Node { node, change } => Some((node, change)),
        _ => None,
    }
}

#[tokio::test]
async fn a_puback_comes_after_the_commit_and_not_before() {
    let mut open = Open::new(1 << 20, Clients::anyone());
    let mut gateway = open.gateway("gw").await;
    gateway.publish(READINGS, QoS::AtLeastOnce, r#"{"seq":7,"values":{"AT-1/h2s":12.4}}"#).await;
    let (first, block) = open.setting.writer.readings().await;
    assert_eq!((block.messages[0].seq, block.readings[0].value.get()), (Some(7), Some(12.4)));
    assert_eq!((&*first.revision, block.readings[0].source_time), ("rev-1", NOW));
    // By the time the second is here, a PUBACK for the first would be, too.
    gateway.publish(READINGS, QoS::AtMostOnce, r#"{"values":{"AT-1/h2s":12.5}}"#).await;
    let (second, _) = open.setting.writer.readings().await;
    assert!(!gateway.has_puback());
    first.committed();
    assert_eq!(gateway.puback().await, PubAckReason::Success);
    second.committed();
    assert!(open.setting.door.account.totals().intake_balances());
}

#[tokio::test]
async fn good_readings_pass_beside_bad_ones_and_the_sender_is_told() {
    let mut open = Open::new(1 << 20, Clients::anyone());
    let mut gateway = open.gateway("gw").await;
    gateway.client.subscribe("davy/v1/park/gw-1/feedback", QoS::AtLeastOnce).await.expect("runs");
    gateway.hear(|packet| matches!(packet, Packet::SubAck(_)).then_some(())).await;
    let payload = r#"{"seq":1,"readings":[
        {"tag":"AT-1/h2s","value":150},
        {"tag":"AT-9/h2s","value":1},
        {"tag":"TK-1/level","value":"7.31"},
        {"tag":"TK-1/level","value":7.31,"unit":"kPa"},
        {"tag":"TK-1/level","value":7.31}]}"#;
    gateway.publish(READINGS, QoS::AtLeastOnce, payload).await;
    let (parcel, block) = open.setting.writer.readings().await;
    let got: Vec<_> =
        block.readings.iter().map(|reading| (reading.value.or_nan(), reading.quality)).collect();
    assert_eq!(got, [(150.0, Quality::Uncertain(QualityReason::OverRange)), (7.31, Quality::Good)]);
    parcel.committed();
    assert_eq!(gateway.puback().await, PubAckReason::Success);

    let totals = open.setting.door.account.totals();
    assert_eq!((totals.received, totals.accepted, totals.rejected_sum()), (5, 2, 3));
    assert!(totals.intake_balances());
    assert_eq!(totals.warned, [(Reason::OutOfSensorRange, 1)]);
    let letters = open.setting.door.dead_letters.list(&crate::LetterFilter::default(), 10);
    assert_eq!((letters.len(), letters[0].findings.len(), letters[0].rejected), (1, 4, 3));
    open.setting.intake.feedback.flush();
    let told = gateway
        .hear(|packet| match packet {
            Packet::Publish(publish) => Some(publish.payload.clone()),
            _ => None,
        })
        .await;
    let document: serde_json::Value = serde_json::from_slice(&told).expect("JSON");
    assert_eq!((&document["accepted"], &document["rejected"]), (&2.into(), &3.into()));
    let problems = document["problems"].as_array().expect("a list");
    let said: Vec<_> = problems.iter().map(|p| (p["code"].as_str(), p["pointer"].as_str())).collect();
    for wanted in [
        (Some("OUT_OF_SENSOR_RANGE"), Some("/readings/0/value")),
        (Some("POINT_UNKNOWN"), Some("/readings/1/tag")),
        (Some("FIELD_TYPE"), Some("/readings/2/value")),
        (Some("UNIT_MISMATCH"), Some("/readings/3/unit")),
    ] {
        assert!(said.contains(&wanted), "{wanted:?} in {said:?}");
    }
}

#[tokio::test]
async fn a_will_and_a_broken_socket_make_one_loss_after_the_data() {
    for with_will in [true, false] {
        let mut open = Open::new(1 << 20, Clients::anyone());
        let mut options = options("gw", open.port());
        if with_will {
            options.set_last_will(LastWill::new(STATUS, "offline", QoS::AtLeastOnce, true, None));
        }
        let mut gateway = Gateway::connect(options).await;
        gateway.publish(READINGS, QoS::AtLeastOnce, r#"{"values":{"AT-1/h2s":1}}"#).await;
        let online = open.setting.writer.next().await;
        assert_eq!(node(&online), Some((NodeIndex(0), NodeChange::Online)));
        online.committed();
        open.setting.writer.readings().await.0.committed();
        gateway.puback().await;
        gateway.die().await;
        let lost = open.setting.writer.next().await;
        assert_eq!(node(&lost), Some((NodeIndex(0), NodeChange::Lost)), "with a will: {with_will}");
        lost.committed();
        // Nothing more is said of it: the next word is that it is back.
        let again = open.gateway("gw").await;
        again.publish(READINGS, QoS::AtLeastOnce, r#"{"values":{"AT-1/h2s":1}}"#).await;
        let back = open.setting.writer.next().await;
        assert_eq!(node(&back), Some((NodeIndex(0), NodeChange::Online)));
    }
}

#[tokio::test]
async fn a_goodbye_is_no_loss_and_another_connection_may_still_speak_for_a_node() {
    let mut open = Open::new(1 << 20, Clients::anyone());
    let mut one = open.gateway("one").await;
    let mut two = open.gateway("two").await;
    for gateway in [&mut one, &mut two] {
        gateway.publish(READINGS, QoS::AtLeastOnce, r#"{"values":{"AT-1/h2s":1}}"#).await;
        open.setting.writer.readings().await.0.committed();
        gateway.puback().await;
    }
    one.die().await;
    until("the door notices", || open.door.stats().connections == 1).await;
    two.client.publish(STATUS, QoS::AtLeastOnce, false, "offline").await.expect("runs");
    // The first word after the readings is the goodbye, not a loss.
    let parcel = open.setting.writer.next().await;
    assert_eq!(node(&parcel), Some((NodeIndex(0), NodeChange::Offline)));
    parcel.committed();
    two.puback().await;
    two.client.disconnect().await.expect("runs");
    until("the door notices", || open.door.stats().connections == 0).await;
    assert_eq!(open.setting.door.presence.node(&"gw-1".into()).state(), Some(NodeChange::Offline));
}

#[tokio::test]
async fn what_may_not_be_published_is_refused_in_the_puback_and_kept() {
    let grant = Grant {
        site: Pattern::parse("park").expect("a pattern"),
        edge_node: Pattern::parse("*").expect("a pattern"),
    };
    let client = Client {
        name: "east".into(),
        token: Some(token_hash(b"secret")),
        certificate: None,
        grants: vec![grant],
        hears_alarms: Vec::new(),
    };
    let open = Open::new(1 << 20, Clients::new(vec![client], None).expect("one client"));
    let mut options = options("gw", open.port());
    options.set_credentials("east", "secret");
    let mut gateway = Gateway::connect(options).await;
    let Open { setting, door: _door, .. } = open;
    let mut writer = setting.writer;
    let committing = tokio::spawn(async move {
        while let Some(parcel) = writer.0.recv().await {
            parcel.committed();
        }
    });
    for (topic, payload, want) in [
        ("davy/v1/mine/gw-1/readings", "{}", PubAckReason::NotAuthorized),
        ("elsewhere", "{}", PubAckReason::NotAuthorized),
        ("davy/v1/park/gw-9/readings", "{}", PubAckReason::NotAuthorized),
        (READINGS, r#"{"values":"#, PubAckReason::PayloadFormatInvalid),
        (STATUS, "hello", PubAckReason::PayloadFormatInvalid),
    ] {
        gateway.publish(topic, QoS::AtLeastOnce, payload).await;
        assert_eq!(gateway.puback().await, want, "{topic}");
    }
    committing.abort();
    let totals = setting.door.account.totals();
    assert!(totals.rejected.contains(&(Reason::DeviceUnknown, 1)), "{totals:?}");
    assert!(totals.intake_balances(), "{totals:?}");
    let strays = setting.intake.strays.account.totals();
    assert_eq!((strays.rejected, strays.received), (vec![(Reason::TopicNotAllowed, 2)], 2));
}

#[tokio::test]
async fn a_client_that_may_come_in_puts_nobody_else_out() {
    let client = |name: &str| Client {
        name: name.into(),
        token: Some(token_hash(b"secret")),
        certificate: None,
        grants: Vec::new(),
        hears_alarms: Vec::new(),
    };
    let clients = Clients::new(vec![client("east"), client("west")], None).expect("two clients");
    let open = Open::new(1 << 20, clients);
    let by = |user: &str| {
        let mut options = options("gw", open.port());
        options.set_credentials(user, "secret");
        options
    };
    let first = Gateway::connect(by("east")).await;
    let (_client, mut other) = AsyncClient::new(by("west"), 10);
    let refused = other.poll().await.expect_err("the identifier is another client's").to_string();
    assert!(refused.contains("ClientIdentifierNotValid"), "{refused}");
    assert_eq!((open.door.stats().connections, open.door.stats().taken_over), (1, 0));

    // Its own client may, whose former connection has not ended yet.
    let again = Gateway::connect(by("east")).await;
    until("its former connection is ended", || open.door.stats().taken_over == 1).await;
    drop((first, again));
    until("nobody is there", || open.door.stats().connections == 0).await;
    let _west = Gateway::connect(by("west")).await;
}

#[tokio::test]
async fn what_cannot_be_made_durable_is_not_acknowledged() {
    let mut open = Open::new(1 << 20, Clients::anyone());
    let mut gateway = open.gateway("gw").await;
    gateway.publish(READINGS, QoS::AtLeastOnce, r#"{"values":{"AT-1/h2s":1}}"#).await;
    drop(open.setting.writer.readings().await);
    let closed =
        async { while gateway.heard.recv().await.is_some_and(|p| !matches!(p, Packet::PubAck(_))) {} };
    timeout(DEADLINE, closed).await.expect("the door closes the connection");
    assert!(!gateway.has_puback());
}

#[tokio::test]
async fn at_qos_0_a_full_inbox_drops_counts_and_says_so() {
    let mut open = Open::new(1024, Clients::anyone());
    let gateway = open.gateway("gw").await;
    for number in 0..10 {
        let payload = format!(r#"{{"seq":{number},"values":{{"AT-1/h2s":1}}}}"#);
        gateway.publish(READINGS, QoS::AtMostOnce, &payload).await;
    }
    let account = Arc::clone(&open.setting.door.account);
    until("all ten are accounted for", || {
        let totals = account.totals();
        totals.received == 10 && totals.intake_balances()
    })
    .await;
    let totals = account.totals();
    assert_eq!(totals.dropped, [(Cause::Qos0Full, 10 - totals.accepted)]);
    assert!(totals.accepted < 10, "{totals:?}");
    open.setting.writer.readings().await.0.committed();
}

/// Commits whatever comes.
pub(super) fn commit_all(mut writer: Writer) -> JoinHandle<()> {
    tokio::spawn(async move {
        while let Some(parcel) = writer.0.recv().await {
            parcel.committed();
        }
    })
}

#[tokio::test]
async fn a_client_that_brings_too_much_waits_at_qos_1_and_loses_nothing() {
    let quota = QuotaConfig { bytes_per_s: 0, readings_per_s: 100, burst_s: 1 };
    let Open { setting, door, handler } = Open::with_quota(1 << 20, Clients::anyone(), quota);
    let committing = commit_all(setting.writer);
    let mut gateway = Gateway::connect(options("gw", door.local_addr().port())).await;
    let readings = r#"{"tag":"TK-1/level","value":1},"#.repeat(60);
    let payload = format!(r#"{{"readings":[{}]}}"#, readings.trim_end_matches(','));
    for _ in 0..4 {
        gateway.publish(READINGS, QoS::AtLeastOnce, &payload).await;
        assert_eq!(gateway.puback().await, PubAckReason::Success);
    }
    let totals = setting.door.account.totals();
    assert_eq!((totals.received, totals.accepted), (240, 240));
    // The third message was read when 120 of 100 had been taken: 20 readings were owed, and later 80.
    assert!(handler.throttled() > Duration::ZERO);
    committing.abort();
}

#[tokio::test]
async fn a_client_that_brings_too_much_is_refused_at_qos_0_and_harms_nobody_else() {
    let quota = QuotaConfig { bytes_per_s: 1000, readings_per_s: 0, burst_s: 1 };
    let Open { setting, door, .. } = Open::with_quota(1 << 20, Clients::anyone(), quota);
    let committing = commit_all(setting.writer);
    let chatty = Gateway::connect(options("chatty", door.local_addr().port())).await;
    let payload = format!(r#"{{"readings":[{{"tag":"TK-1/level","value":1}}]{}}}"#, " ".repeat(450));
    for _ in 0..20 {
        chatty.publish(READINGS, QoS::AtMostOnce, &payload).await;
    }
    let account = Arc::clone(&setting.door.account);
    until("all twenty are accounted for", || {
        let totals = account.totals();
        totals.received == 20 && totals.intake_balances()
    })
    .await;
    let totals = account.totals();
    assert_eq!(totals.rejected, [(Reason::RateLimited, 20 - totals.accepted)]);
    assert!(totals.accepted < 20, "{totals:?}");
    let mut quiet = Gateway::connect(options("quiet", door.local_addr().port())).await;
    quiet.publish(READINGS, QoS::AtLeastOnce, r#"{"values":{"AT-1/h2s":1}}"#).await;
    assert_eq!(quiet.puback().await, PubAckReason::Success);
    committing.abort();
}

#[tokio::test]
async fn messages_that_never_came_are_told_to_their_sender_over_connections() {
    let Open { setting, door, .. } = Open::new(1 << 20, Clients::anyone());
    let committing = commit_all(setting.writer);
    for seq in [1, 4] {
        let mut gateway = Gateway::connect(options("gw", door.local_addr().port())).await;
        let payload = format!(r#"{{"seq":{seq},"values":{{"AT-1/h2s":1}}}}"#);
        gateway.publish(READINGS, QoS::AtLeastOnce, &payload).await;
        assert_eq!(gateway.puback().await, PubAckReason::Success);
        gateway.die().await;
    }
    let later = NOW.plus(GAP_GRACE);
    let lost = setting.intake.lost("park", later);
    assert_eq!(lost.iter().map(|lost| (lost.first, lost.last)).collect::<Vec<_>>(), [(2, 3)]);
    assert!(setting.intake.lost("park", later).is_empty(), "told once");
    assert_eq!(setting.door.gaps.lost(), 2);
    assert_eq!(setting.door.account.totals().warned, [(Reason::SequenceGap, 1)]);
    committing.abort();
}

#[tokio::test]
async fn how_a_device_serves_is_kept() {
    let Open { setting, door, .. } = Open::new(1 << 20, Clients::anyone());
    let committing = commit_all(setting.writer);
    let mut gateway = Gateway::connect(options("gw", door.local_addr().port())).await;
    let payload = r#"{"readings":[
        {"tag":"TK-1/level","value":1,"ts":"2026-11-23T07:59:50Z"},
        {"tag":"TK-1/level","value":1,"ts":"2026-11-23T07:59:55Z"},
        {"tag":"AT-1/h2s","value":150},
        {"tag":"AT-1/h2s","value":1,"ts":"2026-11-23T09:00:00Z"},
        {"tag":"AT-9/h2s","value":1}]}"#;
    gateway.publish(READINGS, QoS::AtLeastOnce, payload).await;
    gateway.puback().await;
    let site = &setting.door;
    site.scores.gather(&site.site, &site.presence, NOW);
    let list = site.scores.list();
    let marks = list.iter().find(|device| &*device.edge_node == "gw-1").expect("gw-1").score.last_day(NOW);
    assert_eq!((marks.accepted, marks.rejected, marks.implausible, marks.ahead), (4, 1, 1, 1));
    // Stamps five seconds apart of a tag that reports each second. One an hour ahead promises nothing.
    assert_eq!((marks.online, marks.looks), (1, 1));
    assert_eq!((marks.expected, marks.missed), (5, 4));
    committing.abort();
}

#[tokio::test]
async fn a_dead_letter_sent_again_is_marked_and_keeps_its_time() {
    let mut open = Open::new(1 << 20, Clients::anyone());
    let mut gateway = open.gateway("gw").await;
    let payload = r#"{"seq":3,"readings":[{"tag":"TK-1/level","value":"7.31"},{"tag":"AT-1/h2s","value":2,"unit":"ppm"}]}"#;
    gateway.publish(READINGS, QoS::AtLeastOnce, payload).await;
    open.setting.writer.readings().await.0.committed();
    gateway.puback().await;
    let letters = &open.setting.door.dead_letters;
    let letter = letters.get(1).expect("one letter");
    let intake = Arc::clone(&open.setting.intake);
    let replaying = tokio::spawn(async move { intake.replay(&letter).await });
    let (parcel, block) = open.setting.writer.readings().await;
    assert_eq!(block.messages[0].freshness, davy_model::Freshness::Replayed);
    assert_eq!((block.readings[0].source_time, block.readings[0].value.get()), (NOW, Some(2.0)));
    assert!(!replaying.is_finished(), "it is told when it is durable");
    parcel.committed();
    let replayed = replaying.await.expect("it runs").expect("it has a topic");
    assert_eq!((replayed.accepted, replayed.rejected, replayed.findings.len()), (1, 1, 1));
    assert!(open.setting.door.account.totals().intake_balances());
}

#[tokio::test]
async fn a_dead_letter_for_nobody_cannot_be_sent_again() {
    let Open { setting, door, .. } = Open::new(1 << 20, Clients::anyone());
    let committing = commit_all(setting.writer);
    let mut gateway = Gateway::connect(options("gw", door.local_addr().port())).await;
    gateway.publish("elsewhere", QoS::AtLeastOnce, "{}").await;
    gateway.puback().await;
    let letter = setting.intake.strays.dead_letters.get(1).expect("one letter");
    assert_eq!(setting.intake.replay(&letter).await, Err(crate::NotReplayed::NoTopic));
    committing.abort();
}

/// `park` with a source: ThingsBoard devices, whose topic says nothing of who they are.
fn with_source(source: davy_model::Source) -> Setting {
    let mappings: crate::Mappings = davy_codec::Mapping::shipped()
        .map(|(name, text)| {
            let mapping = davy_codec::Mapping::read(name, text).expect("a shipped mapping");
            (name.into(), Arc::new(mapping))
        })
        .collect();
    let mut site = crate::testing::park();
    for tag in &mut site.tags {
        tag.sent_as = (&*tag.name == "TK-1/level").then(|| "me/level".into());
    }
    site.sources = vec![source];
    let ways = crate::ways(&site, &mappings).expect("a good source").into();
    let (inbox, receiver) = crate::Inbox::new(1 << 20);
    let door =
        Arc::new(SiteDoor::new(Arc::new(site), "rev-1".into(), ways, inbox, crate::Keeping::default()));
    let intake = Intake::new(Directory::new([Arc::clone(&door)]), Arc::new(|| NOW), PAYLOAD_BYTES_MAX);
    Setting { intake, door, writer: Writer(receiver) }
}

fn thingsboard(edge_node: Option<&str>) -> davy_model::Source {
    davy_model::Source {
        form: davy_model::SourceForm::Mapping("thingsboard-device".into()),
        topic: None,
        edge_node: edge_node.map(Into::into),
    }
}

#[tokio::test]
async fn a_vendors_topic_comes_to_an_edge_node_and_its_names_to_tags() {
    let mut open = Open::of(with_source(thingsboard(Some("gw-1"))), Clients::anyone());
    let mut gateway = open.gateway("gw").await;
    gateway.publish("v1/devices/me/telemetry", QoS::AtLeastOnce, r#"{"level":7.31}"#).await;
    let online = open.setting.writer.next().await;
    assert_eq!(node(&online), Some((NodeIndex(0), NodeChange::Online)));
    online.committed();
    let (parcel, block) = open.setting.writer.readings().await;
    let tag = &open.setting.door.site.tag(block.readings[0].tag).name;
    assert_eq!((&**tag, block.readings[0].value.get()), ("TK-1/level", Some(7.31)));
    parcel.committed();
    assert_eq!(gateway.puback().await, PubAckReason::Success);
    assert!(open.setting.door.account.totals().intake_balances());
}

#[tokio::test]
async fn a_topic_that_tells_nobody_is_the_one_edge_node_that_its_client_speaks_for() {
    let grant = |node: &str| Grant {
        site: Pattern::parse("park").expect("a pattern"),
        edge_node: Pattern::parse(node).expect("a pattern"),
    };
    let client = |name: &str, node: &str| Client {
        name: name.into(),
        token: Some(token_hash(b"secret")),
        certificate: None,
        grants: vec![grant(node)],
        hears_alarms: Vec::new(),
    };
    let clients = vec![client("one", "gw-2"), client("many", "*"), client("none", "gw-9")];
    let clients = Clients::new(clients, None).expect("three clients");
    let Open { setting, door, .. } = Open::of(with_source(thingsboard(None)), clients);
    let mut writer = setting.writer;
    let port = door.local_addr().port();
    let gateway = async |name: &str| {
        let mut options = options(name, port);
        options.set_credentials(name, "secret");
        Gateway::connect(options).await
    };
    let mut one = gateway("one").await;
    one.publish("v1/devices/me/telemetry", QoS::AtLeastOnce, r#"{"level":7.31}"#).await;
    let (parcel, block) = writer.readings().await;
    assert_eq!(block.messages[0].node, NodeIndex(1));
    parcel.committed();
    assert_eq!(one.puback().await, PubAckReason::Success);
    for name in ["many", "none"] {
        let mut other = gateway(name).await;
        other.publish("v1/devices/me/telemetry", QoS::AtLeastOnce, r#"{"level":7.31}"#).await;
        assert_eq!(other.puback().await, PubAckReason::NotAuthorized, "{name}");
    }
}
