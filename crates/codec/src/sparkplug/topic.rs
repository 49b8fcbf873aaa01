//! Topics of Sparkplug: `spBv1.0/{group}/{verb}/{edge_node}` and, of a device, `.../{device}` (chapter 4).

/// What stands first in every topic of Sparkplug B 3.0.
pub const ROOT: &str = "spBv1.0";

/// A topic of an edge node, or of a device behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SparkplugTopic<'a> {
    /// The group.
    pub group: &'a str,
    /// What is said there.
    pub verb: Verb,
    /// The edge node's id in the group.
    pub edge_node: &'a str,
    /// The device, with the verbs of devices.
    pub device: Option<&'a str>,
}

/// What is said in a topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    /// NBIRTH: an edge node is there, with all its metrics.
    NodeBirth,
    /// NDEATH: it is gone.
    NodeDeath,
    /// NDATA: some of its metrics.
    NodeData,
    /// NCMD: something is asked of it.
    NodeCommand,
    /// DBIRTH: a device is there, with all its metrics.
    DeviceBirth,
    /// DDEATH: it is gone.
    DeviceDeath,
    /// DDATA: some of its metrics.
    DeviceData,
    /// DCMD: something is asked of it.
    DeviceCommand,
}

impl Verb {
    const ALL: [Verb; 8] = [
        Verb::NodeBirth,
        Verb::NodeDeath,
        Verb::NodeData,
        Verb::NodeCommand,
        Verb::DeviceBirth,
        Verb::DeviceDeath,
        Verb::DeviceData,
        Verb::DeviceCommand,
    ];

    /// The word in topics.
    pub const fn word(self) -> &'static str {
        match self {
            Verb::NodeBirth => "NBIRTH",
            Verb::NodeDeath => "NDEATH",
            Verb::NodeData => "NDATA",
            Verb::NodeCommand => "NCMD",
            Verb::DeviceBirth => "DBIRTH",
            Verb::DeviceDeath => "DDEATH",
            Verb::DeviceData => "DDATA",
            Verb::DeviceCommand => "DCMD",
        }
    }

    /// Whether a host says it: all other verbs are an edge node's.
    pub const fn is_command(self) -> bool {
        matches!(self, Verb::NodeCommand | Verb::DeviceCommand)
    }

    const fn is_of_device(self) -> bool {
        matches!(self, Verb::DeviceBirth | Verb::DeviceDeath | Verb::DeviceData | Verb::DeviceCommand)
    }
}

impl<'a> SparkplugTopic<'a> {
    /// Reads a topic name or, with wildcards in place of names, a filter; `None` when it is neither an edge node's nor a
    /// device's. Ids are any text without `/`; capitals count.
    pub fn parse(topic: &'a str) -> Option<SparkplugTopic<'a>> {
        let mut levels = topic.strip_prefix(ROOT)?.strip_prefix('/')?.split('/');
        let (group, word, edge_node) = (levels.next()?, levels.next()?, levels.next()?);
        let verb = Verb::ALL.into_iter().find(|verb| verb.word() == word)?;
        let device = levels.next();
        let whole = levels.next().is_none() && device.is_some() == verb.is_of_device();
        let named = !group.is_empty() && !edge_node.is_empty() && device != Some("");
        (whole && named).then_some(SparkplugTopic { group, verb, edge_node, device })
    }
}

/// Where a host application says whether it is there.
pub fn state_topic(host_id: &str) -> String {
    format!("{ROOT}/STATE/{host_id}")
}

/// Where an edge node is asked for its births.
pub fn rebirth_topic(group: &str, edge_node: &str) -> String {
    format!("{ROOT}/{group}/NCMD/{edge_node}")
}

/// What a host asks a broker for: everything of one group.
pub fn group_filter(group: &str) -> String {
    format!("{ROOT}/{group}/#")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn topics_of_edge_nodes_and_devices_are_read_and_no_others() {
        for (topic, want) in [
            ("spBv1.0/plant/NBIRTH/gw1", Some(("plant", Verb::NodeBirth, "gw1", None))),
            (
                "spBv1.0/Sparkplug B Devices/NDATA/Raspberry Pi",
                Some(("Sparkplug B Devices", Verb::NodeData, "Raspberry Pi", None)),
            ),
            ("spBv1.0/plant/DDATA/gw1/gas-01", Some(("plant", Verb::DeviceData, "gw1", Some("gas-01")))),
            ("spBv1.0/Plant/NDEATH/GW1", Some(("Plant", Verb::NodeDeath, "GW1", None))),
            ("spBv1.0/园区/DBIRTH/网关/一号", Some(("园区", Verb::DeviceBirth, "网关", Some("一号")))),
            // The verbs of edge nodes have no device, and those of devices have one.
            ("spBv1.0/plant/NBIRTH/gw1/gas-01", None),
            ("spBv1.0/plant/DDATA/gw1", None),
            ("spBv1.0/plant/DDATA/gw1/", None),
            ("spBv1.0/plant/DDATA/gw1/a/b", None),
            ("spBv1.0/plant/nbirth/gw1", None),
            ("spBv1.0/plant/STATE/gw1", None),
            ("spBv1.0/STATE/davy", None),
            ("spBv1.0//NBIRTH/gw1", None),
            ("spBv1.0/plant/NBIRTH/", None),
            ("spAv1.0/plant/NBIRTH/gw1", None),
            ("spBv1.01/plant/NBIRTH/gw1", None),
            ("", None),
        ] {
            let got = SparkplugTopic::parse(topic);
            assert_eq!(
                got.map(|topic| (topic.group, topic.verb, topic.edge_node, topic.device)),
                want,
                "{topic}"
            );
        }
    }

    #[test]
    fn the_topics_a_host_makes_are_the_specifications() {
        assert_eq!(state_topic("davy"), "spBv1.0/STATE/davy");
        assert_eq!(rebirth_topic("plant", "gw1"), "spBv1.0/plant/NCMD/gw1");
        assert_eq!(group_filter("plant"), "spBv1.0/plant/#");
    }
}
