//! HJ 212: frames of the field, whatever way they come, and what each mistake costs.

mod support;

use std::time::Duration;

use davy_codec::{
    Codec, Hj212, Metric, Rejection, Sink,
    hj212::{Framing, Name, Next, Parts, QnRtn, Segment, Taken, Verdict, encode, reply_to},
};
use davy_model::{Reason, Timestamp};
use proptest::prelude::*;
use support::{ARRIVAL, Keep, decode_with, line, shared};

fn decode(payload: &[u8]) -> Keep {
    decode_with(&Hj212::default(), payload).0
}

/// Each metric as a line, each problem as `CODE pointer`.
fn lines(kept: &Keep) -> Vec<String> {
    let problems = kept.problems.iter().map(|problem| {
        let free = if problem.readings == 0 { " (free)" } else { "" };
        format!("{} {}{free}", problem.reason, problem.pointer)
    });
    kept.metrics.iter().map(line).chain(problems).collect()
}

/// A frame around that head and those data.
fn frame(head: &str, data: &str) -> Vec<u8> {
    encode(&format!("{head};CP=&&{data}&&"))
}

/// A live frame of box B1 with those data.
fn live(data: &str) -> Vec<u8> {
    frame("QN=20261123160000000;ST=31;CN=2011;PW=123456;MN=B1;Flag=5", data)
}

fn check(payload: &[u8], want: &[&str]) {
    assert_eq!(lines(&decode(payload)), want, "{}", String::from_utf8_lossy(payload));
}

/// The frames as files have them, one a line.
fn frames() -> Vec<Vec<u8>> {
    let text = shared("payloads/hj212/frames.txt").unwrap_or_default();
    text.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).map(<[u8]>::to_vec).collect()
}

#[test]
fn the_frame_of_the_standard_has_crc_1c80() {
    let segment = "QN=20160801085857223;ST=32;CN=1062;PW=100000;MN=010000A8900016F000169DC0;Flag=5;CP=&&RtdInterval=30&&";
    assert_eq!(encode(segment), format!("##0101{segment}1C80\r\n").into_bytes());
    check(&encode(segment), &[]);
}

#[test]
fn three_frames_of_the_field_are_refused_each_for_its_reason_and_the_others_decode() {
    for (number, frame) in (1..).zip(frames()) {
        let kept = decode(&frame);
        let refused: Vec<Reason> = kept.problems.iter().map(|problem| problem.reason).collect();
        let want = match number {
            1 => vec![Reason::CrcMismatch],
            4 => vec![Reason::LengthMismatch],
            10 => vec![Reason::FrameInvalid],
            _ => Vec::new(),
        };
        assert_eq!(refused, want, "frame {number}: {:?}", kept.problems);
        assert_eq!(kept.metrics.is_empty(), !want.is_empty(), "frame {number}");
    }
}

#[test]
fn frames_of_the_field_give_these_values() {
    let frames = frames();
    if frames.is_empty() {
        return;
    }
    for (number, want) in [
        (2, &["B01=36.91@1471970297000", "011=231@1471970297000", "060=1.803@1471970297000"][..]),
        (
            3,
            &[
                "w01001=15.294@1577091060000",
                "w01006=12.122@1577091060000",
                "w01010=21.639@1577091060000",
                "w01014=92.088@1577091060000",
                "w21003=78.741@1577091060000",
                "w21011=92.488@1577091060000",
                "w01019=51.248@1577091060000",
                "w01003=3.262@1577091060000",
            ],
        ),
        (
            6,
            &[
                "TEM=34.3@1530586740000",
                "RH=43.5@1530586740000",
                "PA=21@1530586740000",
                "WS=1.5@1530586740000",
                "WD=245@1530586740000",
                "TVOC=0@1530586740000",
            ],
        ),
        (
            7,
            &[
                "a00000=5.407@1705882560000",
                "a01011=7.072@1705882560000",
                "a01013=-0.052@1705882560000",
                "a01012=6.48@1705882560000",
                "a24088=0.804@1705882560000",
                "a05002=0@1705882560000",
                "a01014=0.97@1705882560000",
            ],
        ),
    ] {
        assert_eq!(lines(&decode(&frames[number - 1])), want, "frame {number}");
    }
    // Flags that stand in another group than their values are found all the same.
    let broken = lines(&decode(&frames[7]));
    assert!(broken.contains(&"01-ZsRtd=0@1513655897000!bad:sensor_failure".to_owned()), "{broken:?}");
    assert!(broken.iter().all(|line| line.ends_with("!bad:sensor_failure")), "{broken:?}");
    assert_eq!(decode(&frames[4]).metrics.len(), 12);
    assert_eq!(decode(&frames[8]).metrics.len(), 8);
}

#[test]
fn each_flag_is_a_quality() {
    for (flag, quality) in [
        ("N", ""),
        ("F", "!bad:stopped"),
        ("M", "!bad:maintenance"),
        ("S", "!uncertain:manual"),
        ("D", "!bad:sensor_failure"),
        ("C", "!bad:calibration"),
        ("T", "!uncertain:over_range"),
        ("B", "!bad:comms_lost"),
    ] {
        check(&live(&format!("a1-Rtd=1,a1-Flag={flag}")), &[&format!("a1=1{quality}")]);
        check(&live(&format!("a1-Flag={flag},a1-Rtd=1")), &[&format!("a1=1{quality}")]);
    }
    check(&live("a1-Rtd=1,a1-Flag=Q"), &["a1=1!bad:unspecified", "QUALITY_UNKNOWN /0/CP/a1-Flag (free)"]);
    check(&live("a1-Rtd=1"), &["a1=1"]);
    check(
        &live("a1-Rtd=1;a2-Rtd=2;a2-Flag=D;a3-Rtd=3,a3-Flag=N;a1-Flag=C"),
        &["a1=1!bad:calibration", "a2=2!bad:sensor_failure", "a3=3"],
    );
}

#[test]
fn what_is_measured_now_has_the_codes_name_and_what_is_computed_says_how() {
    check(
        &frame(
            "ST=31;CN=2051;MN=B1",
            "DataTime=20261123160000;a1-Min=1,a1-Avg=2,a1-Max=3,a1-Cou=4,a1-ZsAvg=5,a1-Flag=N",
        ),
        &[
            "a1-Min=1@1795420800000",
            "a1-Avg=2@1795420800000",
            "a1-Max=3@1795420800000",
            "a1-Cou=4@1795420800000",
            "a1-ZsAvg=5@1795420800000",
        ],
    );
    check(&live("a1-Rtd=1,a1-ZsRtd=2,a1-SampleTime=20261123150000,a1-EFlag=A"), &["a1=1", "a1-ZsRtd=2"]);
    let named = Hj212 { name: Name::parse("{mn}/{st}.{code}").expect("a pattern"), ..Hj212::default() };
    assert_eq!(lines(&decode_with(&named, &live("a1-Rtd=1;a2-Avg=2")).0), ["B1/31.a1=1", "B1/31.a2-Avg=2"]);
}

#[test]
fn a_box_cannot_speak_for_another() {
    let of = |mn: &str| Hj212 { only: Some(mn.into()), ..Hj212::default() };
    assert_eq!(lines(&decode_with(&of("B1"), &live("a1-Rtd=1")).0), ["a1=1"]);
    assert_eq!(lines(&decode_with(&of("B2"), &live("a1-Rtd=1")).0), ["DEVICE_UNKNOWN /0/MN"]);
}

#[test]
fn commands_that_bring_no_data_give_no_readings_and_no_complaint() {
    for command in [1011, 1012, 1013, 1062, 3020, 9011, 9012, 9013, 9014, 9015] {
        check(&frame(&format!("ST=91;CN={command};MN=B1;Flag=9"), "SystemTime=20261123160000;x=y"), &[]);
    }
    check(&frame("ST=31;CN=2081;MN=B1", "DataTime=20261123160000;RestartTime=20261123150000"), &[]);
}

#[test]
fn one_bad_value_costs_that_value_only() {
    for (bad, want) in [
        ("a2-Rtd=", "FIELD_MISSING /0/CP/a2-Rtd"),
        ("a2-Rtd=--", "FIELD_TYPE /0/CP/a2-Rtd"),
        ("a2-Rtd=12mg", "FIELD_TYPE /0/CP/a2-Rtd"),
        ("a2-Rtd=NaN", "NUMBER_NOT_FINITE /0/CP/a2-Rtd"),
        ("a2-Rtd=inf", "NUMBER_NOT_FINITE /0/CP/a2-Rtd"),
        ("a2-Rtd=1e999", "NUMBER_NOT_FINITE /0/CP/a2-Rtd"),
        ("a2-Rtd", "FRAME_INVALID /0/CP"),
        ("-Rtd=1", "FRAME_INVALID /0/CP"),
        ("a2-=1", "FRAME_INVALID /0/CP"),
    ] {
        check(&live(&format!("a1-Rtd=1;{bad},a2-Flag=N;a3-Rtd=3")), &["a1=1", "a3=3", want]);
    }
}

/// A frame around bytes that are no text.
fn raw(segment: &[u8]) -> Vec<u8> {
    let crc = davy_codec::hj212::crc16(segment);
    [format!("##{:04}", segment.len()).as_bytes(), segment, format!("{crc:04X}\r\n").as_bytes()].concat()
}

#[test]
fn text_in_gb_18030_costs_what_it_stands_in() {
    let segment = b"CN=2011;MN=B1;CP=&&a1-Rtd=1;a2-Info=\xb2\xe2\xb5\xe3;\xc1\xf7-Rtd=5;a3-Rtd=3&&";
    check(&raw(segment), &["a1=1", "a3=3", "ENCODING_INVALID /0/CP/a2-Info", "ENCODING_INVALID /0/CP"]);
}

#[test]
fn a_time_that_cannot_be_read_costs_the_frames_values() {
    for bad in ["2026112316000", "20261323160000", "now", ""] {
        let kept = decode(&live(&format!("DataTime={bad};a1-Rtd=1,a1-Flag=N;a2-Rtd=2")));
        assert_eq!(lines(&kept), ["TIMESTAMP_FORMAT /0/CP/DataTime"], "{bad}");
        assert_eq!(kept.problems[0].readings, 2);
    }
    check(&live("a1-Rtd=1;DataTime=20261123160000"), &["a1=1@1795420800000"]);
    let utc = Hj212 { offset_min: 0, ..Hj212::default() };
    let kept = decode_with(&utc, &live("DataTime=20261123160000;a1-Rtd=1")).0;
    assert_eq!(lines(&kept), ["a1=1@1795449600000"]);
}

struct History(Vec<bool>);

impl Sink for History {
    fn metric(&mut self, metric: Metric<'_>) {
        self.0.push(metric.historical);
    }

    fn problem(&mut self, rejection: Rejection) {
        panic!("{rejection:?}");
    }
}

#[test]
fn data_sent_once_more_are_history() {
    let head = "QN=20261123160000000;ST=31;CN=2011;PW=123456;MN=B1;Flag=9";
    let mut history = History(Vec::new());
    for head in [format!("{head};RF=1"), head.to_owned()] {
        Hj212::default().decode(&frame(&head, "DataTime=20261123150000;a1-Rtd=1"), ARRIVAL, &mut history);
    }
    assert_eq!(history.0, [true, false]);
    check(&frame(&format!("{head};RF=1"), "a1-Rtd=1"), &["FIELD_MISSING /0/CP/DataTime"]);
}

#[test]
fn a_head_that_cannot_be_read_costs_the_frame() {
    for (head, want) in [
        ("CN=2011", "FIELD_MISSING /0/MN"),
        ("MN=B1", "FIELD_MISSING /0/CN"),
        ("CN=2011;MN=", "FIELD_MISSING /0/MN"),
        ("CN=20x1;MN=B1", "FIELD_TYPE /0/CN"),
        ("CN=2011;MN=B 1", "FIELD_TYPE /0/MN"),
        ("CN=2011;MN=B1;Flag=256", "FIELD_TYPE /0/Flag"),
        ("CN=2011;MN=B1;Flag=x", "FIELD_TYPE /0/Flag"),
        ("CN=2011;MN=B1;Flag=7;PNUM=2", "FRAME_INVALID /0/PNO"),
        ("CN=2011;MN=B1;Flag=7", "FRAME_INVALID /0/PNO"),
        ("CN=2011;MN=B1;Flag=7;PNUM=2;PNO=3", "FRAME_INVALID /0/PNO"),
        ("CN=2011;MN=B1;Flag=7;PNUM=2;PNO=0", "FRAME_INVALID /0/PNO"),
    ] {
        check(&frame(head, "a1-Rtd=1"), &[want]);
    }
    check(&encode("ST=31;CN=2011;MN=B1;a&&"), &["FIELD_MISSING /0/CP"]);
    check(&encode("CN=2011;MN=B1;CP=&&a1-Rtd=1&&;x=&&"), &["FRAME_INVALID /0/CP"]);
    // Capitals do not matter; fields nobody knows do not either.
    check(&frame("cn=2011;mn=B1;FLAG=5;SIM=1", "a1-Rtd=1"), &["a1=1"]);
}

#[test]
fn sticky_frames_and_garbage_between_them_cost_only_the_garbage() {
    let (one, two) = (live("a1-Rtd=1"), live("a2-Rtd=2"));
    let bare = |frame: &[u8]| frame.trim_ascii_end().to_vec();
    check(&[one.clone(), two.clone()].concat(), &["a1=1", "a2=2"]);
    check(&[bare(&one), bare(&two)].concat(), &["a1=1", "a2=2"]);
    check(&[b"\r\n\r\n".to_vec(), bare(&one), b"\n".to_vec(), bare(&two)].concat(), &["a1=1", "a2=2"]);
    for (garbage, place) in [(&b"xyz"[..], 1), (b"#", 1), (b"##12", 1), (b"##", 1), (b"\xff\x00\xfe##9", 1)] {
        let want = format!("FRAME_INVALID /{place}");
        check(&[&one[..], garbage, &two].concat(), &["a1=1", "a2=2", &want]);
    }
    check(b"GET / HTTP/1.1\r\n\r\n", &["FRAME_INVALID /0"]);
}

/// Wherever a length lies, the frames around it are read.
#[test]
fn a_length_that_lies_costs_that_frame_only() {
    let (one, two) = (live("a1-Rtd=1"), live("a2-Rtd=2"));
    let len: usize = std::str::from_utf8(&one[2..6]).expect("digits").parse().expect("a length");
    for lie in [1, 5, len - 1, len + 1, len + 5, len + two.len(), 1000, 4000] {
        let mut lying = one.clone();
        lying[2..6].copy_from_slice(format!("{lie:04}").as_bytes());
        let kept = decode(&[&two[..], &lying, &two].concat());
        assert_eq!(lines(&kept), ["a2=2", "a2=2", "LENGTH_MISMATCH /1"], "{lie} for {len}");
        // The same without line ends.
        let kept = decode(&[two.trim_ascii_end(), lying.trim_ascii_end(), two.trim_ascii_end()].concat());
        assert_eq!(lines(&kept), ["a2=2", "a2=2", "LENGTH_MISMATCH /1"], "{lie} for {len}, sticky");
    }
    for (length, want) in [("9999", "LENGTH_MISMATCH /0"), ("0000", "LENGTH_MISMATCH /0")] {
        let mut lying = one.clone();
        lying[2..6].copy_from_slice(length.as_bytes());
        assert_eq!(lines(&decode(&[&lying[..], &two].concat())), ["a2=2", want], "{length}");
    }
    let long = live(&format!("a1-Rtd=1;{}", "x=y;".repeat(1100)));
    check(&[&long[..], &two].concat(), &["a2=2", "PAYLOAD_TOO_LARGE /0"]);
}

#[test]
fn a_frame_cut_short_costs_that_frame_only() {
    let (one, two) = (live("a1-Rtd=1"), live("a2-Rtd=2"));
    for cut in 6..one.len() - 6 {
        let kept = decode(&[&one[..cut], &two].concat());
        assert_eq!(kept.metrics.len(), 1, "cut at {cut}: {:?}", kept.problems);
        assert_eq!(lines(&kept)[0], "a2=2", "cut at {cut}");
        assert_eq!(kept.problems.len(), 1, "cut at {cut}");
    }
}

#[test]
fn the_crc_may_be_written_in_small_letters_and_without_leading_zeros() {
    let segment = (0..10_000)
        .map(|number| format!("CN=2011;MN=B1;CP=&&a1-Rtd={number}&&"))
        .find(|segment| (0x100..0x1000).contains(&davy_codec::hj212::crc16(segment.as_bytes())))
        .expect("one in 16 has a CRC of three digits");
    let crc = davy_codec::hj212::crc16(segment.as_bytes());
    let head = format!("##{:04}{segment}", segment.len());
    for (crc, ok) in [
        (format!("{crc:04x}\r\n"), true),
        (format!("{crc:04X}"), true),
        (format!("{crc:X}\r\n"), true),
        (format!("{crc:X}\n"), true),
        (format!("{crc:X}"), true),
        (format!("{:04X}\r\n", crc ^ 1), false),
        (format!("{:X}\r\n", crc ^ 1), false),
        ("\r\n".to_owned(), false),
        ("zzzz\r\n".to_owned(), false),
    ] {
        let kept = decode(format!("{head}{crc}").as_bytes());
        assert_eq!(kept.metrics.len(), usize::from(ok), "{crc:?}: {:?}", kept.problems);
        assert_eq!(kept.problems.len(), usize::from(!ok), "{crc:?}");
    }
}

#[test]
fn what_may_be_encrypted_is_refused_and_said_to_be_so() {
    let mut frame = live("a1-Rtd=1,a1-Flag=N;a2-Rtd=2");
    frame[80..96].copy_from_slice(b"\x01\x02\x03\x80\x0d\x0a\xfe\xff\x00\x11\x12\x13\x14\x15\x16\x17");
    let kept = decode(&frame);
    assert_eq!(lines(&kept), ["CRC_MISMATCH /0"]);
    assert!(kept.problems[0].fix.contains("SM4"), "{}", kept.problems[0].fix);
}

const SPLIT: [&str; 3] = [
    "DataTime=20201029121000;a00000-Avg=0.5,a00000-Flag=B;",
    "DataTime=20201029121000;a21002-Avg=12.5,a21002-Flag=N;",
    "DataTime=20201029121000;a21005-Avg=1",
];

/// Packet `number` of `of` with those data.
fn packet(number: usize, of: usize, data: &str) -> Vec<u8> {
    frame(&format!("QN=20201029122005355;ST=31;CN=2051;MN=B1;Flag=7;PNUM={of};PNO={number}"), data)
}

#[test]
fn packets_with_a_time_of_their_own_are_read_one_by_one() {
    let packets: Vec<Vec<u8>> = (1..).zip(SPLIT).map(|(number, data)| packet(number, 3, data)).collect();
    let want = [
        "a00000-Avg=0.5@1603944600000!bad:comms_lost",
        "a21002-Avg=12.5@1603944600000",
        "a21005-Avg=1@1603944600000",
    ];
    check(&packets.concat(), &want);
    let mut parts = Parts::new(Duration::from_secs(60));
    for (packet, want) in packets.iter().zip(want) {
        assert_eq!(take(&mut parts, packet), Taken::Whole);
        check(packet, &[want]);
    }
    assert!(parts.is_empty() && parts.end().is_empty());
}

fn take(parts: &mut Parts, frame: &[u8]) -> Taken {
    let Next::Frame { segment, .. } = Framing::default().next(frame, true) else { panic!("a good frame") };
    parts.take(frame, &Segment::read(segment).expect("a good head"), ARRIVAL)
}

/// A message cut into three packets at any two places, which come in any order, gives what it gives uncut.
#[test]
fn a_message_cut_anywhere_is_read_as_one_in_whatever_order_its_packets_come() {
    let whole = "DataTime=20201029121000;a01-Avg=12.5,a01-Flag=N;011-Avg=231.25,011-Flag=D";
    let want = lines(&decode(&frame("QN=20201029122005355;ST=31;CN=2051;MN=B1;Flag=5", whole)));
    assert_eq!(want.len(), 2);
    let orders = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];
    for first in (1..whole.len() - 1).step_by(3) {
        for second in first + 1..whole.len() {
            let packets = [&whole[..first], &whole[first..second], &whole[second..]];
            let packets: Vec<Vec<u8>> =
                (1..).zip(packets).map(|(number, data)| packet(number, 3, data)).collect();
            let order = orders[(first + second) % orders.len()];
            let mut parts = Parts::new(Duration::from_secs(60));
            let mut got = Vec::new();
            for place in order {
                match take(&mut parts, &packets[place]) {
                    Taken::Held => {}
                    Taken::Whole => got.extend(lines(&decode(&packets[place]))),
                    Taken::Complete(frames) => got.extend(lines(&decode(&frames))),
                    Taken::Refused(refusal) => panic!("{refusal:?}"),
                }
            }
            got.sort();
            let mut want = want.clone();
            want.sort();
            assert_eq!(got, want, "cut at {first} and {second}, in the order {order:?}");
            assert!(parts.is_empty());
            let mut kept = lines(&decode(&order.map(|place| packets[place].clone()).concat()));
            kept.sort();
            assert_eq!(kept, want, "in one payload, cut at {first} and {second}, in the order {order:?}");
        }
    }
}

#[test]
fn packets_without_a_time_have_that_of_the_packet_that_was_read() {
    let packets = [packet(1, 2, SPLIT[0]), packet(2, 2, "a21002-Avg=12.5,a21002-Flag=N")];
    let mut parts = Parts::new(Duration::from_secs(60));
    assert_eq!(take(&mut parts, &packets[0]), Taken::Whole);
    let Taken::Complete(frames) = take(&mut parts, &packets[1]) else { panic!("both have come") };
    check(&frames, &["a21002-Avg=12.5@1603944600000"]);
    let mut parts = Parts::new(Duration::from_secs(60));
    assert_eq!(take(&mut parts, &packets[1]), Taken::Held);
    let Taken::Complete(frames) = take(&mut parts, &packets[0]) else { panic!("both have come") };
    check(&frames, &["a00000-Avg=0.5@1603944600000!bad:comms_lost", "a21002-Avg=12.5@1603944600000"]);
}

#[test]
fn a_packet_whose_others_do_not_come_is_refused_when_its_time_is_over() {
    let lone = packet(2, 3, "a21002-Avg=12.5");
    check(&lone, &["FRAME_INVALID /0/PNO"]);
    let mut parts = Parts::new(Duration::from_secs(60));
    assert_eq!(take(&mut parts, &lone), Taken::Held);
    assert_eq!(parts.expire(ARRIVAL.plus(Duration::from_secs(59))), []);
    let lost = parts.expire(ARRIVAL.plus(Duration::from_secs(60)));
    assert_eq!((lost.len(), lost[0].refusal.got.as_str()), (1, "no packet 1, 3"));
    assert_eq!(lost[0].frames, lone);
    assert!(parts.is_empty());
}

#[test]
fn what_is_held_is_bounded() {
    let mut parts = Parts::new(Duration::from_secs(60));
    let big = format!("a1-Avg=1;{}", "x=y;".repeat(900));
    let taken: Vec<Taken> = (1..30).map(|number| take(&mut parts, &packet(number, 30, &big))).collect();
    let held = taken.iter().filter(|taken| **taken == Taken::Held).count();
    assert!((5..10).contains(&held), "{held} packets of 3.6 kB in 32 KiB");
    assert!(matches!(taken.last(), Some(Taken::Refused(refusal)) if refusal.reason == Reason::FrameInvalid));
    let mut parts = Parts::new(Duration::from_secs(60));
    assert!(matches!(take(&mut parts, &packet(1, 33, "a1-Avg=1")), Taken::Refused(_)));
    let message =
        |number: usize| frame(&format!("QN={number};ST=31;CN=2051;MN=B1;Flag=7;PNUM=2;PNO=1"), "a1-Avg=1");
    for number in 0..4 {
        assert_eq!(take(&mut parts, &message(number)), Taken::Held);
    }
    assert!(matches!(take(&mut parts, &message(4)), Taken::Refused(_)));
    assert_eq!(parts.end().len(), 4);
}

#[test]
fn answers_are_those_of_the_standard() {
    let answer = |head: &str, verdict: Verdict| {
        let segment = format!("{head};CP=&&&&");
        let read = Segment::read(segment.as_bytes()).expect("a good head");
        reply_to(&read, verdict).map(|bytes| String::from_utf8(bytes).expect("text"))
    };
    let (data, who) = ("QN=20261123160000000;ST=31", "PW=123456;MN=B1");
    for (cn, flag, verdict, want) in [
        (2011, 5, Verdict::Taken, Some(("CN=9014", "Flag=4", ""))),
        (2011, 9, Verdict::Taken, Some(("CN=9014", "Flag=8", ""))),
        (2011, 1, Verdict::Taken, Some(("CN=9014", "Flag=0", ""))),
        (2011, 4, Verdict::Taken, None),
        (1013, 5, Verdict::Taken, Some(("CN=9013", "Flag=4", ""))),
        (9015, 9, Verdict::Taken, Some(("CN=9013", "Flag=8", ""))),
        (9014, 5, Verdict::Taken, None),
        (1072, 5, Verdict::Taken, Some(("CN=9011", "Flag=4", "QnRtn=8"))),
        (2011, 5, Verdict::Refused(QnRtn::Crc), Some(("CN=9011", "Flag=4", "QnRtn=9"))),
        (2011, 5, Verdict::Refused(QnRtn::Mn), Some(("CN=9011", "Flag=4", "QnRtn=4"))),
        (2011, 5, Verdict::Refused(QnRtn::Password), Some(("CN=9011", "Flag=4", "QnRtn=3"))),
        (2011, 4, Verdict::Refused(QnRtn::Crc), None),
    ] {
        let got = answer(&format!("{data};CN={cn};{who};Flag={flag}"), verdict);
        let want = want.map(|(cn, flag, data)| {
            let segment = format!("QN=20261123160000000;ST=91;{cn};{who};{flag};CP=&&{data}&&");
            String::from_utf8(encode(&segment)).expect("text")
        });
        assert_eq!(got, want, "{cn} {flag}");
    }
    let split = answer("QN=1;CN=2051;MN=B1;Flag=11;PNUM=3;PNO=2", Verdict::Taken).expect("an answer");
    assert!(split.contains("CN=9014;MN=B1;Flag=10;PNUM=3;PNO=2;CP=&&&&"), "{split}");
}

#[test]
fn a_refused_frame_is_answered_as_far_as_it_can_be_read() {
    let mut bad = live("a1-Rtd=1");
    let end = bad.len() - 3;
    bad[end] ^= 1;
    let Next::Refused { segment, refusal, .. } = Framing::default().next(&bad, true) else { panic!("bad") };
    let head = Segment::glean(segment).expect("a head");
    let reply = reply_to(&head, Verdict::Refused(QnRtn::of_reason(refusal.reason))).expect("an answer");
    assert!(String::from_utf8_lossy(&reply).contains("CN=9011;PW=123456;MN=B1;Flag=4;CP=&&QnRtn=9&&"));
    for (field, code) in [("Flag=x", 6), ("CN=x", 8), ("QN=a b", 7), ("PNUM=0", 6)] {
        let segment = format!("CN=2011;MN=B1;{field};CP=&&&&");
        let segment = if field.starts_with("CN") { segment.replacen("CN=2011;", "", 1) } else { segment };
        let error = Segment::read(segment.as_bytes()).expect_err(field);
        assert_eq!(QnRtn::of_head(&error).code(), code, "{field}");
    }
}

/// What a stream gives when it comes in these packets.
fn stream(packets: &[&[u8]]) -> Vec<String> {
    let framing = Framing { segment_len_max: 1024 };
    let (mut buffer, mut given) = (Vec::new(), Vec::new());
    let mut drain = |buffer: &mut Vec<u8>, ended: bool| loop {
        let len = match framing.next(buffer, ended) {
            Next::More => break,
            Next::Blank { len } => len,
            Next::Frame { len, segment } => {
                given.push(String::from_utf8_lossy(segment).into_owned());
                len
            }
            Next::Refused { len, refusal, .. } => {
                given.push(format!("{} {}", refusal.reason, refusal.got));
                len
            }
        };
        assert!(len > 0 && len <= buffer.len());
        buffer.drain(..len);
        assert!(buffer.len() <= Framing::BUFFER_LEN_MAX + 64 * 1024);
    };
    for packet in packets {
        buffer.extend_from_slice(packet);
        drain(&mut buffer, false);
    }
    drain(&mut buffer, true);
    assert!(buffer.is_empty());
    given
}

fn hostile() -> Vec<u8> {
    let (one, two) = (live("a1-Rtd=1"), live("a2-Rtd=2"));
    let mut lying = one.clone();
    lying[2..6].copy_from_slice(b"0099");
    let mut flipped = two.clone();
    flipped[40] ^= 1;
    [
        &one[..],
        b"garbage#",
        &two,
        &lying,
        b"##12",
        &one[..60],
        &two,
        &flipped,
        b"\r\n##0001",
        &one,
        b"##00010105ST=31;CN=2021&&4188",
        b"\n##9999",
        &two[6..],
        b"#",
        &one[..one.len() - 2],
        &two,
    ]
    .concat()
}

#[test]
fn every_split_of_a_stream_gives_the_same_frames_and_the_same_refusals() {
    let mut all = frames().join(&b"\r\n"[..]);
    all.extend_from_slice(&hostile());
    let want = stream(&[&all]);
    for split in 0..all.len() {
        assert_eq!(stream(&[&all[..split], &all[split..]]), want, "split at {split}");
    }
    let bytes: Vec<&[u8]> = all.chunks(1).collect();
    assert_eq!(stream(&bytes), want, "byte by byte");
}

/// What is given before the cut is given of the whole.
#[test]
fn cut_off_anywhere_a_stream_never_gives_a_wrong_value() {
    let mut all = frames().join(&b"\r\n"[..]);
    all.extend_from_slice(&hostile());
    let want = decode(&all).metrics;
    for end in 1..all.len() {
        let kept = decode(&all[..end]).metrics;
        assert!(kept.len() <= want.len());
        for (got, want) in kept.iter().zip(&want) {
            assert_eq!(
                (&got.name, got.value, got.time_us),
                (&want.name, want.value, want.time_us),
                "cut at {end}"
            );
        }
    }
}

const PIECES: [&str; 20] = [
    "##",
    "#",
    "0136",
    "0001",
    "9999",
    "ST=31;",
    "CN=2011;",
    "MN=B1;",
    "Flag=7;",
    "PNUM=2;PNO=1;",
    "CP=&&",
    "&&",
    "a1-Rtd=1;",
    "a1-Flag=N",
    "DataTime=20261123160000;",
    "4980",
    "\r\n",
    "\r",
    "=",
    ",",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn random_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        decode(&bytes);
        let _ = Segment::read(&bytes);
        let _ = Segment::glean(&bytes);
    }

    #[test]
    fn random_pieces_split_anywhere(
        pieces in proptest::collection::vec(0..PIECES.len(), 0..40),
        good in 0..40_usize,
        split in any::<prop::sample::Index>(),
    ) {
        let mut bytes = Vec::new();
        for (at, piece) in pieces.iter().enumerate() {
            bytes.extend_from_slice(PIECES[*piece].as_bytes());
            if at == good {
                bytes.extend_from_slice(&live("a1-Rtd=1"));
            }
        }
        let split = split.index(bytes.len() + 1);
        prop_assert_eq!(stream(&[&bytes[..split], &bytes[split..]]), stream(&[&bytes]));
    }

    #[test]
    fn good_frames_with_a_few_bytes_changed(
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..3_u8), 1..6),
        split in any::<prop::sample::Index>(),
    ) {
        let mut payload = [live("DataTime=20261123160000;a1-Rtd=12.5,a1-Flag=N"), packet(1, 2, "a1-Avg=1")].concat();
        for (at, byte, how) in changes {
            let at = at.index(payload.len());
            match how {
                0 => payload[at] = byte,
                1 => payload.insert(at, byte),
                _ => { if payload.len() > 1 { payload.remove(at); } }
            }
        }
        let kept = decode(&payload);
        // The CRC lets nothing through that was changed.
        for metric in &kept.metrics {
            prop_assert!(metric.name == "a1" && metric.value == Some(12.5), "{metric:?}");
        }
        for problem in &kept.problems {
            prop_assert!(problem.got.chars().count() <= 80, "{problem:?}");
            prop_assert!(!problem.fix.is_empty() && !problem.expected.is_empty(), "{problem:?}");
        }
        let split = split.index(payload.len() + 1);
        prop_assert_eq!(stream(&[&payload[..split], &payload[split..]]), stream(&[&payload]));
    }

    /// Packets in any order, with any of them twice or missing: what is held is bounded and ends.
    #[test]
    fn random_packets(packets in proptest::collection::vec((0..6_u16, 1..70_u16, 1..70_u16, 0..3_usize), 0..60)) {
        let mut parts = Parts::new(Duration::from_secs(60));
        for (qn, of, number, data) in packets {
            let data = ["a1-Avg=1", "DataTime=20261123160000;a1-Avg=1,a1-Flag=N", "a1-Avg"][data];
            let frame = frame(&format!("QN={qn};CN=2051;MN=B1;Flag=7;PNUM={of};PNO={number}"), data);
            if number <= of
                && let Taken::Complete(frames) = take(&mut parts, &frame)
            {
                decode(&frames);
            }
        }
        parts.end();
        prop_assert!(parts.is_empty());
    }
}

#[test]
fn a_metric_says_where_each_part_of_it_stands() {
    struct Pointers(Vec<String>);
    impl Sink for Pointers {
        fn metric(&mut self, metric: Metric<'_>) {
            self.0.extend(["tag", "value", "ts", "quality"].map(|field| metric.pointer(field)));
        }
        fn problem(&mut self, rejection: Rejection) {
            panic!("{rejection:?}");
        }
    }
    let mut pointers = Pointers(Vec::new());
    let payload = [live("x=1"), live("DataTime=20261123160000;a1-Rtd=1")].concat();
    Hj212::default().decode(&payload, Timestamp::default(), &mut pointers);
    assert_eq!(pointers.0, ["/1/CP/a1-Rtd", "/1/CP/a1-Rtd", "/1/CP/DataTime", "/1/CP/a1-Flag"]);
}
