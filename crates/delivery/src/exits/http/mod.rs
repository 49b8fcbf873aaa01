//! One request to one receiver, and the whole of its answer, within bounds of time and size.
//!
//! A redirect is not followed and no proxy is asked: what is configured is where alarms go.

mod judge;
mod target;

use std::{io, time::Duration};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::{
    Request, Response,
    body::Incoming,
    client::conn::http1::{self, SendRequest},
    header::{HeaderMap, HeaderValue},
};
use hyper_util::rt::TokioIo;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    time::{Instant, timeout},
};

pub(super) use self::judge::judged;
pub use self::target::{HttpTarget, TargetError, is_loopback, tls_client};
use super::tcp;

/// How long a receiver may take to answer the knock, TLS included.
const CONNECT_MAX: Duration = Duration::from_secs(5);
/// A connection that was quiet for so long may have been forgotten on its way, by somebody who says nothing: another is made.
const IDLE_MAX: Duration = Duration::from_secs(30);
/// How much of an answer is read, bytes: a longer one is cut off, and its connection closed.
const ANSWER_LEN_MAX: usize = 64 << 10;
/// The most that an answer's headers may be, bytes.
const HEADERS_LEN_MAX: usize = 64 << 10;

/// A client of one receiver, with at most one connection.
#[derive(Debug)]
pub struct HttpClient {
    target: HttpTarget,
    answer_max: Duration,
    kept: Option<Kept>,
}

/// A connection that may be used again.
#[derive(Debug)]
struct Kept {
    connection: SendRequest<Full<Bytes>>,
    since: Instant,
}

/// An answer.
#[derive(Debug)]
pub struct Answer {
    /// 200, 404...
    pub status: u16,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its first 64 KiB.
    pub body: String,
    /// Whether that is all of it.
    pub is_whole: bool,
}

/// Why there is no answer.
enum Failed {
    /// The connection ended before one began.
    Closed(String),
    Otherwise(String),
}

impl Failed {
    fn of(error: &hyper::Error) -> Failed {
        match error.is_canceled() || error.is_closed() || error.is_incomplete_message() {
            true => Failed::Closed(told(error)),
            false => Failed::Otherwise(told(error)),
        }
    }
}

impl HttpClient {
    /// A client that waits `answer_max` for an answer to be whole.
    pub fn new(target: HttpTarget, answer_max: Duration) -> HttpClient {
        HttpClient { target, answer_max, kept: None }
    }

    /// Asks, and reads the whole answer.
    ///
    /// # Errors
    /// Why there is none, in words.
    pub async fn ask(
        &mut self,
        method: &str,
        headers: &[(&'static str, String)],
        body: Bytes,
    ) -> Result<Answer, String> {
        // A connection that was kept may have been closed meanwhile: that says nothing of the receiver.
        let kept = self.kept.take().filter(|kept| kept.since.elapsed() < IDLE_MAX);
        if let Some(kept) = kept.filter(|kept| !kept.connection.is_closed()) {
            match self.exchange(kept.connection, method, headers, body.clone()).await {
                Ok(answer) => return Ok(answer),
                Err(Failed::Closed(_)) => {}
                Err(Failed::Otherwise(why)) => return Err(why),
            }
        }
        let connection = timeout(CONNECT_MAX, self.connect()).await;
        let connection = connection.map_err(|_| "it does not take connections in time".to_owned())?;
        let connection = connection.map_err(|error| format!("no connection: {error}"))?;
        let answer = self.exchange(connection, method, headers, body).await;
        answer.map_err(|(Failed::Closed(why) | Failed::Otherwise(why))| why)
    }

    async fn exchange(
        &mut self,
        mut connection: SendRequest<Full<Bytes>>,
        method: &str,
        headers: &[(&'static str, String)],
        body: Bytes,
    ) -> Result<Answer, Failed> {
        let request = self.request(method, headers, body).map_err(Failed::Otherwise)?;
        let exchanged = timeout(self.answer_max, async {
            let answer = connection.send_request(request).await.map_err(|error| Failed::of(&error))?;
            read(answer).await.map_err(Failed::Otherwise)
        });
        let late =
            || Failed::Otherwise(format!("no whole answer within {} s", self.answer_max.as_secs_f32()));
        let answer = exchanged.await.map_err(|_| late())??;
        if answer.is_whole {
            self.kept = Some(Kept { connection, since: Instant::now() });
        }
        Ok(answer)
    }

    fn request(
        &self,
        method: &str,
        headers: &[(&'static str, String)],
        body: Bytes,
    ) -> Result<Request<Full<Bytes>>, String> {
        let mut request = Request::builder()
            .method(method)
            .uri(self.target.path())
            .header("host", self.target.authority())
            .header("user-agent", concat!("davy/", env!("CARGO_PKG_VERSION")));
        for (name, value) in headers {
            let value = HeaderValue::from_str(value).map_err(|_| format!("{name} is no header's value"))?;
            request = request.header(*name, value);
        }
        request.body(Full::new(body)).map_err(|error| error.to_string())
    }

    async fn connect(&self) -> io::Result<SendRequest<Full<Bytes>>> {
        let stream = tcp::connect(self.target.host(), self.target.port(), self.answer_max).await?;
        match self.target.tls() {
            None => handshake(stream).await,
            Some((connector, name)) => handshake(connector.connect(name.clone(), stream).await?).await,
        }
    }
}

async fn handshake(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
) -> io::Result<SendRequest<Full<Bytes>>> {
    let (sender, connection) = http1::Builder::new()
        .max_buf_size(HEADERS_LEN_MAX)
        .handshake(TokioIo::new(stream))
        .await
        .map_err(io::Error::other)?;
    tokio::spawn(async move {
        // How it ended, whoever asked hears from its request.
        let _ = connection.await;
    });
    Ok(sender)
}

async fn read(answer: Response<Incoming>) -> Result<Answer, String> {
    let (parts, mut body) = answer.into_parts();
    let mut read = Vec::new();
    let mut is_whole = true;
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| format!("half an answer: {}", told(&error)))?;
        let Some(data) = frame.data_ref() else { continue };
        let room = ANSWER_LEN_MAX.saturating_sub(read.len());
        read.extend_from_slice(&data[..data.len().min(room)]);
        if data.len() > room {
            is_whole = false;
            break;
        }
    }
    let body = String::from_utf8_lossy(&read).into_owned();
    Ok(Answer { status: parts.status.as_u16(), headers: parts.headers, body, is_whole })
}

/// An error with what it came from.
fn told(error: &hyper::Error) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(deeper) = cause {
        text.push_str(": ");
        text.push_str(&deeper.to_string());
        cause = deeper.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpListener,
    };

    use super::*;

    /// Answers one request on each connection, and never another.
    async fn answers_once() -> HttpClient {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        tokio::spawn(async move {
            let mut kept = Vec::new();
            while let Ok((mut stream, _)) = listener.accept().await {
                let _ = stream.read(&mut [0; 1024]).await;
                let _ = stream.write_all(b"HTTP/1.1 204 Told\r\n\r\n").await;
                kept.push(stream);
            }
        });
        HttpClient::new(HttpTarget::new(&url, None, false).unwrap(), Duration::from_millis(300))
    }

    #[tokio::test]
    async fn a_connection_that_was_quiet_for_long_is_not_trusted() {
        let mut client = answers_once().await;
        let ask = async |client: &mut HttpClient| client.ask("POST", &[], Bytes::new()).await;
        assert!(ask(&mut client).await.is_ok());
        client.kept.as_mut().unwrap().since = Instant::now() - IDLE_MAX;
        assert!(ask(&mut client).await.is_ok(), "a new one is made");
        assert!(ask(&mut client).await.is_err(), "one just used is used again");
    }
}
