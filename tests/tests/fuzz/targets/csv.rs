//! Lines of values, by mappings that lay them out in every way there is.

use std::sync::{Arc, LazyLock};

use davy_codec::{Captures, Limits, Mapping};

use super::{json::reads_back, kept::decode};
use crate::harness::{Gauge, Growth, Target};

/// A payload of lines, read with a header, by points and commas, by tabs, and of two columns whose meaning is plain.
pub(crate) const CSV_LINES: Target = Target {
    name: "csv_lines",
    runs: 4_000,
    check,
    seeds: || SEEDS.map(|text| text.as_bytes().to_vec()).into(),
    words: &[
        ",", ";", "\t", "\n", "\r", "\r\n", "\"", "\"\"", "#", "\u{feff}", "time", "name", "value", "q", "2026-11-23 08:00:00", "12.4", "12,4", "-", "NaN", "1e400", "=1+1", "\0",
    ],
    growth: &[
        Growth { what: "rows", make: |len| format!("time,name,value\n{}", "2026-11-23 08:00:00,a,1\n".repeat(len / 24)).into_bytes() },
        Growth { what: "rows of another time each", make: |len| (0..len / 24).fold("time,name,value\n".to_owned(), |all, at| all + &format!("2026-11-23 08:{:02}:{:02},a,1\n", at / 60 % 60, at % 60)).into_bytes() },
        Growth { what: "short rows", make: |len| b"a\n".repeat(len / 2) },
        Growth { what: "rows of two empty cells", make: |len| b",\n".repeat(len / 2) },
        Growth { what: "columns", make: |len| b"a,".repeat(len / 2) },
        Growth { what: "columns that are known", make: |len| format!("{}\n{}", "name,".repeat(900), "1,".repeat(len / 2)).into_bytes() },
        Growth { what: "line ends", make: |len| b"\r\n".repeat(len / 2) },
        Growth { what: "quotes", make: |len| vec![b'"'; len] },
        Growth { what: "comments", make: |len| b"#\n".repeat(len / 2) },
        Growth { what: "bytes that are not UTF-8", make: |len| [b"a,".as_slice(), &vec![0xb2; len], b"\n"].concat() },
    ],
    ..Target::PLAIN
};

const SEEDS: [&str; 8] = [
    "time,name,value\n2026-11-23 08:00:00,AT-0412/h2s,12.4\n2026-11-23 08:00:01,\"a, \"\"b\"\"\",-\n",
    "name,time,extra,value,q\r\nx,2026-11-23 08:00:00,,1,good\r\ny,yesterday,,1e3,bad\r\n",
    "\u{feff}value\n1\n\n2\n3",
    "# a comment\nTI101;23,5;degC;ok\nTI102;1.234,5;degC;ok\n",
    "a\t1\nb\t2\n",
    "a,1\nb,2\nc",
    "\"open,1\nb,2\n",
    "time;name;value\n",
];

/// All mappings, read once.
static READ: LazyLock<Vec<Arc<Mapping>>> = LazyLock::new(|| {
    let read = |text| Mapping::read("lines", text).unwrap_or_else(|problems| panic!("{text}: {problems:?}"));
    MAPPINGS.map(|text| Arc::new(read(text))).into()
});

/// The first has two columns, name and value. The others: a header, whatever columns there are, points and commas, tabs.
const MAPPINGS: [&str; 5] = [
    "format: csv\ncsv: {columns: [name, value], unended_last_line: take}\nreadings: [{value: value, fields: {key: name}}]",
    "format: csv\nreadings: [{value: value, fields: {key: name}, quality: q}]\ntime: {at: time, format: local, zone: '+08:00'}\nsentinels: {'-': bad}",
    "format: csv\nreadings: [{value: '{key}'}]\ntime: {at: time, format: local, zone: UTC}\nnot_numbers: warn",
    "format: csv\ncsv: {delimiter: ';', columns: [name, value, unit, q], comment: '#'}\ndecimal_comma: true\nreadings: [{value: value, fields: {key: name}, quality: q, unit: {at: unit}}]",
    "format: csv\ncsv: {delimiter: tab, columns: [name, value]}\nreadings: [{value: value, fields: {key: name}}]",
];

fn check(gauge: &mut Gauge, input: &[u8]) {
    for (place, mapping) in READ.iter().enumerate() {
        let codec = mapping.codec(Captures::default(), Limits::default());
        // A second payload of the topic is read as if it were the first.
        let (keep, again) = (decode(gauge, &*codec, input).0, decode(gauge, &*codec, input).0);
        assert_eq!(keep, again);
        reads_back(&keep.metrics);
        if let Some(expected) = plainly(input).filter(|_| place == 0) {
            let valued = keep.metrics.iter().filter_map(|metric| Some((&*metric.name, metric.value?)));
            let given: Vec<_> = valued.collect();
            assert_eq!(given, expected);
        }
    }
}

/// What two columns hold, by splitting alone; `None` where quotes or other bytes than text need a parser.
fn plainly(input: &[u8]) -> Option<Vec<(&str, f64)>> {
    let text = str::from_utf8(input).ok()?;
    if text.contains('"') || text.starts_with('\u{feff}') || text.lines().count() > 1000 {
        return None;
    }
    let rows = text.split(['\r', '\n']).filter_map(|line| line.split_once(','));
    let good = rows.filter(|(name, value)| (1..=Limits::TAG_LEN_MAX).contains(&name.len()) && !value.contains(','));
    Some(good.filter_map(|(name, value)| Some((name, value.trim().parse().ok()?))).filter(|(_, value): &(&str, f64)| value.is_finite()).collect())
}
