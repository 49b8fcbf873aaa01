//! What one read of one connection brought, sorted by site and in order, ready for the writers.

use std::sync::Arc;

use davy_model::{Input, MessageHead, NodeChange, NodeIndex, Reading, ReadingBlock, Reason};

use crate::account::{Cause, Tally};
use crate::broker;
use crate::directory::SiteDoor;
use crate::feedback::{Feedback, Outcome, Route};
use crate::inbox::{Ack, NotTaken, Parcel};
use crate::remark::remark;

/// Inputs of a few messages, by site.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    sites: Vec<SiteBatch>,
}

/// One site's share. Readings gather in `open` until an edge node comes or goes: then they go first.
#[derive(Debug)]
pub(crate) struct SiteBatch {
    door: Arc<SiteDoor>,
    inputs: Vec<Input>,
    open: ReadingBlock,
    pub(crate) tally: Tally,
}

/// Who is to be told when everything of a batch is durable; each parcel gets its own clone.
#[derive(Debug)]
pub(crate) enum Waiting {
    Door(davy_door::Receipt),
    Broker(broker::Receipt),
}

impl Batch {
    /// The share of the site behind this door, under this door's revision.
    pub(crate) fn site(&mut self, door: &Arc<SiteDoor>) -> &mut SiteBatch {
        let place = match self.sites.iter().position(|site| Arc::ptr_eq(&site.door, door)) {
            Some(place) => place,
            None => {
                self.sites.push(SiteBatch::new(Arc::clone(door)));
                self.sites.len() - 1
            }
        };
        &mut self.sites[place]
    }

    /// Readings in it, good or not.
    pub(crate) fn received(&self) -> u64 {
        self.sites.iter().map(|site| site.tally.received).sum()
    }

    /// Hands everything over, waiting for room, and lets go of `waiting`. When a writer is gone the sender is not
    /// acknowledged: it will send again.
    pub(crate) async fn deliver(self, waiting: Waiting) {
        for site in self.sites {
            let (door, inputs) = site.close();
            for input in inputs {
                let readings = readings_of(&input);
                let parcel = Parcel::new(Arc::clone(&door.revision), input, waiting.ack());
                put(&door, parcel, readings).await;
            }
        }
        waiting.done();
    }

    /// Hands over what nobody waits for. Readings that find no room are dropped, counted and told of; that an edge node
    /// came or went is never dropped.
    pub(crate) async fn deliver_or_drop(self, feedback: &Feedback, route: Route) {
        for site in self.sites {
            let (door, inputs) = site.close();
            for input in inputs {
                let readings = readings_of(&input);
                let parcel = Parcel::new(Arc::clone(&door.revision), input, Ack::None);
                if readings == 0 {
                    put(&door, parcel, 0).await;
                    continue;
                }
                match door.inbox.try_put(parcel) {
                    Ok(()) => door.account.accept(readings),
                    Err(NotTaken::Closed(_)) => door.account.drop_readings(Cause::WriterGone, readings),
                    Err(NotTaken::Full(parcel)) => {
                        door.account.drop_readings(Cause::Qos0Full, readings);
                        tell_of_drop(&door, &parcel.input, feedback, route);
                    }
                }
            }
        }
    }

    /// Hands over at once what Davy itself says. Readings that find no room are dropped and counted; that an edge node came or
    /// went waits for room by itself.
    pub(crate) fn deliver_now(self) {
        for site in self.sites {
            let (door, inputs) = site.close();
            for input in inputs {
                let readings = readings_of(&input);
                match door.inbox.try_put(Parcel::new(Arc::clone(&door.revision), input, Ack::None)) {
                    Ok(()) => door.account.accept(readings),
                    Err(NotTaken::Closed(_)) => door.account.drop_readings(Cause::WriterGone, readings),
                    Err(NotTaken::Full(_)) if readings > 0 => {
                        door.account.drop_readings(Cause::Qos0Full, readings);
                    }
                    Err(NotTaken::Full(parcel)) => {
                        let door = Arc::clone(&door);
                        tokio::spawn(async move { put(&door, parcel, 0).await });
                    }
                }
            }
        }
    }
}

impl SiteBatch {
    fn new(door: Arc<SiteDoor>) -> SiteBatch {
        SiteBatch { door, inputs: Vec::new(), open: ReadingBlock::default(), tally: Tally::default() }
    }

    /// Where a message's readings are put before its head is known.
    pub(crate) fn readings(&mut self) -> &mut Vec<Reading> {
        &mut self.open.readings
    }

    /// Closes a message whose readings have been put.
    pub(crate) fn message(&mut self, head: MessageHead) {
        self.open.messages.push(head);
    }

    /// An edge node came or went, after what was put so far.
    pub(crate) fn node(&mut self, node: NodeIndex, change: NodeChange) {
        self.seal();
        self.inputs.push(Input::Node { node, change });
    }

    fn seal(&mut self) {
        if !self.open.readings.is_empty() {
            self.inputs.push(Input::Readings(std::mem::take(&mut self.open)));
        }
    }

    fn close(mut self) -> (Arc<SiteDoor>, Vec<Input>) {
        self.seal();
        self.door.account.receive(self.tally);
        (self.door, self.inputs)
    }
}

impl Waiting {
    fn ack(&self) -> Ack {
        match self {
            Waiting::Door(receipt) => Ack::Door(receipt.clone()),
            Waiting::Broker(receipt) => Ack::Broker(receipt.clone()),
        }
    }

    fn done(self) {
        match self {
            Waiting::Door(receipt) => receipt.commit(),
            Waiting::Broker(receipt) => receipt.commit(),
        }
    }
}

/// Queues an input that may wait.
pub(crate) async fn put(door: &SiteDoor, parcel: Parcel, readings: u64) {
    match door.inbox.put(parcel).await {
        Ok(()) => door.account.accept(readings),
        Err(_) => door.account.drop_readings(Cause::WriterGone, readings),
    }
}

fn readings_of(input: &Input) -> u64 {
    match input {
        Input::Readings(block) => block.readings.len() as u64,
        Input::Activate(_)
        | Input::Node { .. }
        | Input::Command(_)
        | Input::Fault(_)
        | Input::Tick
        | Input::Heartbeat(_)
        | Input::Restarted => 0,
    }
}

fn tell_of_drop(door: &SiteDoor, input: &Input, feedback: &Feedback, route: Route) {
    let Input::Readings(block) = input else { return };
    for head in &block.messages {
        let finding = remark(
            Reason::Backpressure,
            &format!("{} readings at QoS 0", head.len),
            "room to take them",
            "publish at QoS 1: then Davy can make the sender wait instead",
        );
        let node = door.feedback.node(&door.site.node(head.node).id);
        // They were counted as accepted when they were read.
        feedback.note(&node, route, Outcome { seq: head.seq, accepted: 0, rejected: 0 }, &[finding]);
    }
}
