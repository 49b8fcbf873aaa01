//! The ways into a site besides its native topics: by which topics, how their payloads are read, for which edge node.

use std::collections::BTreeMap;
use std::sync::Arc;

use davy_codec::hj212::Framing;
use davy_codec::{Captures, Codec, Hj212, Limits, Mapping, PatternError, TopicPattern};
use davy_model::{Site, Source, SourceForm};

/// One source of a site, ready to be used.
#[derive(Debug)]
pub struct Way {
    pattern: TopicPattern,
    reader: Reader,
    edge_node: Option<Arc<str>>,
}

/// Who reads what comes by a way.
#[derive(Debug)]
enum Reader {
    Mapping(Arc<Mapping>),
    /// The frames of that box, and of no other.
    Hj212(Arc<str>),
}

/// What the number of a box stands behind in its topic, over MQTT and, by name alone, over TCP.
pub(crate) const BOX_TOPIC: &str = "hj212/";

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
    let name = match &source.form {
        SourceForm::Mapping(name) => name,
        SourceForm::Hj212 { mn } => return box_way(source, mn).map(Some),
        SourceForm::Sparkplug { .. } => return Ok(None),
    };
    let mapping = mappings.get(name).ok_or_else(|| WayFault::Mapping(Arc::clone(name)))?;
    let pattern = match (&source.topic, mapping.pattern()) {
        (Some(topic), _) => {
            TopicPattern::parse(topic).map_err(|error| WayFault::Topic(Arc::clone(topic), error))?
        }
        (None, Some(pattern)) => pattern.clone(),
        (None, None) => return Err(WayFault::NoTopic),
    };
    let reader = Reader::Mapping(Arc::clone(mapping));
    Ok(Some(Way { pattern, reader, edge_node: source.edge_node.clone() }))
}

fn box_way(source: &Source, mn: &Arc<str>) -> Result<Way, WayFault> {
    let topic = source.topic.clone().unwrap_or_else(|| format!("{BOX_TOPIC}{mn}").into());
    let pattern = TopicPattern::parse(&topic).map_err(|error| WayFault::Topic(topic, error))?;
    Ok(Way { pattern, reader: Reader::Hj212(Arc::clone(mn)), edge_node: source.edge_node.clone() })
}

impl Way {
    /// What a topic tells, when it is one of this way.
    pub(crate) fn takes(&self, topic: &str) -> Option<Captures> {
        self.pattern.matches(topic).or_else(|| {
            let mn = topic.strip_prefix(BOX_TOPIC)?;
            self.is_box(mn).then(Captures::none)
        })
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
        match &self.reader {
            Reader::Mapping(mapping) => mapping.codec(captures, limits),
            Reader::Hj212(mn) => box_codec(mn, limits),
        }
    }

    /// Whether it is the way of that box.
    pub(crate) fn is_box(&self, mn: &str) -> bool {
        match &self.reader {
            Reader::Hj212(own) => **own == *mn,
            Reader::Mapping(_) => false,
        }
    }
}

fn box_codec(mn: &Arc<str>, limits: Limits) -> Box<dyn Codec + Send> {
    // How long a segment may be, the listener says; what comes by MQTT is bounded by its payload.
    let framing = Framing { segment_len_max: 9999 };
    Box::new(Hj212 { limits, framing, only: Some(Arc::clone(mn)), ..Hj212::default() })
}
