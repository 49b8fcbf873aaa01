//! A minute of the demo, as a program sees it.

use std::{collections::BTreeSet, time::Duration};

use davy_tests::{Davy, lines_of};
use serde_json::Value;

/// Every field of an alert line, as the contract has them.
const FIELDS: [&str; 21] = [
    "sequence",
    "id",
    "site",
    "alarm",
    "rule",
    "rule_revision",
    "subject",
    "tags",
    "tier",
    "state",
    "transition",
    "limit",
    "value",
    "unit",
    "source_time",
    "arrival_time",
    "recorded_time",
    "occurrence",
    "late",
    "durable",
    "message",
];

/// The minute, and what a busy machine takes to start and to close.
const LIMIT: Duration = Duration::from_secs(150);

#[tokio::test]
async fn a_minute_of_the_demo_shows_every_tier_and_site_and_accounts_for_every_reading() {
    let mut demo = Davy::demo(&["--for", "60s", "--json"]).await;
    let code = demo.ended(LIMIT).await;
    let alerts = lines_of(&demo.out());
    assert_eq!(code, 0, "it says that it does not balance:\n{}", demo.log());
    for alert in &alerts {
        let keys: BTreeSet<&str> = alert.as_object().expect("an object").keys().map(String::as_str).collect();
        assert_eq!(keys, BTreeSet::from(FIELDS), "{alert}");
        time_is_in_microseconds(alert);
    }
    let raised = |key: &str| -> BTreeSet<&str> {
        let up = alerts
            .iter()
            .filter(|alert| alert["transition"] == "raised" || alert["transition"] == "tier_raised");
        up.map(|alert| alert[key].as_str().expect("a word")).collect()
    };
    assert_eq!(
        raised("tier"),
        BTreeSet::from(["blue", "yellow", "orange", "red"]),
        "tiers raised in a minute"
    );
    assert_eq!(raised("site"), BTreeSet::from(["gas", "mine", "park"]), "sites with alarms in a minute");
    sequences_are_dense(&alerts);
    accounted(&demo.log(), alerts.len());
}

fn time_is_in_microseconds(alert: &Value) {
    for key in ["source_time", "arrival_time", "recorded_time"] {
        let text = alert[key].as_str().unwrap_or_else(|| panic!("no {key}: {alert}"));
        assert!(text.ends_with('Z') && text.len() == "2026-11-23T08:00:00.000000Z".len(), "{key}: {text}");
    }
}

fn sequences_are_dense(alerts: &[Value]) {
    for site in ["gas", "mine", "park"] {
        let of_site = alerts.iter().filter(|alert| alert["site"] == site);
        let numbers: Vec<u64> = of_site.map(|alert| alert["sequence"].as_u64().expect("a number")).collect();
        let expected: Vec<u64> = (1..=numbers.len() as u64).collect();
        assert_eq!(numbers, expected, "{site}: every transition is seen once, in order");
    }
}

/// The last words on standard error are the account.
fn accounted(log: &str, seen: usize) {
    let line = log
        .lines()
        .rev()
        .find(|line| line.starts_with("{\""))
        .unwrap_or_else(|| panic!("no account:\n{log}"));
    let account = &lines_of(line)[0];
    let total = &account["total"];
    let figure = |key: &str| total[key].as_u64().unwrap_or_else(|| panic!("no {key}: {account}"));
    assert_eq!(account["balances"], true, "{account}");
    assert_eq!(figure("received"), figure("judged") + figure("rejected") + figure("dropped"), "{account}");
    assert_eq!(figure("transitions"), seen as u64, "what the journals hold and what was told: {account}");
    assert_eq!(account["gateways"]["unacknowledged"], 0, "{account}");
    assert!(figure("received") > 500, "a minute of three sites is more than that: {account}");
    println!("{account}");
}
