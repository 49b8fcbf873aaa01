//! Ends a run that does not come back: its input lies on disk already.

use std::{
    cell::Cell,
    fs::File,
    io::Write,
    os::unix::fs::FileExt,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::Duration,
};

use davy_tests::workspace;

/// How long one input may keep a target busy before the whole run is ended.
const PATIENCE: Duration = Duration::from_secs(60);

/// Writes down each input before it is tried: what kills the process, be it a full stack, leaves it there.
#[derive(Debug)]
pub(super) struct Watchdog {
    file: File,
    len: Cell<u64>,
    done: Arc<AtomicU64>,
}

/// Where the input being tried lies.
pub(super) fn running(name: &str) -> PathBuf {
    folder().join(format!("{name}.running"))
}

/// Where failing inputs are put.
pub(super) fn folder() -> PathBuf {
    workspace().join("target/fuzz")
}

impl Watchdog {
    /// Watches over a target until it is dropped.
    pub(super) fn over(name: &'static str) -> Watchdog {
        std::fs::create_dir_all(folder()).expect("target/fuzz can be made");
        let file = File::create(running(name)).expect("target/fuzz can be written");
        let done = Arc::new(AtomicU64::new(0));
        let watched = Arc::downgrade(&done);
        thread::spawn(move || {
            let mut last = u64::MAX;
            while let Some(now) = watched.upgrade().map(|done| done.load(Ordering::Relaxed)) {
                if now == last {
                    let path = running(name);
                    let _ = writeln!(
                        std::io::stderr(),
                        "{name}: an input took more than {PATIENCE:?}; it is {}",
                        path.display()
                    );
                    std::process::exit(101);
                }
                last = now;
                thread::park_timeout(PATIENCE);
            }
        });
        Watchdog { file, len: Cell::new(0), done }
    }

    /// An input is about to be tried.
    pub(super) fn note(&self, input: &[u8]) {
        self.done.fetch_add(1, Ordering::Relaxed);
        let len = input.len() as u64;
        let longer = self.len.replace(len) > len;
        let cut = if longer { self.file.set_len(len) } else { Ok(()) };
        cut.and_then(|()| self.file.write_all_at(input, 0)).expect("target/fuzz can be written");
    }
}
