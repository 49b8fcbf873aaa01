//! SenML and HJ 212 by way of a mapping.

mod support;

use std::sync::Arc;

use davy_codec::{Captures, Limits, Mapping, hj212::encode};
use support::{decode_with, line};

fn read(text: &str) -> Result<Arc<Mapping>, Vec<String>> {
    let read = Mapping::read("x", text);
    read.map(Arc::new).map_err(|problems| problems.iter().map(ToString::to_string).collect())
}

fn lines(mapping: &Arc<Mapping>, payload: &[u8]) -> Vec<String> {
    let codec = mapping.codec(Captures::none(), Limits::default());
    decode_with(&*codec, payload).0.metrics.iter().map(line).collect()
}

#[test]
fn a_mapping_may_name_a_form_that_says_itself_where_everything_stands() {
    let frame = encode("CN=2011;MN=B1;CP=&&a21026-Rtd=18.5,a21026-Flag=N&&");
    for (text, payload, want) in [
        ("format: senml", &br#"[{"n":"a","v":1}]"#[..], "a=1"),
        ("format: hj212", &frame, "a21026=18.5"),
        ("format: hj212\ntag: '{mn}/{code}'", &frame, "B1/a21026=18.5"),
        ("extends: hj212\ntag: 'x-{code}'", &frame, "x-a21026=18.5"),
    ] {
        let mapping = read(text).unwrap_or_else(|problems| panic!("{text}: {problems:?}"));
        assert!(mapping.has_readings());
        assert_eq!(lines(&mapping, payload), [want], "{text}");
    }
}

#[test]
fn what_such_a_form_cannot_be_told_is_refused() {
    for (text, want) in [
        ("format: senml\ntag: a", "tag is for format: json and csv"),
        ("format: hj212\nscale: 2", "scale is for format: json and csv"),
        ("format: hj212\ntag: '{mn}'", "expected {code}"),
        ("format: xml", "expected one of"),
    ] {
        let problems = read(text).err().unwrap_or_default();
        assert!(problems.len() == 1 && problems[0].contains(want), "{text}: {problems:?}");
    }
}
