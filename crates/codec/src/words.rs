//! Refusals in words, in both languages.

use davy_model::{Reason, Text};

use crate::Rejection;

/// What happened, where, what was there and what should have been.
pub(crate) fn message(rejection: &Rejection) -> Text {
    let (mut en, mut zh) = headline(rejection.reason);
    if !rejection.pointer.is_empty() {
        en += &format!(" at {}", rejection.pointer);
        zh = format!("{}：{zh}", rejection.pointer);
    }
    if let Some(position) = rejection.position {
        let (line, column, offset) = (position.line, position.column, position.offset);
        en += &format!(" (line {line}, column {column}, byte {offset})");
        zh += &format!("（第 {line} 行，第 {column} 列，字节 {offset}）");
    }
    if !rejection.expected.is_empty() {
        en += &format!(": expected {}", rejection.expected);
        zh += &format!("，应为 {}", rejection.expected);
    }
    if !rejection.got.is_empty() {
        en += &format!(", got {}", rejection.got);
        zh += &format!("，收到 {}", rejection.got);
    }
    Text::both(en, zh)
}

fn headline(reason: Reason) -> (String, String) {
    let (en, zh) = match reason {
        Reason::TopicNotAllowed => ("this topic is not for this sender", "不允许向该主题发布"),
        Reason::RateLimited => ("more than this client may bring", "超出该客户端的配额"),
        Reason::PayloadTooLarge => ("the payload is too large", "报文过大"),
        Reason::EncodingInvalid => ("the text is not UTF-8", "文本不是 UTF-8 编码"),
        Reason::JsonSyntax => ("not JSON from here on", "从此处起不是合法 JSON"),
        Reason::ProtobufDecode => ("not the protobuf message ReadingBatch", "不是 ReadingBatch 报文"),
        Reason::CborSyntax => ("not CBOR from here on", "从此处起不是合法 CBOR"),
        Reason::FrameInvalid => ("not an HJ 212 frame", "不是有效的 HJ 212 通讯包"),
        Reason::LengthMismatch => ("the frame is not as long as it says", "数据段长度与声明不符"),
        Reason::CrcMismatch => ("the frame does not have the checksum it says", "CRC 校验不符"),
        Reason::PasswordMismatch => ("the password is not that of the box", "访问密码与设备不符"),
        Reason::SchemaViolation => ("not one of the documented forms", "不符合文档规定的格式"),
        Reason::FieldMissing => ("a field is missing", "缺少字段"),
        Reason::FieldType => ("a field has the wrong type", "字段类型错误"),
        Reason::FieldUnknown => ("a field nobody knows was skipped", "未知字段，已忽略"),
        Reason::NumberNotFinite => ("the number is not finite", "数值不是有限数"),
        Reason::DeviceUnknown => ("the site has no such edge node", "站点没有该网关"),
        Reason::PointUnknown => ("the site has no such tag", "站点没有该测点"),
        Reason::PointNotOwned => ("the tag belongs to another edge node", "该测点属于其他网关"),
        Reason::TimestampFormat => ("the time cannot be read", "无法识别的时间"),
        Reason::TimestampFuture => ("the time lies in the future", "时间戳超前"),
        Reason::TimestampTooOld => ("the time lies too far back", "时间戳过旧"),
        Reason::DuplicateMessage => ("the same reading came before", "重复的读数"),
        Reason::SequenceGap => ("messages never came", "有报文未收到"),
        Reason::OutOfOrder => ("older than the last judged reading", "早于上次判定的读数"),
        Reason::UnitMismatch => ("the unit cannot be converted to the tag's", "单位无法换算为测点单位"),
        Reason::UnitUnknown => ("the unit is not known", "未知单位"),
        Reason::OutOfSensorRange => ("the value is outside the sensor's range", "数值超出传感器量程"),
        Reason::QualityUnknown => ("the quality is not known; taken as bad", "未知质量码，按坏值处理"),
        Reason::SparkplugNoBirth => ("no birth certificate stands for it", "没有有效的上线证书"),
        Reason::SparkplugSeqGap => ("messages of the edge node are missing before it", "此前有报文缺失"),
        Reason::MetricTypeUnsupported => ("the metric's type is no number", "该数据类型不是数值"),
        Reason::Backpressure => ("Davy could not take it in time", "系统繁忙，未能接收"),
    };
    (en.to_owned(), zh.to_owned())
}
