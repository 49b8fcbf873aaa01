//! Messages on their way to durable: gathered, submitted, acknowledged in the order they came.

use std::collections::VecDeque;

use bytes::BytesMut;

use crate::codec::{Version, write_puback};
use crate::handler::{PubackReason, Publish};
use crate::receipt::{Outcome, ReceiptWatch};

/// What a message costs besides its topic and payload, bytes.
const MESSAGE_OVERHEAD_LEN: usize = 96;

/// One PUBACK owed; `None` until the handler has said how.
type Owed = (u16, Option<PubackReason>);

/// Decoded, not yet submitted.
#[derive(Debug, Default)]
pub(super) struct Gathering {
    pub(super) messages: Vec<Publish>,
    owed: Vec<Owed>,
    len: usize,
}

impl Gathering {
    pub(super) fn push(&mut self, message: Publish, packet_id: Option<u16>) {
        self.len += message.topic.len() + message.payload.len() + MESSAGE_OVERHEAD_LEN;
        self.messages.push(message);
        self.owed.extend(packet_id.map(|id| (id, None)));
    }

    /// A message that goes nowhere, but is acknowledged in its turn.
    pub(super) fn push_refused(&mut self, packet_id: u16) {
        self.owed.push((packet_id, Some(PubackReason::NotAuthorized)));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.messages.is_empty() && self.owed.is_empty()
    }
}

#[derive(Debug)]
struct Batch {
    owed: usize,
    len: usize,
    /// `None` for a batch of refused messages only: there is nothing to wait for.
    watch: Option<ReceiptWatch>,
    answered: bool,
}

/// A receipt was dropped uncommitted.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct NotDurable;

/// Submitted, not yet acknowledged.
#[derive(Debug, Default)]
pub(super) struct InFlight {
    owed: VecDeque<Owed>,
    batches: VecDeque<Batch>,
    len: usize,
}

impl InFlight {
    /// Takes over a gathered batch, and leaves its messages to be submitted under the receipt that `watch` watches.
    pub(super) fn push(&mut self, gathered: Gathering, watch: Option<ReceiptWatch>) -> Vec<Publish> {
        self.owed.extend(&gathered.owed);
        self.len += gathered.len;
        let answered = watch.is_none();
        self.batches.push_back(Batch { owed: gathered.owed.len(), len: gathered.len, watch, answered });
        gathered.messages
    }

    /// Enters the handler's reasons for the batch submitted last: only one is with the handler at a time.
    pub(super) fn answer(&mut self, reasons: &[PubackReason]) {
        let Some(batch) = self.batches.back_mut() else { return };
        batch.answered = true;
        let first = self.owed.len() - batch.owed;
        let open = self.owed.range_mut(first..).filter(|(_, reason)| reason.is_none());
        for ((_, slot), reason) in open.zip(reasons) {
            *slot = Some(*reason);
        }
    }

    /// Writes the PUBACKs that are due, says how many, and whether a batch failed behind them.
    pub(super) fn write_due(
        &mut self,
        version: Version,
        out: &mut BytesMut,
    ) -> (usize, Result<(), NotDurable>) {
        let mut written = 0;
        while let Some(batch) = self.batches.front() {
            match batch.watch.as_ref().map_or(Outcome::Committed, ReceiptWatch::outcome) {
                Outcome::Failed => return (written, Err(NotDurable)),
                Outcome::Open => break,
                Outcome::Committed if !batch.answered => break,
                Outcome::Committed => {}
            }
            for (packet_id, reason) in self.owed.drain(..batch.owed) {
                write_puback(out, version, packet_id, reason.unwrap_or_default().reason());
            }
            written += batch.owed;
            self.len -= batch.len;
            self.batches.pop_front();
        }
        (written, Ok(()))
    }

    /// QoS 1 messages without a PUBACK, the gathered ones included.
    pub(super) fn count(&self, gathering: &Gathering) -> usize {
        self.owed.len() + gathering.owed.len()
    }

    /// Bytes of messages not committed, the gathered ones included.
    pub(super) fn len(&self, gathering: &Gathering) -> usize {
        self.len + gathering.len
    }

    pub(super) fn is_empty(&self) -> bool {
        self.batches.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::codec::Qos;
    use crate::receipt::Receipt;

    fn message() -> Publish {
        let payload = Bytes::from_static(b"1");
        let qos = Qos::AtLeastOnce;
        Publish { topic: "t".into(), payload, qos, retain: false, duplicate: false, is_will: false }
    }

    fn gather(ids: &[u16]) -> Gathering {
        let mut gathering = Gathering::default();
        for id in ids {
            gathering.push(message(), Some(*id));
        }
        gathering
    }

    fn submit(in_flight: &mut InFlight, gathering: Gathering) -> Receipt {
        let (receipt, watch) = Receipt::detached();
        in_flight.push(gathering, Some(watch));
        in_flight.answer(&[]);
        receipt
    }

    fn due(in_flight: &mut InFlight) -> Result<Vec<u16>, NotDurable> {
        let mut out = BytesMut::new();
        in_flight.write_due(Version::V3, &mut out).1?;
        Ok(out.chunks(4).map(|ack| u16::from_be_bytes([ack[2], ack[3]])).collect())
    }

    #[test]
    fn a_later_batch_waits_for_the_earlier_one() {
        let mut in_flight = InFlight::default();
        let first = submit(&mut in_flight, gather(&[1, 2]));
        let second = submit(&mut in_flight, gather(&[3]));
        second.commit();
        assert_eq!(due(&mut in_flight), Ok(vec![]));
        first.commit();
        assert_eq!(due(&mut in_flight), Ok(vec![1, 2, 3]));
        assert!(in_flight.is_empty() && in_flight.len(&Gathering::default()) == 0);
    }

    #[test]
    fn a_commit_before_the_answer_waits_for_the_answer() {
        let mut in_flight = InFlight::default();
        let (receipt, watch) = Receipt::detached();
        in_flight.push(gather(&[1]), Some(watch));
        receipt.commit();
        assert_eq!(due(&mut in_flight), Ok(vec![]));
        in_flight.answer(&[]);
        assert_eq!(due(&mut in_flight), Ok(vec![1]));
    }

    #[test]
    fn what_is_committed_before_the_failure_is_acknowledged_and_nothing_after() {
        let mut in_flight = InFlight::default();
        let (first, second) = (submit(&mut in_flight, gather(&[1])), submit(&mut in_flight, gather(&[2])));
        first.commit();
        drop(second);
        submit(&mut in_flight, gather(&[3])).commit();
        let mut out = BytesMut::new();
        assert_eq!(in_flight.write_due(Version::V3, &mut out), (1, Err(NotDurable)));
        assert_eq!(&out[..], [0x40, 2, 0, 1]);
    }

    #[test]
    fn a_refused_message_keeps_its_turn_and_its_reason() {
        let mut in_flight = InFlight::default();
        let mut gathering = gather(&[1]);
        gathering.push_refused(2);
        gathering.push(message(), Some(3));
        let (receipt, watch) = Receipt::detached();
        in_flight.push(gathering, Some(watch));
        in_flight.answer(&[PubackReason::Success, PubackReason::QuotaExceeded]);
        receipt.commit();
        let mut out = BytesMut::new();
        assert_eq!(in_flight.write_due(Version::V5, &mut out), (3, Ok(())));
        assert_eq!(&out[..], [0x40, 2, 0, 1, 0x40, 3, 0, 2, 0x87, 0x40, 3, 0, 3, 0x97]);
    }
}
