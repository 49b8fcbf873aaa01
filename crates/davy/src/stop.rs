//! Being asked to stop, or to read the files again.

use std::{future, io};

use tokio::signal::unix::{Signal, SignalKind, signal};

/// The signals a long-running verb listens to.
pub(crate) struct Signals {
    interrupt: Signal,
    terminate: Signal,
    hangup: Signal,
}

/// What was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    /// Stop, cleanly.
    Stop,
    /// Read the files again.
    Reload,
}

impl Signals {
    /// Listens from here on.
    pub(crate) fn listen() -> io::Result<Signals> {
        Ok(Signals {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hangup: signal(SignalKind::hangup())?,
        })
    }

    /// The next thing asked for.
    pub(crate) async fn next(&mut self) -> Asked {
        tokio::select! {
            Some(()) = self.interrupt.recv() => Asked::Stop,
            Some(()) = self.terminate.recv() => Asked::Stop,
            Some(()) = self.hangup.recv() => Asked::Reload,
            else => future::pending().await,
        }
    }
}
