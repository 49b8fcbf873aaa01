//! A stream whose peer may not take for ever: neither to begin, nor to take what is written.

use std::{
    io::{self, IoSlice},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Instant, Sleep},
};

use super::{
    limits::PortLimits,
    stats::{PortStats, Refused},
};

/// How HTTP/2 begins. Until it is clear whether a peer speaks it, nobody else looks at the clock.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// A stream within its times.
pub(super) struct Timed<S> {
    stream: S,
    stats: Arc<PortStats>,
    beginning: Beginning,
    write_timeout: Duration,
    /// When the peer must have taken something, while it takes nothing.
    stalled: Option<Pin<Box<Sleep>>>,
}

/// Whether it is clear what the peer speaks.
enum Beginning {
    /// So many bytes are as HTTP/2 begins.
    Unclear {
        matched: usize,
        until: Pin<Box<Sleep>>,
    },
    Clear,
}

impl<S> Timed<S> {
    pub(super) fn new(stream: S, limits: &PortLimits, stats: Arc<PortStats>) -> Timed<S> {
        let until = Box::pin(tokio::time::sleep(limits.head_timeout));
        let beginning = Beginning::Unclear { matched: 0, until };
        Timed { stream, stats, beginning, write_timeout: limits.write_timeout, stalled: None }
    }

    fn note_read(&mut self, came: &[u8]) {
        let Beginning::Unclear { matched, .. } = &mut self.beginning else { return };
        let rest = &PREFACE[*matched..];
        let same = came.iter().zip(rest).take_while(|(one, other)| one == other).count();
        *matched += same;
        if *matched == PREFACE.len() || same < came.len() || came.is_empty() {
            self.beginning = Beginning::Clear;
        }
    }

    /// Looks at the clock while the peer takes nothing.
    fn note_write<T>(&mut self, cx: &mut Context<'_>, written: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.stalled = None;
            return written;
        }
        let due = Instant::now() + self.write_timeout;
        let stalled = self.stalled.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(due)));
        if stalled.as_mut().poll(cx).is_pending() {
            return Poll::Pending;
        }
        self.stats.refuse(Refused::Stalled);
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Timed<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        if let Poll::Ready(read) = Pin::new(&mut self.stream).poll_read(cx, buf) {
            self.note_read(&buf.filled()[before..]);
            return Poll::Ready(read);
        }
        let Beginning::Unclear { until, .. } = &mut self.beginning else { return Poll::Pending };
        if until.as_mut().poll(cx).is_pending() {
            return Poll::Pending;
        }
        self.stats.refuse(Refused::Silent);
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Timed<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, buf);
        self.note_write(cx, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, bufs);
        self.note_write(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.stream).poll_flush(cx);
        self.note_write(cx, flushed)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let shut = Pin::new(&mut self.stream).poll_shutdown(cx);
        self.note_write(cx, shut)
    }
}
