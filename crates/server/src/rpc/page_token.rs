//! Tokens of pages that begin behind a number: the number of the last entry on the page before.

use std::str::FromStr;

use tonic::Status;

use super::status;

/// The number behind which a page begins; none on the first.
///
/// # Errors
/// `RESUME_TOKEN_INVALID` when it is none.
pub(super) fn number<T: FromStr>(token: &str) -> Result<Option<T>, Status> {
    if token.is_empty() {
        return Ok(None);
    }
    token.parse().map(Some).map_err(|_| status::wrong_token(token))
}
