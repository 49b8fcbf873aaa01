//! A `ReadingBatch` that gRPC has decoded already: the same checks as of a payload.

use davy_proto::v1;

use crate::{Form, Limits, Place, Sink, Summary, protobuf::Parts, tally::Tally};

/// Gives `sink` every good metric of a batch, and every problem, as a codec does of its bytes.
pub fn decode_batch(batch: &v1::ReadingBatch, limits: Limits, sink: &mut dyn Sink) -> Summary {
    let summary = Summary { seq: batch.seq, ..Summary::empty(Form::Protobuf) };
    let mut tally = Tally::new(sink, summary, limits, 0);
    for (at, reading) in (0..).zip(&batch.readings) {
        let parts = Parts {
            tag: &reading.tag,
            value: reading.value,
            unit: &reading.unit,
            time: reading.source_time,
            quality: reading.quality,
        };
        parts.finish(Place::Reading(at), &mut tally);
    }
    tally.finish()
}
