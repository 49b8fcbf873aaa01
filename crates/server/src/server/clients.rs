//! The clients file, read again when it changes: who is struck out of it is out within seconds.

use std::{fs, path::PathBuf, sync::Arc, time::Duration};

use davy_intake::{
    DoorIntake,
    rights::{Client, TokenHash, token_hash},
};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::config::clients;

/// How often the file is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// The file, and whom it is for.
pub(super) struct ClientsFile {
    path: PathBuf,
    /// Who may come in beside those of the file.
    canary: Option<Client>,
    handler: Arc<DoorIntake>,
    /// What was read last; `None` within where it could not be.
    read: Option<Option<TokenHash>>,
}

impl ClientsFile {
    pub(super) fn new(path: PathBuf, canary: Option<Client>, handler: Arc<DoorIntake>) -> ClientsFile {
        ClientsFile { path, canary, handler, read: None }
    }

    /// Looks at the file until `stop`.
    pub(super) async fn watch(mut self, stop: CancellationToken) {
        while stop.run_until_cancelled(tokio::time::sleep(LOOK_EVERY)).await.is_some() {
            let looked = tokio::task::spawn_blocking(move || {
                self.look();
                self
            });
            let Ok(back) = looked.await else { return };
            self = back;
        }
    }

    /// A file that is no good changes nothing, and is said once.
    fn look(&mut self) {
        let now = fs::read(&self.path).ok().map(|bytes| token_hash(&bytes));
        if self.read.replace(now) == Some(now) {
            return;
        }
        match clients::read(&self.path) {
            Ok(clients) => {
                let clients = match &self.canary {
                    Some(canary) => clients.with(canary.clone()),
                    None => clients,
                };
                self.handler.replace_clients(clients);
                info!(file = %self.path.display(), "the clients file was read");
            }
            Err(problems) => problems.iter().for_each(|problem| {
                warn!(file = %self.path.display(), %problem, "the clients stay as they were");
            }),
        }
    }
}
