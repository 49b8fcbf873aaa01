//! Where intake meets the codec.

use davy_codec::{Codec, Limits, Native, Rejection, decode_status};
use davy_model::NodeChange;

use crate::taker::Taker;

/// Reads a payload of readings; gives the sender's own number for the message.
pub(crate) fn readings(payload: &[u8], payload_len_max: usize, taker: &mut Taker<'_>) -> Option<u64> {
    let codec = Native { limits: Limits { payload_len_max, ..Limits::default() } };
    codec.decode(payload, taker.moment.arrival, taker).seq
}

/// Reads a payload that says whether an edge node is there. What says nothing counts as one thing refused.
pub(crate) fn status(payload: &[u8]) -> Result<NodeChange, Box<Rejection>> {
    decode_status(payload).map_err(|mut rejection| {
        rejection.readings = 1;
        rejection
    })
}
