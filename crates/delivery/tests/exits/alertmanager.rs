//! Alertmanager hears what stands, of which tier, and what no longer does.

use std::{
    sync::atomic::Ordering,
    time::{Duration, Instant},
};

use davy_delivery::exits::{Alertmanager, AlertmanagerConfig, Exit, HttpTarget, Notice, Outcome, Wanted};
use davy_model::{Condition, Shelving, Tier, Transition, TransitionKind};
use davy_proto::{alert_of, v1};
use serde_json::Value;

use crate::{
    plant::{Plant, at, transition},
    receiver::{Act, Heard, Receiver},
};

pub(crate) fn way(plant: &Plant, receivers: &[&Receiver]) -> Alertmanager {
    let targets = receivers.iter().map(|receiver| {
        HttpTarget::new(&format!("http://127.0.0.1:{}", receiver.port()), None, false).unwrap()
    });
    let config = AlertmanagerConfig {
        targets: targets.collect(),
        timeout: Duration::from_millis(400),
        authorization: None,
    };
    Alertmanager::new(config, plant.clock())
}

fn alert(change: impl FnOnce(&mut Transition)) -> v1::Alert {
    let mut alarm = transition(1, Tier::Yellow);
    change(&mut alarm);
    alert_of(&alarm, true)
}

/// What was posted last: tier, and whether it still fires at that time.
pub(crate) fn posted(receiver: &Receiver, plant: &Plant) -> Vec<(String, bool)> {
    let now = at(plant.clock_s.load(Ordering::Relaxed)).to_string();
    let heard = receiver.heard().pop().unwrap();
    assert!(heard.head.starts_with("POST /api/v2/alerts "), "{}", heard.head);
    let alerts: Vec<Value> = serde_json::from_str(&heard.body).unwrap();
    let one = |alert: &Value| {
        assert!(alert["startsAt"].as_str() < alert["endsAt"].as_str(), "{alert}");
        (
            alert["labels"]["tier"].as_str().unwrap().to_owned(),
            alert["endsAt"].as_str().unwrap() > now.as_str(),
        )
    };
    alerts.iter().map(one).collect()
}

async fn told(way: &mut Alertmanager, alert: &v1::Alert) {
    let outcome = way.deliver(&Notice::Alert(Box::new(alert.clone()))).await;
    assert!(matches!(outcome, Outcome::Delivered(_)), "{outcome:?}");
}

fn pairs(all: &[(&str, bool)]) -> Vec<(String, bool)> {
    all.iter().map(|(tier, fires)| ((*tier).to_owned(), *fires)).collect()
}

#[tokio::test]
async fn an_alarm_of_another_tier_ends_the_one_before_in_the_same_request() {
    let (plant, receiver) = (Plant::new(), Receiver::up().await);
    let mut way = way(&plant, &[&receiver]);
    told(&mut way, &alert(|_| {})).await;
    assert_eq!(posted(&receiver, &plant), pairs(&[("yellow", true)]));
    let graver = alert(|alarm| {
        alarm.kind = TransitionKind::TierRaised;
        alarm.facts.tier = Tier::Red;
    });
    told(&mut way, &graver).await;
    assert_eq!(posted(&receiver, &plant), pairs(&[("yellow", false), ("red", true)]));
    // Acknowledged, it fires on, and says who did it.
    let seen = alert(|alarm| {
        alarm.facts.tier = Tier::Red;
        alarm.facts.acknowledged = true;
    });
    told(&mut way, &seen).await;
    assert_eq!(posted(&receiver, &plant), pairs(&[("red", true)]));
    assert!(receiver.heard().pop().unwrap().body.contains(r#""acknowledged":"true""#));
    // Somebody's choice, or the end of it, ends it.
    let shelved = alert(|alarm| {
        alarm.facts.tier = Tier::Red;
        alarm.facts.shelving = Some(Shelving { until: at(99), one_shot: false, by: "ann".into() });
    });
    told(&mut way, &shelved).await;
    assert_eq!(posted(&receiver, &plant), pairs(&[("red", false)]));
    let cleared = alert(|alarm| {
        alarm.facts.tier = Tier::Red;
        alarm.facts.condition = Condition::Normal;
    });
    told(&mut way, &cleared).await;
    assert_eq!(posted(&receiver, &plant), pairs(&[("red", false)]));
}

#[tokio::test]
async fn what_stands_is_said_again_and_one_instance_that_has_it_is_enough() {
    let (plant, first, second) = (Plant::new(), Receiver::up().await, Receiver::up().await);
    let mut way = way(&plant, &[&first, &second]);
    first.will([Act::Says(500)]);
    told(&mut way, &alert(|_| {})).await;
    assert_eq!(second.heard().len(), 1);
    let outcome = way.remind(&[alert(|_| {})]).await;
    assert!(matches!(outcome, Outcome::Delivered(_)), "{outcome:?}");
    assert_eq!((first.heard().len(), second.heard().len()), (2, 2));
    first.will([Act::Says(500)]);
    second.will([Act::Says(500)]);
    let outcome = way.deliver(&Notice::Alert(Box::new(alert(|_| {})))).await;
    assert!(matches!(outcome, Outcome::Again { .. }), "{outcome:?}");
    first.will([Act::Says(400)]);
    second.will([Act::Says(400)]);
    let outcome = way.deliver(&Notice::Alert(Box::new(alert(|_| {})))).await;
    assert!(matches!(outcome, Outcome::Refused(_)), "{outcome:?}");
}

#[tokio::test]
async fn an_instance_that_hangs_holds_the_others_up_once_a_minute() {
    let (plant, hangs, other) = (Plant::new(), Receiver::up().await, Receiver::up().await);
    let mut way = way(&plant, &[&hangs, &other]);
    hangs.will(std::iter::repeat_n(Act::Silence, 9));
    for _ in 0..3 {
        told(&mut way, &alert(|_| {})).await;
    }
    assert_eq!((hangs.heard().len(), other.heard().len()), (1, 3));
    assert!(matches!(way.remind(&[alert(|_| {})]).await, Outcome::Delivered(_)));
    assert_eq!((hangs.heard().len(), other.heard().len()), (2, 4), "what stands is told all of them");
    // When none takes it, each is asked, both at once.
    other.will([Act::Silence, Act::Silence]);
    for _ in 0..2 {
        let began = Instant::now();
        let _ = way.deliver(&Notice::Alert(Box::new(alert(|_| {})))).await;
        assert!(began.elapsed() < Duration::from_millis(700), "{:?}", began.elapsed());
    }
    assert_eq!((hangs.heard().len(), other.heard().len()), (3, 6));
    // What the other refuses, one that was left alone may take.
    told(&mut way, &alert(|_| {})).await;
    other.will([Act::Says(400)]);
    let outcome = way.deliver(&Notice::Alert(Box::new(alert(|_| {})))).await;
    assert!(matches!(outcome, Outcome::Again { .. }), "{outcome:?}");
    told(&mut way, &alert(|_| {})).await;
    assert_eq!((hangs.heard().len(), other.heard().len()), (5, 9));
}

#[tokio::test]
async fn an_alarm_of_a_time_to_come_begins_now() {
    let (plant, receiver) = (Plant::new(), Receiver::up().await);
    let mut way = way(&plant, &[&receiver]);
    let ahead = at(plant.clock_s.load(Ordering::Relaxed) + 600);
    let ahead = |alarm: &mut Transition| (alarm.source_time, alarm.first_out_time) = (ahead, Some(ahead));
    told(&mut way, &alert(ahead)).await;
    assert_eq!(posted(&receiver, &plant), pairs(&[("yellow", true)]));
    let over = alert(|alarm| {
        ahead(alarm);
        alarm.facts.condition = Condition::Normal;
    });
    plant.clock_s.fetch_add(1, Ordering::Relaxed);
    told(&mut way, &over).await;
    plant.clock_s.fetch_add(1, Ordering::Relaxed);
    assert_eq!(posted(&receiver, &plant), pairs(&[("yellow", false)]));
}

#[tokio::test]
async fn what_is_refused_of_a_reminder_takes_nothing_from_the_rest() {
    let (plant, receiver) = (Plant::new(), Receiver::up().await);
    let mut way = way(&plant, &[&receiver]);
    let standing: Vec<v1::Alert> =
        (0..600).map(|number| alert(|alarm| alarm.alarm.subject = format!("AT-{number}").into())).collect();
    receiver.will([Act::Says(200), Act::Says(400)]);
    let outcome = way.remind(&standing).await;
    assert!(matches!(outcome, Outcome::Refused(_)), "{outcome:?}");
    let said = |heard: &Heard| heard.body.matches("startsAt").count();
    assert_eq!(receiver.heard().iter().map(said).collect::<Vec<_>>(), [250, 250, 100]);
    receiver.will([Act::Says(200), Act::Says(500)]);
    let outcome = way.remind(&standing).await;
    assert!(matches!(outcome, Outcome::Again { .. }), "{outcome:?}");
    assert_eq!(receiver.heard().len(), 5, "one that is down is left alone");
}

#[tokio::test]
async fn an_exit_that_begins_reminds_of_what_stands_already() {
    let (plant, receiver) = (Plant::new(), Receiver::up().await);
    plant.alarms(1);
    let running = plant.run_with(Box::new(way(&plant, &[&receiver])), Wanted::default()).await;
    running.until(|_| !receiver.heard().is_empty()).await;
    assert_eq!(posted(&receiver, &plant), pairs(&[("red", true)]));
    running.stop().await;
}
