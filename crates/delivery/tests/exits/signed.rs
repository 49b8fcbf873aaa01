//! What is told can be checked: its form, its signature, and whom it was told to.

use davy_delivery::exits::{HttpTarget, Wanted, signature, tls_client};
use davy_model::{Actor, Tier};

use crate::{
    authority::Authority,
    plant::{Plant, transition},
    receiver::Receiver,
};

#[tokio::test]
async fn an_alert_is_a_cloud_event_that_is_signed_with_the_old_secret_and_the_new() {
    let (plant, receiver) = (Plant::new(), Receiver::up().await);
    let secrets = vec![b"new".to_vec(), b"old".to_vec()];
    let exit = plant.webhook(&receiver.url(), |config| {
        config.secrets.clone_from(&secrets);
        config.authorization = Some("Bearer 4711".to_owned());
        config.type_prefix = "com.example.park".to_owned();
    });
    let running = plant.run_with(exit, Wanted::default()).await;
    let mut alarm = transition(1, Tier::Red);
    alarm.incident = Some("park:h2s:AT-0409/h2s#7.1".into());
    alarm.actor = Some(Actor { name: "ann".into(), approved_by: None, comment: "".into() });
    plant.alarm(alarm);
    running.dealt_with(1).await;
    running.stop().await;

    let heard = &receiver.heard()[0];
    assert_eq!(heard.header("content-type"), Some("application/cloudevents+json; charset=utf-8"));
    assert_eq!(heard.header("authorization"), Some("Bearer 4711"));
    let signed = heard.header(signature::HEADER).unwrap();
    let at_s = signed.split(',').next().unwrap().strip_prefix("t=").unwrap().parse().unwrap();
    assert_eq!(signed, signature::sign(&secrets, at_s, heard.body.as_bytes()));
    assert_ne!(signed, signature::sign(&secrets, at_s, format!("{} ", heard.body).as_bytes()));
    let event: serde_json::Value = serde_json::from_str(&heard.body).unwrap();
    for (attribute, due) in [
        ("specversion", "1.0"),
        ("id", &format!("{}@2026-11-23T08:00:01.000000Z", plant.id(1))),
        ("source", "/sites/park"),
        ("type", "com.example.park.alarm.raised.v1"),
        ("subject", "alarms/park:h2s:AT-0412/h2s"),
        ("time", "2026-11-23T08:00:01.000000Z"),
        ("recordedtime", "2026-11-23T08:00:01.000000Z"),
        ("datacontenttype", "application/json"),
        ("sequence", "00000000000000000001"),
        ("partitionkey", "AT-0412/h2s"),
        ("correlationid", "park:h2s:AT-0409/h2s#7.1"),
        ("tier", "red"),
        ("actor", "ann"),
    ] {
        assert_eq!(event[attribute], due, "{attribute}");
    }
    assert_eq!(event["data"]["message"]["zh"], "高于 14.1 ppm");
}

#[tokio::test]
async fn alarms_go_over_tls_to_whom_the_named_authority_vouches_for_and_to_nobody_else() {
    let plant = Plant::new();
    let (authority, stranger) = (Authority::new("Plant"), Authority::new("Stranger"));
    let receiver = Receiver::with_tls(authority.signs("localhost").acceptor()).await;
    let url = format!("https://localhost:{}/hook", receiver.port());
    let exit = |pem: &str| {
        let tls = tls_client(pem.as_bytes()).unwrap();
        plant.webhook("http://localhost", |config| {
            config.target = HttpTarget::new(&url, Some(&tls), false).unwrap();
        })
    };
    let running = plant.run_with(exit(&stranger.pem()), Wanted::default()).await;
    plant.alarms(1);
    running.until(|running| running.door().health.figures().trouble.is_some()).await;
    let why = running.exits.trouble(running.door()).unwrap().1;
    assert!(why.contains("certificate"), "{why}");
    assert!(receiver.heard().is_empty());
    running.stop().await;

    let running = plant.run_with(exit(&authority.pem()), Wanted::default()).await;
    running.dealt_with(1).await;
    running.stop().await;
    assert_eq!(receiver.taken(), plant.ids([1]));
}
