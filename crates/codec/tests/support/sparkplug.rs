//! The messages of Sparkplug B in our own words, from chapter 6 of the specification, and an edge node that speaks them.
#![allow(dead_code, unreachable_pub)] // Each test takes what it needs.

use davy_codec::sparkplug::{Message, Verb};
use davy_model::Timestamp;
use prost::Message as _;

#[derive(Clone, PartialEq, prost::Message)]
pub struct Payload {
    #[prost(uint64, optional, tag = "1")]
    pub timestamp: Option<u64>,
    #[prost(message, repeated, tag = "2")]
    pub metrics: Vec<Metric>,
    #[prost(uint64, optional, tag = "3")]
    pub seq: Option<u64>,
    #[prost(string, optional, tag = "4")]
    pub uuid: Option<String>,
    #[prost(bytes = "vec", optional, tag = "5")]
    pub body: Option<Vec<u8>>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub struct Metric {
    #[prost(string, optional, tag = "1")]
    pub name: Option<String>,
    #[prost(uint64, optional, tag = "2")]
    pub alias: Option<u64>,
    #[prost(uint64, optional, tag = "3")]
    pub timestamp: Option<u64>,
    #[prost(uint32, optional, tag = "4")]
    pub datatype: Option<u32>,
    #[prost(bool, optional, tag = "5")]
    pub is_historical: Option<bool>,
    #[prost(bool, optional, tag = "6")]
    pub is_transient: Option<bool>,
    #[prost(bool, optional, tag = "7")]
    pub is_null: Option<bool>,
    #[prost(message, optional, tag = "9")]
    pub properties: Option<PropertySet>,
    #[prost(oneof = "Value", tags = "10, 11, 12, 13, 14, 15, 16, 17, 18")]
    pub value: Option<Value>,
}

#[derive(Clone, PartialEq, prost::Oneof)]
pub enum Value {
    #[prost(uint32, tag = "10")]
    Int(u32),
    #[prost(uint64, tag = "11")]
    Long(u64),
    #[prost(float, tag = "12")]
    Float(f32),
    #[prost(double, tag = "13")]
    Double(f64),
    #[prost(bool, tag = "14")]
    Boolean(bool),
    #[prost(string, tag = "15")]
    Text(String),
    #[prost(bytes, tag = "16")]
    Bytes(Vec<u8>),
    #[prost(message, tag = "17")]
    DataSet(DataSet),
    #[prost(message, tag = "18")]
    Template(Template),
}

#[derive(Clone, PartialEq, prost::Message)]
pub struct DataSet {
    #[prost(uint64, optional, tag = "1")]
    pub num_of_columns: Option<u64>,
    #[prost(string, repeated, tag = "2")]
    pub columns: Vec<String>,
    #[prost(uint32, repeated, packed = "false", tag = "3")]
    pub types: Vec<u32>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub struct Template {
    #[prost(string, optional, tag = "1")]
    pub version: Option<String>,
    #[prost(message, repeated, tag = "2")]
    pub metrics: Vec<Metric>,
    #[prost(bool, optional, tag = "5")]
    pub is_definition: Option<bool>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub struct PropertySet {
    #[prost(string, repeated, tag = "1")]
    pub keys: Vec<String>,
    #[prost(message, repeated, tag = "2")]
    pub values: Vec<PropertyValue>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub struct PropertyValue {
    #[prost(uint32, optional, tag = "1")]
    pub r#type: Option<u32>,
    #[prost(uint32, optional, tag = "3")]
    pub int_value: Option<u32>,
    #[prost(double, optional, tag = "6")]
    pub double_value: Option<f64>,
    #[prost(string, optional, tag = "8")]
    pub string_value: Option<String>,
}

/// A metric of a birth: a Double with a name, an alias when it has one, and a value.
pub fn named(name: &str, alias: impl Into<Option<u64>>, value: f64) -> Metric {
    Metric {
        name: Some(name.into()),
        alias: alias.into(),
        datatype: Some(10),
        value: Some(Value::Double(value)),
        ..Metric::default()
    }
}

/// A metric of data, by alias alone.
pub fn aliased(alias: u64, value: f64) -> Metric {
    Metric { alias: Some(alias), value: Some(Value::Double(value)), ..Metric::default() }
}

/// A metric of data, by name alone.
pub fn by_name(name: &str, value: f64) -> Metric {
    Metric { name: Some(name.into()), value: Some(Value::Double(value)), ..Metric::default() }
}

/// With a unit and a quality among its properties.
pub fn with_properties(metric: Metric, unit: &str, quality: Option<u32>) -> Metric {
    let text = PropertyValue { r#type: Some(12), string_value: Some(unit.into()), ..Default::default() };
    let low = PropertyValue { r#type: Some(10), double_value: Some(0.0), ..Default::default() };
    let mut set = PropertySet { keys: vec!["engLow".into(), "engUnit".into()], values: vec![low, text] };
    if let Some(code) = quality {
        set.keys.push("Quality".into());
        set.values.push(PropertyValue { r#type: Some(3), int_value: Some(code), ..Default::default() });
    }
    Metric { properties: Some(set), ..metric }
}

/// A message on its way.
#[derive(Clone, Debug)]
pub struct Sent {
    pub verb: Verb,
    pub device: Option<String>,
    pub payload: Vec<u8>,
}

impl Sent {
    pub fn arriving(&self, arrival: Timestamp) -> Message<'_> {
        Message {
            verb: self.verb,
            device: self.device.as_deref(),
            payload: &self.payload,
            arrival,
            is_stored: false,
        }
    }
}

/// An edge node that numbers its messages as the specification asks.
#[derive(Clone, Debug)]
pub struct EdgeNode {
    /// The number of its MQTT session.
    pub bd_seq: u64,
    /// The number of its next message.
    pub seq: u64,
    /// Its clock, ms since 1970.
    pub now_ms: u64,
}

impl EdgeNode {
    pub fn new(now_ms: u64) -> EdgeNode {
        EdgeNode { bd_seq: 0, seq: 0, now_ms }
    }

    pub fn nbirth(&mut self, mut metrics: Vec<Metric>) -> Sent {
        self.seq = 0;
        metrics.insert(0, self.bd_metric());
        let control = Metric {
            datatype: Some(11),
            value: Some(Value::Boolean(false)),
            ..named("Node Control/Rebirth", None, 0.0)
        };
        metrics.push(control);
        self.say(Verb::NodeBirth, None, metrics)
    }

    /// As the broker sends it, for the session that has this number.
    pub fn ndeath(&self) -> Sent {
        let payload = Payload { timestamp: None, metrics: vec![self.bd_metric()], ..Payload::default() };
        Sent { verb: Verb::NodeDeath, device: None, payload: payload.encode_to_vec() }
    }

    pub fn ndata(&mut self, metrics: Vec<Metric>) -> Sent {
        self.say(Verb::NodeData, None, metrics)
    }

    pub fn dbirth(&mut self, device: &str, metrics: Vec<Metric>) -> Sent {
        self.say(Verb::DeviceBirth, Some(device), metrics)
    }

    pub fn ddata(&mut self, device: &str, metrics: Vec<Metric>) -> Sent {
        self.say(Verb::DeviceData, Some(device), metrics)
    }

    pub fn ddeath(&mut self, device: &str) -> Sent {
        self.say(Verb::DeviceDeath, Some(device), Vec::new())
    }

    fn bd_metric(&self) -> Metric {
        Metric {
            name: Some("bdSeq".into()),
            datatype: Some(4),
            value: Some(Value::Long(self.bd_seq)),
            ..Metric::default()
        }
    }

    fn say(&mut self, verb: Verb, device: Option<&str>, metrics: Vec<Metric>) -> Sent {
        self.now_ms += 1;
        let payload =
            Payload { timestamp: Some(self.now_ms), metrics, seq: Some(self.seq), ..Payload::default() };
        self.seq = (self.seq + 1) % 256;
        Sent { verb, device: device.map(str::to_owned), payload: payload.encode_to_vec() }
    }
}
