//! What became of every reading: none is lost without a number.

/// Readings by what became of them, since this engine was made. `judged + duplicate + out_of_order + too_old` is all
/// it was given.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Judged, bad ones among them.
    pub judged: u64,
    /// Of those judged: bad, so evidence of nothing.
    pub bad: u64,
    /// Of those judged: from a backlog.
    pub late: u64,
    /// Of those judged: at their arrival time, because the source's clock is suspect.
    pub clock_suspect: u64,
    /// The same tag, source time and value again.
    pub duplicate: u64,
    /// Older than the last judged reading of the tag.
    pub out_of_order: u64,
    /// Older than the site accepts.
    pub too_old: u64,
}

impl Counts {
    /// What came since `earlier`.
    pub fn since(&self, earlier: &Counts) -> Counts {
        Counts {
            judged: self.judged - earlier.judged,
            bad: self.bad - earlier.bad,
            late: self.late - earlier.late,
            clock_suspect: self.clock_suspect - earlier.clock_suspect,
            duplicate: self.duplicate - earlier.duplicate,
            out_of_order: self.out_of_order - earlier.out_of_order,
            too_old: self.too_old - earlier.too_old,
        }
    }
}
