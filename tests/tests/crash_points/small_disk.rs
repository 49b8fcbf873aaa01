//! Room for a journal that runs out and comes back: a file system of 16 MiB that is really full, or, where none can be
//! mounted, a limit on the length of files.

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use davy_tests::{Davy, Setup};

use crate::script::SITE;

/// The length of the image.
const IMAGE: &str = "16M";
/// What takes the room.
const FILLER: &str = "filler";
/// How often whoever takes the room takes what was freed meanwhile.
const AGAIN: Duration = Duration::from_millis(2);
/// How long it leaves what was left.
const LEFT_FOR: Duration = Duration::from_millis(300);

/// Room that can be taken and given back.
#[derive(Debug)]
pub(crate) enum Room {
    /// An ext4 file system in a file, mounted where Davy keeps its data.
    FileSystem {
        /// There.
        at: PathBuf,
        /// Whoever takes what Davy frees when it empties its log.
        neighbour: Option<Neighbour>,
    },
    /// `RLIMIT_FSIZE`: no file may become longer than the write-ahead log is.
    FileLength,
}

impl Room {
    /// Mounts a file system for the data folder of `setup`, with blocks of a page as larger disks have them; says which
    /// kind of room it is.
    pub(crate) fn make(setup: &Setup) -> Room {
        Room::with_blocks(setup, "4096")
    }

    /// As [`Room::make`], with blocks of so many bytes.
    pub(crate) fn with_blocks(setup: &Setup, block: &str) -> Room {
        let at = setup.path("data");
        fs::create_dir_all(&at).expect("a folder");
        let image = setup.path("disk.img");
        let mounted = runs(&["truncate", "-s", IMAGE, &shown(&image)])
            && runs(&["mkfs.ext4", "-q", "-F", "-m", "0", "-b", block, &shown(&image)])
            && runs(&["mount", "-o", "loop", &shown(&image), &shown(&at)]);
        let room = if mounted { Room::FileSystem { at, neighbour: None } } else { Room::FileLength };
        println!(
            "room for the journal: {}",
            if mounted { "a file system" } else { "a limit on the length of files" }
        );
        room
    }

    /// What Davy is started under.
    pub(crate) fn wrapper(&self) -> Vec<String> {
        let words: &[&str] = match self {
            Room::FileSystem { .. } => &["env"],
            // The signal would end it; without, the call fails as on a full disk.
            Room::FileLength => &["env", "--ignore-signal=XFSZ"],
        };
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    /// Takes all the room there is but about `leave` bytes, once.
    pub(crate) fn take(&self, server: &Davy, setup: &Setup, leave: u64) {
        match self {
            Room::FileSystem { at, .. } => fill(&at.join(FILLER), leave),
            Room::FileLength => {
                let len = |suffix: &str| {
                    let path = format!("{}{suffix}", shown(&setup.journal(SITE)));
                    fs::metadata(path).map_or(0, |data| data.len())
                };
                limit(server, &(len("-wal") + leave).to_string());
            }
        }
    }

    /// From a moment later on takes whatever is left, and whatever is freed.
    pub(crate) fn crowd(&mut self) {
        if let Room::FileSystem { at, neighbour } = self {
            neighbour.get_or_insert_with(|| Neighbour::start(at.join(FILLER)));
        }
    }

    /// Gives it back.
    pub(crate) fn give_back(&mut self, server: Option<&Davy>) {
        match self {
            Room::FileSystem { at, neighbour } => {
                *neighbour = None;
                fs::remove_file(at.join(FILLER)).expect("removed");
            }
            Room::FileLength => server.into_iter().for_each(|server| limit(server, "unlimited")),
        }
    }
}

/// Fills the disk again and again until dropped.
#[derive(Debug)]
pub(crate) struct Neighbour {
    leaves: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Neighbour {
    fn start(filler: PathBuf) -> Neighbour {
        let leaves = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&leaves);
        let thread = thread::spawn(move || {
            thread::sleep(LEFT_FOR);
            while !told.load(Ordering::Relaxed) {
                fill(&filler, 0);
                thread::sleep(AGAIN);
            }
        });
        Neighbour { leaves, thread: Some(thread) }
    }
}

impl Drop for Neighbour {
    fn drop(&mut self) {
        self.leaves.store(true, Ordering::Relaxed);
        // It fails only where the test fails too.
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        if let Room::FileSystem { at, neighbour } = self {
            *neighbour = None;
            // Lazily, so that a Davy of a test that failed does not keep it.
            runs(&["umount", "--lazy", &shown(at)]);
        }
    }
}

fn fill(path: &Path, leave: u64) {
    let mut file = fs::File::options().create(true).append(true).open(path).expect("a file");
    for block in [1 << 16, 4096] {
        let bytes = vec![0x5a; block];
        while file.write_all(&bytes).and_then(|()| file.sync_data()).is_ok() {}
    }
    if leave > 0 {
        let len = file.metadata().expect("a length").len();
        file.set_len(len - leave.min(len)).and_then(|()| file.sync_all()).expect("shortened");
    }
}

fn limit(server: &Davy, len: &str) {
    assert!(runs(&["prlimit", "--pid", &server.pid().to_string(), &format!("--fsize={len}:")]), "prlimit");
}

pub(crate) fn runs(words: &[&str]) -> bool {
    let mut command = Command::new(words[0]);
    command.args(&words[1..]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}
