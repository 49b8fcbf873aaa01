//! How other rules take the place of those that are active: two people, a shadow that never sounds, one moment at which everything
//! changes, and a way back. Whatever happens in between, there is one answer to what is active.

mod asked;
#[path = "../../../crates/server/tests/day/mod.rs"]
#[allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
mod day;
mod life;
mod refused;
mod restarts;
mod service;
mod short;

use davy_tests::mqtt::{Login, Mqtt, Packet, Version};
use davy_tests::{Davy, Grpc, LONG, Said, Setup, davy, wait_until};
use serde_json::Value;

const SITE: &str = "site: yard\nedge_nodes: [{id: gw}]\n";
const TAGS: &str = "tag,quantity,unit,low,high,interval,edge_node
AT-1/h2s,gas.h2s,ppm,0,100,10s,gw
AT-2/h2s,gas.h2s,ppm,0,100,10s,gw
";
const RULES: &str = "rules:
  - id: h2s
    applies_to: {quantity: gas.h2s}
    limit: [{name: H, tier: red, at_or_above: 10 ppm, clear_below: 9 ppm}]
    response: {action: Leave the yard, time_to_respond: 3m}
  - id: high
    applies_to: {quantity: gas.h2s}
    limit: [{name: H, tier: yellow, at_or_above: 5 ppm, clear_below: 4 ppm}]
    response: {action: Look for it, time_to_respond: 30m}
  - id: silent
    applies_to: {tag: \"*\"}
    stale: {after: 1h, tier: yellow}
    response: {action: Mend the sensor, time_to_respond: 1d}
";
/// What there was once, and the operators would have instead.
const WAS: &str = "at_or_above: 10 ppm, clear_below: 9 ppm";
const LOOSER: &str = "at_or_above: 20 ppm, clear_below: 18 ppm";

/// A yard that is served, and the folders of those who want it otherwise.
struct Yard {
    setup: Setup,
    server: Davy,
    /// Connected when the first reading is sent.
    gateway: Option<Mqtt>,
}

impl Yard {
    async fn served(more: &str) -> Yard {
        let mut setup = Setup::new();
        setup.site("yard", &[("site.yaml", SITE), ("tags.csv", TAGS), ("rules/gas.yaml", RULES)]);
        setup.configure(more);
        let server = Davy::serve(&setup.config()).await;
        Yard { setup, server, gateway: None }
    }

    /// A folder of the site with something else in its rules.
    fn folder(&self, name: &str, from: &str, to: &str) -> String {
        assert!(RULES.contains(from), "{from}");
        for (path, text) in [("site.yaml", SITE), ("tags.csv", TAGS)] {
            self.setup.write(&format!("{name}/{path}"), text);
        }
        self.setup.write(&format!("{name}/rules/gas.yaml"), &RULES.replacen(from, to, 1));
        self.setup.path(name).display().to_string()
    }

    /// `davy rules WORDS... --json`.
    async fn rules(&self, words: &[&str]) -> Said {
        let url = self.server.url();
        davy([&["rules"], words, &["--json", "--server", &url]].concat()).await
    }

    /// Wu proposes a folder: the revision it is.
    async fn proposed(&self, folder: &str) -> String {
        let said = self.rules(&["propose", folder, "--by", "wu", "--comment", "too many alarms"]).await;
        text(&said.ended(0).one(), "revision")
    }

    /// Somebody does something with a revision: where it stands then.
    async fn does(&self, verb: &str, revision: &str, by: &str) -> String {
        let said = self.rules(&[verb, "yard", revision, "--by", by, "--comment", "as talked over"]).await;
        text(&said.ended(0).one(), "state")
    }

    async fn is_refused(&self, words: &[&str]) -> String {
        self.rules(words).await.refused()
    }

    async fn revision(&self, revision: &str) -> Value {
        self.rules(&["history", "yard", revision]).await.ended(0).one()
    }

    /// The revision that the site is said to be judged by.
    async fn active(&self) -> String {
        let all = self.rules(&["history", "yard"]).await.ended(0).json();
        let mut active = all.iter().filter(|one| one["state"] == "active");
        let found = active.next().unwrap_or_else(|| panic!("none is active: {all:?}"));
        assert_eq!(active.next(), None, "two are active");
        text(found, "revision")
    }

    async fn until_history_has_it(&self) {
        until_history_has_all(&self.server, "yard").await;
    }

    /// Sends a reading and waits until it is durable.
    async fn send(&mut self, tag: &str, ppm: f64) {
        if self.gateway.is_none() {
            let login = Login { id: "gw", user: None };
            let door = self.server.door().await;
            self.gateway = Some(Mqtt::connect(door, Version::V311, login).await.expect("let in"));
        }
        let gateway = self.gateway.as_mut().expect("it is connected");
        let payload = format!(r#"{{"readings":[{{"tag":"{tag}","value":{ppm}}}]}}"#);
        let sent =
            gateway.publish("davy/v1/yard/gw/readings", payload.as_bytes()).await.expect("it goes out");
        let packet = gateway.next().await.expect("an answer");
        assert_eq!(packet, Packet::PubAck { id: sent, code: 0 }, "{payload}");
    }
}

fn text(value: &Value, key: &str) -> String {
    value[key].as_str().unwrap_or_else(|| panic!("no {key}: {value}")).to_owned()
}

/// Waits until history has what the journal of a site has now.
async fn until_history_has_all(server: &Davy, site: &str) {
    let grpc = Grpc::connect(server.http()).await;
    let head = grpc.site(site).await.last_commit;
    wait_until("history has the whole journal", LONG, async || {
        let history = grpc.site(site).await.history.expect("history is kept");
        (history.last_commit >= head).then_some(())
    })
    .await;
}
