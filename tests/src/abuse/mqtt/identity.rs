//! Whoever speaks for somebody else.

use super::{
    Case, Want,
    connects::refused,
    good,
    packets::{Connect, publish, subscribe},
    word,
};
use crate::abuse::house::{GATEWAYS, VILLAIN, password};

pub(super) fn cases() -> Vec<Case> {
    [false, true]
        .into_iter()
        .flat_map(|v5| [logins(v5), takeovers(v5), topics(v5), filters(v5), payloads(v5)].concat())
        .collect()
}

fn row(v5: bool, name: &str, connect: &Connect, want: Want) -> Case {
    Case::knock(&format!("{}/{name}", word(v5)), connect.bytes(), want)
}

fn logins(v5: bool) -> Vec<Case> {
    let stranger = || Connect::of(v5, "stranger");
    // Not authorised, and bad user name or password, as each version says it.
    let (not, bad) = if v5 { (0x87, 0x86) } else { (5, 4) };
    let mut user_alone = stranger();
    (user_alone.flags, user_alone.user) = (0x82, Some(VILLAIN.into()));
    let long = "x".repeat(60_000);
    let tries: [(&str, &str, String); 8] = [
        ("a wrong password", VILLAIN, "guess".into()),
        ("an empty password", VILLAIN, String::new()),
        ("a password with a blank behind it", VILLAIN, password(VILLAIN) + " "),
        ("the password of another", VILLAIN, password(GATEWAYS[0])),
        ("an unknown user", "gw-77", password(VILLAIN)),
        ("an empty user name", "", password(VILLAIN)),
        ("a user name in another case", "GW-9", password(VILLAIN)),
        ("a password of 60,000 bytes", VILLAIN, long),
    ];
    let guess = |(name, user, password): &(&str, &str, String)| {
        row(v5, name, &stranger().by(user, password), refused(v5, bad))
    };
    let nobody = row(v5, "nobody's name", &stranger(), refused(v5, not));
    let alone = row(v5, "a user name alone", &user_alone, refused(v5, bad));
    tries.iter().map(guess).chain([nobody, alone]).collect()
}

/// A client that may come in does not put out those who are in.
fn takeovers(v5: bool) -> Vec<Case> {
    let by_its_identifier = |name: &&str| {
        let mut connect = good(v5);
        (*name).clone_into(&mut connect.id);
        row(v5, &format!("the identifier of {name}"), &connect, refused(v5, if v5 { 0x85 } else { 2 }))
    };
    let wills = ["davy/v1/plant/gw-1/status", "davy/v1/plant/gw-1/readings", "$SYS/x", "elsewhere"];
    let will = |topic: &&str| {
        let want = refused(v5, if v5 { 0x87 } else { 5 });
        row(v5, &format!("a will to {topic}"), &good(v5).will(topic.as_bytes(), &[]), want)
    };
    let malformed = [("a/#", 0x90), ("", 0x90), ("a\0b", 0x81)].map(|(topic, code)| {
        row(v5, &format!("a will to {topic:?}"), &good(v5).will(topic.as_bytes(), &[]), refused(v5, code))
    });
    GATEWAYS.iter().map(by_its_identifier).chain(wills.iter().map(will)).chain(malformed).collect()
}

/// 3.1.1 has no word for a refusal, and closing would make a gateway loop: it is acknowledged, and kept as a dead letter.
fn topics(v5: bool) -> Vec<Case> {
    let topics = [
        "davy/v1/plant/gw-1/readings",
        "davy/v1/plant/gw-9/readings",
        "davy/v1/yard/gw-1/readings",
        "davy/v1/plant/gw-1/status",
        "davy/v1/plant/gw-1/feedback",
        "davy/v1/davy-canary/davy/readings",
        "davy/v1/yard",
        "davy/v1/yard/gw-9/readings/more",
        "davy/v2/yard/gw-9/readings",
        "/davy/v1/yard/gw-9/readings",
        "Davy/v1/yard/gw-9/readings",
        "davy/v1/yard/../plant/gw-1/readings",
        "davy/v1//gw-9/readings",
        "spBv1.0/plant/NBIRTH/gw-1",
        "spBv1.0/STATE/davy",
        "$SYS/broker/version",
        "$share/all/davy/v1/yard/gw-9/readings",
        "$",
    ];
    let answer = |id: u8| if v5 { vec![0x40, 3, 0, id, 0x87] } else { vec![0x40, 2, 0, id] };
    let row = |topic: &&str| {
        let bytes = publish(v5, 0x32, 9, topic.as_bytes(), &[], b"{}");
        Case::offence(v5, &format!("QoS 1 to {topic}"), bytes, Want::Answered(answer(9)))
    };
    topics.iter().map(row).collect()
}

fn filters(v5: bool) -> Vec<Case> {
    let filters = [
        "#",
        "+",
        "+/#",
        "davy/#",
        "davy/v1/+/+/readings",
        "davy/v1/plant/gw-1/readings",
        "davy/v1/plant/gw-1/feedback",
        "davy/v1/plant/alarms",
        "davy/v1/yard/+/feedback",
        "davy/v1/davy-canary/davy/feedback",
        "$SYS/#",
        "$share/all/davy/v1/plant/gw-1/feedback",
        "$share/all/#",
        "$share",
        "$queue/a",
        "spBv1.0/#",
        "spBv1.0/plant/NCMD/gw-1",
    ];
    let answer = |filter: &str| match v5 {
        // Shared subscriptions are not granted, and MQTT 5 has a word for that.
        true if filter.starts_with("$share") => vec![0x90, 4, 0, 5, 0, 0x9E],
        true => vec![0x90, 4, 0, 5, 0, 0x87],
        false => vec![0x90, 3, 0, 5, 0x80],
    };
    let row = |filter: &&str| {
        let bytes = subscribe(v5, 5, filter, 1);
        Case::offence(v5, &format!("SUBSCRIBE to {filter}"), bytes, Want::Answered(answer(filter)))
    };
    filters.iter().map(row).collect()
}

/// Its own topic, and somebody else's name within: counted as rejected, and kept.
fn payloads(v5: bool) -> Vec<Case> {
    let told = |code: u8| match (v5, code) {
        (true, 1..) => vec![0x40, 3, 0, 9, code],
        _ => vec![0x40, 2, 0, 9],
    };
    let rows: [(&str, &[u8], u8); 12] = [
        ("the tag of another", br#"{"readings":[{"tag":"T-gw-1","value":9}]}"#, 0),
        ("no such tag", br#"{"readings":[{"tag":"../plant/T-gw-1","value":9}]}"#, 0),
        ("no JSON", b"{", 0x99),
        ("nothing", b"", 0x99),
        ("bytes", b"\xFF\x00\xFE", 0x99),
        ("a list in a list", b"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[", 0x99),
        ("a number past all numbers", br#"{"readings":[{"tag":"T-gw-9","value":1e999}]}"#, 0x99),
        ("a word for a number", br#"{"readings":[{"tag":"T-gw-9","value":"NaN"}]}"#, 0x99),
        (
            "a time of the year 9999",
            br#"{"readings":[{"tag":"T-gw-9","value":1,"ts":"9999-12-31T23:59:59Z"}]}"#,
            0x99,
        ),
        ("a unit of another kind", br#"{"readings":[{"tag":"T-gw-9","value":1,"unit":"degC"}]}"#, 0),
        ("half a surrogate pair", br#"{"readings":[{"tag":"\ud800","value":1}]}"#, 0x99),
        ("a formula for a name", br#"{"readings":[{"tag":"=HYPERLINK(\"x\")","value":1}]}"#, 0),
    ];
    let row = |(name, payload, code): &(&str, &[u8], u8)| {
        let bytes = publish(v5, 0x32, 9, b"davy/v1/yard/gw-9/readings", &[], payload);
        Case::offence(v5, &format!("its own topic with {name}"), bytes, Want::Answered(told(*code)))
    };
    rows.iter().map(row).collect()
}
