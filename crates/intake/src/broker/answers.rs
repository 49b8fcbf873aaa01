//! What a broker answers, judged: whether it lets Davy in and on which terms, whether it grants what was asked, whether it goes.

use rumqttc::v5::mqttbytes::QoS;
use rumqttc::v5::mqttbytes::v5::{
    ConnAck, ConnAckProperties, ConnectReturnCode, DisconnectReasonCode, SubAck, SubscribeReasonCode,
};

use super::wire::LinkError;

/// The first byte of a DISCONNECT.
const DISCONNECT: u8 = 0xe0;
/// How much of what a broker says of itself is told, characters.
const SAID_LEN_MAX: usize = 200;

/// Checks that the broker lets Davy in, and on terms that MQTT knows.
pub(super) fn check_connack(connack: &ConnAck, is_clean_start: bool) -> Result<(), LinkError> {
    let granted = connack.properties.as_ref();
    if connack.code != ConnectReturnCode::Success {
        return Err(LinkError::Refused { reason: connack.code, said: said(granted) });
    }
    if is_clean_start && connack.session_present {
        return Err(LinkError::Protocol("a session, where a new one was asked for"));
    }
    if granted.is_some_and(|granted| granted.max_packet_size == Some(0)) {
        return Err(LinkError::Protocol("a maximum packet size of 0"));
    }
    if granted.is_some_and(|granted| granted.receive_max == Some(0)) {
        return Err(LinkError::Protocol("a receive maximum of 0"));
    }
    Ok(())
}

/// What a broker says with its refusal, fit for a log: in brackets, or nothing.
fn said(granted: Option<&ConnAckProperties>) -> String {
    let Some(granted) = granted else { return String::new() };
    let elsewhere = granted.server_reference.as_ref().map(|name| format!("it names {name}"));
    let words: Vec<String> = granted.reason_string.iter().cloned().chain(elsewhere).collect();
    let words = words.join(", ");
    let words: String = words.chars().filter(|c| !c.is_control()).take(SAID_LEN_MAX).collect();
    if words.is_empty() { words } else { format!(" ({words})") }
}

/// Checks that everything asked for in one SUBSCRIBE was granted.
pub(super) fn check_suback(suback: &SubAck, asked: &[String]) -> Result<(), LinkError> {
    if suback.return_codes.len() != asked.len() {
        return Err(LinkError::Protocol("a SUBACK that does not answer each filter"));
    }
    for (filter, reason) in asked.iter().zip(&suback.return_codes) {
        // QoS 0 would lose readings whenever Davy is away.
        if *reason != SubscribeReasonCode::Success(QoS::AtLeastOnce) {
            return Err(LinkError::Subscription { filter: filter.clone(), reason: *reason });
        }
    }
    Ok(())
}

/// The reason of a DISCONNECT without properties, which this decoder takes for an error.
pub(super) fn short_goodbye(incoming: &[u8]) -> Option<DisconnectReasonCode> {
    match incoming {
        [DISCONNECT, 0, ..] => Some(DisconnectReasonCode::NormalDisconnection),
        [DISCONNECT, 1, reason, ..] => DisconnectReasonCode::try_from(*reason).ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_or_lowered_subscription_names_its_filter() {
        let asked = ["davy/v1/a/+/readings", "davy/v1/b/+/readings"].map(str::to_owned);
        let suback = |return_codes| SubAck { pkid: 1, return_codes, properties: None };
        let granted = SubscribeReasonCode::Success(QoS::AtLeastOnce);
        assert!(check_suback(&suback(vec![granted; 2]), &asked).is_ok());
        for refused in [SubscribeReasonCode::NotAuthorized, SubscribeReasonCode::Success(QoS::AtMostOnce)] {
            let error = check_suback(&suback(vec![granted, refused]), &asked).expect_err("refused");
            assert!(error.to_string().contains("davy/v1/b/+/readings"), "{error}");
        }
        assert!(check_suback(&suback(vec![granted]), &asked).is_err(), "an answer is missing");
    }
}
