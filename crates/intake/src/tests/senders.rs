//! Who sent it, whatever it is called: a client's quota, and what it was refused.

use super::door::{Open, commit_all};
use super::*;
use crate::rights::{Client, Clients, Grant, Pattern, token_hash};
use crate::{LetterFilter, NotReplayed, QuotaConfig};

/// Clients that speak for these edge nodes of `park`.
fn clients(of: &[(&str, &str)]) -> Clients {
    let pattern = |text: &str| Pattern::parse(text).expect("a pattern");
    let client = |(name, node): &(&str, &str)| Client {
        name: (*name).into(),
        token: Some(token_hash(b"secret")),
        certificate: None,
        grants: vec![Grant { site: pattern("park"), edge_node: pattern(node) }],
        hears_alarms: Vec::new(),
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

#[tokio::test]
async fn what_was_refused_to_a_client_is_not_sent_again_for_it_until_it_may_speak_for_the_edge_node() {
    let open = Open::new(1 << 20, clients(&[("one", "gw-1"), ("two", "gw-2")]));
    let Open { setting, door, handler } = open;
    let committing = commit_all(setting.writer);
    let mut gateway = by(door.local_addr().port(), "gw", "one").await;
    let payload = r#"{"values":{"TK-1/level":7.31}}"#;
    gateway.publish("davy/v1/park/gw-2/readings", QoS::AtLeastOnce, payload).await;
    assert_eq!(gateway.puback().await, PubAckReason::NotAuthorized);
    let letter = setting.door.dead_letters.list(&LetterFilter::default(), 1).remove(0);
    assert_eq!((&*letter.edge_node, letter.findings.len()), ("gw-2", 1));
    let tried = || setting.intake.try_replay(&letter);
    let not_its =
        NotReplayed::NotItsSender { sender: "one".into(), site: "park".into(), edge_node: "gw-2".into() };
    assert_eq!(tried(), Err(not_its.clone()), "gw-2 never said it");
    assert_eq!(setting.intake.replay(&letter).await, Err(not_its.clone()), "gw-2 never said it");
    assert_eq!(setting.door.account.totals().accepted, 0);
    // Whoever is no client any more speaks for nobody.
    handler.replace_clients(clients(&[("two", "gw-2")]));
    assert_eq!(tried(), Err(not_its));
    handler.replace_clients(clients(&[("one", "gw-*")]));
    assert_eq!(tried().map(|replayed| replayed.accepted), Ok(1), "the grant was forgotten, and is there now");
    assert_eq!(setting.intake.replay(&letter).await.map(|replayed| replayed.accepted), Ok(1));

    // A topic that nobody had is as before: its site's files are mended, not grants.
    let mut gateway = by(door.local_addr().port(), "gw", "one").await;
    gateway.publish("elsewhere", QoS::AtLeastOnce, payload).await;
    assert_eq!(gateway.puback().await, PubAckReason::NotAuthorized);
    let stray = setting.intake.strays.dead_letters.list(&LetterFilter::default(), 1).remove(0);
    assert_eq!(setting.intake.try_replay(&stray), Err(NotReplayed::NoTopic));
    committing.abort();
}

#[tokio::test]
async fn who_is_hung_up_on_for_other_grants_loses_what_it_speaks_for_no_more() {
    let Open { setting, door, handler } = Open::new(1 << 20, clients(&[("one", "gw-*")]));
    let committing = commit_all(setting.writer);
    let mut one = by(door.local_addr().port(), "a", "one").await;
    for topic in [READINGS, "davy/v1/park/gw-2/readings"] {
        one.publish(topic, QoS::AtLeastOnce, r#"{"values":{"TK-1/level":7.31}}"#).await;
        assert_eq!(one.puback().await, PubAckReason::Success);
    }
    handler.replace_clients(clients(&[("one", "gw-1")]));
    let is = |node: &str| setting.door.presence.node(&node.into()).state();
    until("it speaks for that one no more", || is("gw-2") == Some(davy_model::NodeChange::Lost)).await;
    assert_eq!(is("gw-1"), Some(davy_model::NodeChange::Online), "it will be back");
    committing.abort();
}

#[tokio::test]
async fn who_is_shut_out_is_hung_up_on_and_others_are_not() {
    let open = Open::new(1 << 20, clients(&[("one", "gw-1"), ("two", "gw-2")]));
    let Open { setting, door, handler } = open;
    let committing = commit_all(setting.writer);
    let port = door.local_addr().port();
    let (mut one, mut two) = (by(port, "a", "one").await, by(port, "b", "two").await);
    let of_two = "davy/v1/park/gw-2/readings";
    let payload = r#"{"values":{"TK-1/level":7.31}}"#;
    for (gateway, topic) in [(&mut one, READINGS), (&mut two, of_two)] {
        gateway.publish(topic, QoS::AtLeastOnce, payload).await;
        assert_eq!(gateway.puback().await, PubAckReason::Success);
    }
    let taken = setting.door.account.totals().received;
    handler.replace_clients(clients(&[("two", "gw-2")]));
    // It has not said a word since.
    let closed = async { while one.heard.recv().await.is_some_and(|p| !matches!(p, Packet::PubAck(_))) {} };
    timeout(DEADLINE, closed).await.expect("the door closes the connection");
    assert!(!one.has_puback());
    assert_eq!(setting.door.account.totals().received, taken, "nothing of it is read");
    let presence = setting.door.presence.node(&"gw-1".into());
    until("it is lost", || presence.state() == Some(davy_model::NodeChange::Lost)).await;
    two.publish(of_two, QoS::AtLeastOnce, payload).await;
    assert_eq!(two.puback().await, PubAckReason::Success, "it is who it was");
    committing.abort();
}
