//! The rule kinds, one file each.

mod limit;
mod stale;
