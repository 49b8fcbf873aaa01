//! Messages refused whole, in words.

use davy_model::Reason;

use crate::{
    Rejection,
    rejection::Position,
    sparkplug::payload::{Broken, Head},
};

/// Why a message is refused whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refused {
    /// No birth of the edge node, or of the device, stands.
    NoBirth,
    /// A broker kept it.
    Stored,
    /// A birth older than the one that stands.
    Overtaken,
    /// It was sent before the birth that stands.
    OtherBirth,
    /// The death of this session came before its birth.
    DeathFirst,
    /// Messages before it are missing.
    Gap,
    /// It has no number.
    Uncounted,
    /// It came before.
    Twice,
    /// The edge node has as many devices as may be.
    TooManyDevices,
}

impl Refused {
    /// The refusal of a message with this head.
    pub(super) fn of(self, head: &Head) -> Rejection {
        refusal(self, head)
    }

    const fn reason(self) -> Reason {
        match self {
            Refused::NoBirth
            | Refused::Stored
            | Refused::Overtaken
            | Refused::OtherBirth
            | Refused::DeathFirst => Reason::SparkplugNoBirth,
            Refused::Gap => Reason::SparkplugSeqGap,
            Refused::Uncounted => Reason::FieldMissing,
            Refused::Twice => Reason::DuplicateMessage,
            Refused::TooManyDevices => Reason::PayloadTooLarge,
        }
    }
}

/// The refusal of a message with this head: it costs each of its metrics.
fn refusal(refused: Refused, head: &Head) -> Rejection {
    let seq = head.seq.map_or_else(|| "no seq".to_owned(), |seq| format!("seq {seq}"));
    let (pointer, got, expected, fix) = match refused {
        Refused::NoBirth => (
            "",
            seq,
            "a birth of the edge node or device before its data",
            "send NBIRTH and DBIRTH first; Davy has asked for them by Node Control/Rebirth",
        ),
        Refused::Stored => (
            "",
            "a message the broker had kept".to_owned(),
            "births and data that are not retained",
            "publish with the retain flag off, as the specification asks",
        ),
        Refused::Overtaken => (
            "/timestamp",
            head.timestamp.unwrap_or_default().to_string(),
            "a birth no older than the one that stands",
            "nothing, when it happens once: a newer birth overtook this one",
        ),
        Refused::OtherBirth => (
            "/timestamp",
            head.timestamp.unwrap_or_default().to_string(),
            "a time no earlier than that of the birth",
            "nothing, when it happens once; else set the edge node's clock, and send a new birth after it",
        ),
        Refused::DeathFirst => (
            "",
            seq,
            "a birth whose NDEATH has not come yet",
            "raise bdSeq by one with every connection; Davy has asked for a new birth",
        ),
        Refused::Gap => (
            "/seq",
            seq,
            "every message since the birth, one number after another",
            "answer Node Control/Rebirth with new births; look for what loses messages at QoS 0",
        ),
        Refused::Uncounted => (
            "/seq",
            head.seq.map_or_else(String::new, |seq| seq.to_string()),
            "a seq from 0 to 255",
            "number every message but NDEATH",
        ),
        Refused::Twice => ("/seq", seq, "a message that has not come before", "nothing: it was counted once"),
        Refused::TooManyDevices => (
            "",
            seq,
            "at most as many devices as Davy keeps of one edge node",
            "split the devices among several edge nodes",
        ),
    };
    let rejection = Rejection::new(refused.reason(), pointer.to_owned(), &got, expected, fix);
    Rejection { readings: head.metrics, ..rejection }
}

/// The refusal of a payload whose frame is broken. What it held cannot be counted: at least one.
pub(crate) fn refusal_of(payload: &[u8], broken: &Broken) -> Rejection {
    let expected = format!("a Sparkplug B payload ({})", broken.said);
    let fix = "encode it as chapter 6 of the Sparkplug specification says";
    let shown: Vec<String> =
        payload[broken.offset..].iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    let pointer = format!("/metrics/{}", broken.metrics);
    let rejection = Rejection::new(Reason::ProtobufDecode, pointer, &shown.join(" "), &expected, fix)
        .at(Position { line: 1, column: broken.offset + 1, offset: broken.offset });
    Rejection { readings: broken.metrics.max(1), ..rejection }
}

/// The refusal of a payload that is not read for its length.
pub(crate) fn too_long(len: usize, len_max: usize) -> Rejection {
    let expected = format!("at most {len_max} bytes");
    let fix = "split it into several messages, or publish less in one birth";
    Rejection::new(Reason::PayloadTooLarge, String::new(), &format!("{len} bytes"), &expected, fix)
}

/// A birth that lacks something Davy can do without.
pub(super) fn birth_without(what: &str, expected: &str) -> Rejection {
    let fix = "send it; until then a death cannot be told from an old one, nor a gap from a beginning";
    Rejection::new(Reason::FieldMissing, format!("/{what}"), "", expected, fix).free()
}
