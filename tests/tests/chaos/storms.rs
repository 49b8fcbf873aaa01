//! The same client identifier twice, and the same messages again and again.

use davy_tests::{
    Davy, Told,
    mqtt::{Login, Mqtt, Packet, Version},
};

use crate::plant::{Plant, Sender, check, end_well, judged_now, message, topic};

/// How often the place is taken.
const TAKEOVERS: usize = 60;
/// Messages of a storm.
const MESSAGES: u64 = 1000;
/// How often they all come, in each of Davy's two lives.
const ROUNDS: usize = 10;

#[tokio::test]
async fn a_client_whose_place_is_taken_loses_nothing() {
    const PLANT: Plant = Plant { nodes: 1, tags_each: 2 };
    let setup = PLANT.setup("");
    let server = Davy::serve(&setup.config()).await;
    let door = server.door().await;
    let mut twins = [Version::V311, Version::V5].map(|version| Sender::new(door, version, 0));
    for turn in 0..TAKEOVERS {
        // The other one still believes it is connected.
        let twin = turn % 2;
        twins[twin].deliver(twin).await;
    }
    let connections: u64 = twins.iter().map(|twin| twin.connections).sum();
    assert!(connections >= TAKEOVERS as u64, "each turn takes the place: {connections}");
    println!("chaos: {TAKEOVERS} sessions taken over");
    let sent: Vec<Told> = twins.into_iter().flat_map(|twin| twin.acknowledged).collect();
    end_well(server, &setup, &PLANT, &sent).await;
}

#[tokio::test]
async fn a_thousand_messages_again_and_again_are_judged_once() {
    const PLANT: Plant = Plant { nodes: 1, tags_each: 10 };
    let setup = PLANT.setup("");
    let mut all = Vec::new();
    let mut told = Vec::new();
    for seq in 0..MESSAGES {
        let (payload, said) =
            message(seq, &[((seq % 10) as usize, if seq / 100 % 2 == 1 { 10.0 } else { 1.0 })]);
        all.push(payload);
        told.extend(said);
    }
    let mut server = Davy::serve(&setup.config()).await;
    for round in 0..ROUNDS {
        send_all(&server, &all, round > 0).await;
    }
    assert_eq!(judged_now(server.http()).await, MESSAGES as f64, "each is judged once");
    let before = davy_tests::Grpc::connect(server.http()).await.site(crate::plant::SITE).await.last_sequence;
    server.kill();
    let mut server = Davy::serve(&setup.config()).await;
    for _ in 0..ROUNDS {
        send_all(&server, &all, true).await;
    }
    assert_eq!(judged_now(server.http()).await, 0.0, "not once more after the restart");
    let after = davy_tests::Grpc::connect(server.http()).await.site(crate::plant::SITE).await.last_sequence;
    assert_eq!(after, before, "nothing new was decided");
    println!("chaos: {MESSAGES} messages came {} times", 2 * ROUNDS);
    assert_eq!(server.stop().await, 0);
    check(&setup.journal(crate::plant::SITE), &PLANT, &told).await;
}

async fn send_all(server: &Davy, payloads: &[String], again: bool) {
    let login = Login { id: "gw-0", user: None };
    let mut mqtt = Mqtt::connect(server.door().await, Version::V311, login).await.expect("let in");
    let mut bytes = Vec::new();
    for payload in payloads {
        mqtt.write_publish(&mut bytes, &topic(0), payload.as_bytes(), again);
    }
    mqtt.send(&bytes).await.expect("it goes out");
    for _ in payloads {
        let packet = mqtt.next().await.expect("a PUBACK");
        assert!(matches!(packet, Packet::PubAck { code: 0, .. }), "{packet:?}");
    }
}
