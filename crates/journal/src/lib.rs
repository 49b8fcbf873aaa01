//! The durable ordered record of one site: inputs, transitions, snapshots of the engine and cursors of consumers.
//!
//! Promise: what [`Journal::append`] returned `Ok` for is on disk, in order and unchanged; commits are chained by their
//! hashes, and [`verify`] finds a single flipped byte anywhere in the files. A damaged record stops loudly; nothing is
//! guessed.
//!
//! It does not know: the engine, rules, clocks, networks, and nothing of the disk but [`Disk`]. Times are given, snapshots are bytes, and what is in a
//! transition matters to it only for finding and printing it.

pub mod audit;
mod base;
mod checkpoint;
mod commit;
mod cursor;
mod disk;
mod error;
mod export;
mod files;
mod journal;
mod lookup;
mod numbers;
mod pack;
mod reader;
mod record;
mod row;
mod schema;
mod side_file;
mod snapshot;
mod sums;
mod verify;
mod wal;

pub use base::BaseFiles;
pub use checkpoint::Checkpoint;
pub use commit::{
    Commit, Encoded, Hash, Head, chain, chain_encoded, decode_commit, decode_transition, encode_commit,
    encode_transition, first_hash, hex,
};
pub use cursor::Cursor;
pub use disk::{Disk, DiskFile, Held, Mode, OwnDisk, Place};
pub use error::JournalError;
pub use export::{canonical, export};
pub use journal::{Journal, Options, Size};
pub use reader::{AlarmHistory, Commits, FirstKept, JournalReader};
pub use side_file::{SideFile, SideFileError};
pub use snapshot::{Newest, Snapshot};
pub use verify::{Finding, Report, verify};
