//! `hazard_sources` of `site.yaml`: the units of a plant that may be major hazard sources (重大危险源), what is in them by
//! design, and which tags tell what is in them now.
//!
//! The figures are those of GB 18218-2018. How they are put together is for whoever reckons with them.

mod bind;
mod category;
mod exposure;
mod figures;
mod live;
mod member;
mod read;
pub(crate) mod schema;
mod substance;
mod substances;

use std::sync::Arc;

use davy_model::{TagIndex, Text};

use crate::Basis;

pub(crate) use bind::bind;
pub use live::Content;
pub(crate) use read::{Drafts, read};

/// The standard that the figures are from.
pub(crate) const STANDARD: &str = "GB 18218-2018";

/// A unit that may be a major hazard source.
#[derive(Clone, Debug, PartialEq)]
pub struct HazardSource {
    /// Its id, unique in the site.
    pub id: Arc<str>,
    /// What people call it.
    pub title: Text,
    /// What kind of unit.
    pub unit: HazardUnit,
    /// People who are there as a rule within 500 m outside the plant's boundary.
    pub people_exposed: u32,
    /// Alpha, 0.5 to 2, by those people.
    pub alpha: Sourced,
    /// What is in it, in the file's order; never empty.
    pub members: Vec<HazardMember>,
}

/// What kind of unit: each is looked at by itself (GB 18218-2018, 3.5 and 3.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HazardUnit {
    /// Making and using, cut off by valves from its neighbours.
    Production,
    /// A tank farm within its bund, or a warehouse of its own.
    Storage,
}

/// So much of one substance in one place: a tank, a store.
#[derive(Clone, Debug, PartialEq)]
pub struct HazardMember {
    /// What people call it; the substance, when the file does not say.
    pub title: Text,
    /// The substance: its name in the standard's table, or the site's own.
    pub substance: Arc<str>,
    /// What can be in it by design, t; above 0. By this the class in law goes (GB 18218-2018, 4.2.2).
    pub design_t: f64,
    /// The critical quantity Q of the substance, t; above 0.
    pub critical_t: Sourced,
    /// Beta, by how toxic or flammable the substance is; above 0.
    pub beta: Sourced,
    /// Which tag tells what is in it now.
    pub live: Option<Live>,
}

/// A figure, and where it comes from.
#[derive(Clone, Debug, PartialEq)]
pub struct Sourced {
    /// The figure.
    pub value: f64,
    /// Where it comes from.
    pub basis: Basis,
}

/// Which tag tells what is in a place now, and how.
#[derive(Clone, Debug, PartialEq)]
pub struct Live {
    /// The tag: a level, a volume or a mass.
    pub tag: TagIndex,
    /// How much a value of it means.
    pub content: Content,
}

impl HazardUnit {
    /// The word in files.
    pub const fn word(self) -> &'static str {
        match self {
            HazardUnit::Production => "production",
            HazardUnit::Storage => "storage",
        }
    }
}
