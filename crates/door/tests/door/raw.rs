//! A client that writes and reads bytes.

use std::time::Duration;

use davy_door::{Door, Peer, Version};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::handler::Fake;
use crate::packets;

/// Longer than any answer takes, shorter than a test may.
const PATIENCE: Duration = Duration::from_secs(60);

pub struct Raw<S> {
    pub stream: S,
}

/// A client over TCP.
pub async fn dial(door: &Door<Fake>) -> Raw<TcpStream> {
    Raw { stream: TcpStream::connect(door.local_addr()).await.expect("the door listens") }
}

/// A client in memory, for tests on a clock of their own.
pub fn attach(door: &Door<Fake>) -> Raw<DuplexStream> {
    attach_with(door, 1 << 20)
}

pub fn attach_with(door: &Door<Fake>, buffer_len: usize) -> Raw<DuplexStream> {
    let (near, far) = tokio::io::duplex(buffer_len);
    door.attach(far, Peer::plain(([127, 0, 0, 1], 9).into())).expect("admitted");
    Raw { stream: near }
}

/// A client in memory that is welcome.
pub async fn welcome(door: &Door<Fake>, connect: packets::Connect) -> Raw<DuplexStream> {
    let mut raw = attach(door);
    raw.connect(&connect).await;
    raw
}

impl<S: AsyncRead + AsyncWrite + Unpin> Raw<S> {
    pub async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.stream.write_all(bytes.as_ref()).await.expect("the door reads");
        self.stream.flush().await.expect("the door reads");
    }

    /// Connects and returns the CONNACK's body, which must be a welcome.
    pub async fn connect(&mut self, connect: &packets::Connect) -> Vec<u8> {
        self.send(connect.bytes()).await;
        let (first, body) = self.packet().await.expect("a CONNACK");
        assert_eq!((first, &body[..2]), (0x20, &[0, 0][..]), "not welcome: {body:02x?}");
        body
    }

    /// The next packet, or `None` at the end.
    pub async fn packet(&mut self) -> Option<(u8, Vec<u8>)> {
        timeout(PATIENCE, self.read_packet()).await.expect("a packet or the end, in time")
    }

    async fn read_packet(&mut self) -> Option<(u8, Vec<u8>)> {
        let first = self.stream.read_u8().await.ok()?;
        let (mut len, mut shift) = (0usize, 0);
        loop {
            let byte = self.stream.read_u8().await.ok()?;
            len |= usize::from(byte & 127) << shift;
            shift += 7;
            if byte & 128 == 0 {
                break;
            }
        }
        let mut body = vec![0; len];
        self.stream.read_exact(&mut body).await.ok()?;
        Some((first, body))
    }

    /// The next bytes must be these.
    #[track_caller]
    pub fn expect(&mut self, bytes: impl AsRef<[u8]>) -> impl Future<Output = ()> {
        let caller = std::panic::Location::caller();
        async move {
            let mut read = vec![0; bytes.as_ref().len()];
            let done = timeout(PATIENCE, self.stream.read_exact(&mut read)).await;
            assert!(matches!(done, Ok(Ok(_))), "{caller}: {done:?}, waiting for {:02x?}", bytes.as_ref());
            assert_eq!(read, bytes.as_ref(), "{caller}");
        }
    }

    /// The next packets must be PUBACKs of these, in this order.
    pub async fn expect_pubacks(&mut self, ids: impl IntoIterator<Item = u16>) {
        for id in ids {
            assert_eq!(self.packet().await, Some((0x40, id.to_be_bytes().to_vec())));
        }
    }

    /// Everything until the end.
    pub async fn rest(&mut self) -> Vec<u8> {
        let mut rest = Vec::new();
        // A reset is an end as well.
        let _ = timeout(PATIENCE, self.stream.read_to_end(&mut rest)).await.expect("an end, in time");
        rest
    }

    /// Whether the door says nothing: an answer to PINGREQ is all that comes.
    pub async fn expect_silence(&mut self) {
        self.send(packets::PINGREQ).await;
        self.expect(packets::PINGRESP).await;
    }
}

pub const BOTH: [Version; 2] = [Version::V3, Version::V5];

impl<S: AsyncRead + AsyncWrite + Unpin> Raw<S> {
    /// Reads the CONNACK of a CONNECT sent before, which must be a welcome.
    pub async fn connect_answer(&mut self) {
        let (first, body) = self.packet().await.expect("a CONNACK");
        assert_eq!((first, &body[..2]), (0x20, &[0, 0][..]), "not welcome: {body:02x?}");
    }
}
