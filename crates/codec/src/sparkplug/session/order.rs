//! Messages in the order of their numbers, and what is missing between them.

use davy_model::NodeChange;

use super::{Alive, Host, Life, Message, Session, read::tell, refuse::Refused};
use crate::sparkplug::{payload::Head, pending::Waiting, print::Print};

/// How far a number may be ahead. Of the 256 numbers, what is further ahead is behind.
const AHEAD_MAX: u8 = 127;

impl Session {
    /// Every message but NBIRTH and NDEATH: they are counted.
    pub(super) fn in_turn(&mut self, message: &Message<'_>, head: Head, host: &mut dyn Host) {
        let refused = match (self.life, head.seq.map(u8::try_from)) {
            (_, _) if message.is_stored => Refused::Stored,
            (Life::Unborn | Life::Dead { .. }, _) => Refused::NoBirth,
            (Life::Gap { .. }, _) => Refused::Gap,
            (Life::Alive(_), None | Some(Err(_))) => Refused::Uncounted,
            (Life::Alive(alive), Some(Ok(seq))) => {
                return self.counted(message, head, seq, alive, host);
            }
        };
        self.is_asking |= refused != Refused::Uncounted && !self.is_alive();
        tell(message, refused.of(&head), host);
    }

    pub(super) fn counted(
        &mut self,
        message: &Message<'_>,
        head: Head,
        seq: u8,
        mut alive: Alive,
        host: &mut dyn Host,
    ) {
        let print = Print::of(seq, head.timestamp, message.payload);
        if self.prints.knows(&print) || self.pending.get(seq).is_some_and(|early| early.print == print) {
            self.counts.duplicates += 1;
            return tell(message, Refused::Twice.of(&head), host);
        }
        if alive.sent_ms.zip(head.timestamp).is_some_and(|(birth, this)| this < birth) {
            // Most likely a straggler. But of a clock that was set back, no message would pass until the next birth.
            alive.awaiting = alive.awaiting.or(Some(message.arrival));
            self.life = Life::Alive(alive);
            self.birth_ms = head.timestamp;
            return tell(message, Refused::OtherBirth.of(&head), host);
        }
        if seq == alive.next && !alive.is_doubtful {
            self.prints.note(print);
            self.read(message, &head, host);
            self.go_on(alive, host);
        } else {
            self.put_aside(message, head, seq, print, host);
        }
    }

    /// Reads what waited for the message just read.
    pub(super) fn go_on(&mut self, mut alive: Alive, host: &mut dyn Host) {
        alive.next = alive.next.wrapping_add(1);
        while let Some(early) = self.pending.take(alive.next) {
            self.prints.note(early.print);
            self.read(&early.message(), &early.head, host);
            self.counts.reordered += 1;
            alive.next = alive.next.wrapping_add(1);
        }
        alive.awaiting = self.pending.since();
        self.life = Life::Alive(alive);
    }

    /// Keeps a message that came too early, if there is room.
    pub(super) fn put_aside(
        &mut self,
        message: &Message<'_>,
        head: Head,
        seq: u8,
        print: Print,
        host: &mut dyn Host,
    ) {
        let (messages, bytes) = self.pending.load();
        let is_full = messages >= self.settings.pending_max
            || bytes + message.payload.len() > self.settings.pending_bytes_max;
        // Two messages of one number: more is missing than can be counted.
        if is_full || self.pending.get(seq).is_some() {
            self.gap(host);
            return tell(message, Refused::Gap.of(&head), host);
        }
        self.pending.put(
            seq,
            Waiting {
                verb: message.verb,
                device: message.device.map(Into::into),
                payload: message.payload.into(),
                arrival: message.arrival,
                head,
                print,
            },
        );
        if let Life::Alive(alive) = &mut self.life {
            alive.awaiting = alive.awaiting.or(Some(message.arrival));
            alive.is_doubtful |= seq.wrapping_sub(alive.next) > AHEAD_MAX;
        }
    }

    /// Messages are missing for good. A birth may be among them, so no alias is sure any more.
    pub(super) fn gap(&mut self, host: &mut dyn Host) {
        let Life::Alive(Alive { bd_seq, .. }) = self.life else { return };
        self.counts.gaps += 1;
        self.life = Life::Gap { bd_seq };
        self.is_asking = true;
        self.refuse_pending(Refused::Gap, host);
        host.node(NodeChange::Lost);
    }

    pub(super) fn refuse_pending(&mut self, refused: Refused, host: &mut dyn Host) {
        for early in self.pending.drain() {
            tell(&early.message(), refused.of(&early.head), host);
        }
    }
}

impl Waiting {
    pub(super) fn message(&self) -> Message<'_> {
        Message {
            verb: self.verb,
            device: self.device.as_deref(),
            payload: &self.payload,
            arrival: self.arrival,
            is_stored: false,
        }
    }
}
