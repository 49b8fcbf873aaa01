use davy_proto::v1::{
    AlertServiceConfirmRequest, AlertServiceDeleteConsumerRequest, AlertServiceSubscribeRequest,
    alert_service_subscribe_request::Start, alert_service_subscribe_response::Event,
};
use davy_tests::{
    LONG, Subscriber,
    consumers::{confirm, durable},
    wait_until,
};
use tonic_types::StatusExt;

use super::tower::{Floor, lower};

/// The first alert of a stream that goes on after a cursor.
async fn goes_on_with(city: &Floor) -> (Subscriber, u64) {
    let mut stream = city.grpc.subscribe_as(durable("desk")).await.expect("let in");
    let first = stream.alert("what was not confirmed", LONG, |alert| alert.site == "park").await;
    (stream, first.sequence)
}

async fn forget(city: &Floor) -> Result<(), String> {
    let request = AlertServiceDeleteConsumerRequest {
        consumer: "desk".to_owned(),
        actor: "li".to_owned(),
        ..Default::default()
    };
    let answer = city.grpc.alerts().delete_consumer(request).await;
    answer
        .map(drop)
        .map_err(|status| status.get_details_error_info().map_or_else(String::new, |info| info.reason))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_confirmed_of_a_lower_davys_site_is_on_disk_above_until_the_consumer_is_forgotten() {
    let mut city = Floor::serve("city", &lower("park", &["park"])).await;
    let mut park = Floor::serve("park", &city.link()).await;
    let from_now = AlertServiceSubscribeRequest { start: Some(Start::FromNow(true)), ..durable("desk") };
    let mut stream = city.grpc.subscribe_as(from_now).await.expect("let in");
    park.swings(2).await;
    stream.alert("the third", LONG, |alert| alert.site == "park" && alert.sequence == 3).await;
    confirm(&city.grpc, "desk", &stream.token).await;
    // A cursor never moves back, and never past what is here.
    confirm(&city.grpc, "desk", "d1.park:1").await;
    let ahead = AlertServiceConfirmRequest { consumer: "desk".to_owned(), token: "d1.park:99".to_owned() };
    let refused = city.grpc.alerts().confirm(ahead).await.expect_err("nobody has it");
    assert_eq!(refused.get_details_error_info().expect("a reason").reason, "RESUME_TOKEN_INVALID");
    city.has_caught_up(&park, "park").await;
    city.kill();
    city.again().await;
    let (stream, first) = goes_on_with(&city).await;
    assert_eq!(first, 4, "what it confirmed survives a kill");
    assert_eq!(forget(&city).await, Err("CONSUMER_CONNECTED".to_owned()));
    drop(stream);
    wait_until("it is not connected, and is forgotten", LONG, async || forget(&city).await.ok()).await;
    assert_eq!(forget(&city).await, Err("CONSUMER_UNKNOWN".to_owned()));
    // Also over a restart it is as if it had never been.
    city.kill();
    city.again().await;
    let mut stream = city.grpc.subscribe_as(durable("desk")).await.expect("let in");
    let first = stream.next().await.expect("a stream");
    assert!(matches!(first, Some(Event::SnapshotBegin(_))), "{first:?}");
}
