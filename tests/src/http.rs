//! HTTP by hand: what a scraper asks for, and what a receiver is sent.

use std::net::SocketAddr;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// Status and body of a page.
///
/// # Panics
/// When nobody answers, or not in HTTP.
pub async fn get(addr: SocketAddr, path: &str) -> (u16, String) {
    get_with(addr, path, "").await
}

async fn get_with(addr: SocketAddr, path: &str, fields: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(addr).await.unwrap_or_else(|error| panic!("{addr}: {error}"));
    let request = format!("GET {path} HTTP/1.1\r\nHost: {addr}\r\nConnection: close\r\n{fields}\r\n");
    stream.write_all(request.as_bytes()).await.expect("a request goes out");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("an answer in UTF-8");
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("not HTTP: {answer}"));
    let status = head.split(' ').nth(1).and_then(|word| word.parse().ok());
    (status.unwrap_or_else(|| panic!("no status: {head}")), body.to_owned())
}

/// The body of the next request on a connection; `None` when that ends before it does.
pub async fn posted(stream: &mut TcpStream) -> Option<Vec<u8>> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.ok()?);
    }
    let head = String::from_utf8(head).ok()?.to_ascii_lowercase();
    let len = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok())?;
    let mut body = vec![0; len];
    stream.read_exact(&mut body).await.ok()?;
    Some(body)
}

/// A page of `/metrics`.
#[derive(Clone, Debug)]
pub struct Metrics(String);

impl Metrics {
    /// Reads it.
    ///
    /// # Panics
    /// When there is none.
    pub async fn of(addr: SocketAddr) -> Metrics {
        let (status, body) = get(addr, "/metrics").await;
        assert_eq!(status, 200, "{body}");
        Metrics(body)
    }

    /// As whoever has that token sees it.
    ///
    /// # Panics
    /// As [`Metrics::of`].
    pub async fn shown_to(addr: SocketAddr, token: &str) -> Metrics {
        let (status, body) = get_with(addr, "/metrics", &format!("Authorization: Bearer {token}\r\n")).await;
        assert_eq!(status, 200, "{body}");
        Metrics(body)
    }

    /// The sum of all figures with that name and, among others, those labels.
    pub fn sum(&self, name: &str, labels: &[(&str, &str)]) -> f64 {
        self.figures(name, labels).sum()
    }

    /// The figure with that name and, among others, those labels; zero when it is not there.
    pub fn figure(&self, name: &str, labels: &[(&str, &str)]) -> f64 {
        self.figures(name, labels).next().unwrap_or(0.0)
    }

    fn figures(&self, name: &str, labels: &[(&str, &str)]) -> impl Iterator<Item = f64> {
        let wanted = |line: &&str| {
            let series = line.split_whitespace().next().unwrap_or_default();
            series.split('{').next() == Some(name)
                && labels.iter().all(|(label, value)| series.contains(&format!("{label}=\"{value}\"")))
        };
        self.0.lines().filter(wanted).filter_map(|line| line.rsplit(' ').next()?.parse().ok())
    }
}
