//! One payload by itself, as `davy payload check` reads it: what a birth tells, and of data what has a name.

use davy_model::Timestamp;

use super::{
    Settings,
    payload::{Broken, Head},
    reader::Reader,
    session::refusal_of,
    table::Table,
};
use crate::{Codec, Form, Limits, Sink, Summary, native::refused_whole, tally::Tally};

/// Reads Sparkplug B payloads one by one, each as a birth: aliases without names are refused, since only a [`Session`]
/// knows them. Metrics have their own names; the device stands in the topic.
///
/// [`Session`]: super::Session
#[derive(Clone, Copy, Debug, Default)]
pub struct SparkplugB {
    /// How much one payload may ask for.
    pub limits: Limits,
}

impl Codec for SparkplugB {
    fn decode(&self, payload: &[u8], _arrival: Timestamp, sink: &mut dyn Sink) -> Summary {
        if let Some(summary) = refused_whole(payload, Form::SparkplugB, self.limits, sink) {
            return summary;
        }
        let empty = Summary::empty(Form::SparkplugB);
        let head = match Head::read(payload) {
            Ok(head) => head,
            Err(broken) => return refuse(payload, &broken, empty, sink),
        };
        let settings = Settings { limits: self.limits, ..Settings::default() };
        let mut table = Table::new();
        let (place, told) = table.born(None);
        let mut tally = Tally::new(sink, Summary { seq: head.seq, ..empty }, self.limits, 0);
        let mut reader = Reader {
            settings: &settings,
            table: &mut table,
            tally: &mut tally,
            sent_ms: head.timestamp,
            place,
            is_missing_one: false,
        };
        reader.birth(None, told, payload);
        tally.finish()
    }
}

fn refuse(payload: &[u8], broken: &Broken, empty: Summary, sink: &mut dyn Sink) -> Summary {
    let refusal = refusal_of(payload, broken);
    let rejected = refusal.readings;
    sink.problem(refusal);
    Summary { rejected, ..empty }
}
