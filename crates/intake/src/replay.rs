//! Dead letters sent again: read, bound and judged as their site's files are now, at the times they were measured.
//!
//! What comes of it is marked as replayed: it may raise an alarm, late and silent, and clears none. Readings of the message
//! that were taken when it came are recognised, and not judged twice. A message that a client was not allowed to publish stays
//! refused for as long as that client may not speak for the edge node: sent again, it would be taken for the edge node's own.

use std::sync::Arc;

use davy_codec::sparkplug::{Message, Verb};
use davy_codec::{Codec, Sink};
use davy_model::{Freshness, Input, MessageHead, NodeIndex, Reading, ReadingBlock};
use tokio::sync::oneshot;

use crate::account::Tally;
use crate::address::{Address, Addressed, Reads};
use crate::batch::put;
use crate::bind::{Moment, NodeBinding};
use crate::inbox::{Ack, Parcel};
use crate::sparkplug::Heard;
use crate::taker::{Runs, Taker};
use crate::{DeadLetter, Intake, Rejection, SiteDoor};

/// What became of a letter that was sent again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replayed {
    /// Readings that are in the journal now.
    pub accepted: u64,
    /// Readings that were refused again.
    pub rejected: u64,
    /// What is still wrong.
    pub findings: Vec<Rejection>,
}

/// Why a letter cannot be sent again.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotReplayed {
    /// Its topic is still nobody's.
    #[error("TOPIC_NOT_ALLOWED: its topic belongs to no edge node of a site")]
    NoTopic,
    /// Whoever sent it may not speak for the edge node that it is about.
    #[error("TOPIC_NOT_ALLOWED: {sender:?} sent it, which may not speak for {edge_node} of {site}")]
    NotItsSender {
        /// The client.
        sender: Arc<str>,
        /// The site.
        site: Arc<str>,
        /// The edge node.
        edge_node: Arc<str>,
    },
    /// Its site still has no such edge node.
    #[error("DEVICE_UNKNOWN: the site has no such edge node")]
    NoSuchNode,
    /// Its topic says only whether an edge node or device is there, or what was asked of it.
    #[error("NOTHING_TO_REPLAY: its topic carries no readings")]
    NoReadings,
    /// The site stops.
    #[error("STOPPING: the site is stopping")]
    Stopping,
}

/// Who reads a letter.
enum Reader {
    Codec(Box<dyn Codec + Send>),
    Sparkplug(Heard),
}

/// A letter, read and bound as the files are now.
struct Read {
    readings: Vec<Reading>,
    findings: Vec<Rejection>,
    rejected: u64,
    seq: Option<u64>,
}

impl Intake {
    /// Sends a dead letter again, and waits until what came of it is durable.
    ///
    /// # Errors
    /// [`NotReplayed`].
    pub async fn replay(&self, letter: &DeadLetter) -> Result<Replayed, NotReplayed> {
        let (door, node, reader) = self.reader_of(letter)?;
        let Read { readings, findings, rejected, seq } = reader.read(&door, node, letter);
        let accepted = readings.len() as u64;
        let payload_bytes = letter.payload.len() as u64;
        door.account.receive(Tally { messages: 1, payload_bytes, received: accepted + rejected });
        if accepted > 0 {
            let len = u32::try_from(accepted).unwrap_or(u32::MAX);
            let (arrival, freshness) = (self.now(), Freshness::Replayed);
            let head = MessageHead { node, arrival, seq, redelivered: false, freshness, len };
            let (ack, durable) = told();
            let input = Input::Readings(ReadingBlock { messages: vec![head], readings });
            put(&door, Parcel::new(Arc::clone(&door.revision), input, ack), accepted).await;
            durable.await.map_err(|_| NotReplayed::Stopping)?;
        }
        Ok(Replayed { accepted, rejected, findings })
    }

    /// What would become of a dead letter if it were sent again now. Nothing does, and no count changes.
    ///
    /// # Errors
    /// [`NotReplayed`].
    pub fn try_replay(&self, letter: &DeadLetter) -> Result<Replayed, NotReplayed> {
        let (door, node, reader) = self.reader_of(letter)?;
        let read = reader.read(&Arc::new(door.on_trial()), node, letter);
        Ok(Replayed {
            accepted: read.readings.len() as u64,
            rejected: read.rejected,
            findings: read.findings,
        })
    }

    fn reader_of(&self, letter: &DeadLetter) -> Result<(Arc<SiteDoor>, NodeIndex, Reader), NotReplayed> {
        let sender = Some((&*letter.site, &*letter.edge_node));
        let (door, node, reads) = match self.address(&letter.topic, sender) {
            Address::Of(Addressed { door, node, reads }) => (door, node, reads),
            Address::NoSuchNode(..) => return Err(NotReplayed::NoSuchNode),
            Address::Nobody => return Err(NotReplayed::NoTopic),
        };
        if let Some(sender) = &letter.sender {
            let (site, edge_node) = (&door.site.id, &door.site.node(node).id);
            if !self.clients.load().speaks_for(sender, site, edge_node) {
                let (sender, site, edge_node) = (Arc::clone(sender), Arc::clone(site), Arc::clone(edge_node));
                return Err(NotReplayed::NotItsSender { sender, site, edge_node });
            }
        }
        let reader = match reads {
            Reads::Readings(codec) => Reader::Codec(codec),
            Reads::Sparkplug(heard) if carries_readings(heard.verb) => Reader::Sparkplug(heard),
            Reads::Status | Reads::Sparkplug(_) => return Err(NotReplayed::NoReadings),
        };
        Ok((door, node, reader))
    }
}

impl Reader {
    fn read(&self, door: &Arc<SiteDoor>, node: NodeIndex, letter: &DeadLetter) -> Read {
        let mut binding = NodeBinding::new(Arc::clone(door), node);
        let (mut readings, mut findings) = (Vec::new(), Vec::new());
        let mut taker = Taker {
            moment: Moment::new(letter.arrival, door),
            binding: &mut binding,
            readings: &mut readings,
            findings: &mut findings,
            metrics: 0,
            refused: 0,
            runs: Runs::default(),
        };
        let seq = self.decode(letter, &mut taker);
        let rejected = taker.refused;
        Read { readings, findings, rejected, seq }
    }

    fn decode(&self, letter: &DeadLetter, sink: &mut dyn Sink) -> Option<u64> {
        match self {
            Reader::Codec(codec) => codec.decode(&letter.payload, letter.arrival, sink).seq,
            Reader::Sparkplug(heard) => {
                let message = Message {
                    verb: heard.verb,
                    device: heard.device.as_deref(),
                    payload: &letter.payload,
                    arrival: letter.arrival,
                    is_stored: false,
                };
                heard.node.read_again(&message, sink);
                // Sparkplug's numbers turn over at 256: they tell order, not identity.
                None
            }
        }
    }
}

const fn carries_readings(verb: Verb) -> bool {
    match verb {
        Verb::NodeBirth | Verb::NodeData | Verb::DeviceBirth | Verb::DeviceData => true,
        Verb::NodeDeath | Verb::NodeCommand | Verb::DeviceDeath | Verb::DeviceCommand => false,
    }
}

/// Tells when a parcel is durable; hangs up when it never will be.
fn told() -> (Ack, oneshot::Receiver<()>) {
    let (say, hear) = oneshot::channel();
    let ack = Ack::Call(Box::new(move |_| {
        // Whoever asked may have gone.
        let _ = say.send(());
    }));
    (ack, hear)
}
