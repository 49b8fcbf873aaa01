//! HJ 212: payloads of frames, streams of them at any split, answers, and messages that were split.

use std::{fs, time::Duration};

use davy_codec::{
    Hj212,
    hj212::{Framing, Name, Next, Parts, QnRtn, Segment, Taken, Verdict, crc16, encode, reply_to},
};
use davy_tests::shared;

use super::kept::{ARRIVAL, choice, decode};
use crate::harness::{Gauge, Growth, Heap, Target, text};

const PLAIN: Target = Target {
    seeds,
    words: &[
        "##", "##0101", "&&", "\r\n", "QN=20261123160000000;", "ST=31;", "CN=2011;", "CN=9014;", "PW=123456;", "MN=B1;", "Flag=5;", "Flag=7;", "PNUM=2;PNO=1;", "CP=&&",
        "DataTime=20261123160000;", "a34004-Rtd=12.4,", "a34004-Flag=N;", "-Avg=", "-Min=", "-Max=", "-ZsRtd=", "SampleTime=", "RF=1;", "1C80", "0000", ";", ",", "=", "\u{7f}",
    ],
    mend: Some(mend),
    ..Target::PLAIN
};

/// A payload of frames.
pub(crate) const PAYLOAD: Target = Target {
    name: "hj212",
    runs: 10_000,
    check: |gauge, input| drop(decode(gauge, &Hj212::default(), input)),
    growth: &[
        Growth { what: "frames", make: |len| frame(LIVE, "a-Rtd=1").repeat(len / 100) },
        Growth { what: "items", make: |len| framed(&b"a-Rtd=1,a-Flag=N;".repeat(len / 17)) },
        Growth { what: "frames of many items", make: |len| frame(LIVE, &"a-Rtd=1;".repeat(500)).repeat(len / 4100) },
        Growth { what: "beginnings of frames", make: |len| b"##0001".repeat(len / 6) },
        Growth { what: "beginnings of long frames", make: |len| b"##4000QN=".repeat(len / 9) },
        Growth { what: "ends of frames", make: |len| b"&&".repeat(len / 2) },
        Growth { what: "garbage", make: |len| vec![b'#'; len] },
        Growth { what: "line ends", make: |len| b"\r\n".repeat(len / 2) },
    ],
    ..PLAIN
};

/// A stream, in two parts.
pub(crate) const STREAM: Target = Target {
    name: "hj212_stream",
    runs: 10_000,
    check: check_stream,
    growth: PAYLOAD.growth,
    // Packets held for one connection have a bound of their own.
    heap: Heap { times: 16, bytes: 64 * 1024 + 2 * Parts::BYTES_MAX as u64 },
    ..PLAIN
};

/// The name of a metric, as a site's file has it.
pub(crate) const NAME: Target = Target {
    name: "hj212_name",
    runs: 60_000,
    check: |gauge, input| {
        let text = text(input);
        match gauge.measure(input.len(), || Name::parse(&text)) {
            Ok(_) => assert!(text.contains("{code}"), "{text:?} makes one tag of all values"),
            Err(word) => gauge.saw(word.len().min(9)),
        }
    },
    seeds: || ["{code}", "{mn}/{code}", "x-{st}-{mn}-{code}-y", "{mn}"].map(|text| text.as_bytes().to_vec()).into(),
    words: &["{code}", "{mn}", "{st}", "{", "}", "/"],
    mend: None,
    ..PLAIN
};

const LIVE: &str = "QN=20261123160000000;ST=31;CN=2011;PW=123456;MN=B1;Flag=5";

fn frame(head: &str, data: &str) -> Vec<u8> {
    encode(&format!("{head};CP=&&DataTime=20261123160000;{data}&&"))
}

/// A frame longer than four digits can say.
fn framed(data: &[u8]) -> Vec<u8> {
    [b"##9999".as_slice(), LIVE.as_bytes(), b";CP=&&", data, b"&&"].concat()
}

fn seeds() -> Vec<Vec<u8>> {
    let split = |number| frame(&format!("QN=20261123160000000;ST=31;CN=2011;PW=1;MN=B1;Flag=7;PNUM=2;PNO={number}"), &format!("a0100{number}-Rtd=1.5"));
    let mut seeds = vec![
        frame(LIVE, "a34004-Rtd=12.4,a34004-Flag=N;a01001-Rtd=-3.1,a01001-Flag=D"),
        frame(&LIVE.replace("2011", "2051"), "a34004-Avg=1,a34004-Min=0,a34004-Max=2,a34004-Cou=3"),
        [split(1), split(2)].concat(),
        split(2),
        encode("QN=20160801085857223;ST=32;CN=1062;PW=100000;MN=010000A8900016F000169DC0;Flag=5;CP=&&RtdInterval=30&&"),
        encode("ST=32;CN=9013;MN=X;CP=&&&&"),
    ];
    if let Some(text) = shared("payloads/hj212/frames.txt").and_then(|path| fs::read(path).ok()) {
        seeds.extend(text.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).map(<[u8]>::to_vec));
    }
    seeds
}

/// Makes length and CRC of the last frame right.
fn mend(bytes: &mut Vec<u8>) {
    let Some(start) = bytes.windows(2).rposition(|pair| pair == b"##") else { return };
    let body = &bytes[(start + 6).min(bytes.len())..];
    let Some(end) = body.windows(2).rposition(|pair| pair == b"&&") else { return };
    let segment = body[..end + 2].to_vec();
    bytes.truncate(start);
    bytes.extend_from_slice(format!("##{:04}", segment.len() % 10_000).as_bytes());
    bytes.extend_from_slice(&segment);
    bytes.extend_from_slice(format!("{:04X}\r\n", crc16(&segment)).as_bytes());
}

/// What a stream gave: a frame, or why it was refused, and how long it was.
#[derive(Debug, PartialEq)]
enum Given {
    Frame(Vec<u8>),
    Refused(usize, &'static str),
}

/// Takes all that a buffer gives, and leaves what may still become something.
fn drain(buffer: &mut Vec<u8>, ended: bool, given: &mut Vec<Given>) {
    let mut at = 0;
    loop {
        let len = match Framing::default().next(&buffer[at..], ended) {
            Next::Blank { len } => len,
            Next::Frame { len, segment } => {
                given.push(Given::Frame(segment.to_vec()));
                len
            }
            Next::Refused { len, refusal, .. } => {
                given.push(Given::Refused(len, refusal.reason.word()));
                len
            }
            Next::More => break,
        };
        assert!(len > 0 && at + len <= buffer.len(), "{len} bytes of {}", buffer.len() - at);
        at += len;
    }
    buffer.drain(..at);
    assert!(!ended || buffer.is_empty(), "{} bytes were left at the end", buffer.len());
    assert!(buffer.len() < Framing::BUFFER_LEN_MAX, "{} bytes wait for more", buffer.len());
}

fn check_stream(gauge: &mut Gauge, input: &[u8]) {
    let mut whole = Vec::new();
    gauge.measure(input.len(), || {
        // Only what the stream gives is kept; the parts of split messages are held as a connection holds them.
        let mut parts = Parts::new(Duration::from_secs(60));
        let mut at = 0;
        while at < input.len() {
            at += match Framing::default().next(&input[at..], true) {
                Next::Blank { len } | Next::Refused { len, .. } => len,
                Next::Frame { len, segment } => {
                    if let Ok(segment) = Segment::read(segment) {
                        let _ = parts.take(&input[at..at + len], &segment, ARRIVAL);
                    }
                    len
                }
                Next::More => break,
            };
        }
    });
    drain(&mut input.to_vec(), true, &mut whole);
    in_two_parts(input, &whole);
    let mut parts = Parts::new(Duration::from_secs(60));
    for given in &whole {
        match given {
            Given::Frame(segment) => answered(gauge, segment, &mut parts),
            Given::Refused(len, word) => gauge.saw((word, len.min(&40))),
        }
    }
    let _ = parts.end();
    assert!(parts.is_empty());
}

fn in_two_parts(input: &[u8], whole: &[Given]) {
    if input.is_empty() {
        return;
    }
    let cut = choice(input) % input.len();
    let (mut buffer, mut given) = (input[..cut].to_vec(), Vec::new());
    drain(&mut buffer, false, &mut given);
    buffer.extend_from_slice(&input[cut..]);
    drain(&mut buffer, true, &mut given);
    // Garbage may be told in two pieces.
    let frames = |all: &[Given]| all.iter().filter(|given| matches!(given, Given::Frame(_))).count();
    assert_eq!(frames(&given), frames(whole), "cut at {cut}: {given:?}, and whole {whole:?}");
    assert!(given == *whole || given.len() > whole.len(), "cut at {cut}: {given:?}, and whole {whole:?}");
}

/// An answer is a frame that others read, and answers nobody.
fn answered(gauge: &mut Gauge, segment: &[u8], parts: &mut Parts) {
    let frame = match Segment::read(segment) {
        Ok(frame) => frame,
        Err(error) => return gauge.saw(error.field),
    };
    gauge.saw((frame.cn.is_data(), frame.cn.is_notice(), frame.flag.0, frame.part.is_some(), frame.resent));
    for verdict in [Verdict::Taken, Verdict::Refused(QnRtn::of_reason(davy_model::Reason::CrcMismatch))] {
        let Some(reply) = reply_to(&frame, verdict) else { continue };
        let Next::Frame { segment, .. } = Framing::default().next(&reply, true) else { panic!("no frame: {reply:?}") };
        let read = Segment::read(segment).expect("our own answer is read");
        assert_eq!((read.mn, read.qn), (frame.mn, frame.qn));
        assert!(reply_to(&read, Verdict::Taken).is_none(), "an answer to an answer");
    }
    let whole = encode(&String::from_utf8_lossy(segment));
    match parts.take(&whole, &frame, ARRIVAL) {
        Taken::Whole | Taken::Held => {}
        Taken::Complete(frames) => assert!(frames.len() <= Parts::BYTES_MAX + whole.len()),
        Taken::Refused(refusal) => assert!(!refusal.fix.is_empty()),
    }
}
