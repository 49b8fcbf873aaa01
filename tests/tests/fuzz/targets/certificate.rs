//! The names in a client's certificate.

use davy_intake::certificate_names;

use crate::harness::{Gauge, Target};

pub(crate) const CERTIFICATE: Target = Target {
    name: "certificate",
    runs: 60_000,
    check,
    words: &["\u{30}\u{3}", "\u{6}\u{3}U\u{4}\u{3}", "\u{6}\u{3}U\u{1d}\u{11}", "gw-1", "*.park", "\u{c}\u{4}", "\u{13}\u{4}", "\u{1e}\u{4}"],
    ..Target::PLAIN
};

fn check(gauge: &mut Gauge, input: &[u8]) {
    let names = gauge.measure(input.len(), || certificate_names(&input.into()));
    for name in &names {
        // A name is one that stands in the certificate, byte for byte: nothing is decoded into another's.
        let stands = name.is_empty() || input.windows(name.len()).any(|part| part == name.as_bytes());
        assert!(stands, "{name:?} is not in the certificate");
    }
    gauge.saw((names.len().min(4), names.iter().map(String::len).sum::<usize>().min(40)));
}
