//! Was it sent, when, and when was it confirmed: asked over gRPC and by `davy consumers`, over a kill.

use std::time::Duration;

use davy_proto::v1::{
    AlertServiceListDeliveriesRequest, AlertServiceSubscribeRequest, alert_service_subscribe_request::Start,
};
use davy_tests::{
    Davy, Grpc, LONG,
    consumers::{Gateway, confirm, durable, setup, told},
    davy, lines_of, wait_until,
};
use serde_json::Value;
use tonic_types::StatusExt;

const PATIENCE: Duration = Duration::from_secs(20);

/// `davy consumers ... --json`, the first line.
async fn line(server: &Davy, words: &[&str]) -> Value {
    let url = server.url();
    let said = davy(&[&["consumers"], words, &["--json", "--server", &url]].concat()).await;
    assert_eq!(said.code, 0, "{words:?}: {}", said.err);
    lines_of(&said.out).into_iter().next().unwrap_or_else(|| panic!("{words:?}: nothing was said"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_is_known_what_a_consumer_was_sent_and_what_it_confirmed_over_a_kill_and_until_it_is_forgotten() {
    let setup = setup("");
    let mut server = Davy::serve(&setup.config()).await;
    let grpc = Grpc::connect(server.http()).await;
    let from_now = AlertServiceSubscribeRequest { start: Some(Start::FromNow(true)), ..durable("desk") };
    let mut stream = grpc.subscribe_as(from_now).await.expect("let in");
    let mut gateway = Gateway::of(&server, "park").await;
    gateway.changes(20).await;
    stream.alert("the twelfth", PATIENCE, |alert| alert.sequence == 12).await;
    confirm(&grpc, "desk", &stream.token).await;
    stream.alert("the twentieth", PATIENCE, |alert| alert.sequence == 20).await;
    let (twelfth, thirteenth) = (told(&grpc, "desk", 12).await, told(&grpc, "desk", 13).await);
    assert_eq!((twelfth.len(), thirteenth.len()), (1, 1), "sent once: {twelfth:?} {thirteenth:?}");
    assert!(twelfth[0].confirmed_time.is_some() && thirteenth[0].confirmed_time.is_none());
    assert!(told(&grpc, "desk", 21).await.is_empty(), "what never was is not said to be sent");
    let shown = line(&server, &["show", "desk"]).await;
    assert_eq!((&shown["state"], &shown["behind"]), (&"connected".into(), &8.into()), "{shown}");
    // While nobody listens, what happens is sent to nobody, and the ledger does not say that it was.
    drop((stream, grpc));
    let grpc = Grpc::connect(server.http()).await;
    wait_until("its stream has ended", LONG, async || {
        (line(&server, &["list"]).await["state"] == "gone").then_some(())
    })
    .await;
    gateway.changes(5).await;
    assert!(told(&grpc, "desk", 21).await.is_empty());
    server.kill();
    let mut server = Davy::serve(&setup.config()).await;
    let grpc = Grpc::connect(server.http()).await;
    assert_eq!(told(&grpc, "desk", 12).await, twelfth);
    let shown = line(&server, &["show", "desk"]).await;
    assert_eq!((&shown["state"], &shown["behind"]), (&"gone".into(), &13.into()), "{shown}");
    // It comes back and is told the rest, and what it did not confirm again.
    let mut stream = grpc.subscribe_as(durable("desk")).await.expect("let in");
    let first = stream.alert("what it did not confirm", PATIENCE, |_| true).await;
    assert_eq!(first.sequence, 13);
    stream.alert("the last", PATIENCE, |alert| alert.sequence == 25).await;
    assert_eq!(told(&grpc, "desk", 13).await.len(), 2, "sent twice");
    confirm(&grpc, "desk", &stream.token).await;
    for sequence in 1..=25 {
        let runs = told(&grpc, "desk", sequence).await;
        assert!(
            !runs.is_empty() && runs.iter().all(|run| run.confirmed_time.is_some()),
            "{sequence}: {runs:?}"
        );
    }
    refusals(&server).await;
    drop((stream, grpc));
    wait_until("it can be forgotten", LONG, async || {
        let said = davy(&["consumers", "forget", "desk", "--by", "ann", "--server", &server.url()]).await;
        (said.code == 0).then_some(())
    })
    .await;
    let grpc = Grpc::connect(server.http()).await;
    assert_eq!(told(&grpc, "desk", 12).await.len(), 1, "the ledger remembers");
    turned(&grpc, "desk").await;
    let mut stream = grpc.subscribe_as(durable("desk")).await.expect("let in");
    stream.next().await.expect("a snapshot, as if it was never here");
    assert_eq!(stream.token, "", "a snapshot begins: {}", stream.token);
    drop(stream);
    assert_eq!(server.stop().await, 0);
    let log = davy(&["audit", "list", "--json", &setup.path("data").display().to_string()]).await;
    assert!(log.out.contains("consumer_forgotten"), "{}{}", log.out, log.err);
}

/// What was sent to a consumer is the same in pages of any length, and the last of them says that it is the last.
async fn turned(grpc: &Grpc, consumer: &str) {
    let page = async |page_size: i32, page_token: String| {
        let consumer = consumer.to_owned();
        let request =
            AlertServiceListDeliveriesRequest { consumer, page_size, page_token, ..Default::default() };
        let answer = grpc.alerts().list_deliveries(request).await;
        answer.unwrap_or_else(|status| panic!("pages of {page_size}: {status}")).into_inner()
    };
    let whole = page(0, String::new()).await.deliveries;
    assert!(whole.len() > 1, "{whole:?}");
    for len in 1..=whole.len() {
        let (mut found, mut token, mut pages) = (Vec::new(), String::new(), 0);
        while pages == 0 || !token.is_empty() {
            let next = page(i32::try_from(len).expect("few"), token).await;
            found.extend(next.deliveries);
            (token, pages) = (next.next_page_token, pages + 1);
        }
        assert_eq!((&found, pages), (&whole, whole.len().div_ceil(len)), "pages of {len}");
    }
}

async fn refusals(server: &Davy) {
    let url = server.url();
    for (words, code) in [
        (["show", "desc"], "CONSUMER_UNKNOWN"),
        (["deliveries", "desc"], "CONSUMER_UNKNOWN"),
        (["forget", "desc"], "CONSUMER_UNKNOWN"),
        (["forget", "desk"], "CONSUMER_CONNECTED"),
        (["show", "a desk"], "REQUEST_INVALID"),
    ] {
        let said = davy(&[&["consumers"], &words[..], &["--server", &url]].concat()).await;
        assert!(said.code == 1 && said.err.contains(code), "{words:?}: {}", said.err);
    }
    let grpc = Grpc::connect(server.http()).await;
    let request = davy_proto::v1::AlertServiceConfirmRequest {
        consumer: "desk".to_owned(),
        token: "d1.park:99999".to_owned(),
    };
    let refused = grpc.alerts().confirm(request).await.expect_err("it is ahead of the site");
    assert_eq!(refused.get_details_error_info().expect("a reason").reason, "RESUME_TOKEN_INVALID");
}
