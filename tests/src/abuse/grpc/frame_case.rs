//! A row of frames, and what must come of it.

use std::io;

use super::frames::{ACK, Frame, GOAWAY, HEAD_LEN, HEADERS, PING, RST_STREAM, beginning, frame};
use crate::abuse::{House, Raw};

/// What the last PING says.
const LAST_WORD: &[u8; 8] = b"are you?";

/// A row.
#[derive(Clone, Debug)]
pub(super) struct FrameCase {
    pub(super) name: String,
    pub(super) way: Way,
    /// Nothing more comes.
    pub(super) finishes: bool,
    pub(super) bytes: Vec<u8>,
    pub(super) want: Want,
}

/// How it goes out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    Plain,
    /// To the address with TLS, as it is.
    TlsPort,
    /// Within TLS, with that protocol offered; none where it is empty.
    Tls(&'static [u8]),
}

/// What must come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Want {
    /// Closed, without a word of why.
    Closed,
    /// GOAWAY with this code, and closed.
    GoAway(u32),
    /// RST_STREAM of stream 1 with this code; the connection goes on.
    Reset(u32),
    /// An answer on stream 1, beginning so; the connection goes on.
    Answer(&'static [u8]),
    /// The connection goes on as if nothing had been.
    Nothing,
    /// HTTP/1.1's answer with this status, and closed.
    Http1(&'static str),
    /// TLS's alert with this description, and closed.
    Alert(u8),
    /// TLS that does not come about, since no protocol is agreed on.
    NoTls,
}

/// `:status: 200`, as its table has it.
pub(super) const OK: Want = Want::Answer(&[0x88]);
/// `:status: 400`.
pub(super) const BAD: Want = Want::Answer(&[0x8c]);
/// `:status: 404`.
pub(super) const NOT_FOUND: Want = Want::Answer(&[0x8d]);
/// `:status: 431`: "431" of three bytes, compressed to 17 bits.
pub(super) const TOO_LARGE: Want = Want::Answer(&[0x48, 0x83, 0x69, 0x90, 0xff]);

/// What came.
#[derive(Debug, PartialEq, Eq)]
enum Came {
    Closed,
    GoAway(u32),
    Reset(u32),
    Answer(Vec<u8>),
    Pong,
}

impl FrameCase {
    /// From the first byte.
    pub(super) fn knock(name: &str, bytes: Vec<u8>, want: Want) -> FrameCase {
        FrameCase { name: format!("grpc/{name}"), way: Way::Plain, finishes: false, bytes, want }
    }

    /// After an honest beginning.
    pub(super) fn after(name: &str, bytes: &[u8], want: Want) -> FrameCase {
        FrameCase::knock(name, [&beginning(), bytes].concat(), want)
    }

    pub(super) fn finished(mut self) -> FrameCase {
        self.finishes = true;
        self
    }

    pub(super) async fn try_on(&self, house: &House) -> Result<(), String> {
        let mut raw = match self.way {
            Way::Plain => Raw::dial(house.davy.http()).await,
            Way::TlsPort => Raw::dial(house.http_tls).await,
            Way::Tls(protocol) => match house.dial_tls(protocol).await {
                Ok(raw) => raw,
                Err(error) if self.want == Want::NoTls => return self.no_protocol(&error),
                Err(error) => return Err(self.wrong(error)),
            },
        };
        raw.send(&self.bytes).await;
        if self.finishes {
            raw.finish().await;
        }
        match &self.want {
            Want::Http1(status) => {
                let told = raw.rest().await.ok_or_else(|| self.wrong("not closed"))?;
                let begins = format!("HTTP/1.1 {status} ");
                told.starts_with(begins.as_bytes()).then_some(()).ok_or_else(|| self.wrong(text(&told)))
            }
            Want::Alert(description) => {
                let told = raw.rest().await.ok_or_else(|| self.wrong("not closed"))?;
                let alert =
                    told.len() == 7 && told.starts_with(&[21, 3]) && told.ends_with(&[2, *description]);
                alert.then_some(()).ok_or_else(|| self.wrong(format!("{told:02x?}")))
            }
            Want::Closed => self.ends(&mut raw, &Came::Closed).await,
            Want::GoAway(code) => self.ends(&mut raw, &Came::GoAway(*code)).await,
            Want::Reset(code) => self.goes_on(&mut raw, &Came::Reset(*code)).await,
            Want::Answer(block) => self.goes_on(&mut raw, &Came::Answer(block.to_vec())).await,
            Want::Nothing => self.pongs(&mut raw).await,
            Want::NoTls => Err(self.wrong("TLS")),
        }
    }

    fn no_protocol(&self, error: &io::Error) -> Result<(), String> {
        let told = error.to_string();
        told.contains("NoApplicationProtocol").then_some(()).ok_or_else(|| self.wrong(told))
    }

    fn wrong(&self, came: impl std::fmt::Display) -> String {
        format!("{}: {:02x?} must come, and this came: {came}", self.name, self.want)
    }

    async fn ends(&self, raw: &mut Raw, want: &Came) -> Result<(), String> {
        let came = next(raw, |came| *came != Came::Pong).await;
        let same = came.as_ref() == Some(want);
        // Nothing may follow the word of farewell.
        let closed = same && (*want == Came::Closed || raw.rest().await.is_some());
        closed.then_some(()).ok_or_else(|| self.wrong(format!("{came:02x?}, closed: {closed}")))
    }

    async fn goes_on(&self, raw: &mut Raw, want: &Came) -> Result<(), String> {
        let came = next(raw, |came| *came != Came::Pong).await;
        let same = match (&came, want) {
            (Some(Came::Answer(came)), Came::Answer(want)) => came.starts_with(want),
            (came, want) => came.as_ref() == Some(want),
        };
        if !same {
            return Err(self.wrong(format!("{came:02x?}")));
        }
        self.pongs(raw).await
    }

    async fn pongs(&self, raw: &mut Raw) -> Result<(), String> {
        raw.send(&frame(PING, 0, 0, LAST_WORD)).await;
        let ends = |came: &Came| matches!(came, Came::Closed | Came::GoAway(_) | Came::Pong);
        let nothing = self.want == Want::Nothing;
        let came = next(raw, |came| nothing || ends(came)).await;
        (came == Some(Came::Pong)).then_some(()).ok_or_else(|| self.wrong(format!("at last {came:02x?}")))
    }
}

/// The next thing that counts; `None` when nothing comes in time.
async fn next(raw: &mut Raw, counts: impl Fn(&Came) -> bool) -> Option<Came> {
    loop {
        let came = match read(raw).await? {
            None => Came::Closed,
            Some(frame) => match (frame.kind, frame.stream) {
                (GOAWAY, 0) => Came::GoAway(frame.word(4)),
                (RST_STREAM, 1) => Came::Reset(frame.word(0)),
                (HEADERS, 1) => Came::Answer(frame.payload),
                (PING, 0) if frame.flags & ACK != 0 && frame.payload == LAST_WORD => Came::Pong,
                _ => continue,
            },
        };
        if counts(&came) {
            return Some(came);
        }
    }
}

/// The next frame, or that the connection is closed; `None` when neither comes in time.
pub(super) async fn read(raw: &mut Raw) -> Option<Option<Frame>> {
    let Some(head) = raw.exactly(HEAD_LEN).await? else { return Some(None) };
    let (len, mut frame) = Frame::head(&head);
    let Some(payload) = raw.exactly(len).await? else { return Some(None) };
    frame.payload = payload;
    Some(Some(frame))
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
