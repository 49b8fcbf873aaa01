//! The thread of a site's writer: waits for parcels or deadlines, and hands commits to the committer.
//!
//! It commits at once when it is idle; while a commit is being flushed, the next one gathers and is judged.

use std::sync::mpsc::SyncSender;

use davy_engine::JudgeError;
use davy_intake::Parcel;
use tokio_util::sync::CancellationToken;
use tracing::error;

use crate::{
    clock::Clock,
    committer::Work,
    pending::Pending,
    writer::{COMMIT_PARCELS_MAX, Writer},
};

/// Why a writer ended.
#[derive(Debug, thiserror::Error)]
pub(crate) enum WriterEnd {
    /// Everybody who could send is gone.
    #[error("the inbox was closed")]
    Closed,
    /// The committer is gone: what it died of, it said.
    #[error("the committer is gone")]
    CommitterGone,
    /// The log can no longer be judged.
    #[error(transparent)]
    Judge(#[from] JudgeError),
}

pub(crate) struct WriteThread {
    pub(crate) writer: Writer,
    pub(crate) clock: Clock,
    pub(crate) committer: SyncSender<Work>,
    /// Cancelled when the server stops: what waits is written, nothing more is taken.
    pub(crate) stop: CancellationToken,
    /// The inbox takes no more.
    pub(crate) closing: bool,
}

impl WriteThread {
    /// Writes until the inbox closes.
    pub(crate) fn run(mut self) -> WriterEnd {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
        let runtime = match runtime {
            Ok(runtime) => runtime,
            Err(error) => {
                error!(site = %self.writer.site, %error, "no runtime for the writer");
                return WriterEnd::Closed;
            }
        };
        let mut parcels = Vec::with_capacity(COMMIT_PARCELS_MAX);
        loop {
            let open = runtime.block_on(self.gather(&mut parcels));
            if !open && parcels.is_empty() {
                return self.end();
            }
            if let Err(end) = self.write(&mut parcels) {
                error!(site = %self.writer.site, error = %end, "the writer stops");
                return end;
            }
        }
    }

    fn end(mut self) -> WriterEnd {
        let last = match self.writer.last(self.clock.now()) {
            Ok(last) => last,
            Err(error) => return error.into(),
        };
        last.map(|pending| self.hand_on(pending)).and_then(Result::err).unwrap_or(WriterEnd::Closed)
    }

    /// Waits for something to write: parcels, or a deadline. False when the inbox is closed.
    async fn gather(&mut self, parcels: &mut Vec<Parcel>) -> bool {
        let wait = self.writer.next_deadline().map(|deadline| self.clock.until(deadline));
        let due = async {
            match wait {
                Some(wait) => tokio::time::sleep(wait).await,
                None => std::future::pending().await,
            }
        };
        let stop = self.stop.clone();
        tokio::select! {
            biased;
            () = stop.cancelled(), if !self.closing => {
                self.closing = true;
                self.writer.inbox.close();
                self.writer.gather(parcels);
                !parcels.is_empty()
            }
            got = self.writer.inbox.recv_many(parcels, 1) => {
                self.writer.gather(parcels);
                got > 0
            }
            () = due => {
                parcels.push(self.writer.tick());
                true
            }
        }
    }

    fn write(&mut self, parcels: &mut Vec<Parcel>) -> Result<(), WriterEnd> {
        let pending = self.writer.write(self.clock.now(), parcels)?;
        self.hand_on(pending)
    }

    fn hand_on(&self, pending: Pending) -> Result<(), WriterEnd> {
        self.committer.send(Work::Commit(Box::new(pending))).map_err(|_| WriterEnd::CommitterGone)
    }
}
