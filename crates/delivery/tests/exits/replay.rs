//! Dead letters that are sent again: each once, and none of them over what was told since.

use davy_delivery::exits::{LetterQuery, Wanted};
use davy_model::{Condition, Tier, Transition, TransitionKind};
use rumqttc::v5::mqttbytes::v5::PubAckReason;

use crate::{
    alertmanager, mqtt,
    mqtt::Broker,
    plant::{DESK, Plant, Running, transition},
    receiver::{Act, Receiver},
};

/// The alarm of [`transition`] is over.
fn over(sequence: u64) -> Transition {
    let mut over = transition(sequence, Tier::Red);
    (over.kind, over.facts.condition, over.facts.acknowledged) =
        (TransitionKind::Cleared, Condition::Normal, true);
    over
}

async fn replayed(running: &Running) {
    let door = running.door();
    running.exits.replay(door, Vec::new(), |_| true).await.unwrap();
    for _ in 0..2000 {
        if running.exits.dead_letters_owed(DESK).await.unwrap() == 0 {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    panic!("not in time: {:?}", running.exits.dead_letters(LetterQuery::default(), 10).await);
}

#[tokio::test]
async fn a_broker_keeps_how_an_alarm_stands_whatever_is_told_again() {
    for last in [1, 2] {
        let (plant, (port, broker)) = (Plant::new(), mqtt::broker(Broker::Acknowledges(REFUSES)).await);
        let running = plant.run_with(Box::new(mqtt::way(port)), Wanted::default()).await;
        plant.alarm(transition(1, Tier::Red));
        running.dealt_with(1).await;
        broker.does(Broker::Acknowledges(PubAckReason::Success));
        if last == 2 {
            plant.alarm(over(2));
            running.dealt_with(2).await;
        }
        replayed(&running).await;
        running.stop().await;
        let said = broker.said();
        let told = said
            .iter()
            .filter(|(topic, payload, _)| topic.ends_with("/alarms/red") && payload.contains(&plant.id(1)));
        assert_eq!(told.count(), 2, "the transition is told again");
        let kept = said.iter().rfind(|(_, _, retain)| *retain).unwrap();
        assert_eq!(kept.1.is_empty(), last == 2, "{said:?}");
    }
}

const REFUSES: PubAckReason = PubAckReason::PayloadFormatInvalid;

#[tokio::test]
async fn alertmanager_hears_how_an_alarm_stands_now_whatever_is_told_again() {
    let (plant, receiver) = (Plant::new(), Receiver::up().await);
    receiver.will([Act::Says(400)]);
    let way = alertmanager::way(&plant, &[&receiver]);
    let running = plant.run_with(Box::new(way), Wanted::default()).await;
    plant.alarm(transition(1, Tier::Red));
    plant.alarm(over(2));
    running.dealt_with(2).await;
    replayed(&running).await;
    running.stop().await;
    assert_eq!(alertmanager::posted(&receiver, &plant), [("red".to_owned(), false)]);
    let heard = receiver.heard().len();

    // Of an alarm that nobody knows there is nothing to say.
    receiver.will([Act::Says(400)]);
    let running = plant.run_with(Box::new(alertmanager::way(&plant, &[&receiver])), Wanted::default()).await;
    plant.alarm(over(3));
    running.dealt_with(3).await;
    running.stop().await;
    let plant = plant.restarted();
    let running = plant.run_with(Box::new(alertmanager::way(&plant, &[&receiver])), Wanted::default()).await;
    replayed(&running).await;
    assert_eq!(receiver.heard().len(), heard + 1);
    running.stop().await;
}

#[tokio::test]
async fn letters_are_sent_once_though_the_disk_does_not_take_that_they_were() {
    let (plant, receiver) = (Plant::new(), Receiver::up().await);
    receiver.will(std::iter::repeat_n(Act::Says(400), 40));
    let running = plant.run(&receiver.url()).await;
    plant.alarms(40);
    running.dealt_with(40).await;
    running.stop().await;
    rusqlite::Connection::open(plant.outbox()).unwrap().execute_batch(FAILS).unwrap();
    receiver.forget();
    let running = plant.run(&receiver.url()).await;
    plant.alarms(1);
    running.dealt_with(41).await;
    running.exits.replay(running.door(), Vec::new(), |_| true).await.unwrap();
    running.until(|_| receiver.taken().contains(&plant.id(40))).await;
    plant.alarms(1);
    running.dealt_with(42).await;
    assert_eq!(receiver.taken(), plant.ids([41].into_iter().chain(1..=40).chain([42])));
    assert!(running.exits.store().is_failing());
    running.stop().await;
}

/// The disk takes everything but that a letter was sent.
const FAILS: &str = "CREATE TRIGGER fails BEFORE UPDATE OF delivered_us ON dead_letters
    BEGIN SELECT RAISE(ABORT, 'the disk fails'); END";
