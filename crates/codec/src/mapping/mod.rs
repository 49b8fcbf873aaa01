//! Mappings: how payloads of a vendor's own form are read.
//!
//! A mapping file says where in a payload values stand, and what belongs to them. It is compiled once, into one tree of all
//! the places that are looked at; a payload is then read along that tree, once, and nothing of it is copied that need not be.

mod chunks;
mod csv;
mod decode;
mod file;
mod level;
mod numbers;
mod path;
mod patterns;
mod problem;
mod reading;
mod shipped;
mod spec;
mod stamp;
mod trail;
mod tree;
mod walk;

use std::sync::Arc;

use davy_model::Text;

pub use self::problem::MappingProblem;
use self::spec::{Part, Spec};
use crate::{Captures, Codec, Limits, TopicPattern};

/// How payloads of one kind are read: the topics they come by, and where in them tags, values, units, times and qualities
/// stand.
#[derive(Clone, Debug)]
pub struct Mapping {
    name: Arc<str>,
    about: Text,
    pattern: Option<TopicPattern>,
    spec: Spec,
}

impl Mapping {
    /// Reads the text of `mappings/NAME.yaml`.
    ///
    /// # Errors
    /// Everything that is wrong with it, in the order of the text.
    pub fn read(name: &str, text: &str) -> Result<Mapping, Vec<MappingProblem>> {
        let file = file::read(text)?;
        Ok(Mapping { name: name.into(), about: file.about, pattern: file.pattern, spec: file.spec })
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it is for, in the words of its author.
    pub fn about(&self) -> &Text {
        &self.about
    }

    /// The topics its payloads come by, unless a source says otherwise.
    pub fn pattern(&self) -> Option<&TopicPattern> {
        self.pattern.as_ref()
    }

    /// The names that the topic has to have a level for, so that tags can be named.
    pub fn needs(&self) -> impl Iterator<Item = &str> {
        let parts = self.spec.rules.iter().flat_map(|rule| &rule.tag);
        parts.filter_map(|part| match part {
            Part::Topic(name) => Some(&**name),
            Part::Literal(_) | Part::Trail(_) | Part::Slot(_) | Part::Key => None,
        })
    }

    /// Whether its payloads carry readings at all: a heartbeat's do not.
    pub fn has_readings(&self) -> bool {
        self.spec.has_readings()
    }

    /// Reads the payloads of one topic, whose named levels are `captures`. When these lack a name that a tag is made of
    /// ([`Mapping::needs`]), every payload is refused.
    #[allow(clippy::needless_pass_by_value)] // A topic is known to one codec.
    pub fn codec(self: &Arc<Self>, captures: Captures, limits: Limits) -> Box<dyn Codec + Send> {
        Box::new(decode::Reader::new(Arc::clone(self), &captures, limits))
    }

    /// The mappings that ship with Davy: name and text of each.
    pub fn shipped() -> impl Iterator<Item = (&'static str, &'static str)> {
        shipped::all()
    }
}
