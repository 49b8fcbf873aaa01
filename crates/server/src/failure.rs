//! The first thing that went wrong for good: the process must end, and say why.

use std::sync::Arc;

use tokio::sync::watch;

/// Tells whoever waits that the server cannot go on.
#[derive(Clone, Debug)]
pub(crate) struct Failure {
    sender: Arc<watch::Sender<Option<String>>>,
}

impl Failure {
    pub(crate) fn new() -> Failure {
        Failure { sender: Arc::new(watch::Sender::new(None)) }
    }

    /// Says why. The first to say it is heard.
    pub(crate) fn report(&self, why: String) {
        self.sender.send_if_modified(|told| {
            let first = told.is_none();
            if first {
                *told = Some(why);
            }
            first
        });
    }

    /// Waits for a failure.
    pub(crate) async fn wait(&self) -> String {
        let mut receiver = self.sender.subscribe();
        loop {
            if let Some(why) = receiver.borrow_and_update().clone() {
                return why;
            }
            if receiver.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }
}
