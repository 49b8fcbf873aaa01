//! The functions of an expression.

use cel::{
    IdedExpr,
    common::ast::{Expr, LiteralValue},
};
use davy_model::{ConversionError, Unit};

use super::{
    check::{COMPARED, Checker, Typed, described},
    measure::Measure,
    program::{Binary, Condition, Number, Unary},
};
use crate::Code;

/// The names of all functions.
pub const FUNCTIONS: [&str; 12] =
    ["abs", "min", "max", "sqrt", "pow", "log", "log10", "exp", "unit", "convert", "is_evidence", "is_good"];

/// The largest power of a value that has a unit.
const POWER_MAX: f64 = 8.0;

impl Checker<'_> {
    /// A call of a function.
    pub(super) fn function(&mut self, node: &IdedExpr, name: &str, args: &[IdedExpr]) -> Option<Typed> {
        match (name, args) {
            ("abs", [x]) => {
                let (number, measure) = self.number(x)?;
                self.unary(node, Unary::Abs, number, measure)
            }
            ("sqrt", [x]) => {
                let (number, measure) = self.number(x)?;
                let Some(root) = measure.root() else { return self.no_unit(x, &measure) };
                self.unary(node, Unary::Sqrt, number, root)
            }
            ("log", [x]) => self.of_plain(node, Unary::Log, x),
            ("log10", [x]) => self.of_plain(node, Unary::Log10, x),
            ("exp", [x]) => self.of_plain(node, Unary::Exp, x),
            ("pow", [x, exponent]) => self.power(node, x, exponent),
            ("min", [first, rest @ ..]) if !rest.is_empty() => self.least(node, Binary::Min, first, rest),
            ("max", [first, rest @ ..]) if !rest.is_empty() => self.least(node, Binary::Max, first, rest),
            ("unit", [figure, unit]) => self.figure(node, figure, unit),
            ("convert", [input, unit]) => self.convert(node, input, unit),
            ("is_evidence", [input]) => self.asked(input, Condition::IsEvidence),
            ("is_good", [input]) => self.asked(input, Condition::IsGood),
            (name, _) if FUNCTIONS.contains(&name) => {
                let mistake = self.mistake(node, Code::ExpressionSyntax);
                let mistake = mistake.found(format!("{name} of {}", args.len()));
                self.wrong(mistake.expected(form(name)))
            }
            (name, _) => self.no_function(node, name),
        }
    }

    fn of_plain(&mut self, node: &IdedExpr, how: Unary, x: &IdedExpr) -> Option<Typed> {
        let (number, measure) = self.number(x)?;
        if !measure.is_plain() {
            let mistake = self.mistake(x, Code::UnitMismatch);
            let found = format!("{} {measure}", described(x, "a value"));
            let help = "divide it by a figure of its unit first, such as level / unit(1.0, \"m\")";
            return self.wrong(mistake.found(found).expected("a plain number").help(help));
        }
        self.unary(node, how, number, measure)
    }

    fn power(&mut self, node: &IdedExpr, x: &IdedExpr, exponent: &IdedExpr) -> Option<Typed> {
        let (base, power) = (self.number(x), self.number(exponent));
        let ((base, measure), (power, of_power)) = (base?, power?);
        if !of_power.is_plain() {
            let mistake = self.mistake(exponent, Code::UnitMismatch);
            let found = format!("{} {of_power}", described(exponent, "an exponent"));
            return self.wrong(mistake.found(found).expected("a plain number"));
        }
        let measure = if measure.is_plain() {
            measure
        } else {
            match power {
                #[expect(clippy::cast_possible_truncation, reason = "it is a whole number from -8 to 8")]
                Number::Constant(whole) if whole.fract() == 0.0 && whole.abs() <= POWER_MAX => {
                    let Some(power) = measure.power(whole as i32) else {
                        return self.no_unit(node, &measure);
                    };
                    power
                }
                _ => return self.no_unit(x, &measure),
            }
        };
        self.binary(node, Binary::Pow, (base, power), measure)
    }

    fn least(&mut self, node: &IdedExpr, how: Binary, first: &IdedExpr, rest: &[IdedExpr]) -> Option<Typed> {
        let mut so_far = self.number(first);
        for next in rest {
            let (ours, theirs) = (so_far, self.number(next));
            let (pair, measure) = match (ours, theirs) {
                (Some(ours), Some(theirs)) => self.alike(next, COMPARED, ours, theirs, (first, next))?,
                _ => return None,
            };
            let Typed::Number(number, measure) = self.binary(node, how, pair, measure)? else { return None };
            so_far = Some((number, measure));
        }
        so_far.map(|(number, measure)| Typed::Number(number, measure))
    }

    fn figure(&mut self, node: &IdedExpr, figure: &IdedExpr, unit: &IdedExpr) -> Option<Typed> {
        let (figure_of, unit) = (self.number(figure), self.unit(unit));
        match (figure_of?, unit?) {
            ((Number::Constant(value), Measure::Free), unit) => {
                Some(Typed::Number(Number::Constant(value), Measure::of(unit)))
            }
            _ => {
                let mistake = self.mistake(node, Code::ExpressionType).found("unit of a value that changes");
                self.wrong(
                    mistake.expected("unit of a figure").help("of an input, write convert(x, \"kPa\")"),
                )
            }
        }
    }

    fn convert(&mut self, node: &IdedExpr, input: &IdedExpr, unit: &IdedExpr) -> Option<Typed> {
        let (place, to) = (self.input_of(input), self.unit(unit));
        let (place, to) = (place?, to?);
        let from = self.declared[place].unit;
        let line = match from.conversion(to, &self.declared[place].substance) {
            Ok(line) => line,
            Err(error) => {
                let code = match error {
                    ConversionError::Dimension { .. } => Code::UnitMismatch,
                    ConversionError::MolarMass { .. } | ConversionError::Lel { .. } => Code::SubstanceUnknown,
                };
                let found = format!("{} {}", described(input, "an input"), Measure::of(from));
                let mistake = self.mistake(unit, code).found(found);
                return self.wrong(
                    mistake.expected(format!("a unit that converts to {to}")).help(error.to_string()),
                );
            }
        };
        self.unary(node, Unary::Convert(line), Number::Input(place), Measure::of(to))
    }

    fn asked(&mut self, input: &IdedExpr, how: fn(usize) -> Condition) -> Option<Typed> {
        self.input_of(input).map(|input| Typed::Condition(how(input)))
    }

    /// An argument that must be an input by name.
    fn input_of(&mut self, node: &IdedExpr) -> Option<usize> {
        if let Expr::Ident(name) = &node.expr {
            return self.input(node, name);
        }
        let mistake = self.mistake(node, Code::ExpressionType).found("an expression");
        self.wrong(mistake.expected("an input by its name"))
    }

    /// An argument that must be a unit in quotes.
    fn unit(&mut self, node: &IdedExpr) -> Option<Unit> {
        let Expr::Literal(LiteralValue::String(text)) = &node.expr else {
            let mistake = self.mistake(node, Code::ExpressionType).found("no text");
            return self.wrong(mistake.expected("a unit in quotes, such as \"kPa\""));
        };
        if let Some(unit) = Unit::parse(text.inner()) {
            return Some(unit);
        }
        let mistake = self.mistake(node, Code::UnitUnknown).found_text(text.inner());
        self.wrong(mistake.expected("a unit"))
    }
}

/// How a function is written.
fn form(name: &str) -> &'static str {
    match name {
        "min" => "min(x, y, ...)",
        "max" => "max(x, y, ...)",
        "pow" => "pow(x, 2.0)",
        "unit" => "unit(5.0, \"kPa\")",
        "convert" => "convert(x, \"kPa\")",
        "is_evidence" => "is_evidence(x)",
        "is_good" => "is_good(x)",
        "abs" => "abs(x)",
        "sqrt" => "sqrt(x)",
        "log" => "log(x)",
        "log10" => "log10(x)",
        _ => "exp(x)",
    }
}
