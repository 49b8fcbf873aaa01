//! What all share has room left for others, whatever one caller takes.

use bytes::Bytes;
use davy_access::Role;
use davy_proto::v1 as wire;
use davy_server::rpc::v1::{
    alert_service_client::AlertServiceClient, telemetry_service_client::TelemetryServiceClient,
};
use tonic::{Request, Status, Streaming};

use super::house::{House, accounts, token, word};

fn of<T>(token: &str, message: T) -> Request<T> {
    let mut request = Request::new(message);
    request.metadata_mut().insert("authorization", format!("Bearer {token}").parse().expect("a header"));
    request
}

fn said<T>(answer: Result<T, Status>) -> String {
    word(&answer.map(|_| Bytes::new()))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_caller_watches_sixteen_times_at_once_and_others_watch_all_the_same() {
    let house = House::open(&accounts()).await;
    let watch = async |token: &str| -> Result<Streaming<wire::TelemetryServiceWatchResponse>, Status> {
        let selector = Some(wire::TagSelector { site: "park".to_owned(), ..Default::default() });
        let asked = wire::TelemetryServiceWatchRequest { selector, snapshot: false };
        let mut client = TelemetryServiceClient::new(house.channel.clone());
        client.watch(of(token, asked)).await.map(tonic::Response::into_inner)
    };
    let (greedy, other) = (token(Role::Viewer, "all"), token(Role::Viewer, "own"));
    let mut streams = Vec::new();
    for _ in 0..16 {
        streams.push(watch(&greedy).await.expect("room"));
    }
    let refused = watch(&greedy).await.expect_err("sixteen is enough");
    assert!(refused.message().contains("16 streams of one caller"), "{refused}");
    assert_eq!(said::<()>(Err(refused)), "WATCHERS_TOO_MANY");
    assert_eq!(said(watch(&other).await), "OK", "another's are not used up");
    streams.pop();
    for _ in 0..100 {
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        if watch(&greedy).await.is_ok() {
            return;
        }
    }
    panic!("one has ended, and its place is not given back");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_caller_has_sixty_four_consumers_and_others_have_theirs_all_the_same() {
    let house = House::open(&accounts()).await;
    let subscribe = async |token: &str, name: &str| {
        let asked = wire::AlertServiceSubscribeRequest { consumer: name.to_owned(), ..Default::default() };
        let mut client = AlertServiceClient::new(house.channel.clone());
        client.subscribe(of(token, asked)).await.map(drop)
    };
    let confirm = async |token: &str, name: &str| {
        let (consumer, token_of) = (name.to_owned(), "d1.park:0".to_owned());
        let asked = wire::AlertServiceConfirmRequest { consumer, token: token_of };
        let mut client = AlertServiceClient::new(house.channel.clone());
        client.confirm(of(token, asked)).await.map(drop)
    };
    let (greedy, other) = (token(Role::Viewer, "all"), token(Role::Viewer, "own"));
    for number in 0..64 {
        subscribe(&greedy, &format!("c{number}")).await.expect("room");
    }
    let refused = subscribe(&greedy, "c64").await.expect_err("sixty-four are enough");
    assert!(refused.message().contains("64 consumers of one caller"), "{refused}");
    assert_eq!(said::<()>(Err(refused)), "CONSUMERS_TOO_MANY");
    assert_eq!(said(confirm(&greedy, "c64").await), "CONSUMERS_TOO_MANY", "that makes one as well");
    assert_eq!(said(subscribe(&greedy, "c7").await), "OK", "it is known");
    assert_eq!(said(subscribe(&other, "c7").await), "OK", "another's are not used up");
}
