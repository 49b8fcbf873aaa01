//! The recording and the truth about it, read plainly.

use std::{collections::BTreeMap, fs::File, path::Path};

use flate2::read::GzDecoder;
use jiff::Timestamp;

/// The sensors of the fence line, as the columns name them.
pub(super) const SENSORS: [&str; 8] = ["E", "N", "NE", "NW", "S", "SE", "SW", "W"];

/// One value and when it was measured.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Point {
    pub(super) at: Timestamp,
    pub(super) ppm: f64,
}

/// Gas was being let out.
#[derive(Clone, Copy, Debug)]
pub(super) struct Release {
    pub(super) start: Timestamp,
    pub(super) end: Timestamp,
}

/// Each sensor's values in the order of the file. An empty cell is none.
pub(super) fn readings(path: &Path) -> BTreeMap<&'static str, Vec<Point>> {
    let file = File::open(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut rows = csv::Reader::from_reader(GzDecoder::new(file));
    let header = rows.headers().expect("a header").clone();
    let column = |name: &str| {
        header.iter().position(|found| found == name).unwrap_or_else(|| panic!("no column {name}"))
    };
    let time = column("ts");
    let columns = SENSORS.map(|sensor| (sensor, column(&format!("ch4_ppm_{sensor}"))));
    let mut found: BTreeMap<&str, Vec<Point>> = BTreeMap::new();
    for row in rows.records() {
        let row = row.expect("a row");
        let at = row[time].parse().unwrap_or_else(|error| panic!("{}: {error}", &row[time]));
        for (sensor, column) in columns {
            if !row[column].is_empty() {
                let ppm = row[column].parse().unwrap_or_else(|error| panic!("{sensor} at {at}: {error}"));
                found.entry(sensor).or_default().push(Point { at, ppm });
            }
        }
    }
    found
}

/// The controlled releases, in the order of the file.
pub(super) fn releases(path: &Path) -> Vec<Release> {
    let mut rows = csv::Reader::from_path(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let time = |text: &str| text.parse().unwrap_or_else(|error| panic!("{text}: {error}"));
    let release = |row: csv::StringRecord| Release { start: time(&row[0]), end: time(&row[1]) };
    rows.records().map(|row| release(row.expect("a row"))).collect()
}

/// The middle value: of an even count, the mean of the two in the middle.
pub(super) fn median(values: impl IntoIterator<Item = f64>) -> f64 {
    let mut sorted: Vec<f64> = values.into_iter().collect();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    if sorted.len() % 2 == 1 { sorted[middle] } else { (sorted[middle - 1] + sorted[middle]) / 2.0 }
}
