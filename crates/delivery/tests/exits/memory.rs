//! What exits remember over restarts, kills, a failing disk, another journal, and a damaged file.

use std::{fs, path::Path};

use davy_delivery::exits::{Bounds, LetterQuery, Wanted};
use davy_model::{AlarmKey, Tier};

use crate::{
    plant::{DESK, Plant, SITE, transition},
    receiver::{Act, Receiver},
};

/// A plant whose exit has told two alarms, and stopped.
async fn told_two() -> (Plant, Receiver) {
    let (plant, receiver) = (Plant::new(), Receiver::up().await);
    let running = plant.run(&receiver.url()).await;
    plant.alarms(2);
    running.dealt_with(2).await;
    running.stop().await;
    (plant, receiver)
}

#[tokio::test]
async fn an_exit_begins_with_what_comes_next_and_goes_on_where_it_stood() {
    let (plant, receiver) = (Plant::new(), Receiver::up().await);
    plant.alarms(4);
    let running = plant.run(&receiver.url()).await;
    plant.alarms(3);
    running.dealt_with(7).await;
    running.stop().await;
    assert_eq!(receiver.taken(), plant.ids(5..=7));

    // What happens while no exit runs is told by the next.
    let plant = plant.restarted();
    plant.alarms(2);
    let running = plant.run(&receiver.url()).await;
    plant.alarms(1);
    running.dealt_with(10).await;
    running.stop().await;
    assert_eq!(receiver.taken(), plant.ids(5..=10));
}

#[tokio::test]
async fn what_was_answered_and_not_noted_when_the_process_died_is_told_again_under_its_id() {
    let (plant, receiver) = told_two().await;
    let kept = plant.outbox().with_extension("kept");
    fs::copy(plant.outbox(), &kept).unwrap();
    let running = plant.run(&receiver.url()).await;
    plant.alarms(3);
    running.dealt_with(5).await;
    running.stop().await;
    // The file as a kill before the last notes would have left it.
    fs::copy(&kept, plant.outbox()).unwrap();

    let plant = plant.restarted();
    let running = plant.run(&receiver.url()).await;
    running.dealt_with(5).await;
    running.stop().await;
    assert_eq!(receiver.taken(), plant.ids([1, 2, 3, 4, 5, 3, 4, 5]));
}

#[tokio::test]
async fn an_alert_that_is_not_on_disk_goes_out_and_the_cursor_stands_still() {
    let (plant, receiver) = (Plant::new(), Receiver::up().await);
    let running = plant.run(&receiver.url()).await;
    plant.alarms(2);
    running.dealt_with(2).await;
    plant.alarm_without_disk();
    running.until(|_| receiver.taken().len() == 3).await;
    assert!(receiver.heard()[2].body.contains(r#""durable":false"#));
    running.stop().await;

    // Nobody but the receiver knows of it now: the next is told under the number that it has on disk.
    let plant = plant.restarted();
    let running = plant.run(&receiver.url()).await;
    plant.alarms(1);
    running.dealt_with(3).await;
    running.stop().await;
    assert_eq!(receiver.taken(), plant.ids([1, 2, 3, 3]));
    assert!(receiver.heard()[3].body.contains(r#""durable":true"#));
}

#[tokio::test]
async fn what_was_told_to_be_missing_while_the_disk_failed_is_told_once_it_is_written() {
    let (plant, receiver) = told_two().await;
    plant.alarm_without_disk();
    plant.alarm_without_disk();
    receiver.forget();
    // One that was not there then. What comes while the disk fails still, it hears at once.
    let running = plant.run(&receiver.url()).await;
    running.until(|_| receiver.taken().len() == 1).await;
    let gap = receiver.heard()[0].body.clone();
    assert!(gap.contains(r#""from_sequence":3,"to_sequence":4,"reason":"not_durable""#), "{gap}");
    plant.alarm_without_disk();
    running.until(|_| receiver.taken().len() == 2).await;
    assert_eq!(running.door().health.figures().dealt_with[SITE], 2, "nothing after it is on disk");
    for sequence in 3..=5 {
        plant.alarm(transition(sequence, Tier::Red));
    }
    plant.alarms(1);
    running.dealt_with(6).await;
    running.stop().await;
    // What it heard before comes again behind what was missing: how an alarm stands is what was said last.
    assert_eq!(receiver.taken()[1..], plant.ids([5, 3, 4, 5, 6]));
    assert!(receiver.heard()[2].body.contains(r#""durable":true"#));
}

#[tokio::test]
async fn what_was_told_to_be_missing_and_is_never_written_leaves_the_cursor_where_it_is() {
    let (plant, receiver) = told_two().await;
    plant.alarm_without_disk();
    receiver.forget();
    let running = plant.run(&receiver.url()).await;
    running.until(|_| receiver.taken().len() == 1).await;
    running.stop().await;
    // The process dies with it; the next transition has its number, and is told.
    let plant = plant.restarted();
    plant.alarms(1);
    let running = plant.run(&receiver.url()).await;
    running.dealt_with(3).await;
    running.stop().await;
    assert_eq!(receiver.taken()[1..], plant.ids([3]));
}

#[tokio::test]
async fn an_alarm_that_was_grave_stays_in_and_what_never_was_is_passed() {
    let (plant, receiver) = (Plant::new(), Receiver::up().await);
    let wanted = Wanted { tier_from: Some(Tier::Orange), ..Wanted::default() };
    let running = plant.run_with(plant.webhook(&receiver.url(), |_| {}), wanted.clone()).await;
    for (sequence, tier, highest) in [
        (1, Tier::Blue, Tier::Blue),
        (2, Tier::Red, Tier::Red),
        (3, Tier::Blue, Tier::Red),
        (4, Tier::Yellow, Tier::Yellow),
        (5, Tier::Orange, Tier::Orange),
    ] {
        let mut transition = transition(sequence, tier);
        transition.facts.tier_highest = highest;
        plant.alarm(transition);
    }
    for sequence in 6..=300 {
        plant.alarm(transition(sequence, Tier::Blue));
    }
    running.dealt_with(300).await;
    running.stop().await;
    assert_eq!(receiver.taken(), plant.ids([2, 3, 5]));

    // What was passed is not looked through again, even though the receiver was told nothing for long.
    let known = rusqlite_cursor(&plant.outbox());
    assert!(known >= 256, "{known}");
}

#[tokio::test]
async fn a_journal_that_is_shorter_than_what_was_told_is_a_gap_and_goes_on() {
    let (plant, receiver) = (Plant::new(), Receiver::up().await);
    let running = plant.run(&receiver.url()).await;
    plant.alarms(9);
    running.dealt_with(9).await;
    running.stop().await;
    // A plant that was restored from an old copy: two alarms, and the exits of before.
    let restored = Plant::new();
    restored.alarms(2);
    fs::copy(plant.outbox(), restored.outbox()).unwrap();
    receiver.forget();
    let running = restored.run(&receiver.url()).await;
    restored.alarms(1);
    running.until(|_| receiver.taken().len() == 2).await;
    running.stop().await;
    let heard = receiver.heard();
    assert!(heard[0].body.contains(r#""type":"davy.gap.v1""#), "{}", heard[0].body);
    assert!(heard[0].body.contains(r#""from_sequence":3,"to_sequence":9,"reason":"unknown_token""#));
    assert_eq!(heard[1].id(), restored.id(3));
}

#[tokio::test]
async fn a_damaged_file_is_put_aside_and_the_receiver_is_told_of_a_gap() {
    let (plant, receiver) = (Plant::new(), Receiver::up().await);
    let running = plant.run(&receiver.url()).await;
    plant.alarms(3);
    running.dealt_with(3).await;
    running.stop().await;
    fs::write(plant.outbox(), b"no database at all, and longer than its header would be....................")
        .unwrap();
    receiver.forget();
    let plant = plant.restarted();
    let running = plant.run(&receiver.url()).await;
    plant.alarms(1);
    running.until(|_| receiver.taken().len() == 2).await;
    running.stop().await;
    assert!(receiver.heard()[0].body.contains(r#""from_sequence":1,"to_sequence":3"#));
    assert_eq!(receiver.heard()[1].id(), plant.id(4));
    let aside = plant.outbox().with_extension("db.damaged-1");
    assert!(aside.exists(), "{}", aside.display());
}

#[tokio::test]
async fn a_gap_that_was_not_told_when_the_process_ended_is_told_by_the_next() {
    let (plant, receiver) = (Plant::new(), Receiver::up().await);
    let running = plant.run(&receiver.url()).await;
    plant.alarms(9);
    running.dealt_with(9).await;
    running.stop().await;
    let (url, receiver) = (receiver.url(), receiver.down().await);
    // A plant that was restored from an old copy, with a damaged file of exits later: nobody hears of either.
    let restored = Plant::new();
    restored.alarms(2);
    fs::copy(plant.outbox(), restored.outbox()).unwrap();
    let restored = unheard(restored, &url).await;
    restored.alarms(9);
    let restored = unheard(restored, &url).await;
    let receiver = receiver.up().await;
    receiver.forget();
    let running = restored.run(&receiver.url()).await;
    running.dealt_with(11).await;
    running.stop().await;
    let heard = receiver.heard();
    assert!(heard[0].body.contains(r#""from_sequence":3,"to_sequence":9"#), "{}", heard[0].body);
    assert_eq!(receiver.taken()[1..], restored.ids(3..=11), "what the journal has is told");

    let receiver = receiver.down().await;
    fs::write(restored.outbox(), [b'.'; 100]).unwrap();
    let restored = unheard(restored, &url).await;
    restored.alarms(1);
    let receiver = receiver.up().await;
    receiver.forget();
    for _ in 0..2 {
        let running = restored.run(&receiver.url()).await;
        running.dealt_with(12).await;
        running.stop().await;
    }
    let heard = receiver.heard();
    assert!(heard[0].body.contains(r#""from_sequence":1,"to_sequence":11"#), "{}", heard[0].body);
    assert_eq!(receiver.taken()[1..], restored.ids([12]), "the gap is told once");
}

/// A Davy that is started and ends while its receiver is down.
async fn unheard(plant: Plant, url: &str) -> Plant {
    let running = plant.run(url).await;
    running.until(|running| running.door().health.figures().failed_attempts > 0).await;
    running.stop().await;
    plant.restarted()
}

#[tokio::test]
async fn what_is_owed_no_more_is_no_trouble_after_a_restart() {
    let (plant, receiver) = (Plant::new(), Receiver::up().await);
    let url = receiver.url();
    let running = plant.run(&url).await;
    plant.alarms(1);
    running.dealt_with(1).await;
    let receiver = receiver.down().await;
    // It is in no journal: the next process knows nothing of it, and has nothing to tell.
    plant.alarm_without_disk();
    running.until(|running| running.exits.trouble(running.door()).is_some()).await;
    running.stop().await;
    let plant = plant.restarted();
    let running = plant.run(&url).await;
    running.until(|running| running.exits.trouble(running.door()).is_none()).await;
    plant.alarm(transition(2, Tier::Yellow));
    running.until(|running| running.exits.trouble(running.door()).is_some()).await;
    running.stop().await;

    // What is owed still is trouble from the start on, until nobody wants it told any more.
    let running = plant.run(&url).await;
    assert!(running.exits.trouble(running.door()).is_some());
    running.until(|running| running.door().health.figures().failed_attempts > 0).await;
    assert!(running.exits.trouble(running.door()).is_some());
    running.stop().await;
    let wanted = Wanted { tier_from: Some(Tier::Red), ..Wanted::default() };
    let running = plant.run_with(plant.webhook(&url, |_| {}), wanted).await;
    running.dealt_with(2).await;
    running.until(|running| running.exits.trouble(running.door()).is_none()).await;
    running.stop().await;
    drop(receiver);
}

#[tokio::test]
async fn dead_letters_are_bounded_and_what_goes_is_counted() {
    let (plant, receiver) = (Plant::new(), Receiver::up().await);
    receiver.will(std::iter::repeat_n(Act::Says(400), 200));
    let bounds = Bounds { ledger_len_max: 20, letters_len_max: 5, ..Bounds::default() };
    let running = plant.run_bounded(plant.webhook(&receiver.url(), |_| {}), Wanted::default(), bounds).await;
    plant.alarms(200);
    running.dealt_with(200).await;
    let letters = running.exits.dead_letters(LetterQuery::default(), 1000).await.unwrap().len() as u64;
    let entries = running.exits.ledger(DESK, None, 1000).await.unwrap().len() as u64;
    let drops = running.exits.store().drops();
    assert_eq!((letters + drops.evicted_letters, entries + drops.evicted_entries), (200, 200));
    assert!(drops.evicted_letters > 0 && drops.evicted_entries > 0, "{drops:?}");
    running.stop().await;
}

#[tokio::test]
async fn that_the_alarm_of_a_refusal_is_refused_is_no_news() {
    let (plant, receiver) = (Plant::new(), Receiver::up().await);
    receiver.will([Act::Says(400)]);
    let running = plant.run(&receiver.url()).await;
    let mut fault = transition(1, Tier::Yellow);
    fault.alarm = AlarmKey { site: fault.alarm.site, rule: "davy-fault".into(), subject: "exit-desk".into() };
    plant.alarm(fault);
    running.dealt_with(1).await;
    assert_eq!(running.door().health.figures().last_refused, None);
    receiver.will([Act::Says(400)]);
    plant.alarms(1);
    running.dealt_with(2).await;
    let refused = running.door().health.figures().last_refused;
    assert!(refused.is_some());
    running.stop().await;
    // What stood before a restart stands on.
    let running = plant.run(&receiver.url()).await;
    assert_eq!(running.door().health.figures().last_refused, refused);
    running.stop().await;
}

fn rusqlite_cursor(path: &Path) -> u64 {
    let conn = rusqlite::Connection::open(path).unwrap();
    conn.query_row("SELECT sequence FROM cursors WHERE exit = ?1", [DESK], |row| row.get::<_, i64>(0))
        .unwrap()
        .unsigned_abs()
}
