//! The sample consumers of `docs/api/samples`: built by the words of their pages, and run against a Davy that dies, falls silent,
//! asks who they are, or is a scripted one that says what a real one seldom does.

mod consumer;
mod doors;
mod publisher;
mod scripted;
mod shortness;
mod silence;
mod story;
mod workshop;

use davy_tests::{Davy, LONG, Setup, wait_until};

use consumer::Consumer;

/// The site that everything happens in.
const SITE: &str = "park";

const TAGS: &str = "tag,quantity,unit,low,high,interval,edge_node\nAT-0412/h2s,gas.h2s,ppm,0,100,1s,gw-1\n";
/// Every reading beyond it raises, every other one clears: nothing is delayed.
const RULES: &str = r#"
rules:
  - id: h2s
    title: {en: Hydrogen sulfide, zh: 硫化氢}
    applies_to: {quantity: gas.h2s}
    limit:
      - {name: H, tier: orange, at_or_above: 7 ppm, clear_below: 6.5 ppm}
    response:
      cause: {en: Leak at the pump seal, zh: 泵密封泄漏}
      action: {en: "Leave crosswind, call the shift leader", zh: 侧风向撤离，通知值班长}
      time_to_respond: 3m
"#;

/// A site whose alarms come and go with each reading.
fn site() -> Setup {
    let mut setup = Setup::new();
    let site = format!("site: {SITE}\nedge_nodes: [{{id: gw-1}}]\n");
    setup.site(SITE, &[("site.yaml", &site), ("tags.csv", TAGS), ("rules/gas.yaml", RULES)]);
    setup
}

/// That, with its door at a port that stays the same.
fn park(door: u16) -> Setup {
    let setup = site();
    setup.configure(&format!("[door]\nlisten = \"127.0.0.1:{door}\"\n"));
    setup
}

/// Waits until each of them has been given a snapshot and has confirmed it.
async fn until_confirmed(setup: &Setup, consumers: &[Consumer], sequence: u64) {
    for consumer in consumers {
        let what = format!("{} confirms {sequence}", consumer.language());
        wait_until(&what, LONG, async || {
            let journal = davy_journal::JournalReader::open(&setup.journal(SITE)).expect("a journal");
            let cursor = journal.cursor(consumer.cursor()).expect("a journal can be read")?;
            (cursor.sequence >= sequence).then_some(())
        })
        .await;
    }
}

/// The ids of everything that ever happened in the site, in its order.
async fn history(server: &Davy) -> Vec<String> {
    let (mut ids, mut after) = (Vec::new(), 0);
    loop {
        let (url, from) = (server.url(), after.to_string());
        let words = ["alarms", "history", "--server", &url, "--site", SITE, "--after", &from, "--json"];
        let page = davy_tests::davy(words).await.ended(0).json();
        let Some(last) = page.last() else { return ids };
        after = last["sequence"].as_u64().expect("a number");
        ids.extend(page.iter().map(|line| line["id"].as_str().expect("an id").to_owned()));
    }
}
