//! A site whose journal cannot be read holds up no other site of its exit.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use davy_delivery::{
    Delivered, Feed, SiteFeed,
    exits::{Bounds, Exits, LentClock, Outbox, Wanted, Webhook},
};
use davy_journal::{Commit, Journal};
use davy_model::{Input, Tier, Transition};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

use crate::{
    plant::{DESK, Running, at, opening, transition, webhook},
    receiver::Receiver,
};

/// Sites of one exit, each with its journal where there is one.
struct Sites {
    folder: TempDir,
    feeds: Vec<Arc<SiteFeed>>,
}

impl Sites {
    fn new(names: &[&str]) -> Sites {
        let folder = tempfile::tempdir().unwrap();
        let feed = |name: &&str| {
            Arc::new(SiteFeed::new((*name).into(), folder.path().join(format!("{name}.sqlite")), 0))
        };
        Sites { feeds: names.iter().map(feed).collect(), folder }
    }

    async fn run(&self, receiver: &Receiver) -> Running {
        let stop = CancellationToken::new();
        let outbox = Outbox::open(&self.folder.path().join("exits.db"), Bounds::default()).unwrap();
        let clock: LentClock = Arc::new(|| at(0));
        let exit = Box::new(Webhook::new(webhook(&receiver.url()), Arc::clone(&clock)));
        let openings = vec![opening(DESK, exit, Wanted::default())];
        let plants: BTreeMap<Arc<str>, u64> =
            self.feeds.iter().map(|feed| (Arc::clone(feed.site()), feed.sequence())).collect();
        let feed = Feed::new(self.feeds.iter().cloned());
        let exits = Exits::open(outbox, openings, &feed, &plants, clock, &stop).await.unwrap();
        Running { exits, stop }
    }

    fn feed(&self, site: &str) -> &SiteFeed {
        self.feeds.iter().find(|feed| **feed.site() == *site).unwrap()
    }

    fn says(&self, site: &str, sequence: u64) -> String {
        let transition = alarm(site, sequence);
        let id = transition.id().to_string();
        self.feed(site).publish(Delivered { transition: Arc::new(transition), durable: true });
        id
    }

    /// The journal of a site is there, with its transitions up to `last`.
    fn has_journal(&self, site: &str, last: u64) {
        let (mut journal, _) = Journal::open(self.feed(site).journal(), site).unwrap();
        let transitions = (1..=last).map(|sequence| alarm(site, sequence)).collect();
        journal.append(&[Commit { number: 1, at: at(0), inputs: vec![Input::Tick], transitions }]).unwrap();
    }
}

fn alarm(site: &str, sequence: u64) -> Transition {
    let mut alarm = transition(sequence, Tier::Red);
    alarm.alarm.site = site.into();
    alarm
}

#[tokio::test]
async fn a_journal_that_cannot_be_read_is_told_and_holds_up_no_other_site() {
    let (sites, receiver) = (Sites::new(&["mine", "park"]), Receiver::up().await);
    sites.has_journal("park", 3);
    let running = sites.run(&receiver).await;
    // It was told of one before: that one it looks for in the journal, and there is none.
    sites.says("mine", 2);
    running.until(|running| running.exits.trouble(running.door()).is_some()).await;
    let began = std::time::Instant::now();
    let told: Vec<String> = (1..=3).map(|sequence| sites.says("park", sequence)).collect();
    running.until(|_| receiver.taken() == told).await;
    assert!(began.elapsed() < Duration::from_secs(2), "it waited for the other: {:?}", began.elapsed());
    let (_, why) = running.exits.trouble(running.door()).expect("the other is not read yet");
    assert!(why.contains("the journal of mine cannot be read"), "{why}");

    sites.has_journal("mine", 2);
    running.until(|_| receiver.taken().len() == 5).await;
    running.until(|running| running.exits.trouble(running.door()).is_none()).await;
    assert_eq!(receiver.taken()[3..], [1, 2].map(|sequence| alarm("mine", sequence).id().to_string()));
    running.stop().await;
}
