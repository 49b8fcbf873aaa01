//! Whose a topic is.

use std::fmt;
use std::sync::Arc;

use davy_codec::sparkplug::SparkplugTopic;
use davy_codec::{Codec, Limits, Native};
use davy_model::{NodeIndex, Reason};

use crate::remark::remark;
use crate::sparkplug::{Heard, SparkplugHost, owner};
use crate::topic::{Channel, Topic};
use crate::{Directory, Rejection, SiteDoor};

/// What a topic comes to.
pub(crate) enum Address {
    /// An edge node of a site.
    Of(Addressed),
    /// A site's topic, but none of its edge nodes: its id.
    NoSuchNode(Arc<SiteDoor>, Box<str>),
    /// Nobody's.
    Nobody,
}

/// An edge node, and how what it says there is read.
pub(crate) struct Addressed {
    pub(crate) door: Arc<SiteDoor>,
    pub(crate) node: NodeIndex,
    pub(crate) reads: Reads,
}

/// How payloads of a topic are read.
pub(crate) enum Reads {
    /// As the word that an edge node is there, or not.
    Status,
    /// As readings.
    Readings(Box<dyn Codec + Send>),
    /// As what a Sparkplug edge node says in its session.
    Sparkplug(Heard),
}

impl Directory {
    /// Whose a topic is. `sender` is the one edge node, by site and id, that the sender may speak for, where there is one.
    pub(crate) fn address(&self, topic: &str, limits: Limits, sender: Option<(&str, &str)>) -> Address {
        match Topic::parse(topic) {
            Some(parsed) => self.native(&parsed, limits),
            None => self.by_source(topic, limits, sender),
        }
    }

    /// Whether a site's files name that box.
    pub(crate) fn knows_box(&self, mn: &str) -> bool {
        self.sites().iter().any(|door| door.ways.iter().any(|way| way.is_box(mn)))
    }

    fn native(&self, topic: &Topic<'_>, limits: Limits) -> Address {
        let Some(door) = self.site(topic.site) else { return Address::Nobody };
        let reads = match topic.channel {
            Channel::Status => Reads::Status,
            Channel::Readings => Reads::Readings(Box::new(Native { limits })),
        };
        addressed(door, topic.edge_node, || reads)
    }

    /// The first source, by site and place, whose edge node is known; else the first that takes the topic at all.
    fn by_source(&self, topic: &str, limits: Limits, sender: Option<(&str, &str)>) -> Address {
        let mut missed = Address::Nobody;
        for door in self.sites() {
            for way in door.ways.iter() {
                let Some(captures) = way.takes(topic) else { continue };
                let own = sender.filter(|(site, _)| *site == &*door.site.id).map(|(_, node)| node);
                let id = way.edge_node(&captures, own).unwrap_or_default().to_owned();
                let reads = || Reads::Readings(way.codec(captures, limits));
                match addressed(Arc::clone(&door), &id, reads) {
                    Address::Of(addressed) => return Address::Of(addressed),
                    found if matches!(missed, Address::Nobody) => missed = found,
                    Address::NoSuchNode(..) | Address::Nobody => {}
                }
            }
        }
        missed
    }
}

/// The refusal of a message whose topic is nobody's, or not the sender's.
pub(crate) fn not_allowed(topic: &str) -> Rejection {
    remark(
        Reason::TopicNotAllowed,
        topic,
        "davy/v1/{site}/{edge_node}/readings or /status, or a topic of a source, of an edge node this client may speak for",
        "correct the topic, or ask the site to grant it to this client",
    )
}

/// The refusal of a message whose topic names no edge node of its site.
pub(crate) fn no_such_node(id: &str, site: &str) -> Rejection {
    remark(
        Reason::DeviceUnknown,
        id,
        format!("an edge node of site {site}"),
        "correct the topic, or ask the site to add the edge node",
    )
}

/// Whose a topic of Sparkplug is; `None` when it is none, or of a group that no site listens to.
pub(crate) fn of_sparkplug(directory: &Directory, host: &SparkplugHost, topic: &str) -> Option<Address> {
    let parsed = SparkplugTopic::parse(topic)?;
    match owner(directory, parsed.group, parsed.edge_node) {
        Ok((door, node)) => {
            let heard = Heard {
                node: host.node(parsed.group, parsed.edge_node),
                verb: parsed.verb,
                device: parsed.device.map(Into::into),
            };
            Some(Address::Of(Addressed { door, node, reads: Reads::Sparkplug(heard) }))
        }
        Err(door) => door.map(|door| Address::NoSuchNode(door, parsed.edge_node.into())),
    }
}

fn addressed(door: Arc<SiteDoor>, id: &str, reads: impl FnOnce() -> Reads) -> Address {
    match door.site.node_index(id) {
        Some(node) => Address::Of(Addressed { door, node, reads: reads() }),
        None => Address::NoSuchNode(door, id.into()),
    }
}

impl fmt::Debug for Reads {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Reads::Status => "Status",
            Reads::Readings(_) => "Readings",
            Reads::Sparkplug(_) => "Sparkplug",
        })
    }
}
