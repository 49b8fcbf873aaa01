//! A site that listens to a Sparkplug group, its edge node, and what a test looks at.

use std::{collections::BTreeSet, net::SocketAddr, process::Command};

use bytes::Bytes;
use davy_proto::v1::{Alert, Condition, TransitionKind};
use davy_simulators::sparkplug::{Act, EdgeNode, EdgeNodeConfig, Seen, Standing};
use davy_tests::{Davy, Grpc, LONG, Metrics, Mosquitto, Setup, Subscriber, davy_binary, wait_until};
use rumqttc::{AsyncClient, Event, MqttOptions, Packet, QoS, SubscribeFilter};
use serde_json::Value;
use tokio::time::timeout;

pub(crate) const SITE: &str = "works";
/// The tag that has a limit, and the metric that it is.
pub(crate) const CH4: &str = "gas-01/ch4";
/// Every tag of the edge node.
const TAGS: [&str; 3] = [CH4, "gas-01/h2s", "volt"];
/// What they begin with.
const METRICS: [&str; 3] = ["gas-01/ch4=5:%LEL", "gas-01/h2s=1:ppm", "volt=12"];
const STATE: &str = "spBv1.0/STATE/davy";

const SITE_FILE: &str = "site: works
title: {en: Works}
edge_nodes:
  - {id: gw-1, loss_grace: 0s, silence_limit: 30m}
sources:
  - {sparkplug: Plant1}
";
const TAGS_FILE: &str = "tag,quantity,unit,reporting,edge_node
gas-01/ch4,gas.ch4,%LEL,by_exception,gw-1
gas-01/h2s,gas.h2s,ppm,by_exception,gw-1
volt,number,1,by_exception,gw-1
";
const RULES_FILE: &str = "rules:
  - id: high
    applies_to: {quantity: gas.ch4}
    limit: [{name: H, tier: orange, at_or_above: 25 %LEL}]
    response: {action: look, time_to_respond: 10m}
  - id: silent
    applies_to: {tag: '*'}
    stale: {tier: yellow}
    response: {action: look, time_to_respond: 10m}
";

/// The site, with Davy as a client of that broker.
pub(crate) fn works(broker: &Mosquitto) -> Setup {
    let mut setup = Setup::new();
    setup.site(SITE, &[("site.yaml", SITE_FILE), ("tags.csv", TAGS_FILE), ("rules/r.yaml", RULES_FILE)]);
    setup.configure(&format!(
        "[broker]\nurl = \"{}\"\nclient_id = \"davy\"\n\
         [sparkplug]\nreorder_timeout = \"300ms\"\nrebirth_min_interval = \"1s\"\n\
         [heartbeat]\nevery = \"200ms\"\n[canary]\nenabled = false\n",
        broker.url()
    ));
    setup
}

/// The edge node, which says nothing by itself.
pub(crate) fn config(broker: &Mosquitto) -> EdgeNodeConfig {
    let metrics = METRICS.map(|text| text.parse().expect("a metric")).to_vec();
    let url = broker.url().parse().expect("a URL");
    EdgeNodeConfig::new(url, "Plant1", "gw-1", metrics).expect("names")
}

/// Davy at work with a broker, somebody who listens, and the edge node, which is online.
pub(crate) struct Scene {
    /// Runs for as long as it is held.
    pub(crate) broker: Mosquitto,
    pub(crate) setup: Setup,
    pub(crate) davy: Davy,
    pub(crate) alerts: Subscriber,
    pub(crate) node: EdgeNode,
}

impl Scene {
    /// Nothing where there is no Mosquitto.
    pub(crate) async fn begin() -> Option<Scene> {
        let broker = Mosquitto::start("").await?;
        let setup = works(&broker);
        let davy = Davy::serve(&setup.config()).await;
        let alerts = Grpc::connect(davy.http()).await.subscribe_from_now().await;
        let node = EdgeNode::start(config(&broker));
        online(&davy).await;
        Some(Scene { broker, setup, davy, alerts, node })
    }
}

pub(crate) async fn until(node: &EdgeNode, what: &str, wanted: impl FnMut(&Seen) -> bool) -> Seen {
    let seen = node.until(LONG, wanted).await;
    seen.unwrap_or_else(|| panic!("waited {LONG:?} in vain: {what}; {:?}", node.seen()))
}

pub(crate) async fn born(node: &EdgeNode) {
    until(node, "the edge node's births", |seen| seen.standing == Standing::Born).await;
}

pub(crate) async fn act(node: &EdgeNode, act: Act) {
    let shown = format!("{act:?}");
    node.act(act).await.unwrap_or_else(|error| panic!("{shown}: {error}"));
}

pub(crate) async fn set(node: &EdgeNode, value: f64) {
    act(node, Act::Set { metric: CH4.to_owned(), value }).await;
}

/// Waits until a figure of the site is at least that.
pub(crate) async fn figure(davy: &Davy, name: &str, labels: &[(&str, &str)], at_least: f64) {
    let labels = [&[("site", SITE)], labels].concat();
    wait_until(&format!("{name} {labels:?} is {at_least}"), LONG, async || {
        let found = Metrics::of(davy.http()).await.figure(name, &labels);
        (found >= at_least).then_some(())
    })
    .await;
}

/// How many edge nodes are online, offline, and not heard yet.
pub(crate) async fn nodes(davy: &Davy) -> [f64; 3] {
    let page = Metrics::of(davy.http()).await;
    ["online", "offline", "unheard"]
        .map(|state| page.figure("davy_sparkplug_edge_nodes", &[("site", SITE), ("state", state)]))
}

/// A count of the site, now.
pub(crate) async fn count(davy: &Davy, name: &str) -> f64 {
    Metrics::of(davy.http()).await.figure(name, &[("site", SITE)])
}

/// Waits until Davy has taken the edge node's birth.
pub(crate) async fn online(davy: &Davy) {
    figure(davy, "davy_sparkplug_edge_nodes", &[("state", "online")], 1.0).await;
}

/// Waits until an alarm changes so.
pub(crate) async fn says(alerts: &mut Subscriber, alarm: &str, kind: TransitionKind) -> Alert {
    let id = format!("{SITE}:{alarm}");
    let wanted = |alert: &Alert| alert.alarm == id && alert.transition() == kind;
    alerts.alert(&format!("{id} {kind:?}"), LONG, wanted).await
}

/// Waits until the alarm on silence of every tag of the edge node has changed so, in whatever order.
pub(crate) async fn every_tag_says(alerts: &mut Subscriber, kind: TransitionKind) {
    let mut wanted: BTreeSet<String> = TAGS.map(|tag| format!("{SITE}:silent:{tag}")).into();
    while !wanted.is_empty() {
        let is_one = |alert: &Alert| alert.transition() == kind && wanted.contains(&alert.alarm);
        let alert = alerts.alert(&format!("{wanted:?} {kind:?}"), LONG, is_one).await;
        wanted.remove(&alert.alarm);
    }
}

/// Waits until Davy's alarm on a part of itself is active, or is not.
pub(crate) async fn stands(grpc: &Grpc, part: &str, active: bool) {
    let id = format!("{SITE}:davy-fault:{part}");
    wait_until(&format!("{id} active: {active}"), LONG, async || {
        let standing = grpc.standing(SITE).await;
        let found = standing.iter().find(|alarm| alarm.id == id);
        let is_active = found.is_some_and(|alarm| alarm.condition() == Condition::Active);
        (is_active == active).then_some(())
    })
    .await;
}

/// What the journal says of the limit on CH4, in order.
pub(crate) fn changes(setup: &Setup) -> Vec<String> {
    let of_limit = |line: &Value| {
        let found = &line["transition"];
        let is_of_limit = found["alarm"] == format!("{SITE}:high:{CH4}");
        is_of_limit.then(|| format!("{} {}", found["kind"].as_str().unwrap_or_default(), found["value"]))
    };
    export(setup).iter().filter_map(of_limit).collect()
}

/// Everything a journal holds, a line each.
pub(crate) fn export(setup: &Setup) -> Vec<Value> {
    let mut command = Command::new(davy_binary());
    let export = command.args(["journal", "export"]).arg(setup.journal(SITE)).output().expect("davy runs");
    assert!(export.status.success(), "{}", String::from_utf8_lossy(&export.stderr));
    davy_tests::lines_of(&String::from_utf8_lossy(&export.stdout))
}

/// What the broker has kept of Davy's STATE: whether it is online, and since when, ms; `None` when it has kept nothing.
pub(crate) async fn state(broker: SocketAddr) -> Option<(bool, u64)> {
    let payload = timeout(LONG, kept(broker)).await.expect("the broker answers")?;
    let state: Value = serde_json::from_slice(&payload).expect("JSON");
    let fields = state.as_object().expect("an object").len();
    assert_eq!(fields, 2, "{state}");
    Some((state["online"].as_bool().expect("a boolean"), state["timestamp"].as_u64().expect("a time")))
}

/// What is kept comes before what is said after the subscription.
async fn kept(broker: SocketAddr) -> Option<Bytes> {
    const MARK: &str = "state-reader/mark";
    let options = MqttOptions::new("state-reader", broker.ip().to_string(), broker.port());
    let (client, mut events) = AsyncClient::new(options, 8);
    let filters = [STATE, MARK].map(|filter| SubscribeFilter::new(filter.to_owned(), QoS::AtMostOnce));
    client.try_subscribe_many(filters).expect("room");
    loop {
        match events.poll().await.unwrap_or_else(|error| panic!("{STATE}: {error}")) {
            Event::Incoming(Packet::SubAck(_)) => {
                client.try_publish(MARK, QoS::AtMostOnce, false, "").expect("room");
            }
            Event::Incoming(Packet::Publish(publish)) if publish.topic == MARK => return None,
            Event::Incoming(Packet::Publish(publish)) if publish.retain => return Some(publish.payload),
            _ => {}
        }
    }
}

/// Waits until the broker has kept that STATE, and gives its time.
pub(crate) async fn until_state(broker: SocketAddr, online: bool) -> u64 {
    wait_until(&format!("STATE online:{online}"), LONG, async || {
        let (is_online, at) = state(broker).await?;
        (is_online == online).then_some(at)
    })
    .await
}
