//! What is let by in silence is marked, and what lies elsewhere is not told.

use std::time::Duration;

use davy_delivery::Token;
use davy_proto::v1::{
    AlertServiceSubscribeRequest, alert_service_subscribe_request::Start,
    alert_service_subscribe_response::Event,
};
use davy_tests::{
    Davy, Grpc, Subscriber,
    consumers::{Gateway, confirm, durable, red_only, setup},
};
use tokio::time::timeout;
use tonic_types::StatusExt;

const PATIENCE: Duration = Duration::from_secs(20);

/// The next bookmark whose token has come to that transition of `park`, the others at none; nothing else may come.
async fn marked(stream: &mut Subscriber, wanted: u64) -> String {
    let is_there = |token: &str| {
        let token: Token = token.parse().expect("a token");
        ["gas", "mine", "park"].map(|site| token.seen(site).expect("it speaks of each").sequence)
            == [0, 0, wanted]
    };
    let marked = async {
        loop {
            match stream.next().await.expect("the stream stands").expect("the stream stands") {
                Event::Bookmark(_) if is_there(&stream.token) => return stream.token.clone(),
                Event::Bookmark(mark) => assert!(mark.sent_time.is_some(), "it says when"),
                other => panic!("nothing passes the filter: {other:?}"),
            }
        }
    };
    timeout(PATIENCE, marked).await.unwrap_or_else(|_| panic!("no bookmark at {wanted}: {}", stream.token))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_consumer_that_hears_nothing_but_bookmarks_goes_on_after_them() {
    let setup = setup("");
    let mut server = Davy::serve(&setup.config()).await;
    let grpc = Grpc::connect(server.http()).await;
    let from_now = AlertServiceSubscribeRequest { start: Some(Start::FromNow(true)), ..red_only("red-desk") };
    let mut stream = grpc.subscribe_as(from_now).await.expect("let in");
    // Whoever hears nothing at all still learns where it stands.
    let first = marked(&mut stream, 0).await;
    confirm(&grpc, "red-desk", &first).await;
    let mut gateway = Gateway::of(&server, "park").await;
    gateway.changes(30).await;
    let token = marked(&mut stream, 30).await;
    confirm(&grpc, "red-desk", &token).await;
    // A bookmark comes when there is something to mark, and not else.
    assert!(timeout(Duration::from_millis(2500), stream.next()).await.is_err(), "nothing moved: {stream:?}");
    assert_eq!(server.stop().await, 0);
    let server = Davy::serve(&setup.config()).await;
    let grpc = Grpc::connect(server.http()).await;
    // The same consumer without its filter: what the bookmark covered is not told again.
    let mut stream = grpc.subscribe_as(durable("red-desk")).await.expect("let in");
    let mut gateway = Gateway::of(&server, "park").await;
    gateway.changes(1).await;
    let alert = stream.alert("the first after the bookmark", PATIENCE, |_| true).await;
    assert_eq!((alert.site.as_str(), alert.sequence), ("park", 31));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_place_narrows_a_stream_to_the_sites_below_it() {
    let setup = setup("");
    let server = Davy::serve(&setup.config()).await;
    let grpc = Grpc::connect(server.http()).await;
    let asked = |scopes: &[&str], sites: &[&str]| {
        let of = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        let start = Some(Start::FromNow(true));
        AlertServiceSubscribeRequest { start, scopes: of(scopes), sites: of(sites), ..Default::default() }
    };
    let told: [(&[&str], &[&str], &[&str]); 6] = [
        (&["370000/370500"], &[], &["mine", "park"]),
        (&["370000"], &[], &["gas", "mine", "park"]),
        (&["*"], &[], &["gas", "mine", "park"]),
        (&["370000/370600", "370000/370500/mine"], &[], &["gas", "mine"]),
        (&["370000/370500"], &["park"], &["park"]),
        (&["370000/370500"], &["park", "gas"], &["park"]),
    ];
    let mut streams = Vec::new();
    for (scopes, sites, expected) in told {
        let stream = grpc.subscribe_as(asked(scopes, sites)).await;
        streams.push((stream.unwrap_or_else(|status| panic!("{scopes:?}: {status}")), expected));
    }
    for site in ["gas", "mine", "park"] {
        Gateway::of(&server, site).await.changes(1).await;
    }
    for (mut stream, expected) in streams {
        let mut sites = Vec::new();
        for _ in expected {
            sites.push(stream.alert("one of a site", PATIENCE, |_| true).await.site);
        }
        sites.sort();
        assert_eq!(sites, expected);
        let more = timeout(Duration::from_millis(200), stream.alert("none", PATIENCE, |_| true)).await;
        assert!(more.is_err(), "no more than of {expected:?}: {more:?}");
    }
    for (scopes, sites, reason) in [
        (["370000/370700"], vec![], "SITE_UNKNOWN"),
        (["3705"], vec![], "SITE_UNKNOWN"),
        (["370000/370600"], vec!["park"], "SITE_UNKNOWN"),
        (["370000//park"], vec![], "REQUEST_INVALID"),
        ([""], vec![], "REQUEST_INVALID"),
    ] {
        let refused = grpc.subscribe_as(asked(&scopes, &sites)).await.expect_err("refused");
        let info = refused.get_details_error_info().expect("a reason");
        assert_eq!(info.reason, reason, "{scopes:?}: {refused}");
    }
}
