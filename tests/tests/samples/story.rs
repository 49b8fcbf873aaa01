//! Killed again and again, and Davy too: everything was acted on once.

use davy_tests::{Davy, LONG, wait_until};
use tokio::task::{JoinSet, LocalSet};

use super::{consumer::Consumer, history, park, publisher, until_confirmed};

/// How much a consumer has done when it is killed.
const KILLED_AT: [usize; 4] = [6, 30, 70, 120];
/// After which kill half a line is left behind.
const TORN_AT: usize = 30;
/// How much the first has done when Davy is killed.
const DAVY_KILLED_AT: usize = 50;
/// What one says that is cut off.
const BROKE: &str = "the stream broke: ";

/// Kills one, and starts it again, at each point of its work.
async fn plague(mut consumer: Consumer) -> Consumer {
    for point in KILLED_AT {
        consumer.until_done(&format!("{point} alerts"), |done| done.len() >= point).await;
        consumer.kill();
        if point == TORN_AT {
            consumer.tear();
        }
        consumer.start();
    }
    consumer
}

#[tokio::test]
async fn every_alert_is_acted_on_once_however_often_consumers_and_davy_are_killed() {
    LocalSet::new().run_until(kill_everybody()).await;
}

async fn kill_everybody() {
    let (http, door) = (publisher::free_port().await, publisher::free_port().await);
    let setup = park(door);
    let mut server = Davy::serve_on(&setup.config(), http).await;
    let mut consumers = Consumer::each(&[("DAVY_SERVER", server.url())]).await;
    consumers.iter_mut().for_each(Consumer::start);
    until_confirmed(&setup, &consumers, 0).await;

    let gas = publisher::start(door);
    let Some(first) = consumers.first().map(|first| first.path("done.jsonl")) else { return };
    let said: Vec<_> = consumers.iter().map(|consumer| consumer.path("err")).collect();
    let mut plagued = JoinSet::new();
    for consumer in consumers {
        plagued.spawn_local(plague(consumer));
    }
    wait_until("the first is in the middle", LONG, async || {
        let text = std::fs::read_to_string(&first).unwrap_or_default();
        (text.lines().count() >= DAVY_KILLED_AT).then_some(())
    })
    .await;
    server.kill();
    wait_until("every one has noticed that Davy died", LONG, async || {
        let has_noticed = |said| std::fs::read_to_string(said).is_ok_and(|said| said.contains(BROKE));
        said.iter().all(has_noticed).then_some(())
    })
    .await;
    server = Davy::serve_on(&setup.config(), http).await;
    let mut consumers = plagued.join_all().await;
    gas.abort();
    let _ = gas.await;

    let history = history(&server).await;
    let last = history.last().expect("alarms were raised").clone();
    for consumer in &consumers {
        consumer.until_done(&last, |done| done.last().is_some_and(|line| line["id"] == *last)).await;
    }
    until_confirmed(&setup, &consumers, history.len() as u64).await;
    Consumer::idle().await;
    for consumer in &mut consumers {
        let language = consumer.language();
        consumer.kill();
        assert_eq!(consumer.ids(), history, "{language} did not act on each once, in order");
        let said = consumer.said();
        assert!(
            said.contains("done before: "),
            "{language}: nothing came again, so nothing is proven:\n{said}"
        );
        // A kill may come between the deed and its printing, never the other way round.
        let (printed, done) = (consumer.printed(), consumer.done());
        let mut rest = done.iter();
        assert!(
            printed.iter().all(|line| rest.any(|done| done == line)),
            "{language} printed what it did not do"
        );
        assert!(printed.len() + KILLED_AT.len() >= done.len(), "{language} did not print what it did");
    }
    println!(
        "{} alerts, {} consumers, each killed {} times",
        history.len(),
        consumers.len(),
        KILLED_AT.len()
    );
}
