use davy_proto::v1 as wire;
use prost_types::Timestamp;
use tonic_types::StatusExt;

use super::*;

/// Three alarms: `h2s` red at 15.2 ppm with two tags, `level` yellow without a time, `stale` orange without a value.
fn alarms() -> Vec<wire::Alarm> {
    let alarm = |rule: &str, tier: wire::Tier, seconds: Option<i64>, value: Option<f64>| wire::Alarm {
        id: format!("park:{rule}:T"),
        rule: rule.to_owned(),
        tier: tier.into(),
        state: wire::AlarmState::ActiveUnacknowledged.into(),
        raised_time: seconds.map(|seconds| Timestamp { seconds, nanos: 0 }),
        value,
        ..wire::Alarm::default()
    };
    let limit = wire::Limit { name: "L2".to_owned(), ..wire::Limit::default() };
    let tags = vec!["AT-1/h2s".to_owned(), "AT-2/h2s".to_owned()];
    vec![
        wire::Alarm {
            limit: Some(limit),
            tags,
            acknowledged: true,
            ..alarm("h2s", wire::Tier::Red, Some(100), Some(15.2))
        },
        alarm("level", wire::Tier::Yellow, None, Some(0.0)),
        alarm("stale", wire::Tier::Orange, Some(50), None),
    ]
}

fn chosen(filter: &str, order_by: &str) -> Vec<String> {
    let lens = Lens::of("davy.v1.Alarm", filter, order_by, None);
    let lens = lens.unwrap_or_else(|status| panic!("{filter}: {}", status.message()));
    // The list's own order is that of the alarms.
    let own = |alarm: &wire::Alarm| vec![Step::up(&alarm.rule)];
    lens.chosen(alarms(), own).into_iter().map(|(_, alarm)| alarm.rule).collect()
}

#[test]
fn a_filter_chooses_by_any_field_of_the_contract() {
    for (filter, due) in [
        ("", &["h2s", "level", "stale"][..]),
        ("tier >= ORANGE", &["h2s", "stale"]),
        ("tier = tier_red", &["h2s"]),
        ("tier != RED", &["level", "stale"]),
        ("rule = \"h2s\"", &["h2s"]),
        ("rule = h2s OR rule = stale", &["h2s", "stale"]),
        ("NOT rule = h2s", &["level", "stale"]),
        ("-acknowledged = true tier > BLUE", &["level", "stale"]),
        ("id = \"*:level:*\"", &["level"]),
        ("id = \"park:*\"", &["h2s", "level", "stale"]),
        ("rule != \"s*\"", &["h2s", "level"]),
        ("id:\"stale\"", &["stale"]),
        ("value > 10", &["h2s"]),
        ("value < 1e1", &["level"]),
        ("value != 0", &["h2s"]),
        ("value = null", &["stale"]),
        ("value:*", &["h2s", "level"]),
        ("limit.name = L2", &["h2s"]),
        ("limit.name != \"M*\"", &["h2s"]),
        ("limit.name != \"*2\"", &[]),
        ("NOT limit.name = \"*2\"", &["level", "stale"]),
        ("limit:*", &["h2s"]),
        ("tags:\"AT-2/h2s\"", &["h2s"]),
        ("tags:\"AT-9*\"", &[]),
        ("raised_time > \"1970-01-01T00:01:00Z\"", &["h2s"]),
        ("raised_time <= \"1970-01-01T01:00:50+01:00\"", &["stale"]),
        ("state = ACTIVE_UNACKNOWLEDGED AND tier < RED", &["level", "stale"]),
        // OR binds more tightly than AND.
        ("tier = RED AND rule = h2s OR rule = stale", &["h2s"]),
    ] {
        assert_eq!(chosen(filter, ""), due, "{filter}");
    }
}

#[test]
fn an_order_is_by_fields_and_what_is_alike_there_is_in_the_order_of_the_list() {
    for (order_by, due) in [
        ("tier", &["level", "stale", "h2s"][..]),
        ("tier desc", &["h2s", "stale", "level"]),
        ("raised_time", &["level", "stale", "h2s"]),
        ("raised_time desc, rule", &["h2s", "stale", "level"]),
        ("state, rule desc", &["stale", "level", "h2s"]),
        ("site", &["h2s", "level", "stale"]),
    ] {
        assert_eq!(chosen("", order_by), due, "{order_by}");
    }
}

#[test]
fn a_mask_leaves_what_is_asked_for() {
    let shown = |paths: &[&str]| {
        let paths = paths.iter().map(|path| (*path).to_owned()).collect();
        let lens = Lens::of("davy.v1.Alarm", "", "", Some(&FieldMask { paths })).expect("a mask");
        lens.shown(alarms().remove(0))
    };
    let all = alarms().remove(0);
    assert_eq!(shown(&[]), all);
    assert_eq!(shown(&["rule", "*"]), all);
    let rule = wire::Alarm { rule: "h2s".to_owned(), ..wire::Alarm::default() };
    assert_eq!(shown(&["rule"]), rule);
    assert_eq!(
        shown(&["rule", "limit.set_point"]),
        wire::Alarm { limit: Some(wire::Limit::default()), ..rule }
    );
    assert_eq!(shown(&["limit.set_point", "limit"]).limit, all.limit, "the whole of it is asked for, too");
}

#[test]
fn what_cannot_be_asked_is_refused_with_what_can() {
    let mask = |path: &str| FieldMask { paths: vec![path.to_owned()] };
    let deep = format!("{}rule = h2s{}", "(".repeat(40), ")".repeat(40));
    for (filter, order_by, path, field, says) in [
        ("tire = RED", "", "", "filter", "tier"),
        ("tier = PURPLE", "", "", "filter", "BLUE, YELLOW, ORANGE, RED"),
        ("value > warm", "", "", "filter", "no number"),
        ("raised_time > yesterday", "", "", "filter", "2026-11-23T08:00:00Z"),
        ("acknowledged = 1", "", "", "filter", "true or false"),
        ("tags = \"AT-1/h2s\"", "", "", "filter", "ask tags:AT-1/h2s"),
        ("limit = L2", "", "", "filter", "limit:*"),
        ("h2s", "", "", "filter", "tier >= ORANGE"),
        ("regex(rule, \"h\")", "", "", "filter", ""),
        ("rule =", "", "", "filter", "byte"),
        (&deep, "", "", "filter", "nested deeper"),
        ("", "tire", "", "order_by", "tier"),
        ("", "tier down", "", "order_by", "asc, desc or nothing"),
        ("", "tags", "", "order_by", "no order"),
        ("", "limit", "", "order_by", "no order"),
        ("", "", "limits", "read_mask", "limit"),
    ] {
        let mask = (!path.is_empty()).then(|| mask(path));
        let Err(status) = Lens::of("davy.v1.Alarm", filter, order_by, mask.as_ref()) else {
            panic!("{filter}{order_by}{path}: taken")
        };
        assert!(status.message().contains(says), "{filter}{order_by}{path}: {}", status.message());
        let wrong = status.get_details_bad_request().expect("a field").field_violations;
        assert_eq!(wrong[0].field, field);
    }
    let long = format!("rule = \"{}\"", "h".repeat(3000));
    assert!(Lens::of("davy.v1.Alarm", &long, "", None).is_err());
}

/// The page that tells of filters.
const PAGE: &str = include_str!("../../../../../docs/api/lists.md");

#[test]
fn every_filter_of_the_page_can_be_asked() {
    let table = PAGE
        .split("## `filter`")
        .nth(1)
        .and_then(|rest| rest.split("\n## ").next())
        .expect("a part on filters");
    let cells = table.lines().filter(|line| line.starts_with("| `")).filter_map(|row| row.split('|').nth(1));
    let filters: Vec<&str> = cells.flat_map(|cell| cell.split('`').skip(1).step_by(2)).collect();
    // Those of the last row stand for any.
    let real: Vec<&&str> = filters.iter().filter(|filter| filter.contains([':', '=', '<', '>'])).collect();
    assert!(real.len() > 10, "{filters:?}");
    for filter in real {
        let lens = Lens::of("davy.v1.Alarm", filter, "", None);
        assert!(
            lens.is_ok(),
            "{filter}: {}",
            lens.err().map(|status| status.message().to_owned()).unwrap_or_default()
        );
    }
    for line in PAGE.lines().filter(|line| line.starts_with("davy ")) {
        let kind = if line.contains(" devices ") { "davy.v1.Device" } else { "davy.v1.Alarm" };
        let said: Vec<&str> = line.split('\'').skip(1).step_by(2).collect();
        let order = said.get(1).copied().unwrap_or_default();
        assert!(Lens::of(kind, said[0], order, None).is_ok(), "{line}");
    }
}
