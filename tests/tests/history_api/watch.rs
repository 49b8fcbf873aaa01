//! Readings are heard as they become durable: each once and in order, or it is said how many commits went by.

use std::time::Duration;

use davy_proto::v1::{
    TagSelector, TelemetryServiceWatchRequest, TelemetryServiceWatchResponse,
    telemetry_service_watch_response::Event,
};
use davy_server::rpc::v1::telemetry_service_client::TelemetryServiceClient;
use davy_tests::{Davy, LONG};
use jiff::{Timestamp, ToSpan};
use tokio::{sync::watch, time::timeout};
use tonic::{Code, Streaming, transport::Endpoint};

use crate::{Park, TAGS, latest::reload, reason};

const NO_HISTORY: &str = "[history]\nstore = \"none\"\n";

fn asked(tags: &[&str], snapshot: bool) -> TelemetryServiceWatchRequest {
    let tags = tags.iter().map(|tag| (*tag).to_owned()).collect();
    let selector = TagSelector { site: "park".to_owned(), tags, ..Default::default() };
    TelemetryServiceWatchRequest { selector: Some(selector), snapshot }
}

/// A stream of a connection of its own, that takes little before it is read.
struct Watch(Streaming<TelemetryServiceWatchResponse>);

impl Watch {
    async fn of(server: &Davy, request: TelemetryServiceWatchRequest) -> Watch {
        let endpoint = Endpoint::from_shared(server.url()).expect("an address");
        let endpoint = endpoint.initial_stream_window_size(65_535).initial_connection_window_size(65_535);
        let channel = endpoint.connect().await.expect("it answers");
        let mut client = TelemetryServiceClient::new(channel).max_decoding_message_size(64 << 20);
        Watch(client.watch(request).await.expect("it may watch").into_inner())
    }

    async fn next(&mut self) -> TelemetryServiceWatchResponse {
        let message = timeout(LONG, self.0.message()).await.expect("something comes");
        message.expect("a stream").expect("it goes on")
    }

    /// The next commit's readings: `tag=value unit`.
    async fn readings(&mut self) -> Vec<String> {
        let message = self.next().await;
        assert_eq!(message.dropped_commits, 0);
        let Some(Event::Readings(commit)) = message.event else { panic!("no readings: {message:?}") };
        assert!(commit.site == "park" && commit.commit > 0 && commit.recorded_time.is_some());
        let told = commit.series.iter().flat_map(|series| {
            let told =
                |value: Option<f64>| format!("{}={} {}", series.tag, value.expect("a value"), series.unit);
            series.readings.iter().map(move |reading| told(reading.value))
        });
        told.collect()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_watcher_hears_each_reading_of_its_tags_once_and_new_tags_when_they_come() {
    let mut park = Park::start(NO_HISTORY, None).await;
    let now = Timestamp::now();
    park.send("AT-1/h2s", &[(now - 5.seconds(), 1.0, "good")]).await;
    park.send("TK-1/level", &[(now - 5.seconds(), 2.0, "good")]).await;
    let mut gas = Watch::of(&park.server, asked(&["AT-*"], true)).await;
    let mut any = Watch::of(&park.server, asked(&[], false)).await;
    let Some(Event::Snapshot(page)) = gas.next().await.event else { panic!("a snapshot comes first") };
    let known = |value: Option<f64>| value;
    let tags: Vec<_> = page
        .tags
        .iter()
        .map(|tag| (tag.tag.as_str(), tag.reading.as_ref().and_then(|reading| known(reading.value))))
        .collect();
    assert_eq!(tags, [("AT-1/h2s", Some(1.0)), ("AT-2/h2s", None)]);
    assert!(page.is_last);

    park.send("TK-1/level", &[(now - 4.seconds(), 3.0, "good")]).await;
    park.send("AT-1/h2s", &[(now - 4.seconds(), 4.0, "good"), (now - 3.seconds(), 5.0, "good")]).await;
    // Late, and repeated: it is heard as it came.
    park.send("AT-1/h2s", &[(now - 9.seconds(), 6.0, "good")]).await;
    park.send("AT-1/h2s", &[(now - 9.seconds(), 6.0, "good")]).await;
    assert_eq!(any.readings().await, ["TK-1/level=3 m"]);
    for watch in [&mut gas, &mut any] {
        assert_eq!(watch.readings().await, ["AT-1/h2s=4 ppm", "AT-1/h2s=5 ppm"]);
        assert_eq!(watch.readings().await, ["AT-1/h2s=6 ppm"]);
        assert_eq!(watch.readings().await, ["AT-1/h2s=6 ppm"]);
    }

    let tags = TAGS.replace("AT-1/h2s,gas.h2s,ppm", "AT-1/h2s,gas.h2s,mg/m3").replace("AT-2/h2s", "AT-3/h2s");
    park.setup.write("park/tags.csv", &tags);
    reload(&park.server).await;
    park.send("AT-3/h2s", &[(now, 7.0, "good")]).await;
    park.send("AT-1/h2s", &[(now, 8.0, "good")]).await;
    assert_eq!(gas.readings().await, ["AT-3/h2s=7 ppm"]);
    assert_eq!(gas.readings().await, ["AT-1/h2s=8 mg/m3"]);

    park.server.ask_to_stop();
    let ended = gas.0.message().await.expect_err("it is told of the end");
    assert_eq!((ended.code(), reason(&ended).as_str()), (Code::Unavailable, "STOPPING"));
}

/// More commits of more readings than wait for anybody.
const MESSAGES: usize = 800;
const READINGS: usize = 1000;
/// How many readings the fast one may be behind: a part of what waits for it.
const BEHIND_MAX: usize = 50_000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_slow_is_told_what_went_by_and_holds_nobody_up() {
    let quick = "[heartbeat]\nevery = \"1s\"\n[door]\nlisten = \"127.0.0.1:0\"\nclient_kib_per_s = 0\nclient_readings_per_s = 0\n";
    let mut park = Park::start(&format!("{NO_HISTORY}{quick}"), None).await;
    let mut slow = Watch::of(&park.server, asked(&["AT-1/h2s"], false)).await;
    let mut fast = Watch::of(&park.server, asked(&["AT-1/h2s"], false)).await;
    let mut beats = park.grpc.heartbeats(&["park"]).await;
    let (beaten, mut beat) = watch::channel(0);
    let beating = tokio::spawn(async move {
        let mut gaps = Vec::new();
        let mut last = std::time::Instant::now();
        while let Ok(Some(_)) = beats.message().await {
            gaps.push(last.elapsed());
            last = std::time::Instant::now();
            beaten.send_replace(gaps.len());
        }
        gaps
    });
    let (heard_of, mut heard) = watch::channel(0);
    let hearing = tokio::spawn(async move {
        let (mut values, mut commits) = (Vec::new(), 0_u64);
        while values.len() < MESSAGES * READINGS {
            let message = fast.next().await;
            assert_eq!(message.dropped_commits, 0, "the fast one misses nothing");
            let Some(Event::Readings(commit)) = message.event else { panic!("no readings: {message:?}") };
            commits += 1;
            let readings = commit.series.iter().flat_map(|series| &series.readings);
            values.extend(readings.map(|reading| reading.value.expect("a value") as usize));
            heard_of.send_replace(values.len());
        }
        (values, commits)
    });
    let start = Timestamp::now() - 1.hour();
    for message in 0..MESSAGES {
        let place = message * READINGS..(message + 1) * READINGS;
        let at = |place: usize| start + (place as i64).milliseconds();
        let list: Vec<_> = place.map(|place| (at(place), place as f64, "uncertain")).collect();
        park.send("AT-1/h2s", &list).await;
        // It is fast enough for what is sent: as fast as this machine lets it be.
        let due = (message * READINGS).saturating_sub(BEHIND_MAX);
        timeout(LONG, heard.wait_for(|heard| *heard >= due)).await.expect("in time").expect("it listens");
    }
    let (values, commits) = timeout(LONG, hearing).await.expect("in time").expect("it heard");
    assert!(values.iter().copied().eq(0..MESSAGES * READINGS), "each once, in order");

    // The alarm path goes on beside one that takes nothing.
    let so_far = *beat.borrow_and_update();
    timeout(LONG, beat.wait_for(|beats| *beats > so_far)).await.expect("in time").expect("it listens");

    // Only now the slow one reads on.
    let (mut told, mut dropped) = (0, 0);
    while told + dropped < commits {
        let message = slow.next().await;
        dropped += message.dropped_commits;
        let Some(Event::Readings(commit)) = message.event else { panic!("no readings: {message:?}") };
        told += u64::from(!commit.series.is_empty());
    }
    assert!(dropped > 0, "{told} of {commits} were heard");
    assert_eq!(told + dropped, commits);
    let metrics = davy_tests::Metrics::of(park.server.http()).await;
    assert_eq!(metrics.figure("davy_watch_dropped_commits_total", &[("site", "park")]), dropped as f64);
    assert_eq!(metrics.figure("davy_watchers", &[("site", "park")]), 1.0);
    assert_eq!(park.server.stop().await, 0);
    let gaps = beating.await.expect("it listened");
    assert!(gaps.iter().all(|gap| *gap < Duration::from_secs(5)), "{gaps:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn so_many_may_watch_at_once_and_no_more() {
    let park = Park::start(NO_HISTORY, None).await;
    let mut streams = Vec::new();
    let refused = loop {
        match park.grpc.telemetry().watch(asked(&[], false)).await {
            Ok(stream) => streams.push(stream),
            Err(refused) => break refused,
        }
        assert!(streams.len() <= 64);
    };
    assert_eq!(streams.len(), 64);
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::ResourceExhausted, "WATCHERS_TOO_MANY"));
    // Who leaves makes room.
    streams.pop();
    davy_tests::wait_until("there is room again", LONG, async || {
        park.grpc.telemetry().watch(asked(&[], false)).await.ok()
    })
    .await;
    for (request, want) in [
        (TelemetryServiceWatchRequest::default(), "REQUEST_INVALID"),
        (
            TelemetryServiceWatchRequest { selector: Some(TagSelector::default()), snapshot: false },
            "SITE_UNKNOWN",
        ),
    ] {
        streams.pop();
        let refused = davy_tests::wait_until("it is refused for what it asks", LONG, async || {
            let refused = park.grpc.telemetry().watch(request.clone()).await.expect_err(want);
            (reason(&refused) != "WATCHERS_TOO_MANY").then_some(refused)
        })
        .await;
        assert_eq!(reason(&refused), want);
    }
}
