//! The first command of the README.

use std::{
    process::Command,
    time::{Duration, Instant},
};

use davy_proto::v1::TransitionKind;
use davy_tests::{LONG, Said, has_mosquitto, workspace};
use serde_json::Value;

use super::park;

/// The README's `mosquitto_pub` line, its words as a shell would have them.
fn command_of_the_readme() -> Vec<String> {
    let text = std::fs::read_to_string(workspace().join("README.md")).expect("a README");
    let line =
        text.lines().find(|line| line.starts_with("mosquitto_pub ")).expect("the README shows mosquitto_pub");
    let mut words = Vec::new();
    for (place, part) in line.split('\'').enumerate() {
        if place % 2 == 1 {
            words.push(part.to_owned());
        } else {
            words.extend(part.split_whitespace().map(str::to_owned));
        }
    }
    words
}

#[tokio::test]
async fn the_first_reading_of_the_readme_raises_an_alarm_within_a_second() {
    let (_setup, server, grpc) = park().await;
    let mut alerts = grpc.subscribe_from_now().await;
    let port = server.door().await.port().to_string();
    let mut words = command_of_the_readme();
    let at = words.iter().position(|word| word == "1883").expect("the default port");
    words[at] = port;
    let (tag, value) = reading_of(&words);
    if !has_mosquitto() {
        return;
    }
    let mut command = Command::new(&words[0]);
    command.args(&words[1..]);
    let started = Instant::now();
    Said::by(command).await.ended(0);
    let raised = alerts.alert("the alarm of the README", LONG, |alert| alert.subject == tag).await;
    let took = started.elapsed();
    assert_eq!((raised.transition(), raised.value), (TransitionKind::Raised, Some(value)), "{raised:?}");
    assert!(raised.durable && !raised.late && raised.sounds, "{raised:?}");
    assert!(took < Duration::from_secs(1), "from the command to the alert it took {took:?}");
    println!("from the command to the alert: {took:?}");
}

/// Tag and value of the reading that the command sends.
fn reading_of(words: &[String]) -> (String, f64) {
    let payload: Value = serde_json::from_str(words.last().expect("a payload")).expect("the payload is JSON");
    let reading = &payload["readings"][0];
    let tag = reading["tag"].as_str().unwrap_or_else(|| panic!("no tag: {payload}"));
    (tag.to_owned(), reading["value"].as_f64().unwrap_or_else(|| panic!("no value: {payload}")))
}
