use davy_journal::Journal;
use davy_proto::v1::{
    GapReason, alert_service_subscribe_request::Start, alert_service_subscribe_response::Event,
};
use davy_tests::{LONG, wait_until};

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
    let first = after.alert("it goes on", LONG, |alert| alert.site == "park").await;
    assert_eq!(first.sequence, 5, "two swings were four transitions");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_lower_journal_let_go_meanwhile_is_a_gap_above() {
    let mut city = Floor::serve("city", &lower("park", &["park"])).await;
    let mut park = Floor::serve("park", &city.link()).await;
    park.swings(2).await;
    city.has_caught_up(&park, "park").await;
    city.kill();
    park.swings(20).await;
    park.davy.ask_to_stop();
    wait_until("the park has stopped", LONG, async || park.davy.has_ended().then_some(())).await;
    // A year passes.
    let (mut journal, head) = Journal::open(&park.setup.journal("park"), "park").expect("it is free");
    let first = journal.forget_before(head.number).expect("it was left with a snapshot").sequence;
    journal.close().expect("a clean end");
    assert!(first > 20, "hardly anything went: {first}");
    park.again().await;
    park.swings(3).await;
    city.again().await;
    city.has_caught_up(&park, "park").await;
    let told: Vec<u64> = city.transitions("park").await.iter().map(|alert| alert.sequence).collect();
    let last = park.site("park").await.sequence;
    assert_eq!(told, (1..=4).chain(first..=last).collect::<Vec<_>>());
    let [lower] = &city.tree().await.lowers[..] else { panic!("one is configured") };
    assert_eq!(lower.missing, first - 5);
    let token = "d1.park:4".to_owned();
    let mut heard = city.grpc.subscribe(Start::AfterToken(token)).await.expect("a stream");
    let gap = wait_until("the gap is heard", LONG, async || match heard.next().await.expect("an event") {
        Some(Event::Gap(gap)) => Some(gap),
        _ => None,
    })
    .await;
    assert_eq!((gap.site.as_str(), gap.from_sequence, gap.to_sequence), ("park", 5, first - 1));
    assert_eq!(gap.reason(), GapReason::Retention);
    assert_eq!(heard.alert("what is kept follows", LONG, |_| true).await.sequence, first);
}
