//! Units and their checked conversion.

use std::fmt;

use crate::{Dimension, Per, Substance};

/// A unit of measurement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Unit {
    /// Parts per million by volume.
    Ppm,
    /// Parts per billion by volume.
    Ppb,
    /// Milligrams a cubic metre of air in a reference state.
    MilligramPerCubicMetre(ReferenceState),
    /// Micrograms a cubic metre of air in a reference state.
    MicrogramPerCubicMetre(ReferenceState),
    /// Percent by volume.
    PercentVolume,
    /// Percent of the lower explosive limit; means nothing without it.
    PercentLel,
    /// LEL times metres of open path.
    LelMetre,
    /// Pa.
    Pascal,
    /// kPa.
    Kilopascal,
    /// MPa.
    Megapascal,
    /// 100 kPa.
    Bar,
    /// 100 Pa.
    Millibar,
    /// mm.
    Millimetre,
    /// cm.
    Centimetre,
    /// m.
    Metre,
    /// L.
    Litre,
    /// m³.
    CubicMetre,
    /// kg.
    Kilogram,
    /// t, 1000 kg.
    Tonne,
    /// °C.
    Celsius,
    /// K.
    Kelvin,
    /// °F.
    Fahrenheit,
    /// m³/h.
    CubicMetrePerHour,
    /// m³/s.
    CubicMetrePerSecond,
    /// L/min.
    LitrePerMinute,
    /// kg/h.
    KilogramPerHour,
    /// t/h.
    TonnePerHour,
    /// m/s.
    MetrePerSecond,
    /// km/h.
    KilometrePerHour,
    /// % of a whole.
    Percent,
    /// A share between 0 and 1, or any plain number.
    One,
    /// 0 is off, anything else is on.
    OnOff,
    /// Degrees of a compass.
    Degree,
    /// s.
    Second,
    /// min.
    Minute,
    /// h.
    Hour,
    /// d.
    Day,
    /// So much of a unit a unit of time: `degC/min`, `mm/d`.
    Rate(&'static Unit, Per),
}

/// The temperature at which a cubic metre is meant, at 101.325 kPa.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ReferenceState {
    /// 0 °C: HJ emission standards, 22.414 L/mol.
    C0,
    /// 20 °C: GBZ 2.1 and GB practice, 24.055 L/mol; taken when a file does not say.
    C20,
    /// 25 °C: NIOSH and ACGIH, 24.465 L/mol.
    C25,
}

/// A straight line from one unit to another: `scale * x + offset`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Conversion {
    /// Factor.
    pub scale: f64,
    /// Added after the factor, in the unit converted to.
    pub offset: f64,
}

/// Why two units do not convert.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConversionError {
    /// They measure different things.
    #[error("{from} is not a unit of the same kind as {to}")]
    Dimension {
        /// Converted from.
        from: Unit,
        /// Converted to.
        to: Unit,
    },
    /// ppm ↔ mg/m³ without a molar mass.
    #[error("{from} to {to} needs the molar mass of the gas")]
    MolarMass {
        /// Converted from.
        from: Unit,
        /// Converted to.
        to: Unit,
    },
    /// %LEL ↔ %vol without a lower explosive limit.
    #[error("{from} to {to} needs the lower explosive limit of the gas")]
    Lel {
        /// Converted from.
        from: Unit,
        /// Converted to.
        to: Unit,
    },
}

impl ReferenceState {
    /// Volume of a mole of ideal gas, L, at 101.325 kPa: R·T/p with R = 8.314 462 618 J/(mol·K) (CODATA 2018).
    pub const fn molar_volume_l(self) -> f64 {
        match self {
            ReferenceState::C0 => 22.414,
            ReferenceState::C20 => 24.055,
            ReferenceState::C25 => 24.465,
        }
    }

    const fn suffix(self) -> &'static str {
        match self {
            ReferenceState::C0 => "@0C",
            ReferenceState::C20 => "",
            ReferenceState::C25 => "@25C",
        }
    }
}

/// Every spelling of every unit but the two that carry a reference state; the first of a unit is how it is printed.
const SPELLINGS: &[(&str, Unit)] = &[
    ("ppm", Unit::Ppm),
    ("ppb", Unit::Ppb),
    ("%vol", Unit::PercentVolume),
    ("%VOL", Unit::PercentVolume),
    ("vol%", Unit::PercentVolume),
    ("%CH4", Unit::PercentVolume),
    ("%LEL", Unit::PercentLel),
    ("%lel", Unit::PercentLel),
    ("LEL", Unit::PercentLel),
    ("LEL.m", Unit::LelMetre),
    ("LEL·m", Unit::LelMetre),
    ("Pa", Unit::Pascal),
    ("kPa", Unit::Kilopascal),
    ("KPa", Unit::Kilopascal),
    ("MPa", Unit::Megapascal),
    ("Mpa", Unit::Megapascal),
    ("bar", Unit::Bar),
    ("mbar", Unit::Millibar),
    ("mm", Unit::Millimetre),
    ("cm", Unit::Centimetre),
    ("m", Unit::Metre),
    ("L", Unit::Litre),
    ("m3", Unit::CubicMetre),
    ("m³", Unit::CubicMetre),
    ("kg", Unit::Kilogram),
    ("t", Unit::Tonne),
    ("degC", Unit::Celsius),
    ("°C", Unit::Celsius),
    ("℃", Unit::Celsius),
    ("C", Unit::Celsius),
    ("K", Unit::Kelvin),
    ("degF", Unit::Fahrenheit),
    ("°F", Unit::Fahrenheit),
    ("m3/h", Unit::CubicMetrePerHour),
    ("m³/h", Unit::CubicMetrePerHour),
    ("m3/s", Unit::CubicMetrePerSecond),
    ("m³/s", Unit::CubicMetrePerSecond),
    ("L/min", Unit::LitrePerMinute),
    ("kg/h", Unit::KilogramPerHour),
    ("t/h", Unit::TonnePerHour),
    ("m/s", Unit::MetrePerSecond),
    ("km/h", Unit::KilometrePerHour),
    ("%", Unit::Percent),
    ("1", Unit::One),
    ("on/off", Unit::OnOff),
    ("onoff", Unit::OnOff),
    ("bool", Unit::OnOff),
    ("deg", Unit::Degree),
    ("°", Unit::Degree),
    ("s", Unit::Second),
    ("min", Unit::Minute),
    ("h", Unit::Hour),
    ("d", Unit::Day),
];

/// The units with a reference state, so that a rate of them has something to point to.
const MASSES: &[Unit] = &[
    Unit::MilligramPerCubicMetre(ReferenceState::C0),
    Unit::MilligramPerCubicMetre(ReferenceState::C20),
    Unit::MilligramPerCubicMetre(ReferenceState::C25),
    Unit::MicrogramPerCubicMetre(ReferenceState::C0),
    Unit::MicrogramPerCubicMetre(ReferenceState::C20),
    Unit::MicrogramPerCubicMetre(ReferenceState::C25),
];

/// The rates that have a name of their own, so that one unit has one name.
const NAMED_RATES: &[(Unit, Per, Unit)] = &[
    (Unit::Metre, Per::Second, Unit::MetrePerSecond),
    (Unit::CubicMetre, Per::Second, Unit::CubicMetrePerSecond),
    (Unit::CubicMetre, Per::Hour, Unit::CubicMetrePerHour),
    (Unit::Litre, Per::Minute, Unit::LitrePerMinute),
    (Unit::Kilogram, Per::Hour, Unit::KilogramPerHour),
    (Unit::Tonne, Per::Hour, Unit::TonnePerHour),
];

impl Unit {
    /// Reads a unit as files and payloads write it: `ppm`, `mg/m3`, `mg/m³@25C`, `%LEL`, `kPa`, `℃`...
    pub fn parse(text: &str) -> Option<Unit> {
        let text = text.trim();
        // No rate is of a rate: what stands before the time is a plain unit, however long the text.
        Unit::plain(text).or_else(|| {
            let (unit, per) = text.rsplit_once('/')?;
            Unit::plain(unit.trim())?.rate(Per::parse(per)?)
        })
    }

    /// How units may be spelled, rates and those with a reference state left out.
    pub fn spellings() -> impl Iterator<Item = &'static str> {
        SPELLINGS.iter().map(|(spelling, _)| *spelling)
    }

    /// A unit that is no rate of another.
    fn plain(text: &str) -> Option<Unit> {
        if let Some((_, unit)) = SPELLINGS.iter().find(|(spelling, _)| *spelling == text) {
            return Some(*unit);
        }
        let (mass, state) = text.split_once('@').unwrap_or((text, "20C"));
        let state = match state {
            "0C" => ReferenceState::C0,
            "20C" => ReferenceState::C20,
            "25C" => ReferenceState::C25,
            _ => return None,
        };
        match mass {
            "mg/m3" | "mg/m³" => Some(Unit::MilligramPerCubicMetre(state)),
            "ug/m3" | "µg/m³" | "μg/m³" | "ug/m³" => Some(Unit::MicrogramPerCubicMetre(state)),
            _ => None,
        }
    }

    /// So much of this unit a unit of time; none of what is a time or a rate already.
    pub fn rate(self, per: Per) -> Option<Unit> {
        if matches!(self.dimension(), Dimension::Time | Dimension::Rate) {
            return None;
        }
        let named = NAMED_RATES.iter().find(|(unit, time, _)| (*unit, *time) == (self, per));
        if let Some((_, _, rate)) = named {
            return Some(*rate);
        }
        let spelled = SPELLINGS.iter().map(|(_, unit)| unit);
        spelled.chain(MASSES).find(|unit| **unit == self).map(|unit| Unit::Rate(unit, per))
    }

    /// What it measures.
    pub const fn dimension(self) -> Dimension {
        match self {
            Unit::Ppm
            | Unit::Ppb
            | Unit::MilligramPerCubicMetre(_)
            | Unit::MicrogramPerCubicMetre(_)
            | Unit::PercentVolume
            | Unit::PercentLel => Dimension::Concentration,
            Unit::LelMetre => Dimension::PathConcentration,
            Unit::Pascal | Unit::Kilopascal | Unit::Megapascal | Unit::Bar | Unit::Millibar => {
                Dimension::Pressure
            }
            Unit::Millimetre | Unit::Centimetre | Unit::Metre => Dimension::Length,
            Unit::Litre | Unit::CubicMetre => Dimension::Volume,
            Unit::Kilogram | Unit::Tonne => Dimension::Mass,
            Unit::Celsius | Unit::Kelvin | Unit::Fahrenheit => Dimension::Temperature,
            Unit::CubicMetrePerHour | Unit::CubicMetrePerSecond | Unit::LitrePerMinute => {
                Dimension::VolumeFlow
            }
            Unit::KilogramPerHour | Unit::TonnePerHour => Dimension::MassFlow,
            Unit::MetrePerSecond | Unit::KilometrePerHour => Dimension::Speed,
            Unit::Percent => Dimension::Ratio,
            Unit::OnOff => Dimension::State,
            Unit::One | Unit::Degree => Dimension::Number,
            Unit::Second | Unit::Minute | Unit::Hour | Unit::Day => Dimension::Time,
            Unit::Rate(Unit::Millimetre | Unit::Centimetre | Unit::Metre, _) => Dimension::Speed,
            Unit::Rate(Unit::Litre | Unit::CubicMetre, _) => Dimension::VolumeFlow,
            Unit::Rate(Unit::Kilogram | Unit::Tonne, _) => Dimension::MassFlow,
            Unit::Rate(..) => Dimension::Rate,
        }
    }

    /// The line from this unit to `to`, for a gas where the units need one.
    ///
    /// # Errors
    /// [`ConversionError`] when the units measure different things, or something must be known of the gas and is not.
    pub fn conversion(self, to: Unit, substance: &Substance) -> Result<Conversion, ConversionError> {
        if self == to {
            return Ok(Conversion::IDENTITY);
        }
        let rates_of_others = matches!((self, to), (Unit::Rate(of, _), Unit::Rate(other, _)) if of.dimension() != other.dimension());
        if self.dimension() != to.dimension() || rates_of_others {
            return Err(ConversionError::Dimension { from: self, to });
        }
        let explain = |missing| match missing {
            Missing::MolarMass => ConversionError::MolarMass { from: self, to },
            Missing::Lel => ConversionError::Lel { from: self, to },
        };
        let (scale, offset) = self.to_base(substance).map_err(explain)?;
        let (back_scale, back_offset) = to.to_base(substance).map_err(explain)?;
        Ok(Conversion { scale: scale / back_scale, offset: (offset - back_offset) / back_scale })
    }

    /// Scale and offset to the first unit of its dimension: ppm, Pa, m, m³, kg, K, m³/s, kg/s, m/s, s.
    fn to_base(self, substance: &Substance) -> Result<(f64, f64), Missing> {
        let molar_mass = || substance.molar_mass_g_per_mol.ok_or(Missing::MolarMass);
        Ok(match self {
            Unit::Ppb => (1e-3, 0.0),
            // mg/m³ = ppm · M / Vm (GBZ/T 160, reference state in the unit).
            Unit::MilligramPerCubicMetre(state) => (state.molar_volume_l() / molar_mass()?, 0.0),
            Unit::MicrogramPerCubicMetre(state) => (state.molar_volume_l() / molar_mass()? * 1e-3, 0.0),
            Unit::PercentVolume => (1e4, 0.0),
            Unit::PercentLel => (substance.lel_percent_volume.ok_or(Missing::Lel)? * 100.0, 0.0),
            Unit::Kilopascal => (1e3, 0.0),
            Unit::Megapascal => (1e6, 0.0),
            Unit::Bar => (1e5, 0.0),
            Unit::Millibar => (1e2, 0.0),
            Unit::Millimetre => (1e-3, 0.0),
            Unit::Centimetre => (1e-2, 0.0),
            Unit::Litre => (1e-3, 0.0),
            Unit::Tonne => (1e3, 0.0),
            Unit::Celsius => (1.0, 273.15),
            Unit::Fahrenheit => (5.0 / 9.0, 459.67 * 5.0 / 9.0),
            Unit::CubicMetrePerHour => (1.0 / 3600.0, 0.0),
            Unit::LitrePerMinute => (1.0 / 60_000.0, 0.0),
            Unit::KilogramPerHour => (1.0 / 3600.0, 0.0),
            Unit::TonnePerHour => (1.0 / 3.6, 0.0),
            Unit::KilometrePerHour => (1.0 / 3.6, 0.0),
            Unit::Minute => (60.0, 0.0),
            Unit::Hour => (3600.0, 0.0),
            Unit::Day => (86_400.0, 0.0),
            // Of a length, a volume or a mass, the base is that of speeds and flows.
            Unit::Rate(unit, per) => (unit.to_base(substance)?.0 / per.seconds(), 0.0),
            Unit::Second
            | Unit::Ppm
            | Unit::LelMetre
            | Unit::Pascal
            | Unit::Metre
            | Unit::CubicMetre
            | Unit::Kilogram
            | Unit::Kelvin
            | Unit::CubicMetrePerSecond
            | Unit::MetrePerSecond
            | Unit::Percent
            | Unit::One
            | Unit::OnOff
            | Unit::Degree => (1.0, 0.0),
        })
    }
}

enum Missing {
    MolarMass,
    Lel,
}

impl Conversion {
    /// From a unit to itself.
    pub const IDENTITY: Conversion = Conversion { scale: 1.0, offset: 0.0 };

    /// The converted value.
    pub fn apply(self, value: f64) -> f64 {
        if self == Conversion::IDENTITY { value } else { value.mul_add(self.scale, self.offset) }
    }

    /// The converted width: a deadband has no zero point.
    pub fn apply_width(self, width: f64) -> f64 {
        width * self.scale
    }
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Unit::MilligramPerCubicMetre(state) => write!(f, "mg/m3{}", state.suffix()),
            Unit::MicrogramPerCubicMetre(state) => write!(f, "ug/m3{}", state.suffix()),
            Unit::Rate(unit, per) => write!(f, "{unit}/{}", per.word()),
            other => {
                let spelling = SPELLINGS.iter().find(|(_, unit)| unit == other);
                f.pad(spelling.expect("every other unit has a spelling").0)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Quantity;

    fn convert(gas: &str, value: f64, from: &str, to: &str) -> Result<f64, ConversionError> {
        let substance = Quantity::new(gas).expect(gas).substance();
        let (from, to) = (Unit::parse(from).expect(from), Unit::parse(to).expect(to));
        Ok(from.conversion(to, &substance)?.apply(value))
    }

    #[test]
    fn conversions_agree_with_the_published_figures() {
        for (gas, value, from, to, want, tolerance) in [
            // GBZ 2.1-2019 H2S MAC 10 mg/m³ at 20 °C.
            ("gas.h2s", 10.0, "mg/m3", "ppm", 7.05, 0.01),
            ("gas.cl2", 1.0, "mg/m3", "ppm", 0.339, 0.001),
            ("gas.co", 24.0, "ppm", "mg/m3@0C", 30.0, 0.1),
            ("gas.nh3", 300.0, "ppm", "mg/m3@25C", 208.8, 0.1),
            ("gas.ch4", 25.0, "%LEL", "%vol", 1.25, 1e-9),
            ("gas.ch4", 1.0, "%vol", "ppm", 10_000.0, 1e-6),
            ("pressure", 1.0, "bar", "kPa", 100.0, 1e-9),
            ("temperature", 212.0, "degF", "degC", 100.0, 1e-9),
            ("temperature", 0.0, "degC", "K", 273.15, 1e-9),
            ("flow", 1.0, "m3/h", "L/min", 16.666_667, 1e-5),
            ("mass_flow", 1.0, "t/h", "kg/h", 1000.0, 1e-9),
            ("level", 7.31, "m", "mm", 7310.0, 1e-9),
            ("volume", 2.5, "m3", "L", 2500.0, 1e-9),
            ("mass", 750.0, "kg", "t", 0.75, 1e-12),
            ("speed", 36.0, "km/h", "m/s", 10.0, 1e-9),
        ] {
            let got = convert(gas, value, from, to).expect(gas);
            assert!((got - want).abs() <= tolerance, "{value} {from} of {gas} is {got} {to}, not {want}");
        }
    }

    #[test]
    fn what_cannot_be_converted_says_why() {
        assert!(matches!(convert("gas.h2s", 1.0, "ppm", "kPa"), Err(ConversionError::Dimension { .. })));
        assert!(matches!(
            convert("gas.mixture", 1.0, "ppm", "mg/m3"),
            Err(ConversionError::MolarMass { .. })
        ));
        assert!(matches!(convert("gas.cl2", 1.0, "%LEL", "ppm"), Err(ConversionError::Lel { .. })));
        let error = convert("gas.cl2", 1.0, "%LEL", "ppm").expect_err("chlorine does not burn");
        assert_eq!(error.to_string(), "%LEL to ppm needs the lower explosive limit of the gas");
    }

    #[test]
    fn every_spelling_reads_and_every_unit_prints_what_it_reads() {
        for (spelling, unit) in SPELLINGS {
            assert_eq!(Unit::parse(spelling), Some(*unit));
            assert_eq!(Unit::parse(&unit.to_string()), Some(*unit));
        }
        for text in ["mg/m3", "mg/m3@0C", "mg/m3@25C", "ug/m3@25C"] {
            assert_eq!(Unit::parse(text).map(|unit| unit.to_string()).as_deref(), Some(text));
        }
        assert_eq!(Unit::parse("furlong"), None);
        assert_eq!(Unit::parse("mg/m3@19C"), None);
    }

    #[test]
    fn a_rate_is_a_unit_a_time() {
        for (value, from, to, want) in [
            (6.0, "degC/min", "K/s", 0.1),
            (0.1, "m/min", "mm/d", 144_000.0),
            (0.1, "m/min", "m/s", 0.1 / 60.0),
            (36.0, "km/h", "m/min", 600.0),
            (18.0, "degF/h", "degC/min", 1.0 / 6.0),
            (1.0, "mg/m3@25C/min", "mg/m3@25C/h", 60.0),
            (90.0, "s", "min", 1.5),
            (2.0, "t/min", "kg/h", 120_000.0),
            (3.0, "m3/min", "L/min", 3000.0),
        ] {
            let got = convert("gas.h2s", value, from, to).expect(from);
            assert!(
                (got - want).abs() < 1e-9 * want.abs().max(1.0),
                "{value} {from} is {got} {to}, not {want}"
            );
            assert_eq!(Unit::parse(from).map(|unit| unit.to_string()).as_deref(), Some(from));
        }
        for (from, to) in [("degC/min", "degC"), ("degC/min", "kPa/min"), ("degC", "degC/min")] {
            assert!(convert("gas.h2s", 1.0, from, to).is_err(), "{from} is not {to}");
        }
        assert_eq!(Unit::parse("s/min"), None);
        for (text, unit) in [("m /s", Unit::MetrePerSecond), ("kg /h", Unit::KilogramPerHour)] {
            assert_eq!(Unit::parse(text), Some(unit), "one unit has one name");
        }
        assert_eq!(Unit::parse("degC/min/min"), None);
        assert_eq!(Unit::parse(&"/s".repeat(1_000_000)), None, "long, and soon seen through");
    }

    #[test]
    fn a_deadband_has_no_zero_point() {
        let line =
            Unit::Celsius.conversion(Unit::Fahrenheit, &Substance::default()).expect("both temperatures");
        assert!((line.apply_width(5.0) - 9.0).abs() < 1e-9);
        assert!((line.apply(5.0) - 41.0).abs() < 1e-9);
    }
}
