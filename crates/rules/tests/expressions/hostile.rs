//! Whatever the text and the values: no panic, no endless work, the same answer twice, and never a value out of nothing.

use std::{sync::Arc, thread};

use davy_model::{Quality, QualityReason, Substance, Unit, Value};
use davy_rules::expression::{Declared, EvalError, Expression, Kind, Operand, STEPS_MAX};
use proptest::prelude::*;

use crate::inputs::declared;

/// What a thread of a server has at least, bytes.
const STACK_LEN: usize = 1024 * 1024;

/// Reads a text twice, and checks what must hold of any answer.
fn read(text: &str, inputs: &[Declared]) -> Option<Expression> {
    let first = Expression::parse(text, inputs);
    assert_eq!(first, Expression::parse(text, inputs), "the same text, another answer");
    match first {
        Ok(expression) => {
            assert!((1..=STEPS_MAX).contains(&expression.steps()));
            Some(expression)
        }
        Err(mistakes) => {
            assert!(!mistakes.is_empty(), "refused without a word");
            let last = text.chars().count() + 1;
            for mistake in mistakes {
                assert!((1..=last).contains(&(mistake.character as usize)), "{text:?}: {mistake}");
                assert!(!mistake.to_string().contains('\n'), "{mistake}");
            }
            None
        }
    }
}

fn check_evaluation(expression: &Expression, operands: &[Operand]) {
    let got = expression.eval(operands, expression.steps());
    assert_eq!(got, expression.eval(operands, STEPS_MAX), "its own steps are not enough");
    match got {
        Ok(output) => {
            assert!(output.value.is_finite() && output.quality.is_evidence(), "{output:?}");
            assert!(expression.kind() != Kind::Condition || output.value == 0.0 || output.value == 1.0);
        }
        Err(error) => assert_ne!(error, EvalError::StepsSpent),
    }
}

fn operand() -> impl Strategy<Value = Operand> {
    let value = prop_oneof![
        Just(f64::NAN),
        Just(0.0),
        Just(-0.0),
        Just(1.0),
        Just(f64::MAX),
        Just(f64::MIN_POSITIVE),
        -100.0..100.0_f64,
    ];
    let quality = prop_oneof![
        4 => Just(Quality::Good),
        1 => prop::sample::select(QualityReason::ALL.to_vec()).prop_map(Quality::Uncertain),
        1 => prop::sample::select(QualityReason::ALL.to_vec()).prop_map(Quality::Bad),
    ];
    (value, quality).prop_map(|(value, quality)| Operand { value: Value::of(value), quality })
}

/// Plain numbers a, b, c and the switch s, so that nearly every expression fits in its units.
fn plain() -> Vec<Declared> {
    let input =
        |(name, unit): (&str, Unit)| Declared { name: name.into(), unit, substance: Substance::default() };
    [("a", Unit::One), ("b", Unit::One), ("c", Unit::One), ("s", Unit::OnOff)].map(input).to_vec()
}

/// Numbers, and conditions over them, as texts that every CEL reads alike.
fn number() -> BoxedStrategy<String> {
    expressions().prop_map(|(number, _)| number).boxed()
}

fn condition() -> BoxedStrategy<String> {
    expressions().prop_map(|(_, condition)| condition).boxed()
}

fn expressions() -> BoxedStrategy<(String, String)> {
    let numbers = prop::sample::select(vec!["a", "b", "c", "2.5", "0.0", "-1.0", "1e3"]);
    let conditions = prop::sample::select(vec!["a > b", "c <= 0.0", "true", "false", "b == 1.0"]);
    let leaf =
        (numbers, conditions).prop_map(|(number, condition)| (number.to_owned(), condition.to_owned()));
    leaf.prop_recursive(4, 24, 3, |inner| {
        let signs = prop::sample::select(vec!["+", "-", "*", "/"]);
        let tests = prop::sample::select(vec![">", ">=", "<", "<=", "==", "!="]);
        let joins = prop::sample::select(vec!["&&", "||", "==", "!="]);
        (inner.clone(), inner.clone(), inner, signs, tests, joins, 0..6).prop_map(
            |((x, p), (y, q), (z, r), sign, test, join, how)| match how {
                0 => (format!("({x} {sign} {y})"), format!("({x} {test} {z})")),
                1 => (format!("-({x})"), format!("!({p})")),
                2 => (format!("({p} ? {x} : {y})"), format!("({p} {join} {q})")),
                3 => (format!("({x} {sign} {y} {sign} {z})"), format!("({p} && {q} || {r})")),
                4 => (format!("({q} ? {y} : {z})"), format!("({p} ? {q} : {r})")),
                _ => (format!("({x} - {y} * {z})"), format!("({x} {test} {y} {sign} {z})")),
            },
        )
    })
    .boxed()
}

/// What the interpreter of the `cel` crate makes of it; none where it has an error, or no finite number.
fn by_cel(text: &str, operands: &[Operand]) -> Option<f64> {
    let program = cel::Program::compile(text).expect("it parsed");
    let mut context = cel::Context::default();
    for (name, operand) in ["a", "b", "c"].into_iter().zip(operands) {
        context.add_variable_from_value(name, operand.value.get().expect("these have values"));
    }
    match program.execute(&context).ok()? {
        cel::Value::Float(value) => value.is_finite().then_some(value),
        cel::Value::Bool(holds) => Some(f64::from(u8::from(holds))),
        other => panic!("{text} is {other:?}"),
    }
}

fn is_zero_divided(error: EvalError) -> bool {
    matches!(error, EvalError::NotFinite { .. })
}

#[test]
fn a_mistake_behind_a_blank_is_told_on_one_line() {
    for text in ["\n has( has( !", "has(\n", "has( \t\n x", "\nhas(\nhas("] {
        assert!(read(text, &declared()).is_none(), "{text:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_read_to_its_end(text in any::<String>(), values in prop::collection::vec(operand(), 11)) {
        if let Some(expression) = read(&text, &declared()) {
            check_evaluation(&expression, &values);
        }
    }

    #[test]
    fn words_in_any_order_are_read_to_their_end(
        words in prop::collection::vec(prop::sample::select(WORDS.to_vec()), 0..24),
        values in prop::collection::vec(operand(), 11),
    ) {
        if let Some(expression) = read(&words.join(" "), &declared()) {
            check_evaluation(&expression, &values);
        }
    }

    #[test]
    fn good_expressions_are_read_and_evaluated(
        text in prop_oneof![number(), condition()],
        values in prop::collection::vec(operand(), 4),
    ) {
        if let Some(expression) = read(&text, &plain()) {
            check_evaluation(&expression, &values);
        }
    }

    #[test]
    fn what_has_a_result_without_an_input_has_it_whatever_the_input_is(
        text in prop_oneof![number(), condition()],
        values in prop::collection::vec(operand(), 4),
        missing in prop::collection::vec(any::<bool>(), 4),
    ) {
        let Some(expression) = read(&text, &plain()) else { return Ok(()) };
        let none = Operand { value: Value::NONE, quality: Quality::Good };
        let pairs = values.iter().zip(&missing);
        let without: Vec<Operand> = pairs.map(|(value, missing)| if *missing { none } else { *value }).collect();
        if let Ok(output) = expression.eval(&without, STEPS_MAX) {
            let whole = expression.eval(&values, STEPS_MAX).map(|output| output.value);
            prop_assert_eq!(whole, Ok(output.value), "{}", text);
        }
    }

    #[test]
    fn it_gives_what_cel_gives(
        text in prop_oneof![number(), condition()],
        values in prop::collection::vec(prop_oneof![Just(0.0), -100.0..100.0_f64], 4),
    ) {
        let Some(expression) = read(&text, &plain()) else { return Ok(()) };
        let operand = |value: &f64| Operand { value: Value::of(*value), quality: Quality::Good };
        let operands: Vec<Operand> = values.iter().map(operand).collect();
        match expression.eval(&operands, STEPS_MAX) {
            Ok(output) => prop_assert_eq!(by_cel(&text, &operands), Some(output.value), "{}", text),
            // CEL goes on with the infinite; nothing measured is.
            Err(error) => prop_assert!(is_zero_divided(error)),
        }
    }
}

const WORDS: &[&str] = &[
    "level",
    "other",
    "pressure",
    "flow",
    "pump",
    "h2s",
    "ratio",
    "1",
    "2.5",
    "0u",
    "1e400",
    "0x1f",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    "+",
    "-",
    "*",
    "/",
    "%",
    "<",
    "<=",
    ">",
    ">=",
    "==",
    "!=",
    "&&",
    "||",
    "!",
    "?",
    ":",
    ",",
    ".",
    "in",
    "true",
    "null",
    "min(",
    "pow(",
    "unit(",
    "convert(",
    "is_good(",
    "has(",
    "level.all(x,",
    "\"kPa\"",
    "\"mg/m3\"",
    "'",
    "\"\"\"",
    "b'\\xff'",
    "r\"",
    "//",
    "\n",
    "\\",
    "`",
    "气",
    "\u{feff}",
    "\0",
];

#[test]
fn no_depth_or_length_takes_more_stack_than_a_thread_has() {
    let shapes: [fn(usize) -> String; 14] = [
        |len| "(".repeat(len),
        |len| format!("{}level{}", "(".repeat(16), ")".repeat(16)) + &"+1".repeat(len),
        |len| "[".repeat(len),
        |len| "{1:".repeat(len),
        |len| "-".repeat(len) + "level",
        |len| "!".repeat(len) + "pump",
        |len| "pump?1:".repeat(len) + "level",
        |len| "level+".repeat(len) + "1",
        |len| "pump&&".repeat(len) + "pump",
        |len| "level<".repeat(len) + "1",
        |len| "level".to_owned() + &".a".repeat(len),
        |len| "level".to_owned() + &"[0]".repeat(len),
        |len| "abs(".repeat(len) + "level" + &")".repeat(len),
        |len| "\"".repeat(len),
    ];
    for (number, shape) in shapes.into_iter().enumerate() {
        for len in [15, 16, 17, 62, 63, 64, 90, 130, 200, 330, 490, 980, 100_000] {
            let text: Arc<str> = shape(len).into();
            let reads = move || drop(read(&text, &declared()));
            let thread = thread::Builder::new().stack_size(STACK_LEN).spawn(reads).unwrap();
            assert!(thread.join().is_ok(), "shape {number}, {len} times");
        }
    }
}
