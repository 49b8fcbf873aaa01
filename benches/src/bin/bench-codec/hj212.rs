//! HJ 212 frames.

use davy_codec::{Hj212, hj212::crc16};

use crate::case::{Case, READINGS, TYPED, by, value};

/// The check sum as the standard prints it (HJ 212-2017, appendix A): bit by bit, as boxes and the programs that read them
/// have it from there.
fn printed_sum(segment: &[u8]) -> u16 {
    segment.iter().fold(0xFFFF, |register, byte| {
        (0..8).fold((register >> 8) ^ u16::from(*byte), |register, _| {
            let low = register & 1;
            (register >> 1) ^ (low * 0xA001)
        })
    })
}

/// No library reads these frames: the floor is the check sum as it is printed, and a bare split at the marks.
pub(crate) fn frame() -> Case {
    let items: Vec<String> =
        (0..READINGS / 4).map(|at| format!("a{:05}-Rtd={},a{:05}-Flag=N", at, value(at), at)).collect();
    let head = "QN=20261123160000000;ST=31;CN=2011;PW=123456;MN=010000A8900016F000169DC0;Flag=4";
    let segment = format!("{head};CP=&&DataTime=20261123160000;{}&&", items.join(";"));
    let frame = format!("##{:04}{segment}{:04X}\r\n", segment.len(), crc16(segment.as_bytes()));
    Case {
        name: "HJ 212 / the printed check sum and a bare split",
        decode: by(Hj212::default()),
        payloads: vec![frame.into()],
        floor: Box::new(|payload| {
            let text = std::str::from_utf8(payload).ok()?;
            let sum = f64::from(printed_sum(&payload[6..payload.len() - 6]));
            let items = text.split("&&").nth(1)?.split([';', ',']);
            Some(sum + items.filter_map(|item| item.split_once('=')?.1.parse::<f64>().ok()).sum::<f64>())
        }),
        budget: TYPED,
    }
}
