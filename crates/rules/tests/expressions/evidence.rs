//! What has no evidence decides nothing; and an expression that has no result says why.

use davy_model::{Quality, QualityReason as Reason};
use davy_rules::expression::{EvalError, Operand, Output, STEPS_MAX};

use crate::inputs::{DAY, eval, operands, parse};

const BAD: Quality = Quality::Bad(Reason::SensorFailure);
const DOUBTFUL: Quality = Quality::Uncertain(Reason::Manual);
const OVER: Quality = Quality::Uncertain(Reason::OverRange);

#[test]
fn a_bad_input_leaves_no_result_unless_the_others_decide() {
    let (holds, not, none) = (Ok(1.0), Ok(0.0), Err(EvalError::NoEvidence { input: 0 }));
    for (text, want) in [
        ("level > 3", none),
        ("level", none),
        ("level * 0.0", none),
        ("max(level, other)", none),
        ("!(level > 3)", none),
        ("level == level", none),
        // The other side decides, whatever the level is.
        ("level > 3 && other > 9", not),
        ("other > 9 && level > 3", not),
        ("level > 3 || other > 3", holds),
        ("other > 3 || level > 3", holds),
        // It does not.
        ("level > 3 && other > 3", none),
        ("other > 3 && level > 3", none),
        ("level > 3 || other > 9", none),
        ("other > 9 || level > 3", none),
        // Only the branch taken is looked at, and the condition of it.
        ("pump ? other : level", Ok(4.0)),
        ("pump ? level : other", none),
        ("level > 3 ? other : other", none),
        // Asked for.
        ("is_evidence(level)", not),
        ("is_good(level)", not),
        ("is_evidence(level) ? level : other", Ok(4.0)),
        ("!is_evidence(level) || level > 3", holds),
        ("is_evidence(level) && level > 3", not),
    ] {
        let got = eval(text, &operands(&DAY, &[("level", BAD)])).map(|output| output.value);
        assert_eq!(got, want, "{text}");
    }
}

#[test]
fn a_value_that_is_none_is_no_evidence_either() {
    let mut values = DAY;
    values[0] = f64::NAN;
    let operands = operands(&values, &[]);
    assert_eq!(eval("level > 3", &operands), Err(EvalError::NoEvidence { input: 0 }));
    assert_eq!(eval("is_evidence(level)", &operands).map(|output| output.value), Ok(0.0));
    assert_eq!(parse("other > 3").eval(&operands[..1], STEPS_MAX), Err(EvalError::NoEvidence { input: 1 }));
}

#[test]
fn a_result_is_no_better_than_the_worst_input_it_was_made_from() {
    let quality = |text: &str, of: &[(&str, Quality)]| eval(text, &operands(&DAY, of)).unwrap().quality;
    assert_eq!(quality("level > 3 && flow > 0", &[]), Quality::Good);
    assert_eq!(quality("level > 3 && flow > 0", &[("flow", DOUBTFUL)]), DOUBTFUL);
    assert_eq!(quality("level > 9 && flow > 0", &[("flow", DOUBTFUL)]), Quality::Good, "not looked at");
    // What may not clear an alarm is worse than what is merely doubtful, wherever it stands.
    assert!(
        !quality("level + other", &[("level", OVER), ("other", Quality::Uncertain(Reason::Substituted))])
            .may_clear()
    );
    assert!(
        !quality("level + other", &[("other", OVER), ("level", Quality::Uncertain(Reason::Substituted))])
            .may_clear()
    );
    let asked =
        |name: &str| eval(&format!("{name}(level)"), &operands(&DAY, &[("level", DOUBTFUL)])).unwrap().value;
    assert_eq!((asked("is_evidence"), asked("is_good")), (1.0, 0.0));
}

#[test]
fn what_is_not_finite_is_no_result_and_says_where() {
    let mut values = DAY;
    (values[1], values[10]) = (0.0, -1.0);
    let operands = operands(&values, &[]);
    for (text, character) in [
        ("level / other > 1", 7),
        ("sqrt(ratio)", 1),
        ("1 + log(ratio)", 5),
        ("log10(ratio - ratio)", 1),
        ("exp(ratio * -1000)", 1),
        ("pow(ratio, 0.5)", 1),
        ("flow * 1e306 * 100", 14),
    ] {
        assert_eq!(eval(text, &operands), Err(EvalError::NotFinite { character }), "{text}");
    }
    let guarded = eval("other > 0 && level / other > 1", &operands);
    assert_eq!(guarded.map(|output| output.value), Ok(0.0));
}

#[test]
fn an_evaluation_takes_the_steps_it_said_and_no_more() {
    let inputs = operands(&DAY, &[]);
    for text in [
        "level",
        "level * 78.5 > 400.0 && flow > 0.0",
        "max(level, other, 3) - abs(level)",
        "pump ? level : -other",
    ] {
        let expression = parse(text);
        let whole = expression.eval(&inputs, STEPS_MAX);
        assert!(whole.is_ok() && expression.eval(&inputs, expression.steps()) == whole, "{text}");
        assert_eq!(expression.eval(&inputs, 0), Err(EvalError::StepsSpent), "{text}");
    }
    let sum = parse("level + level * 78.5");
    assert_eq!(sum.steps(), 5);
    assert_eq!(sum.eval(&inputs, 4), Err(EvalError::StepsSpent));
    // Spent steps are not taken for a side that does not matter.
    let or = parse("level > 9 || level > 9 || pump");
    assert_eq!(or.eval(&inputs, 4), Err(EvalError::StepsSpent));
}

#[test]
fn least_and_greatest_do_not_hang_on_the_order_of_zeros() {
    let zeros = |first: f64, second: f64| {
        let operand = |value: f64| Operand { value: value.into(), quality: Quality::Good };
        let output = parse("min(level, other)").eval(&[operand(first), operand(second)], STEPS_MAX);
        output.map(|Output { value, .. }| value.to_bits())
    };
    assert_eq!(zeros(0.0, -0.0), Ok(0.0_f64.to_bits()));
    assert_eq!(zeros(-0.0, 0.0), Ok((-0.0_f64).to_bits()));
}
