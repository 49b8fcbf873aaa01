//! Ids that callers choose for what they ask, so that it is known when it is sent again.

use tonic::Status;

use super::status;

/// Longest id, bytes.
const REQUEST_ID_LEN_MAX: usize = 64;

/// That an id is not too long to be kept.
///
/// # Errors
/// `REQUEST_INVALID`, naming the field.
pub(super) fn fits(field: &'static str, id: &str) -> Result<(), Status> {
    if id.len() <= REQUEST_ID_LEN_MAX {
        return Ok(());
    }
    Err(status::invalid_field(field, format!("an id is at most {REQUEST_ID_LEN_MAX} bytes long")))
}
