//! Receivers that are down, slow or lying get every alert all the same, in order, under its id.

use std::time::{Duration, Instant};

use davy_delivery::exits::{Fate, LetterQuery};

use crate::{
    plant::{DESK, Plant},
    receiver::{Act, Receiver},
};

#[tokio::test]
async fn every_answer_that_is_no_delivery_is_followed_by_the_same_alert_again() {
    let (plant, receiver) = (Plant::new(), Receiver::up().await);
    let sends = |text: &str| Act::Sends(text.as_bytes().to_vec());
    let lies = [
        Act::Says(500),
        Act::Says(503),
        Act::Says(502),
        Act::Says(401),
        Act::Says(404),
        Act::Says(408),
        Act::SaysWith(302, "location: http://127.0.0.1:1/elsewhere"),
        Act::SaysWith(307, "location: /hook2"),
        Act::SaysWith(429, "retry-after: 0"),
        Act::Silence,
        Act::Slams,
        Act::Drips,
        sends("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf"),
        sends("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nffff\r\nhalf"),
        sends("HTTP/1.1 200"),
        sends("220 mail.example ESMTP\r\n"),
        sends("\0\u{1}\u{2}"),
        sends("HTTP/1.1 abc OK\r\n\r\n"),
        sends("HTTP/1.1 101 Switching Protocols\r\n\r\n"),
        Act::Sends([b"HTTP/1.1 200 OK\r\nx: ".to_vec(), vec![b'a'; 200_000]].concat()),
    ];
    let count = lies.len() as u64;
    let running = plant.run(&receiver.url()).await;
    for (place, lie) in lies.into_iter().enumerate() {
        let (sequence, told) = (place as u64 + 1, format!("{lie:?}"));
        receiver.will([lie]);
        plant.alarms(1);
        running.dealt_with(sequence).await;
        let ids: Vec<String> = receiver.heard().iter().map(|heard| heard.id()).collect();
        let times = ids.iter().filter(|id| **id == plant.id(sequence)).count();
        assert_eq!(times, 2, "{told}");
    }
    assert_eq!(receiver.taken(), plant.ids(1..=count));
    let ledger = running.exits.ledger(DESK, None, 100).await.unwrap();
    assert_eq!(ledger.len() as u64, count);
    assert!(ledger.iter().all(|entry| entry.fate == Fate::Delivered), "{ledger:?}");
    // Two of them say no more than that a connection that was kept is closed.
    assert_eq!(running.door().health.figures().failed_attempts, count - 2);
    running.stop().await;
}

#[tokio::test]
async fn a_whole_answer_is_believed_however_long_it_is() {
    let (plant, receiver) = (Plant::new(), Receiver::up().await);
    let long = format!("HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n{}", "a".repeat(1_000_000));
    receiver.will([Act::Sends(long.into_bytes())]);
    let running = plant.run(&receiver.url()).await;
    plant.alarms(2);
    running.dealt_with(2).await;
    assert_eq!(running.door().health.figures().failed_attempts, 0);
    running.stop().await;
}

#[tokio::test]
async fn a_receiver_that_was_down_gets_all_of_it_in_order_when_it_is_back() {
    let (plant, receiver) = (Plant::new(), Receiver::up().await);
    let running = plant.run(&receiver.url()).await;
    plant.alarms(3);
    running.dealt_with(3).await;
    let receiver = receiver.down().await;
    plant.alarms(600);
    running.until(|running| running.door().health.figures().trouble.is_some()).await;
    let why = running.exits.trouble(running.door()).unwrap().1;
    assert!(why.contains("no connection"), "{why}");
    let receiver = receiver.up().await;
    running.exits.resume(running.door()).await.unwrap();
    running.dealt_with(603).await;
    assert_eq!(receiver.taken(), plant.ids(1..=603));
    assert_eq!(running.door().health.figures().trouble, None);
    running.stop().await;
}

#[tokio::test]
async fn an_alert_that_is_refused_goes_to_dead_letters_and_the_rest_goes_on() {
    let (plant, receiver) = (Plant::new(), Receiver::up().await);
    receiver.will([Act::Says(204), Act::Says(422), Act::Says(400)]);
    let running = plant.run(&receiver.url()).await;
    plant.alarms(5);
    running.dealt_with(5).await;
    assert_eq!(receiver.taken(), plant.ids([1, 4, 5]));
    let letters = running.exits.dead_letters(LetterQuery::default(), 10).await.unwrap();
    let ids: Vec<&str> = letters.iter().filter_map(|letter| letter.id.split('@').next()).collect();
    assert_eq!(ids, [plant.id(3), plant.id(2)]);
    assert!(letters[1].why.contains("422"), "{}", letters[1].why);

    // One is refused once more, the other is taken now, under the id it had.
    receiver.will([Act::Says(204), Act::Says(400)]);
    assert_eq!(running.exits.replay(running.door(), Vec::new(), |_| true).await.unwrap(), 2);
    running.until(|_| receiver.heard().len() == 7).await;
    assert_eq!(receiver.taken(), plant.ids([1, 4, 5, 2]));
    running.until(|running| running.door().health.figures().refused == 3).await;
    let letters = running.exits.dead_letters(LetterQuery::default(), 10).await.unwrap();
    let fates: Vec<(bool, u32)> =
        letters.iter().map(|letter| (letter.delivered.is_some(), letter.attempts)).collect();
    assert_eq!(fates, [(false, 2), (true, 1)]);
    assert_eq!(running.exits.dead_letters_owed(DESK).await.unwrap(), 1);
    running.stop().await;
}

#[tokio::test]
async fn a_receiver_that_is_gone_is_left_alone_until_somebody_resumes() {
    let (plant, receiver) = (Plant::new(), Receiver::up().await);
    receiver.will([Act::Says(204), Act::Says(410)]);
    let running = plant.run(&receiver.url()).await;
    plant.alarms(3);
    running.until(|running| running.door().health.figures().gone.is_some()).await;
    running.stop().await;

    // Nor is it told anything by the next process, which tells another what there is.
    let (plant, other) = (plant.restarted(), Receiver::up().await);
    let exit = |receiver: &Receiver| plant.webhook(&receiver.url(), |_| {});
    let running = plant.run_beside(exit(&receiver), exit(&other)).await;
    plant.alarms(1);
    running.until(|_| other.taken() == plant.ids([4])).await;
    assert_eq!(receiver.heard().len(), 2);
    assert!(running.exits.trouble(running.door()).unwrap().1.contains("410"));
    assert!(running.exits.resume(running.door()).await.unwrap());
    running.dealt_with(4).await;
    assert_eq!(receiver.taken(), plant.ids(1..=4));
    running.stop().await;
}

#[tokio::test]
async fn a_receiver_that_asks_for_time_gets_it() {
    let (plant, receiver) = (Plant::new(), Receiver::up().await);
    receiver.will([Act::SaysWith(429, "retry-after: 2")]);
    let running = plant.run(&receiver.url()).await;
    plant.alarms(1);
    let began = Instant::now();
    running.dealt_with(1).await;
    assert!(began.elapsed() >= Duration::from_millis(1900), "{:?}", began.elapsed());
    assert_eq!(receiver.heard().len(), 2);
    running.stop().await;
}
