//! A TCP proxy that knows MQTT's frames: it cuts a connection after a chosen byte of a chosen packet, lets it fall silent, and
//! remembers what passed.

use std::{
    collections::VecDeque,
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::watch,
    task::JoinHandle,
};

/// Which way bytes go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// From whoever connected to whoever is behind the proxy.
    Up,
    /// Back.
    Down,
}

/// How a connection ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// FIN to both, as a process that ends.
    Fin,
    /// RST to both, as a machine that forgot.
    Reset,
    /// Nothing to anybody: what is sent from now on goes nowhere.
    Hole,
}

/// Where a connection is to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cut {
    /// Of packets that go this way,
    pub way: Way,
    /// the next of this type (1 CONNECT, 2 CONNACK, 3 PUBLISH, 4 PUBACK...)
    pub packet: u8,
    /// after so many of its bytes, at most all,
    pub after: usize,
    /// so.
    pub how: How,
}

/// A running proxy.
#[derive(Debug)]
pub struct Proxy {
    addr: SocketAddr,
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

#[derive(Debug)]
struct Shared {
    target: SocketAddr,
    state: Mutex<State>,
    done: watch::Sender<u64>,
    /// How connections are to end now; each change ends those that are open.
    end: watch::Sender<(u64, How)>,
}

#[derive(Debug, Default)]
struct State {
    cut: Option<Cut>,
    remembers: bool,
    passed: Vec<(Way, Vec<u8>)>,
}

impl Proxy {
    /// Starts one in front of `target`, on a port the system chooses.
    ///
    /// # Panics
    /// When there is no port.
    pub async fn start(target: SocketAddr) -> Proxy {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let addr = listener.local_addr().expect("it is bound");
        let shared = Arc::new(Shared {
            target,
            state: Mutex::default(),
            done: watch::Sender::new(0),
            end: watch::Sender::new((0, How::Fin)),
        });
        let task = tokio::spawn(accept(listener, Arc::clone(&shared)));
        Proxy { addr, shared, task }
    }

    /// Where it listens.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// `mqtt://ADDRESS`.
    pub fn url(&self) -> String {
        format!("mqtt://{}", self.addr)
    }

    /// From now on the next packet that fits ends its connection.
    pub fn cut(&self, cut: Cut) {
        self.shared.state().cut = Some(cut);
    }

    /// Ends all connections that are open.
    pub fn end_all(&self, how: How) {
        self.shared.end.send_modify(|(number, current)| (*number, *current) = (*number + 1, how));
    }

    /// How many cuts were made.
    pub fn cuts(&self) -> u64 {
        *self.shared.done.borrow()
    }

    /// Remembers every whole packet that passes from now on.
    pub fn remember(&self) {
        self.shared.state().remembers = true;
    }

    /// What it remembers.
    pub fn passed(&self) -> Vec<(Way, Vec<u8>)> {
        self.shared.state().passed.clone()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
        self.end_all(How::Fin);
    }
}

impl Shared {
    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().expect("nobody panics with it")
    }

    /// The cut that a packet of this type meets; it is made once.
    fn meets(&self, way: Way, packet: u8) -> Option<Cut> {
        self.state().cut.take_if(|cut| cut.way == way && cut.packet == packet)
    }

    fn saw(&self, way: Way, packet: &[u8]) {
        let mut state = self.state();
        if state.remembers {
            state.passed.push((way, packet.to_vec()));
        }
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    loop {
        let Ok((client, _)) = listener.accept().await else { continue };
        tokio::spawn(serve(client, Arc::clone(&shared)));
    }
}

/// One connection, to its end.
async fn serve(client: TcpStream, shared: Arc<Shared>) {
    let mut ends = shared.end.subscribe();
    let Ok(server) = TcpStream::connect(shared.target).await else { return };
    if client.set_nodelay(true).and_then(|()| server.set_nodelay(true)).is_err() {
        return;
    }
    let (client_read, client_write) = client.into_split();
    let (server_read, server_write) = server.into_split();
    let mut up = Pump { way: Way::Up, from: client_read, to: server_write, frame: Frame::default() };
    let mut down = Pump { way: Way::Down, from: server_read, to: client_write, frame: Frame::default() };
    let how = tokio::select! {
        how = up.run(&shared) => how,
        how = down.run(&shared) => how,
        _ = ends.changed() => ends.borrow().1,
    };
    finish(up, down, how).await;
}

async fn finish(up: Pump, down: Pump, how: How) {
    let client = up.from.reunite(down.to).expect("the halves of one socket");
    let server = down.from.reunite(up.to).expect("the halves of one socket");
    match how {
        // Dropped with bytes unread, a socket would answer with RST.
        How::Fin => {
            for mut socket in [client, server] {
                let mut rest = [0; 1024];
                while matches!(socket.try_read(&mut rest), Ok(read) if read > 0) {}
                // It may be closed from the other side already.
                let _ = socket.shutdown().await;
            }
        }
        How::Reset => {
            for socket in [client, server] {
                let _ = socket.set_zero_linger();
            }
        }
        How::Hole => {
            // Held until both have given up. What comes is read, as a network takes it that delivers nothing.
            for mut socket in [client, server] {
                tokio::spawn(async move {
                    let mut nowhere = [0; 4096];
                    while matches!(socket.read(&mut nowhere).await, Ok(read) if read > 0) {}
                });
            }
        }
    }
}

/// One way of one connection.
struct Pump {
    way: Way,
    from: OwnedReadHalf,
    to: OwnedWriteHalf,
    frame: Frame,
}

impl Pump {
    /// Passes bytes on until a cut, or the end of either side; how the connection is to end.
    async fn run(&mut self, shared: &Shared) -> How {
        let mut bytes = vec![0; 1 << 16];
        loop {
            let Ok(read @ 1..) = self.from.read(&mut bytes).await else { return How::Fin };
            let mut waiting: VecDeque<u8> = bytes[..read].iter().copied().collect();
            while !waiting.is_empty() {
                let piece = self.frame.take(&mut waiting, |packet| shared.meets(self.way, packet));
                if let Some(whole) = self.frame.finished() {
                    shared.saw(self.way, &whole);
                }
                if self.to.write_all(&piece.bytes).await.is_err() {
                    return How::Fin;
                }
                if let Some(how) = piece.then {
                    shared.done.send_modify(|done| *done += 1);
                    return how;
                }
            }
        }
    }
}

/// Where in a packet a stream of bytes is.
#[derive(Debug, Default)]
struct Frame {
    /// Of the packet that has begun.
    seen: Vec<u8>,
    /// How long it is, when that is known.
    len: Option<usize>,
    cut: Option<Cut>,
}

struct Piece {
    bytes: Vec<u8>,
    then: Option<How>,
}

impl Frame {
    /// Takes what belongs to one packet, up to its end or to where it is to be cut.
    fn take(&mut self, waiting: &mut VecDeque<u8>, meets: impl FnOnce(u8) -> Option<Cut>) -> Piece {
        if self.seen.is_empty() {
            self.cut = waiting.front().and_then(|first| meets(first >> 4));
        }
        let mut bytes = Vec::new();
        loop {
            if let Some(cut) = self.cut
                && (self.seen.len() == cut.after || self.len == Some(self.seen.len()))
            {
                return Piece { bytes, then: Some(cut.how) };
            }
            if self.len == Some(self.seen.len()) {
                return Piece { bytes, then: None };
            }
            let Some(byte) = waiting.pop_front() else { return Piece { bytes, then: None } };
            bytes.push(byte);
            self.seen.push(byte);
            self.len = self.len.or_else(|| whole_len(&self.seen));
        }
    }

    /// The packet, when it is there as a whole; the next one begins then.
    fn finished(&mut self) -> Option<Vec<u8>> {
        let whole = self.len == Some(self.seen.len());
        whole.then(|| {
            self.len = None;
            std::mem::take(&mut self.seen)
        })
    }
}

/// How long a packet is, once its head says so.
fn whole_len(seen: &[u8]) -> Option<usize> {
    let digits = seen.get(1..)?;
    let end = digits.iter().take(4).position(|digit| digit & 0x80 == 0)?;
    let body: usize = digits[..=end]
        .iter()
        .enumerate()
        .map(|(place, digit)| usize::from(digit & 0x7F) << (7 * place))
        .sum();
    Some(2 + end + body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_packet_is_cut_after_the_byte_that_was_asked_for() {
        let two = [0x40, 2, 0, 1, 0x32, 3, 7, 8, 9];
        for (packet, after, passes) in [(4, 0, 0), (4, 3, 3), (4, 9, 4), (3, 0, 4), (3, 2, 6), (3, 5, 9)] {
            let mut cut = Some(Cut { way: Way::Up, packet, after, how: How::Fin });
            let mut frame = Frame::default();
            let mut waiting: VecDeque<u8> = two.into();
            let mut passed = Vec::new();
            while !waiting.is_empty() {
                let piece = frame.take(&mut waiting, |found| cut.take_if(|cut| cut.packet == found));
                passed.extend(piece.bytes);
                if piece.then.is_some() {
                    break;
                }
                frame.finished();
            }
            assert_eq!(passed, two[..passes], "packet {packet} after {after}");
        }
    }
}
