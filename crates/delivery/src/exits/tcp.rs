//! TCP connections that end by themselves when nobody is at their other end any more.

use std::{io, time::Duration};

use socket2::{SockRef, TcpKeepalive};
use tokio::net::TcpStream;

/// After how long without a word the other end is asked whether it is there.
const QUIET: Duration = Duration::from_secs(15);

/// Connects. What is sent must have reached the other end within `silence_max`, or the connection ends: by itself, a system goes on for
/// a quarter of an hour.
pub(super) async fn connect(host: &str, port: u16, silence_max: Duration) -> io::Result<TcpStream> {
    let stream = TcpStream::connect((host, port)).await?;
    stream.set_nodelay(true)?;
    let socket = SockRef::from(&stream);
    socket.set_tcp_keepalive(&TcpKeepalive::new().with_time(QUIET).with_interval(QUIET))?;
    socket.set_tcp_user_timeout(Some(silence_max))?;
    Ok(stream)
}

/// A host and its port as addresses have them: with brackets around one of IPv6.
pub(super) fn authority(host: &str, port: u16) -> String {
    if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_connection_is_watched_while_something_waits_and_while_nothing_does() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let limit = Duration::from_millis(400);
        let stream = connect("127.0.0.1", listener.local_addr().unwrap().port(), limit).await.unwrap();
        let socket = SockRef::from(&stream);
        assert!(socket.keepalive().unwrap());
        assert_eq!(socket.tcp_keepalive_time().unwrap(), QUIET);
        assert_eq!(socket.tcp_user_timeout().unwrap(), Some(limit));
    }
}
