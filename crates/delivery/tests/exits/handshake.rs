//! The handshake of CloudEvents' webhooks: nobody is told events who did not agree.

use std::time::{Duration, Instant};

use davy_delivery::exits::Wanted;

use crate::{
    plant::Plant,
    receiver::{Act, Receiver},
};

#[tokio::test]
async fn a_receiver_agrees_before_it_is_told_and_may_ask_for_a_pace() {
    let (plant, receiver) = (Plant::new(), Receiver::up().await);
    receiver.will([
        Act::SaysWith(200, "webhook-allowed-origin: other.example"),
        Act::SaysWith(200, "WebHook-Allowed-Origin: davy.park.example\r\nWebHook-Allowed-Rate: 300"),
    ]);
    let exit = plant.webhook(&receiver.url(), |config| config.handshake = Some("davy.park.example".into()));
    let running = plant.run_with(exit, Wanted::default()).await;
    plant.alarms(1);
    running.dealt_with(1).await;
    let heard = receiver.heard();
    let methods: Vec<&str> = heard.iter().map(|heard| heard.head.split(' ').next().unwrap()).collect();
    assert_eq!(methods, ["OPTIONS", "OPTIONS", "POST"]);
    assert!(heard.iter().all(|heard| heard.header("webhook-request-origin") == Some("davy.park.example")));
    // 300 a minute is one in 200 ms.
    let began = Instant::now();
    plant.alarms(4);
    running.dealt_with(5).await;
    assert!(began.elapsed() >= Duration::from_millis(600), "{:?}", began.elapsed());
    running.stop().await;
}
