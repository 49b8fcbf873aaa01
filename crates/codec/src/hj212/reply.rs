//! What a box is answered: made here, sent by whoever knows that what it is about is durable.

use davy_model::Reason;

use super::{
    crc::crc16,
    segment::{HeadError, Segment},
};

/// What became of a frame, in the words of HJ 212.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It was taken, and is durable.
    Taken,
    /// It was refused.
    Refused(QnRtn),
}

/// Why a request is refused: `QnRtn` of HJ 212-2017, table 8.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QnRtn {
    /// 2: for another reason than those below.
    Rejected,
    /// 3: the password.
    Password,
    /// 4: the box's number.
    Mn,
    /// 5: the system number.
    St,
    /// 6: the flag.
    Flag,
    /// 7: the request number.
    Qn,
    /// 8: the command.
    Cn,
    /// 9: the CRC.
    Crc,
    /// 100: nothing in it could be read.
    Unknown,
}

impl QnRtn {
    /// As it is sent.
    pub const fn code(self) -> u8 {
        match self {
            QnRtn::Rejected => 2,
            QnRtn::Password => 3,
            QnRtn::Mn => 4,
            QnRtn::St => 5,
            QnRtn::Flag => 6,
            QnRtn::Qn => 7,
            QnRtn::Cn => 8,
            QnRtn::Crc => 9,
            QnRtn::Unknown => 100,
        }
    }

    /// For something that is no frame, or not a good one.
    pub const fn of_reason(reason: Reason) -> QnRtn {
        match reason {
            Reason::CrcMismatch => QnRtn::Crc,
            Reason::PasswordMismatch => QnRtn::Password,
            Reason::DeviceUnknown => QnRtn::Mn,
            _ => QnRtn::Unknown,
        }
    }

    /// For a head that could not be read.
    pub fn of_head(error: &HeadError) -> QnRtn {
        match error.field {
            "MN" => QnRtn::Mn,
            "PW" => QnRtn::Password,
            "ST" => QnRtn::St,
            "Flag" | "PNO" => QnRtn::Flag,
            "QN" => QnRtn::Qn,
            "CN" => QnRtn::Cn,
            _ => QnRtn::Unknown,
        }
    }
}

/// The frame that answers one; `None` when none is wanted, or when it is an answer itself.
///
/// Data are answered with 9014, a notice (a clock's question, information, a heartbeat) with 9013, a refusal with 9011 and
/// `QnRtn`. The number of the request, password and box go back as they came; the flag says the same version and wants
/// nothing.
pub fn reply_to(frame: &Segment<'_>, verdict: Verdict) -> Option<Vec<u8>> {
    if !frame.flag.wants_answer() || frame.cn.is_answer() {
        return None;
    }
    let (command, data) = match verdict {
        Verdict::Taken if frame.cn.is_data() => (9014, String::new()),
        Verdict::Taken if frame.cn.is_notice() => (9013, String::new()),
        // A command that Davy does not know.
        Verdict::Taken => (9011, format!("QnRtn={}", QnRtn::Cn.code())),
        Verdict::Refused(why) => (9011, format!("QnRtn={}", why.code())),
    };
    let field =
        |name: &str, value: Option<&str>| value.map(|value| format!("{name}={value};")).unwrap_or_default();
    let part = frame.part.map(|part| format!("PNUM={};PNO={};", part.of, part.number)).unwrap_or_default();
    Some(encode(&format!(
        "{}ST=91;CN={command};{}MN={};Flag={};{part}CP=&&{data}&&",
        field("QN", frame.qn),
        field("PW", frame.pw),
        frame.mn,
        frame.flag.of_answer().0 | if frame.part.is_some() { 2 } else { 0 },
    )))
}

/// A whole frame around a data segment of at most 9999 bytes.
pub fn encode(segment: &str) -> Vec<u8> {
    format!("##{:04}{segment}{:04X}\r\n", segment.len(), crc16(segment.as_bytes())).into_bytes()
}
