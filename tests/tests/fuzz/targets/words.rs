//! Words of files and payloads: units, quantities, qualities, times, names and ids.

use davy_model::{AlarmKey, Quality, Quantity, Substance, Tag, Timestamp, TransitionKind, Unit, is_name};

use crate::harness::{Gauge, Growth, Target, text};

fn texts(all: &[&str]) -> Vec<Vec<u8>> {
    all.iter().map(|text| text.as_bytes().to_vec()).collect()
}

/// A unit, or two with a line end between, which may convert.
pub(crate) const UNITS: Target = Target {
    name: "units",
    runs: 100_000,
    check: check_units,
    seeds: || texts(&["ppm\nmg/m3@25C", "%LEL\n%vol", "℃\nK", "m³/h\nL/min", "µg/m³@0C\nppb", " MPa \nbar", "on/off", "1", "°"]),
    words: &["ppm", "ppb", "mg/m3", "mg/m³", "ug/m3", "@0C", "@20C", "@25C", "@", "%LEL", "%vol", "kPa", "degC", "K", "degF", "m3/h", "L/min", "kg/h", "t/h", "m/s", "\n"],
    ..Target::PLAIN
};

pub(crate) const QUANTITIES: Target = Target {
    name: "quantities",
    runs: 100_000,
    check: check_quantities,
    seeds: || texts(&["gas.h2s", "gas_path.ch4", "level", "pressure.line", "wind.speed", "wind.direction", "state.door", "number.x.y"]),
    words: &["gas", ".", "gas_path", "level", "wind", "speed", "direction", "state", "h2s", "_"],
    ..Target::PLAIN
};

pub(crate) const QUALITIES: Target = Target {
    name: "qualities",
    runs: 100_000,
    check: check_qualities,
    seeds: || texts(&["good", "bad", "uncertain", "bad:calibration", "uncertain:manual", "warm-up", "substituted", "bad:sensor_failure"]),
    words: &["good", "bad", "uncertain", ":", "calibration", "warm_up", "warm-up", "stale", "manual", "-", "_"],
    ..Target::PLAIN
};

pub(crate) const TIMES: Target = Target {
    name: "times",
    runs: 100_000,
    check: check_times,
    seeds: || {
        texts(&[
            "2026-11-23T08:00:00Z", "2026-11-23T16:00:00.123456789+08:00", "1969-12-31T23:59:59.999999Z", "0001-01-01T00:00:00Z",
            "9999-12-31T23:59:59Z", "2026-06-30T23:59:60Z", "2026-11-23 08:00:00z", "2026-11-23T08:00:00-00:00", "20261123T080000Z",
        ])
    },
    words: &["2026", "-11", "-23", "T", "08:00:00", "Z", "z", "+08:00", "-25:59", ".5", ".000000001", "[Asia/Shanghai]", "23:59:60", "24:00:00", "-000001"],
    growth: &[
        Growth { what: "digits of a second", make: |len| format!("2026-11-23T08:00:00.{}Z", "0".repeat(len)).into_bytes() },
        Growth { what: "digits of a year", make: |len| format!("{}-11-23T08:00:00Z", "9".repeat(len)).into_bytes() },
    ],
    ..Target::PLAIN
};

/// Names, and the id of an alarm.
pub(crate) const NAMES: Target = Target {
    name: "names",
    runs: 100_000,
    check: check_names,
    seeds: || texts(&["gw-1", "7a.b_c", "park:h2s:AT-0412/h2s", "park:h2s:1:AI:7", "AT-0412/h2s", "raised", "re_alarmed"]),
    words: &[":", "park", "h2s", "AT-0412/h2s", "-", ".", "_", "raised", "cleared"],
    growth: &[Growth { what: "colons", make: |len| format!("a:b:{}", ":".repeat(len)).into_bytes() }],
    ..Target::PLAIN
};

fn check_units(gauge: &mut Gauge, input: &[u8]) {
    let whole = text(input);
    let mut lines = whole.split('\n');
    let (first, second) = (lines.next().unwrap_or_default(), lines.next().unwrap_or_default());
    let [from, to] = [first, second].map(|word| gauge.measure(0, || Unit::parse(word)));
    gauge.saw(format!("{from:?}"));
    for unit in [from, to].into_iter().flatten() {
        assert_eq!(Unit::parse(&unit.to_string()), Some(unit));
    }
    let (Some(from), Some(to)) = (from, to) else { return };
    for gas in ["gas.h2s", "gas.mixture"] {
        let substance = Quantity::new(gas).map_or_else(Substance::default, |quantity| quantity.substance());
        let (there, back) = (from.conversion(to, &substance), to.conversion(from, &substance));
        assert_eq!(there.is_ok(), back.is_ok(), "one way only");
        if let (Ok(there), Ok(back)) = (there, back) {
            assert_eq!(from.dimension(), to.dimension());
            let again = back.apply(there.apply(12.5));
            assert!((again - 12.5).abs() < 1e-6, "{from} to {to} and back: {again}");
        }
    }
}

fn check_quantities(gauge: &mut Gauge, input: &[u8]) {
    let text = text(input);
    if let Some(quantity) = gauge.measure(input.len(), || Quantity::new(&text)) {
        assert_eq!(quantity.as_str(), text);
        // None of these may panic, and the unit that is taken when none is said is one of its own.
        assert_eq!(quantity.default_unit().dimension(), quantity.dimension());
        gauge.saw((format!("{:?}", quantity.dimension()), quantity.substance().molar_mass_g_per_mol.is_some()));
    }
}

fn check_qualities(gauge: &mut Gauge, input: &[u8]) {
    let text = text(input);
    if let Some(quality) = gauge.measure(0, || Quality::from_word(&text)) {
        assert_eq!(Quality::from_word(&quality.to_string()), Some(quality));
        assert_eq!(Quality::from_code(quality.code()), Some(quality));
        assert!(quality.is_evidence() || !quality.may_clear());
        gauge.saw(quality.code());
    }
    if let Some(quality) = input.first().and_then(|code| Quality::from_code(*code)) {
        assert_eq!(input.first(), Some(&quality.code()));
    }
}

fn check_times(gauge: &mut Gauge, input: &[u8]) {
    let text = text(input);
    let read = gauge.measure(input.len(), || text.parse::<Timestamp>());
    let Ok(time) = read else {
        gauge.saw(text.len().min(40));
        return;
    };
    gauge.saw((text.len(), time.as_micros().signum()));
    let printed = time.to_string();
    assert_eq!(printed.parse(), Ok(time), "{text:?} is {printed}, which is another");
    assert!(printed.ends_with('Z') && printed.len() == 27, "{printed}");
    let zoned = jiff::Timestamp::from_microsecond(time.as_micros()).expect("in range");
    assert_eq!(zoned.to_string().parse::<jiff::Timestamp>().map(|again| again.as_microsecond()).ok(), Some(time.as_micros()));
    // A time with an offset, or none at all.
    let (_, time_of_day) = text.split_once(['T', 't', ' ']).unwrap_or_default();
    assert!(time_of_day.contains(['Z', 'z', '+', '-']), "{text:?} has no offset");
}

fn check_names(gauge: &mut Gauge, input: &[u8]) {
    let text = text(input);
    let name = gauge.measure(0, || is_name(&text));
    assert!(!name || (text.len() <= 64 && Tag::may_be_named(&text) && !text.contains(['/', ':', '+', '#', ' '])));
    gauge.saw((name, Tag::may_be_named(&text)));
    if let Some(key) = gauge.measure(input.len(), || AlarmKey::parse(&text)) {
        assert_eq!(key.to_string(), text);
        assert!(is_name(&key.site) && is_name(&key.rule) && !key.subject.is_empty());
        gauge.saw("id");
    }
    if let Some(kind) = TransitionKind::from_word(&text) {
        assert_eq!((kind.word(), TransitionKind::from_code(kind.code())), (&*text, Some(kind)));
    }
}
