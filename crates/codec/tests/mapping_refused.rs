//! Every mistake in a mapping file is found when it is read, with its place and what was meant.

use davy_codec::Mapping;

/// Each text, and how its first problem reads.
const MISTAKES: [(&str, &str); 36] = [
    ("", "1:1: found nothing, expected keys and values"),
    ("- a", "1:1: found a list, expected keys and values"),
    ("a: [", "1:4: not plain YAML"),
    ("topic: x", "1:1: the key readings is missing"),
    ("readings: [{value: v}]\ntopc: x", "2:1: topc: found \"topc\", expected one of extends, about"),
    ("readings: [{value: v}]\ntopic: a/#/b", "2:8: topic: + and {name} stand for a whole level"),
    ("readings: {}", "1:11: readings: found keys and values, expected a list"),
    ("readings: [v]", "1:12: readings[0]: found \"v\", expected keys and values"),
    ("readings: [{}]", "1:12: readings[0]: the key value is missing"),
    ("readings: [{value: v, valu: v}]", "1:23: readings[0].valu: found \"valu\""),
    ("readings: [{value: 'a[0]'}]", "1:20: readings[0].value: found \"a[0]\", expected a path"),
    (
        "readings: [{value: a, error: {at: b}}]",
        "1:20: readings[0].value: found \"a\", expected value or error",
    ),
    ("readings: [{error: {codes: {}}}]", "1:20: readings[0].error: the key at is missing"),
    ("readings: [{value: v, tag: '{a'}]", "1:28: readings[0].tag: found \"{a\", expected a template"),
    ("readings: [{value: v}]\nformat: xml", "2:9: format: found \"xml\", expected one of json, csv"),
    (
        "readings: [{value: v}]\ntime: {at: t, format: iso}",
        "2:23: time.format: found \"iso\", expected auto, s, ms",
    ),
    ("readings: [{value: v}]\ntime: {at: t, format: local}", "2:12: time.at: this format says no zone"),
    (
        "readings: [{value: v}]\ntime: {at: t, format: local, zone: Mars}",
        "2:36: time.zone: found \"Mars\", expected a zone",
    ),
    ("readings: [{value: v}]\nunit: ppmm", "2:7: unit: found \"ppmm\", expected a unit"),
    ("readings: [{value: v}]\nunit: {words: {C: degC}}", "2:7: unit: the key at is missing"),
    ("readings: [{value: v}]\nscale: 0", "2:8: scale: found \"0\", expected a number other than 0"),
    ("readings: [{value: v}]\noffset: x", "2:9: offset: found \"x\", expected a number"),
    (
        "readings: [{value: v}]\nsentinels: {-1: good}",
        "2:17: sentinels.-1: found \"good\", expected skip, or a bad quality",
    ),
    (
        "readings: [{value: v}]\nsentinels: {-1: broken}",
        "2:17: sentinels.-1: found \"broken\", expected good, uncertain",
    ),
    ("readings: [{value: v}]\nwords: {on: yes}", "2:13: words.on: found \"yes\", expected a number"),
    (
        "readings: [{value: v}]\nquality: {at: q, codes: {9..1: bad}}",
        "2:26: quality.codes.9..1: found \"9..1\", expected a range",
    ),
    ("readings: [{value: v}]\nhistorical: {at: q}", "2:13: historical: the key when is missing"),
    ("readings: [{value: v}]\nunknown: drop", "2:10: unknown: found \"drop\", expected one of take"),
    (
        "readings: [{value: v}]\nnumbers_as_text: yes",
        "2:18: numbers_as_text: found \"yes\", expected one of true, false",
    ),
    ("readings: [{value: v}]\nkeys: {a: b}", "2:11: keys.a: found \"b\", expected take, skip"),
    ("readings: [{value: v}]\nkeys: {a: {unt: ppm}}", "2:12: keys.a.unt: found \"unt\""),
    ("readings: [{value: v}]\ncsv: {delimiter: ';'}", "2:6: csv: csv is for format: csv"),
    (
        "format: csv\nreadings: [{value: v}]\ncsv: {delimiter: '::'}",
        "3:18: csv.delimiter: found \"::\", expected one ASCII character",
    ),
    (
        "format: csv\nreadings: [{value: v}]\ncsv: {header: false}",
        "3:15: csv.header: header: true names the columns",
    ),
    ("readings: [{value: v}]\ntime: 'l[].t'", "2:7: time: l[].t stands in a list or under a name"),
    ("extends: tasmota-sensors", "1:10: extends: found \"tasmota-sensors\", expected one of"),
];

#[test]
fn every_mistake_has_its_place_and_says_what_was_expected() {
    for (text, want) in MISTAKES {
        let problems = Mapping::read("test", text).expect_err(text);
        let told = problems[0].to_string();
        assert!(told.starts_with(want), "{text}\n{told}");
        assert!(!problems[0].message.zh.is_empty(), "{text}");
    }
}

#[test]
fn a_mistyped_word_is_answered_with_the_one_that_was_meant() {
    for (text, meant) in [
        ("readings: [{value: v}]\ntopc: x", "topic"),
        ("readings: [{value: v, valu: v}]", "value"),
        ("readings: [{value: v}]\nkeys: {a: {unt: ppm}}", "unit"),
        ("readings: [{value: v}]\nformat: cvs", "csv"),
        ("extends: tasmota-sensors", "tasmota-sensor"),
    ] {
        let problems = Mapping::read("test", text).expect_err(text);
        let help = &problems[0].help;
        assert_eq!(help.en, format!("did you mean {meant:?}?"), "{text}");
        assert!(help.zh.contains(meant), "{text}");
    }
}

#[test]
fn all_mistakes_of_a_file_are_told_at_once() {
    let problems =
        Mapping::read("test", "topc: x\nreadings: [{value: 'a['}]\nunit: ppmm").expect_err("three");
    assert_eq!(problems.iter().map(|problem| problem.line).collect::<Vec<_>>(), [1, 2, 3]);
}

#[test]
fn a_mapping_that_extends_another_says_only_what_is_different() {
    let mapping =
        Mapping::read("berlin", "extends: tasmota-sensor\ntime: {zone: Europe/Berlin}\ntopic: x/{device}");
    let mapping = mapping.expect("sound");
    assert_eq!(mapping.pattern().map(|pattern| pattern.text()), Some("x/{device}"));
    let problems =
        Mapping::read("test", "about: x\nextends: tasmota-sensor\ntime: {zone: Mars}").expect_err("no zone");
    assert_eq!((problems[0].line, problems[0].key.as_str()), (3, "time.zone"));
}
