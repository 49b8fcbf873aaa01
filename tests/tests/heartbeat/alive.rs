//! A Davy that works: its heartbeats say how it is, and its canary is heard by nobody who did not ask.

use davy_proto::v1::{CanaryState, TransitionKind, alert_service_subscribe_response::Event};
use davy_tests::{LONG, Metrics, davy, get, wait_until};

use super::{QUICK, park, until_the_canary_is_back};

const CANARY: &str = "davy-canary:canary:canary";

#[tokio::test]
async fn a_heartbeat_says_how_its_site_is() {
    let (_setup, server, grpc) = park(&format!("node = \"north\"\n{QUICK}")).await;
    until_the_canary_is_back(&grpc).await;
    let status = grpc.site("park").await;
    let mut beats = grpc.heartbeats(&[]).await;
    let beat = beats.message().await.expect("a stream").expect("a heartbeat").heartbeat.expect("in it");
    assert_eq!((beat.site.as_str(), beat.node.as_str()), ("park", "north"));
    assert_eq!(beat.revision, status.revision);
    assert!(beat.number > 0 && beat.commit >= beat.number, "{beat:?}");
    assert!(beat.input_lag.is_some() && beat.started_time.is_some(), "{beat:?}");
    assert!(beat.last_judged_time.is_none(), "nobody has sent a reading: {beat:?}");
    let canary = beat.canary.expect("every heartbeat says how the canary is");
    assert_eq!(canary.state(), CanaryState::Ok, "{canary:?}");
    assert!(canary.took.is_some() && canary.last_time.is_some(), "{canary:?}");
    // Nobody sends: sooner or later every tag of the park says nothing.
    wait_until("every tag is stale", LONG, async || {
        let beat = beats.message().await.expect("a stream").expect("a heartbeat").heartbeat.expect("in it");
        (beat.stale_tags == status.tags && beat.alarms_standing > 0).then_some(())
    })
    .await;
    let before = beat.number;
    let beat = beats.message().await.expect("a stream").expect("a heartbeat").heartbeat.expect("in it");
    assert!(beat.number > before, "they are numbered: {before}, {}", beat.number);
    drop(server);
}

#[tokio::test]
async fn the_canary_is_heard_by_who_asks_for_it_and_by_nobody_else() {
    let (setup, mut server, grpc) = park(QUICK).await;
    let mut all = grpc.subscribe_from_now().await;
    let mut asked = grpc.subscribe_to(&["davy-canary"]).await;
    let raised = asked.alert("the canary raised", LONG, |alert| alert.alarm == CANARY).await;
    let wanted = |alert: &davy_proto::v1::Alert| {
        alert.alarm == CANARY && alert.transition() == TransitionKind::Cleared && alert.durable
    };
    let cleared = asked.alert("the canary cleared", LONG, wanted).await;
    assert!(cleared.sequence >= raised.sequence && raised.durable);
    until_the_canary_is_back(&grpc).await;

    // What an operator and a horn hear.
    let said = davy(["alarms", "list", "--json", "--server", &server.url()]).await.ended(0);
    assert!(!said.out.contains("davy-canary"), "{}", said.out);
    let named = ["alarms", "list", "--json", "--sites", "davy-canary", "--server", &server.url()];
    assert!(davy(named).await.ended(0).out.contains(CANARY), "it stands unacknowledged, for who asks");
    assert!(grpc.sites().await.expect("an answer").iter().all(|site| site.site != "davy-canary"));
    let metrics = Metrics::of(server.http()).await;
    assert!(metrics.figure("davy_canary_rounds_total", &[("result", "back")]) >= 1.0);
    assert!(metrics.figure("davy_canary_seconds_count", &[("until", "raised")]) >= 1.0);
    assert_eq!(metrics.figure("davy_canary_overdue", &[]), 0.0);
    assert!(metrics.figure("davy_heartbeat_age_seconds", &[("site", "park")]) < 15.0);
    assert_eq!(metrics.figure("davy_commits_total", &[("site", "davy-canary")]), 0.0, "not among the plants");
    assert_eq!(get(server.http(), "/healthz").await, (200, "ok\n".to_owned()));

    // Every tag of the silent park raises its alarm: the stream of everything has those, and no canary.
    let first = all.alert("an alarm of the park", LONG, |_| true).await;
    assert_eq!(first.site, "park", "{first:?}");
    while let Ok(Ok(Some(event))) = tokio::time::timeout(std::time::Duration::from_secs(2), all.next()).await
    {
        let Event::Alert(alert) = event else { continue };
        assert_eq!(alert.site, "park", "{alert:?}");
    }

    // It was on disk each time.
    assert_eq!(server.stop().await, 0);
    assert!(!server.log().contains("davy-canary"), "not in the account: {}", server.log());
    let journal = setup.journal("davy-canary").display().to_string();
    davy(["journal", "verify", &journal]).await.ended(0);
    let written = davy(["journal", "export", &journal]).await.ended(0).out;
    assert!(written.contains(&raised.id) && written.contains(&cleared.id), "{written}");
}
