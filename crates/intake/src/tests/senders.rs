//! Who sent it, whatever it is called: a client's quota, and what it was refused for.

use super::door::{Open, commit_all};
use super::*;
use crate::rights::{Client, Clients, Grant, Pattern, token_hash};
use crate::QuotaConfig;

/// Clients that speak for these edge nodes of `park`.
fn clients(of: &[(&str, &str)]) -> Clients {
    let pattern = |text: &str| Pattern::parse(text).expect("a pattern");
    let client = |(name, node): &(&str, &str)| Client {
        name: (*name).into(),
        token: Some(token_hash(b"secret")),
        certificate: None,
        grants: vec![Grant { site: pattern("park"), edge_node: pattern(node) }],
    };
    Clients::new(of.iter().map(client).collect(), None).expect("clients")
}

async fn by(port: u16, identifier: &str, user: &str) -> Gateway {
    let mut options = options(identifier, port);
    options.set_credentials(user, "secret");
    Gateway::connect(options).await
}

#[tokio::test]
async fn a_client_has_one_quota_whatever_it_calls_itself_and_leaves_no_debt_to_another() {
    let quota = QuotaConfig { bytes_per_s: 0, readings_per_s: 20, burst_s: 5 };
    let clients = clients(&[("east", "*"), ("west", "*")]);
    let Open { setting, door, handler } = Open::with_quota(1 << 20, clients, quota);
    let committing = commit_all(setting.writer);
    let port = door.local_addr().port();
    let readings = r#"{"tag":"TK-1/level","value":1},"#.repeat(60);
    let payload = format!(r#"{{"readings":[{}]}}"#, readings.trim_end_matches(','));
    for identifier in ["a1", "a2", "a3"] {
        let mut gateway = by(port, identifier, "east").await;
        gateway.publish(READINGS, QoS::AtLeastOnce, &payload).await;
        assert_eq!(gateway.puback().await, PubAckReason::Success);
        gateway.client.disconnect().await.expect("runs");
    }
    // The third was read when 120 of 100 had been taken.
    let waited = handler.throttled();
    assert!(waited > Duration::ZERO, "each name had a quota of its own");
    until("nobody is there", || door.stats().connections == 0).await;
    let mut gateway = by(port, "a3", "west").await;
    gateway.publish(READINGS, QoS::AtLeastOnce, r#"{"values":{"AT-1/h2s":1}}"#).await;
    assert_eq!(gateway.puback().await, PubAckReason::Success);
    assert_eq!(handler.throttled(), waited, "what another owes is another's");
    committing.abort();
}
