//! Abuse of HTTP/1.1 that takes its time or its crowd.

use std::time::Duration;

use tokio::{task::JoinSet, time::Instant};

use super::{
    answer::Answer,
    case::{of_nobody, of_viewer},
};
use crate::{
    LONG,
    abuse::{House, Raw},
};

/// Each by its name, in the order they are tried.
pub const FLOODS: [&str; 11] = [
    "web/floods/a head at a byte a second",
    "web/floods/a head that stops",
    "web/floods/a stranger's body that never comes",
    "web/floods/a viewer's body at a byte a second",
    "web/floods/two hundred bodies that never end",
    "web/floods/connections kept for nothing",
    "web/floods/ten thousand requests in a row",
    "web/floods/answers that nobody reads",
    "web/floods/event streams that nobody reads",
    "web/floods/chunks of a byte, a hundred thousand times",
    "web/floods/connections opened and closed, a thousand times",
];

/// Those of [`FLOODS`] that wait for a limit of a minute: they are tried beside the others.
pub const SLOW: [&str; 1] = ["web/floods/a viewer's body at a byte a second"];

/// How long Davy waits for a head.
const DEADLINE: Duration = Duration::from_secs(10);
/// How long it waits for all of a question.
const ANSWER: Duration = Duration::from_secs(60);
/// How long it waits for a peer to take anything.
const STALLED: Duration = Duration::from_secs(30);

const HEALTH: &[u8] = b"GET /healthz HTTP/1.1\r\nhost: davy\r\n\r\n";
const LIST: &str = "/davy.v1.AlarmService/List";

impl House {
    /// Does one of [`FLOODS`], and checks what comes of it.
    ///
    /// # Panics
    /// When something else comes, or there is no such flood.
    pub async fn flood_of_requests(&self, name: &str) {
        match name.rsplit('/').next().unwrap_or_default() {
            "a head at a byte a second" => self.head_a_byte_a_second().await,
            "a head that stops" => self.head_that_stops().await,
            "a stranger's body that never comes" => self.strangers_body().await,
            "a viewer's body at a byte a second" => self.body_a_byte_a_second().await,
            "two hundred bodies that never end" => self.bodies_that_never_end().await,
            "connections kept for nothing" => self.kept_for_nothing().await,
            "ten thousand requests in a row" => self.in_a_row().await,
            "answers that nobody reads" => self.answers_unread().await,
            "event streams that nobody reads" => self.events_unread().await,
            "chunks of a byte, a hundred thousand times" => self.small_chunks().await,
            "connections opened and closed, a thousand times" => self.opened_and_closed().await,
            _ => panic!("no flood {name}"),
        }
    }

    async fn http1(&self) -> Raw {
        Raw::dial(self.davy.http()).await
    }

    async fn head_a_byte_a_second(&self) {
        let (mut raw, began) = (self.http1().await, Instant::now());
        for byte in of_nobody("GET /healthz", "x: y\r\n", "").bytes() {
            let sent = raw.send(&[byte]).await;
            let told = raw.heard_within(Duration::from_secs(1)).await;
            assert!(!told.starts_with(b"HTTP/1.1 2"), "it is not served for it");
            if !sent || !told.is_empty() || began.elapsed() > DEADLINE + Duration::from_secs(2) {
                break;
            }
        }
        assert!(raw.rest().await.is_some(), "each byte does not begin the wait anew");
        assert!(began.elapsed() < 2 * DEADLINE, "{:?}", began.elapsed());
    }

    async fn head_that_stops(&self) {
        let before = self.http_refused("silent").await;
        let mut raw = self.http1().await;
        raw.send(b"GET /healthz HTTP/1.1\r\nhost: davy\r\n").await;
        assert!(raw.rest().await.is_some(), "it is closed");
        self.until_refused("silent", before + 1.0).await;
    }

    /// It is answered for what is known: nobody waits for the rest.
    async fn strangers_body(&self) {
        let mut raw = self.http1().await;
        let fields = "content-type: application/json\r\ncontent-length: 1000000\r\n";
        raw.send(of_nobody(&format!("POST {LIST}"), fields, "{").as_bytes()).await;
        let answer = Answer::read(&mut raw, false).await.expect("an answer");
        assert_eq!(answer.status, 401);
    }

    async fn body_a_byte_a_second(&self) {
        let (mut raw, began) = (self.http1().await, Instant::now());
        let fields = "content-type: application/json\r\ncontent-length: 1000000\r\n";
        raw.send(of_viewer(&format!("POST {LIST}"), fields, "{").as_bytes()).await;
        let mut told = Vec::new();
        while told.is_empty() && began.elapsed() < 2 * ANSWER && raw.send(b" ").await {
            told = raw.heard_within(Duration::from_secs(1)).await;
        }
        let told = String::from_utf8_lossy(&told).into_owned();
        assert!(told.starts_with("HTTP/1.1 504 ") && told.contains("DEADLINE_EXCEEDED"), "{told}");
        assert!(began.elapsed() < ANSWER + LONG, "{:?}", began.elapsed());
    }

    /// Each is read with a place among the calls, of which one account has so many, and those go with whoever has them.
    async fn bodies_that_never_end(&self) {
        let before = self.http_refused("calls_of_caller").await;
        let mut held = Vec::new();
        let fields = "content-type: application/json\r\ncontent-length: 1000000\r\n";
        let begun = of_viewer(&format!("POST {LIST}"), fields, &" ".repeat(900_000));
        for _ in 0..100 {
            let mut raw = self.http1().await;
            raw.send(begun.as_bytes()).await;
            held.push(raw);
        }
        self.until_refused("calls_of_caller", before + 36.0).await;
        let calls = self.metrics().await.figure("davy_http_calls", &[]);
        assert!((64.0..70.0).contains(&calls), "{calls} calls are counted");
        drop(held);
        self.until_no_more_calls().await;
    }

    async fn until_no_more_calls(&self) {
        crate::wait_until("calls end with their callers", LONG, async || {
            (self.metrics().await.figure("davy_http_calls", &[]) <= 4.0).then_some(())
        })
        .await;
    }

    async fn kept_for_nothing(&self) {
        let (mut crowd, began) = (JoinSet::new(), Instant::now());
        for _ in 0..100 {
            let mut raw = self.http1().await;
            crowd.spawn(async move {
                raw.send(HEALTH).await;
                let answer = Answer::read(&mut raw, false).await.expect("it is served");
                assert_eq!(answer.status, 200);
                raw.rest().await
            });
        }
        while let Some(rest) = crowd.join_next().await {
            assert!(rest.expect("no panic").is_some(), "each is closed");
        }
        assert!(began.elapsed() < 3 * DEADLINE, "{:?}", began.elapsed());
    }

    async fn in_a_row(&self) {
        let mut raw = self.http1().await;
        for _ in 0..100 {
            raw.send(&HEALTH.repeat(100)).await;
            for _ in 0..100 {
                let answer = Answer::read(&mut raw, false).await.expect("each is answered");
                assert_eq!((answer.status, answer.body.as_str()), (200, "ok\n"));
            }
        }
    }

    async fn answers_unread(&self) {
        let before = self.http_refused("stalled").await;
        let (mut raw, began) = (self.http1().await, Instant::now());
        let ask = of_viewer("GET /metrics", "", "").repeat(1000);
        while raw.send(ask.as_bytes()).await {
            assert!(began.elapsed() < 2 * STALLED, "it is let go on");
        }
        self.until_refused("stalled", before + 1.0).await;
    }

    async fn events_unread(&self) {
        let mut deaf = Vec::new();
        for _ in 0..50 {
            let mut raw = self.http1().await;
            raw.send(of_viewer("GET /davy.v1.AlertService/Subscribe", "", "").as_bytes()).await;
            assert_eq!(raw.take(12).await.as_deref(), Some(&b"HTTP/1.1 200"[..]), "it may hear");
            deaf.push(raw);
        }
        // Alarms are raised all the while.
        tokio::time::sleep(Duration::from_secs(5)).await;
        drop(deaf);
        self.until_no_more_calls().await;
    }

    async fn small_chunks(&self) {
        let mut raw = self.http1().await;
        let fields = "content-type: application/json\r\ntransfer-encoding: chunked\r\n";
        raw.send(of_viewer(&format!("POST {LIST}"), fields, "").as_bytes()).await;
        for _ in 0..100 {
            raw.send("1\r\n \r\n".repeat(1000).as_bytes()).await;
        }
        raw.send(b"0\r\n\r\n").await;
        let answer = Answer::read(&mut raw, false).await.expect("an answer");
        assert_eq!(answer.status, 200);
    }

    async fn opened_and_closed(&self) {
        for _ in 0..1000 {
            drop(self.http1().await);
        }
        self.in_a_row().await;
    }
}
