//! Figures and durations, as rule files write them.

use davy_model::BundleFile;
use davy_rules::{bundle, compile};

use crate::harness::{Gauge, Heap, Target, text};

const HEAP: Heap = Heap { times: 64, bytes: 1024 * 1024 };

pub(crate) const FIGURES: Target = Target {
    name: "figures",
    runs: 4_000,
    check: check_figure,
    seeds: || texts(&["7.05 ppm", "7.05ppm", "0.001 %vol", "10 mg/m3@25C", "1e1 ppm", "  .5  ", "7", "+7 ppm", "25 %LEL"]),
    words: &["ppm", "%LEL", "%vol", "mg/m3", "@25C", "e", "E", "+", "-", ".", "1e999", "nan", "inf", "0x10", "1_0", ".nan", "1e-400", "7,05"],
    heap: HEAP,
    stack_len: 1024 * 1024,
    len_max: 200,
    ..Target::PLAIN
};

pub(crate) const DURATIONS: Target = Target {
    name: "durations",
    runs: 4_000,
    check: check_duration,
    seeds: || texts(&["500ms", "30s", "5m", "12h", "366d", "1m30s", "0", "1d2h3m4s5ms", " 7s "]),
    words: &["ms", "s", "m", "h", "d", "1", "0", "30", "10000", "s30", "-", ".5"],
    heap: HEAP,
    stack_len: 1024 * 1024,
    len_max: 200,
    ..Target::PLAIN
};

fn texts(all: &[&str]) -> Vec<Vec<u8>> {
    all.iter().map(|text| text.as_bytes().to_vec()).collect()
}

/// What a level of that set point and delay compiles to.
fn level(gauge: &mut Gauge, set_point: &str, delay: &str) -> Option<davy_rules::Level> {
    let quoted = |text: &str| serde_json::to_string(text).expect("a text is JSON, and JSON is YAML");
    let rules = format!(
        "rules:\n  - id: r\n    applies_to: {{tag: T}}\n    limit: [{{name: L, tier: red, at_or_above: {}, off_delay: {}, deadband: 0.001 ppm}}]\n    response: {{action: Leave, time_to_respond: 3m}}\n",
        quoted(set_point),
        quoted(delay),
    );
    let files = [("site.yaml", "site: park\n"), ("tags.csv", "tag,quantity,unit,low,high\nT,gas.h2s,ppm,0,1000000\n"), ("rules/a.yaml", &rules)];
    let files = files.map(|(path, text)| BundleFile { path: path.to_owned(), text: text.to_owned() });
    let plan = gauge.measure(set_point.len() + delay.len(), || bundle(files.to_vec()).and_then(|bundle| compile(&bundle)));
    match plan {
        Ok(plan) => plan.limits.first().and_then(|program| program.levels.first().cloned()),
        Err(findings) => {
            gauge.saw(findings.first().map(|found| found.code.word()));
            None
        }
    }
}

fn check_figure(gauge: &mut Gauge, input: &[u8]) {
    let text = text(input);
    let Some(level) = level(gauge, &text, "30s") else { return };
    // What stands before the unit is a number to Rust too; what a tag in ppm is compared with is that number in ppm.
    let split = (0..=text.len()).rev().filter(|at| text.is_char_boundary(*at)).find_map(|at| {
        let number: f64 = text[..at].trim().parse().ok()?;
        Some((number, text[at..].trim()))
    });
    let (number, unit) = split.unwrap_or_else(|| panic!("{text:?} is {}, and no number to others", level.set_point));
    assert!(level.set_point.is_finite());
    let factor = match unit {
        "" | "ppm" => 1.0,
        "ppb" => 1e-3,
        "%vol" | "%VOL" | "vol%" | "%CH4" => 1e4,
        _ => return,
    };
    let want = number * factor;
    assert!((level.set_point - want).abs() <= want.abs() * 1e-12, "{text:?} is {}, not {want}", level.set_point);
    gauge.saw((unit.len(), number.fract() == 0.0));
}

fn check_duration(gauge: &mut Gauge, input: &[u8]) {
    let text = text(input);
    let Some(level) = level(gauge, "7 ppm", &text) else { return };
    let want = micros(text.trim()).unwrap_or_else(|| panic!("{text:?} is {} µs, and none to others", level.off_delay_us));
    assert_eq!(i128::from(level.off_delay_us), want, "{text:?}");
    gauge.saw(text.len().min(30));
}

/// A duration in microseconds, as plainly as it can be read.
fn micros(text: &str) -> Option<i128> {
    if text == "0" {
        return Some(0);
    }
    let (mut sum, mut rest) = (0, text);
    while !rest.is_empty() {
        let letters = rest.find(|c: char| !c.is_ascii_digit())?;
        let count: i128 = rest[..letters].parse().ok()?;
        let units = [("ms", 1_000), ("s", 1_000_000), ("m", 60_000_000), ("h", 3_600_000_000), ("d", 86_400_000_000)];
        let (word, unit) = units.into_iter().find(|(word, _)| rest[letters..].starts_with(word))?;
        sum += count * unit;
        rest = &rest[letters + word.len()..];
    }
    Some(sum)
}
