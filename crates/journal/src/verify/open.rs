//! Opens a journal so that not even a file beside it changes.

use std::{fmt::Write, os::unix::ffi::OsStrExt, path::Path};

use rusqlite::{Connection, OpenFlags};

use crate::{error::Result, files::Files, schema};

/// Opens it for reading.
///
/// Three ways. While the index in shared memory exists somebody may be at work: then as any reader does, with locks. Else
/// nobody has it open, and SQLite would create that index: so with an empty log the database is read as an immutable
/// file, and with one that holds something the index is built in this process's own memory, which SQLite does for a
/// connection that has the file for itself; the lock it would take for that is of the kind that does nothing.
pub(crate) fn open_untouched(files: &Files) -> Result<Connection> {
    if files.disk.exists(&files.shm) {
        return schema::open_reading(files);
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    if files.len(&files.wal)? == 0 {
        let uri = format!("file:{}?immutable=1", escaped(&files.database));
        let flags = flags | OpenFlags::SQLITE_OPEN_URI;
        return schema::configured(files.connect(Path::new(&uri), flags)?);
    }
    let conn = Connection::open_with_flags_and_vfs(&files.database, flags, files.disk.vfs_without_locks())?;
    // Unquoted: a quoted word has SQLite read the schema first, and that needs the mode already.
    conn.query_row("PRAGMA locking_mode = exclusive", [], |_| Ok(()))?;
    schema::configured(conn)
}

/// The path as a URI has it.
fn escaped(path: &Path) -> String {
    path.as_os_str().as_bytes().iter().fold(String::new(), |mut uri, &byte| {
        if byte.is_ascii_alphanumeric() || b"/-_.~".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            write!(uri, "%{byte:02X}").expect("writing to a string cannot fail");
        }
        uri
    })
}
