//! Where intake meets the codec.

use davy_codec::{Rejection, decode_status};
use davy_model::NodeChange;

/// Reads a payload that says whether an edge node is there. What says nothing counts as one thing refused.
pub(crate) fn status(payload: &[u8]) -> Result<NodeChange, Box<Rejection>> {
    decode_status(payload).map_err(|mut rejection| {
        rejection.readings = 1;
        rejection
    })
}
