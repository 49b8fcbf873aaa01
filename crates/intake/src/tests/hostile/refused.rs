//! What Davy leaves a broker for, and what it says then.

use super::*;

/// Greets as it should, and then does this.
fn then(acts: impl IntoIterator<Item = Act>) -> Vec<Act> {
    let greeting =
        [Act::Hears(1), Act::Says(vec![welcome(|_| {})]), Act::Hears(2), Act::Says(vec![granted(2)])];
    greeting.into_iter().chain(acts).collect()
}

fn greets(packet: Packet) -> Vec<Act> {
    vec![Act::Hears(1), Act::Says(vec![packet])]
}

fn greets_with(bytes: &[u8]) -> Vec<Act> {
    vec![Act::Hears(1), Act::Sends(bytes.to_vec())]
}

/// Answers the subscription so.
fn subscribes(packets: Vec<Packet>) -> Vec<Act> {
    vec![Act::Hears(1), Act::Says(vec![welcome(|_| {})]), Act::Hears(2), Act::Says(packets)]
}

const NO_ANSWER: &str = "no answer within";

/// What it does, and what Davy says of it.
type Lie = (&'static str, Vec<Act>, &'static str);

fn at_the_door() -> Vec<Lie> {
    let elsewhere = |terms: &mut ConnAckProperties| {
        terms.server_reference = Some("other.example:1883\n".to_owned());
        terms.reason_string = Some("moved".to_owned());
    };
    vec![
        ("closes at once", vec![Act::Closes], "closed the connection"),
        ("closes after CONNECT", vec![Act::Hears(1), Act::Closes], "closed the connection"),
        ("says nothing", vec![Act::Hears(1)], NO_ANSWER),
        ("refuses", greets(refusal(ConnectReturnCode::NotAuthorized, |_| {})), "NotAuthorized"),
        ("is busy", greets(refusal(ConnectReturnCode::ServerBusy, |_| {})), "ServerBusy"),
        (
            "sends Davy elsewhere",
            greets(refusal(ConnectReturnCode::UseAnotherServer, elsewhere)),
            "UseAnotherServer (moved, it names other.example:1883)",
        ),
        (
            "sends Davy elsewhere for good",
            greets(refusal(ConnectReturnCode::ServerMoved, elsewhere)),
            "ServerMoved",
        ),
        ("refuses for no reason there is", greets_with(&[0x20, 3, 0, 0x7f, 0]), "cannot be read"),
        ("ends half a CONNACK", vec![Act::Hears(1), Act::Sends(vec![0x20, 3, 0]), Act::Closes], "closed"),
        ("holds half a CONNACK", greets_with(&[0x20, 3, 0]), NO_ANSWER),
        ("sends a CONNACK without properties", greets_with(&[0x20, 2, 0, 0]), "end missing"),
        ("counts properties beyond the packet", greets_with(&[0x20, 3, 0, 0, 0x80]), "end missing"),
        ("says another thing first", greets(Packet::Publish(readings(READINGS, 1, 1))), "not a CONNACK"),
        ("takes packets of no length", greets(welcome(|terms| terms.max_packet_size = Some(0))), "size of 0"),
        (
            "takes packets that nothing fits in",
            greets(welcome(|terms| terms.max_packet_size = Some(5))),
            "takes packets of 5 bytes at most",
        ),
        ("takes no message", greets(welcome(|terms| terms.receive_max = Some(0))), "receive maximum of 0"),
    ]
}

fn about_subscriptions() -> Vec<Lie> {
    let refused = SubscribeReasonCode::NotAuthorized;
    let lowered = SubscribeReasonCode::Success(QoS::AtMostOnce);
    vec![
        ("grants nothing", subscribes(vec![answer(FIRST, vec![refused; 2])]), "refused the subscription"),
        (
            "grants one of two",
            subscribes(vec![answer(FIRST, vec![GRANTED, refused])]),
            "davy/v1/park/+/status",
        ),
        ("grants QoS 0", subscribes(vec![answer(FIRST, vec![lowered; 2])]), "refused the subscription"),
        ("answers too few", subscribes(vec![answer(FIRST, vec![GRANTED])]), "does not answer each filter"),
        (
            "answers too many",
            subscribes(vec![answer(FIRST, vec![GRANTED; 3])]),
            "does not answer each filter",
        ),
        ("answers another", subscribes(vec![answer(FIRST + 1, vec![GRANTED; 2])]), "not asked for"),
        ("answers twice", subscribes(vec![granted(2), granted(2)]), "not asked for"),
        ("answers nothing", subscribes(Vec::new()), NO_ANSWER),
    ]
}

fn afterwards() -> Vec<Lie> {
    let exactly_once = || {
        let mut publish = readings(READINGS, 1, 1);
        publish.qos = QoS::ExactlyOnce;
        Packet::Publish(publish)
    };
    let says = |packet: Packet| then([Act::Says(vec![packet])]);
    let sends = |bytes: &[u8]| then([Act::Sends(bytes.to_vec())]);
    let ends = Packet::Disconnect(Disconnect::new(DisconnectReasonCode::SessionTakenOver));
    vec![
        ("falls silent", then([]), "has been silent"),
        ("sends at QoS 2", says(exactly_once()), "QoS 2"),
        ("sends at QoS 3", sends(&[0x36, 5, 0, 1, b'a', 0, 1]), "cannot be read"),
        ("sends a message without an id", sends(&[0x32, 6, 0, 1, b'a', 0, 0, 0]), "cannot be read"),
        ("sends an alias", sends(&[0x30, 6, 0, 0, 3, 35, 0, 1]), "topic alias"),
        ("sends half a message as one", sends(&[0x30, 4, 0, 1, b'a', 0x80]), "end missing"),
        ("sends a message of nothing", sends(&[0x30, 0]), "cannot be read"),
        ("welcomes twice", says(welcome(|_| {})), "no broker sends"),
        ("answers what was not said", says(Packet::PubRec(PubRec::new(1, None))), "no broker sends"),
        ("releases what was not said", says(Packet::PubRel(PubRel::new(1, None))), "no broker sends"),
        ("pings", says(Packet::PingReq(PingReq)), "no broker sends"),
        ("authenticates", sends(&[0xf0, 2, 0x18, 0]), "cannot be read"),
        ("rambles", sends(&[0xff; 64]), "cannot be read"),
        ("speaks HTTP", sends(b"HTTP/1.1 400 Bad Request\r\nserver: none\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: 0\r\n\r\n"), "cannot be read"),
        ("announces a packet that is too long", sends(&[0x30, 0xff, 0xff, 0xff, 0x7f, 0]), "cannot be read"),
        ("announces one without an end", sends(&[0x30, 0xff, 0xff, 0xff, 0xff, 0x7f]), "cannot be read"),
        ("says goodbye", says(ends), "SessionTakenOver"),
        ("says goodbye in two bytes", sends(&[0xe0, 0]), "NormalDisconnection"),
        ("closes", then([Act::Closes]), "closed the connection"),
    ]
}

#[tokio::test]
async fn a_broker_that_breaks_the_protocol_is_left_with_a_reason_and_tried_again() {
    for (what, acts, why) in at_the_door().into_iter().chain(about_subscriptions()).chain(afterwards()) {
        let broker = Hostile::new().await;
        let mut setting = Setting::new(1 << 20);
        let mut config = broker.config();
        if why == NO_ANSWER {
            config.connect_timeout = Duration::from_millis(300);
        }
        let link = BrokerLink::start(config, &setting.intake);
        if let Some(mut talk) = broker.act(&acts).await {
            talk.left().await;
        }
        let says = || matches!(link.state(), LinkState::Lost { why: told, .. } if told.contains(why));
        let wait = async {
            while !says() {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        let told = timeout(DEADLINE, wait).await;
        told.unwrap_or_else(|_| panic!("{what}: {why}, not {:?}", link.state()));

        let mut talk = broker.is_honest().await;
        talk.send(&bytes_of(&[Packet::Publish(readings(READINGS, 9, HONEST))])).await;
        let (parcel, block) = setting.writer.readings().await;
        assert_eq!(block.messages[0].seq, Some(HONEST), "{what}");
        parcel.committed();
        talk.puback(9).await;
    }
}

#[tokio::test]
async fn a_session_where_a_new_one_was_asked_for_is_a_lie() {
    let broker = Hostile::new().await;
    let stage = sparkplug::Stage::new();
    let link = BrokerLink::start(broker.config().for_sparkplug(), &stage.intake);
    let Packet::ConnAck(mut connack) = welcome(|_| {}) else { unreachable!() };
    connack.session_present = true;
    let mut talk = broker.act(&greets(Packet::ConnAck(connack))).await.expect("it stands");
    talk.left().await;
    let says = || matches!(link.state(), LinkState::Lost { why, .. } if why.contains("a new one was asked"));
    until("it says why", says).await;
}
