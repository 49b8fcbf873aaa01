//! SenML's names of units → Davy's. One table, and its traps.
//!
//! Sources: RFC 8428, table 2 (primary units); RFC 8798, tables 1 and 2 (more primary units, and secondary ones).

/// What a SenML unit is here.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Known {
    /// The same unit, under Davy's name.
    Is(&'static str),
    /// So many of Davy's unit.
    Times(f64, &'static str),
    /// A unit that Davy has not, and whose SenML name means another to Davy: under a name that cannot be mistaken.
    Foreign(&'static str),
    /// `%` is a ratio between 0 and 1 in RFC 8428 (table 2, note 1), and a percentage to most who write it.
    Ambiguous,
}

/// What the unit of that name is; `None` when it has no other name here.
pub(super) fn known(name: &str) -> Option<Known> {
    TABLE.iter().find(|(senml, _)| *senml == name).map(|(_, known)| *known)
}

const TABLE: [(&str, Known); 20] = [
    // RFC 8428
    ("Cel", Known::Is("degC")),
    ("%RH", Known::Is("%")),
    // Remaining battery energy, in percent.
    ("%EL", Known::Is("%")),
    ("%", Known::Ambiguous),
    ("/", Known::Is("1")),
    ("count", Known::Is("1")),
    ("pH", Known::Is("1")),
    ("lat", Known::Is("deg")),
    ("lon", Known::Is("deg")),
    ("l", Known::Is("L")),
    ("l/s", Known::Times(60.0, "L/min")),
    // Coulomb; Davy reads C as degrees Celsius.
    ("C", Known::Foreign("C (coulomb)")),
    // RFC 8798, secondary units
    ("/100", Known::Is("%")),
    ("/1000", Known::Times(0.1, "%")),
    ("hPa", Known::Is("mbar")),
    ("km", Known::Times(1000.0, "m")),
    ("mm", Known::Is("mm")),
    ("cm", Known::Is("cm")),
    ("ug/m3", Known::Is("ug/m3")),
    ("ppm", Known::Is("ppm")),
];

#[cfg(test)]
mod tests {
    use davy_model::Unit;

    use super::*;

    /// RFC 8428, table 2.
    const PRIMARY: &str = "m kg g s A K cd mol Hz rad sr N Pa J W C V F Ohm S Wb T H Cel lm lx Bq Gy Sv kat m2 m3 l \
        m/s m/s2 m3/s l/s W/m2 cd/m2 bit bit/s lat lon pH dB dBW Bspl count / % %RH %EL EL 1/s 1/min beat/min beats S/m";
    /// RFC 8798, tables 1 and 2.
    const MORE: &str = "B VA VAs var vars J/m kg/m3 ms min h MHz kW kVA kvar Ah Wh kWh varh kvarh kVAh Wh/km KiB GB \
        Mbit/s B/s MB/s mV mA dBm ug/m3 mm/h m/h ppm /100 /1000 hPa mm cm km km/h";

    #[test]
    fn every_unit_named_here_is_one_of_davys() {
        for (senml, known) in TABLE {
            match known {
                Known::Is(unit) | Known::Times(_, unit) => assert!(Unit::parse(unit).is_some(), "{senml}"),
                Known::Foreign(name) => assert_eq!(Unit::parse(name), None, "{senml}"),
                Known::Ambiguous => {}
            }
        }
    }

    /// Of the names that are not in the table, those that mean something to Davy mean the same to SenML.
    #[test]
    fn no_senml_name_is_taken_for_another_unit() {
        let names = PRIMARY.split_whitespace().chain(MORE.split_whitespace());
        let taken: Vec<&str> =
            names.filter(|name| known(name).is_none() && Unit::parse(name).is_some()).collect();
        assert_eq!(
            taken,
            [
                "m", "kg", "s", "K", "Pa", "m3", "m/s", "m3/s", "1/s", "1/min", "min", "h", "mm/h", "m/h",
                "km/h",
            ]
        );
    }
}
