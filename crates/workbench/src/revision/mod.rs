//! The life of a set of files: proposed, approved, in shadow, active, retired; and what becomes of alarms when one takes the
//! place of another.

mod life;
mod migration;

pub use life::{Act, Life, RevisionRefusal, State};
pub use migration::{Withdrawal, withdrawals};
