//! Drafts of public warnings as files: CAP 1.2, for somebody who is entitled to release one.
//!
//! An alarm of a detector is no public warning. What is written here says `Draft` or `Exercise` and `Restricted`, and goes nowhere
//! by itself: it waits in a folder for a person.

mod draft;

use std::{
    fs, io,
    io::Write,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use async_trait::async_trait;
use ring::digest;
use tokio::{task::JoinHandle, time::timeout};

use self::draft::{Draft, Earlier};
use super::{Exit, Notice, Outcome};

/// Drafts, as configured.
#[derive(Clone, Debug)]
pub struct CapConfig {
    /// Where they are written. It must be there.
    pub folder: PathBuf,
    /// Who would send them: an address or a code of the authority's, without blanks, commas, `<` and `&`.
    pub sender: String,
    /// How people call the sender.
    pub sender_name: String,
    /// `Exercise` instead of `Draft`.
    pub exercise: bool,
    /// CAP's category: `Safety`, `CBRNE`, `Env`...
    pub category: String,
    /// What is warned of, in words: English, Chinese.
    pub area: (String, String),
    /// Its border, as CAP has it: `lat,lon lat,lon ...`, the last as the first.
    pub polygon: Option<String>,
    /// Offset of `sent`, seconds east of Greenwich: 28800 is Beijing.
    pub utc_offset_s: i32,
    /// The 14 digits of a sender after GB/T 35965.1: then identifiers have its form.
    pub gb_code: Option<String>,
    /// How long one draft may take.
    pub timeout: Duration,
}

/// The folder.
pub struct Cap {
    config: Arc<CapConfig>,
    /// What the folder has not answered yet: a network's file system can hang.
    held: Option<Writing>,
}

type Writing = JoinHandle<io::Result<String>>;

impl Cap {
    /// A way there. Nothing is written yet.
    pub fn new(config: CapConfig) -> Cap {
        Cap { config: Arc::new(config), held: None }
    }

    /// Waits for a write. One that hangs is kept, so that it holds up one thread however often it is tried.
    async fn wait(&mut self, mut writing: Writing) -> Option<io::Result<String>> {
        match timeout(self.config.timeout, &mut writing).await {
            Ok(written) => Some(written.unwrap_or_else(|error| Err(io::Error::other(error)))),
            Err(_) => {
                self.held = Some(writing);
                None
            }
        }
    }

    async fn write(&mut self, notice: &Notice) -> Option<io::Result<String>> {
        if let Some(held) = self.held.take() {
            // What became of it is no matter: the same is written again.
            self.wait(held).await?.ok();
        }
        let (config, notice) = (Arc::clone(&self.config), notice.clone());
        self.wait(tokio::task::spawn_blocking(move || deliver(&config, &notice))).await
    }
}

#[async_trait]
impl Exit for Cap {
    async fn deliver(&mut self, notice: &Notice) -> Outcome {
        let written = self.write(notice).await;
        let folder = self.config.folder.display();
        match written {
            Some(Ok(answer)) => Outcome::Delivered(answer),
            Some(Err(error)) => match error.kind() {
                // The next one may have another name.
                io::ErrorKind::InvalidFilename => Outcome::Refused(format!("{folder}: {error}")),
                _ => Outcome::again(format!("{folder}: {error}")),
            },
            None => {
                let limit_s = self.config.timeout.as_secs_f32();
                Outcome::again(format!("{folder}: nothing was written within {limit_s} s"))
            }
        }
    }
}

fn deliver(config: &CapConfig, notice: &Notice) -> io::Result<String> {
    let alert = match notice {
        Notice::Gap(gap) => {
            let name = format!("{}.gap.json", file_name(&notice.id()));
            write(&config.folder, &name, &gap.json(&notice.id()))?;
            return Ok(name);
        }
        Notice::Alert(alert) => alert,
    };
    let Some(kind) = draft::kind(alert) else {
        return Ok("no draft: nothing changes for the public".to_owned());
    };
    let earlier = earlier(&config.folder, &alert.alarm, alert.occurrence, alert.step)?;
    let draft = Draft { config, alert, kind, earlier: &earlier };
    let Some(text) = draft.text() else {
        return Ok("no draft: none was made that could be cancelled".to_owned());
    };
    let name = format!("{}.{:04}.xml", stem(&alert.alarm, alert.occurrence), alert.step);
    write(&config.folder, &name, &text)?;
    Ok(name)
}

fn stem(alarm: &str, occurrence: u64) -> String {
    format!("{}#{occurrence}", file_name(alarm))
}

/// The longest name that is written out, bytes. File systems take 255, and more is added to it.
const NAME_LEN_MAX: usize = 180;
/// How much is left of a longer one, before its hash.
const NAME_PREFIX_LEN: usize = 120;

/// A file's name: what a file system could take amiss is written as in addresses, and a long one is told by its hash.
fn file_name(text: &str) -> String {
    let mut name = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'#' => name.push(byte as char),
            other => name.push_str(&format!("%{other:02X}")),
        }
    }
    if name.len() > NAME_LEN_MAX {
        let hash = digest::digest(&digest::SHA256, text.as_bytes());
        name.truncate(NAME_PREFIX_LEN);
        name.push('~');
        hash.as_ref()[..16].iter().for_each(|byte| name.push_str(&format!("{byte:02x}")));
    }
    name
}

/// The drafts of this occurrence that are in the folder, from steps before this.
fn earlier(folder: &Path, alarm: &str, occurrence: u64, step: u32) -> io::Result<Vec<Earlier>> {
    let stem = stem(alarm, occurrence);
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let of = name.strip_prefix(&stem).and_then(|rest| rest.strip_prefix('.')?.strip_suffix(".xml"));
        let Some(of) = of.and_then(|of| of.parse::<u32>().ok()).filter(|of| *of < step) else { continue };
        // One that somebody took away meanwhile is referred to by nobody.
        let Ok(text) = fs::read_to_string(&path) else { continue };
        found.extend(Earlier::read(&text).map(|earlier| (of, earlier)));
    }
    found.sort_by_key(|(step, _)| *step);
    Ok(found.into_iter().map(|(_, earlier)| earlier).collect())
}

/// The whole file or none, whatever happens.
fn write(folder: &Path, name: &str, text: &str) -> io::Result<()> {
    let unfinished = folder.join(format!(".{name}.unfinished"));
    let mut file = fs::File::create(&unfinished)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&unfinished, folder.join(name))?;
    fs::File::open(folder)?.sync_all()
}
