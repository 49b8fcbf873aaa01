//! Abuse of HTTP/2 that takes its time or its crowd.

use tokio::time::Instant;

use super::{
    fields::{block, call, field, health, indexed, remembered},
    frame_case::read,
    frames::{
        ACK, CONTINUATION, DATA, END_STREAM, ENHANCE_YOUR_CALM, FLOW_CONTROL_ERROR, Frame, GOAWAY, HEADERS,
        PING, PRIORITY, REFUSED_STREAM, RST_STREAM, SETTINGS, WINDOW_UPDATE, beginning, frame, get, post,
    },
};
use crate::{
    LONG,
    abuse::{House, Raw, house::EVERYTHING},
    wait_until,
};

/// Each by its name, in the order they are tried.
pub const FLOODS: [&str; 19] = [
    "grpc/floods/streams opened and reset in haste",
    "grpc/floods/streams that have to be reset, ten thousand",
    "grpc/floods/ten thousand streams at once",
    "grpc/floods/fields that go on without end",
    "grpc/floods/fields of nothing that go on without end",
    "grpc/floods/a hundred times 16 MiB of fields",
    "grpc/floods/DATA past a stream's window",
    "grpc/floods/DATA past the connection's window",
    "grpc/floods/DATA of nothing, a hundred thousand times",
    "grpc/floods/DATA of nothing but padding",
    "grpc/floods/windows by one, a hundred thousand times",
    "grpc/floods/priorities, a hundred thousand times",
    "grpc/floods/pings that are answered",
    "grpc/floods/pings whose answers nobody reads",
    "grpc/floods/settings whose answers nobody reads",
    "grpc/floods/answers that nobody has a window for",
    "grpc/floods/alarms that nobody reads",
    "grpc/floods/a thousand who say nothing",
    "grpc/floods/a thousand who say half a preface, or half a TLS",
];

const LIST: &str = "/davy.v1.AlarmService/List";
const SUBSCRIBE: &str = "/davy.v1.AlertService/Subscribe";
/// A call that carries files; four are read at a time.
const CHECK: &str = "/davy.v1.RuleService/Check";
/// Frames a time.
const BURST: usize = 1000;

impl House {
    /// Does one of [`FLOODS`], and checks what comes of it.
    ///
    /// # Panics
    /// When something else comes, or there is no such flood.
    pub async fn flood_of_frames(&self, name: &str) {
        match name.rsplit('/').next().unwrap_or_default() {
            "streams opened and reset in haste" => self.reset_in_haste().await,
            "streams that have to be reset, ten thousand" => self.to_be_reset().await,
            "ten thousand streams at once" => self.streams_at_once().await,
            "fields that go on without end" => self.continued(&field("x", "y").repeat(1000)).await,
            "fields of nothing that go on without end" => self.continued(b"").await,
            "a hundred times 16 MiB of fields" => self.bombs().await,
            "DATA past a stream's window" => self.past_the_window(1).await,
            "DATA past the connection's window" => self.past_the_window(8).await,
            "DATA of nothing, a hundred thousand times" => self.data_of_nothing().await,
            "DATA of nothing but padding" => self.data_of_padding().await,
            "windows by one, a hundred thousand times" => {
                self.harmless(&frame(WINDOW_UPDATE, 0, 0, &[0, 0, 0, 1])).await;
            }
            "priorities, a hundred thousand times" => {
                self.harmless(&frame(PRIORITY, 0, 7, &[0, 0, 0, 9, 200])).await;
            }
            "pings that are answered" => self.pings_answered().await,
            "pings whose answers nobody reads" => self.unread(&frame(PING, 0, 0, b"anybody?")).await,
            "settings whose answers nobody reads" => self.unread(&frame(SETTINGS, 0, 0, b"")).await,
            "answers that nobody has a window for" => self.shut_windows().await,
            "alarms that nobody reads" => self.unread_alarms().await,
            "a thousand who say nothing" => self.http_crowd(&[b"", b"", b""]).await,
            "a thousand who say half a preface, or half a TLS" => {
                self.http_crowd(&[b"PRI * HT", b"GET /he", &[22, 3, 1, 2, 0, 1]]).await;
            }
            _ => panic!("no flood {name}"),
        }
    }

    pub(super) async fn http2(&self) -> Raw {
        let mut raw = Raw::dial(self.davy.http()).await;
        assert!(raw.send(&beginning()).await);
        raw
    }

    pub(crate) async fn http_refused(&self, why: &str) -> f64 {
        self.metrics().await.figure("davy_http_refused_total", &[("why", why)])
    }

    /// CVE-2023-44487: a peer that is answered nothing is worth no more work.
    async fn reset_in_haste(&self) {
        let before = self.http_refused("protocol").await;
        let mut raw = self.http2().await;
        let cancel = [0, 0, 0, 8];
        let burst = |stream: u32| [get(stream, &call(LIST)), frame(RST_STREAM, 0, stream, &cancel)].concat();
        raw.send(&(0..10_000).flat_map(|n| burst(2 * n + 1)).collect::<Vec<u8>>()).await;
        let frames = until_closed(&mut raw).await;
        calmed(&frames);
        self.until_refused("protocol", before + 1.0).await;
    }

    /// CVE-2025-8671: what a peer does wrong on its streams has Davy reset them.
    async fn to_be_reset(&self) {
        let before = self.http_refused("protocol").await;
        let mut raw = self.http2().await;
        let malformed = [health(), field("te", "gzip")].concat();
        raw.send(&(0..10_000).flat_map(|n| get(2 * n + 1, &malformed)).collect::<Vec<u8>>()).await;
        let frames = until_closed(&mut raw).await;
        calmed(&frames);
        assert!(resets(&frames) < 200, "{} resets were worth their while", resets(&frames));
        self.until_refused("protocol", before + 1.0).await;
    }

    /// Each past the hundredth is refused, and whoever goes on and on is hung up on.
    async fn streams_at_once(&self) {
        let mut raw = self.http2().await;
        let subscribe = call(SUBSCRIBE);
        raw.send(&(0..10_000).flat_map(|n| post(2 * n + 1, &subscribe)).collect::<Vec<u8>>()).await;
        let frames = until_closed(&mut raw).await;
        let refused = |frame: &&Frame| frame.kind == RST_STREAM && frame.word(0) == REFUSED_STREAM;
        let first = frames.iter().find(refused);
        assert!(first.is_none_or(|frame| frame.stream > 200), "the first hundred are taken: {first:?}");
        calmed(&frames);
    }

    async fn continued(&self, piece: &[u8]) {
        let mut raw = self.http2().await;
        raw.send(&frame(HEADERS, END_STREAM, 1, &health())).await;
        let more = frame(CONTINUATION, 0, 1, piece).repeat(BURST);
        let began = Instant::now();
        while raw.send(&more).await {
            assert!(began.elapsed() < LONG, "it is let go on");
        }
        let _ = raw.rest().await.expect("it is closed");
    }

    /// A line that is kept in the table, and said four thousand times: whoever does it is hung up on.
    async fn bombs(&self) {
        for _ in 0..100 {
            let mut raw = self.http2().await;
            let first = [health(), remembered("x", "y".repeat(4000))].concat();
            let bomb = [health(), indexed(62).repeat(4000)].concat();
            raw.send(&[get(1, &first), get(3, &bomb)].concat()).await;
            calmed(&until_closed(&mut raw).await);
        }
    }

    /// Four calls with files are read; what is sent of the others waits, and no more than a window of it.
    async fn past_the_window(&self, streams: u32) {
        let mut raw = self.http2().await;
        let check = of_everybody(CHECK);
        let begun = (0..4 + streams).flat_map(|n| post(2 * n + 1, &check)).collect::<Vec<u8>>();
        raw.send(&begun).await;
        // As much as the window of one stream has, 256 KiB; and past it.
        let window = frame(DATA, 0, 0, &[0; 16 << 10]);
        for n in 4..4 + streams {
            let stream = 2 * n + 1;
            let whole: Vec<u8> = (0..16).flat_map(|_| on_stream(&window, stream)).collect();
            raw.send(&whole).await;
        }
        raw.send(&on_stream(&window, 9)).await;
        let mut frames = Vec::new();
        while let Some(frame) = read(&mut raw).await.expect("something is said of it, or it is closed") {
            let reset = frame.kind == RST_STREAM && frame.stream == 9;
            frames.push(frame);
            if reset {
                break;
            }
        }
        // Whoever sends before Davy has widened the window of the connection is past that one first.
        let code = frames.iter().find_map(|frame| match frame.kind {
            RST_STREAM if frame.stream == 9 => Some(frame.word(0)),
            GOAWAY => Some(frame.word(4)),
            _ => None,
        });
        // The connection's farewell may be overtaken by its end.
        assert!(
            code == Some(FLOW_CONTROL_ERROR) || streams > 1 && code.is_none(),
            "{streams}: {code:?} of {frames:?}"
        );
    }

    /// What costs a peer nothing costs Davy nothing that stays.
    async fn data_of_nothing(&self) {
        let mut raw = self.http2().await;
        raw.send(&post(1, &of_everybody(CHECK))).await;
        let nothing = frame(DATA, 0, 1, b"").repeat(BURST);
        for _ in 0..100 {
            if !raw.send(&nothing).await {
                break;
            }
        }
        raw.send(&frame(PING, 0, 0, b"anybody?")).await;
        let frames = until_pong_or_closed(&mut raw).await;
        assert!(!frames.is_empty(), "a pong, or a farewell");
    }

    /// Padding is taken off the window, and given back.
    async fn data_of_padding(&self) {
        let mut raw = self.http2().await;
        raw.send(&post(1, &of_everybody(CHECK))).await;
        let padding = frame(DATA, 8, 1, &[&[255], &[0; 255][..]].concat());
        for _ in 0..100 {
            raw.send(&padding.repeat(100)).await;
        }
        raw.send(&frame(PING, 0, 0, b"anybody?")).await;
        assert!(!until_pong_or_closed(&mut raw).await.is_empty(), "a pong, or a farewell");
    }

    pub(super) async fn harmless(&self, one: &[u8]) {
        let mut raw = self.http2().await;
        for _ in 0..100 {
            assert!(raw.send(&one.repeat(BURST)).await, "it is let go on");
        }
        raw.send(&get(1, &health())).await;
        assert!(wait_for(&mut raw, HEADERS, 1).await.is_some(), "it is still answered");
    }

    pub(crate) async fn until_refused(&self, why: &str, times: f64) {
        wait_until(&format!("{why} is counted"), LONG, async || {
            (self.http_refused(why).await >= times).then_some(())
        })
        .await;
    }
}

/// A call of one who may do everything.
fn of_everybody(path: &str) -> Vec<u8> {
    let bearer = format!("Bearer {EVERYTHING}");
    let fields = [
        (":method", "POST"),
        (":scheme", "http"),
        (":path", path),
        (":authority", "davy"),
        ("content-type", "application/grpc"),
        ("te", "trailers"),
        ("authorization", bearer.as_str()),
    ];
    block(&fields)
}

fn on_stream(frame: &[u8], stream: u32) -> Vec<u8> {
    let mut frame = frame.to_vec();
    frame[5..9].copy_from_slice(&stream.to_be_bytes());
    frame
}

/// All that comes, to the end.
async fn until_closed(raw: &mut Raw) -> Vec<Frame> {
    let mut frames = Vec::new();
    while let Some(frame) = read(raw).await.expect("it is closed") {
        frames.push(frame);
    }
    frames
}

async fn until_pong_or_closed(raw: &mut Raw) -> Vec<Frame> {
    let mut frames = Vec::new();
    while let Some(Some(frame)) = read(raw).await {
        let pong = frame.kind == PING && frame.flags == ACK;
        frames.push(frame);
        if pong {
            break;
        }
    }
    frames
}

pub(super) async fn wait_for(raw: &mut Raw, kind: u8, stream: u32) -> Option<Frame> {
    loop {
        let frame = read(raw).await??;
        if frame.kind == kind && frame.stream == stream {
            return Some(frame);
        }
    }
}

/// The farewell, where it was not overtaken by a reset of the connection, says why.
fn calmed(frames: &[Frame]) {
    let farewell = frames.iter().find(|frame| frame.kind == GOAWAY);
    assert!(farewell.is_none_or(|frame| frame.word(4) == ENHANCE_YOUR_CALM), "{farewell:?}");
}

fn resets(frames: &[Frame]) -> usize {
    frames.iter().filter(|frame| frame.kind == RST_STREAM).count()
}
