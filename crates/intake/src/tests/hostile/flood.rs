//! A broker that sends more than it should: what Davy holds of it is bounded.

use super::*;

#[tokio::test]
async fn a_broker_that_goes_on_without_pubacks_is_left_when_its_ids_are_used_up() {
    let broker = Hostile::new().await;
    let mut setting = Setting::new(64 << 20);
    let link = BrokerLink::start(broker.config(), &setting.intake);
    let acts = [Act::Hears(1), Act::Says(vec![welcome(|_| {})]), Act::Hears(2), Act::Says(vec![granted(2)])];
    let mut talk = broker.act(&acts).await.expect("it stands");
    // Nothing is committed, and ids are used again.
    let some = bytes_of(&[Packet::Publish(readings(READINGS, 5, 1))]).repeat(1000);
    for _ in 0..70 {
        talk.send(&some).await;
    }
    talk.left().await;
    until(
        "it says why",
        || matches!(link.state(), LinkState::Lost { why, .. } if why.contains("than there are packet ids")),
    )
    .await;
    assert!(link.stats().received <= u64::from(u16::MAX), "{:?}", link.stats());

    let mut talk = broker.is_honest().await;
    talk.send(&bytes_of(&[Packet::Publish(readings(READINGS, 9, HONEST))])).await;
    while setting.writer.readings().await.1.messages.iter().all(|head| head.seq != Some(HONEST)) {}
}

#[tokio::test]
async fn a_broker_that_sends_all_it_has_before_it_answers_waits_for_room() {
    let broker = Hostile::new().await;
    // A writer that takes nothing: its inbox is full at once.
    let mut setting = Setting::new(1);
    let mut config = broker.config();
    config.packet_bytes_max = 1 << 20;
    config.connect_timeout = Duration::from_secs(2);
    let link = BrokerLink::start(config, &setting.intake);
    let mut talk = broker.talk().await;
    talk.hear(1).await;
    talk.send(&bytes_of(&[welcome(|_| {})])).await;
    talk.hear(2).await;
    let mut padded = readings(READINGS, 1, 1);
    padded.payload = [&padded.payload[..], &vec![b' '; 60_000]].concat().into();
    let some = bytes_of(&[Packet::Publish(padded)]).repeat(10);
    // 60 MB, no SUBACK: Davy reads what it has room for, and leaves when that takes too long.
    for _ in 0..100 {
        talk.send(&some).await;
    }
    talk.left().await;
    until("it says why", || matches!(link.state(), LinkState::Lost { .. })).await;
    assert!(link.stats().received < 300, "{:?}", link.stats());
    drop(setting.writer.next().await);
}

#[tokio::test]
async fn topics_without_end_are_strays_within_bounds() {
    let broker = Hostile::new().await;
    let mut setting = Setting::new(1 << 20);
    let link = BrokerLink::start(broker.config(), &setting.intake);
    let acts = [Act::Hears(1), Act::Says(vec![welcome(|_| {})]), Act::Hears(2), Act::Says(vec![granted(2)])];
    let mut talk = broker.act(&acts).await.expect("it stands");
    const COUNT: u64 = 5_000;
    for place in 0..COUNT {
        let topic = format!("davy/v1/site-{place}/gw-1/readings");
        talk.send(&bytes_of(&[Packet::Publish(readings(&topic, 0, place))])).await;
    }
    talk.send(&bytes_of(&[Packet::Publish(readings(READINGS, 9, HONEST))])).await;
    let (parcel, block) = setting.writer.readings().await;
    assert_eq!(block.messages[0].seq, Some(HONEST));
    parcel.committed();
    talk.puback(9).await;
    assert_eq!(link.stats().received, COUNT + 1);
    let letters = &setting.intake.strays.dead_letters;
    let kept = letters.list(&crate::LetterFilter::default(), usize::MAX).len() as u64;
    assert_eq!(kept + letters.evicted(), COUNT);
    assert!(letters.evicted() > 0, "{kept} dead letters");
}
