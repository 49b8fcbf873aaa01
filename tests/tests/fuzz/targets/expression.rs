//! Expressions, as rule files write them.

use davy_model::{Quality, Substance, Unit, Value};
use davy_rules::expression::{Declared, EvalError, Expression, Operand, STEPS_MAX};

use crate::harness::{Gauge, Growth, Heap, Target, text};

pub(crate) const EXPRESSION: Target = Target {
    name: "expression",
    runs: 10_000,
    check: check_expression,
    seeds: || SEEDS.iter().map(|text| text.as_bytes().to_vec()).collect(),
    words: &[
        "level", "pressure", "flow", "pump", "ratio", "(", ")", "[", "]", "{", "}", "+", "-", "*", "/", "%", "<", "<=", ">", ">=", "==", "!=",
        "&&", "||", "!", "?", ":", ",", ".", " in ", "true", "null", "min(", "pow(", "unit(", "convert(", "is_good(", "is_evidence(", "has(",
        ".all(x,", "\"kPa\"", "\"\"\"", "r'", "b'", "//", "\n", "0x", "1e308", "1u", "0.0", "`",
    ],
    growth: &[
        Growth { what: "brackets", make: |len| "(".repeat(len).into_bytes() },
        Growth { what: "sums", make: |len| "level+".repeat(len / 6).into_bytes() },
        Growth { what: "choices", make: |len| "pump?1:".repeat(len / 7).into_bytes() },
        Growth { what: "quotes", make: |len| "\"".repeat(len).into_bytes() },
    ],
    heap: Heap { times: 1024, bytes: 2 * 1024 * 1024 },
    stack_len: 1024 * 1024,
    len_max: 1200,
    ..Target::PLAIN
};

const SEEDS: &[&str] = &[
    "level * 78.5 > 400.0 && flow > 0.0",
    "pump ? level : min(level, 3.0, unit(20.0, \"cm\"))",
    "convert(pressure, \"bar\") >= 2.5 || !is_good(pressure)",
    "is_evidence(flow) ? flow / 2 : -1.0",
    "sqrt(level * level) + abs(level - 2) // metres",
    "log(ratio) * exp(ratio) < pow(ratio, 0.5) == true",
];

fn inputs() -> Vec<Declared> {
    let input = |(name, unit): (&str, Unit)| Declared { name: name.into(), unit, substance: Substance::default() };
    [("level", Unit::Metre), ("pressure", Unit::Kilopascal), ("flow", Unit::CubicMetrePerHour), ("pump", Unit::OnOff), ("ratio", Unit::One)]
        .map(input)
        .to_vec()
}

fn check_expression(gauge: &mut Gauge, input: &[u8]) {
    let text = text(input);
    let expression = match gauge.measure(input.len(), || Expression::parse(&text, &inputs())) {
        Ok(expression) => expression,
        Err(mistakes) => {
            let last = text.chars().count() + 1;
            assert!(!mistakes.is_empty() && mistakes.iter().all(|mistake| (1..=last).contains(&(mistake.character as usize))));
            gauge.saw(mistakes.iter().map(|mistake| mistake.code.word()).collect::<Vec<_>>());
            return;
        }
    };
    assert!((1..=STEPS_MAX).contains(&expression.steps()));
    gauge.saw((expression.steps(), format!("{:?}", expression.kind())));
    for values in [[1.0, 2.0, 0.0, 1.0, 0.5], [-1.0, f64::NAN, 1e308, 0.0, 0.0]] {
        let operands = values.map(|value| Operand { value: Value::of(value), quality: Quality::Good });
        let got = expression.eval(&operands, expression.steps());
        assert_eq!(got, expression.eval(&operands, STEPS_MAX));
        assert_ne!(got, Err(EvalError::StepsSpent));
        assert!(got.is_err() || got.is_ok_and(|output| output.value.is_finite()));
    }
}
