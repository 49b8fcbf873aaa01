//! What a question is known again by, whichever page of its answer is asked for.

use prost::Message;
use sha2::{Digest, Sha256};

/// The beginning of a hash, in hex. `asked` is the request without its token and the size of a page.
pub(super) fn question(asked: &impl Message) -> String {
    let digest = Sha256::digest(asked.encode_to_vec());
    digest[..8].iter().map(|byte| format!("{byte:02x}")).collect()
}
