//! Exits whose sites were narrowed: what they told before is for whoever has the sites it was about.

use std::{net::SocketAddr, time::Duration};

use bytes::Bytes;
use davy_access::Role;
use davy_delivery::exits::{HttpTarget, Wanted, WebhookConfig};
use davy_proto::v1 as wire;
use davy_server::{Config, ExitConfig, ExitKind};
use prost::Message;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};
use tonic::Status;

use super::house::{House, accounts, token};

const EXIT: &str = "desk";

/// A receiver that will never take anything.
async fn refusing() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let addr = listener.local_addr().expect("bound");
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                // Whatever comes is read in one go, or the rest of it is of no interest.
                let _ = stream.read(&mut [0; 65_536]).await;
                let no = b"HTTP/1.1 400 Bad\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
                let _ = stream.write_all(no).await;
            });
        }
    });
    addr
}

fn exit(to: SocketAddr, sites: &[&str]) -> ExitConfig {
    let kind = ExitKind::Webhook(WebhookConfig {
        target: HttpTarget::new(&format!("http://{to}/"), None, false).expect("an address"),
        timeout: Duration::from_secs(5),
        type_prefix: "davy".to_owned(),
        secrets: Vec::new(),
        authorization: None,
        handshake: None,
    });
    let sites = sites.iter().map(|site| (*site).into()).collect();
    ExitConfig { name: EXIT.into(), wanted: Wanted { sites, tier_from: None }, kind }
}

async fn asked<T: Message + Default>(
    house: &House,
    method: &str,
    by: &str,
    message: Vec<u8>,
) -> Result<T, Status> {
    let answer: Bytes = house.ask(&format!("/davy.v1.ExitService/{method}"), Some(by), message).await?;
    Ok(T::decode(answer).expect("an answer"))
}

async fn letters(house: &House, by: &str, exit: &str) -> Vec<(u64, String)> {
    let message = wire::ExitServiceListDeadLettersRequest { exit: exit.into(), ..Default::default() };
    let answer: wire::ExitServiceListDeadLettersResponse =
        asked(house, "ListDeadLetters", by, message.encode_to_vec()).await.expect("listed");
    let mut found: Vec<_> =
        answer.dead_letters.into_iter().map(|one| (one.number, one.alert.expect("an alert").site)).collect();
    found.sort_by(|a, b| a.1.cmp(&b.1));
    found
}

async fn told(house: &House, by: &str) -> Vec<String> {
    let message = wire::ExitServiceListToldRequest { exit: EXIT.into(), ..Default::default() };
    let answer: wire::ExitServiceListToldResponse =
        asked(house, "ListTold", by, message.encode_to_vec()).await.expect("listed");
    let mut sites: Vec<_> = answer.told.into_iter().map(|one| one.site).collect();
    sites.sort();
    sites
}

async fn replayed(house: &House, by: &str, numbers: Vec<u64>) -> u64 {
    let message = wire::ExitServiceReplayRequest { exit: EXIT.into(), numbers, actor: "ann".into() };
    let answer: wire::ExitServiceReplayResponse =
        asked(house, "Replay", by, message.encode_to_vec()).await.expect("asked for");
    answer.alerts
}

/// One reading too high, and the alarm of it.
async fn alarms(house: &House, site: &str) {
    let reading = wire::Reading { tag: "T".into(), value: Some(99.0), ..Default::default() };
    let batch = Some(wire::ReadingBatch { readings: vec![reading], ..Default::default() });
    let said = wire::TelemetryServicePublishRequest { site: site.into(), edge_node: "gw-1".into(), batch };
    let by = token(Role::Vendor, "all");
    let answer = house.ask("/davy.v1.TelemetryService/Publish", Some(&by), said.encode_to_vec()).await;
    let answer = wire::TelemetryServicePublishResponse::decode(answer.expect("taken")).expect("an answer");
    assert_eq!(answer.accepted, 1, "{answer:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_an_exit_told_of_a_site_that_it_no_longer_tells_of_is_not_for_those_who_have_the_others() {
    let to = refusing().await;
    let data = tempfile::tempdir().expect("a folder");
    let with = |sites: &'static [&'static str]| {
        let data = data.path().to_owned();
        move |config: &mut Config, _: &tempfile::TempDir| {
            config.data_dir = data;
            config.exits = vec![exit(to, sites)];
        }
    };
    let house = House::with(&accounts(), with(&["park", "gas"])).await;
    let everywhere = token(Role::Admin, "all");
    for site in ["park", "gas"] {
        alarms(&house, site).await;
    }
    let mut both = Vec::new();
    for _ in 0..200 {
        both = letters(&house, &everywhere, EXIT).await;
        if both.len() == 2 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let [(of_gas, gas), (of_park, park)] = &both[..] else { panic!("{both:?}") };
    assert_eq!((gas.as_str(), park.as_str()), ("gas", "park"));
    house.server.shutdown().await;

    let house = House::with(&accounts(), with(&["park"])).await;
    let parks = token(Role::Admin, "own");
    // That the exit is refused is told too, in the site that it still tells of.
    for exit in [EXIT, ""] {
        let found = letters(&house, &parks, exit).await;
        assert!(found.contains(&(*of_park, "park".to_owned())), "{exit:?}: {found:?}");
        assert!(found.iter().all(|(_, site)| site == "park"), "{exit:?}: {found:?}");
    }
    let heard = told(&house, &parks).await;
    assert!(!heard.is_empty() && heard.iter().all(|site| site == "park"), "{heard:?}");
    assert_eq!(replayed(&house, &parks, vec![*of_gas]).await, 0, "by its number");
    assert!(replayed(&house, &parks, Vec::new()).await >= 1, "all that is theirs");
    // Nothing is kept from whoever has both.
    assert!(letters(&house, &everywhere, EXIT).await.contains(&(*of_gas, "gas".to_owned())));
    assert!(told(&house, &everywhere).await.contains(&"gas".to_owned()));
    assert_eq!(replayed(&house, &everywhere, vec![*of_gas]).await, 1);
    house.server.shutdown().await;
}
