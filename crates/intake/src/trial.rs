//! What Davy would make of a message: addressed, read and bound by the code that live messages go through, on books of its
//! own. Nothing is judged, kept or told to anybody.

use std::fmt;
use std::sync::Arc;

use davy_codec::sparkplug::Verb;
use davy_codec::{Codec, Metric, Sink};
use davy_model::{EdgeNode, NodeIndex, Reading, Site, Text, Timestamp};

use crate::address::{Address, Addressed, Reads, no_such_node, not_allowed};
use crate::bind::{Moment, NodeBinding};
use crate::taker::{Runs, Taker};
use crate::{Directory, Inbox, Intake, Keeping, PAYLOAD_BYTES_MAX, Rejection, SiteDoor, Way};

/// One site, to try messages on.
#[derive(Debug)]
pub struct Trial {
    intake: Arc<Intake>,
    door: Arc<SiteDoor>,
}

/// What comes by a topic.
pub enum Tried {
    /// Payloads for this codec, of this edge node.
    Readings(Arc<str>, Box<dyn Codec + Send>),
    /// What a Sparkplug edge node says, known to the site under this id.
    Sparkplug(Arc<str>, Verb),
    /// No readings: the word whether this edge node is there.
    Status(Arc<str>),
}

/// An edge node that sends.
#[derive(Debug)]
pub struct TrialSender {
    binding: NodeBinding,
    moment: Moment,
}

/// What becomes of a metric.
#[derive(Clone, Debug, PartialEq)]
pub struct TrialReading {
    /// The reading, unless the metric is refused.
    pub reading: Option<Reading>,
    /// Why it is refused, or what is odd about it.
    pub findings: Vec<Rejection>,
}

impl Trial {
    /// Of a site with these ways in.
    pub fn new(site: Site, ways: Arc<[Way]>) -> Trial {
        // Nobody takes anything out: nothing is put in.
        let inbox = Inbox::new(0).0;
        let door = Arc::new(SiteDoor::new(Arc::new(site), "".into(), ways, inbox, Keeping::default()));
        let no_clock = Arc::new(|| Timestamp::MIN);
        let intake = Intake::new(Directory::new([Arc::clone(&door)]), no_clock, PAYLOAD_BYTES_MAX);
        Trial { intake, door }
    }

    /// Whose a topic is, and how it is read. `sender` is the one edge node that the client may speak for, where a source
    /// leaves it to that.
    ///
    /// # Errors
    /// Why a message on it is refused.
    pub fn topic(&self, topic: &str, sender: Option<&str>) -> Result<Tried, Box<Rejection>> {
        let site = &self.door.site;
        match self.intake.address(topic, sender.map(|node| (&*site.id, node))) {
            Address::Nobody => Err(not_allowed(topic).into()),
            Address::NoSuchNode(door, id) => Err(no_such_node(&id, &door.site.id).into()),
            Address::Of(Addressed { node, reads, .. }) => {
                let id = Arc::clone(&site.node(node).id);
                Ok(match reads {
                    Reads::Status => Tried::Status(id),
                    Reads::Readings(codec) => Tried::Readings(id, codec),
                    Reads::Sparkplug(heard) => Tried::Sparkplug(id, heard.verb),
                })
            }
        }
    }

    /// An edge node whose message arrives then. Without a name it is one that may send every tag of the site.
    ///
    /// # Errors
    /// When the site has no such edge node.
    pub fn sender(&self, edge_node: Option<&str>, arrival: Timestamp) -> Result<TrialSender, Box<Rejection>> {
        let (door, node) = match edge_node {
            None => (Arc::new(self.of_anybody()), NodeIndex(0)),
            Some(id) => {
                let site = &self.door.site;
                let node = site.node_index(id).ok_or_else(|| no_such_node(id, &site.id))?;
                (Arc::clone(&self.door), node)
            }
        };
        Ok(TrialSender { moment: Moment::new(arrival, &door), binding: NodeBinding::new(door, node) })
    }

    /// The site with no owner for any tag.
    fn of_anybody(&self) -> SiteDoor {
        let mut site = (*self.door.site).clone();
        site.tags.iter_mut().for_each(|tag| tag.edge_node = None);
        if site.edge_nodes.is_empty() {
            let (loss_grace, silence_limit) = (EdgeNode::DEFAULT_LOSS_GRACE, EdgeNode::DEFAULT_SILENCE_LIMIT);
            site.edge_nodes.push(EdgeNode { id: "".into(), title: Text::en(""), loss_grace, silence_limit });
        }
        let ways = Arc::from([]);
        SiteDoor::new(Arc::new(site), "".into(), ways, Inbox::new(0).0, Keeping::default())
    }
}

impl TrialSender {
    /// Binds a metric.
    pub fn bind(&mut self, metric: Metric<'_>) -> TrialReading {
        let (mut readings, mut findings) = (Vec::new(), Vec::new());
        let mut taker = Taker {
            moment: self.moment,
            binding: &mut self.binding,
            readings: &mut readings,
            findings: &mut findings,
            metrics: 0,
            refused: 0,
            runs: Runs::default(),
        };
        taker.metric(metric);
        TrialReading { reading: readings.pop(), findings }
    }
}

impl fmt::Debug for Tried {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Tried::Readings(node, _) => f.debug_tuple("Readings").field(node).finish(),
            Tried::Sparkplug(node, verb) => f.debug_tuple("Sparkplug").field(node).field(verb).finish(),
            Tried::Status(node) => f.debug_tuple("Status").field(node).finish(),
        }
    }
}
