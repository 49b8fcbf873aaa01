//! Mappings: how a vendor's payloads are read.

mod flat;
mod problem;

use std::sync::Arc;

use davy_model::Text;
use davy_yaml::{Node, Value};

pub use self::problem::MappingProblem;
use crate::{Captures, Codec, Limits, TopicPattern};

/// How payloads of one kind are read: the topics they come by, and where in them tags, values, units, times and qualities
/// stand.
#[derive(Clone, Debug, PartialEq)]
pub struct Mapping {
    name: Arc<str>,
    pattern: Option<TopicPattern>,
    tag: Arc<str>,
}

/// The mappings that ship with Davy, by name.
const SHIPPED: &[(&str, &str)] = &[(
    "thingsboard-device",
    include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../deploy/mappings/thingsboard-device.yaml")),
)];

impl Mapping {
    /// Reads the text of `mappings/NAME.yaml`.
    ///
    /// # Errors
    /// Everything that is wrong with it, in the order of the text.
    pub fn read(name: &str, text: &str) -> Result<Mapping, Vec<MappingProblem>> {
        let root = davy_yaml::parse(text, 0).map_err(|broken| {
            let message = Text::both(broken.problem.clone(), format!("不是合法的 YAML：{}", broken.problem));
            vec![MappingProblem::new(broken.place, "", message)]
        })?;
        let topic = find(&root, "topic").and_then(|node| Some((node, scalar(node)?)));
        let pattern = topic.map(|(node, text)| {
            TopicPattern::parse(text).map_err(|error| {
                vec![MappingProblem::new(node.place, "topic", Text::both(error.en(), error.zh()))]
            })
        });
        let tag = find(&root, "readings").and_then(|node| match &node.value {
            Value::List(items) => items.first().and_then(|item| find(item, "tag")).and_then(scalar),
            _ => None,
        });
        Ok(Mapping { name: name.into(), pattern: pattern.transpose()?, tag: tag.unwrap_or("{key}").into() })
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The topics its payloads come by, unless a source says otherwise.
    pub fn pattern(&self) -> Option<&TopicPattern> {
        self.pattern.as_ref()
    }

    /// The names that the topic has to have a level for, so that tags can be named.
    pub fn needs(&self) -> impl Iterator<Item = &str> {
        let parts = self.tag.split('{').skip(1).filter_map(|part| part.split('}').next());
        parts.filter(|name| *name != "key")
    }

    /// Reads the payloads of one topic, whose named levels are `captures`.
    pub fn codec(self: &Arc<Self>, captures: Captures, limits: Limits) -> Box<dyn Codec + Send> {
        Box::new(flat::Flat { mapping: Arc::clone(self), captures, limits })
    }

    /// The mappings that ship with Davy: name and text of each.
    pub fn shipped() -> impl Iterator<Item = (&'static str, &'static str)> {
        SHIPPED.iter().copied()
    }
}

fn find<'a>(node: &'a Node, key: &str) -> Option<&'a Node> {
    match &node.value {
        Value::Map(entries) => entries.iter().find(|(name, _)| name.name == key).map(|(_, node)| node),
        Value::Null | Value::Scalar(_) | Value::List(_) => None,
    }
}

fn scalar(node: &Node) -> Option<&str> {
    match &node.value {
        Value::Scalar(text) => Some(text),
        Value::Null | Value::List(_) | Value::Map(_) => None,
    }
}
