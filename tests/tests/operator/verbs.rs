//! `davy alarms`: every verb, what it is refused for, and how it ends.

use davy_tests::mqtt::Mqtt;
use davy_tests::{LONG, Said, davy, wait_until};
use serde_json::Value;

use super::{H2S, gateway, park, send, send_to};

/// An operator at a terminal.
struct Operator {
    url: String,
}

impl Operator {
    /// `davy alarms VERB ARGS... --json`.
    async fn says(&self, words: &[&str]) -> Said {
        let all = [&["alarms"], words, &["--json", "--server", &self.url]].concat();
        davy(all).await
    }

    /// A command on the alarm, by Ann: the state it comes to.
    async fn does(&self, verb: &str, more: &[&str]) -> String {
        let after = self.says(&[&[verb, H2S, "--by", "ann"], more].concat()).await.ended(0).one();
        text(&after, "state")
    }

    /// A command on the alarm, by Ann, that is refused: the reason code.
    async fn is_refused(&self, verb: &str, more: &[&str]) -> String {
        self.says(&[&[verb, H2S, "--by", "ann"], more].concat()).await.refused()
    }

    async fn shown(&self) -> Value {
        self.says(&["show", H2S]).await.ended(0).one()
    }

    /// Waits until the alarm is in that state.
    async fn until(&self, state: &str) {
        wait_until(&format!("{H2S} is {state}"), LONG, async || {
            let shown = self.says(&["show", H2S]).await;
            (shown.code == 0 && shown.one()["state"] == state).then_some(())
        })
        .await;
    }
}

fn text(value: &Value, key: &str) -> String {
    value[key].as_str().unwrap_or_else(|| panic!("no {key}: {value}")).to_owned()
}

#[tokio::test]
async fn an_alarm_is_seen_explained_acknowledged_quieted_and_reset_and_nothing_wrong_is_let_through() {
    let (_setup, server, _grpc) = park().await;
    let operator = Operator { url: server.url() };
    let mut gateway = gateway(server.door().await).await;
    assert_eq!(
        operator.is_refused("ack", &["--occurrence", "1"]).await,
        "OCCURRENCE_CHANGED",
        "it never stood"
    );

    send(&mut gateway, "AT-0412/h2s", 12.4).await;
    operator.until("active_unacknowledged").await;
    looks(&operator).await;
    acknowledges(&operator).await;
    quiets(&operator).await;
    takes_out(&operator).await;
    latches(&operator, &mut gateway).await;
    history(&operator).await;
}

async fn looks(operator: &Operator) {
    let listed = operator.says(&["list", "--tier", "orange"]).await.ended(0).json();
    assert!(listed.iter().any(|alarm| alarm["id"] == H2S), "{listed:?}");
    let calm = operator.says(&["list", "--tier", "red"]).await.ended(0).json();
    assert!(calm.is_empty(), "{calm:?}");
    let shown = operator.shown().await;
    assert_eq!(
        (&shown["tier"], &shown["value"], &shown["occurrence"]),
        (&"orange".into(), &12.4.into(), &1.into())
    );
    assert!(!text(&shown["response"]["action"], "en").is_empty(), "what to do: {shown}");

    let explained = operator.says(&["explain", H2S]).await.ended(0).one();
    assert_eq!(explained["agrees"], true, "{explained}");
    assert_eq!(explained["rule"]["file"], "rules/gas.yaml");
    assert_eq!(explained["limit"]["written"], "7.05 ppm");
    assert_eq!(explained["basis"]["standard"], "GB/T 50493-2019");
    assert_eq!(explained["readings"][0]["value"], 12.4, "{explained}");
    assert!(!explained["verdict"].as_array().expect("a verdict").is_empty(), "{explained}");
}

async fn acknowledges(operator: &Operator) {
    assert_eq!(operator.is_refused("ack", &["--occurrence", "9"]).await, "OCCURRENCE_CHANGED");
    assert_eq!(operator.says(&["ack", H2S, "--by", ""]).await.refused(), "ACTOR_MISSING");
    let nobody = operator.says(&["ack", "park:h2s:AT-9999/h2s", "--by", "ann"]).await;
    assert_eq!(nobody.refused(), "ALARM_UNKNOWN");
    assert_eq!(operator.does("ack", &[]).await, "active_acknowledged");
    assert_eq!(
        operator.does("ack", &[]).await,
        "active_acknowledged",
        "asked twice, it is as it was asked for"
    );
    assert_eq!(operator.is_refused("reset", &[]).await, "STILL_ACTIVE");
}

/// The rule can go red, so that quieting it needs two.
async fn quiets(operator: &Operator) {
    const WHY: [&str; 2] = ["--comment", "detector being cleaned"];
    const TWO: [&str; 2] = ["--approved-by", "bob"];
    assert_eq!(operator.is_refused("unshelve", &[]).await, "NOT_SHELVED");
    assert_eq!(operator.is_refused("shelve", &TWO).await, "COMMENT_MISSING");
    assert_eq!(operator.is_refused("shelve", &WHY).await, "SECOND_PERSON_NEEDED");
    let herself = [&WHY[..], &["--approved-by", "ann"]].concat();
    assert_eq!(operator.is_refused("shelve", &herself).await, "SECOND_PERSON_NEEDED");
    let long = [&WHY[..], &TWO, &["--for", "13h"]].concat();
    assert_eq!(operator.is_refused("shelve", &long).await, "SHELVE_DURATION");
    let fair = [&WHY[..], &TWO, &["--for", "30m"]].concat();
    assert_eq!(operator.does("shelve", &fair).await, "shelved");
    assert_eq!(operator.shown().await["shelved_by"], "ann");
    assert_eq!(operator.is_refused("shelve", &fair).await, "ALREADY_SHELVED");
    // Back from the shelf it has to be seen again.
    assert_eq!(operator.does("unshelve", &[]).await, "active_unacknowledged");
}

async fn takes_out(operator: &Operator) {
    let permit = ["--comment", "work permit 17", "--approved-by", "bob"];
    assert_eq!(operator.is_refused("in-service", &[]).await, "NOT_OUT_OF_SERVICE");
    assert_eq!(operator.is_refused("out-of-service", &permit[2..]).await, "COMMENT_MISSING");
    assert_eq!(operator.does("out-of-service", &permit).await, "out_of_service");
    assert_eq!(operator.is_refused("out-of-service", &permit).await, "ALREADY_OUT_OF_SERVICE");
    assert_eq!(operator.does("in-service", &[]).await, "active_unacknowledged");
}

/// The red level latches: it is held after the gas is gone, until somebody resets it.
async fn latches(operator: &Operator, gateway: &mut Mqtt) {
    send(gateway, "AT-0412/h2s", 15.2).await;
    operator.until("active_unacknowledged").await;
    assert_eq!(operator.shown().await["tier"], "red", "a graver tier un-acknowledges");
    assert_eq!(operator.is_refused("reset", &[]).await, "STILL_ACTIVE");
    // The orange level clears after 30 s below, which readings stamped by the gateway may tell at once.
    clear(gateway).await;
    operator.until("latched_unacknowledged").await;
    assert_eq!(operator.is_refused("reset", &[]).await, "NOT_ACKNOWLEDGED");
    assert_eq!(operator.does("ack", &[]).await, "latched_acknowledged");
    assert_eq!(operator.does("reset", &[]).await, "normal");
    assert_eq!(operator.is_refused("ack", &["--occurrence", "1"]).await, "NOTHING_TO_ACKNOWLEDGE");
}

/// Low values, one a second as the detector sends them, for as long as the delay asks.
async fn clear(gateway: &mut Mqtt) {
    let mut ticks = tokio::time::interval(std::time::Duration::from_secs(1));
    for _ in 0..33 {
        ticks.tick().await;
        send(gateway, "AT-0412/h2s", 0.4).await;
    }
}

async fn history(operator: &Operator) {
    let told = operator.says(&["history", H2S]).await.ended(0).json();
    let story: Vec<&str> =
        told.iter().map(|alert| alert["transition"].as_str().expect("a transition")).collect();
    let expected = [
        "raised",
        "acknowledged",
        "shelved",
        "unshelved",
        "out_of_service",
        "in_service",
        "tier_raised",
        "cleared",
        "acknowledged",
        "reset",
    ];
    let without_falls: Vec<&str> = story.iter().copied().filter(|kind| *kind != "tier_lowered").collect();
    assert_eq!(without_falls, expected, "{story:?}");
}

#[tokio::test]
async fn an_alarm_that_is_over_can_still_be_acted_on_as_it_is_shown() {
    const TANK: &str = "park:tank-pressure:TK-101/pressure";
    let (_setup, server, _grpc) = park().await;
    let operator = Operator { url: server.url() };
    let mut gateway = gateway(server.door().await).await;
    for kpa in [-0.5, 0.5] {
        send_to(&mut gateway, "davy/v1/park/gw-2/readings", "TK-101/pressure", kpa).await;
    }
    let after = operator.says(&["ack", TANK, "--by", "ann"]).await.ended(0).one();
    assert_eq!(after["state"], "normal", "{after}");
    let shown = operator.says(&["show", TANK]).await.ended(0).one();
    assert_eq!(shown["occurrence"], 1, "how often it stood is not forgotten: {shown}");
    let call = ["shelve", TANK, "--by", "ann", "--comment", "breather valve being changed"];
    let after = operator.says(&call).await.ended(0).one();
    assert_eq!(after["state"], "shelved", "{after}");
}

#[tokio::test]
async fn calls_that_make_no_sense_end_with_2_and_a_server_that_is_not_there_with_1() {
    for call in [
        &["alarms", "ack"][..],
        &["alarms", "shelve", H2S, "--for", "soon"],
        &["alarms", "list", "--tier", "pink"],
    ] {
        davy(call).await.ended(2);
    }
    let nobody = davy(["alarms", "list", "--server", "http://127.0.0.1:9"]).await.ended(1);
    assert!(nobody.err.contains("no Davy answers"), "{}", nobody.err);
}
