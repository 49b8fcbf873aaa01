//! Messages sent and not yet acknowledged, in the order in which they were taken.
//!
//! Invariant: a message leaves only by its acknowledgement. Pure bookkeeping: it knows packet ids, but no socket.

use std::collections::VecDeque;

use bytes::Bytes;

/// What a packet id stands for on the present connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Slot {
    /// The birth message, made anew for each connection.
    Status,
    /// The message of readings with this number.
    Readings(u64),
}

#[derive(Debug)]
struct Held {
    payload: Bytes,
    sends: u32,
    acknowledged: bool,
}

/// What came of an acknowledgement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Acknowledged {
    /// A message of readings may be forgotten.
    Readings,
    /// The birth message arrived.
    Status,
    /// No message waits under that packet id.
    Unknown,
}

/// The messages in flight, and what each packet id of this connection means.
#[derive(Debug)]
pub(super) struct Outbox {
    held: VecDeque<Held>,
    /// Number of the first in `held`.
    first: u64,
    waiting: usize,
    /// Handed to the client, packet id not yet known; the client keeps the order.
    handed: VecDeque<Slot>,
    by_packet: Vec<Option<Slot>>,
}

impl Outbox {
    /// `packet_id_max`: the highest packet id the client uses.
    pub(super) fn new(packet_id_max: u16) -> Outbox {
        Outbox {
            held: VecDeque::new(),
            first: 0,
            waiting: 0,
            handed: VecDeque::new(),
            by_packet: vec![None; usize::from(packet_id_max) + 1],
        }
    }

    /// Messages of readings that wait for their acknowledgement.
    pub(super) fn len(&self) -> usize {
        self.waiting
    }

    /// How many messages back to the oldest one unacknowledged: what bounds memory when acknowledgements come out of order.
    pub(super) fn span(&self) -> usize {
        self.held.len()
    }

    /// Takes a message in; it is about to be handed to the client.
    pub(super) fn take(&mut self, payload: Bytes) {
        self.handed.push_back(Slot::Readings(self.first + self.held.len() as u64));
        self.held.push_back(Held { payload, sends: 0, acknowledged: false });
        self.waiting += 1;
    }

    /// A new connection: packet ids mean nothing any more. The birth message is about to be handed to the client, and then
    /// all that this gives: what must be sent (again), oldest first.
    pub(super) fn reconnected(&mut self) -> Vec<Bytes> {
        self.handed.clear();
        self.by_packet.fill(None);
        self.handed.push_back(Slot::Status);
        let mut again = Vec::with_capacity(self.waiting);
        for (number, held) in (self.first..).zip(&self.held) {
            if !held.acknowledged {
                self.handed.push_back(Slot::Readings(number));
                again.push(held.payload.clone());
            }
        }
        again
    }

    /// The client has sent the next message handed to it, under this packet id. Gives how often the message was sent before,
    /// or nothing when it was the birth message.
    pub(super) fn sent(&mut self, packet_id: u16) -> Option<u32> {
        let slot = self.handed.pop_front()?;
        if let Some(place) = self.by_packet.get_mut(usize::from(packet_id)) {
            *place = Some(slot);
        }
        let Slot::Readings(number) = slot else { return None };
        let held = self.held_mut(number)?;
        held.sends += 1;
        Some(held.sends - 1)
    }

    /// The broker acknowledged this packet id.
    pub(super) fn acknowledge(&mut self, packet_id: u16) -> Acknowledged {
        match self.by_packet.get_mut(usize::from(packet_id)).and_then(Option::take) {
            None => Acknowledged::Unknown,
            Some(Slot::Status) => Acknowledged::Status,
            Some(Slot::Readings(number)) => {
                if let Some(held) = self.held_mut(number) {
                    held.acknowledged = true;
                    held.payload = Bytes::new();
                    self.waiting -= 1;
                }
                while self.held.front().is_some_and(|held| held.acknowledged) {
                    self.held.pop_front();
                    self.first += 1;
                }
                Acknowledged::Readings
            }
        }
    }

    fn held_mut(&mut self, number: u64) -> Option<&mut Held> {
        let place = usize::try_from(number.checked_sub(self.first)?).ok()?;
        self.held.get_mut(place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn payload(text: &'static str) -> Bytes {
        Bytes::from_static(text.as_bytes())
    }

    #[test]
    fn a_message_stays_until_its_own_acknowledgement() {
        let mut outbox = Outbox::new(10);
        outbox.take(payload("a"));
        outbox.take(payload("b"));
        assert_eq!((outbox.sent(2), outbox.sent(3)), (Some(0), Some(0)));
        assert_eq!(outbox.acknowledge(3), Acknowledged::Readings);
        assert_eq!((outbox.len(), outbox.span()), (1, 2));
        assert_eq!(outbox.acknowledge(3), Acknowledged::Unknown);
        assert_eq!(outbox.acknowledge(2), Acknowledged::Readings);
        assert_eq!((outbox.len(), outbox.span()), (0, 0));
    }

    #[test]
    fn after_a_reconnect_all_that_is_not_acknowledged_goes_again_in_order() {
        let mut outbox = Outbox::new(10);
        assert!(outbox.reconnected().is_empty());
        ["a", "b", "c", "d"].into_iter().for_each(|text| outbox.take(payload(text)));
        assert_eq!(outbox.sent(1), None);
        assert_eq!((outbox.sent(2), outbox.sent(3)), (Some(0), Some(0)));
        outbox.acknowledge(3);
        assert_eq!(outbox.reconnected(), ["a", "c", "d"]);
        // "a" was sent before; "c" and "d" had only been handed over.
        assert_eq!((outbox.sent(1), outbox.sent(2)), (None, Some(1)));
        assert_eq!((outbox.sent(3), outbox.sent(4)), (Some(0), Some(0)));
    }

    #[test]
    fn an_acknowledgement_of_the_connection_before_frees_nothing() {
        let mut outbox = Outbox::new(10);
        outbox.take(payload("a"));
        outbox.sent(1);
        outbox.reconnected();
        assert_eq!(outbox.acknowledge(1), Acknowledged::Unknown);
        assert_eq!(outbox.len(), 1);
    }

    #[test]
    fn a_packet_id_out_of_range_is_unknown() {
        assert_eq!(Outbox::new(3).acknowledge(9), Acknowledged::Unknown);
    }
}
