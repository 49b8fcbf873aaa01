//! The status of an edge node.

use davy_codec::decode_status;

use crate::harness::{Gauge, Target};

pub(crate) const STATUS: Target = Target {
    name: "status",
    runs: 100_000,
    check,
    seeds: || {
        let texts = [
            "online", "OFFLINE\n", "\"lost\"", r#"{"online": true, "fw": "1.2"}"#, r#"{"online":false,"state":"lost"}"#,
            r#"{"state":"online","x":[{"y":null}]}"#,
        ];
        texts.map(|text| text.as_bytes().to_vec()).into()
    },
    words: &["online", "offline", "lost", "\"online\":", "\"state\":", "true", "false", "null", "{", "}", "[", "]", ","],
    ..Target::PLAIN
};

fn check(gauge: &mut Gauge, input: &[u8]) {
    match gauge.measure(input.len(), || decode_status(input)) {
        Ok(change) => {
            gauge.saw(format!("{change:?}"));
            // What is not one of the three words, or an object, is no status.
            let text = String::from_utf8_lossy(input).to_lowercase();
            assert!(["online", "offline", "lost"].iter().any(|word| text.contains(word)), "{text:?} is {change:?}");
        }
        Err(refusal) => {
            gauge.saw(refusal.reason.word());
            assert_eq!(refusal.readings, 0, "a status costs no reading");
            assert!(refusal.got.chars().count() <= 80 && !refusal.fix.is_empty(), "{refusal:?}");
        }
    }
}
