//! The messages of [`CASES`], through the door with MQTT 5.

use std::{collections::BTreeMap, net::SocketAddr, time::Duration};

use davy_proto::v1::TransitionKind;
use davy_tests::mqtt::{Login, Mqtt, Packet, Version};
use davy_tests::{Davy, Grpc, LONG, Metrics, Subscriber, davy};
use jiff::Timestamp;
use serde_json::Value;
use tokio::time::timeout;

use super::{
    cases::{CASES, Case, Payload},
    good_tag, works,
};

const TOPIC: &str = "davy/v1/works/gw-1/readings";
const ELSEWHERE: &str = "davy/v1/works/gw-2/readings";
const PAYLOAD_KIB_MAX: usize = 16;
const TOKEN: &str = "a token long enough";
/// Of the token, as `sha256sum` gives it.
const TOKEN_SHA256: &str = "d9617411862484e91ed71d4dfecea33f88acd3a96fba9e6a261dae10e7cc8d50";

/// Reason codes of MQTT 5.
const SUCCESS: u8 = 0x00;
const NOT_AUTHORIZED: u8 = 0x87;
const PAYLOAD_FORMAT_INVALID: u8 = 0x99;

/// What a sender was told, by reason code: the pointers.
type Told = BTreeMap<String, Vec<String>>;

#[tokio::test]
async fn every_bad_reading_is_told_kept_and_counted_and_the_good_one_beside_it_is_judged() {
    let setup = works();
    let clients = format!(
        "[[client]]\nname = \"gw-1\"\ntoken_sha256 = \"{TOKEN_SHA256}\"\ngrants = [{{site = \"works\", edge_node = \"gw-1\"}}]\n"
    );
    setup.write("clients.toml", &clients);
    let door = "[door]\nlisten = \"127.0.0.1:0\"\nclients_file = \"clients.toml\"\n";
    setup.configure(&format!("payload_kib_max = {PAYLOAD_KIB_MAX}\n{door}"));
    let server = Davy::serve(&setup.config()).await;
    let grpc = Grpc::connect(server.http()).await;
    let mut alerts = grpc.subscribe_from_now().await;

    strangers_stay_outside(server.door().await).await;
    let mut gateway = gateway(server.door().await).await;
    let mut told = Told::new();
    for (place, case) in CASES.iter().enumerate() {
        send(&mut gateway, place, case, &mut told).await;
    }
    until_told(&mut gateway, &mut told).await;
    for case in CASES {
        let pointers = &told[case.code];
        assert!(pointers.iter().any(|found| found == case.pointer), "{}: told at {pointers:?}", case.what);
    }
    judged(&mut alerts).await;
    kept(&grpc, &server.url()).await;
    counted(&grpc, server.http()).await;
    assert_eq!(gateway_is_well(&mut gateway).await, SUCCESS, "the session goes on after all that");
}

async fn strangers_stay_outside(door: SocketAddr) {
    for user in [None, Some(("gw-1", "wrong")), Some(("gw-9", TOKEN))] {
        let login = Login { id: "stranger", user };
        let refused = Mqtt::connect(door, Version::V5, login).await;
        assert!(refused.is_err(), "{user:?} was let in");
    }
}

async fn gateway(door: SocketAddr) -> Mqtt {
    let login = Login { id: "gw-1", user: Some(("gw-1", TOKEN)) };
    let mut gateway = Mqtt::connect(door, Version::V5, login).await.expect("let in");
    gateway.subscribe("davy/v1/works/gw-1/feedback").await.expect("its own feedback");
    let elsewhere = gateway.subscribe("davy/v1/works/gw-2/feedback").await;
    assert!(elsewhere.is_err(), "another's feedback was let out");
    gateway
}

/// Sends the message of a case, and the good reading after it where none fits in; checks what the PUBACK says.
async fn send(gateway: &mut Mqtt, place: usize, case: &Case, told: &mut Told) {
    let good = good(place);
    let now = Timestamp::now().to_string();
    let fill = |text: &str| text.replace("GOOD", &good).replace("NOW", &now).into_bytes();
    let (topic, payload, puback) = match &case.payload {
        Payload::Text(text) => (TOPIC, fill(text), SUCCESS),
        Payload::Bytes(text) => {
            let bytes = fill(text);
            let at = bytes.windows(4).position(|window| window == b"BYTE").expect("BYTE");
            (TOPIC, [&bytes[..at], &[0xFF], &bytes[at + 4..]].concat(), SUCCESS)
        }
        Payload::Oversized => {
            let padding = " ".repeat(PAYLOAD_KIB_MAX << 10);
            (TOPIC, format!(r#"{{"readings":[{good}{padding}]}}"#).into_bytes(), PAYLOAD_FORMAT_INVALID)
        }
        Payload::Elsewhere => {
            (ELSEWHERE, br#"{"readings":[{"tag":"Y/h2s","value":99}]}"#.to_vec(), NOT_AUTHORIZED)
        }
    };
    let has_good = puback == SUCCESS;
    assert_eq!(publish(gateway, topic, &payload, told).await, puback, "{}: PUBACK", case.what);
    if !has_good {
        let payload = format!(r#"{{"readings":[{good}]}}"#);
        assert_eq!(publish(gateway, TOPIC, payload.as_bytes(), told).await, SUCCESS, "after {}", case.what);
    }
}

fn good(place: usize) -> String {
    format!(r#"{{"tag":"{}","value":50.5,"unit":"ppm"}}"#, good_tag(place))
}

/// Publishes and gives the PUBACK's reason code; feedback that comes meanwhile is noted.
async fn publish(gateway: &mut Mqtt, topic: &str, payload: &[u8], told: &mut Told) -> u8 {
    let sent = gateway.publish(topic, payload).await.expect("it goes out");
    loop {
        match next(gateway, "a PUBACK").await {
            Packet::PubAck { id, code } if id == sent => return code,
            packet => note(packet, told),
        }
    }
}

async fn next(gateway: &mut Mqtt, what: &str) -> Packet {
    let packet = timeout(LONG, gateway.next()).await.unwrap_or_else(|_| panic!("waited in vain for {what}"));
    packet.unwrap_or_else(|error| panic!("{what}: {error}"))
}

fn note(packet: Packet, told: &mut Told) {
    let Packet::Publish { topic, payload, .. } = packet else { panic!("unexpected: {packet:?}") };
    assert_eq!(topic, "davy/v1/works/gw-1/feedback");
    let document: Value = serde_json::from_slice(&payload).expect("feedback is JSON");
    for problem in document["problems"].as_array().expect("problems") {
        let text =
            |key: &str| problem[key].as_str().unwrap_or_else(|| panic!("no {key}: {problem}")).to_owned();
        for key in ["message", "message_zh", "fix", "doc", "severity"] {
            assert!(!text(key).is_empty(), "{key}: {problem}");
        }
        told.entry(text("code")).or_default().push(text("pointer"));
    }
}

async fn until_told(gateway: &mut Mqtt, told: &mut Told) {
    while let Some(missing) = CASES.iter().find(|case| !told.contains_key(case.code)) {
        let what = format!("feedback {} on {}; told so far: {told:?}", missing.code, missing.what);
        note(next(gateway, &what).await, told);
    }
}

async fn judged(alerts: &mut Subscriber) {
    for (place, case) in CASES.iter().enumerate() {
        let alarm = format!("works:h2s:{}", good_tag(place));
        let what = format!("{alarm} raised, beside {}", case.what);
        let raised = alerts.alert(&what, Duration::from_secs(20), |alert| alert.alarm == alarm).await;
        assert_eq!((raised.transition(), raised.value), (TransitionKind::Raised, Some(50.5)), "{what}");
    }
}

async fn kept(grpc: &Grpc, url: &str) {
    let letters = grpc.dead_letters("works").await;
    let told =
        davy(["deadletters", "list", "--site", "works", "--limit", "1000", "--json", "--server", url]).await;
    let told = told.ended(0).json();
    assert_eq!(told.len(), letters.len());
    for case in CASES {
        let of_case = |code: &str| code == case.code;
        let letter =
            letters.iter().find(|letter| letter.problems.iter().any(|problem| of_case(&problem.code)));
        let letter = letter.unwrap_or_else(|| panic!("no dead letter for {} ({})", case.what, case.code));
        assert!(!letter.payload.is_empty() && letter.payload_len > 0, "{}: no payload", case.what);
        assert_eq!(letter.rejected > 0, case.refused, "{}: {letter:?}", case.what);
        let mut codes = told.iter().flat_map(|letter| letter["problems"].as_array().expect("problems"));
        assert!(
            codes.any(|problem| problem["code"].as_str().is_some_and(of_case)),
            "{} is not listed",
            case.what
        );
    }
}

async fn counted(grpc: &Grpc, http: SocketAddr) {
    let metrics = Metrics::of(http).await;
    for case in CASES {
        let (name, label) = counter(case);
        let count = metrics.figure(name, &[("site", "works"), label]);
        assert!(count >= 1.0, "{}: {name} {label:?} is {count}", case.what);
    }
    let counts = grpc.site("works").await.readings.expect("counts");
    let sum = counts.evaluated + counts.rejected + counts.dropped;
    assert_eq!(counts.received, sum, "received = evaluated + rejected + dropped: {counts:?}");
}

/// What is too old is kept in the journal, as what came too late is: it is counted by its fate.
fn counter(case: &Case) -> (&'static str, (&'static str, &'static str)) {
    match (case.code, case.refused) {
        ("TIMESTAMP_TOO_OLD", _) => ("davy_readings_not_judged_total", ("fate", "too_old")),
        (code, true) => ("davy_readings_rejected_total", ("code", code)),
        (code, false) => ("davy_readings_warned_total", ("code", code)),
    }
}

async fn gateway_is_well(gateway: &mut Mqtt) -> u8 {
    publish(gateway, TOPIC, br#"{"readings":[{"tag":"X/h2s","value":1.5}]}"#, &mut Told::new()).await
}
