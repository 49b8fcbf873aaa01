//! What expressions give, and in which unit.

use davy_model::Unit;
use davy_rules::expression::{Kind, is_input_name};

use crate::inputs::{DAY, eval, operands, parse};

#[test]
fn numbers_come_in_the_unit_that_their_inputs_have() {
    for (text, want, unit) in [
        ("level", 6.0, Some("m")),
        ("level * 78.5", 471.0, Some("m")),
        ("2 * level", 12.0, Some("m")),
        ("level / 2", 3.0, Some("m")),
        ("-level + 10", 4.0, Some("m")),
        ("level - other", 2.0, Some("m")),
        ("level - other * 0.5 - 1", 3.0, Some("m")),
        ("(level + other) / 2.0", 5.0, Some("m")),
        ("abs(other - level)", 2.0, Some("m")),
        ("min(level, other, 5)", 4.0, Some("m")),
        ("max(1, level, other)", 6.0, Some("m")),
        ("level - convert(gauge, \"m\")", 0.1, Some("m")),
        ("level + unit(50.0, \"cm\")", 6.5, Some("m")),
        ("unit(50.0, \"cm\") * 2 + level", 7.0, Some("m")),
        ("convert(temp, \"K\")", 298.15, Some("K")),
        ("convert(h2s, \"mg/m3\")", 14.168, Some("mg/m3")),
        ("sqrt(level * level)", 6.0, Some("m")),
        ("pow(pow(level, 2.0), 0.0)", 1.0, Some("1")),
        ("level / other", 1.5, Some("1")),
        ("level * (fill / unit(100.0, \"%\"))", 4.8, Some("m")),
        ("level * ratio", 3.0, Some("m")),
        ("log(level / unit(1.0, \"m\"))", 1.791_759_469, Some("1")),
        ("log10(ratio * 200)", 2.0, Some("1")),
        ("exp(ratio)", 1.648_721_271, Some("1")),
        ("pow(ratio * 8, 0.5)", 2.0, Some("1")),
        ("1 / 2 * level", 3.0, Some("m")),
        ("pump && level > other ? level : other", 6.0, Some("m")),
        ("pump", 1.0, Some("on/off")),
        ("pump + pump", 2.0, Some("on/off")),
        ("level * flow", 120.0, None),
        ("pow(level, 2)", 36.0, None),
        ("1.0 / level", 0.166_666_667, None),
        ("level // 液位, metres\n  * 2.0", 12.0, Some("m")),
    ] {
        let unit = unit.map(|unit| Unit::parse(unit).unwrap());
        assert_eq!(parse(text).kind(), Kind::Number(unit), "{text}");
        let got = eval(text, &operands(&DAY, &[])).unwrap_or_else(|error| panic!("{text}: {error}")).value;
        assert!((got - want).abs() < 1e-3, "{text} gives {got}, not {want}");
    }
}

#[test]
fn conditions_hold_or_do_not() {
    for (text, holds) in [
        ("level * 78.5 > 400.0 && flow > 0.0", true),
        ("level > 6", false),
        ("level >= 6", true),
        ("level < 6", false),
        ("level <= 6", true),
        ("level == 6", true),
        ("level != 6", false),
        ("other < level && level < 10", true),
        ("level > 9 || other > 3", true),
        ("!(level > 9)", true),
        ("!pump", false),
        ("pump == true", true),
        ("pump != (level > 9)", true),
        ("pump == 1", true),
        ("pump ? level > 5 : level > 9", true),
        ("line > unit(2.5, \"bar\")", true),
        ("unit(299.0, \"kPa\") < line", true),
        ("line * 1.0 > unit(301.0, \"kPa\")", false),
        ("convert(pressure, \"bar\") < line", true),
        ("level * flow > 119", true),
        ("level * flow > flow * level", false),
        ("temp - 20 > 4 && temp > unit(24.0, \"℃\")", true),
        ("level / other > 1.4", true),
        ("true && pump", true),
    ] {
        assert_eq!(parse(text).kind(), Kind::Condition, "{text}");
        let got = eval(text, &operands(&DAY, &[])).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(got.value, f64::from(u8::from(holds)), "{text}");
    }
}

#[test]
fn it_knows_which_inputs_it_looks_at() {
    let expression = parse("level > 3 && is_good(flow)");
    let used: Vec<usize> = (0..20).filter(|input| expression.uses(*input)).collect();
    assert_eq!(used, [0, 5]);
}

#[test]
fn an_input_may_have_any_plain_name_that_means_nothing_else() {
    for name in ["level", "_x", "LT_101", "in1", "has", "x2"] {
        assert!(is_input_name(name), "{name}");
    }
    for name in
        ["", "1x", "TK-101", "a.b", "a b", "液位", "in", "true", "if", "null", "min", "unit", &"x".repeat(65)]
    {
        assert!(!is_input_name(name), "{name}");
    }
}
