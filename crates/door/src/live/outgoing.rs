//! Messages to the client: from its queue to the wire, no more unacknowledged than it granted.

use std::collections::VecDeque;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::Instant;

use super::Live;
use crate::codec::{Puback, Qos, write_publish};
use crate::config::REPLY_LEN_MAX;
use crate::handler::Handler;

/// The QoS 1 messages a client has not acknowledged.
#[derive(Debug)]
pub(super) struct Window {
    sent: VecDeque<(u16, Instant)>,
    max: usize,
    last_id: u16,
    /// Longest packet the client takes, bytes.
    packet_len_max: usize,
}

impl Window {
    pub(super) fn new(max: u16, packet_len_max: u32) -> Self {
        Self { sent: VecDeque::new(), max: max.into(), last_id: 0, packet_len_max: packet_len_max as usize }
    }

    fn has_room(&self) -> bool {
        self.sent.len() < self.max
    }

    /// When the message was sent that has waited longest.
    pub(super) fn oldest(&self) -> Option<Instant> {
        self.sent.front().map(|(_, at)| *at)
    }

    /// A packet identifier that is not in use. Ends, as the window is smaller than the identifiers are many.
    fn next_id(&mut self) -> u16 {
        loop {
            self.last_id = self.last_id.checked_add(1).unwrap_or(1);
            if self.sent.iter().all(|(id, _)| *id != self.last_id) {
                return self.last_id;
            }
        }
    }

    /// Whether the identifier was one of ours.
    fn acknowledged(&mut self, packet_id: u16) -> bool {
        let found = self.sent.iter().position(|(id, _)| *id == packet_id);
        found.and_then(|index| self.sent.remove(index)).is_some()
    }
}

impl<H, R, W> Live<'_, H, R, W>
where
    H: Handler,
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin,
{
    /// Moves messages from the queue to the output, while there is room in it and in the window.
    pub(super) fn write_outgoing(&mut self) {
        while self.draining.is_none() && self.link.has_outgoing() && self.out.len() < REPLY_LEN_MAX {
            let has_room = self.window.has_room();
            let Some(message) = self.link.pop_if(|message| has_room || message.qos == Qos::AtMostOnce) else {
                return;
            };
            let packet_id = if message.qos == Qos::AtLeastOnce { self.window.next_id() } else { 0 };
            let len_max = self.window.packet_len_max;
            let (topic, payload, qos) = (&message.topic, &message.payload, message.qos);
            if !write_publish(&mut self.out, self.version, topic, payload, qos, packet_id, len_max) {
                self.hub.stats.outgoing_dropped_too_long.one();
                continue;
            }
            self.hub.stats.outgoing_sent.one();
            if qos == Qos::AtLeastOnce {
                self.window.sent.push_back((packet_id, self.clocks.now));
            }
        }
    }

    pub(super) fn take_puback(&mut self, puback: Puback) {
        if self.window.acknowledged(puback.packet_id) {
            self.hub.stats.outgoing_acknowledged.one();
        } else {
            self.hub.stats.stray_pubacks.one();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_wrap_around_zero_and_the_ones_in_use() {
        let mut window = Window::new(3, 100);
        window.last_id = u16::MAX - 1;
        window.sent.push_back((1, Instant::now()));
        assert_eq!([window.next_id(), window.next_id(), window.next_id()], [u16::MAX, 2, 3]);
    }

    #[test]
    fn only_what_was_sent_is_acknowledged_and_only_once() {
        let mut window = Window::new(1, 100);
        window.sent.push_back((7, Instant::now()));
        assert!(!window.has_room());
        assert!(!window.acknowledged(8));
        assert!(window.acknowledged(7) && !window.acknowledged(7));
        assert!(window.has_room());
    }
}
