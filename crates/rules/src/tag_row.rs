//! One row of `tags.csv` → one tag.

use std::{sync::Arc, time::Duration};

use davy_model::{Dimension, EdgeNode, Location, Quantity, Range, Reporting, Substance, Tag, Text, Unit};

use crate::{
    Code,
    cells::Cells,
    fields::{UNIT_FORM, UNIT_WORDS},
    known::Known,
    selector,
    tags_file::Column,
};

/// Taken when a row does not say how often its tag reports.
pub(crate) const DEFAULT_INTERVAL: Duration = Duration::from_secs(10);
/// The shortest silence limit that is taken when a row does not say.
pub(crate) const SHORTEST_DEFAULT_SILENCE: Duration = Duration::from_secs(10);
/// What is proposed for a mistyped quantity.
const QUANTITY_WORDS: [&str; 36] = [
    "gas.acetylene",
    "gas.benzene",
    "gas.c2h4",
    "gas.c2h6",
    "gas.c3h8",
    "gas.ch4",
    "gas.cl2",
    "gas.co",
    "gas.co2",
    "gas.cocl2",
    "gas.h2",
    "gas.h2s",
    "gas.hcl",
    "gas.hcn",
    "gas.hf",
    "gas.methanol",
    "gas.nh3",
    "gas.no2",
    "gas.o2",
    "gas.so2",
    "gas.toluene",
    "level",
    "length",
    "displacement",
    "volume",
    "mass",
    "pressure",
    "temperature",
    "flow",
    "mass_flow",
    "speed",
    "wind.speed",
    "wind.direction",
    "humidity",
    "ratio",
    "number",
];

/// Reads one row; `None` when anything is wrong with it, which is then reported.
pub(crate) fn read(cells: &mut Cells<'_>, known: Option<&Known<'_>>) -> Option<Tag> {
    let name = name(cells);
    let quantity = quantity(cells);
    let unit = quantity.as_ref().and_then(|quantity| unit(cells, quantity));
    let title = cells.words(Column::Title);
    let title_zh = cells.words(Column::TitleZh);
    let range = range(cells);
    let reporting = reporting(cells);
    let area = cells.reference(
        Column::Area,
        Code::AreaUnknown,
        "area",
        known.and_then(|known| known.areas.as_ref()),
    );
    let (device, edge_node) = senders(cells, known);
    let sent_as = sent_as(cells);
    let equipment = cells.words(Column::Equipment);
    let hazard_source = cells.reference(
        Column::HazardSource,
        Code::HazardSourceUnknown,
        "hazard source",
        known.and_then(|known| known.hazard_sources.as_ref()),
    );
    let role = role(cells);
    let location = location(cells);
    let substance = substance(cells, quantity.as_ref());
    let interval = cells.duration(Column::Interval).unwrap_or(DEFAULT_INTERVAL);
    let silence_limit = cells.duration(Column::SilenceLimit);
    let silence_limit =
        silence_limit.unwrap_or_else(|| default_silence(reporting, interval, edge_node.as_deref(), known));
    if !cells.is_good() {
        return None;
    }
    let name: Arc<str> = name?.into();
    Some(Tag {
        title: Text::both(title.unwrap_or_else(|| name.to_string()), title_zh.unwrap_or_default()),
        name,
        quantity: quantity?,
        unit: unit?,
        range,
        expected_interval: interval,
        silence_limit,
        reporting,
        area,
        edge_node,
        sent_as,
        device,
        equipment: equipment.map(Into::into),
        hazard_source,
        role: role.map(Into::into),
        location,
        substance,
    })
}

fn name<'a>(cells: &mut Cells<'a>) -> Option<&'a str> {
    let name = cells.need(Column::Tag)?;
    if Tag::may_be_named(name) {
        return Some(name);
    }
    let expected = "1 to 128 bytes without control characters, + or #";
    cells.error(Column::Tag, cells.finding(Code::NameInvalid, Column::Tag).expected(expected));
    None
}

fn sent_as(cells: &mut Cells<'_>) -> Option<Arc<str>> {
    let name = cells.get(Column::SentAs)?;
    if (1..=128).contains(&name.len()) && !name.contains(|c: char| c.is_control()) {
        return Some(name.into());
    }
    let expected = "1 to 128 bytes without control characters";
    cells.error(Column::SentAs, cells.finding(Code::NameInvalid, Column::SentAs).expected(expected));
    None
}

fn role<'a>(cells: &mut Cells<'a>) -> Option<&'a str> {
    let role = cells.get(Column::Role)?;
    if selector::is_role(role) {
        return Some(role);
    }
    let finding = cells.finding(Code::NameInvalid, Column::Role);
    cells.error(Column::Role, finding.expected(selector::ROLE_FORM));
    None
}

fn quantity(cells: &mut Cells<'_>) -> Option<Quantity> {
    let text = cells.need(Column::Quantity)?;
    let quantity = Quantity::new(text);
    if quantity.is_none() {
        let finding = cells.finding(Code::QuantityUnknown, Column::Quantity);
        let expected = "a quantity such as gas.h2s, level, pressure, temperature, flow, speed, state.pump";
        let near = davy_yaml::nearest(text, QUANTITY_WORDS);
        cells.error(Column::Quantity, finding.expected(expected).did_you_mean(near));
    }
    quantity
}

fn unit(cells: &mut Cells<'_>, quantity: &Quantity) -> Option<Unit> {
    let Some(text) = cells.get(Column::Unit) else { return Some(quantity.default_unit()) };
    let Some(unit) = Unit::parse(text) else {
        let near = davy_yaml::nearest(text, UNIT_WORDS);
        let finding = cells.finding(Code::UnitUnknown, Column::Unit).expected(UNIT_FORM);
        cells.error(Column::Unit, finding.did_you_mean(near));
        return None;
    };
    if unit.dimension() == quantity.dimension() {
        return Some(unit);
    }
    let expected = format!("a unit of {quantity}, such as {}", quantity.default_unit());
    cells.error(Column::Unit, cells.finding(Code::UnitMismatch, Column::Unit).expected(expected));
    None
}

fn range(cells: &mut Cells<'_>) -> Option<Range> {
    let given = (cells.get(Column::Low).is_some(), cells.get(Column::High).is_some());
    let (low, high) = (cells.number(Column::Low), cells.number(Column::High));
    let (missing, other) = match given {
        (true, true) => {
            let (low, high) = (low?, high?);
            if low >= high {
                let finding = cells.finding(Code::RangeInvalid, Column::High);
                cells.error(Column::High, finding.expected(format!("a top above the bottom, {low}")));
            }
            return Some(Range { low, high });
        }
        (false, false) => return None,
        (true, false) => (Column::High, Column::Low),
        (false, true) => (Column::Low, Column::High),
    };
    let finding = cells.finding(Code::RangeInvalid, missing);
    cells.error(missing, finding.expected(format!("a number, as {} is given", other.name())));
    None
}

fn reporting(cells: &mut Cells<'_>) -> Reporting {
    match cells.get(Column::Reporting) {
        None | Some("periodic") => Reporting::Periodic,
        Some("by_exception") => Reporting::ByException,
        Some(other) => {
            let near = davy_yaml::nearest(other, ["periodic", "by_exception"]);
            let finding = cells.finding(Code::WordUnknown, Column::Reporting);
            cells.error(Column::Reporting, finding.expected("periodic or by_exception").did_you_mean(near));
            Reporting::Periodic
        }
    }
}

/// The device and the edge node; the device's node, when the row does not say.
fn senders(cells: &mut Cells<'_>, known: Option<&Known<'_>>) -> (Option<Arc<str>>, Option<Arc<str>>) {
    let nodes = known.and_then(|known| known.nodes.as_ref());
    let devices = known.and_then(|known| known.devices.as_ref());
    let node = cells.reference(Column::EdgeNode, Code::EdgeNodeUnknown, "edge node", nodes);
    let device = cells.reference(Column::Device, Code::DeviceUnknown, "device", devices);
    let node_of = |device: &Arc<str>| known?.node_of_device.get(&**device).copied().flatten().cloned();
    let by_device = device.as_ref().and_then(node_of);
    match (node, by_device) {
        (Some(node), Some(other)) if node != other => {
            let expected = format!("{other}, the edge node of the device");
            cells.error(
                Column::EdgeNode,
                cells.finding(Code::DeviceElsewhere, Column::EdgeNode).expected(expected),
            );
            (device, Some(node))
        }
        (node, by_device) => (device, node.or(by_device)),
    }
}

/// Three intervals, at least [`SHORTEST_DEFAULT_SILENCE`]; by exception, what the edge node is given.
fn default_silence(
    reporting: Reporting,
    interval: Duration,
    node: Option<&str>,
    known: Option<&Known<'_>>,
) -> Duration {
    match reporting {
        Reporting::Periodic => (interval * 3).max(SHORTEST_DEFAULT_SILENCE),
        Reporting::ByException => {
            let silence = node.and_then(|id| known?.silence_of_node.get(id).copied());
            silence.unwrap_or(EdgeNode::DEFAULT_SILENCE_LIMIT)
        }
    }
}

fn location(cells: &mut Cells<'_>) -> Option<Location> {
    let geographic = [Column::Latitude, Column::Longitude];
    let local = [Column::X, Column::Y];
    let latitude = cells.number_within(Column::Latitude, -90.0, 90.0, "degrees north, -90 to 90");
    let longitude = cells.number_within(Column::Longitude, -180.0, 180.0, "degrees east, -180 to 180");
    let (x, y) = (cells.number(Column::X), cells.number(Column::Y));
    let elevation_m = cells.number(Column::Elevation);
    let count = |columns: [Column; 2]| columns.iter().filter(|column| cells.get(**column).is_some()).count();
    match (count(geographic), count(local)) {
        (0, 0) if cells.get(Column::Elevation).is_none() => return None,
        (2, 0) => {
            let elevation_m = elevation_m.unwrap_or(0.0);
            return Some(Location::Geographic {
                latitude_deg: latitude?,
                longitude_deg: longitude?,
                elevation_m,
            });
        }
        (0, 2) => return Some(Location::Local { x_m: x?, y_m: y?, elevation_m: elevation_m.unwrap_or(0.0) }),
        _ => {}
    }
    let all = [Column::Latitude, Column::Longitude, Column::X, Column::Y, Column::Elevation];
    let first = all.into_iter().find(|column| cells.get(*column).is_some()).unwrap_or(Column::Latitude);
    let expected = "latitude and longitude, or x and y, and elevation only with them";
    cells.error(first, cells.finding(Code::LocationInvalid, first).expected(expected));
    None
}

fn substance(cells: &mut Cells<'_>, quantity: Option<&Quantity>) -> Substance {
    let mass = cells.number_within(Column::MolarMass, 1.0, 1000.0, "g/mol, 1 to 1000");
    let lel = cells.number_within(Column::Lel, 0.01, 100.0, "% by volume, 0.01 to 100");
    let Some(quantity) = quantity else { return Substance::default() };
    for column in [Column::MolarMass, Column::Lel] {
        let is_gas = matches!(quantity.dimension(), Dimension::Concentration | Dimension::PathConcentration);
        if cells.get(column).is_some() && !is_gas {
            let expected = format!("nothing: {quantity} is no gas");
            cells.error(column, cells.finding(Code::UnitMismatch, column).expected(expected));
        }
    }
    let known = quantity.substance();
    Substance {
        molar_mass_g_per_mol: mass.or(known.molar_mass_g_per_mol),
        lel_percent_volume: lel.or(known.lel_percent_volume),
    }
}
