//! Publishers on raw sockets, so that what is measured is the other side: MQTT 3.1.1, QoS 1, a window of messages in flight.

use std::{
    io::{Read, Write},
    net::TcpStream,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use hdrhistogram::Histogram;

/// What to send.
#[derive(Clone, Debug)]
pub struct Load {
    /// Where to.
    pub port: u16,
    /// Connections at once.
    pub connections: usize,
    /// Messages in flight on each.
    pub window: usize,
    /// Messages on each.
    pub messages: usize,
    /// Readings in each message.
    pub batch: usize,
    /// Messages a second on each; as many as it takes, when `None`.
    pub rate: Option<u32>,
    /// Tags there are.
    pub tags: usize,
}

/// What came of it.
pub struct Outcome {
    /// First byte to last PUBACK, the slowest connection.
    pub took: Duration,
    /// Messages acknowledged, all connections.
    pub messages: usize,
    /// Publish to PUBACK, µs.
    pub latency_us: Histogram<u64>,
}

impl Outcome {
    /// Messages a second.
    pub fn messages_per_s(&self) -> f64 {
        self.messages as f64 / self.took.as_secs_f64()
    }
}

impl Load {
    /// Sends it all and waits for every PUBACK.
    ///
    /// # Errors
    /// When a connection is refused, ends, or stalls for 30 s.
    pub fn run(&self) -> Result<Outcome> {
        let started = Instant::now();
        let threads: Vec<_> = (0..self.connections)
            .map(|number| {
                let load = self.clone();
                thread::spawn(move || load.publish(number))
            })
            .collect();
        let mut latency_us = Histogram::new(3)?;
        for thread in threads {
            let one = thread.join().map_err(|_| anyhow::anyhow!("a publisher panicked"))??;
            latency_us.add(one)?;
        }
        Ok(Outcome { took: started.elapsed(), messages: self.connections * self.messages, latency_us })
    }

    fn publish(&self, number: usize) -> Result<Histogram<u64>> {
        let mut socket = connect(self.port, &format!("load-{number}"))?;
        let mut sent_at = Vec::with_capacity(self.messages);
        let mut latency_us = Histogram::new(3)?;
        let (mut sent, mut acknowledged) = (0, 0);
        let mut out = Vec::with_capacity(256 * 1024);
        let mut acks = [0; 64 * 1024];
        let mut left_over = 0;
        let started = Instant::now();
        while acknowledged < self.messages {
            out.clear();
            while sent < self.messages
                && sent - acknowledged < self.window
                && out.len() < 128 * 1024
                && self.is_due(sent, started)
            {
                self.write_publish(&mut out, number, sent);
                sent_at.push(Instant::now());
                sent += 1;
            }
            socket.write_all(&out)?;
            if sent == acknowledged {
                thread::sleep(Duration::from_micros(200));
                continue;
            }
            let waits = self.rate.is_some() && sent - acknowledged < self.window && sent < self.messages;
            socket.set_read_timeout(Some(if waits {
                Duration::from_micros(500)
            } else {
                Duration::from_secs(30)
            }))?;
            match socket.read(&mut acks[left_over..]) {
                Ok(0) => anyhow::bail!("the connection was closed after {acknowledged} acknowledgements"),
                Ok(read) => {
                    let whole = (left_over + read) / 4;
                    let now = Instant::now();
                    for puback in acks[..whole * 4].chunks(4) {
                        ensure!(puback[0] == 0x40, "packet {:#x} where a PUBACK is due", puback[0]);
                        let took = now.duration_since(sent_at[acknowledged]);
                        latency_us.record(u64::try_from(took.as_micros())?.max(1))?;
                        acknowledged += 1;
                    }
                    acks.copy_within(whole * 4..left_over + read, 0);
                    left_over = left_over + read - whole * 4;
                }
                Err(error)
                    if waits
                        && matches!(
                            error.kind(),
                            std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut
                        ) => {}
                Err(error) => return Err(error).context("waiting for a PUBACK"),
            }
        }
        socket.write_all(&[0xe0, 0])?;
        Ok(latency_us)
    }

    fn is_due(&self, sent: usize, started: Instant) -> bool {
        self.rate.is_none_or(|rate| started.elapsed().as_secs_f64() * f64::from(rate) >= sent as f64)
    }

    fn write_publish(&self, out: &mut Vec<u8>, number: usize, sent: usize) {
        let topic = format!("davy/v1/bench/n{number}/readings");
        let payload = self.payload(number, sent);
        let id = u16::try_from(sent % 65_535).unwrap_or(0) + 1;
        let len = 2 + topic.len() + 2 + payload.len();
        out.push(0x32);
        write_len(out, len);
        out.extend_from_slice(&u16::try_from(topic.len()).unwrap_or(0).to_be_bytes());
        out.extend_from_slice(topic.as_bytes());
        out.extend_from_slice(&id.to_be_bytes());
        out.extend_from_slice(payload.as_bytes());
    }

    /// Values move between 40 and 60: nothing alarms. Tags are taken in turn, a different share by each connection.
    fn payload(&self, number: usize, sent: usize) -> String {
        let mut readings = String::with_capacity(self.batch * 40);
        for place in 0..self.batch {
            let at = sent * self.batch + place;
            let tag = (number + at * self.connections) % self.tags;
            let value = 40.0 + (at % 200) as f64 / 10.0;
            let comma = if place == 0 { "" } else { "," };
            readings.push_str(&format!("{comma}{{\"tag\":\"t{tag}\",\"value\":{value},\"unit\":\"ppm\"}}"));
        }
        format!("{{\"seq\":{sent},\"readings\":[{readings}]}}")
    }
}

fn write_len(out: &mut Vec<u8>, mut len: usize) {
    loop {
        let byte = (len % 128) as u8;
        len /= 128;
        out.push(if len > 0 { byte | 0x80 } else { byte });
        if len == 0 {
            return;
        }
    }
}

/// A connected, accepted socket.
///
/// # Errors
/// When the other side does not accept.
pub fn connect(port: u16, client_id: &str) -> Result<TcpStream> {
    let mut socket = TcpStream::connect(("127.0.0.1", port))?;
    socket.set_nodelay(true)?;
    let mut packet = vec![0x10];
    write_len(&mut packet, 12 + client_id.len());
    packet.extend_from_slice(&[0, 4, b'M', b'Q', b'T', b'T', 4, 2, 0, 60]);
    packet.extend_from_slice(&u16::try_from(client_id.len())?.to_be_bytes());
    packet.extend_from_slice(client_id.as_bytes());
    socket.write_all(&packet)?;
    let mut connack = [0; 4];
    socket.read_exact(&mut connack)?;
    ensure!(connack == [0x20, 2, 0, 0], "CONNACK {connack:x?}");
    Ok(socket)
}
