//! The file system a journal is on, as far as it can hurt.

use std::{fs, os::unix::fs::MetadataExt, path::Path};

use tracing::warn;

/// Warns of a file system whose blocks are smaller than a page of memory, as ext4 has below 512 MiB when nobody asks for
/// others. SQLite's shared index then has pages that are only partly on disk. When the disk is full the system cannot
/// give them room, and ends the process with SIGBUS, which nothing can hold off: no alarm would go on.
pub(crate) fn warn_of_small_blocks(folder: &Path) {
    let page = rustix::param::page_size() as u64;
    match fs::metadata(folder).map(|folder| folder.blksize()) {
        Ok(block) if block < page => warn!(
            folder = %folder.display(),
            block,
            page,
            "the file system has blocks smaller than a page: if this disk fills, Davy may die at once; make it anew with blocks of a page"
        ),
        // Where it is unreadable the journal is too, and says so.
        Ok(_) | Err(_) => {}
    }
}
