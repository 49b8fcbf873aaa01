//! A receiver that speaks any of the protocols, with TLS or without, and is up, down, slow or lying as it is told.

use std::{
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use parking_lot::Mutex;
use tokio::{
    io::{AsyncRead, AsyncWrite, AsyncWriteExt, ReadBuf},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};
use tokio_rustls::TlsAcceptor;

use crate::speech::{Speech, serve};

/// How a receiver does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// It takes what it is told.
    Up,
    /// Nobody listens.
    Down,
    /// It takes connections and says nothing.
    Slow,
    /// It answers, and what it says is no delivery.
    Lying,
}

/// What a receiver remembers, and how it is to behave.
pub(crate) struct Book {
    pub(crate) mode: Mode,
    /// With what it shows who it is; it speaks plainly when `None`.
    tls: Option<TlsAcceptor>,
    /// What it says first to whoever comes.
    greeting: &'static [u8],
    /// The ids of what it took, as often as it took them.
    pub(crate) taken: Vec<String>,
    /// Everything that came over the wire, as it came.
    wire: Vec<u8>,
}

pub(crate) type Shared = Arc<Mutex<Book>>;

/// The receiver.
pub(crate) struct Stand {
    pub(crate) port: u16,
    pub(crate) book: Shared,
    speech: Speech,
    task: Option<JoinHandle<()>>,
}

impl Stand {
    /// It is up.
    pub(crate) async fn new(speech: Speech, tls: Option<TlsAcceptor>) -> Stand {
        let book = Book { mode: Mode::Up, tls, greeting: b"", taken: Vec::new(), wire: Vec::new() };
        let mut stand = Stand { port: 0, book: Arc::new(Mutex::new(book)), speech, task: None };
        stand.listen().await;
        stand
    }

    pub(crate) async fn is(&mut self, mode: Mode) {
        self.book.lock().mode = mode;
        match mode {
            Mode::Down => self.close().await,
            Mode::Up | Mode::Slow | Mode::Lying if self.task.is_none() => self.listen().await,
            Mode::Up | Mode::Slow | Mode::Lying => {}
        }
    }

    /// Shows itself so from now on, or speaks in the clear; connections of before are closed.
    pub(crate) async fn shows(&mut self, tls: Option<TlsAcceptor>) {
        self.close().await;
        {
            let mut book = self.book.lock();
            book.greeting = if tls.is_some() { b"" } else { b"220 localhost in the clear\r\n" };
            book.tls = tls;
        }
        self.listen().await;
    }

    pub(crate) fn taken(&self) -> Vec<String> {
        self.book.lock().taken.clone()
    }

    /// Whether these words came over the wire in the clear.
    pub(crate) fn heard_in_the_clear(&self, words: &str) -> bool {
        self.book.lock().wire.windows(words.len()).any(|window| window == words.as_bytes())
    }

    async fn close(&mut self) {
        if let Some(task) = self.task.take() {
            task.abort();
            let _ = task.await;
        }
    }

    async fn listen(&mut self) {
        let listener = TcpListener::bind(("127.0.0.1", self.port)).await.unwrap();
        self.port = listener.local_addr().unwrap().port();
        let (book, speech) = (Arc::clone(&self.book), self.speech);
        self.task = Some(tokio::spawn(async move {
            // Dropped with the task, they are closed.
            let mut connections = tokio::task::JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                connections.spawn(greet(stream, speech, Arc::clone(&book)));
            }
        }));
    }
}

async fn greet(stream: TcpStream, speech: Speech, book: Shared) -> Option<()> {
    let (tls, greeting) = {
        let book = book.lock();
        (book.tls.clone(), book.greeting)
    };
    let mut stream = Tap { stream, book: Arc::clone(&book) };
    stream.write_all(greeting).await.ok()?;
    match tls {
        None => serve(stream, speech, book).await,
        Some(acceptor) => serve(acceptor.accept(stream).await.ok()?, speech, book).await,
    }
}

/// Keeps what is read.
struct Tap {
    stream: TcpStream,
    book: Shared,
}

impl AsyncRead for Tap {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(cx, buf);
        self.book.lock().wire.extend_from_slice(&buf.filled()[before..]);
        read
    }
}

impl AsyncWrite for Tap {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
