//! A client that writes and reads bytes.

use std::{fmt, net::SocketAddr, time::Duration};

use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

/// Longer than Davy waits for anybody here, shorter than a test may take.
const PATIENCE: Duration = Duration::from_secs(15);

/// What bytes go over.
trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

/// One connection, byte by byte.
pub struct Raw {
    stream: Box<dyn Stream>,
}

impl fmt::Debug for Raw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Raw").finish_non_exhaustive()
    }
}

impl Raw {
    /// Connects.
    ///
    /// # Panics
    /// When nobody listens.
    pub async fn dial(addr: SocketAddr) -> Raw {
        Raw::over(tcp(addr).await)
    }

    /// Goes on over that.
    pub(super) fn over(stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static) -> Raw {
        Raw { stream: Box::new(stream) }
    }

    /// Sends these bytes; whether they went out. Whoever is hung up on cannot send on.
    pub async fn send(&mut self, bytes: &[u8]) -> bool {
        matches!(timeout(PATIENCE, self.stream.write_all(bytes)).await, Ok(Ok(())))
    }

    /// Says that nothing more comes.
    pub async fn finish(&mut self) {
        // The other side may have gone first.
        let _ = self.stream.shutdown().await;
    }

    /// The next so many bytes, or fewer where it ends or nothing more comes; `None` when nothing does.
    pub async fn take(&mut self, len: usize) -> Option<Vec<u8>> {
        let mut bytes = Vec::new();
        let reading = async {
            let mut rest = (&mut self.stream).take(len as u64);
            rest.read_to_end(&mut bytes).await
        };
        let _ = timeout(PATIENCE, reading).await;
        (!bytes.is_empty()).then_some(bytes)
    }

    /// The next so many bytes; `Some(None)` when it ends before, in whatever way, `None` when they do not come in time.
    pub(super) async fn exactly(&mut self, len: usize) -> Option<Option<Vec<u8>>> {
        let mut bytes = vec![0; len];
        let read = timeout(PATIENCE, self.stream.read_exact(&mut bytes)).await.ok()?;
        Some(read.is_ok().then_some(bytes))
    }

    /// What comes within a time, up to the end.
    pub async fn heard_within(&mut self, limit: Duration) -> Vec<u8> {
        let mut heard = Vec::new();
        let _ = timeout(limit, self.stream.read_to_end(&mut heard)).await;
        heard
    }

    /// Everything until the connection is closed, in whatever way; `None` when it is not closed in time.
    pub async fn rest(&mut self) -> Option<Vec<u8>> {
        let mut rest = Vec::new();
        // A reset is an end as well.
        timeout(PATIENCE, self.stream.read_to_end(&mut rest)).await.ok().map(|_| rest)
    }
}

/// A connection that holds nothing back.
pub(super) async fn tcp(addr: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(addr).await.unwrap_or_else(|error| panic!("{addr}: {error}"));
    stream.set_nodelay(true).expect("a socket");
    stream
}
