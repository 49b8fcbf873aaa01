//! The topics of the native form, and who may hear what.

use std::fmt;

use davy_door::topic::check_filter;
use davy_model::{EdgeNode, is_name};

/// What stands first in every topic of Davy.
pub const ROOT: &str = "davy/v1";

/// A topic that an edge node publishes to: `davy/v1/{site}/{edge_node}/{channel}`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Topic<'a> {
    /// The site's id.
    pub site: &'a str,
    /// The edge node's id.
    pub edge_node: &'a str,
    /// What it says there.
    pub channel: Channel,
}

/// What an edge node says in a topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channel {
    /// What it measured.
    Readings,
    /// Whether it is there.
    Status,
}

impl<'a> Topic<'a> {
    /// Reads a topic name; `None` when it is not one an edge node may publish to.
    pub fn parse(topic: &'a str) -> Option<Topic<'a>> {
        let mut levels = below_root(topic)?.split('/');
        let (site, edge_node) = (levels.next()?, levels.next()?);
        let channel = match levels.next()? {
            "readings" => Channel::Readings,
            "status" => Channel::Status,
            _ => return None,
        };
        let may_be_called = is_name(edge_node) && edge_node != EdgeNode::RESERVED;
        let whole = levels.next().is_none() && is_name(site) && may_be_called;
        whole.then_some(Topic { site, edge_node, channel })
    }
}

impl fmt::Display for Topic<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let channel = match self.channel {
            Channel::Readings => "readings",
            Channel::Status => "status",
        };
        write!(f, "{ROOT}/{}/{}/{channel}", self.site, self.edge_node)
    }
}

/// Where an edge node publishes its readings.
pub fn readings_topic(site: &str, edge_node: &str) -> String {
    format!("{ROOT}/{site}/{edge_node}/readings")
}

/// Where Davy answers an edge node.
pub fn feedback_topic(site: &str, edge_node: &str) -> String {
    format!("{ROOT}/{site}/{edge_node}/feedback")
}

/// What a broker is asked for, for one site: everything its edge nodes publish.
pub fn site_filters(site: &str) -> [String; 2] {
    [format!("{ROOT}/{site}/+/readings"), format!("{ROOT}/{site}/+/status")]
}

/// What may be heard at the door.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Audible<'a> {
    /// `davy/v1/{site}/{edge_node}/feedback`, without wildcards.
    Feedback {
        /// The site's id.
        site: &'a str,
        /// The edge node's id.
        edge_node: &'a str,
    },
    /// `davy/v1/{site}/alarms`, `.../alarms/#`, or narrower.
    Alarms {
        /// The site's id.
        site: &'a str,
    },
}

impl<'a> Audible<'a> {
    /// Reads a subscription filter; `None` when nobody may have it.
    pub fn parse(filter: &'a str) -> Option<Audible<'a>> {
        let (site, rest) = below_root(filter)?.split_once('/')?;
        if !is_name(site) {
            return None;
        }
        if rest == "alarms" || rest.starts_with("alarms/") {
            return check_filter(filter).is_ok().then_some(Audible::Alarms { site });
        }
        let (edge_node, channel) = rest.split_once('/')?;
        (is_name(edge_node) && channel == "feedback").then_some(Audible::Feedback { site, edge_node })
    }
}

/// Whether a topic is one of Davy's own, well-formed or not.
pub(crate) fn is_native(topic: &str) -> bool {
    below_root(topic).is_some()
}

fn below_root(topic: &str) -> Option<&str> {
    topic.strip_prefix(ROOT)?.strip_prefix('/')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_edge_node_publishes_readings_and_status_and_nothing_else() {
        for (topic, want) in [
            ("davy/v1/park/gw-1/readings", Some(("park", "gw-1", Channel::Readings))),
            ("davy/v1/park/gw-1/status", Some(("park", "gw-1", Channel::Status))),
            ("davy/v1/park/gw-1/feedback", None),
            ("davy/v1/park/gw-1/readings/x", None),
            ("davy/v1/park/gw-1/readings/", None),
            ("davy/v1/park/gw-1", None),
            ("davy/v1/park/alarms", None),
            ("davy/v1/park/alarms/readings", None),
            ("davy/v1//gw-1/readings", None),
            ("davy/v1/park//readings", None),
            ("davy/v1/+/gw-1/readings", None),
            ("davy/v1/park/gw 1/readings", None),
            ("/davy/v1/park/gw-1/readings", None),
            ("davy/v2/park/gw-1/readings", None),
            ("davy/v10/park/gw-1/readings", None),
            ("Davy/v1/park/gw-1/readings", None),
            ("plant/gw-1", None),
            ("", None),
        ] {
            let got = Topic::parse(topic);
            assert_eq!(got.map(|t| (t.site, t.edge_node, t.channel)), want, "{topic}");
            if let Some(parsed) = got {
                assert_eq!(parsed.to_string(), topic);
            }
        }
    }

    #[test]
    fn feedback_and_alarms_may_be_heard_and_nothing_wider() {
        let feedback = Some(Audible::Feedback { site: "park", edge_node: "gw-1" });
        let alarms = Some(Audible::Alarms { site: "park" });
        for (filter, want) in [
            ("davy/v1/park/gw-1/feedback", feedback),
            ("davy/v1/park/alarms/#", alarms),
            ("davy/v1/park/alarms", alarms),
            ("davy/v1/park/alarms/red/+", alarms),
            ("davy/v1/park/alarms/#/red", None),
            ("davy/v1/park/alarms/re+d", None),
            ("davy/v1/park/+/feedback", None),
            ("davy/v1/+/gw-1/feedback", None),
            ("davy/v1/park/#", None),
            ("davy/v1/+/alarms/#", None),
            ("davy/v1/park/gw-1/readings", None),
            ("davy/v1/park/alarmsx", None),
            ("#", None),
            ("$SYS/#", None),
            ("", None),
        ] {
            assert_eq!(Audible::parse(filter), want, "{filter}");
        }
    }

    #[test]
    fn the_topics_davy_makes_are_the_contracts() {
        assert_eq!(feedback_topic("park", "gw-1"), "davy/v1/park/gw-1/feedback");
        assert_eq!(site_filters("park"), ["davy/v1/park/+/readings", "davy/v1/park/+/status"]);
    }
}
