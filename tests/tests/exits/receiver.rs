//! A webhook that is there or not, and takes what it is told or refuses it.

use std::{net::SocketAddr, sync::Arc};

use davy_tests::posted;
use parking_lot::Mutex;
use serde_json::Value;
use tokio::{
    io::AsyncWriteExt,
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

#[derive(Debug, Default)]
struct Book {
    /// The status of the next answers; 204 after them.
    answers: Vec<u16>,
    /// The ids of what was taken, as often as it was.
    taken: Vec<String>,
}

#[derive(Debug)]
pub(crate) struct Receiver {
    addr: SocketAddr,
    book: Arc<Mutex<Book>>,
    task: Option<JoinHandle<()>>,
}

impl Receiver {
    /// One that is down, and its port.
    pub(crate) fn down() -> Receiver {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        let addr = listener.local_addr().expect("bound");
        Receiver { addr, book: Arc::default(), task: None }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/", self.addr)
    }

    pub(crate) async fn comes_up(&mut self) {
        let listener = TcpListener::bind(self.addr).await.expect("its port is free");
        let book = Arc::clone(&self.book);
        self.task = Some(tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&book)));
            }
        }));
    }

    /// Answers so the next time.
    pub(crate) fn will_answer(&self, status: u16) {
        self.book.lock().answers.push(status);
    }

    pub(crate) fn taken(&self) -> Vec<String> {
        self.book.lock().taken.clone()
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        if let Some(task) = &self.task {
            task.abort();
        }
    }
}

async fn serve(mut stream: TcpStream, book: Arc<Mutex<Book>>) -> Option<()> {
    loop {
        let body = posted(&mut stream).await?;
        let event: Value = serde_json::from_slice(&body).ok()?;
        let status = {
            let mut book = book.lock();
            let status = book.answers.pop().unwrap_or(204);
            if status == 204 {
                book.taken.push(event["id"].as_str()?.to_owned());
            }
            status
        };
        let answer = format!("HTTP/1.1 {status} Told\r\ncontent-length: 0\r\n\r\n");
        stream.write_all(answer.as_bytes()).await.ok()?;
    }
}
