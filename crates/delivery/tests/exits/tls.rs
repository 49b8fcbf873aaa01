//! Syslog (RFC 5425), MQTT and webhooks over TLS: alarms go to whom the plant's authority vouches for, and to nobody else, and never
//! in the clear. What was kept meanwhile arrives once the certificate is mended.

use std::{sync::Arc, time::Duration};

use davy_delivery::exits::{
    Exit, HttpTarget, Mqtt, MqttConfig, Syslog, SyslogConfig, SyslogTransport, Wanted, tls_client,
};
use rustls::ClientConfig;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    time::sleep,
};
use tokio_rustls::TlsAcceptor;

use crate::{authority::Authority, plant::Plant, speech::Speech, stand::Stand};

/// As receivers are called in these stories.
const NAME: &str = "localhost";
/// How long it takes to a receiver that is far away.
const WAY: Duration = Duration::from_millis(50);

fn exit(plant: &Plant, speech: Speech, port: u16, tls: Arc<ClientConfig>) -> Box<dyn Exit> {
    let timeout = Duration::from_secs(5);
    match speech {
        Speech::Webhook | Speech::Alertmanager => plant.webhook("http://localhost", |config| {
            config.target = HttpTarget::new(&format!("https://{NAME}:{port}/"), Some(&tls), false).unwrap();
            config.timeout = timeout;
        }),
        Speech::Mqtt => Box::new(Mqtt::new(MqttConfig {
            host: NAME.to_owned(),
            port,
            tls: Some(tls),
            client_id: "davy-exit-desk".to_owned(),
            login: None,
            prefix: "davy/v1".to_owned(),
            timeout,
        })),
        Speech::Syslog => Box::new(Syslog::new(SyslogConfig {
            host: NAME.to_owned(),
            port,
            transport: SyslogTransport::Tls(tls),
            timeout,
            hostname: "davy".to_owned(),
            facility: 16,
        })),
    }
}

/// What a receiver shows, and what is told of it. Without TLS where Davy wants some, it would have Davy speak in the clear.
fn wrong(plant: &Authority) -> Vec<(&'static str, Option<TlsAcceptor>, &'static str)> {
    let stranger = Authority::new("Stranger");
    vec![
        ("the name of another", Some(plant.signs("other.example").acceptor()), "not valid for name"),
        ("an unknown authority", Some(stranger.signs(NAME).acceptor()), "UnknownIssuer"),
        ("a certificate that has ended", Some(plant.signs_until(NAME, 2021).acceptor()), "expired"),
        ("no certificate at all", None, "corrupt message"),
        (
            "that it wants to know who Davy is",
            Some(plant.signs(NAME).acceptor_for(Some(plant))),
            "CertificateRequired",
        ),
    ]
}

#[tokio::test]
async fn a_receiver_that_cannot_prove_who_it_is_is_told_nothing_until_it_can() {
    let authority = Authority::new("Plant");
    let good = authority.signs(NAME).acceptor();
    for speech in [Speech::Syslog, Speech::Mqtt, Speech::Webhook] {
        let plant = Plant::new();
        let mut stand = Stand::new(speech, Some(good.clone())).await;
        let tls = tls_client(authority.pem().as_bytes()).unwrap();
        let running = plant.run_with(exit(&plant, speech, stand.port, tls), Wanted::default()).await;
        plant.alarms(1);
        running.dealt_with(1).await;
        for (what, shows, why) in wrong(&authority) {
            let before = plant.sequence();
            stand.shows(shows).await;
            plant.alarms(2);
            let told = || running.exits.trouble(running.door()).map(|(_, told)| told);
            running.until(|_| told().is_some_and(|told| told.contains(why))).await;
            assert_eq!(stand.taken(), plant.ids(1..=before), "{speech:?}: {what}");

            stand.shows(Some(good.clone())).await;
            running.exits.resume(running.door()).await.unwrap();
            running.dealt_with(before + 2).await;
            assert_eq!(stand.taken(), plant.ids(1..=before + 2), "{speech:?}: {what}");
            assert_eq!(told(), None, "{speech:?}: {what}");
        }
        running.stop().await;
        assert!(!stand.heard_in_the_clear("AT-0412") && !stand.heard_in_the_clear("MQTT"), "{speech:?}");
    }
}

/// The port of a receiver as from far away: a connection, and whatever is said on it, takes its time there and back.
async fn far(port: u16) -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let own = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((here, _)) = listener.accept().await {
            sleep(2 * WAY).await;
            let Ok(there) = TcpStream::connect(("127.0.0.1", port)).await else { continue };
            let ((from_here, to_here), (from_there, to_there)) = (here.into_split(), there.into_split());
            tokio::spawn(late(from_here, to_there));
            tokio::spawn(late(from_there, to_here));
        }
    });
    own
}

async fn late(mut from: OwnedReadHalf, mut to: OwnedWriteHalf) {
    let mut bytes = vec![0; 1 << 16];
    while let Ok(len @ 1..) = from.read(&mut bytes).await {
        sleep(WAY).await;
        if to.write_all(&bytes[..len]).await.is_err() {
            return;
        }
    }
}

/// With TLS 1.3 Davy may speak before a receiver has said that it wants to know who speaks; in syslog nobody says that they took it.
#[tokio::test]
async fn what_is_sent_to_a_far_receiver_before_it_turns_davy_away_is_not_delivered() {
    let (plant, authority) = (Plant::new(), Authority::new("Plant"));
    let wants_to_know = authority.signs(NAME).acceptor_for(Some(&authority));
    let mut stand = Stand::new(Speech::Syslog, Some(wants_to_know)).await;
    let tls = tls_client(authority.pem().as_bytes()).unwrap();
    let exit = exit(&plant, Speech::Syslog, far(stand.port).await, tls);
    let running = plant.run_with(exit, Wanted::default()).await;
    plant.alarms(2);
    let told = || running.exits.trouble(running.door()).map(|(_, told)| told);
    running.until(|_| told().is_some_and(|told| told.contains("CertificateRequired"))).await;
    assert_eq!((running.door().health.figures().delivered, stand.taken()), (0, Vec::new()));

    stand.shows(Some(authority.signs(NAME).acceptor())).await;
    running.exits.resume(running.door()).await.unwrap();
    // On its way when Davy is done with it.
    running.until(|_| stand.taken() == plant.ids(1..=2)).await;
    assert_eq!(told(), None);
    running.stop().await;
}
