//! Abuse that takes its time or its crowd.

use std::time::Duration;

use tokio::{task::JoinSet, time::Instant};

use super::{
    House, Raw, VILLAIN, a_moment, good,
    packets::{PINGREQ, publish, subscribe},
    welcome,
};
use crate::{LONG, wait_until};

/// Each by its name, in the order they are tried.
pub const FLOODS: [&str; 12] = [
    "mqtt/floods/a CONNECT that never ends",
    "mqtt/floods/a CONNECT at a byte a second",
    "mqtt/floods/a thousand who say nothing",
    "mqtt/floods/a thousand who say half a CONNECT",
    "mqtt/floods/a PUBLISH that never ends",
    "mqtt/floods/ten thousand pings",
    "mqtt/floods/all packet identifiers",
    "mqtt/floods/an identifier used twice at once",
    "mqtt/floods/more than the receive maximum",
    "mqtt/floods/one who reads nothing",
    "mqtt/floods/retained messages",
    "mqtt/floods/a war for one identifier",
];

/// How long Davy waits for a CONNECT, and for a packet to be whole.
const DEADLINE: Duration = Duration::from_secs(10);

impl House {
    /// Does one of [`FLOODS`], and checks what comes of it.
    ///
    /// # Panics
    /// When something else comes, or there is no such flood.
    pub async fn flood(&self, name: &str) {
        match name.rsplit('/').next().unwrap_or_default() {
            "a CONNECT that never ends" => self.ends_at_its_deadline(&good(true).bytes()[..9]).await,
            "a CONNECT at a byte a second" => self.a_byte_a_second().await,
            "a thousand who say nothing" => self.crowd(&[]).await,
            "a thousand who say half a CONNECT" => self.crowd(&good(true).bytes()[..20]).await,
            "a PUBLISH that never ends" => self.half_a_publish().await,
            "ten thousand pings" => self.pings().await,
            "all packet identifiers" => self.all_identifiers().await,
            "an identifier used twice at once" => self.identifier_twice().await,
            "more than the receive maximum" => self.more_than_granted().await,
            "one who reads nothing" => self.reads_nothing().await,
            "retained messages" => self.retained().await,
            "a war for one identifier" => self.war().await,
            _ => panic!("no flood {name}"),
        }
    }

    async fn villain(&self, v5: bool, id: &str) -> Raw {
        let mut raw = Raw::dial(self.door).await;
        welcome(&mut raw, v5, id).await;
        raw
    }

    async fn refused(&self, why: &str) -> f64 {
        self.metrics().await.figure("davy_door_refused_total", &[("why", why)])
    }

    async fn ends_at_its_deadline(&self, bytes: &[u8]) {
        let (before, began) = (self.refused("connect_failed").await, Instant::now());
        let mut raw = Raw::dial(self.door).await;
        raw.send(bytes).await;
        assert_eq!(raw.rest().await, Some(Vec::new()));
        assert!(
            began.elapsed() >= DEADLINE - Duration::from_millis(100),
            "it is let finish until its deadline"
        );
        assert!(self.refused("connect_failed").await > before, "it is counted");
    }

    async fn a_byte_a_second(&self) {
        let mut raw = Raw::dial(self.door).await;
        let began = Instant::now();
        for byte in good(true).bytes() {
            if !raw.send(&[byte]).await || !raw.heard_within(Duration::from_secs(1)).await.is_empty() {
                break;
            }
            if began.elapsed() > DEADLINE + Duration::from_secs(2) {
                break;
            }
        }
        assert_eq!(raw.rest().await, Some(Vec::new()), "each byte does not begin the wait anew");
        assert!(began.elapsed() < 2 * DEADLINE, "{:?}", began.elapsed());
    }

    /// More than may wait: those past the bound are closed at once, the others at their deadline. Whoever is in stays in.
    async fn crowd(&self, bytes: &[u8]) {
        let before = self.refused("connections_unauthenticated").await;
        let mut crowd = JoinSet::new();
        for _ in 0..1000 {
            let mut raw = Raw::dial(self.door).await;
            let bytes = bytes.to_vec();
            crowd.spawn(async move {
                raw.send(&bytes).await;
                raw.rest().await
            });
        }
        while let Some(rest) = crowd.join_next().await {
            assert_eq!(rest.expect("no panic"), Some(Vec::new()), "each is closed, and told nothing");
        }
        assert!(self.refused("connections_unauthenticated").await >= before + 700.0, "they are counted");
        // As if nothing had been.
        self.villain(true, VILLAIN).await;
    }

    async fn half_a_publish(&self) {
        let mut raw = self.villain(true, VILLAIN).await;
        let began = Instant::now();
        raw.send(&publish(true, 0x32, 1, b"davy/v1/yard/gw-9/readings", &[], &[b' '; 1000])[..500]).await;
        let rest = raw.rest().await.expect("it is closed");
        assert!(rest.starts_with(&[0xE0]), "it is told why: {rest:02x?}");
        assert!(began.elapsed() < 2 * DEADLINE, "{:?}", began.elapsed());
    }

    async fn pings(&self) {
        let mut raw = self.villain(false, VILLAIN).await;
        for _ in 0..100 {
            raw.send(&PINGREQ.repeat(100)).await;
            assert!(raw.take(200).await.is_some(), "each is answered");
        }
    }

    async fn all_identifiers(&self) {
        let mut raw = self.villain(false, VILLAIN).await;
        for chunk in (1..=u16::MAX).collect::<Vec<_>>().chunks(1000) {
            // To where it may not: it is acknowledged, and nothing of it is judged.
            let sent: Vec<u8> =
                chunk.iter().flat_map(|id| publish(false, 0x32, *id, b"elsewhere", &[], b"x")).collect();
            raw.send(&sent).await;
            let acks = raw.take(4 * chunk.len()).await.expect("each is acknowledged");
            let ids: Vec<u16> = acks.chunks(4).map(|ack| u16::from_be_bytes([ack[2], ack[3]])).collect();
            assert_eq!(ids, chunk, "in their order");
        }
    }

    async fn identifier_twice(&self) {
        let mut raw = self.villain(false, VILLAIN).await;
        let one = publish(
            false,
            0x32,
            7,
            b"davy/v1/yard/gw-9/readings",
            &[],
            br#"{"readings":[{"tag":"T-gw-9","value":1}]}"#,
        );
        raw.send(&one.repeat(2)).await;
        assert_eq!(
            raw.take(8).await,
            Some([0x40, 2, 0, 7].repeat(2)),
            "each message has its own acknowledgement"
        );
    }

    async fn more_than_granted(&self) {
        let mut raw = self.villain(true, VILLAIN).await;
        let payload = br#"{"readings":[{"tag":"T-gw-9","value":1}]}"#;
        let burst: Vec<u8> = (1..=3000)
            .flat_map(|id| publish(true, 0x32, id, b"davy/v1/yard/gw-9/readings", &[], payload))
            .collect();
        raw.send(&burst).await;
        // Either it was closed for it (0x93), or Davy was quick enough to keep up; then each is acknowledged.
        let heard = raw.heard_within(Duration::from_secs(3)).await;
        let closed = heard.ends_with(&[0xE0, 1, 0x93]);
        assert!(closed || heard.len() >= 4 * 3000, "{} bytes", heard.len());
    }

    async fn reads_nothing(&self) {
        let mut raw = self.villain(false, VILLAIN).await;
        raw.send(&subscribe(false, 5, "davy/v1/yard/gw-9/feedback", 1)).await;
        // Each is answered by feedback that nobody takes.
        let bad = publish(false, 0x32, 9, b"davy/v1/yard/gw-9/readings", &[], b"{");
        for _ in 0..200 {
            if !raw.send(&bad.repeat(50)).await {
                break;
            }
            a_moment().await;
        }
    }

    async fn retained(&self) {
        let mut raw = self.villain(false, VILLAIN).await;
        for number in 0..1000u32 {
            let topic = format!("davy/v1/yard/gw-9/{number}");
            raw.send(&publish(false, 0x31, 0, topic.as_bytes(), &[], &[b'x'; 1000])).await;
        }
        raw.send(&subscribe(false, 5, "davy/v1/yard/gw-9/feedback", 0)).await;
        let answer = raw.take(5).await.expect("a SUBACK");
        assert_eq!(answer, [0x90, 3, 0, 5, 0], "nothing was kept that would be told first");
    }

    /// One client with one identifier, many times at once: each puts out the one before, and nobody else.
    async fn war(&self) {
        let before = self.metrics().await.figure("davy_door_taken_over_total", &[]);
        let mut fighters = Vec::new();
        for _ in 0..100 {
            fighters.push(self.villain(true, VILLAIN).await);
        }
        let mut last = fighters.pop().expect("a hundred");
        for mut out in fighters {
            assert_eq!(out.rest().await, Some(vec![0xE0, 1, 0x8E]), "it is told that its place was taken");
        }
        last.send(&PINGREQ).await;
        assert_eq!(last.take(2).await, Some(vec![0xD0, 0]), "the last one stays");
        wait_until("the war is counted", LONG, async || {
            let now = self.metrics().await.figure("davy_door_taken_over_total", &[]);
            (now >= before + 99.0).then_some(())
        })
        .await;
    }
}
