//! Dead letters sent again: read, bound and judged as their site's files are now, at the times they were measured.
//!
//! What comes of it is marked as replayed: it may raise an alarm, late and silent, and clears none. Readings of the message
//! that were taken when it came are recognised, and not judged twice.

use std::sync::Arc;

use davy_codec::Limits;
use davy_model::{Freshness, Input, MessageHead, ReadingBlock};
use tokio::sync::oneshot;

use crate::account::Tally;
use crate::address::{Address, Addressed, Reads};
use crate::batch::put;
use crate::bind::{Moment, NodeBinding};
use crate::inbox::{Ack, Parcel};
use crate::taker::{Runs, Taker};
use crate::{DeadLetter, Intake, Rejection};

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
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotReplayed {
    /// Its topic is still nobody's, or says only whether an edge node is there.
    #[error("its topic belongs to no edge node's readings")]
    NoTopic,
    /// The site stops.
    #[error("the site is stopping")]
    Stopping,
}

impl Intake {
    /// Sends a dead letter again, and waits until what came of it is durable.
    ///
    /// # Errors
    /// [`NotReplayed`].
    pub async fn replay(&self, letter: &DeadLetter) -> Result<Replayed, NotReplayed> {
        let limits = Limits { payload_len_max: self.payload_bytes_max, ..Limits::default() };
        let sender = Some((&*letter.site, &*letter.edge_node));
        let Address::Of(Addressed { door, node, reads: Reads::Readings(codec) }) =
            self.directory.address(&letter.topic, limits, sender)
        else {
            return Err(NotReplayed::NoTopic);
        };
        let mut binding = NodeBinding::new(Arc::clone(&door), node);
        let (mut readings, mut findings) = (Vec::new(), Vec::new());
        let mut taker = Taker {
            moment: Moment::new(letter.arrival, &door),
            binding: &mut binding,
            readings: &mut readings,
            findings: &mut findings,
            metrics: 0,
            refused: 0,
            runs: Runs::default(),
        };
        let seq = codec.decode(&letter.payload, letter.arrival, &mut taker).seq;
        let rejected = taker.refused;
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
