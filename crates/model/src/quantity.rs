//! What is measured, and what must be known of a gas to convert its units.

use std::fmt;

use crate::{Per, Unit};

/// What a tag measures: a dotted word such as `gas.h2s`, `level` or `pressure`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Quantity(Box<str>);

/// Units convert only inside one dimension.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Dimension {
    /// Of a gas in air: ppm, mg/m³, %vol, %LEL.
    Concentration,
    /// Of a gas along an open path: LEL·m.
    PathConcentration,
    /// Gauge or absolute, as the tag says.
    Pressure,
    /// Level, thickness, displacement.
    Length,
    /// What a vessel holds.
    Volume,
    /// What a vessel holds, weighed.
    Mass,
    /// Of anything.
    Temperature,
    /// Volume a time.
    VolumeFlow,
    /// Mass a time.
    MassFlow,
    /// Of air, mostly.
    Speed,
    /// A share of a whole: valve position, humidity.
    Ratio,
    /// On or off.
    State,
    /// A plain number, or degrees of a compass.
    Number,
    /// How long something takes, or has lasted.
    Time,
    /// Of anything, a time.
    Rate,
}

/// What a conversion between units of gas concentration needs.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Substance {
    /// Molar mass, g/mol.
    pub molar_mass_g_per_mol: Option<f64>,
    /// Lower explosive limit, % by volume.
    pub lel_percent_volume: Option<f64>,
}

struct KnownGas {
    name: &'static str,
    molar_mass: f64,
    lel: Option<f64>,
}

const fn gas(name: &'static str, molar_mass: f64, lel: Option<f64>) -> KnownGas {
    KnownGas { name, molar_mass, lel }
}

/// Molar masses are sums of standard atomic weights. LEL is the table in common use in China and the US (CH4 5.0 %vol;
/// IEC 60079-20-1 has 4.4): a tag may carry its own. Copies of that table differ for acetone (2.15 to 2.6), n-butane (1.5 to
/// 1.8) and ethanol (3.3 to 3.5): the lowest is taken, by which the same air reads as more %LEL.
const GASES: [KnownGas; 38] = [
    gas("acetone", 58.08, Some(2.15)),
    gas("acetylene", 26.04, Some(2.5)),
    gas("acrylonitrile", 53.06, Some(3.0)),
    gas("benzene", 78.11, Some(1.2)),
    gas("br2", 159.81, None),
    gas("butadiene", 54.09, Some(2.0)),
    gas("c2h4", 28.05, Some(2.7)),
    gas("c2h6", 30.07, Some(3.0)),
    gas("c3h6", 42.08, Some(2.0)),
    gas("c3h8", 44.10, Some(2.1)),
    gas("c4h10", 58.12, Some(1.5)),
    gas("ch3cl", 50.49, Some(8.1)),
    gas("ch4", 16.04, Some(5.0)),
    gas("cl2", 70.91, None),
    gas("co", 28.01, Some(12.5)),
    gas("co2", 44.01, None),
    gas("cocl2", 98.92, None),
    gas("ethanol", 46.07, Some(3.3)),
    gas("ethylene_oxide", 44.05, Some(3.0)),
    gas("formaldehyde", 30.03, Some(7.0)),
    gas("h2", 2.016, Some(4.0)),
    gas("h2o2", 34.01, None),
    gas("h2s", 34.08, Some(4.0)),
    gas("hcl", 36.46, None),
    gas("hcn", 27.03, Some(5.6)),
    gas("hexane", 86.18, Some(1.2)),
    gas("hf", 20.01, None),
    gas("methanol", 32.04, Some(6.0)),
    gas("nh3", 17.03, Some(15.0)),
    gas("no", 30.01, None),
    gas("no2", 46.01, None),
    gas("o2", 32.00, None),
    gas("o3", 48.00, None),
    gas("phenol", 94.11, None),
    gas("so2", 64.06, None),
    gas("toluene", 92.14, Some(1.2)),
    gas("vinyl_chloride", 62.50, Some(3.6)),
    gas("xylene", 106.17, Some(1.1)),
];

impl Quantity {
    /// A quantity by its dotted name; `None` when no dimension is known for it.
    ///
    /// Known: `gas.*`, `gas_path.*`, `level`, `length`, `displacement`, `volume`, `mass`, `pressure`, `temperature`, `flow`,
    /// `mass_flow`, `speed`, `wind.speed`, `wind.direction`, `humidity`, `ratio`, `state.*`, `number`, `duration`, `rate`; each may carry a `.suffix`.
    pub fn new(name: &str) -> Option<Quantity> {
        let well_formed = !name.is_empty()
            && name.split('.').all(|part| !part.is_empty() && part.bytes().all(is_quantity_byte));
        let quantity = Quantity(name.into());
        (well_formed && quantity.known_dimension().is_some()).then_some(quantity)
    }

    /// The dotted name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Which units it may carry.
    pub fn dimension(&self) -> Dimension {
        self.known_dimension().expect("`new` refuses a quantity without one")
    }

    /// What is known of the gas from its name alone.
    pub fn substance(&self) -> Substance {
        let known = self.0.strip_prefix("gas.").and_then(|name| GASES.iter().find(|gas| gas.name == name));
        known.map_or_else(Substance::default, |gas| Substance {
            molar_mass_g_per_mol: Some(gas.molar_mass),
            lel_percent_volume: gas.lel,
        })
    }

    /// The unit taken when a file does not say.
    pub fn default_unit(&self) -> Unit {
        match self.dimension() {
            Dimension::Concentration => Unit::Ppm,
            Dimension::PathConcentration => Unit::LelMetre,
            Dimension::Pressure => Unit::Kilopascal,
            Dimension::Length => Unit::Metre,
            Dimension::Volume => Unit::CubicMetre,
            Dimension::Mass => Unit::Tonne,
            Dimension::Temperature => Unit::Celsius,
            Dimension::VolumeFlow => Unit::CubicMetrePerHour,
            Dimension::MassFlow => Unit::KilogramPerHour,
            Dimension::Speed => Unit::MetrePerSecond,
            Dimension::Ratio => Unit::Percent,
            Dimension::State => Unit::OnOff,
            Dimension::Number => Unit::One,
            Dimension::Time => Unit::Second,
            Dimension::Rate => Unit::Rate(&Unit::One, Per::Minute),
        }
    }

    fn known_dimension(&self) -> Option<Dimension> {
        let (head, tail) = self.0.split_once('.').unwrap_or((&self.0, ""));
        Some(match (head, tail) {
            ("gas", tail) if !tail.is_empty() => Dimension::Concentration,
            ("gas_path", tail) if !tail.is_empty() => Dimension::PathConcentration,
            ("pressure", _) => Dimension::Pressure,
            ("level" | "length" | "displacement", _) => Dimension::Length,
            ("volume", _) => Dimension::Volume,
            ("mass", _) => Dimension::Mass,
            ("temperature", _) => Dimension::Temperature,
            ("flow", _) => Dimension::VolumeFlow,
            ("mass_flow", _) => Dimension::MassFlow,
            ("speed", _) | ("wind", "speed") => Dimension::Speed,
            ("humidity" | "ratio", _) => Dimension::Ratio,
            ("state", _) => Dimension::State,
            ("number", _) | ("wind", "direction") => Dimension::Number,
            ("duration", _) => Dimension::Time,
            ("rate", _) => Dimension::Rate,
            _ => return None,
        })
    }
}

const fn is_quantity_byte(byte: u8) -> bool {
    byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_'
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantity_must_have_a_dimension() {
        assert_eq!(Quantity::new("gas.h2s").map(|q| q.dimension()), Some(Dimension::Concentration));
        assert_eq!(Quantity::new("wind.direction").map(|q| q.dimension()), Some(Dimension::Number));
        for name in ["gas", "gas.", "happiness", "", "gas.H2S", "gas h2s"] {
            assert_eq!(Quantity::new(name), None, "{name}");
        }
    }

    #[test]
    fn every_dimension_has_a_unit_of_its_own() {
        for name in [
            "gas.ch4",
            "gas_path.ch4",
            "pressure",
            "level",
            "volume",
            "mass",
            "temperature",
            "flow",
            "mass_flow",
            "speed",
        ] {
            let quantity = Quantity::new(name).expect(name);
            assert_eq!(quantity.default_unit().dimension(), quantity.dimension());
        }
    }

    #[test]
    fn a_gas_with_an_occupational_limit_converts_to_ppm() {
        // mg/m³ a ppm at 20 °C: molar mass over 24.04 L/mol.
        let factors = [
            ("h2s", 1.418),
            ("co", 1.165),
            ("nh3", 0.708),
            ("cl2", 2.950),
            ("so2", 2.665),
            ("no2", 1.914),
            ("hcn", 1.124),
            ("hf", 0.832),
            ("hcl", 1.517),
            ("cocl2", 4.115),
            ("benzene", 3.249),
            ("toluene", 3.833),
            ("xylene", 4.417),
            ("methanol", 1.333),
            ("vinyl_chloride", 2.600),
            ("ethylene_oxide", 1.832),
            ("formaldehyde", 1.249),
            ("ch3cl", 2.100),
            ("no", 1.248),
        ];
        for (gas, factor) in factors {
            let substance = Quantity::new(&format!("gas.{gas}")).expect(gas).substance();
            let mass = substance.molar_mass_g_per_mol.expect(gas);
            assert!((mass / 24.04 - factor).abs() < 0.001, "{gas}: {mass} g/mol is not {factor} mg/m³ a ppm");
        }
    }

    #[test]
    fn the_gas_table_is_sorted_so_that_a_reader_finds_things() {
        assert!(GASES.windows(2).all(|pair| pair[0].name < pair[1].name));
    }
}
