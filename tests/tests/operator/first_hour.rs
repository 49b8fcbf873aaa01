//! The first command of the README.

use std::{
    process::Stdio,
    time::{Duration, Instant},
};

use davy_proto::v1::{Tier, TransitionKind};
use davy_tests::{LONG, must_have_everything, workspace};
use tokio::process::Command;

use super::{H2S, park};

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
    let started = Instant::now();
    let sent = Command::new(&words[0]).args(&words[1..]).stdin(Stdio::null()).status().await;
    let Ok(status) = sent else {
        assert!(!must_have_everything(), "CI must have mosquitto_pub");
        return println!("skipped: no mosquitto_pub");
    };
    assert!(status.success(), "{words:?}: {status}");
    let raised = alerts.alert("the alarm of the README", LONG, |alert| alert.alarm == H2S).await;
    let took = started.elapsed();
    assert_eq!((raised.transition(), raised.tier()), (TransitionKind::Raised, Tier::Orange));
    assert_eq!((raised.value, raised.unit.as_str(), raised.occurrence), (Some(12.4), "ppm", 1));
    assert!(raised.durable && !raised.late && raised.sounds, "{raised:?}");
    assert!(took < Duration::from_secs(1), "from the command to the alert it took {took:?}");
    println!("from the command to the alert: {took:?}");
}
