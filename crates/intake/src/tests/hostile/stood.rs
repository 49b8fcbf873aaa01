//! What a broker may say and Davy passes over, or refuses and acknowledges: the connection stands.

use super::*;
use crate::broker::LinkStats;

/// On these terms, and with this said before an honest message.
async fn stands(
    what: &str,
    terms: Packet,
    lies: &[Publish],
    more: &[Packet],
) -> (Setting, BrokerLink, LinkStats) {
    let broker = Hostile::new().await;
    let mut setting = Setting::new(1 << 20);
    let link = BrokerLink::start(broker.config(), &setting.intake);
    let acts = [Act::Hears(1), Act::Says(vec![terms]), Act::Hears(2), Act::Says(vec![granted(2)])];
    let mut talk = broker.act(&acts).await.expect("it stands");
    let said: Vec<Packet> = lies.iter().cloned().map(Packet::Publish).chain(more.iter().cloned()).collect();
    talk.send(&bytes_of(&said)).await;
    talk.send(&bytes_of(&[Packet::Publish(readings(READINGS, 999, HONEST))])).await;
    let (parcel, block) = setting.writer.readings().await;
    assert_eq!(block.messages[0].seq, Some(HONEST), "{what}");
    parcel.committed();
    // What is refused is acknowledged too: else it would come for ever.
    for lie in lies.iter().filter(|lie| lie.pkid > 0) {
        talk.puback(lie.pkid).await;
    }
    talk.puback(999).await;
    assert!(matches!(link.state(), LinkState::Subscribed { .. }), "{what}: {:?}", link.state());
    let stats = link.stats();
    assert_eq!(stats.connections, 1, "{what}");
    (setting, link, stats)
}

#[tokio::test]
async fn terms_that_ask_for_little_are_no_reason_to_leave() {
    // Flags that MQTT keeps for later.
    let reserved = {
        let mut bytes = BytesMut::from(&[0x20, 3, 0xfe, 0, 0][..]);
        Packet::read(&mut bytes, None).expect("a CONNACK")
    };
    for (what, terms) in [
        ("no keep-alive", welcome(|terms| terms.server_keep_alive = Some(0))),
        ("a long keep-alive", welcome(|terms| terms.server_keep_alive = Some(u16::MAX))),
        ("one message at a time", welcome(|terms| terms.receive_max = Some(1))),
        ("short packets", welcome(|terms| terms.max_packet_size = Some(60))),
        ("no QoS 1", welcome(|terms| terms.max_qos = Some(0))),
        ("nothing is kept", welcome(|terms| terms.retain_available = Some(0))),
        ("another name for Davy", welcome(|terms| terms.assigned_client_identifier = Some("x".into()))),
        ("reserved flags", reserved),
    ] {
        stands(what, terms, &[], &[]).await;
    }
}

#[tokio::test]
async fn what_answers_nothing_is_passed_over() {
    let unsuback = UnsubAck { pkid: 7, reasons: vec![UnsubAckReason::NotAuthorized], properties: None };
    for (what, packet) in [
        ("a PUBACK of nothing", Packet::PubAck(PubAck::new(4711, None))),
        ("a PUBACK of no id", Packet::PubAck(PubAck::new(0, None))),
        ("an UNSUBACK of nothing", Packet::UnsubAck(unsuback)),
    ] {
        stands(what, welcome(|_| {}), &[], &vec![packet; 1000]).await;
    }
}

#[tokio::test]
async fn readings_that_no_subscription_asked_for_are_refused_and_counted() {
    let long = format!("davy/v1/park/{}/readings", "a".repeat(2000));
    for topic in [
        "davy/v1/elsewhere/gw-1/readings",
        "davy/v1/park/gw-1/feedback",
        "davy/v1/park/gw-1/readings/more",
        "davy/v1/park/+/readings",
        "davy/v1/#",
        "spBv1.0/park/DDATA/gw-1",
        "hj212/010000A8900016F000169DC0",
        "$SYS/broker/uptime",
        "plant/AT-1/h2s",
        long.as_str(),
    ] {
        let lies = [readings(topic, 1, 5), readings(topic, 0, 6), readings(topic, 2, 7)];
        let (setting, _link, stats) = stands(topic, welcome(|_| {}), &lies, &[]).await;
        assert_eq!((stats.received, stats.acknowledged), (4, 3), "{topic}");
        let strays = setting.intake.strays.account.totals().rejected_sum();
        let of_the_site = setting.door.account.totals().rejected_sum();
        assert_eq!(strays + of_the_site, 3, "{topic}: {strays} and {of_the_site}");
    }
}

#[tokio::test]
async fn a_keep_alive_that_the_broker_made_long_does_not_hide_its_silence() {
    let broker = Hostile::new().await;
    let setting = Setting::new(1 << 20);
    let link = BrokerLink::start(broker.config(), &setting.intake);
    let terms = welcome(|terms| terms.server_keep_alive = Some(u16::MAX));
    let acts = [Act::Hears(1), Act::Says(vec![terms]), Act::Hears(2), Act::Says(vec![granted(2)])];
    let mut talk = broker.act(&acts).await.expect("it stands");
    talk.left().await;
    until(
        "it says why",
        || matches!(link.state(), LinkState::Lost { why, .. } if why.contains("has been silent")),
    )
    .await;
}

#[tokio::test]
async fn feedback_keeps_to_what_the_broker_takes() {
    let broker = Hostile::new().await;
    let mut setting = Setting::new(1 << 20);
    let link = BrokerLink::start(broker.config(), &setting.intake);
    let terms = welcome(|terms| terms.max_packet_size = Some(60));
    let acts = [Act::Hears(1), Act::Says(vec![terms]), Act::Hears(2), Act::Says(vec![granted(2)])];
    let mut talk = broker.act(&acts).await.expect("it stands");
    talk.send(&bytes_of(&[Packet::Publish(readings(READINGS, 1, 1))])).await;
    setting.writer.readings().await.0.committed();
    talk.puback(1).await;
    setting.intake.feedback.flush();
    until("feedback that is too long is counted", || link.stats().outgoing_dropped == 1).await;
    talk.send(&bytes_of(&[Packet::Publish(readings(READINGS, 2, 2))])).await;
    setting.writer.readings().await.0.committed();
    talk.puback(2).await;
    assert!(talk.heard.iter().all(|packet| !matches!(packet, Packet::Publish(_))), "{:?}", talk.heard);
    assert_eq!(link.stats().connections, 1);
}

#[tokio::test]
async fn a_link_takes_no_readings_that_only_another_link_asked_for() {
    let broker = Hostile::new().await;
    let stage = sparkplug::Stage::new();
    let link = BrokerLink::start(broker.config().for_sparkplug(), &stage.intake);
    let acts = [Act::Hears(1), Act::Says(vec![welcome(|_| {})]), Act::Hears(2), Act::Says(vec![granted(2)])];
    let mut talk = broker.act(&acts).await.expect("it stands");
    // Sparkplug's link asks for Sparkplug's topics alone.
    talk.send(&bytes_of(&[Packet::Publish(readings(READINGS, 1, 5))])).await;
    talk.puback(1).await;
    let totals = stage.door.account.totals();
    assert_eq!((totals.rejected_sum(), link.stats().connections), (1, 1), "{totals:?}");
}
