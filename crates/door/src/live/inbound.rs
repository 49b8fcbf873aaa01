//! The read side: bytes in, whole packets out, and no more memory than the traffic needs.

use bytes::{Bytes, BytesMut};
use tokio::time::Instant;

use crate::codec::{DecodeError, frame};
use crate::config::READ_LEN_MAX;

/// What an idle connection asks of its socket at once, bytes.
const READ_LEN_MIN: usize = 2048;

/// Bytes received and not yet decoded.
#[derive(Debug)]
pub(super) struct Inbound {
    /// The last, unfinished packet.
    tail: BytesMut,
    /// Whole packets not yet decoded. While there are any, nothing is read.
    pub(super) whole: Bytes,
    /// What came after them that is no packet.
    fault: Option<DecodeError>,
    read_len: usize,
    packet_len_max: usize,
    /// Since when the unfinished packet has been on its way.
    pub(super) unfinished_since: Option<Instant>,
}

impl Inbound {
    /// Starts with what came in together with CONNECT.
    pub(super) fn new(rest: BytesMut, packet_len_max: usize, now: Instant) -> Self {
        let mut inbound = Self {
            tail: rest,
            whole: Bytes::new(),
            fault: None,
            read_len: READ_LEN_MIN,
            packet_len_max,
            unfinished_since: None,
        };
        inbound.split(now);
        inbound
    }

    /// Where the socket reads to, with room for a read.
    pub(super) fn room(&mut self) -> &mut BytesMut {
        if self.tail.is_empty() && self.tail.capacity() > 4 * self.read_len {
            self.tail = BytesMut::new();
        }
        if self.tail.capacity() - self.tail.len() < self.read_len / 2 {
            self.tail.reserve(self.read_len);
        }
        &mut self.tail
    }

    /// Takes note of `count` bytes read.
    pub(super) fn received(&mut self, count: usize, now: Instant) {
        if self.tail.len() == self.tail.capacity() {
            self.read_len = (self.read_len * 2).min(READ_LEN_MAX);
        } else if count < self.read_len / 8 {
            self.read_len = (self.read_len / 2).max(READ_LEN_MIN);
        }
        self.split(now);
    }

    fn split(&mut self, now: Instant) {
        let (len, fault) = frame::whole(&self.tail, self.packet_len_max);
        if len > 0 {
            self.whole = self.tail.split_to(len).freeze();
            self.unfinished_since = None;
        }
        self.fault = fault;
        if self.tail.is_empty() {
            self.unfinished_since = None;
        } else {
            self.unfinished_since.get_or_insert(now);
        }
    }

    /// The fault after the last whole packet, once those are decoded.
    pub(super) fn fault(&self) -> Option<DecodeError> {
        if self.whole.is_empty() { self.fault } else { None }
    }

    /// Forgets everything not decoded: the connection ends.
    pub(super) fn clear(&mut self) {
        self.whole = Bytes::new();
        self.tail = BytesMut::new();
        self.fault = None;
        self.unfinished_since = None;
    }
}
