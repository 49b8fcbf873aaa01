//! What was done, one line each. Key and deed are one write: after a crash both are there, or neither.

use std::{
    collections::{HashSet, VecDeque},
    env,
    fs::{self, File, OpenOptions},
    io::{self, Read, Write},
    path::{Path, PathBuf},
};

use serde_json::Value;

use crate::deed::key;

pub(crate) struct Done {
    path: PathBuf,
    keep: usize,
    file: File,
    keys: HashSet<String>,
    lines: VecDeque<String>,
    _lock: File,
}

fn sync_folder(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

impl Done {
    pub(crate) fn open(path: PathBuf, keep: usize) -> io::Result<Done> {
        let lock = File::create(path.with_added_extension("lock"))?;
        lock.try_lock()?; // Two that share a file would act twice.
        let mut file = OpenOptions::new().read(true).append(true).create(true).open(&path)?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        // The rest is half a line: killed while writing.
        let whole = bytes.iter().rposition(|&byte| byte == b'\n').map_or(0, |last| last + 1);
        file.set_len(whole as u64)?;
        sync_folder(&path)?;
        let text = String::from_utf8(bytes[..whole].to_vec()).map_err(io::Error::other)?;
        let lines: VecDeque<String> = text.lines().map(str::to_owned).collect();
        let read = |line: &String| serde_json::from_str(line).map(|line| key(&line));
        let keys = lines.iter().map(read).collect::<Result<_, _>>()?;
        Ok(Done { path, keep, file, keys, lines, _lock: lock })
    }

    pub(crate) fn act(&mut self, deed: &Value) -> io::Result<()> {
        let key = key(deed);
        if self.keys.contains(&key) {
            eprintln!("done before: {key}");
            return Ok(());
        }
        let line = deed.to_string();
        // Yours comes here: in one transaction with the key, or a deed that may be done twice under the same key.
        self.file.write_all(format!("{line}\n").as_bytes())?;
        self.file.sync_data()?;
        self.keys.insert(key);
        if env::args().any(|arg| arg == "--print") {
            println!("{line}");
        }
        self.lines.push_back(line);
        Ok(())
    }

    /// What is confirmed does not come again, but for alarms that stand: the newest are kept.
    pub(crate) fn confirmed(&mut self) -> io::Result<()> {
        if self.lines.len() < 2 * self.keep {
            return Ok(());
        }
        for line in self.lines.drain(..self.lines.len() - self.keep) {
            self.keys.remove(&key(&serde_json::from_str(&line)?));
        }
        let new = self.path.with_added_extension("new");
        let text: String = self.lines.iter().map(|line| format!("{line}\n")).collect();
        let mut file = File::create(&new)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&new, &self.path)?;
        sync_folder(&self.path)?;
        self.file = file;
        Ok(())
    }
}
