//! Births and deaths of the edge node: which session it is in.

use davy_model::{NodeChange, Timestamp};

use super::{
    Alive, Host, Life, Message, Session,
    read::{bd_seq, tell},
    refuse::Refused,
};
use crate::sparkplug::{Verb, payload::Head, print::Print};

impl Session {
    pub(super) fn node_birth(&mut self, message: &Message<'_>, head: Head, host: &mut dyn Host) {
        let print = Print::of(0, head.timestamp, message.payload);
        if message.is_stored {
            self.is_asking |= !self.is_alive();
            return tell(message, Refused::Stored.of(&head), host);
        }
        if self.is_alive() && self.prints.knows(&print) {
            self.counts.duplicates += 1;
            return tell(message, Refused::Twice.of(&head), host);
        }
        if let Some(refused) = self.is_overtaken(message, &head, host) {
            return tell(message, refused.of(&head), host);
        }
        let bd_seq = bd_seq(message.payload);
        if self.died_before(bd_seq, message.arrival) {
            self.die(bd_seq, host);
            self.is_asking = true;
            return tell(message, Refused::DeathFirst.of(&head), host);
        }
        self.begin(message, &head, bd_seq, print, host);
    }

    /// Whether a birth is older than the last one. On the heels of that it was overtaken, and is over. Later it may be of a
    /// clock that was set back: the next birth will tell.
    pub(super) fn is_overtaken(
        &mut self,
        message: &Message<'_>,
        head: &Head,
        host: &mut dyn Host,
    ) -> Option<Refused> {
        let last = std::mem::replace(&mut self.birth_ms, head.timestamp);
        let is_older = last.zip(head.timestamp).is_some_and(|(last, this)| this < last);
        match self.life {
            Life::Alive(alive) if is_older => {
                if message.arrival < alive.born.plus(self.settings.reorder_timeout) {
                    self.birth_ms = last;
                } else {
                    self.gap(host);
                }
            }
            Life::Gap { .. } if is_older => self.is_asking = true,
            // A new session after a death may have another clock.
            Life::Alive(_) | Life::Gap { .. } | Life::Unborn | Life::Dead { .. } => return None,
        }
        Some(Refused::Overtaken)
    }

    /// A session of the edge node begins.
    pub(super) fn begin(
        &mut self,
        message: &Message<'_>,
        head: &Head,
        bd_seq: Option<u64>,
        print: Print,
        host: &mut dyn Host,
    ) {
        let first = head.seq.and_then(|seq| u8::try_from(seq).ok());
        // After a loss no tag holds its value anyway, until it reports.
        let devices_due = (self.is_alive() && self.table.devices_len() > 0)
            .then(|| message.arrival.plus(self.settings.reorder_timeout));
        let alive = Alive {
            bd_seq,
            next: first.unwrap_or(0).wrapping_add(1),
            born: message.arrival,
            sent_ms: head.timestamp,
            awaiting: None,
            is_doubtful: false,
            devices_due,
        };
        self.counts.births += 1;
        self.life = Life::Alive(alive);
        self.is_asking = false;
        self.prints.clear();
        self.prints.note(print);
        self.table.begin_anew();
        host.node(NodeChange::Online);
        self.read(message, head, host);
        for early in self.pending.drain() {
            // What was sent before this birth belongs to another session, and its aliases too.
            if early.head.timestamp.zip(head.timestamp).is_some_and(|(early, birth)| early >= birth) {
                self.in_turn(&early.message(), early.head, host);
            } else {
                tell(&early.message(), Refused::OtherBirth.of(&early.head), host);
            }
        }
    }

    /// Whether the death of this very session came before its birth: they have topics of their own, and topics overtake.
    pub(super) fn died_before(&mut self, bd_seq: Option<u64>, now: Timestamp) -> bool {
        let Some((dead, at)) = self.early_death.take() else { return false };
        bd_seq == Some(dead) && now < at.plus(self.settings.reorder_timeout)
    }

    pub(super) fn node_death(&mut self, message: &Message<'_>, host: &mut dyn Host) {
        let dead = bd_seq(message.payload);
        let current = match self.life {
            Life::Unborn => None,
            Life::Alive(Alive { bd_seq, .. }) | Life::Gap { bd_seq } => bd_seq,
            // Said twice.
            Life::Dead { bd_seq } if bd_seq == dead => return,
            Life::Dead { bd_seq } => bd_seq,
        };
        let is_former = dead.zip(current).is_some_and(|(dead, current)| dead != current);
        if is_former {
            self.counts.stale_deaths += 1;
            self.early_death = dead.map(|dead| (dead, message.arrival));
            return;
        }
        // Of an edge node not heard before, a death is believed; but whether its birth is still to come is not known.
        if self.life == Life::Unborn {
            self.early_death = dead.map(|dead| (dead, message.arrival));
            return host.node(NodeChange::Lost);
        }
        self.die(dead, host);
    }

    pub(super) fn die(&mut self, bd_seq: Option<u64>, host: &mut dyn Host) {
        self.counts.deaths += 1;
        self.life = Life::Dead { bd_seq };
        self.is_asking = false;
        self.refuse_pending(Refused::NoBirth, host);
        host.node(NodeChange::Lost);
    }

    /// Devices that stood before the last NBIRTH and have not been born since are gone.
    pub(super) fn miss_devices(&mut self, now: Timestamp, host: &mut dyn Host) {
        if let Life::Alive(alive) = &mut self.life {
            alive.devices_due = None;
        }
        for name in self.table.missing_devices() {
            let verb = Verb::DeviceDeath;
            let message = Message { verb, device: Some(&name), payload: &[], arrival: now, is_stored: false };
            self.give(&message, &Head::default(), host);
        }
    }
}
