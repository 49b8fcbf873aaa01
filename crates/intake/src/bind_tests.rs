use super::*;
use crate::testing::{NOW, park_door};
use davy_model::Value;

struct Bench {
    binding: NodeBinding,
    findings: Vec<Rejection>,
}

impl Bench {
    fn new(node: u32) -> Bench {
        let (door, _writer) = park_door(1 << 20);
        Bench { binding: NodeBinding::new(door, NodeIndex(node)), findings: Vec::new() }
    }

    fn bind(&mut self, sent: Sent<'_>) -> (Option<Reading>, Vec<Reason>) {
        let moment = Moment::new(NOW, &self.binding.door);
        self.findings.clear();
        let reading = self.binding.bind(&sent, &moment, &mut self.findings);
        (reading, self.findings.iter().map(|finding| finding.reason).collect())
    }
}

fn h2s(value: f64) -> Sent<'static> {
    Sent {
        name: "AT-1/h2s",
        value: Some(value),
        unit: None,
        time: None,
        quality: Quality::Good,
        historical: false,
    }
}

#[test]
fn values_are_converted_into_the_tags_unit_or_refused() {
    let mut bench = Bench::new(1);
    for (name, value, unit, want) in [
        ("AT-1/h2s", 12.4, None, Ok(12.4)),
        ("AT-1/h2s", 12.4, Some("ppm"), Ok(12.4)),
        ("AT-1/h2s", 10.0, Some("mg/m3"), Ok(7.05)),
        ("AT-1/h2s", 1.0, Some("kPa"), Err(Reason::UnitMismatch)),
        ("AT-1/h2s", 1.0, Some("furlong"), Err(Reason::UnitUnknown)),
        // A refused unit leaves nothing behind.
        ("AT-1/h2s", 10.0, Some("mg/m3"), Ok(7.05)),
        ("PT-1/p", 2.0, Some("bar"), Ok(200.0)),
        ("TK-1/level", 7310.0, Some("mm"), Ok(7.31)),
        ("TK-1/level", f64::NAN, None, Err(Reason::NumberNotFinite)),
        ("TK-1/level", f64::INFINITY, None, Err(Reason::NumberNotFinite)),
        ("PT-1/p", f64::MAX, Some("MPa"), Err(Reason::NumberNotFinite)),
        ("AT-9/h2s", 1.0, None, Err(Reason::PointUnknown)),
    ] {
        let (reading, reasons) = bench.bind(Sent { name, unit, ..h2s(value) });
        match want {
            Ok(want) => {
                let got = reading.expect(name);
                let is_it = got.value.get().is_some_and(|got| (got - want).abs() < 0.01);
                assert!(is_it, "{name} {value} {unit:?}: {}", got.value);
                assert_eq!((got.source_time, &reasons[..]), (NOW, &[][..]), "{name}");
            }
            Err(reason) => assert_eq!((reading, &reasons[..]), (None, &[reason][..]), "{name} {unit:?}"),
        }
    }
}

#[test]
fn a_reading_without_a_value_passes_and_is_never_good() {
    let mut bench = Bench::new(1);
    let stopped = Quality::Bad(QualityReason::Stopped);
    let unspecified = Quality::Bad(QualityReason::Unspecified);
    for (sent, want) in [
        (stopped, stopped),
        (Quality::Good, unspecified),
        (Quality::Uncertain(QualityReason::OverRange), unspecified),
    ] {
        // Its unit has nothing to convert.
        let (reading, reasons) =
            bench.bind(Sent { value: None, unit: Some("furlong"), quality: sent, ..h2s(0.0) });
        let reading = reading.expect("it is taken");
        assert_eq!((reading.value, reading.quality, &reasons[..]), (Value::NONE, want, &[][..]));
    }
}

#[test]
fn a_tag_of_another_edge_node_is_refused_and_an_unowned_one_is_anybodys() {
    let pressure = Sent { name: "PT-1/p", ..h2s(1.0) };
    let mut stranger = Bench::new(0);
    assert_eq!(stranger.bind(pressure), (None, vec![Reason::PointNotOwned]));
    assert_eq!(stranger.bind(pressure).1, [Reason::PointNotOwned], "and stays so");
    assert!(stranger.bind(h2s(1.0)).0.is_some());
    assert!(Bench::new(1).bind(pressure).0.is_some());
}

#[test]
fn beyond_the_range_a_value_may_raise_and_far_beyond_it_is_no_evidence() {
    use QualityReason::{Calibration, Manual, OverRange, UnderRange};
    let mut bench = Bench::new(0);
    for (value, sent, want, odd) in [
        (0.0, Quality::Good, Quality::Good, false),
        (100.0, Quality::Good, Quality::Good, false),
        (100.1, Quality::Good, Quality::Uncertain(OverRange), true),
        (200.0, Quality::Good, Quality::Uncertain(OverRange), true),
        (200.1, Quality::Good, Quality::Bad(OverRange), true),
        (-0.1, Quality::Good, Quality::Uncertain(UnderRange), true),
        (-100.0, Quality::Good, Quality::Uncertain(UnderRange), true),
        (-100.1, Quality::Good, Quality::Bad(UnderRange), true),
        (150.0, Quality::Uncertain(Manual), Quality::Uncertain(OverRange), true),
        (150.0, Quality::Bad(Calibration), Quality::Bad(Calibration), true),
        (1e9, Quality::Bad(Calibration), Quality::Bad(Calibration), true),
        (50.0, Quality::Uncertain(Manual), Quality::Uncertain(Manual), false),
    ] {
        let (reading, reasons) = bench.bind(Sent { quality: sent, ..h2s(value) });
        assert_eq!(
            reading.map(|reading| (reading.value, reading.quality)),
            Some((value.into(), want)),
            "{value}"
        );
        assert_eq!(reasons == [Reason::OutOfSensorRange], odd, "{value}");
    }
}

#[test]
fn doubtful_times_pass_with_a_remark() {
    let mut bench = Bench::new(0);
    let policy = davy_model::TimePolicy::default();
    let ahead = NOW.plus(policy.max_ahead);
    let behind = NOW.minus(policy.max_age);
    for (time, want, reasons) in [
        (None, NOW, &[][..]),
        (Some(NOW), NOW, &[][..]),
        (Some(ahead), ahead, &[][..]),
        (Some(ahead.offset_micros(1)), ahead.offset_micros(1), &[Reason::TimestampFuture][..]),
        (Some(behind), behind, &[][..]),
        (Some(behind.offset_micros(-1)), behind.offset_micros(-1), &[Reason::TimestampTooOld][..]),
    ] {
        let (reading, found) = bench.bind(Sent { time, ..h2s(1.0) });
        assert_eq!(reading.map(|reading| reading.source_time), Some(want));
        assert_eq!(found, reasons, "{time:?}");
    }
}

#[test]
fn the_order_of_the_tags_is_learned_and_a_change_of_it_costs_no_reading() {
    let mut bench = Bench::new(1);
    let names = ["TK-1/level", "AT-1/h2s", "PT-1/p"];
    for round in [[0, 1, 2], [0, 1, 2], [2, 0, 1], [1, 1, 0], [0, 2, 2]] {
        for place in round {
            let sent = Sent { name: names[place], ..h2s(1.0) };
            let want = bench.binding.door.names[names[place]];
            assert_eq!(bench.bind(sent).0.map(|reading| reading.tag), Some(want), "{round:?}");
        }
    }
    assert_eq!(bench.binding.slots.len(), 3);
}

#[test]
fn the_learned_order_is_predicted_across_messages() {
    let mut bench = Bench::new(1);
    let names = ["TK-1/level", "AT-1/h2s", "PT-1/p"];
    for name in names {
        bench.bind(Sent { name, ..h2s(1.0) });
    }
    for name in names.into_iter().cycle().take(9) {
        assert!(bench.binding.predicted(name).is_some(), "{name}");
        bench.bind(Sent { name, ..h2s(1.0) });
    }
}

#[test]
fn an_unknown_tag_is_kept_as_discovered() {
    let mut bench = Bench::new(0);
    bench.bind(Sent { name: "AT-9/h2s", unit: Some("ppm"), ..h2s(3.0) });
    let list = bench.binding.door.discovered.list();
    assert_eq!((&*list[0].name, &*list[0].edge_node, list[0].last_value), ("AT-9/h2s", "gw-1", Some(3.0)));
}
