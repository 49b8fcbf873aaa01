//! One that must listen and does not is an alarm of Davy's own.

use std::time::Duration;

use davy_proto::v1::{
    AlertServiceSubscribeRequest, Tier, TransitionKind, alert_service_subscribe_request::Start,
};
use davy_tests::{
    Davy, Grpc, LONG, Metrics,
    consumers::{Gateway, confirm, durable, setup},
    wait_until,
};

const PATIENCE: Duration = Duration::from_secs(30);

/// Waits until the alarm about it stands, or stands no more.
async fn standing(grpc: &Grpc, site: &str, subject: &str, wanted: bool) -> Option<Tier> {
    wait_until(&format!("an alarm about {subject} in {site}: {wanted}"), LONG, async || {
        let found = grpc.standing(site).await;
        let found = found.iter().find(|alarm| alarm.subject == subject && alarm.rule == "davy-fault");
        let active = found.filter(|alarm| alarm.state().as_str_name().contains("ACTIVE") || wanted);
        (found.is_some() == wanted || active.is_none() && !wanted).then(|| found.map(|alarm| alarm.tier()))
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_consumer_that_must_listen_is_missed_when_it_is_gone_and_when_it_confirms_nothing() {
    let setup = setup(
        "[[consumer]]\nname = \"desk\"\nsilent_after = \"2s\"\ntier = \"red\"\nscopes = [\"370000/370500\"]\n",
    );
    let server = Davy::serve(&setup.config()).await;
    let grpc = Grpc::connect(server.http()).await;
    let mut watcher = grpc.subscribe(Start::Snapshot(true)).await.expect("let in");
    let about = |alert: &davy_proto::v1::Alert, kind| {
        alert.site == "park" && alert.subject == "consumer-desk" && alert.transition() == kind
    };
    // It never came.
    let raised = watcher.alert("it is missed", PATIENCE, |alert| about(alert, TransitionKind::Raised)).await;
    assert_eq!(raised.tier(), Tier::Red);
    assert_eq!(standing(&grpc, "mine", "consumer-desk", true).await, Some(Tier::Red));
    let elsewhere = grpc.standing("gas").await;
    assert!(elsewhere.is_empty(), "its scope is not there: {elsewhere:?}");
    // It comes.
    let only = AlertServiceSubscribeRequest {
        start: Some(Start::FromNow(true)),
        sites: vec!["gas".to_owned()],
        ..durable("desk")
    };
    let mut stream = grpc.subscribe_as(only).await.expect("let in");
    watcher.alert("it is back", PATIENCE, |alert| about(alert, TransitionKind::Cleared)).await;
    // It is connected, and deals with nothing.
    Gateway::of(&server, "gas").await.changes(3).await;
    watcher.alert("it confirms nothing", PATIENCE, |alert| about(alert, TransitionKind::Raised)).await;
    assert_eq!(
        Metrics::of(server.http()).await.figure("davy_consumer_listens", &[("consumer", "desk")]),
        0.0
    );
    stream.alert("the last", PATIENCE, |alert| alert.sequence == 3).await;
    confirm(&grpc, "desk", &stream.token).await;
    watcher.alert("it has dealt with all", PATIENCE, |alert| about(alert, TransitionKind::Cleared)).await;
    assert_eq!(
        Metrics::of(server.http()).await.figure("davy_consumer_listens", &[("consumer", "desk")]),
        1.0
    );
    // It goes.
    drop(stream);
    watcher.alert("it is gone", PATIENCE, |alert| about(alert, TransitionKind::Raised)).await;
}
