//! An issuer's public keys as they are now: out of a file, or asked of the issuer.
//!
//! What the issuer said last is kept in the data folder, so that neither its silence nor a start without it locks anybody out. What it
//! no longer says holds no longer. An answer that is none changes nothing.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use arc_swap::{ArcSwap, Guard};
use bytes::Bytes;
use davy_access::Keys;
use davy_delivery::exits::{HttpClient, HttpTarget};
use tokio::{sync::Notify, time::sleep};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::access::{AccessError, read};
use crate::config::KeysFrom;

/// How often the issuer is asked: a key that it takes back holds for so long.
const EVERY: Duration = Duration::from_secs(600);
/// How long it is left alone after each time, whatever tokens name.
const QUIET: Duration = Duration::from_secs(5);
/// How long it may take to answer.
const ANSWER_MAX: Duration = Duration::from_secs(10);
/// The file in the data folder.
const KEPT: &str = "issuer-keys.json";

/// An issuer's keys.
pub(crate) struct IssuerKeys {
    keys: ArcSwap<Keys>,
    file: PathBuf,
    issuer: Option<Asked>,
}

/// An issuer that is asked for its keys.
struct Asked {
    target: HttpTarget,
    /// A token named a key that is not there.
    missed: Notify,
    fails: AtomicBool,
    failures: AtomicU64,
}

impl IssuerKeys {
    /// The keys in the file, or those that the issuer said last; none when it never did.
    ///
    /// # Errors
    /// [`AccessError`]: a configured file that has no keys.
    pub(super) fn open(from: &KeysFrom, data_dir: &Path) -> Result<IssuerKeys, AccessError> {
        match from {
            KeysFrom::File(file) => {
                let keys = ArcSwap::from_pointee(keys_in(file)?);
                Ok(IssuerKeys { keys, file: file.clone(), issuer: None })
            }
            KeysFrom::Issuer(target) => {
                let file = data_dir.join(KEPT);
                let keys = keys_in(&file).unwrap_or_default();
                let (missed, fails, failures) = (Notify::new(), AtomicBool::new(false), AtomicU64::new(0));
                let issuer = Some(Asked { target: target.clone(), missed, fails, failures });
                Ok(IssuerKeys { keys: ArcSwap::from_pointee(keys), file, issuer })
            }
        }
    }

    /// The keys as they are now.
    pub(super) fn now(&self) -> Guard<Arc<Keys>> {
        self.keys.load()
    }

    /// A token names a key that is not there: the issuer may have a new one.
    pub(super) fn miss(&self) {
        if let Some(issuer) = &self.issuer {
            issuer.missed.notify_one();
        }
    }

    /// Reads a configured file again.
    ///
    /// # Errors
    /// [`AccessError`]; the keys stay as they were.
    pub(super) fn read_again(&self) -> Result<(), AccessError> {
        if self.issuer.is_none() {
            self.keys.store(Arc::new(keys_in(&self.file)?));
        }
        Ok(())
    }

    /// Whether the issuer was asked in vain the last time, and how often in all; `None` where none is asked.
    pub(crate) fn troubles(&self) -> Option<(bool, u64)> {
        let issuer = self.issuer.as_ref()?;
        Some((issuer.fails.load(Ordering::Relaxed), issuer.failures.load(Ordering::Relaxed)))
    }

    /// Asks the issuer now, every ten minutes, and when a key is missed.
    pub(crate) async fn ask_on(&self, stop: CancellationToken) {
        let Some(issuer) = &self.issuer else { return };
        let mut client = HttpClient::new(issuer.target.clone(), ANSWER_MAX);
        let asking = async {
            loop {
                self.note(issuer, self.ask(&mut client).await);
                sleep(QUIET).await;
                let waits = if issuer.fails.load(Ordering::Relaxed) { QUIET } else { EVERY };
                tokio::select! {
                    () = issuer.missed.notified() => {}
                    () = sleep(waits.saturating_sub(QUIET)) => {}
                }
            }
        };
        let () = stop.run_until_cancelled(asking).await.unwrap_or_default();
    }

    /// Asks once. What the issuer says holds from now on, whether it can be kept or not.
    async fn ask(&self, client: &mut HttpClient) -> Result<(), String> {
        let wanted = [("accept", "application/jwk-set+json, application/json".to_owned())];
        let answer = client.ask("GET", &wanted, Bytes::new()).await?;
        match answer.status {
            200 if answer.is_whole => {}
            200 => return Err("it says more than 64 KiB".to_owned()),
            status => return Err(format!("it answers {status}")),
        }
        let keys = Keys::parse(&answer.body).map_err(|error| error.to_string())?;
        self.keys.store(Arc::new(keys));
        let file = self.file.clone();
        let kept = tokio::task::spawn_blocking(move || keep(&file, &answer.body)).await;
        kept.map_err(io::Error::other).flatten().map_err(|error| format!("its keys cannot be kept: {error}"))
    }

    /// Says what changed: that it fails, or that it does no more.
    fn note(&self, issuer: &Asked, asked: Result<(), String>) {
        let failed = issuer.fails.swap(asked.is_err(), Ordering::Relaxed);
        let target = &issuer.target;
        match asked {
            Ok(()) if failed => info!(%target, "the issuer says its keys again"),
            Ok(()) => {}
            Err(error) => {
                issuer.failures.fetch_add(1, Ordering::Relaxed);
                if !failed {
                    warn!(%target, %error, "the issuer does not say its keys; they stay as they were");
                }
            }
        }
    }
}

/// Writes the file as a whole or not at all, when it says something else.
fn keep(file: &Path, text: &str) -> io::Result<()> {
    if fs::read(file).is_ok_and(|kept| kept == text.as_bytes()) {
        return Ok(());
    }
    let fresh = file.with_extension("new");
    fs::write(&fresh, text)?;
    fs::rename(&fresh, file)
}

fn keys_in(file: &Path) -> Result<Keys, AccessError> {
    let bytes = read(file)?;
    let wrong = |source| AccessError::Keys { path: file.display().to_string(), source };
    Keys::parse(&String::from_utf8_lossy(&bytes)).map_err(wrong)
}

#[cfg(test)]
mod tests {
    use std::future::IntoFuture;

    use axum::{Router, http::StatusCode, routing::get};
    use parking_lot::Mutex;
    use tokio::net::TcpListener;

    use super::*;

    const GOOD: &str = r#"{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"good","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#;
    const OTHER: &str = r#"{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"other","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#;

    #[tokio::test]
    async fn an_answer_that_is_none_changes_nothing_and_says_why() {
        let said = Arc::new(Mutex::new((StatusCode::OK, GOOD.to_owned())));
        let answer = Arc::clone(&said);
        let pages = Router::new().route("/keys", get(move || async move { answer.lock().clone() }));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/keys", listener.local_addr().unwrap());
        tokio::spawn(axum::serve(listener, pages).into_future());
        let folder = tempfile::tempdir().unwrap();
        let target = HttpTarget::new(&url, None, false).unwrap();
        let keys = IssuerKeys::open(&KeysFrom::Issuer(target.clone()), folder.path()).unwrap();
        assert!(!keys.now().has("good"), "nobody said so yet");
        let mut client = HttpClient::new(target, ANSWER_MAX);
        assert_eq!(keys.ask(&mut client).await, Ok(()));
        for (status, text, why) in [
            (StatusCode::OK, "<html>please log in</html>".to_owned(), "no JWK Set"),
            (StatusCode::OK, r#"{"keys":[]}"#.to_owned(), "none of its keys"),
            (StatusCode::OK, format!("{OTHER}{}", " ".repeat(1 << 20)), "more than 64 KiB"),
            (StatusCode::FOUND, OTHER.to_owned(), "it answers 302"),
            (StatusCode::INTERNAL_SERVER_ERROR, OTHER.to_owned(), "it answers 500"),
        ] {
            *said.lock() = (status, text);
            let error = keys.ask(&mut client).await.unwrap_err();
            assert!(error.contains(why), "{error}: {why}");
            assert!(keys.now().has("good") && !keys.now().has("other"), "{why}");
            assert_eq!(fs::read_to_string(folder.path().join(KEPT)).unwrap(), GOOD, "{why}");
        }
        *said.lock() = (StatusCode::OK, OTHER.to_owned());
        assert_eq!(keys.ask(&mut client).await, Ok(()));
        assert!(keys.now().has("other") && !keys.now().has("good"), "what it no longer says holds no longer");
    }
}
