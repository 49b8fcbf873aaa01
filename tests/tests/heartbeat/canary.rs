//! The canary that does not come back, by the door and by a broker; and the one that is switched off.

use std::time::Duration;

use davy_proto::v1::{CanaryState, TransitionKind};
use davy_tests::{LONG, Metrics, Mosquitto, Stall, Watchdog, davy, get, has_strace, wait_until};

use super::{QUICK, SILENCE, park, until_the_canary_is_back};

const FAULT: &str = "park:davy-fault:canary";

#[tokio::test]
async fn a_canary_that_does_not_come_back_is_an_alarm_of_every_plant_and_the_watchdogs() {
    if !has_strace() {
        return;
    }
    let (_setup, server, grpc) = park(QUICK).await;
    until_the_canary_is_back(&grpc).await;
    let mut alerts = grpc.subscribe_from_now().await;
    let mut dog = Watchdog::start(&server.url(), &["--silence", SILENCE, "--sites", "park"]);
    // Its engine is held; that of the park goes on, and so do its heartbeats.
    let stall = Stall::threads(server.pid(), "write-davy-cana").await;
    let raised = alerts.alert("the fault raised", LONG, |alert| alert.alarm == FAULT).await;
    assert_eq!(raised.transition(), TransitionKind::Raised);
    assert!(raised.message.as_ref().is_some_and(|text| text.en.contains("canary is overdue")), "{raised:?}");
    let said = dog.says("the canary is overdue", LONG).await;
    assert_eq!((said.event.as_str(), said.site.as_str()), ("canary_overdue", ""), "{said:?}");
    let (_, told) = get(server.http(), "/healthz").await;
    assert!(told.contains("the canary is overdue"), "{told}");
    assert_eq!(Metrics::of(server.http()).await.figure("davy_canary_overdue", &[]), 1.0);
    let once = ["watch-engine", "--once", "--sites", "park", "--url", &server.url()];
    davy(once).await.ended(1);
    drop(stall);
    let cleared = alerts.alert("the fault cleared", LONG, |alert| alert.alarm == FAULT).await;
    assert_eq!(cleared.transition(), TransitionKind::Cleared);
    assert_eq!(dog.says("the canary is back", LONG).await.event, "canary_back");
    assert_eq!(dog.unheard(), Vec::<String>::new(), "the park itself was never lost");
}

#[tokio::test]
async fn a_fault_that_stood_when_davy_died_clears_when_the_canary_is_back() {
    if !has_strace() {
        return;
    }
    let (setup, mut server, grpc) = park(QUICK).await;
    until_the_canary_is_back(&grpc).await;
    let mut alerts = grpc.subscribe_from_now().await;
    let stall = Stall::threads(server.pid(), "write-davy-cana").await;
    alerts.alert("the fault raised", LONG, |alert| alert.alarm == FAULT).await;
    // Held as a whole first, so that the canary cannot come back before it dies.
    server.freeze();
    drop(stall);
    server.kill();
    let server = davy_tests::Davy::serve(&setup.config()).await;
    let grpc = davy_tests::Grpc::connect(server.http()).await;
    wait_until("the fault is over", LONG, async || {
        let standing = grpc.standing("park").await;
        let fault = standing.iter().find(|alarm| alarm.id == FAULT)?;
        (fault.condition() == davy_proto::v1::Condition::Normal).then_some(())
    })
    .await;
}

#[tokio::test]
async fn without_a_door_the_canary_flies_by_the_broker_and_tells_when_that_is_gone() {
    let Some(broker) = Mosquitto::start("").await else { return };
    let more = format!("{QUICK}[door]\nenabled = false\n[broker]\nurl = {:?}\n", broker.url());
    let (_setup, server, grpc) = park(&more).await;
    until_the_canary_is_back(&grpc).await;
    drop(broker);
    let status = wait_until("the canary is overdue", LONG, async || {
        Some(grpc.canary().await).filter(|canary| canary.state() == CanaryState::Overdue)
    })
    .await;
    assert!(status.why.contains("readings:"), "it says on which side: {status:?}");
    let (code, told) = get(server.http(), "/healthz").await;
    assert!(code == 200 && told.contains("the canary is overdue"), "{code} {told}");
}

#[tokio::test]
async fn a_door_that_knows_its_clients_lets_the_canary_in_and_a_stranger_of_its_name_not() {
    let clients = "clients_file = \"clients.toml\"\n";
    let mut setup = davy_tests::Setup::new();
    setup.sample("park");
    setup.write("clients.toml", "");
    setup.configure(&format!("{QUICK}[door]\nlisten = \"127.0.0.1:0\"\n{clients}"));
    let server = davy_tests::Davy::serve(&setup.config()).await;
    let grpc = davy_tests::Grpc::connect(server.http()).await;
    until_the_canary_is_back(&grpc).await;
    use davy_tests::mqtt::{Login, Mqtt, Version};
    for user in [None, Some(("davy-canary", "davy-canary"))] {
        let login = Login { id: "stranger", user };
        assert!(Mqtt::connect(server.door().await, Version::V5, login).await.is_err(), "{user:?} got in");
    }
}

#[tokio::test]
async fn one_that_is_off_is_said_to_be_off_everywhere() {
    let off = QUICK.replace("[canary]", "[canary]\nenabled = false");
    let (setup, server, grpc) = park(&off).await;
    assert_eq!(grpc.canary().await.state(), CanaryState::Off);
    assert!(server.log().contains("the canary is off"), "{}", server.log());
    let (code, told) = get(server.http(), "/healthz").await;
    assert!(code == 200 && told.contains("the canary is off"), "{code} {told}");
    assert_eq!(Metrics::of(server.http()).await.figure("davy_canary_enabled", &[]), 0.0);
    let mut dog = Watchdog::start(&server.url(), &["--silence", SILENCE]);
    let said = dog.says("the canary is off", Duration::from_secs(30)).await;
    assert_eq!(said.event, "canary_off", "{said:?}");
    assert!(!setup.journal("davy-canary").exists(), "no site, no journal");
}

#[tokio::test]
async fn no_plant_can_take_its_name() {
    let mut setup = davy_tests::Setup::new();
    setup.site("davy-canary", &[("site.yaml", "site: davy-canary\n"), ("tags.csv", "tag,quantity\n")]);
    setup.configure("");
    let said = davy(["check-config", "--config", &setup.config().display().to_string()]).await.ended(78);
    assert!(format!("{}{}", said.out, said.err).contains("Davy's own canary"), "{said:?}");
}
