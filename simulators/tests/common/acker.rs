//! A server that lets everybody in and acknowledges, each connection in the manner it is told: for what no real broker does
//! on demand, and for measuring a gateway alone.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use davy_simulators::BrokerUrl;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// How a connection is treated.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Manner {
    /// Every message at once.
    Prompt,
    /// No message, ever.
    Silent,
    /// What came together, the last first.
    Backwards,
}

pub struct Acker {
    pub url: BrokerUrl,
    connections: Arc<AtomicUsize>,
}

impl Acker {
    /// The first connections are treated as `manners` says, all later ones promptly.
    pub async fn start(manners: &'static [Manner]) -> Acker {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("mqtt://{}", listener.local_addr().expect("an address")).parse().expect("a URL");
        let connections = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&connections);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let manner = manners.get(count.fetch_add(1, Relaxed)).copied().unwrap_or(Manner::Prompt);
                tokio::spawn(serve(stream, manner));
            }
        });
        Acker { url, connections }
    }

    pub fn connections(&self) -> usize {
        self.connections.load(Relaxed)
    }
}

async fn serve(mut stream: TcpStream, manner: Manner) -> Option<()> {
    let (mut input, mut chunk) = (Vec::new(), vec![0; 1 << 16]);
    loop {
        let len = stream.read(&mut chunk).await.ok().filter(|len| *len > 0)?;
        input.extend_from_slice(&chunk[..len]);
        let (mut output, mut ids) = (Vec::new(), Vec::new());
        let mut used = 0;
        while let Some((kind, body)) = packet(&input[used..]) {
            match kind >> 4 {
                1 => output.extend([0x20, 2, 0, 0]),
                3 => {
                    let topic_len = usize::from(u16::from_be_bytes([body[0], body[1]]));
                    ids.push([body[2 + topic_len], body[3 + topic_len]]);
                }
                8 => output.extend([0x90, 3, body[0], body[1], 1]),
                12 => output.extend([0xd0, 0]),
                _ => return None,
            }
            used += body.len() + body.as_ptr().addr() - input[used..].as_ptr().addr();
        }
        input.drain(..used);
        if manner == Manner::Backwards {
            ids.reverse();
        }
        if manner != Manner::Silent {
            ids.iter().for_each(|id| output.extend([0x40, 2, id[0], id[1]]));
        }
        stream.write_all(&output).await.ok()?;
    }
}

/// The first packet of `input`: its first byte and what follows the length.
fn packet(input: &[u8]) -> Option<(u8, &[u8])> {
    let (mut len, mut at) = (0_usize, 1);
    loop {
        let byte = *input.get(at)?;
        len |= usize::from(byte & 0x7f) << (7 * (at - 1));
        at += 1;
        if byte < 0x80 {
            break;
        }
    }
    Some((input[0], input.get(at..at + len)?))
}
