//! Who did what: the audit log of one Davy, an append-only chain of lines with signed checkpoints.
//!
//! Promise: what [`AuditLog::append`] returned `Ok` for is on disk; [`verify`] finds an entry that was flipped, deleted,
//! inserted, swapped or cut off, and names the first bad one. What it can find without a checkpoint that was kept
//! elsewhere, and what not, is told in `docs/security/audit.md`.
//!
//! It does not know: what an entry is about, who is who, clocks, threads. Times are given.

mod backwards;
mod base;
mod check;
mod checkpoint;
mod diagnose;
mod entry;
mod key;
mod line;
mod log;
mod off_box;
mod open;
mod read;
mod report;
mod segment;
mod verify;
mod what;

pub use checkpoint::{Signed, Statement};
pub use entry::{Entry, Outcome, TEXT_LEN_MAX, VALUE_LEN_MAX, Who, WhoKind};
pub use key::{Key, PublicKey};
pub use line::{Fault, LINE_LEN_MAX, Noted, Tip, seal};
pub use log::{AuditLog, AuditOptions, CHECKPOINT_EVERY};
pub use open::Opened;
pub use read::{Filter, Page, page};
pub use report::{AuditFinding, AuditReport};
pub use segment::Segment;
pub use verify::{Trusted, check, verify};
pub use what::What;
