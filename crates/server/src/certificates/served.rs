//! A certificate that is served with.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use davy_door::tls::Current;
use davy_model::Timestamp;
use parking_lot::Mutex;
use tracing::{info, warn};

use super::files::TlsFiles;

/// A certificate that is served with, and how its files stand.
#[derive(Debug)]
pub struct ServedCertificate {
    /// Where: `http` or `door`.
    place: &'static str,
    files: TlsFiles,
    current: Current,
    standing: Mutex<Standing>,
    renewed: AtomicU64,
    refused: AtomicU64,
}

#[derive(Debug)]
struct Standing {
    /// Of what is served.
    hash: [u8; 32],
    ends: Option<Timestamp>,
    /// What the files were found to be when they were no good, and why.
    bad: Option<(Option<[u8; 32]>, String)>,
    /// The same, once it has lasted.
    trouble: Option<String>,
}

impl ServedCertificate {
    /// Begins with what the files hold now.
    ///
    /// # Errors
    /// What is wrong with them.
    pub fn open(place: &'static str, files: TlsFiles) -> Result<ServedCertificate, String> {
        let contents = files.read()?;
        let made = files.make(&contents)?;
        let standing = Standing { hash: contents.hash(), ends: made.ends, bad: None, trouble: None };
        Ok(ServedCertificate {
            place,
            files,
            current: Current::new(made.config),
            standing: Mutex::new(standing),
            renewed: AtomicU64::new(0),
            refused: AtomicU64::new(0),
        })
    }

    /// Where it is served.
    pub(crate) fn place(&self) -> &'static str {
        self.place
    }

    /// What new connections are met with.
    pub(crate) fn current(&self) -> Current {
        self.current.clone()
    }

    /// When the first certificate ends that nothing works without.
    pub(crate) fn ends(&self) -> Option<Timestamp> {
        self.standing.lock().ends
    }

    /// Why the files that are there now are not served, if they are not.
    pub(crate) fn trouble(&self) -> Option<String> {
        self.standing.lock().trouble.clone()
    }

    /// How often a new one was taken, and one was not.
    pub(crate) fn counts(&self) -> (u64, u64) {
        (self.renewed.load(Ordering::Relaxed), self.refused.load(Ordering::Relaxed))
    }

    /// Looks at the files, and takes what is new and good. Files that are no good are told when they are still the same at the next
    /// look, since certificate and key are not written at once; or now, where somebody `asked`.
    pub(crate) fn look(&self, asked: bool) {
        let mut standing = self.standing.lock();
        let read = self.files.read();
        let hash = read.as_ref().ok().map(super::files::Contents::hash);
        if hash == Some(standing.hash) {
            standing.bad = None;
            standing.trouble = None;
            return;
        }
        if standing.trouble.is_some() && standing.bad.as_ref().is_some_and(|(known, _)| *known == hash) {
            return;
        }
        match read.and_then(|contents| self.files.make(&contents)) {
            Ok(made) => {
                self.current.set(made.config);
                self.renewed.fetch_add(1, Ordering::Relaxed);
                let ends = made.ends.map(|ends| ends.to_string());
                info!(place = self.place, ends, "the certificate's files have changed: they are served with");
                *standing =
                    Standing { hash: hash.unwrap_or_default(), ends: made.ends, bad: None, trouble: None };
            }
            Err(why) => self.note_bad(&mut standing, hash, why, asked),
        }
    }

    fn note_bad(&self, standing: &mut Standing, hash: Option<[u8; 32]>, why: String, asked: bool) {
        let lasts = standing.bad.as_ref().is_some_and(|(known, _)| *known == hash);
        if lasts || asked {
            self.refused.fetch_add(1, Ordering::Relaxed);
            warn!(
                place = self.place,
                why, "the certificate's files are no good: the one before is served on"
            );
            standing.trouble = Some(why.clone());
        }
        standing.bad = Some((hash, why));
    }
}

/// What is served with, in the order of a configuration.
pub(crate) type Certificates = Vec<Arc<ServedCertificate>>;
