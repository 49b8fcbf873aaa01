//! One connection a client identifier: the later one has it, once the former has wholly ended.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio_util::sync::CancellationToken;

use crate::link::{Link, Stop};

/// Who holds an identifier.
#[derive(Debug)]
pub(crate) struct Holder {
    pub(crate) link: Arc<Link>,
    /// Cancelled when the holder has ended, its will and farewell included.
    pub(crate) left: CancellationToken,
}

/// All identifiers in use, those that only wait for a delayed will included.
#[derive(Debug, Default)]
pub(crate) struct Clients {
    held: Mutex<HashMap<Arc<str>, Arc<Holder>>>,
}

/// Holds an identifier until dropped.
#[derive(Debug)]
pub(crate) struct Claim<'a> {
    clients: &'a Clients,
    client_id: Arc<str>,
    holder: Arc<Holder>,
}

impl Clients {
    /// Takes the identifier, or says who has it.
    pub(crate) fn claim(&self, client_id: &Arc<str>, link: &Arc<Link>) -> Result<Claim<'_>, Arc<Holder>> {
        let mut held = self.held.lock();
        if let Some(holder) = held.get(client_id) {
            return Err(Arc::clone(holder));
        }
        let holder = Arc::new(Holder { link: Arc::clone(link), left: CancellationToken::new() });
        held.insert(Arc::clone(client_id), Arc::clone(&holder));
        Ok(Claim { clients: self, client_id: Arc::clone(client_id), holder })
    }

    /// Has everyone ask whether they are still welcome.
    pub(crate) fn ask_all(&self) {
        for holder in self.held.lock().values() {
            holder.link.ask_again();
        }
    }

    /// Tells everyone to stop.
    pub(crate) fn stop_all(&self) {
        for holder in self.held.lock().values() {
            holder.link.stop(Stop::Shutdown);
        }
    }
}

impl Drop for Claim<'_> {
    fn drop(&mut self) {
        self.clients.held.lock().remove(&self.client_id);
        self.holder.left.cancel();
    }
}
