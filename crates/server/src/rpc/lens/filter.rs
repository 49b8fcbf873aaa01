//! Which entries of a list: the grammar is AIP-160's, the fields are the contract's.

use std::cmp::Ordering;

use aip_160::{Arg, Comparable, Comparator, Expression, Restriction, StringMatch, Value as Literal};
use prost_reflect::{DynamicMessage, Kind, MessageDescriptor};

use super::{key::Key, path::Path};

/// Bytes of a filter at most.
const LEN_MAX: usize = 2048;
/// How deep it may be nested.
const DEPTH_MAX: usize = 16;

/// A filter whose fields there are, and whose values are of their kinds.
#[derive(Debug)]
pub(super) enum Filter {
    All(Vec<Filter>),
    Any(Vec<Filter>),
    Not(Box<Filter>),
    /// Something stands there.
    Present(Path),
    Compare(Path, Comparator, Key),
    /// A text with `*` at an end of it, or one that has to be within.
    Like(Path, Shape),
    /// A text that is there, and not like this.
    Unlike(Path, Shape),
}

/// What a text is to be like.
#[derive(Debug)]
pub(super) enum Shape {
    Begins(String),
    Ends(String),
    Holds(String),
}

impl Filter {
    /// Reads a filter; `None` when it is empty.
    ///
    /// # Errors
    /// What is wrong, in words.
    pub(super) fn parse(kind: &MessageDescriptor, text: &str) -> Result<Option<Filter>, String> {
        if text.len() > LEN_MAX {
            return Err(format!("{} bytes, more than {LEN_MAX}", text.len()));
        }
        let parsed =
            aip_160::parse_filter_with_max_depth(text, DEPTH_MAX).map_err(|error| error.to_string())?;
        parsed.expression.as_ref().map(|expression| checked(kind, expression)).transpose()
    }

    /// Whether an entry meets it. What is absent meets no comparison.
    pub(super) fn meets(&self, entry: &DynamicMessage) -> bool {
        match self {
            Filter::All(parts) => parts.iter().all(|part| part.meets(entry)),
            Filter::Any(parts) => parts.iter().any(|part| part.meets(entry)),
            Filter::Not(part) => !part.meets(entry),
            Filter::Present(path) => !path.values(entry).is_empty(),
            Filter::Compare(path, comparator, wanted) => {
                path.values(entry).iter().any(|value| holds(*comparator, value.compare(wanted)))
            }
            Filter::Like(path, shape) => path.values(entry).iter().any(|value| shape.is(value)),
            Filter::Unlike(path, shape) => path.values(entry).iter().any(|value| !shape.is(value)),
        }
    }
}

impl Shape {
    fn is(&self, value: &Key) -> bool {
        let Key::Text(text) = value else { return false };
        match self {
            Shape::Begins(with) => text.starts_with(with),
            Shape::Ends(with) => text.ends_with(with),
            Shape::Holds(part) => text.contains(part),
        }
    }
}

fn holds(comparator: Comparator, order: Ordering) -> bool {
    match comparator {
        Comparator::Equal | Comparator::Has => order.is_eq(),
        Comparator::NotEqual => order.is_ne(),
        Comparator::GreaterThan => order.is_gt(),
        Comparator::GreaterThanOrEqual => order.is_ge(),
        Comparator::LessThan => order.is_lt(),
        Comparator::LessThanOrEqual => order.is_le(),
    }
}

fn checked(kind: &MessageDescriptor, expression: &Expression) -> Result<Filter, String> {
    let each = |parts: &[Expression]| parts.iter().map(|part| checked(kind, part)).collect::<Result<_, _>>();
    match expression {
        Expression::And(parts) | Expression::Sequence(parts) => each(parts).map(Filter::All),
        Expression::Or(parts) => each(parts).map(Filter::Any),
        Expression::Not(part) => checked(kind, part).map(|part| Filter::Not(Box::new(part))),
        Expression::Restriction(restriction) => compared(kind, restriction),
        Expression::Global(what) => {
            let what = what.field_path().unwrap_or_default();
            Err(format!("{what}: say what of a field is wanted, as in tier >= ORANGE"))
        }
    }
}

fn compared(kind: &MessageDescriptor, restriction: &Restriction) -> Result<Filter, String> {
    let Restriction { comparable, comparator, arg } = restriction;
    let Comparable::Member(member) = comparable else {
        return Err("there are no functions".to_owned());
    };
    let text = member.field_path().ok_or("a field's name is not quoted")?;
    let path = Path::parse(kind, &text)?;
    let literal = match arg {
        Arg::Comparable(Comparable::Member(member)) if member.is_simple() => &member.value,
        _ => return Err(format!("{text}: what it is compared with is a value, quoted where it has dots")),
    };
    let has = *comparator == Comparator::Has;
    match (comparator, literal) {
        (Comparator::Has, Literal::Text(star)) if star == "*" => return Ok(Filter::Present(path)),
        (Comparator::Equal, null) if null.is_null() => {
            return Ok(Filter::Not(Box::new(Filter::Present(path))));
        }
        (Comparator::NotEqual, null) if null.is_null() => return Ok(Filter::Present(path)),
        _ => {}
    }
    if path.is_many() && !has {
        return Err(format!("{text} has several values: ask {text}:{}", literal.as_str()));
    }
    if matches!(path.field().kind(), Kind::String)
        && let Some(shape) = like(&path, *comparator, literal)
    {
        let is_negated = *comparator == Comparator::NotEqual;
        return Ok(if is_negated { Filter::Unlike(path, shape) } else { Filter::Like(path, shape) });
    }
    let wanted = Key::parse(path.field(), literal)?;
    Ok(Filter::Compare(path, *comparator, wanted))
}

/// A text that is to be like something, and not the same.
fn like(path: &Path, comparator: Comparator, literal: &Literal) -> Option<Shape> {
    let shape = match literal.string_match() {
        Some(StringMatch::Prefix(with)) => Shape::Begins(with.to_owned()),
        Some(StringMatch::Suffix(with)) => Shape::Ends(with.to_owned()),
        Some(StringMatch::Contains(part)) => Shape::Holds(part.to_owned()),
        Some(StringMatch::Exact(_)) | None => {
            let within = comparator == Comparator::Has && !path.is_many();
            return within.then(|| Shape::Holds(literal.as_str().to_owned()));
        }
    };
    let fits = matches!(comparator, Comparator::Equal | Comparator::NotEqual | Comparator::Has);
    fits.then_some(shape)
}
