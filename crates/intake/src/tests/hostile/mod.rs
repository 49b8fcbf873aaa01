//! A broker that lies in every way a broker can. Davy stands it: it says what is wrong, takes nothing that it did not ask for, tries
//! again, and works with an honest broker afterwards.

mod broker;
mod flood;
mod refused;
mod stood;

use bytes::BytesMut;
use rumqttc::v5::mqttbytes::v5::{
    ConnAck, ConnAckProperties, ConnectReturnCode, Disconnect, DisconnectReasonCode, PingReq, PubAck, PubRec,
    PubRel, Publish, SubAck, Subscribe, SubscribeReasonCode, UnsubAck, UnsubAckReason,
};

use self::broker::{Act, Hostile};
use super::*;
use crate::broker::{BrokerLink, LinkState};

const GRANTED: SubscribeReasonCode = SubscribeReasonCode::Success(QoS::AtLeastOnce);
/// The packet id of Davy's first SUBSCRIBE.
const FIRST: u16 = 1;
/// What an honest broker brings after a lying one.
const HONEST: u64 = 77;

/// A CONNACK that lets Davy in, on these terms.
fn welcome(change: impl FnOnce(&mut ConnAckProperties)) -> Packet {
    let mut terms = ConnAckProperties {
        session_expiry_interval: None,
        receive_max: None,
        max_qos: None,
        retain_available: None,
        max_packet_size: None,
        assigned_client_identifier: None,
        topic_alias_max: None,
        reason_string: None,
        user_properties: Vec::new(),
        wildcard_subscription_available: None,
        subscription_identifiers_available: None,
        shared_subscription_available: None,
        server_keep_alive: None,
        response_information: None,
        server_reference: None,
        authentication_method: None,
        authentication_data: None,
    };
    change(&mut terms);
    let (code, properties) = (ConnectReturnCode::Success, Some(terms));
    Packet::ConnAck(ConnAck { session_present: false, code, properties })
}

/// A CONNACK that does not, in these words.
fn refusal(code: ConnectReturnCode, change: impl FnOnce(&mut ConnAckProperties)) -> Packet {
    let Packet::ConnAck(mut connack) = welcome(change) else { unreachable!() };
    connack.code = code;
    Packet::ConnAck(connack)
}

/// The answer to a SUBSCRIBE of these filters, all of them granted.
fn granted(filters: usize) -> Packet {
    answer(FIRST, vec![GRANTED; filters])
}

fn answer(pkid: u16, return_codes: Vec<SubscribeReasonCode>) -> Packet {
    Packet::SubAck(SubAck { pkid, return_codes, properties: None })
}

/// Readings of a tag that is there.
fn readings(topic: &str, packet_id: u16, seq: u64) -> Publish {
    let payload = format!(r#"{{"seq":{seq},"values":{{"AT-1/h2s":{seq}}}}}"#);
    let qos = if packet_id == 0 { QoS::AtMostOnce } else { QoS::AtLeastOnce };
    let mut publish = Publish::new(topic, qos, payload, None);
    publish.pkid = packet_id;
    publish
}

fn bytes_of(packets: &[Packet]) -> Vec<u8> {
    let mut bytes = BytesMut::new();
    for packet in packets {
        packet.write(&mut bytes, None).expect("a good packet");
    }
    bytes.to_vec()
}
