//! Every input is accounted for: received = judged + rejected + dropped, by reason, always.
//!
//! Intake counts what it received, rejected, dropped and handed over; the site's writer adds what became of the rest.

use std::sync::atomic::{AtomicU64, Ordering};

use davy_model::Reason;

/// The counts of one site since the process began. Figures are readings unless the name says otherwise.
#[derive(Debug)]
pub struct Account {
    messages: AtomicU64,
    payload_bytes: AtomicU64,
    received: AtomicU64,
    accepted: AtomicU64,
    rejected: PerReason,
    warned: PerReason,
    dropped: [AtomicU64; Cause::ALL.len()],
    fates: [AtomicU64; Fate::ALL.len()],
}

/// Why a good reading went no further. Nobody was at fault but Davy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// QoS 0, and the site's inbox was full.
    Qos0Full,
    /// The site's writer was gone: Davy stops, or the site was taken out. At QoS 1 the sender still holds it.
    WriterGone,
}

/// What became of a reading the writer took.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// Judged by the rules.
    Judged,
    /// The same tag, source time and value as before; counted once.
    Duplicate,
    /// Older than the last judged one; kept, not judged.
    OutOfOrder,
    /// Older than the site accepts; kept, not judged.
    TooOld,
    /// Its tag was gone from the site's files by the time it could be judged.
    Unbound,
}

/// What one message, or a few, added. Gathered without atomics, added at once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Messages.
    pub messages: u64,
    /// Their payloads, bytes.
    pub payload_bytes: u64,
    /// Readings in them, good or not. A payload nobody can read is one.
    pub received: u64,
}

/// The counts at one moment. Taken field by field: sums agree once the flow has drained.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Messages.
    pub messages: u64,
    /// Their payloads, bytes.
    pub payload_bytes: u64,
    /// Readings in them.
    pub received: u64,
    /// Handed to the writer.
    pub accepted: u64,
    /// Refused, by reason; only reasons that occurred.
    pub rejected: Vec<(Reason, u64)>,
    /// Accepted with a remark, by reason; only reasons that occurred.
    pub warned: Vec<(Reason, u64)>,
    /// Lost by Davy, by cause; only causes that occurred.
    pub dropped: Vec<(Cause, u64)>,
    /// Judged.
    pub judged: u64,
    /// Counted once already.
    pub duplicate: u64,
    /// Kept, not judged: late in their tag.
    pub out_of_order: u64,
    /// Kept, not judged: too old for the site.
    pub too_old: u64,
    /// Not judged: their tags went with a reload.
    pub unbound: u64,
}

/// A counter a reason.
#[derive(Debug)]
struct PerReason(Box<[AtomicU64]>);

impl Cause {
    /// Every cause.
    pub const ALL: [Cause; 2] = [Cause::Qos0Full, Cause::WriterGone];

    /// The label in metrics.
    pub const fn word(self) -> &'static str {
        match self {
            Cause::Qos0Full => "qos0_full",
            Cause::WriterGone => "writer_gone",
        }
    }
}

impl Fate {
    /// Every fate.
    pub const ALL: [Fate; 5] = [Fate::Judged, Fate::Duplicate, Fate::OutOfOrder, Fate::TooOld, Fate::Unbound];
}

impl Account {
    /// All at zero.
    pub fn new() -> Account {
        Account {
            messages: AtomicU64::new(0),
            payload_bytes: AtomicU64::new(0),
            received: AtomicU64::new(0),
            accepted: AtomicU64::new(0),
            rejected: PerReason::new(),
            warned: PerReason::new(),
            dropped: [const { AtomicU64::new(0) }; Cause::ALL.len()],
            fates: [const { AtomicU64::new(0) }; Fate::ALL.len()],
        }
    }

    /// Adds what came in.
    pub fn receive(&self, tally: Tally) {
        add(&self.messages, tally.messages);
        add(&self.payload_bytes, tally.payload_bytes);
        add(&self.received, tally.received);
    }

    /// Readings handed to the writer.
    pub fn accept(&self, readings: u64) {
        add(&self.accepted, readings);
    }

    /// Readings refused.
    pub fn reject(&self, reason: Reason, readings: u64) {
        self.rejected.add(reason, readings);
    }

    /// A reading accepted with a remark; it counts among the accepted as well.
    pub fn warn(&self, reason: Reason) {
        self.warned.add(reason, 1);
    }

    /// Good readings lost by Davy.
    pub fn drop_readings(&self, cause: Cause, readings: u64) {
        add(&self.dropped[cause as usize], readings);
    }

    /// What became of readings the writer took; called by the writer after the commit.
    pub fn settle(&self, fate: Fate, readings: u64) {
        add(&self.fates[fate as usize], readings);
    }

    /// The counts now.
    pub fn totals(&self) -> Totals {
        let fate = |fate: Fate| read(&self.fates[fate as usize]);
        let dropped = Cause::ALL.map(|cause| (cause, read(&self.dropped[cause as usize])));
        Totals {
            messages: read(&self.messages),
            payload_bytes: read(&self.payload_bytes),
            received: read(&self.received),
            accepted: read(&self.accepted),
            rejected: self.rejected.occurred(),
            warned: self.warned.occurred(),
            dropped: dropped.into_iter().filter(|(_, count)| *count > 0).collect(),
            judged: fate(Fate::Judged),
            duplicate: fate(Fate::Duplicate),
            out_of_order: fate(Fate::OutOfOrder),
            too_old: fate(Fate::TooOld),
            unbound: fate(Fate::Unbound),
        }
    }
}

impl Default for Account {
    fn default() -> Account {
        Account::new()
    }
}

impl Totals {
    /// Refused for any reason.
    pub fn rejected_sum(&self) -> u64 {
        self.rejected.iter().map(|(_, count)| count).sum()
    }

    /// Lost by Davy for any cause.
    pub fn dropped_sum(&self) -> u64 {
        self.dropped.iter().map(|(_, count)| count).sum()
    }

    /// What the writer did with what it took: judged, or kept and counted.
    pub fn settled_sum(&self) -> u64 {
        self.judged + self.duplicate + self.out_of_order + self.too_old + self.unbound
    }

    /// Whether intake lost track of nothing. True whenever no message is being taken.
    pub fn intake_balances(&self) -> bool {
        self.received == self.accepted + self.rejected_sum() + self.dropped_sum()
    }

    /// Whether nobody lost track of anything. True once the writer has drained its inbox.
    pub fn balances(&self) -> bool {
        self.intake_balances() && self.accepted == self.settled_sum()
    }
}

impl PerReason {
    fn new() -> PerReason {
        PerReason(Reason::ALL.iter().map(|_| AtomicU64::new(0)).collect())
    }

    fn add(&self, reason: Reason, count: u64) {
        add(&self.0[reason as usize], count);
    }

    fn occurred(&self) -> Vec<(Reason, u64)> {
        let counts = Reason::ALL.iter().map(|reason| (*reason, read(&self.0[*reason as usize])));
        counts.filter(|(_, count)| *count > 0).collect()
    }
}

fn add(counter: &AtomicU64, count: u64) {
    counter.fetch_add(count, Ordering::Relaxed);
}

fn read(counter: &AtomicU64) -> u64 {
    counter.load(Ordering::Relaxed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_has_its_own_counter() {
        let account = Account::new();
        for (place, reason) in Reason::ALL.iter().enumerate() {
            assert_eq!(*reason as usize, place, "{reason}");
            account.reject(*reason, 1);
        }
        assert!(account.totals().rejected.iter().all(|(_, count)| *count == 1));
        assert_eq!(account.totals().rejected.len(), Reason::ALL.len());
    }

    #[test]
    fn the_identity_holds_once_the_writer_has_drained() {
        let account = Account::new();
        account.receive(Tally { messages: 2, payload_bytes: 80, received: 10 });
        account.reject(Reason::PointUnknown, 1);
        account.warn(Reason::OutOfSensorRange);
        account.drop_readings(Cause::Qos0Full, 2);
        assert!(!account.totals().intake_balances());
        account.accept(7);
        assert!(account.totals().intake_balances());
        assert!(!account.totals().balances(), "the writer still holds seven");
        for (fate, readings) in
            [(Fate::Judged, 3), (Fate::Duplicate, 1), (Fate::OutOfOrder, 1), (Fate::TooOld, 2)]
        {
            account.settle(fate, readings);
        }
        assert!(account.totals().balances());
        assert_eq!(account.totals().dropped, [(Cause::Qos0Full, 2)]);
        assert_eq!(account.totals().warned, [(Reason::OutOfSensorRange, 1)]);
    }
}
