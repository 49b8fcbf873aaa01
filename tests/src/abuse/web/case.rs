//! A row of HTTP/1.1, and what must come of it.

use super::answer::Answer;
use crate::abuse::{House, Raw};

/// What no answer may have: where to go instead, what to keep, and what it is made of.
const NEVER: [&str; 5] = ["location", "set-cookie", "server", "x-powered-by", "www-authenticate-info"];
/// What every answer has that a browser may show.
const ALWAYS: [&str; 4] =
    ["x-content-type-options", "content-security-policy", "cache-control", "referrer-policy"];

/// A row.
#[derive(Clone, Debug)]
pub struct Case {
    /// `web/…`
    pub name: String,
    bytes: Vec<u8>,
    /// Nothing more comes.
    finishes: bool,
    status: u16,
    then: Then,
    has: Vec<String>,
    lacks: Vec<String>,
}

/// What becomes of the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Then {
    /// It is closed: nothing that follows can be taken for a request.
    Closed,
    /// It goes on, and what comes next is understood.
    Open,
}

impl Case {
    /// These bytes; this status; and then.
    pub(super) fn of(name: &str, bytes: impl Into<Vec<u8>>, status: u16, then: Then) -> Case {
        let name = format!("web/{name}");
        Case { name, bytes: bytes.into(), finishes: false, status, then, has: Vec::new(), lacks: Vec::new() }
    }

    /// It is closed without an answer.
    pub(super) fn closed(name: &str, bytes: impl Into<Vec<u8>>) -> Case {
        Case { finishes: true, ..Case::of(name, bytes, 0, Then::Closed) }
    }

    /// Another status.
    pub(super) fn told(self, status: u16) -> Case {
        Case { status, ..self }
    }

    /// The answer has this word.
    pub(super) fn has(mut self, word: &str) -> Case {
        self.has.push(word.to_owned());
        self
    }

    /// The answer does not have this word.
    pub(super) fn lacks(mut self, word: &str) -> Case {
        self.lacks.push(word.to_owned());
        self
    }

    /// Sends it, and says what came where it was something else than what must.
    ///
    /// # Errors
    /// The row, with both.
    pub async fn try_on(&self, house: &House) -> Result<(), String> {
        let mut raw = Raw::dial(house.davy.http()).await;
        raw.send(&self.bytes).await;
        if self.finishes {
            raw.finish().await;
        }
        if self.status == 0 {
            let rest = raw.rest().await;
            return (rest == Some(Vec::new())).then_some(()).ok_or_else(|| self.wrong(format!("{rest:?}")));
        }
        let answer = Answer::read(&mut raw, self.bytes.starts_with(b"HEAD ")).await;
        let answer = answer.ok_or_else(|| self.wrong("no answer"))?;
        self.check(&answer).map_err(|why| self.wrong(format!("{why} in {answer:?}")))?;
        match self.then {
            // What it sends unread may be answered by a reset, which is an end too.
            Then::Closed => match raw.rest().await {
                Some(rest) if rest.is_empty() => Ok(()),
                rest => Err(self.wrong(format!("an open connection, {rest:?}"))),
            },
            Then::Open => {
                raw.send(b"GET /healthz HTTP/1.1\r\nhost: davy\r\n\r\n").await;
                let next = Answer::read(&mut raw, false).await;
                let served = next.as_ref().is_some_and(|next| next.status == 200 && next.body == "ok\n");
                served.then_some(()).ok_or_else(|| self.wrong(format!("{answer:?}, then {next:?}")))
            }
        }
    }

    fn check(&self, answer: &Answer) -> Result<(), String> {
        if answer.status != self.status {
            return Err(answer.status.to_string());
        }
        let whole = format!("{}{}", answer.head, answer.body);
        if let Some(word) = self.has.iter().find(|word| !whole.contains(*word)) {
            return Err(format!("no {word:?}"));
        }
        if let Some(word) = self.lacks.iter().find(|word| whole.contains(*word)) {
            return Err(format!("{word:?}"));
        }
        if let Some(name) = NEVER.iter().find(|name| answer.field(name).is_some()) {
            return Err(format!("{name:?}"));
        }
        // What is refused before it is read as a request is told nothing else.
        let shown = answer.field("content-type").is_some_and(|kind| !kind.starts_with("application/grpc"));
        match ALWAYS.iter().find(|name| shown && answer.field(name).is_none()) {
            Some(name) => Err(format!("no {name:?}")),
            None => Ok(()),
        }
    }

    fn wrong(&self, came: impl std::fmt::Display) -> String {
        format!("{}: {} and {:?} must come, and this came: {came}", self.name, self.status, self.then)
    }
}

/// A request of a viewer's, from its first line, fields with their ends, and body.
pub(super) fn of_viewer(line: &str, fields: &str, body: &str) -> String {
    let token = crate::abuse::VIEWER;
    format!("{line} HTTP/1.1\r\nhost: davy\r\nauthorization: Bearer {token}\r\n{fields}\r\n{body}")
}

/// A request of nobody's.
pub(super) fn of_nobody(line: &str, fields: &str, body: &str) -> String {
    format!("{line} HTTP/1.1\r\nhost: davy\r\n{fields}\r\n{body}")
}
