//! What a receiver says in each protocol, and what it takes.

use std::{future::pending, time::Duration};

use bytes::BytesMut;
use rumqttc::v5::mqttbytes::v5::{ConnAck, ConnectReturnCode, Packet, PubAck};
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use crate::{
    receiver::request,
    stand::{Mode, Shared},
};

/// A protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Speech {
    Webhook,
    Alertmanager,
    Mqtt,
    Syslog,
}

/// Serves one connection until it ends.
pub(crate) async fn serve(
    stream: impl AsyncRead + AsyncWrite + Unpin,
    speech: Speech,
    book: Shared,
) -> Option<()> {
    match speech {
        Speech::Webhook | Speech::Alertmanager => http(stream, book).await,
        Speech::Mqtt => mqtt(stream, book).await,
        Speech::Syslog => syslog(stream, book).await,
    }
}

async fn http(mut stream: impl AsyncRead + AsyncWrite + Unpin, book: Shared) -> Option<()> {
    loop {
        let (_, body) = request(&mut stream).await?;
        let mode = book.lock().mode;
        match mode {
            Mode::Up => {
                book.lock().taken.extend(ids(&serde_json::from_str(&body).unwrap()));
                stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await.ok()?;
            }
            Mode::Slow => pending().await,
            Mode::Lying | Mode::Down => {
                return stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf").await.ok();
            }
        }
    }
}

/// Of an event of a webhook, or of alerts of Alertmanager.
fn ids(body: &Value) -> Vec<String> {
    let id = |value: &Value| value.as_str().unwrap().to_owned();
    match body.as_array() {
        Some(alerts) => alerts.iter().map(|alert| id(&alert["annotations"]["davy_id"])).collect(),
        None => vec![id(&body["id"]).split('@').next().unwrap().to_owned()],
    }
}

async fn mqtt(mut stream: impl AsyncRead + AsyncWrite + Unpin, book: Shared) -> Option<()> {
    let mut incoming = BytesMut::new();
    loop {
        let packet = match Packet::read(&mut incoming, None) {
            Ok(packet) => packet,
            Err(_) if stream.read_buf(&mut incoming).await.ok()? == 0 => return None,
            Err(_) => continue,
        };
        let answer = match packet {
            Packet::Connect(..) => Packet::ConnAck(ConnAck {
                session_present: false,
                code: ConnectReturnCode::Success,
                properties: None,
            }),
            Packet::Publish(publish) => {
                let mode = book.lock().mode;
                match mode {
                    Mode::Up if !publish.retain => {
                        let alert = serde_json::from_slice::<Value>(&publish.payload).unwrap();
                        book.lock().taken.push(alert["id"].as_str().unwrap().to_owned());
                    }
                    Mode::Up => {}
                    Mode::Slow => continue,
                    // Of something else, and of nothing.
                    Mode::Lying | Mode::Down => {
                        let mut other = PubAck::new(publish.pkid + 100, None);
                        send(&mut stream, &Packet::PubAck(other.clone())).await?;
                        other.pkid = 0;
                        send(&mut stream, &Packet::PubAck(other)).await?;
                        continue;
                    }
                }
                Packet::PubAck(PubAck::new(publish.pkid, None))
            }
            _ => continue,
        };
        send(&mut stream, &answer).await?;
    }
}

async fn send(stream: &mut (impl AsyncWrite + Unpin), packet: &Packet) -> Option<()> {
    let mut bytes = BytesMut::new();
    packet.write(&mut bytes, None).unwrap();
    stream.write_all(&bytes).await.ok()
}

/// It has nothing to answer; one that lies talks all the same.
async fn syslog(mut stream: impl AsyncRead + AsyncWrite + Unpin, book: Shared) -> Option<()> {
    loop {
        let mut len = String::from(char::from(stream.read_u8().await.ok()?));
        while book.lock().mode == Mode::Slow {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        while !len.ends_with(' ') {
            len.push(stream.read_u8().await.ok()?.into());
        }
        let mut message = vec![0; len.trim().parse().ok()?];
        stream.read_exact(&mut message).await.ok()?;
        let message = String::from_utf8(message).unwrap();
        let (_, id) = message.split_once(" id=\"").unwrap();
        book.lock().taken.push(id.split_once('"').unwrap().0.to_owned());
        if book.lock().mode == Mode::Lying {
            stream.write_all(b"500 I do not understand\r\n").await.ok()?;
        }
    }
}
