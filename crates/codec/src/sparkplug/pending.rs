//! Messages that came too early, until those before them come: bounded in number and bytes.

use std::collections::BTreeMap;

use davy_model::Timestamp;

use super::{Verb, payload::Head, print::Print};

/// What a message weighs beside its payload, bytes.
pub(super) const MESSAGE_BYTES: usize = 128;

/// A message that waits.
#[derive(Debug)]
pub(super) struct Waiting {
    pub(super) verb: Verb,
    pub(super) device: Option<Box<str>>,
    pub(super) payload: Box<[u8]>,
    pub(super) arrival: Timestamp,
    pub(super) head: Head,
    pub(super) print: Print,
}

/// Messages that wait, by number.
#[derive(Debug, Default)]
pub(super) struct Pending {
    messages: BTreeMap<u8, Waiting>,
    bytes: usize,
}

impl Pending {
    pub(super) fn get(&self, seq: u8) -> Option<&Waiting> {
        self.messages.get(&seq)
    }

    /// How many wait, and their bytes.
    pub(super) fn load(&self) -> (usize, usize) {
        (self.messages.len(), self.bytes)
    }

    pub(super) fn put(&mut self, seq: u8, message: Waiting) {
        self.bytes += message.payload.len() + MESSAGE_BYTES;
        if let Some(before) = self.messages.insert(seq, message) {
            self.bytes -= before.payload.len() + MESSAGE_BYTES;
        }
    }

    pub(super) fn take(&mut self, seq: u8) -> Option<Waiting> {
        let message = self.messages.remove(&seq)?;
        self.bytes -= message.payload.len() + MESSAGE_BYTES;
        Some(message)
    }

    /// All of them, the one that arrived first at the front.
    pub(super) fn drain(&mut self) -> Vec<Waiting> {
        self.bytes = 0;
        let mut all: Vec<Waiting> = std::mem::take(&mut self.messages).into_values().collect();
        all.sort_by_key(|message| message.arrival);
        all
    }

    /// Since when the first of them waits.
    pub(super) fn since(&self) -> Option<Timestamp> {
        self.messages.values().map(|message| message.arrival).min()
    }
}
