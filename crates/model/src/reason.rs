//! Why something a gateway sent was refused, or what is odd about it.

use std::fmt;

/// What a reason means for the thing it is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Accepted as it is; worth knowing.
    Info,
    /// Accepted, and somebody should mend it.
    Warn,
    /// Not accepted.
    Reject,
}

macro_rules! reasons {
    ($($(#[doc = $doc:literal])+ $variant:ident $word:literal $severity:ident;)+) => {
        /// A reason code. The words are part of the contract: never reused, never renamed.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Reason {
            $($(#[doc = $doc])+ $variant,)+
        }

        impl Reason {
            /// Every reason.
            pub const ALL: &[Reason] = &[$(Reason::$variant,)+];

            /// The code as senders and pages of the documentation know it.
            pub const fn word(self) -> &'static str {
                match self { $(Reason::$variant => $word,)+ }
            }

            /// What it means for the thing it is about.
            pub const fn severity(self) -> Severity {
                match self { $(Reason::$variant => Severity::$severity,)+ }
            }
        }
    };
}

reasons! {
    /// The topic is not one this sender may publish to, or not one Davy knows.
    TopicNotAllowed "TOPIC_NOT_ALLOWED" Reject;
    /// More than the client's quota, and sent at QoS 0: it could not be made to wait. Not read.
    RateLimited "RATE_LIMITED" Reject;
    /// The payload is larger than the configured limit, or holds more readings than it may.
    PayloadTooLarge "PAYLOAD_TOO_LARGE" Reject;
    /// Text that is not UTF-8.
    EncodingInvalid "ENCODING_INVALID" Reject;
    /// Not JSON from here on; what stood before was read.
    JsonSyntax "JSON_SYNTAX" Reject;
    /// Not the protobuf message the topic asks for.
    ProtobufDecode "PROTOBUF_DECODE" Reject;
    /// Not CBOR from here on; what stood before was read.
    CborSyntax "CBOR_SYNTAX" Reject;
    /// Not an HJ 212 frame, or parts of one that do not belong together.
    FrameInvalid "FRAME_INVALID" Reject;
    /// A frame is longer or shorter than it says.
    LengthMismatch "LENGTH_MISMATCH" Reject;
    /// A frame does not have the checksum it says.
    CrcMismatch "CRC_MISMATCH" Reject;
    /// The password of a frame is not that of its box.
    PasswordMismatch "PASSWORD_MISMATCH" Reject;
    /// JSON, but none of the documented forms.
    SchemaViolation "SCHEMA_VIOLATION" Reject;
    /// A field that must be there is not.
    FieldMissing "FIELD_MISSING" Reject;
    /// A field has the wrong type: a number sent as text, say.
    FieldType "FIELD_TYPE" Reject;
    /// A field nobody knows; it was skipped.
    FieldUnknown "FIELD_UNKNOWN" Warn;
    /// NaN or infinity.
    NumberNotFinite "NUMBER_NOT_FINITE" Reject;
    /// The edge node in the topic is not one of the site's.
    DeviceUnknown "DEVICE_UNKNOWN" Reject;
    /// The site has no such tag. It is kept as discovered.
    PointUnknown "POINT_UNKNOWN" Reject;
    /// The tag belongs to another edge node.
    PointNotOwned "POINT_NOT_OWNED" Reject;
    /// A time that cannot be read.
    TimestampFormat "TIMESTAMP_FORMAT" Reject;
    /// A source time ahead of arrival by more than allowed; judged at its arrival time.
    TimestampFuture "TIMESTAMP_FUTURE" Warn;
    /// A source time older than the site accepts; kept, not judged.
    TimestampTooOld "TIMESTAMP_TOO_OLD" Reject;
    /// The same tag, source time and value as before; counted once.
    DuplicateMessage "DUPLICATE_MESSAGE" Info;
    /// Numbers of messages that never came.
    SequenceGap "SEQUENCE_GAP" Warn;
    /// Older than the last judged reading of the tag; kept, not judged.
    OutOfOrder "OUT_OF_ORDER" Info;
    /// The unit sent cannot be converted to the tag's.
    UnitMismatch "UNIT_MISMATCH" Reject;
    /// The unit sent is not one Davy knows.
    UnitUnknown "UNIT_UNKNOWN" Reject;
    /// A value outside the sensor's range: it may raise an alarm, it cannot clear one.
    OutOfSensorRange "OUT_OF_SENSOR_RANGE" Warn;
    /// A quality word that is not known; the value is taken as bad.
    QualityUnknown "QUALITY_UNKNOWN" Warn;
    /// Sparkplug: the edge node or device has sent no birth certificate that this message belongs to.
    SparkplugNoBirth "SPARKPLUG_NO_BIRTH" Reject;
    /// Sparkplug: messages before this one are missing, so that nothing of it can be told for sure.
    SparkplugSeqGap "SPARKPLUG_SEQ_GAP" Reject;
    /// A metric of a type that cannot be watched: a text, a template, a dataset, an array.
    MetricTypeUnsupported "METRIC_TYPE_UNSUPPORTED" Reject;
    /// Davy could not take it in time (QoS 0 only: it cannot be sent again).
    Backpressure "BACKPRESSURE" Reject;
}

impl Reason {
    /// The reason with that code.
    pub fn from_word(word: &str) -> Option<Reason> {
        Reason::ALL.iter().copied().find(|reason| reason.word() == word)
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

impl Severity {
    /// `info`, `warn` or `reject`.
    pub const fn word(self) -> &'static str {
        match self {
            Severity::Info => "info",
            Severity::Warn => "warn",
            Severity::Reject => "reject",
        }
    }
}
