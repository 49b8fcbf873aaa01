//! What alarms did, for whoever keeps records: out of the database that a running Davy writes.

use std::collections::BTreeMap;

use davy_tests::mqtt::{Login, Mqtt, Packet, Version};
use davy_tests::{Davy, Grpc, LONG, Setup, davy, wait_until};
use serde_json::Value;

use crate::{export, path};

const SITE: &str = "site: park\nedge_nodes: [{id: gw-1}]\n";
const TAGS: &str =
    "tag,quantity,unit,interval,edge_node\nAT-1/h2s,gas.h2s,ppm,1s,gw-1\nAT-2/h2s,gas.h2s,ppm,1s,gw-1\n";
const RULES: &str = "rules:\n  - id: h2s\n    applies_to: {quantity: gas.h2s}\n    limit:\n      - {name: L1, tier: orange, at_or_above: 100 ppm}\n    response: {action: Leave the area, time_to_respond: 1m}\n";

#[tokio::test]
async fn transitions_are_told_as_alarms_watch_tells_them_and_what_an_auditor_asks_beside() {
    let mut setup = Setup::new();
    setup.site("park", &[("site.yaml", SITE), ("tags.csv", TAGS), ("rules/h2s.yaml", RULES)]);
    setup.configure("");
    let server = Davy::serve(&setup.config()).await;
    let grpc = Grpc::connect(server.http()).await;
    let login = Login { id: "gw-1", user: None };
    let mut gateway = Mqtt::connect(server.door().await, Version::V5, login).await.expect("the door is open");
    for tag in ["AT-1/h2s", "AT-2/h2s"] {
        let payload = format!(r#"{{"readings":[{{"tag":"{tag}","value":150}}]}}"#);
        gateway.publish("davy/v1/park/gw-1/readings", payload.as_bytes()).await.expect("it is taken");
        let told = gateway.next().await.expect("an answer");
        assert!(matches!(told, Packet::PubAck { .. }), "{told:?}");
    }
    let url = server.url();
    let ack = ["alarms", "ack", "park:h2s:AT-1/h2s", "--by", "ann", "--comment", "=1+1", "--server", &url];
    davy(ack).await.ended(0);
    let head = grpc.site("park").await.last_commit;
    wait_until("history has the whole journal", LONG, async || {
        let history = grpc.site("park").await.history.expect("history is kept");
        (history.last_commit >= head).then_some(())
    })
    .await;

    let watched =
        davy(["alarms", "history", "--site", "park", "--json", "--server", &url]).await.ended(0).json();
    let watched: Vec<&Value> = watched.iter().filter(|alert| alert["rule"] == "h2s").collect();
    let out = export(&setup, "alarms", "park", &["--tag", "AT-*"]).await.ended(0).out;
    let mut rows = csv::Reader::from_reader(out.as_bytes());
    let found: Vec<BTreeMap<String, String>> = rows.deserialize().map(|row| row.expect("a row")).collect();
    assert_eq!((found.len(), watched.len()), (3, 3), "{out}");
    for (row, alert) in found.iter().zip(&watched) {
        for (name, value) in alert.as_object().expect("an object") {
            let told = match value {
                _ if ["limit", "message", "durable"].contains(&&**name) => continue,
                Value::Null => String::new(),
                Value::String(text) => text.clone(),
                Value::Number(number) => number.as_f64().expect("a figure").to_string(),
                other => other.to_string(),
            };
            assert_eq!(row[name], told, "{name} of {}", alert["id"]);
        }
        assert_eq!(row["limit"], alert["limit"]["name"].as_str().unwrap_or_default());
        assert_eq!(row["message_en"], alert["message"]["en"].as_str().unwrap_or_default());
    }
    let seen = &found[2];
    assert_eq!((&*seen["actor"], &*seen["comment"], &*seen["transition"]), ("ann", "'=1+1", "acknowledged"));
    let raised = &found[0];
    assert_eq!((&*raised["set_point"], &*raised["comparator"], &*seen["step"]), ("100", "at_or_above", "2"));

    let one = export(&setup, "alarms", "park", &["--tag", "AT-2*"]).await.ended(0).out;
    assert_eq!(one.lines().count(), 2, "{one}");
    let file = setup.path("a.parquet");
    let told = export(&setup, "alarms", "park", &["--tag", "AT-*", "-o", path(&file), "--json"])
        .await
        .ended(0)
        .one();
    assert_eq!(told["rows"], 3);
    let bytes = std::fs::read(&file).expect("it is there");
    assert!(bytes.starts_with(b"PAR1") && bytes.ends_with(b"PAR1"));
}
