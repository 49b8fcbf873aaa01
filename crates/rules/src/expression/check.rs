//! The tree of a text → numbers, conditions and their units; or every mistake.

use cel::{
    IdedExpr,
    common::ast::{CallExpr, Expr, LiteralValue, operators},
};
use davy_model::{Comparator, Substance, Unit};

use super::{
    DEPTH_MAX, Declared, FUNCTIONS, Mistake,
    measure::Measure,
    program::{Binary, Condition, Number, Unary},
    syntax::Parsed,
};
use crate::Code;

/// A part of an expression, checked.
pub(super) enum Typed {
    Number(Number, Measure),
    Condition(Condition),
}

/// Walks a tree once. A mistake gives no node, and the walk goes on beside it.
pub(super) struct Checker<'t> {
    parsed: &'t Parsed<'t>,
    pub(super) declared: &'t [Declared],
    pub(super) mistakes: Vec<Mistake>,
    pub(super) used: Vec<bool>,
    depth: usize,
}

/// A number of one unit with another: what is done with them, for the one who must mend it.
#[derive(Clone, Copy)]
pub(super) struct Pairing {
    /// `they cannot be compared`.
    pub(super) cannot: &'static str,
}

pub(super) const COMPARED: Pairing = Pairing { cannot: "they cannot be compared" };
const ADDED: Pairing = Pairing { cannot: "they cannot be added" };
const SUBTRACTED: Pairing = Pairing { cannot: "one cannot be taken from the other" };
const CHOSEN: Pairing = Pairing { cannot: "the result would be now in one, now in the other" };

impl<'t> Checker<'t> {
    pub(super) fn new(parsed: &'t Parsed<'t>, declared: &'t [Declared]) -> Checker<'t> {
        Checker { parsed, declared, mistakes: Vec::new(), used: vec![false; declared.len()], depth: 0 }
    }

    /// The whole expression, which must look at something.
    pub(super) fn whole(&mut self) -> Option<Typed> {
        let parsed = self.parsed;
        let typed = self.typed(&parsed.tree)?;
        if !self.used.contains(&true) {
            let mistake =
                Mistake::new(1, Code::ExpressionType).found("no input").expected("at least one input");
            return self.wrong(mistake.help("what does not look at a tag never changes"));
        }
        Some(typed)
    }

    /// A node of the tree.
    pub(super) fn typed(&mut self, node: &IdedExpr) -> Option<Typed> {
        if self.depth >= DEPTH_MAX {
            let mistake = self.mistake(node, Code::ExpressionTooLarge);
            return self.wrong(
                mistake
                    .found("one more")
                    .expected(format!("at most {DEPTH_MAX} operations inside each other")),
            );
        }
        self.depth += 1;
        let typed = match &node.expr {
            Expr::Literal(literal) => self.literal(node, literal),
            Expr::Ident(name) => self
                .input(node, name)
                .map(|input| Typed::Number(Number::Input(input), Measure::of(self.declared[input].unit))),
            Expr::Call(call) => self.call(node, call),
            Expr::Select(_) => self.no_part(node, "a field", "an input is a plain name, such as level"),
            Expr::List(_) | Expr::Comprehension(_) => self.no_part(node, "a list", "name each input"),
            Expr::Map(_) | Expr::Struct(_) | Expr::Unspecified => self.no_part(node, "a map", ""),
        };
        self.depth -= 1;
        typed
    }

    fn literal(&mut self, node: &IdedExpr, literal: &LiteralValue) -> Option<Typed> {
        #[expect(clippy::cast_precision_loss, reason = "every number of an expression is a double")]
        let value = match literal {
            LiteralValue::Double(value) => *value.inner(),
            LiteralValue::Int(value) => *value.inner() as f64,
            LiteralValue::UInt(value) => *value.inner() as f64,
            LiteralValue::Boolean(value) => {
                return Some(Typed::Condition(Condition::Constant(*value.inner())));
            }
            LiteralValue::String(_) => {
                return self.no_part(node, "a text", "texts are for the units in unit and convert");
            }
            LiteralValue::Bytes(_) => return self.no_part(node, "bytes", ""),
            LiteralValue::Null => return self.no_part(node, "null", "ask is_evidence(x) of an input"),
        };
        Some(Typed::Number(Number::Constant(value), Measure::Free))
    }

    /// The place of an input among those declared.
    pub(super) fn input(&mut self, node: &IdedExpr, name: &str) -> Option<usize> {
        if let Some(input) = self.declared.iter().position(|declared| *declared.name == *name) {
            self.used[input] = true;
            return Some(input);
        }
        let names: Vec<&str> = self.declared.iter().map(|declared| &*declared.name).collect();
        let mistake = self.mistake(node, Code::InputUnknown).found_text(name);
        let mistake = mistake.expected(format!("one of the inputs: {}", names.join(", ")));
        let mistake = match davy_yaml::nearest(name, names.iter().copied()) {
            Some(near) => mistake.help(format!("did you mean \"{near}\"?")),
            None => mistake.help("declare it in the rule's inputs"),
        };
        self.wrong(mistake)
    }

    fn call(&mut self, node: &IdedExpr, call: &CallExpr) -> Option<Typed> {
        if call.target.is_some() {
            let name = &call.func_name;
            return self.no_part(node, "a method", &format!("write {name}(a, b) in place of a.{name}(b)"));
        }
        match (call.func_name.as_str(), call.args.as_slice()) {
            (operators::ADD, [x, y]) => self.sum(node, Binary::Add, ADDED, x, y),
            (operators::SUBSTRACT, [x, y]) => self.sum(node, Binary::Subtract, SUBTRACTED, x, y),
            (operators::MULTIPLY, [x, y]) => self.product(node, Binary::Multiply, 1, x, y),
            (operators::DIVIDE, [x, y]) => self.product(node, Binary::Divide, -1, x, y),
            (operators::GREATER, [x, y]) => self.compare(node, Comparator::Above, x, y),
            (operators::GREATER_EQUALS, [x, y]) => self.compare(node, Comparator::AtOrAbove, x, y),
            (operators::LESS, [x, y]) => self.compare(node, Comparator::Below, x, y),
            (operators::LESS_EQUALS, [x, y]) => self.compare(node, Comparator::AtOrBelow, x, y),
            (operators::EQUALS, [x, y]) => self.equal(node, x, y).map(Typed::Condition),
            (operators::NOT_EQUALS, [x, y]) => {
                let equal = self.equal(node, x, y)?;
                Some(Typed::Condition(Condition::Not(Box::new(equal))))
            }
            (operators::NEGATE, [x]) => {
                let (number, measure) = self.number(x)?;
                self.unary(node, Unary::Negate, number, measure)
            }
            (operators::LOGICAL_NOT, [x]) => {
                let inner = self.condition(x)?;
                Some(Typed::Condition(Condition::Not(Box::new(inner))))
            }
            (operators::LOGICAL_AND, [x, y]) => self.both(x, y, Condition::And),
            (operators::LOGICAL_OR, [x, y]) => self.both(x, y, Condition::Or),
            (operators::CONDITIONAL, [condition, x, y]) => self.choice(node, condition, x, y),
            (operators::MODULO, _) => self.no_part(node, "\"%\"", "a measured value has no remainder"),
            (operators::INDEX | operators::IN, _) => self.no_part(node, "a list", "name each input"),
            (name, args) => self.function(node, name, args),
        }
    }

    /// Two numbers that must be in one unit, and that unit.
    pub(super) fn alike(
        &mut self,
        node: &IdedExpr,
        pairing: Pairing,
        (x, mine): (Number, Measure),
        (y, theirs): (Number, Measure),
        names: (&IdedExpr, &IdedExpr),
    ) -> Option<((Number, Number), Measure)> {
        if mine == theirs || theirs == Measure::Free {
            return Some(((x, y), mine));
        }
        if mine == Measure::Free {
            return Some(((x, y), theirs));
        }
        // A figure with a unit of its own says what it means, so it may be written in any unit of the kind.
        if let Some(y) = brought(&y, &theirs, &mine) {
            return Some(((x, y), mine));
        }
        if let Some(x) = brought(&x, &mine, &theirs) {
            return Some(((x, y), theirs));
        }
        let found = format!(
            "{} {mine}, {} {theirs}",
            described(names.0, "the left side"),
            described(names.1, "the right side")
        );
        let help = match mended((&x, &mine, names.0), (&y, &theirs, names.1)) {
            Some(mended) => format!("{}; {mended}", pairing.cannot),
            None => pairing.cannot.to_owned(),
        };
        let mistake = self.mistake(node, Code::UnitMismatch);
        self.wrong(mistake.found(found).expected("both in one unit").help(help))
    }

    fn sum(
        &mut self,
        node: &IdedExpr,
        how: Binary,
        pairing: Pairing,
        x: &IdedExpr,
        y: &IdedExpr,
    ) -> Option<Typed> {
        let (left, right) = (self.number(x), self.number(y));
        let (pair, measure) = self.alike(node, pairing, left?, right?, (x, y))?;
        self.binary(node, how, pair, measure)
    }

    fn product(
        &mut self,
        node: &IdedExpr,
        how: Binary,
        sign: i32,
        x: &IdedExpr,
        y: &IdedExpr,
    ) -> Option<Typed> {
        let (left, right) = (self.number(x), self.number(y));
        let ((left, mine), (right, theirs)) = (left?, right?);
        let Some(measure) = mine.times(&theirs, sign) else {
            let mistake =
                self.mistake(node, Code::UnitMismatch).found(format!("one more power of a value {mine}"));
            return self.wrong(mistake.expected("units to the power of 8 at most"));
        };
        self.binary(node, how, (left, right), measure)
    }

    fn compare(&mut self, node: &IdedExpr, how: Comparator, x: &IdedExpr, y: &IdedExpr) -> Option<Typed> {
        let (left, right) = (self.number(x), self.number(y));
        let (pair, _) = self.alike(node, COMPARED, left?, right?, (x, y))?;
        Some(Typed::Condition(Condition::Compare(how, Box::new(pair))))
    }

    fn equal(&mut self, node: &IdedExpr, x: &IdedExpr, y: &IdedExpr) -> Option<Condition> {
        let (left, right) = (self.typed(x), self.typed(y));
        match (left?, right?) {
            (Typed::Number(left, mine), Typed::Number(right, theirs)) => {
                let (pair, _) = self.alike(node, COMPARED, (left, mine), (right, theirs), (x, y))?;
                Some(Condition::Equal(Box::new(pair)))
            }
            (left, right) => {
                let (left, right) = (self.as_condition(x, left), self.as_condition(y, right));
                Some(Condition::Same(Box::new((left?, right?))))
            }
        }
    }

    fn both(
        &mut self,
        x: &IdedExpr,
        y: &IdedExpr,
        how: fn(Box<(Condition, Condition)>) -> Condition,
    ) -> Option<Typed> {
        let (left, right) = (self.condition(x), self.condition(y));
        Some(Typed::Condition(how(Box::new((left?, right?)))))
    }

    fn choice(&mut self, node: &IdedExpr, condition: &IdedExpr, x: &IdedExpr, y: &IdedExpr) -> Option<Typed> {
        let condition = self.condition(condition);
        let (left, right) = (self.typed(x), self.typed(y));
        match (condition?, left?, right?) {
            (condition, Typed::Number(left, mine), Typed::Number(right, theirs)) => {
                let ((left, right), measure) =
                    self.alike(node, CHOSEN, (left, mine), (right, theirs), (x, y))?;
                Some(Typed::Number(Number::Choice(Box::new((condition, left, right))), measure))
            }
            (condition, left, right) => {
                let (left, right) = (self.as_condition(x, left), self.as_condition(y, right));
                Some(Typed::Condition(Condition::Choice(Box::new((condition, left?, right?)))))
            }
        }
    }

    /// A node that must be a number.
    pub(super) fn number(&mut self, node: &IdedExpr) -> Option<(Number, Measure)> {
        match self.typed(node)? {
            Typed::Number(number, measure) => Some((number, measure)),
            Typed::Condition(_) => {
                let mistake = self.mistake(node, Code::ExpressionType);
                let mistake = mistake.found("a condition").expected("a number");
                self.wrong(
                    mistake.help("condition ? 1.0 : 0.0 makes a number of it; a < b && b < c compares three"),
                )
            }
        }
    }

    fn condition(&mut self, node: &IdedExpr) -> Option<Condition> {
        let typed = self.typed(node)?;
        self.as_condition(node, typed)
    }

    /// A condition; what is on or off is one, too.
    fn as_condition(&mut self, node: &IdedExpr, typed: Typed) -> Option<Condition> {
        match typed {
            Typed::Condition(condition) => Some(condition),
            Typed::Number(number, measure) if measure == Measure::of(Unit::OnOff) => {
                Some(Condition::On(Box::new(number)))
            }
            Typed::Number(_, measure) => {
                let found = format!("{} {measure}", described(node, "a number"));
                let mistake = self.mistake(node, Code::ExpressionType).found(found).expected("a condition");
                self.wrong(mistake.help("compare it with a figure, such as > 0.0"))
            }
        }
    }

    pub(super) fn unary(
        &mut self,
        node: &IdedExpr,
        how: Unary,
        x: Number,
        measure: Measure,
    ) -> Option<Typed> {
        let at = self.parsed.character(node);
        match x {
            Number::Constant(value) => self.constant(node, how.of(value), measure),
            x => Some(Typed::Number(Number::Unary(how, Box::new(x), at), measure)),
        }
    }

    pub(super) fn binary(
        &mut self,
        node: &IdedExpr,
        how: Binary,
        pair: (Number, Number),
        measure: Measure,
    ) -> Option<Typed> {
        let at = self.parsed.character(node);
        match pair {
            (Number::Constant(x), Number::Constant(y)) => self.constant(node, how.of(x, y), measure),
            pair => Some(Typed::Number(Number::Binary(how, Box::new(pair), at), measure)),
        }
    }

    fn constant(&mut self, node: &IdedExpr, value: f64, measure: Measure) -> Option<Typed> {
        if value.is_finite() {
            return Some(Typed::Number(Number::Constant(value), measure));
        }
        let mistake = self.mistake(node, Code::NumberInvalid).found("figures without a finite result");
        self.wrong(mistake.expected("a number that can be held"))
    }

    pub(super) fn no_unit<T>(&mut self, node: &IdedExpr, of: &Measure) -> Option<T> {
        let mistake = self.mistake(node, Code::UnitMismatch).found(format!("a value {of}"));
        let help = "divide it by a figure of its unit first, such as level / unit(1.0, \"m\")";
        self.wrong(mistake.expected("a value whose result has a unit").help(help))
    }

    pub(super) fn no_function<T>(&mut self, node: &IdedExpr, name: &str) -> Option<T> {
        let mistake = self.mistake(node, Code::ExpressionSyntax).found_text(name);
        let mistake = mistake.expected(format!("one of the functions: {}", FUNCTIONS.join(", ")));
        self.wrong(match davy_yaml::nearest(name, FUNCTIONS) {
            Some(near) => mistake.help(format!("did you mean \"{near}\"?")),
            None => mistake,
        })
    }

    fn no_part<T>(&mut self, node: &IdedExpr, what: &str, help: &str) -> Option<T> {
        let mistake = self.mistake(node, Code::ExpressionSyntax).found(what);
        self.wrong(mistake.expected("numbers, conditions and their operators").help(help))
    }

    pub(super) fn mistake(&self, node: &IdedExpr, code: Code) -> Mistake {
        Mistake::new(self.parsed.character(node), code)
    }

    pub(super) fn wrong<T>(&mut self, mistake: Mistake) -> Option<T> {
        self.mistakes.push(mistake);
        None
    }
}

/// A constant in one unit, in another; none when it is not constant, or no factor leads from one to the other.
fn brought(number: &Number, from: &Measure, to: &Measure) -> Option<Number> {
    let (Number::Constant(value), Measure::Of(_), Measure::Of(_)) = (number, from, to) else { return None };
    let line = from.unit()?.conversion(to.unit()?, &Substance::default()).ok()?;
    // A temperature has a zero point, and a difference of two has none: which is meant cannot be known here.
    (line.offset == 0.0).then(|| Number::Constant(line.apply(*value)))
}

/// How to bring one side to the unit of the other, when it can be.
fn mended(left: (&Number, &Measure, &IdedExpr), right: (&Number, &Measure, &IdedExpr)) -> Option<String> {
    let (mine, theirs) = (left.1.unit()?, right.1.unit()?);
    if mine.dimension() != theirs.dimension() {
        return None;
    }
    match ((left.0, &left.2.expr), (right.0, &right.2.expr)) {
        (_, (Number::Constant(_), _)) => Some(format!("write the figure in {mine}")),
        ((Number::Constant(_), _), _) => Some(format!("write the figure in {theirs}")),
        (_, (_, Expr::Ident(name))) => Some(format!("write convert({name}, \"{mine}\")")),
        ((_, Expr::Ident(name)), _) => Some(format!("write convert({name}, \"{theirs}\")")),
        _ => Some(format!("convert the inputs of one side to the unit of the other: {mine} or {theirs}")),
    }
}

/// An input by its name, and anything else by where it stands.
pub(super) fn described<'n>(node: &'n IdedExpr, otherwise: &'n str) -> &'n str {
    match &node.expr {
        Expr::Ident(name) => name,
        _ => otherwise,
    }
}
