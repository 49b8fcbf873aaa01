use davy_proto::v1::alert_service_subscribe_request::Start;

use super::tower::{Floor, lower};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_upper_davy_that_was_away_gets_what_happened_meanwhile() {
    let mut city = Floor::serve("city", &lower("park", &["park"])).await;
    let mut park = Floor::serve("park", &city.link()).await;
    park.swings(2).await;
    city.has_caught_up(&park, "park").await;
    let mut before = city.grpc.subscribe(Start::Snapshot(true)).await.expect("a stream");
    while before.token.is_empty() {
        before.next().await.expect("an event");
    }
    city.kill();
    park.swings(50).await;
    let upper = park.tree().await.upper.expect("one is configured");
    assert!(!upper.connected && !upper.why.is_empty() && upper.owed >= 100, "{upper:?}");
    city.again().await;
    city.has_caught_up(&park, "park").await;
    assert_eq!(city.transitions("park").await, park.transitions("park").await);
    // A consumer of the city resumes over both.
    let mut after = city.grpc.subscribe(Start::AfterToken(before.token)).await.expect("a stream");
    let first = after.alert("it goes on", davy_tests::LONG, |alert| alert.site == "park").await;
    assert_eq!(first.sequence, 5, "two swings were four transitions");
}
