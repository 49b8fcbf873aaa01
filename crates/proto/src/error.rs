//! What a message may lack.

/// A message that says less than it must, or something nobody knows.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WireError {
    /// A field that must be there is not.
    #[error("{0} is missing")]
    Missing(&'static str),
    /// A value that this version does not know, or that means nothing.
    #[error("{field} is not known: {got}")]
    Unknown {
        /// Of which field.
        field: &'static str,
        /// What it was.
        got: String,
    },
}

impl WireError {
    /// Of which field.
    pub fn field(&self) -> &'static str {
        match self {
            WireError::Missing(field) | WireError::Unknown { field, .. } => field,
        }
    }

    /// A value of `field` that is not known.
    pub(crate) fn unknown(field: &'static str, got: &impl ToString) -> WireError {
        WireError::Unknown { field, got: got.to_string() }
    }
}
