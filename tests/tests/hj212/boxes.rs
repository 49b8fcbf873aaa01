//! A box, as its maker might have built it: from the standard, and without a line of Davy's.

use std::net::SocketAddr;

use davy_tests::LONG;
use jiff::{Timestamp, ToSpan, tz::TimeZone};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

/// A connection of a box.
pub(crate) struct Station(TcpStream);

/// One frame of live data, and the answer it wants.
pub(crate) struct Frame {
    bytes: Vec<u8>,
    head: String,
}

impl Station {
    pub(crate) async fn connect(addr: SocketAddr) -> Station {
        let socket = TcpStream::connect(addr).await.expect("Davy listens to boxes");
        socket.set_nodelay(true).expect("a socket");
        Station(socket)
    }

    pub(crate) async fn send(&mut self, bytes: &[u8]) {
        self.0.write_all(bytes).await.expect("the connection stands");
    }

    pub(crate) async fn answer(&mut self) -> String {
        let mut line = Vec::new();
        let read = async {
            while !line.ends_with(b"\r\n") {
                line.push(self.0.read_u8().await.expect("an answer"));
            }
        };
        timeout(LONG, read).await.expect("an answer in time");
        String::from_utf8(line).expect("text")
    }

    /// Whether the answer to that frame came before the other end was gone.
    pub(crate) async fn has_answer(&mut self, frame: &Frame) -> bool {
        let mut rest = Vec::new();
        // A reset is an end as well.
        let _ = timeout(LONG, self.0.read_to_end(&mut rest)).await.expect("the other end is gone");
        String::from_utf8_lossy(&rest).contains(&frame.ack())
    }
}

impl Frame {
    /// Measured just now.
    pub(crate) fn now(mn: &str, number: u32, value: f64) -> Frame {
        Frame::new(mn, number, 0, value)
    }

    /// Measured so many seconds ago.
    pub(crate) fn new(mn: &str, number: u32, seconds_ago: i64, value: f64) -> Frame {
        let china = TimeZone::get("Asia/Shanghai").unwrap_or_else(|_| TimeZone::fixed(jiff::tz::offset(8)));
        let measured = Timestamp::now() - seconds_ago.seconds();
        let time = measured.to_zoned(china).strftime("%Y%m%d%H%M%S").to_string();
        let head = format!("QN={time}{number:03}");
        let segment = format!(
            "{head};ST=31;CN=2011;PW=123456;MN={mn};Flag=5;CP=&&DataTime={time};a21026-Rtd={value:.2},a21026-Flag=N&&"
        );
        Frame {
            bytes: framed(&segment),
            head: format!("{head};ST=91;CN=9014;PW=123456;MN={mn};Flag=4;CP=&&&&"),
        }
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub(crate) fn ack(&self) -> String {
        String::from_utf8(framed(&self.head)).expect("text")
    }
}

/// A heartbeat of HJ 212-2025 that wants to be answered.
pub(crate) fn heartbeat(mn: &str) -> Vec<u8> {
    framed(&format!("QN=20260101000000000;ST=91;CN=9015;PW=123456;MN={mn};Flag=9;CP=&&&&"))
}

/// The standard's frame around a data segment, with the checksum of its appendix A.
fn framed(segment: &str) -> Vec<u8> {
    let mut register = 0xFFFF_u16;
    for byte in segment.bytes() {
        register = (register >> 8) ^ u16::from(byte);
        for _ in 0..8 {
            let low = register & 1;
            register >>= 1;
            if low == 1 {
                register ^= 0xA001;
            }
        }
    }
    format!("##{:04}{segment}{register:04X}\r\n", segment.len()).into_bytes()
}
