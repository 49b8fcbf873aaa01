//! The ways into a site besides its native topics: by which topics, how their payloads are read, for which edge node.

use std::collections::BTreeMap;
use std::sync::Arc;

use davy_codec::{Captures, Codec, Limits, Mapping, PatternError, TopicPattern};
use davy_model::{Site, Source, SourceForm};

/// One source of a site, ready to be used.
#[derive(Debug)]
pub struct Way {
    pattern: TopicPattern,
    mapping: Arc<Mapping>,
    edge_node: Option<Arc<str>>,
}

/// The mappings of a site by name: those that ship with Davy, and the site's own in their place.
pub type Mappings = BTreeMap<Arc<str>, Arc<Mapping>>;

/// A source that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WayError {
    /// Its place in the file, from 0.
    pub source: usize,
    /// What is wrong with it.
    pub why: WayFault,
}

/// What is wrong with a source.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WayFault {
    /// No mapping has that name.
    #[error("no mapping {0}")]
    Mapping(Arc<str>),
    /// Its topic is no pattern, and why.
    #[error("topic {0}: {1}")]
    Topic(Arc<str>, PatternError),
    /// Neither it nor its mapping names a topic.
    #[error("no topic")]
    NoTopic,
}

/// Puts the sources of a site together with its mappings.
///
/// # Errors
/// Every source that names no mapping, or has no topic.
pub fn ways(site: &Site, mappings: &Mappings) -> Result<Vec<Way>, Vec<WayError>> {
    let mut ways = Vec::new();
    let mut errors = Vec::new();
    for (place, source) in site.sources.iter().enumerate() {
        match way(source, mappings) {
            Ok(way) => ways.extend(way),
            Err(why) => errors.push(WayError { source: place, why }),
        }
    }
    if errors.is_empty() { Ok(ways) } else { Err(errors) }
}

fn way(source: &Source, mappings: &Mappings) -> Result<Option<Way>, WayFault> {
    let SourceForm::Mapping(name) = &source.form else { return Ok(None) };
    let mapping = mappings.get(name).ok_or_else(|| WayFault::Mapping(Arc::clone(name)))?;
    let pattern = match (&source.topic, mapping.pattern()) {
        (Some(topic), _) => {
            TopicPattern::parse(topic).map_err(|error| WayFault::Topic(Arc::clone(topic), error))?
        }
        (None, Some(pattern)) => pattern.clone(),
        (None, None) => return Err(WayFault::NoTopic),
    };
    Ok(Some(Way { pattern, mapping: Arc::clone(mapping), edge_node: source.edge_node.clone() }))
}

impl Way {
    /// What a topic tells, when it is one of this way.
    pub(crate) fn takes(&self, topic: &str) -> Option<Captures> {
        self.pattern.matches(topic)
    }

    /// What a broker is asked for.
    pub(crate) fn filter(&self) -> String {
        self.pattern.filter()
    }

    /// The id of the edge node that a topic of this way is about; what its sender may speak for, where nothing else tells.
    pub(crate) fn edge_node<'a>(
        &'a self,
        captures: &'a Captures,
        sender: Option<&'a str>,
    ) -> Option<&'a str> {
        self.edge_node.as_deref().or_else(|| captures.get("edge_node")).or(sender)
    }

    /// Reads the payloads of one topic.
    pub(crate) fn codec(&self, captures: Captures, limits: Limits) -> Box<dyn Codec + Send> {
        self.mapping.codec(captures, limits)
    }
}
