//! The messages of Sparkplug B, as far as an edge node of numbers writes and reads them; field numbers of chapter 6.4.

/// The data types used here (chapter 6.4.16).
pub(super) const INT64: u32 = 4;
pub(super) const DOUBLE: u32 = 10;
pub(super) const BOOLEAN: u32 = 11;
const STRING: u32 = 12;

/// One message.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Payload {
    /// When it was sent, ms since 1970.
    #[prost(uint64, optional, tag = "1")]
    pub(super) timestamp: Option<u64>,
    #[prost(message, repeated, tag = "2")]
    pub(super) metrics: Vec<Metric>,
    /// 0 to 255, and from 0 again; none in NDEATH and in commands.
    #[prost(uint64, optional, tag = "3")]
    pub(super) seq: Option<u64>,
}

/// One metric.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Metric {
    #[prost(string, optional, tag = "1")]
    pub(super) name: Option<String>,
    #[prost(uint64, optional, tag = "2")]
    pub(super) alias: Option<u64>,
    /// When it was measured, ms since 1970.
    #[prost(uint64, optional, tag = "3")]
    pub(super) timestamp: Option<u64>,
    #[prost(uint32, optional, tag = "4")]
    pub(super) datatype: Option<u32>,
    #[prost(bool, optional, tag = "5")]
    pub(super) is_historical: Option<bool>,
    #[prost(bool, optional, tag = "7")]
    pub(super) is_null: Option<bool>,
    #[prost(message, optional, tag = "9")]
    pub(super) properties: Option<PropertySet>,
    #[prost(oneof = "Value", tags = "11, 13, 14")]
    pub(super) value: Option<Value>,
}

#[derive(Clone, PartialEq, prost::Oneof)]
pub(super) enum Value {
    #[prost(uint64, tag = "11")]
    Long(u64),
    #[prost(double, tag = "13")]
    Double(f64),
    #[prost(bool, tag = "14")]
    Boolean(bool),
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct PropertySet {
    #[prost(string, repeated, tag = "1")]
    keys: Vec<String>,
    #[prost(message, repeated, tag = "2")]
    values: Vec<PropertyValue>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct PropertyValue {
    #[prost(uint32, optional, tag = "1")]
    r#type: Option<u32>,
    #[prost(string, optional, tag = "8")]
    string_value: Option<String>,
}

impl PropertySet {
    /// `engUnit`, the unit of a metric.
    pub(super) fn unit(unit: &str) -> PropertySet {
        let value = PropertyValue { r#type: Some(STRING), string_value: Some(unit.to_owned()) };
        PropertySet { keys: vec!["engUnit".to_owned()], values: vec![value] }
    }
}
