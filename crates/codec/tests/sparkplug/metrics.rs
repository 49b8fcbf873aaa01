//! What one metric may be, and what it is refused for.

use davy_model::Reason;

use crate::{
    edge_node::{DataSet, Metric, Template, Value, aliased, by_name, named, with_properties},
    heard::Stage,
};

/// A birth of the device `d` with these metrics; gives what was told of it.
fn born(metrics: Vec<Metric>) -> (Stage, String) {
    let mut stage = Stage::new();
    let birth = stage.node.nbirth(Vec::new());
    stage.take(&birth);
    let birth = stage.node.dbirth("d", metrics);
    let told = stage.take(&birth);
    (stage, told)
}

fn typed(datatype: u32, value: Value) -> Metric {
    Metric { name: Some("m".into()), datatype: Some(datatype), value: Some(value), ..Metric::default() }
}

#[test]
fn every_datatype_is_a_number_or_refused_by_name() {
    let number = |text: &str| format!("d/m={text}");
    let refused = |reason: &str| format!("{reason}*1");
    for (datatype, value, want) in [
        (1, Value::Int(0xff), number("-1")),
        (2, Value::Int(0xffff_fffe), number("-2")),
        (3, Value::Int(0x8000_0000), number("-2147483648")),
        (4, Value::Long(u64::MAX), number("-1")),
        (5, Value::Int(255), number("255")),
        (6, Value::Int(65_535), number("65535")),
        (7, Value::Long(4_294_967_295), number("4294967295")),
        (8, Value::Long(9), number("9")),
        (9, Value::Float(0.5), number("0.5")),
        (10, Value::Double(-1e-3), number("-0.001")),
        (11, Value::Boolean(true), number("1")),
        (12, Value::Text("on".into()), refused("METRIC_TYPE_UNSUPPORTED")),
        (13, Value::Long(1_486_144_502_122), refused("METRIC_TYPE_UNSUPPORTED")),
        (14, Value::Text("long".into()), refused("METRIC_TYPE_UNSUPPORTED")),
        (15, Value::Text("0f".into()), refused("METRIC_TYPE_UNSUPPORTED")),
        (16, Value::DataSet(DataSet::default()), refused("METRIC_TYPE_UNSUPPORTED")),
        (17, Value::Bytes(vec![1]), refused("METRIC_TYPE_UNSUPPORTED")),
        (18, Value::Bytes(vec![1]), refused("METRIC_TYPE_UNSUPPORTED")),
        (19, Value::Template(Template::default()), refused("METRIC_TYPE_UNSUPPORTED")),
        (22, Value::Bytes(vec![1]), refused("METRIC_TYPE_UNSUPPORTED")),
        (34, Value::Bytes(vec![1]), refused("METRIC_TYPE_UNSUPPORTED")),
        (0, Value::Int(1), refused("METRIC_TYPE_UNSUPPORTED")),
        (99, Value::Int(1), refused("METRIC_TYPE_UNSUPPORTED")),
        // A value that is not of its type.
        (1, Value::Int(300), refused("FIELD_TYPE")),
        (9, Value::Text("12.4".into()), refused("FIELD_TYPE")),
        (11, Value::Int(1), refused("FIELD_TYPE")),
        (10, Value::Double(f64::NAN), refused("NUMBER_NOT_FINITE")),
        (9, Value::Float(f32::INFINITY), refused("NUMBER_NOT_FINITE")),
    ] {
        let (stage, told) = born(vec![typed(datatype, value.clone())]);
        assert_eq!(told, want, "datatype {datatype}, {value:?}");
        if let Some(rejection) = stage.heard.rejections.first() {
            assert!(rejection.pointer.starts_with("/metrics/0/"), "{rejection:?}");
        }
    }
}

#[test]
fn templates_and_datasets_are_refused_by_name_and_cost_nothing_beside_them() {
    let (stage, told) = born(vec![
        Metric { name: Some("motor".into()), ..typed(19, Value::Template(Template::default())) },
        named("ch4", 1, 0.5),
        Metric { name: Some("table".into()), ..typed(16, Value::DataSet(DataSet::default())) },
    ]);
    assert_eq!(told, "METRIC_TYPE_UNSUPPORTED*1 d/ch4=0.5 METRIC_TYPE_UNSUPPORTED*1");
    let got: Vec<&str> = stage.heard.rejections.iter().map(|rejection| rejection.got.as_str()).collect();
    assert_eq!(got, ["motor: Template", "table: DataSet"]);
}

#[test]
fn unit_and_quality_come_from_properties() {
    let (mut stage, told) = born(vec![
        with_properties(named("ch4", 1, 0.5), "%LEL", None),
        with_properties(named("co", 2, 3.0), "ppm", Some(192)),
        with_properties(named("h2s", 3, 4.0), "ppm", Some(500)),
        with_properties(named("o2", 4, 20.9), "", Some(0)),
        with_properties(named("t", 5, 21.0), "°C", Some(193)),
    ]);
    assert_eq!(
        told,
        "d/ch4=0.5[%LEL] d/co=3[ppm] d/h2s=4[ppm]!bad:stale d/o2=20.9!bad:unspecified \
         QUALITY_UNKNOWN*0 d/t=21[°C]!bad:unspecified"
    );
    // The unit of the birth stands; a quality is of its value alone.
    let data = stage.node.ddata("d", vec![aliased(1, 0.6), aliased(3, 4.5), aliased(4, 20.8)]);
    assert_eq!(stage.take(&data), "d/ch4=0.6[%LEL] d/h2s=4.5[ppm] d/o2=20.8");
}

#[test]
fn properties_that_do_not_agree_are_told_of_and_ignored() {
    let mut metric = with_properties(named("ch4", 1, 0.5), "%LEL", None);
    metric.properties.as_mut().expect("just made").values.pop();
    let (stage, told) = born(vec![metric]);
    assert_eq!(told, "SCHEMA_VIOLATION*0 d/ch4=0.5");
    assert_eq!(stage.heard.rejections[0].pointer, "/metrics/0/properties");
}

#[test]
fn a_birth_names_and_types_every_metric_and_gives_each_alias_once() {
    let nameless = Metric { name: None, ..named("", 9, 1.0) };
    let typeless = Metric { datatype: None, ..named("x", None, 1.0) };
    let long = named(&"n".repeat(127), None, 1.0);
    let (mut stage, told) = born(vec![
        named("a", 1, 1.0),
        named("a", 2, 2.0),
        named("b", 3, 3.0),
        named("c", 3, 4.0),
        nameless,
        typeless,
        long,
        named(&"n".repeat(126), None, 5.0),
    ]);
    let whole = "n".repeat(126);
    assert_eq!(
        told,
        format!(
            "d/a=1 SCHEMA_VIOLATION*1 d/b=3 SCHEMA_VIOLATION*1 FIELD_MISSING*1 FIELD_MISSING*1 SCHEMA_VIOLATION*1 d/{whole}=5"
        )
    );
    let fixes: Vec<&str> =
        stage.heard.rejections.iter().map(|rejection| rejection.pointer.as_str()).collect();
    assert_eq!(
        fixes,
        ["/metrics/1/name", "/metrics/3/alias", "/metrics/4/name", "/metrics/5/datatype", "/metrics/6/name"]
    );
    // Whose 3 is, nobody knows; by name both go on.
    let data =
        stage.node.ddata("d", vec![aliased(3, 9.0), by_name("b", 3.5), by_name("c", 4.5), aliased(1, 1.5)]);
    assert_eq!(stage.take(&data), "SCHEMA_VIOLATION*1 d/b=3.5 d/c=4.5 d/a=1.5");
}

#[test]
fn aliases_are_of_the_whole_edge_node_and_tell_devices_apart() {
    let (mut stage, _) = born(vec![named("a", 1, 1.0)]);
    let birth = stage.node.dbirth("e", vec![named("a", 2, 2.0)]);
    assert_eq!(stage.take(&birth), "e/a=2");
    let data = stage.node.ddata("d", vec![aliased(2, 9.0)]);
    assert_eq!(stage.take(&data), "SCHEMA_VIOLATION*1", "the alias of another device");
    let both = Metric { name: Some("b".into()), ..aliased(1, 9.0) };
    let data = stage.node.ddata("d", vec![both]);
    assert_eq!(stage.take(&data), "SPARKPLUG_NO_BIRTH*1 rebirth", "a name no birth has told of");
}

#[test]
fn times_are_the_metrics_own_and_are_checked() {
    let (mut stage, _) = born(vec![named("a", 1, 1.0)]);
    let seconds = Metric { timestamp: Some(1_795_420_800), ..aliased(1, 2.0) };
    let data = stage.node.ddata("d", vec![seconds]);
    assert_eq!(stage.take(&data), "TIMESTAMP_FORMAT*1");
    let rejection = stage.heard.rejections.last().expect("one");
    assert_eq!(
        (rejection.reason, rejection.pointer.as_str()),
        (Reason::TimestampFormat, "/metrics/0/timestamp")
    );
    assert!(rejection.fix.contains("seconds"), "{rejection:?}");
}

#[test]
fn a_null_ends_what_was_known_without_a_value_and_says_nothing_of_what_was_never_known() {
    let null = |name: &str, alias| Metric { is_null: Some(true), value: None, ..named(name, alias, 0.0) };
    let (mut stage, told) = born(vec![named("a", 1, 1.0), null("b", 2)]);
    assert_eq!(told, "d/a=1");
    let gone = |alias| Metric { is_null: Some(true), value: None, ..aliased(alias, 0.0) };
    // A value beside is_null is not believed.
    let both = Metric { is_null: Some(true), ..aliased(1, 7.0) };
    let data = stage.node.ddata("d", vec![gone(2), both]);
    assert_eq!(stage.take(&data), "d/a=none!bad:unspecified");
    let nothing = Metric { value: None, ..aliased(1, 0.0) };
    let data = stage.node.ddata("d", vec![nothing]);
    assert_eq!(stage.take(&data), "FIELD_MISSING*1");
    // What was known before is so over a birth that does not know it.
    let birth = stage.node.dbirth("d", vec![null("a", 5)]);
    assert_eq!(stage.take(&birth), "d/a=none!bad:unspecified");
    // Of the past an unknown says nothing.
    let past = Metric { is_historical: Some(true), ..gone(5) };
    let data = stage.node.ddata("d", vec![past]);
    assert_eq!(stage.take(&data), "");
}

#[test]
fn what_is_about_the_edge_nodes_life_is_no_tag() {
    let mut stage = Stage::new();
    let reboot = named("Node Control/Reboot", 7, 0.0);
    let birth = stage.node.nbirth(vec![reboot, named("Supply", 8, 12.1)]);
    assert_eq!(stage.take(&birth), "online Supply=12.1");
    let data = stage.node.ndata(vec![aliased(7, 1.0), aliased(8, 12.2)]);
    assert_eq!(stage.take(&data), "Supply=12.2");
    assert_eq!(
        stage.heard.summaries.last().map(|summary| (summary.accepted, summary.rejected)),
        Some((1, 0))
    );
}

#[test]
fn a_metric_that_changes_its_type_needs_a_birth() {
    let (mut stage, _) = born(vec![named("a", 1, 1.0)]);
    let other = Metric { datatype: Some(9), value: Some(Value::Float(2.0)), ..aliased(1, 0.0) };
    let data = stage.node.ddata("d", vec![other]);
    assert_eq!(stage.take(&data), "FIELD_TYPE*1");
    let same = Metric { datatype: Some(10), ..aliased(1, 2.0) };
    let data = stage.node.ddata("d", vec![same]);
    assert_eq!(stage.take(&data), "d/a=2");
}
