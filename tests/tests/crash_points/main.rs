//! Killed at its n-th call to the disk, and on disks that fail, Davy loses nothing that it acknowledged and tells nobody
//! anything twice.
//!
//! The faults are put under the real binary by strace, and by a small file system that is really full. What is right is
//! worked out from the journal's own readings: a tag is past its limit or it is not.
//!
//! `DAVY_CRASH_ALL=1` kills at every call, `DAVY_SEED=n` shifts the sample.

mod disk_full;
mod failing_disk;
mod fault;
mod points;
mod restart;
mod script;
mod small_disk;
mod too_many_files;
