//! Syslog over TCP and UDP, as its receivers want it.

use std::time::Duration;

use davy_delivery::exits::{Exit, Notice, Outcome, Syslog, SyslogConfig, SyslogTransport};
use davy_model::{Condition, Tier};
use davy_proto::alert_of;
use tokio::{
    io::AsyncReadExt,
    net::{TcpListener, UdpSocket},
};

use crate::plant::transition;

fn way(port: u16, transport: SyslogTransport) -> Syslog {
    Syslog::new(SyslogConfig {
        host: "127.0.0.1".to_owned(),
        port,
        transport,
        timeout: Duration::from_millis(500),
        hostname: "davy 1".to_owned(),
        facility: 16,
    })
}

fn notice(sequence: u64, tier: Tier, condition: Condition) -> Notice {
    let mut alarm = transition(sequence, tier);
    alarm.facts.condition = condition;
    alarm.alarm.subject = "AT]\"1".into();
    Notice::Alert(Box::new(alert_of(&alarm, true)))
}

const HEAD: &str =
    "<129>1 2026-11-23T08:00:01.000000Z davy1 davy - raised [davy@32473 id=\"park:h2s:AT\\]\\\"1#1.1\"";

#[tokio::test]
async fn over_tcp_messages_are_counted_and_a_receiver_that_goes_is_told_again() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut way = way(listener.local_addr().unwrap().port(), SyslogTransport::Tcp);
    let taken = tokio::spawn(async move {
        // The first hangs up as soon as somebody is there.
        drop(listener.accept().await.unwrap());
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut text = Vec::new();
        while !String::from_utf8_lossy(&text).contains("#2.1") {
            stream.read_buf(&mut text).await.unwrap();
        }
        (String::from_utf8(text).unwrap(), stream)
    });
    let outcome = way.deliver(&notice(1, Tier::Red, Condition::Active)).await;
    assert!(matches!(outcome, Outcome::Again { .. }), "{outcome:?}");
    for (sequence, condition) in [(1, Condition::Active), (2, Condition::Normal)] {
        let outcome = way.deliver(&notice(sequence, Tier::Red, condition)).await;
        assert!(matches!(outcome, Outcome::Delivered(_)), "{outcome:?}");
    }
    let (text, _stream) = taken.await.unwrap();
    let (len, rest) = text.split_once(' ').unwrap();
    let (first, second) = rest.split_at(len.parse().unwrap());
    assert!(first.starts_with(HEAD), "{first}");
    assert!(first.contains("] \u{feff}above 14.1 ppm | 高于 14.1 ppm {\"sequence\":1"), "{first}");
    // Back to normal is a notice.
    assert!(second.split_once(' ').unwrap().1.starts_with("<133>1 "), "{second}");
}

#[tokio::test]
async fn over_udp_a_message_fits_a_datagram() {
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let mut way = way(socket.local_addr().unwrap().port(), SyslogTransport::Udp);
    let outcome = way.deliver(&notice(1, Tier::Red, Condition::Active)).await;
    assert!(matches!(outcome, Outcome::Delivered(_)), "{outcome:?}");
    let mut buffer = [0; 4096];
    let len = socket.recv(&mut buffer).await.unwrap();
    let text = std::str::from_utf8(&buffer[..len]).unwrap();
    assert!(text.starts_with(HEAD) && len <= 1440, "{len}: {text}");
}

#[tokio::test]
async fn nobody_there_is_no_delivery() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let outcome = way(port, SyslogTransport::Tcp).deliver(&notice(1, Tier::Red, Condition::Active)).await;
    assert!(matches!(outcome, Outcome::Again { .. }), "{outcome:?}");
}
