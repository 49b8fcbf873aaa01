//! A disk in memory that loses what was not flushed, tears the write it dies in, and fails on demand.
//!
//! What is written is seen at once, as through a page cache, and is on the platter once it is flushed. A flush that fails
//! leaves the bytes in the cache and takes them for clean: a later flush says yes and does not write them. A power cut
//! keeps what was flushed, and of the rest what its salt says: some writes, whole or torn, in no order.

mod file;
mod journal_side;
mod sqlite_side;

use std::{
    collections::{BTreeMap, BTreeSet},
    io,
    sync::Arc,
};

use parking_lot::{Mutex, MutexGuard};

use file::Cached;
pub(crate) use file::Salt;
pub(crate) use sqlite_side::register;

/// The disk of one simulated machine; cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct SimDisk {
    /// The name SQLite knows it by.
    vfs: Arc<str>,
    state: Arc<Mutex<State>>,
}

/// What can go wrong with one operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Fault {
    /// A write fails, and nothing of it is written.
    Write,
    /// A write fails after a part of it.
    Short,
    /// A flush fails.
    Sync,
    /// A file cannot be shortened.
    Cut,
}

#[derive(Debug, Default)]
struct State {
    files: BTreeMap<u64, Cached>,
    names: BTreeMap<String, u64>,
    /// The names that a power cut leaves.
    kept_names: BTreeMap<String, u64>,
    next_file: u64,
    held: BTreeSet<String>,
    shared: BTreeMap<String, sqlite_side::Shared>,
    next_handle: u64,
    /// Operations that change something, so far.
    done: u64,
    /// The machine, or the process, dies in that operation.
    dies_in: Option<u64>,
    dead: bool,
    /// How often each fault still happens.
    faults: BTreeMap<Fault, u32>,
    /// No file may grow.
    full: bool,
}

impl SimDisk {
    fn new(vfs: &str) -> SimDisk {
        SimDisk { vfs: vfs.into(), state: Arc::default() }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock()
    }

    /// An empty disk again.
    pub(crate) fn wipe(&self) {
        *self.lock() = State::default();
    }

    /// The process dies in the `after`-th operation from now.
    pub(crate) fn die_in(&self, after: u64) {
        let mut state = self.lock();
        state.dies_in = Some(state.done + after);
    }

    /// The process dies now.
    pub(crate) fn die(&self) {
        self.lock().dead = true;
    }

    pub(crate) fn is_dead(&self) -> bool {
        self.lock().dead
    }

    /// A fault for the next so many operations of its kind.
    pub(crate) fn fail(&self, fault: Fault, times: u32) {
        self.lock().faults.insert(fault, times);
    }

    /// Files may no longer grow, or may again.
    pub(crate) fn set_full(&self, full: bool) {
        self.lock().full = full;
    }

    /// Nothing fails any more.
    pub(crate) fn mend(&self) {
        let mut state = self.lock();
        state.faults.clear();
        state.full = false;
        state.dies_in = None;
    }

    /// The process is gone, and every file it had open is closed. With a salt the power was cut too.
    pub(crate) fn rise(&self, power: Option<Salt>) {
        let mut state = self.lock();
        if let Some(salt) = power {
            state.cut_power(salt);
        }
        state.dead = false;
        state.dies_in = None;
        state.held.clear();
        state.shared.clear();
    }
}

impl State {
    fn alive(&self) -> io::Result<()> {
        if self.dead { Err(io::Error::other("the process is dead")) } else { Ok(()) }
    }

    /// Counts an operation that changes something. Gives whether the process dies in it.
    fn begin(&mut self) -> io::Result<bool> {
        self.alive()?;
        self.done += 1;
        self.dead = self.dies_in.is_some_and(|last| self.done >= last);
        Ok(self.dead)
    }

    fn fails(&mut self, fault: Fault) -> bool {
        let Some(left) = self.faults.get_mut(&fault).filter(|left| **left > 0) else { return false };
        *left -= 1;
        true
    }

    fn id(&self, name: &str) -> io::Result<u64> {
        self.alive()?;
        self.names.get(name).copied().ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn file(&mut self, id: u64) -> io::Result<&mut Cached> {
        self.alive()?;
        self.files.get_mut(&id).ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn create(&mut self, name: &str) -> io::Result<u64> {
        if self.begin()? {
            return Err(died());
        }
        let id = self.next_file;
        self.next_file += 1;
        self.files.insert(id, Cached::default());
        self.names.insert(name.to_owned(), id);
        Ok(id)
    }

    fn write(&mut self, id: u64, at: u64, bytes: &[u8]) -> io::Result<()> {
        let grows = at + bytes.len() as u64 > self.file(id)?.len();
        let dies = self.begin()?;
        let fails = self.fails(Fault::Write) || (self.full && grows);
        let short = !fails && self.fails(Fault::Short);
        let part = if dies || short {
            bytes.len() / 3
        } else if fails {
            0
        } else {
            bytes.len()
        };
        if let Some(file) = self.files.get_mut(&id) {
            file.write(at, &bytes[..part]);
        }
        match (dies, fails || short) {
            (true, _) => Err(died()),
            (false, true) => Err(io::ErrorKind::StorageFull.into()),
            (false, false) => Ok(()),
        }
    }

    fn set_len(&mut self, id: u64, len: u64) -> io::Result<()> {
        self.file(id)?;
        if self.begin()? {
            return Err(died());
        }
        if self.fails(Fault::Cut) {
            return Err(io::Error::other("the file cannot be shortened"));
        }
        self.file(id)?.set_len(len);
        Ok(())
    }

    fn sync(&mut self, id: u64) -> io::Result<()> {
        self.file(id)?;
        if self.begin()? {
            return Err(died());
        }
        if self.fails(Fault::Sync) {
            self.file(id)?.forget();
            return Err(io::Error::other("the flush failed"));
        }
        self.file(id)?.keep();
        Ok(())
    }

    /// Makes a name outlive a power cut.
    fn keep_name(&mut self, name: &str) {
        match self.names.get(name) {
            Some(id) => self.kept_names.insert(name.to_owned(), *id),
            None => self.kept_names.remove(name),
        };
    }

    fn cut_power(&mut self, salt: Salt) {
        for (id, file) in &mut self.files {
            file.cut_power(salt, *id);
        }
        self.names = self.kept_names.clone();
        let named: BTreeSet<u64> = self.names.values().copied().collect();
        self.files.retain(|id, _| named.contains(id));
    }
}

fn died() -> io::Error {
    io::Error::other("the process died")
}
