//! What a host asks of an edge node: its births, and nothing else. Davy writes to no plant.

use davy_model::Timestamp;
use prost::Message;

/// The metric that asks an edge node for its births (chapter 5, "Data commands").
pub(super) const REBIRTH: &str = "Node Control/Rebirth";

/// A payload, as far as a command needs it; field numbers of chapter 6.
#[derive(Clone, PartialEq, Message)]
struct Command {
    #[prost(uint64, optional, tag = "1")]
    timestamp: Option<u64>,
    #[prost(message, repeated, tag = "2")]
    metrics: Vec<CommandMetric>,
}

#[derive(Clone, PartialEq, Message)]
struct CommandMetric {
    #[prost(string, optional, tag = "1")]
    name: Option<String>,
    #[prost(uint64, optional, tag = "3")]
    timestamp: Option<u64>,
    #[prost(uint32, optional, tag = "4")]
    datatype: Option<u32>,
    #[prost(bool, optional, tag = "14")]
    boolean_value: Option<bool>,
}

/// The payload of an NCMD that asks for the births: `Node Control/Rebirth`, true. A command carries no `seq`.
pub fn rebirth_command(at: Timestamp) -> Vec<u8> {
    let timestamp = u64::try_from(at.as_micros() / 1000).ok();
    let metric = CommandMetric {
        name: Some(REBIRTH.to_owned()),
        timestamp,
        datatype: Some(super::DataType::Boolean.code()),
        boolean_value: Some(true),
    };
    Command { timestamp, metrics: vec![metric] }.encode_to_vec()
}
