//! What history has of a Davy that runs is judged as its journal is.

use davy_tests::{
    Davy, Grpc, LONG, Place, Setup, davy,
    mqtt::{Login, Mqtt, Packet, Version},
    places, wait_until,
};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

const SITE: &str = "site: park\nedge_nodes: [{id: gw-1}, {id: gw-2}]\n";
const TAGS: &str = "tag,quantity,unit,low,high,interval,edge_node\n\
                    A,gas.h2s,ppm,0,50,1s,gw-1\nB,gas.h2s,mg/m3,0,100,1s,gw-2\nC,level,m,,,1s,gw-1\n";
const RULES: &str = "rules:
  - id: high
    applies_to: {quantity: gas.h2s}
    limit:
      - {name: H, tier: yellow, at_or_above: 10 ppm, clear_below: 8 ppm, on_delay: 120ms, off_delay: 80ms}
      - {name: HH, tier: red, at_or_above: 20 ppm, clear_below: 18 ppm, latch: true}
    response: {action: Look, time_to_respond: 3m}
  - id: rising
    applies_to: {quantity: level}
    rate_of_change:
      over: 400ms
      slope: regression
      levels:
        - {name: FAST, tier: orange, at_or_above: 1 m/min}
    response: {action: Close the valve, time_to_respond: 5m}
";
/// How many moments the story has, and how long each is.
const MOMENTS: i64 = 50;
const MOMENT_MS: i64 = 40;

/// By edge node and tag: a value and its quality, where there is one.
type Measured = (&'static str, &'static str, Option<(f64, &'static str)>);

/// What is sent of each tag in a moment.
fn told(moment: i64) -> [Measured; 3] {
    let gas = match moment {
        10..20 => (12.0, "good"),
        30..33 => (25.0, "good"),
        // Past the range, and nonsense.
        33..35 => (60.0, "good"),
        35 => (500.0, "good"),
        40..43 => (30.0, "bad"),
        _ => (2.0, "good"),
    };
    let other = (moment % 7 != 3).then_some((if (15..28).contains(&moment) { 21.0 } else { 5.0 }, "good"));
    let level = 3.0 + 0.05 * (moment - 20).clamp(0, 15) as f64;
    [("gw-1", "A", Some(gas)), ("gw-2", "B", other), ("gw-1", "C", Some((level, "good")))]
}

/// Tells the story as it happens: what is measured is sent when its time has come.
async fn send(server: &Davy) {
    let mut gateways = Vec::new();
    for node in ["gw-1", "gw-2"] {
        let login = Login { id: node, user: None };
        let gateway = Mqtt::connect(server.door().await, Version::V311, login).await.expect("let in");
        gateways.push((node, gateway));
    }
    let began = Timestamp::now();
    for moment in 0..MOMENTS {
        let ts = began + SignedDuration::from_millis(moment * MOMENT_MS);
        wait_until("its time comes", LONG, async || (Timestamp::now() > ts).then_some(())).await;
        for (node, gateway) in &mut gateways {
            let readings = readings(node, moment, ts);
            if readings.is_empty() {
                continue;
            }
            let payload = format!(r#"{{"readings":[{}]}}"#, readings.join(","));
            let topic = format!("davy/v1/park/{node}/readings");
            gateway.publish(&topic, payload.as_bytes()).await.expect("it goes out");
            let packet = gateway.next().await.expect("a PUBACK");
            assert!(matches!(packet, Packet::PubAck { code: 0, .. }), "{packet:?}");
        }
    }
}

/// What an edge node measures in a moment, as it writes it.
fn readings(node: &str, moment: i64, ts: Timestamp) -> Vec<String> {
    let unit = |tag| match tag {
        "A" => "ppm",
        "B" => "mg/m3",
        _ => "m",
    };
    let ours = told(moment).into_iter().filter(|(of, ..)| *of == node);
    ours.filter_map(|(_, tag, told)| told.map(|(value, quality)| (tag, value, quality)))
        .map(|(tag, value, quality)| {
            let unit = unit(tag);
            format!(r#"{{"tag":"{tag}","value":{value},"unit":"{unit}","quality":"{quality}","ts":"{ts}"}}"#)
        })
        .collect()
}

async fn until_all_is_there(server: &Davy) {
    let grpc = Grpc::connect(server.http()).await;
    let head = grpc.site("park").await.last_commit;
    wait_until("history has the whole journal", LONG, async || {
        let history = grpc.site("park").await.history.expect("history is kept");
        (history.last_commit >= head).then_some(())
    })
    .await;
}

/// Every alarm of the site's rules, beside rules that never raise one.
async fn alarms(setup: &Setup, log: &[&str]) -> Value {
    let (site, none) = (setup.path("park").display().to_string(), setup.path("none").display().to_string());
    let words = ["rules", "backtest", &site, "--baseline", &none, "--json", "--list", "1000"];
    let found = davy(words.iter().chain(log)).await.ended(0).one();
    serde_json::json!([
        found["difference"],
        found["candidate"]["raises"],
        found["coverage"]["readings"],
        found["coverage"]["good"]
    ])
}

#[tokio::test]
async fn a_davy_that_runs_is_judged_out_of_its_history_as_out_of_its_journal() {
    let places = places("judged").await;
    for store in [String::new()].into_iter().chain(places.iter().map(Place::section)) {
        let mut setup = Setup::new();
        setup.site("park", &[("site.yaml", SITE), ("tags.csv", TAGS), ("rules/all.yaml", RULES)]);
        setup.write("none/site.yaml", SITE);
        setup.write("none/tags.csv", TAGS);
        setup.configure(&store);
        let config = setup.config().display().to_string();
        if !store.is_empty() {
            davy(["migrate", "up", "--config", &config]).await.ended(0);
        }
        let mut server = Davy::serve(&setup.config()).await;
        send(&server).await;
        until_all_is_there(&server).await;
        let journal = setup.journal("park").display().to_string();
        let expected = alarms(&setup, &["--journal", &journal]).await;
        let gained = expected[0]["alarms_gained"].as_array().expect("a list").len();
        assert!(gained >= 4, "{expected:#}");
        let found = alarms(&setup, &["--history", "--config", &config]).await;
        assert_eq!(found, expected, "{store}:\n{found:#}\n{expected:#}");
        assert_eq!(server.stop().await, 0);
    }
}
