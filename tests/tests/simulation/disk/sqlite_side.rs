//! The disk as SQLite sees it: a file system of SQLite's own kind. Used by one thread at a time.

use std::{collections::BTreeMap, io, ops::Range, time::Duration};

use sqlite_vfs::{
    DatabaseHandle, LockKind, OpenAccess, OpenKind, OpenOptions, Vfs,
    wip::{WalIndex, WalIndexLock},
};

use super::{SimDisk, State};

/// What the connections to one database share: their locks, and the index of its write-ahead log.
#[derive(Debug, Default)]
pub(super) struct Shared {
    locks: BTreeMap<u64, LockKind>,
    index: Option<BTreeMap<u32, Box<Region>>>,
    index_locks: BTreeMap<(u8, u64), WalIndexLock>,
}

type Region = [u8; 32768];

/// One open file of SQLite.
#[derive(Debug)]
pub(crate) struct Handle {
    disk: SimDisk,
    name: String,
    file: u64,
    number: u64,
    kind: OpenKind,
}

/// One connection's view of the index.
#[derive(Debug)]
pub(crate) struct Index {
    disk: SimDisk,
    name: String,
    number: u64,
}

/// A new disk, known to SQLite by a name of its own for as long as the process lives.
pub(crate) fn register(name: &str) -> SimDisk {
    let disk = SimDisk::new(name);
    sqlite_vfs::register(name, disk.clone(), false).expect("SQLite takes another file system");
    disk
}

impl State {
    /// Whether connections share the index that a real disk would have as a file of this name.
    pub(super) fn has_shared(&self, name: &str) -> bool {
        let shared = name.strip_suffix("-shm").and_then(|name| self.shared.get(name));
        shared.is_some_and(|shared| shared.index.is_some())
    }
}

impl Vfs for SimDisk {
    type Handle = Handle;

    fn open(&self, name: &str, options: OpenOptions) -> io::Result<Handle> {
        let mut state = self.lock();
        let may_create = matches!(options.access, OpenAccess::Create | OpenAccess::CreateNew);
        let file = match state.id(name) {
            Err(error) if error.kind() == io::ErrorKind::NotFound && may_create => state.create(name)?,
            found => found?,
        };
        let number = state.next_handle;
        state.next_handle += 1;
        Ok(Handle { disk: self.clone(), name: name.to_owned(), file, number, kind: options.kind })
    }

    fn delete(&self, name: &str) -> io::Result<()> {
        davy_journal::Disk::remove(self, name.as_ref())
    }

    fn exists(&self, name: &str) -> io::Result<bool> {
        let state = self.lock();
        state.alive()?;
        Ok(state.names.contains_key(name))
    }

    fn temporary_name(&self) -> String {
        let mut state = self.lock();
        state.next_handle += 1;
        format!("/tmp-{}", state.next_handle)
    }

    fn random(&self, bytes: &mut [i8]) {
        bytes.fill(7);
    }

    /// Virtual time: whoever is asked to wait has waited.
    fn sleep(&self, duration: Duration) -> Duration {
        duration
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        if let Some(shared) = self.disk.lock().shared.get_mut(&self.name) {
            shared.locks.remove(&self.number);
        }
    }
}

impl DatabaseHandle for Handle {
    type WalIndex = Index;

    fn size(&self) -> io::Result<u64> {
        Ok(self.disk.lock().file(self.file)?.len())
    }

    fn read_exact_at(&mut self, bytes: &mut [u8], offset: u64) -> io::Result<()> {
        let mut state = self.disk.lock();
        let rest = state.file(self.file)?.bytes().get(offset as usize..).unwrap_or_default();
        let len = rest.len().min(bytes.len());
        bytes[..len].copy_from_slice(&rest[..len]);
        bytes[len..].fill(0);
        if len == bytes.len() { Ok(()) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
    }

    fn write_all_at(&mut self, bytes: &[u8], offset: u64) -> io::Result<()> {
        // How this crate tells SQLite that a disk is full.
        self.disk.lock().write(self.file, offset, bytes).map_err(|error| match error.kind() {
            io::ErrorKind::StorageFull => io::ErrorKind::WriteZero.into(),
            _ => error,
        })
    }

    fn sync(&mut self, _data_only: bool) -> io::Result<()> {
        let mut state = self.disk.lock();
        state.sync(self.file)?;
        // As SQLite's own does for a log it has just made.
        if matches!(self.kind, OpenKind::Wal | OpenKind::MainJournal) {
            state.keep_name(&self.name);
        }
        Ok(())
    }

    fn set_len(&mut self, len: u64) -> io::Result<()> {
        let mut state = self.disk.lock();
        // Only ever a hint of what will be written: SQLite's own file system does not follow it either.
        if len > state.file(self.file)?.len() {
            return Ok(());
        }
        state.set_len(self.file, len)
    }

    fn lock(&mut self, lock: LockKind) -> io::Result<bool> {
        let mut state = self.disk.lock();
        state.alive()?;
        let shared = state.shared.entry(self.name.clone()).or_default();
        let others =
            || shared.locks.iter().filter(|(number, _)| **number != self.number).map(|(_, lock)| *lock);
        let free = match lock {
            LockKind::None => true,
            LockKind::Shared => !others().any(|lock| matches!(lock, LockKind::Pending | LockKind::Exclusive)),
            LockKind::Reserved | LockKind::Pending => {
                others().all(|lock| matches!(lock, LockKind::None | LockKind::Shared))
            }
            LockKind::Exclusive => others().all(|lock| lock == LockKind::None),
        };
        if free {
            shared.locks.insert(self.number, lock);
        }
        Ok(free)
    }

    fn reserved(&mut self) -> io::Result<bool> {
        let state = self.disk.lock();
        let locks = state.shared.get(&self.name).into_iter().flat_map(|shared| shared.locks.values());
        Ok(locks.into_iter().any(|lock| !matches!(lock, LockKind::None | LockKind::Shared)))
    }

    fn current_lock(&self) -> io::Result<LockKind> {
        let state = self.disk.lock();
        let shared = state.shared.get(&self.name);
        Ok(shared.and_then(|shared| shared.locks.get(&self.number).copied()).unwrap_or(LockKind::None))
    }

    fn wal_index(&self, _readonly: bool) -> io::Result<Index> {
        let mut state = self.disk.lock();
        state.alive()?;
        state.shared.entry(self.name.clone()).or_default().index.get_or_insert_default();
        Ok(Index { disk: self.disk.clone(), name: self.name.clone(), number: self.number })
    }
}

impl Index {
    fn with<T>(&self, act: impl FnOnce(&mut Shared) -> T) -> io::Result<T> {
        let mut state = self.disk.lock();
        state.alive()?;
        Ok(act(state.shared.entry(self.name.clone()).or_default()))
    }
}

impl Drop for Index {
    fn drop(&mut self) {
        if let Some(shared) = self.disk.lock().shared.get_mut(&self.name) {
            shared.index_locks.retain(|(_, number), _| *number != self.number);
        }
    }
}

impl WalIndex for Index {
    fn map(&mut self, region: u32) -> io::Result<Region> {
        self.with(|shared| {
            let regions = shared.index.get_or_insert_default();
            **regions.entry(region).or_insert_with(|| Box::new([0; 32768]))
        })
    }

    fn lock(&mut self, slots: Range<u8>, lock: WalIndexLock) -> io::Result<bool> {
        let number = self.number;
        self.with(|shared| {
            let taken = |slot: u8| {
                let others = shared.index_locks.range((slot, 0)..=(slot, u64::MAX));
                let mut others = others.filter(|((_, other), _)| *other != number).map(|(_, held)| *held);
                match lock {
                    WalIndexLock::None => false,
                    WalIndexLock::Shared => others.any(|held| held == WalIndexLock::Exclusive),
                    WalIndexLock::Exclusive => others.any(|held| held != WalIndexLock::None),
                }
            };
            if slots.clone().any(taken) {
                return false;
            }
            for slot in slots {
                shared.index_locks.insert((slot, number), lock);
            }
            true
        })
    }

    fn delete(self) -> io::Result<()> {
        self.with(|shared| shared.index = None)
    }

    fn pull(&mut self, region: u32, data: &mut Region) -> io::Result<()> {
        self.with(|shared| {
            if let Some(kept) = shared.index.as_ref().and_then(|regions| regions.get(&region)) {
                *data = **kept;
            }
        })
    }

    fn push(&mut self, region: u32, data: &Region) -> io::Result<()> {
        self.with(|shared| {
            shared.index.get_or_insert_default().insert(region, Box::new(*data));
        })
    }
}
