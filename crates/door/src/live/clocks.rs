//! What must not take too long, and since when it does.

use std::pin::Pin;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::{Instant, Sleep};

use super::inbound::Inbound;
use super::{End, Live};
use crate::codec::{Connect, Reason, Version};
use crate::config::Config;
use crate::handler::{Closed, Handler};

/// Further away than any deadline.
const FAR: Duration = Duration::from_secs(24 * 3600);

/// The keep-alive the door will hold a client to, s; 0 is none.
pub(crate) fn keep_alive_s(connect: &Connect, max_s: u16) -> u16 {
    match (connect.version, connect.keep_alive_s) {
        (Version::V5, 0) => max_s,
        (Version::V5, asked) => asked.min(max_s),
        (Version::V3, asked) => asked,
    }
}

/// One reading of the clock a turn, and the moments it is compared with.
#[derive(Debug)]
pub(super) struct Clocks {
    pub(super) now: Instant,
    heard: Instant,
    /// Since when the peer has taken nothing of what we write.
    write_since: Option<Instant>,
    /// One and a half times the keep-alive.
    silence_max: Option<Duration>,
}

impl Clocks {
    pub(super) fn new(connect: &Connect, config: &Config, now: Instant) -> Self {
        let keep_alive_s = keep_alive_s(connect, config.keep_alive_max_s);
        let silence_max = (keep_alive_s > 0).then(|| Duration::from_millis(u64::from(keep_alive_s) * 1500));
        Self { now, heard: now, write_since: None, silence_max }
    }

    /// Reads the clock. While nothing is read, the peer cannot be blamed for its silence.
    pub(super) fn tick(&mut self, reading: bool, inbound: &mut Inbound) {
        self.now = Instant::now();
        if !reading {
            self.heard = self.now;
            inbound.unfinished_since = inbound.unfinished_since.map(|_| self.now);
        }
    }

    pub(super) fn heard(&mut self) {
        self.heard = self.now;
    }

    /// The peer took something.
    pub(super) fn wrote(&mut self) {
        self.write_since = None;
    }
}

impl<H, R, W> Live<'_, H, R, W>
where
    H: Handler,
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin,
{
    /// Sets the timer to the next deadline; an early ring is cheaper than moving it every turn.
    pub(super) fn arm(&mut self, mut timer: Pin<&mut Sleep>) {
        if self.out.is_empty() && !self.unflushed {
            self.clocks.write_since = None;
        } else {
            self.clocks.write_since.get_or_insert(self.clocks.now);
        }
        let next = self.deadlines().into_iter().flatten().map(|(at, _)| at).min();
        let next = next.unwrap_or(self.clocks.now + FAR);
        if next < timer.deadline() || timer.is_elapsed() {
            timer.as_mut().reset(next);
        }
    }

    pub(super) fn check_deadlines(&self) -> Result<(), End> {
        let now = self.clocks.now;
        match self.deadlines().into_iter().flatten().find(|(at, _)| *at <= now) {
            Some((_, end)) => Err(end),
            None => Ok(()),
        }
    }

    fn deadlines(&self) -> [Option<(Instant, End)>; 5] {
        let (clocks, config) = (&self.clocks, &self.hub.config);
        let reading = self.is_reading();
        let silence = clocks.silence_max.filter(|_| reading).map(|max| clocks.heard + max);
        let frame = self.inbound.unfinished_since.filter(|_| reading).map(|at| at + config.frame_timeout);
        let write = clocks.write_since.map(|at| at + config.write_timeout);
        let ack = self.window.oldest().map(|at| at + config.outgoing_ack_timeout);
        let stalled = End::silent(Closed::Stalled);
        [
            self.draining.map(|(end, until)| (until, end)),
            silence.map(|at| (at, End::told(Closed::KeepAliveTimeout, Reason::KeepAliveTimeout))),
            frame.map(|at| (at, End::told(Closed::Stalled, Reason::UnspecifiedError))),
            write.map(|at| (at, stalled)),
            ack.map(|at| (at, End::told(Closed::Stalled, Reason::UnspecifiedError))),
        ]
    }
}
