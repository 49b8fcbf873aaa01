//! Whoever asks and takes no answer, and crowds that say nothing.

use std::time::Duration;

use tokio::{task::JoinSet, time::Instant};

use super::{
    fields::call,
    floods::wait_for,
    frame_case::read,
    frames::{ACK, DATA, END_STREAM, HEADERS, PING, PRIORITY, beginning, frame, post, settings},
};
use crate::{
    LONG,
    abuse::{House, Raw},
    wait_until,
};

/// Longer than a peer may take nothing.
const STALLED: Duration = Duration::from_secs(30);
const LIST: &str = "/davy.v1.AlarmService/List";
const SUBSCRIBE: &str = "/davy.v1.AlertService/Subscribe";
const INITIAL_WINDOW_SIZE: u16 = 4;

impl House {
    pub(super) async fn pings_answered(&self) {
        let mut raw = self.http2().await;
        for _ in 0..100 {
            raw.send(&frame(PING, 0, 0, b"anybody?").repeat(100)).await;
            let mut pongs = 0;
            while pongs < 100 {
                let frame = read(&mut raw).await.flatten().expect("each is answered");
                pongs += usize::from(frame.kind == PING && frame.flags == ACK);
            }
        }
    }

    /// Whoever takes no answer is not read either, and closed.
    pub(super) async fn unread(&self, one: &[u8]) {
        let before = self.http_refused("stalled").await;
        let mut raw = self.http2().await;
        let began = Instant::now();
        // What lies between takes some megabytes; then nothing more goes out.
        while raw.send(&one.repeat(1000)).await {
            assert!(began.elapsed() < 2 * STALLED, "it is let go on");
        }
        self.until_refused("stalled", before + 1.0).await;
    }

    /// Eight hundred answers that cannot be sent: they are held, and go with their callers.
    pub(super) async fn shut_windows(&self) {
        let mut shut = Vec::new();
        for _ in 0..8 {
            let mut raw = Raw::dial(self.davy.http()).await;
            let begun = [beginning(), settings(&[(INITIAL_WINDOW_SIZE, 0)])].concat();
            raw.send(&begun).await;
            let ask = |n: u32| {
                let stream = 2 * n + 1;
                [post(stream, &call(LIST)), frame(DATA, END_STREAM, stream, &[0; 5])].concat()
            };
            raw.send(&(0..100).flat_map(ask).collect::<Vec<u8>>()).await;
            assert!(wait_for(&mut raw, HEADERS, 1).await.is_some(), "it is answered");
            shut.push(raw);
        }
        drop(shut);
        self.until_no_calls().await;
    }

    pub(super) async fn unread_alarms(&self) {
        let mut deaf = Vec::new();
        for _ in 0..10 {
            let mut raw = self.http2().await;
            let subscribe = |n: u32| {
                let stream = 2 * n + 1;
                [post(stream, &call(SUBSCRIBE)), frame(DATA, END_STREAM, stream, &[0; 5])].concat()
            };
            raw.send(&(0..50).flat_map(subscribe).collect::<Vec<u8>>()).await;
            assert!(wait_for(&mut raw, HEADERS, 1).await.is_some(), "it may hear");
            deaf.push(raw);
        }
        // Alarms are raised all the while.
        tokio::time::sleep(Duration::from_secs(5)).await;
        drop(deaf);
        self.until_no_calls().await;
    }

    /// The honest listener's call, and whoever asks for a list at that moment, are all that is left.
    async fn until_no_calls(&self) {
        wait_until("what nobody reads is given up", LONG, async || {
            (self.metrics().await.figure("davy_http_calls", &[]) <= 3.0).then_some(())
        })
        .await;
    }

    /// More than may be at once: those past the bound are closed at once, the others when their time is over.
    pub(super) async fn http_crowd(&self, words: &[&[u8]; 3]) {
        let before = self.http_refused("connections_full").await;
        let mut crowd = JoinSet::new();
        for n in 0..1000 {
            let tls = n % 3 == 2;
            let mut raw = Raw::dial(if tls { self.http_tls } else { self.davy.http() }).await;
            let word = words[n % 3].to_vec();
            crowd.spawn(async move {
                raw.send(&word).await;
                raw.rest().await
            });
        }
        while let Some(rest) = crowd.join_next().await {
            let rest = rest.expect("no panic").expect("each is closed");
            assert!(!rest.starts_with(b"HTTP/1.1 2"), "and served nothing");
        }
        self.until_refused("connections_full", before + 700.0).await;
        // As if nothing had been.
        self.harmless(&frame(PRIORITY, 0, 7, &[0, 0, 0, 9, 200])).await;
    }
}
