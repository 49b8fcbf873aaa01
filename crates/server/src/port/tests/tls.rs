//! TLS at the port: who gets in, who does not, and certificates that change under whoever is connected.

use std::{fs, path::Path};

use rcgen::{ExtendedKeyUsagePurpose, SerialNumber, date_time_ymd};
use rustls::{ALL_VERSIONS, SupportedProtocolVersion, version};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName, pem::PemObject};
use tokio_rustls::{TlsConnector, client::TlsStream};

use super::{
    authority::{Authority, Identity},
    *,
};
use crate::certificates::{ClientCertificate, ServedCertificate, TlsFiles};

/// The revoked client's serial number.
const REVOKED: u64 = 666;

struct Plant {
    folder: tempfile::TempDir,
    authority: Authority,
}

impl Plant {
    fn new() -> Plant {
        let plant = Plant { folder: tempfile::tempdir().expect("a folder"), authority: Authority::new() };
        plant.authority.server().write(plant.folder.path(), "server");
        fs::write(plant.path().join("ca.pem"), plant.authority.pem()).expect("written");
        fs::write(plant.path().join("crl.pem"), plant.authority.list(&[REVOKED])).expect("written");
        plant
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn served(&self, client_certificate: ClientCertificate, tls_1_2: bool) -> Arc<ServedCertificate> {
        let asked = client_certificate != ClientCertificate::None;
        let files = TlsFiles {
            certificate: self.path().join("server.pem"),
            key: self.path().join("server.key"),
            client_ca: asked.then(|| self.path().join("ca.pem")),
            revoked: asked.then(|| self.path().join("crl.pem")),
            client_certificate,
            tls_1_2,
            protocols: &[b"h2", b"http/1.1"],
        };
        Arc::new(ServedCertificate::open("http", files).expect("good files"))
    }

    async fn dial(&self, open: &Open, identity: Option<&Identity>) -> std::io::Result<TlsStream<TcpStream>> {
        dial(open, &self.authority, identity, ALL_VERSIONS).await
    }
}

async fn dial(
    open: &Open,
    trusted: &Authority,
    identity: Option<&Identity>,
    versions: &[&'static SupportedProtocolVersion],
) -> std::io::Result<TlsStream<TcpStream>> {
    let mut roots = rustls::RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(trusted.pem().as_bytes()).expect("PEM")).expect("a root");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = rustls::ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(versions)
        .expect("versions")
        .with_root_certificates(roots);
    let config = match identity {
        None => builder.with_no_client_auth(),
        Some(Identity { chain, key }) => {
            let chain = vec![CertificateDer::from_pem_slice(chain.as_bytes()).expect("PEM")];
            let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).expect("PEM");
            builder.with_client_auth_cert(chain, key).expect("they fit")
        }
    };
    let name = ServerName::try_from("localhost").expect("a name");
    TlsConnector::from(Arc::new(config)).connect(name, open.dial().await).await
}

/// What the port says of whoever asks; `None` when it does not let them in.
async fn asks(stream: std::io::Result<TlsStream<TcpStream>>) -> Option<String> {
    let mut stream = stream.ok()?;
    stream.write_all(b"GET /who HTTP/1.1\r\nhost: davy\r\nconnection: close\r\n\r\n").await.ok()?;
    let mut came = Vec::new();
    // In TLS 1.3 the client learns only here that it is not let in.
    timeout(LONG, stream.read_to_end(&mut came)).await.expect("in time").ok()?;
    let text = String::from_utf8(came).expect("text");
    let body = text.starts_with("HTTP/1.1 200").then(|| text.split_once("\r\n\r\n"))??;
    Some(body.1.to_owned())
}

fn shown(stream: &TlsStream<TcpStream>) -> CertificateDer<'static> {
    stream.get_ref().1.peer_certificates().expect("shown")[0].clone().into_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tls_1_3_is_spoken_and_1_2_only_where_it_is_asked_for() {
    let plant = Plant::new();
    for tls_1_2 in [false, true] {
        let served = plant.served(ClientCertificate::None, tls_1_2);
        let open = Open::by(PortLimits::default(), Some(served.current())).await;
        assert_eq!(asks(plant.dial(&open, None).await).await.as_deref(), Some("tls=true none"));
        let old = dial(&open, &plant.authority, None, &[&version::TLS12]).await;
        assert_eq!(old.is_ok(), tls_1_2);
        let stranger = dial(&open, &Authority::new(), None, ALL_VERSIONS).await;
        assert!(stranger.is_err(), "a client that does not know the authority does not go on");
        open.until_refused(Refused::Handshake, if tls_1_2 { 1 } else { 2 }).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_is_let_in_by_a_certificate_that_holds_and_by_no_other() {
    use ExtendedKeyUsagePurpose::{ClientAuth, ServerAuth};
    let plant = Plant::new();
    let authority = &plant.authority;
    let over = authority.issue("over", ClientAuth, |params| {
        params.not_before = date_time_ymd(2020, 1, 1);
        params.not_after = date_time_ymd(2021, 1, 1);
    });
    let early = authority.issue("early", ClientAuth, |params| params.not_before = date_time_ymd(2999, 1, 1));
    let revoked = authority.issue("revoked", ClientAuth, |params| {
        params.serial_number = Some(SerialNumber::from(REVOKED));
    });
    let console = authority.client("console-1");
    let wrong_purpose = authority.issue("server", ServerAuth, |_| {});
    let foreign = Authority::new().client("console-1");
    let known = "tls=true console-1,console-1";
    for (who, identity, optional, required) in [
        ("one that holds", Some(&console), Some(known), Some(known)),
        ("none", None, Some("tls=true none"), None),
        ("one that is over", Some(&over), None, None),
        ("one that has not begun", Some(&early), None, None),
        ("one that was revoked", Some(&revoked), None, None),
        ("a server's", Some(&wrong_purpose), None, None),
        ("another authority's", Some(&foreign), None, None),
    ] {
        for (asked, due) in [(ClientCertificate::Optional, optional), (ClientCertificate::Required, required)]
        {
            let served = plant.served(asked, false);
            let open = Open::by(PortLimits::default(), Some(served.current())).await;
            assert_eq!(asks(plant.dial(&open, identity).await).await.as_deref(), due, "{who}, {asked:?}");
            open.until_refused(Refused::Handshake, u64::from(due.is_none())).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_peer_that_does_not_shake_hands_is_closed() {
    let plant = Plant::new();
    let served = plant.served(ClientCertificate::None, false);
    let limits = PortLimits { handshake_timeout: SHORT, ..PortLimits::default() };
    let open = Open::by(limits, Some(served.current())).await;
    let mut silent = open.dial().await;
    let mut plain = open.dial().await;
    plain.write_all(b"GET /quick HTTP/1.1\r\nhost: davy\r\n\r\n").await.expect("sent");
    assert!(asks(plant.dial(&open, None).await).await.is_some(), "beside them");
    rest(&mut plain).await;
    rest(&mut silent).await;
    open.until_refused(Refused::Handshake, 2).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn certificates_change_under_load_and_no_stream_is_cut() {
    const TIMES: usize = 20;
    let plant = Plant::new();
    let served = plant.served(ClientCertificate::None, false);
    let open = Open::by(PortLimits::default(), Some(served.current())).await;
    let mut standing = plant.dial(&open, None).await.expect("let in");
    standing.write_all(b"GET /davy.v1.T/Ticks HTTP/1.1\r\nhost: davy\r\n\r\n").await.expect("sent");
    let mut before = shown(&standing);
    for _ in 0..TIMES {
        plant.authority.server().write(plant.path(), "server");
        let answers = [asks(plant.dial(&open, None).await).await, {
            served.look(false);
            asks(plant.dial(&open, None).await).await
        }];
        assert!(answers.iter().all(Option::is_some), "{answers:?}");
        let now = shown(&plant.dial(&open, None).await.expect("let in"));
        assert_ne!(now, before, "whoever comes later sees the new one");
        before = now;
        // What was connected before all of them still hears.
        standing.read_exact(&mut [0; 5]).await.expect("the stream stands");
    }
    assert_eq!(served.counts(), (TIMES as u64, 0));
    assert_eq!(open.stats.refused(Refused::Handshake), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pair_that_is_no_good_changes_nothing_and_is_told_once_it_lasts() {
    let plant = Plant::new();
    let served = plant.served(ClientCertificate::Required, false);
    let open = Open::by(PortLimits::default(), Some(served.current())).await;
    let console = plant.authority.client("console-1");
    let (old, new) = (plant.authority.server(), plant.authority.server());
    old.write(plant.path(), "server");
    served.look(true);
    // The certificate is written, its key is not yet.
    fs::write(plant.path().join("server.pem"), &new.chain).expect("written");
    served.look(false);
    assert_eq!(served.trouble(), None, "one look may be between two writes");
    served.look(false);
    assert!(served.trouble().expect("it lasts").contains("keys may not be consistent"));
    served.look(false);
    assert_eq!(served.counts(), (1, 1), "told once");
    assert!(asks(plant.dial(&open, Some(&console)).await).await.is_some(), "the one before is served on");
    fs::write(plant.path().join("server.key"), &new.key).expect("written");
    served.look(false);
    assert_eq!((served.trouble(), served.counts()), (None, (2, 1)));
    fs::remove_file(plant.path().join("crl.pem")).expect("removed");
    served.look(true);
    assert!(served.trouble().expect("told").contains("crl.pem"));
    // A list with the console in it is for whoever connects next.
    let revoked = plant.authority.issue("console-2", ExtendedKeyUsagePurpose::ClientAuth, |params| {
        params.serial_number = Some(SerialNumber::from(7_u64));
    });
    assert!(asks(plant.dial(&open, Some(&revoked)).await).await.is_some());
    fs::write(plant.path().join("crl.pem"), plant.authority.list(&[REVOKED, 7])).expect("written");
    served.look(false);
    assert_eq!(served.trouble(), None);
    assert!(asks(plant.dial(&open, Some(&revoked)).await).await.is_none());
    assert!(asks(plant.dial(&open, Some(&console)).await).await.is_some());
}
