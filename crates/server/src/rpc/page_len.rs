//! How long a page of a list is.

use tonic::Status;

use super::status;

/// How many things are on a page of a list: when nobody says, and at the most.
pub(super) struct PageLen {
    pub(super) usual: usize,
    pub(super) most: usize,
}

/// Of alarms, transitions, rules and the like.
pub(super) const OF_ENTRIES: PageLen = PageLen { usual: 100, most: 1000 };
/// Of dead letters, which show what was sent.
pub(super) const OF_LETTERS: PageLen = PageLen { usual: 50, most: 500 };
/// Of readings.
pub(super) const OF_READINGS: PageLen = PageLen { usual: 1000, most: 10_000 };

impl PageLen {
    /// How many are to be on a page. Who asks for more than there may be gets several pages.
    ///
    /// # Errors
    /// `REQUEST_INVALID` when it is negative.
    pub(super) fn of(&self, asked: i32) -> Result<usize, Status> {
        match usize::try_from(asked) {
            Ok(0) => Ok(self.usual),
            Ok(len) => Ok(len.min(self.most)),
            Err(_) => Err(status::invalid_field("page_size", "page_size is negative")),
        }
    }
}
