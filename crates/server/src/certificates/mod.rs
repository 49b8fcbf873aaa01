//! The certificates that Davy serves with: read again when their files change, and told of before they end.
//!
//! Promise: a new pair is for whoever connects next, and nobody who is connected notices; a pair that is no good changes nothing,
//! and is told.

mod files;
mod served;
mod standing;

use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tracing::warn;

pub use self::{
    files::{ClientCertificate, TlsFiles},
    served::ServedCertificate,
};
pub(crate) use self::{
    served::Certificates,
    standing::{Ending, ending, told_ending, told_trouble},
};

/// How often the files are looked at.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// Looks at the files until `stop`.
pub(crate) async fn watch(served: Certificates, stop: CancellationToken) {
    while stop.run_until_cancelled(tokio::time::sleep(LOOK_EVERY)).await.is_some() {
        let of = served.clone();
        let looked = tokio::task::spawn_blocking(move || of.iter().for_each(|one| one.look(false)));
        if let Err(error) = looked.await {
            warn!(%error, "certificates were not looked at");
        }
    }
}
