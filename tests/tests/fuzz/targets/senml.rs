//! SenML packs, JSON and CBOR.

use std::fs;

use davy_codec::{Form, Senml};
use davy_tests::shared;

use super::{
    json::{around, reads_back},
    kept::decode,
};
use crate::harness::{Gauge, Growth, Target};

pub(crate) const SENML: Target = Target {
    name: "senml",
    runs: 15_000,
    check,
    seeds,
    words: &[
        "\"bn\":", "\"bt\":", "\"bu\":", "\"bv\":", "\"bs\":", "\"bver\":", "\"n\":", "\"u\":", "\"v\":", "\"vs\":", "\"vb\":", "\"vd\":", "\"s\":", "\"t\":", "\"ut\":",
        "{", "}", "[", "]", ",", "\"urn:dev:x:\"", "1e400", "-1", "1.320067464e+09", "\"Cel\"", "\u{1f}", "\u{0}", "\u{1}", "\u{2}", "\"zz_\":",
    ],
    growth: &[
        Growth { what: "records", make: |len| around("[{\"bn\":\"d\",\"bt\":1.7e9},", "{\"n\":\"a\",\"u\":\"V\",\"v\":1}", len, "]") },
        Growth { what: "records without a name", make: |len| around("[", "{\"v\":1}", len, "]") },
        Growth { what: "base names that grow", make: |len| around("[", "{\"bn\":\"abcdefghijklmnop\"}", len, "]") },
        Growth { what: "a long base name of many", make: |len| around(&format!("[{{\"bn\":\"{}\"}},", "x".repeat(len / 2)), "{\"n\":\"a\",\"v\":1}", len / 2, "]") },
        Growth { what: "depth", make: |len| "[".repeat(len).into_bytes() },
        Growth { what: "depth of CBOR", make: |len| vec![0x81; len] },
        Growth { what: "open arrays of CBOR", make: |len| vec![0x9f; len] },
        Growth { what: "maps of CBOR that are empty", make: |len| [&[0x9f][..], &vec![0xa0; len], &[0xff]].concat() },
        Growth { what: "records of CBOR", make: |len| [&[0x9f][..], &b"\xa2\x00\x61a\x02\x01".repeat(len / 6), &[0xff]].concat() },
        Growth { what: "pieces of a text of CBOR", make: |len| [b"\x81\xa2\x02\x01\x00\x7f".as_slice(), &b"\x61a".repeat(len / 2), &[0xff]].concat() },
        Growth { what: "tags of CBOR", make: |len| [b"\x81\xa2\x00\x61a\x02".as_slice(), &vec![0xc1; len], &[1]].concat() },
    ],
    ..Target::PLAIN
};

fn seeds() -> Vec<Vec<u8>> {
    let mut seeds: Vec<Vec<u8>> = [
        r#"[{"n":"urn:dev:ow:10e2073a01080063","u":"Cel","v":23.1}]"#,
        r#"[{"bn":"dev:","bt":1.276020076001e+09,"bu":"A","bver":5,"n":"voltage","u":"V","v":120.1},{"n":"current","t":-5,"v":1.2},{"n":"x","vb":true},{"n":"y","vs":"ok"},{"n":"z","s":3}]"#,
        r#"[{"bn":"d","bv":1e308,"bs":2,"v":1e308},{"n":"","v":null},{"n":"a","v":1,"must_":2}]"#,
    ]
    .map(|text| text.as_bytes().to_vec())
    .into();
    seeds.push(b"\x82\xa3\x21\x63dev\x22\xfb\x41\xd3\x03\xa1\x5b\x00\x10\x62\x02\x01\xa3\x00\x61a\x06\x24\x02\xf9\x3c\x00".to_vec());
    seeds.push(b"\x9f\xbf\x00\x61a\x02\xc4\x82\x21\x19\x6a\xb3\xff\xff".to_vec());
    for name in ["single", "multiple", "base_time", "value_types"] {
        for ending in ["json", "cbor"] {
            let path = shared(&format!("payloads/senml/rfc8428_{name}.{ending}"));
            seeds.extend(path.and_then(|path| fs::read(path).ok()));
        }
    }
    seeds
}

fn check(gauge: &mut Gauge, input: &[u8]) {
    let (keep, summary) = decode(gauge, &Senml::default(), input);
    if summary.form == Form::SenmlJson && keep.problems.is_empty() {
        let text = input.strip_prefix(b"\xef\xbb\xbf").unwrap_or(input);
        assert!(serde_json::from_slice::<serde::de::IgnoredAny>(text).is_ok(), "no JSON, and no word of it");
    }
    // What it gives is readings like any other.
    reads_back(&keep.metrics);
}
