//! What the schema of `hazard_sources` is made of: the readers' own keys, words and bounds.

use super::{
    HazardUnit,
    read::UNITS,
    substance::{Beta, Substance},
    substances::SUBSTANCES,
};
pub(crate) use super::{
    category::symbols,
    live::{AREA_M2, DENSITY, KEYS as LIVE, POINTS_MAX, TONNES_PER_UNIT},
    member::{BETA_MAX, KEYS as MEMBER},
    read::{KEYS, MEMBERS_MAX, PEOPLE_MAX, SOURCES_MAX},
};

/// The words of a unit.
pub(crate) fn units() -> [&'static str; 2] {
    UNITS.map(HazardUnit::word)
}

/// All names of the toxic gases of table 3.
pub(crate) fn toxic() -> Vec<&'static str> {
    names(|known| matches!(known.beta, Beta::Toxic(_)))
}

/// All names of table 1 but those.
pub(crate) fn without_toxic() -> Vec<&'static str> {
    names(|known| !matches!(known.beta, Beta::Toxic(_)))
}

/// All names of substances whose category the site tells.
pub(crate) fn untold() -> Vec<&'static str> {
    names(|known| known.beta == Beta::Untold)
}

fn names(wanted: impl Fn(&Substance) -> bool) -> Vec<&'static str> {
    SUBSTANCES.iter().filter(|known| wanted(known)).flat_map(Substance::names).collect()
}
