//! A receiver that does as it is told: it takes alerts, or lies about it in every way a receiver can.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use parking_lot::Mutex;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};
use tokio_rustls::TlsAcceptor;

/// What it does with one request, after it has read all of it.
#[derive(Clone, Debug)]
pub(crate) enum Act {
    /// Takes it: an empty answer with this status.
    Says(u16),
    /// The same, with more headers.
    SaysWith(u16, &'static str),
    /// Says nothing, and holds the connection.
    Silence,
    /// Closes the connection.
    Slams,
    /// Sends these bytes as they are, and closes the connection.
    Sends(Vec<u8>),
    /// Sends a good answer, a byte in a tenth of a second.
    Drips,
}

/// A request as it came.
#[derive(Clone, Debug)]
pub(crate) struct Heard {
    pub(crate) head: String,
    pub(crate) body: String,
    /// It was answered with a whole 2xx.
    pub(crate) taken: bool,
}

impl Heard {
    /// The id of the transition it tells of.
    pub(crate) fn id(&self) -> String {
        self.event_id().split('@').next().unwrap().to_owned()
    }

    /// That of the event, which no other has.
    pub(crate) fn event_id(&self) -> String {
        let event: serde_json::Value = serde_json::from_str(&self.body).unwrap();
        event["id"].as_str().unwrap().to_owned()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.into_iter().find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }
}

#[derive(Default)]
struct Book {
    script: VecDeque<Act>,
    heard: Vec<Heard>,
}

/// The receiver; dropped, it is down.
pub(crate) struct Receiver {
    port: u16,
    book: Arc<Mutex<Book>>,
    task: JoinHandle<()>,
}

impl Receiver {
    pub(crate) async fn up() -> Receiver {
        Receiver::at(0, None, Arc::default()).await
    }

    pub(crate) async fn with_tls(acceptor: TlsAcceptor) -> Receiver {
        Receiver::at(0, Some(acceptor), Arc::default()).await
    }

    async fn at(port: u16, tls: Option<TlsAcceptor>, book: Arc<Mutex<Book>>) -> Receiver {
        let listener = TcpListener::bind(("127.0.0.1", port)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let seen = Arc::clone(&book);
        let task = tokio::spawn(async move {
            let mut connections = tokio::task::JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                connections.spawn(serve(stream, tls.clone(), Arc::clone(&seen)));
            }
        });
        Receiver { port, book, task }
    }

    /// Goes down: connections break, and nobody listens.
    pub(crate) async fn down(self) -> Down {
        self.task.abort();
        let _ = (&mut { self.task }).await;
        Down { port: self.port, book: self.book }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}/hook", self.port)
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// What it does next; when that is done, it takes everything.
    pub(crate) fn will(&self, acts: impl IntoIterator<Item = Act>) {
        self.book.lock().script.extend(acts);
    }

    pub(crate) fn heard(&self) -> Vec<Heard> {
        self.book.lock().heard.clone()
    }

    /// The ids of what it took, as often as it took them.
    pub(crate) fn taken(&self) -> Vec<String> {
        self.heard().iter().filter(|heard| heard.taken).map(Heard::id).collect()
    }

    pub(crate) fn forget(&self) {
        self.book.lock().heard.clear();
    }
}

/// A receiver that is down.
pub(crate) struct Down {
    port: u16,
    book: Arc<Mutex<Book>>,
}

impl Down {
    pub(crate) async fn up(self) -> Receiver {
        Receiver::at(self.port, None, self.book).await
    }
}

async fn serve(stream: TcpStream, tls: Option<TlsAcceptor>, book: Arc<Mutex<Book>>) {
    match tls {
        None => answer(stream, book).await,
        Some(acceptor) => {
            if let Ok(stream) = acceptor.accept(stream).await {
                answer(stream, book).await;
            }
        }
    }
}

async fn answer(mut stream: impl AsyncRead + AsyncWrite + Unpin, book: Arc<Mutex<Book>>) {
    while let Some((head, body)) = request(&mut stream).await {
        let act = {
            let mut book = book.lock();
            let act = book.script.pop_front().unwrap_or(Act::Says(204));
            let taken = matches!(act, Act::Says(200..=299) | Act::SaysWith(200..=299, _));
            book.heard.push(Heard { head, body, taken });
            act
        };
        let text = match act {
            Act::Says(status) => format!("HTTP/1.1 {status} Told\r\ncontent-length: 0\r\n\r\n").into_bytes(),
            Act::SaysWith(status, headers) => {
                format!("HTTP/1.1 {status} Told\r\n{headers}\r\ncontent-length: 0\r\n\r\n").into_bytes()
            }
            Act::Silence => std::future::pending().await,
            Act::Slams => return,
            Act::Sends(bytes) => {
                let _ = stream.write_all(&bytes).await;
                return;
            }
            Act::Drips => {
                for byte in b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n" {
                    if stream.write_all(&[*byte]).await.is_err() {
                        return;
                    }
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
                return;
            }
        };
        if stream.write_all(&text).await.is_err() {
            return;
        }
    }
}

pub(crate) async fn request(stream: &mut (impl AsyncRead + Unpin)) -> Option<(String, String)> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.ok()?);
    }
    let head = String::from_utf8(head).unwrap();
    let len = head.to_ascii_lowercase();
    let len = len.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
    let mut body = vec![0; len.unwrap_or(0)];
    stream.read_exact(&mut body).await.ok()?;
    Some((head, String::from_utf8(body).unwrap()))
}
