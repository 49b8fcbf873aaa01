//! `live` of a member: which tag tells what is in a place now, and how much a value of it means.

use davy_model::{Dimension, Unit};

use crate::{
    Code,
    fields::{Fields, Item},
    figure,
    report::{Finding, Place, Report},
    yaml::{Node, Value},
};

/// The keys of `live`.
pub(crate) const KEYS: [&str; 5] = ["tag", "tonnes_per_unit", "area", "density", "table"];
/// Points of a table at most.
pub(crate) const POINTS_MAX: usize = 1000;
/// Values of a table differ by so much at least, lie so near to 0, and mean no more than this, so that no sum overflows.
const STEP_MIN: f64 = 1e-6;
const VALUE_MAX: f64 = 1e9;
const CONTENT_MAX: f64 = 1e8;
/// t/m³: from a gas to osmium.
pub(crate) const DENSITY: std::ops::RangeInclusive<f64> = 1e-6..=25.0;
/// m².
pub(crate) const AREA_M2: std::ops::RangeInclusive<f64> = 1e-6..=1e6;
/// t a unit of a tag.
pub(crate) const TONNES_PER_UNIT: std::ops::RangeInclusive<f64> = 1e-9..=1e8;

/// How much a value of a tag means.
#[derive(Clone, Debug, PartialEq)]
pub enum Content {
    /// In proportion: so many t a unit of the tag.
    Linear(f64),
    /// By a table (容积表): values in the tag's unit, rising, and t, never falling. Two points at least.
    Table(Vec<(f64, f64)>),
}

/// A `live` before its tag is known.
pub(super) struct LiveDraft {
    pub(super) tag: String,
    pub(super) tag_place: Place,
    /// Where the keys stand.
    pub(super) place: Place,
    pub(super) about: String,
    pub(super) form: Form,
}

/// What the keys say; which of them fits is a matter of the tag.
pub(super) enum Form {
    /// Nothing: the tag is a mass.
    Mass,
    /// So many t a unit.
    PerUnit(f64),
    /// A level over so many t/m, that is area times density.
    PerMetre(f64),
    /// A volume of so many t/m³.
    PerCubicMetre(f64),
    /// A table to t.
    Table(Vec<(f64, f64)>),
}

/// Reads it. What is wrong with it goes to the report.
pub(super) fn read(item: &Item<'_>, about: &str, report: &mut Report) -> Option<LiveDraft> {
    let fields = Fields::open(item.node(), format!("{about}: live"), &KEYS, report)?;
    let tag = fields.need("tag", report).and_then(|item| Some((item.text(report)?.to_owned(), item.place)));
    let form = form(&fields, report);
    let (tag, tag_place) = tag?;
    Some(LiveDraft { tag, tag_place, place: fields.place, about: fields.about().to_owned(), form: form? })
}

fn form(fields: &Fields<'_>, report: &mut Report) -> Option<Form> {
    let number = |key: &'static str, range, report: &mut Report| fields.get(key)?.number(range, report);
    match fields.given(&KEYS[1..])[..] {
        [] => Some(Form::Mass),
        ["tonnes_per_unit"] => number("tonnes_per_unit", TONNES_PER_UNIT, report).map(Form::PerUnit),
        ["area", "density"] => {
            let (area, density) = (number("area", AREA_M2, report), number("density", DENSITY, report));
            Some(Form::PerMetre(area? * density?))
        }
        ["density"] => number("density", DENSITY, report).map(Form::PerCubicMetre),
        ["table"] => Some(Form::Table(table(&fields.get("table")?, 1.0, report)?)),
        ["density", "table"] => {
            let density = number("density", DENSITY, report);
            let table = table(&fields.get("table")?, density.unwrap_or(1.0), report);
            density.and(table).map(Form::Table)
        }
        ref given => {
            let finding = Finding::new(Code::KeyConflict, fields.about()).found_words(given.join(" and "));
            report.error(fields.place, finding.expected(FORMS));
            None
        }
    }
}

const FORMS: &str = "tonnes_per_unit; a table to t, or to m3 with a density; of a level, an area and a density; \
    of a volume, a density";

/// The points, the second of each times `density`.
fn table(item: &Item<'_>, density: f64, report: &mut Report) -> Option<Vec<(f64, f64)>> {
    let nodes = item.list_of(2..=POINTS_MAX, "points", report)?;
    let mut points: Vec<(f64, f64)> = Vec::with_capacity(nodes.len());
    for node in nodes {
        let Some((at, content)) = point(node) else {
            let finding = item.finding(Code::NumberInvalid).found_node(node);
            report.error(node.place, finding.expected("two numbers: [the tag's value, t or m3]"));
            return None;
        };
        let rises = points
            .last()
            .is_none_or(|(last_at, last)| at - last_at >= STEP_MIN && content * density >= *last);
        if !rises || !(0.0..=CONTENT_MAX).contains(&content) || at.abs() > VALUE_MAX {
            let finding = item.finding(Code::NumberRange).found_words(format!("[{at:?}, {content:?}]"));
            report.error(
                node.place,
                finding.expected("points that rise, and hold no less than those below, from 0"),
            );
            return None;
        }
        points.push((at, content * density));
    }
    Some(points)
}

fn point(node: &Node) -> Option<(f64, f64)> {
    let Value::List(numbers) = &node.value else { return None };
    let [Node { value: Value::Scalar(at), .. }, Node { value: Value::Scalar(content), .. }] = &numbers[..]
    else {
        return None;
    };
    Some((figure::number(at.trim())?, figure::number(content.trim())?))
}

impl Form {
    /// What a value of a tag in `unit` means; why not, for people, where the keys do not fit such a tag.
    pub(super) fn content(&self, unit: Unit) -> Result<Content, &'static str> {
        let scale = |to: Unit| unit.conversion(to, &Default::default()).map(|line| line.scale);
        match (self, unit.dimension()) {
            (Form::Mass, Dimension::Mass) => {
                Ok(Content::Linear(scale(Unit::Tonne).expect("both are masses")))
            }
            (Form::PerMetre(times), Dimension::Length) => {
                Ok(Content::Linear(scale(Unit::Metre).expect("both are lengths") * times))
            }
            (Form::PerCubicMetre(times), Dimension::Volume) => {
                Ok(Content::Linear(scale(Unit::CubicMetre).expect("both are volumes") * times))
            }
            (Form::PerUnit(times), Dimension::Length | Dimension::Volume | Dimension::Ratio) => {
                Ok(Content::Linear(*times))
            }
            (Form::Table(points), Dimension::Length | Dimension::Volume | Dimension::Ratio) => {
                Ok(Content::Table(points.clone()))
            }
            (_, Dimension::Mass) => Err("the key tag alone: its value is what there is"),
            (_, Dimension::Length) => Err("tonnes_per_unit, a table, or area and density"),
            (_, Dimension::Volume) => Err("density, tonnes_per_unit, or a table"),
            (_, Dimension::Ratio) => Err("tonnes_per_unit, or a table"),
            _ => Err("a tag that is a level, a volume, a mass, or a level in %"),
        }
    }
}

impl Content {
    /// What a value in the tag's unit means, t: never below 0, and never less for a higher value. Between the points of a
    /// table it is on a line, below the first what that says, above the last as the line before it goes on.
    pub fn tonnes(&self, value: f64) -> f64 {
        match self {
            Content::Linear(times) => (value * times).max(0.0),
            Content::Table(points) => {
                let above = points.partition_point(|(at, _)| *at < value).clamp(1, points.len() - 1);
                let ((from, low), (to, high)) = (points[above - 1], points[above]);
                if value <= from { low } else { low + (value - from) / (to - from) * (high - low) }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Content;

    #[test]
    fn a_table_is_a_line_between_points_and_goes_on_above_the_last() {
        let table = Content::Table(vec![(1.0, 10.0), (2.0, 40.0), (4.0, 60.0)]);
        for (value, want) in
            [(-5.0, 10.0), (1.0, 10.0), (1.5, 25.0), (2.0, 40.0), (3.0, 50.0), (4.0, 60.0), (5.0, 70.0)]
        {
            assert_eq!(table.tonnes(value), want, "at {value}");
        }
    }

    #[test]
    fn an_empty_vessel_holds_nothing_however_far_its_gauge_sinks() {
        assert_eq!(Content::Linear(12.5).tonnes(2.0), 25.0);
        assert_eq!(Content::Linear(12.5).tonnes(-0.1), 0.0);
    }
}
