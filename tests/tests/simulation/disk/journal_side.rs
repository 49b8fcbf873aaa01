//! The disk as the journal sees it.

use std::{
    io::{self, Read, Write},
    path::Path,
};

use davy_journal::{Disk, DiskFile, Held, Mode};

use super::{SimDisk, State, died};

/// An open file, read from its beginning and written at its end.
#[derive(Debug)]
struct Open {
    disk: SimDisk,
    file: u64,
    at: u64,
}

/// A lock of one process.
#[derive(Debug)]
struct Lock {
    disk: SimDisk,
    name: String,
}

impl Held for Lock {}

impl Drop for Lock {
    fn drop(&mut self) {
        self.disk.lock().held.remove(&self.name);
    }
}

fn name(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

impl Disk for SimDisk {
    fn vfs(&self) -> Option<&str> {
        Some(&self.vfs)
    }

    fn vfs_without_locks(&self) -> &str {
        &self.vfs
    }

    fn exists(&self, path: &Path) -> bool {
        let state = self.lock();
        let name = name(path);
        state.names.contains_key(&name) || state.has_shared(&name)
    }

    fn len(&self, path: &Path) -> io::Result<u64> {
        let mut state = self.lock();
        let id = state.id(&name(path))?;
        Ok(state.file(id)?.len())
    }

    fn open(&self, path: &Path, mode: Mode) -> io::Result<Box<dyn DiskFile>> {
        let name = name(path);
        let mut state = self.lock();
        let file = match (state.id(&name), mode) {
            (Ok(id), Mode::Fresh) => {
                state.set_len(id, 0)?;
                id
            }
            (Err(error), Mode::Fresh) if error.kind() == io::ErrorKind::NotFound => state.create(&name)?,
            (found, _) => found?,
        };
        Ok(Box::new(Open { disk: self.clone(), file, at: 0 }))
    }

    fn lock(&self, path: &Path) -> io::Result<Option<Box<dyn Held>>> {
        let name = name(path);
        let mut state = SimDisk::lock(self);
        state.alive()?;
        if !state.held.insert(name.clone()) {
            return Ok(None);
        }
        Ok(Some(Box::new(Lock { disk: self.clone(), name })))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut state = self.lock();
        let id = state.id(&name(from))?;
        if state.begin()? {
            return Err(died());
        }
        state.names.remove(&name(from));
        state.names.insert(name(to), id);
        Ok(())
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        let mut state = self.lock();
        state.id(&name(path))?;
        if state.begin()? {
            return Err(died());
        }
        state.names.remove(&name(path));
        Ok(())
    }

    fn sync_folder_of(&self, _path: &Path) -> io::Result<()> {
        let mut state = self.lock();
        if state.begin()? {
            return Err(died());
        }
        state.kept_names = state.names.clone();
        Ok(())
    }
}

impl Open {
    fn with<T>(&self, act: impl FnOnce(&mut State, u64) -> io::Result<T>) -> io::Result<T> {
        act(&mut self.disk.lock(), self.file)
    }
}

impl Read for Open {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let got = self.read_at(bytes, self.at)?;
        self.at += got as u64;
        Ok(got)
    }
}

impl Write for Open {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.with(|state, file| {
            let end = state.file(file)?.len();
            state.write(file, end, bytes)
        })?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl DiskFile for Open {
    fn read_at(&self, bytes: &mut [u8], offset: u64) -> io::Result<usize> {
        self.with(|state, file| {
            let rest = state.file(file)?.bytes().get(offset as usize..).unwrap_or_default();
            let len = rest.len().min(bytes.len());
            bytes[..len].copy_from_slice(&rest[..len]);
            Ok(len)
        })
    }

    fn read_exact_at(&self, bytes: &mut [u8], offset: u64) -> io::Result<()> {
        let got = self.read_at(bytes, offset)?;
        if got == bytes.len() { Ok(()) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
    }

    fn write_all_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        self.with(|state, file| state.write(file, offset, bytes))
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.with(|state, file| state.set_len(file, len))
    }

    fn sync(&self) -> io::Result<()> {
        self.with(State::sync)
    }
}
