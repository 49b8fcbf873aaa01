//! A message in its turn: what it holds is given.

use super::{BD_SEQ, Host, Message, Session, refuse, refuse::Refused};
use crate::{
    Form, Rejection, Summary,
    sparkplug::{
        Verb,
        metric::{RawMetric, Value},
        payload::{self, Head},
        reader::Reader,
        table::{NODE, Told},
    },
    tally::Tally,
};

impl Session {
    /// Reads a message in its turn.
    pub(super) fn read(&mut self, message: &Message<'_>, head: &Head, host: &mut dyn Host) {
        let is_birth = matches!(message.verb, Verb::NodeBirth | Verb::DeviceBirth);
        if !is_birth && !self.table.is_alive(message.device) {
            self.is_asking = true;
            return tell(message, Refused::NoBirth.of(head), host);
        }
        let is_new = self.table.place(message.device).is_none();
        if is_new && self.table.devices_len() >= self.settings.devices_max {
            return tell(message, Refused::TooManyDevices.of(head), host);
        }
        self.give(message, head, host);
    }

    /// Gives what a message holds.
    pub(super) fn give(&mut self, message: &Message<'_>, head: &Head, host: &mut dyn Host) {
        host.begin(message);
        let empty = Summary { seq: head.seq, ..Summary::empty(Form::SparkplugB) };
        let mut tally = Tally::new(host, empty, self.settings.limits, 0);
        if message.verb == Verb::NodeBirth {
            remark_on_birth(message.payload, head, &mut tally);
        }
        let is_birth = matches!(message.verb, Verb::NodeBirth | Verb::DeviceBirth);
        let told = if is_birth {
            let (place, told) = self.table.born(message.device);
            self.table.device(place).born = Some(message.arrival);
            told
        } else {
            Told::new()
        };
        let mut reader = Reader {
            settings: &self.settings,
            place: self.table.place(message.device).unwrap_or(NODE),
            table: &mut self.table,
            tally: &mut tally,
            sent_ms: head.timestamp,
            is_missing_one: false,
        };
        match message.verb {
            Verb::NodeBirth | Verb::DeviceBirth => reader.birth(message.device, told, message.payload),
            Verb::DeviceDeath => {
                reader.gone();
                let place = reader.place;
                reader.table.device(place).is_alive = false;
            }
            // Deaths of edge nodes and commands do not get here.
            Verb::NodeData | Verb::DeviceData | Verb::NodeDeath | Verb::NodeCommand | Verb::DeviceCommand => {
                reader.data(message.payload);
            }
        }
        // A birth that was refused in part would be refused again: it is not asked for.
        let device = reader.place;
        self.is_asking |= reader.is_missing_one && reader.table.device(device).is_whole;
        let summary = tally.finish();
        host.end(message, summary);
    }
}

/// What a birth lacks, without which it is taken all the same.
fn remark_on_birth(payload: &[u8], head: &Head, tally: &mut Tally<'_>) {
    if bd_seq(payload).is_none() {
        tally.problem(refuse::birth_without(BD_SEQ, "the number of the will's NDEATH, from 0 to 255"));
    }
    if head.seq != Some(0) {
        tally.problem(refuse::birth_without("seq", "0 in every NBIRTH"));
    }
}

/// A message that is refused whole.
pub(super) fn tell(message: &Message<'_>, refusal: Rejection, host: &mut dyn Host) {
    let rejected = refusal.readings;
    host.begin(message);
    host.problem(refusal);
    host.end(message, Summary { rejected, ..Summary::empty(Form::SparkplugB) });
}

/// The number of the session that a birth or a death speaks of.
pub(super) fn bd_seq(payload: &[u8]) -> Option<u64> {
    let mut raw = payload::metrics(payload).filter_map(|bytes| RawMetric::read(bytes).ok());
    let metric = raw.find(|metric| metric.name == Some(BD_SEQ.as_bytes()))?;
    match metric.value? {
        Value::Int(value) => Some(value.into()),
        Value::Long(value) => Some(value),
        Value::Float(_) | Value::Double(_) | Value::Boolean(_) | Value::Other(_) => None,
    }
}
