//! TLS, with and without a client's certificate.

use std::sync::Arc;
use std::time::Duration;

use davy_door::tls::{ClientCertificates, Current, Material, TlsError, server_config};
use davy_door::{Config, Door, Listen, Version};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::handler::{Fake, Receipts, config, open_with};
use crate::packets::{connect, publish};
use crate::raw::{Raw, dial};

struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
}

struct Identity {
    chain_pem: String,
    key_pem: String,
}

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).expect("no names");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("a key");
        Self { issuer: CertifiedIssuer::self_signed(params, key).expect("a certificate") }
    }

    fn pem(&self) -> String {
        self.issuer.pem()
    }

    fn issue(&self, name: &str) -> Identity {
        let key = KeyPair::generate().expect("a key");
        let params = CertificateParams::new(vec![name.to_owned()]).expect("a name");
        let certificate = params.signed_by(&key, &self.issuer).expect("a certificate");
        Identity { chain_pem: certificate.pem(), key_pem: key.serialize_pem() }
    }
}

fn material<'a>(own: &'a Identity, clients: ClientCertificates<'a>) -> Material<'a> {
    Material {
        chain_pem: own.chain_pem.as_bytes(),
        key_pem: own.key_pem.as_bytes(),
        clients,
        revoked_pem: None,
        tls_1_2: false,
        protocols: &[],
    }
}

fn door(authority: &Authority, clients: ClientCertificates<'_>) -> (Door<Fake>, Arc<Fake>) {
    let own = authority.issue("localhost");
    let tls = server_config(&material(&own, clients)).expect("TLS");
    let addr = ([127, 0, 0, 1], 0).into();
    let listen = vec![Listen { addr, tls: Some(Current::new(tls)) }, Listen { addr, tls: None }];
    open_with(Receipts::Commit, Config { listen, connect_timeout: Duration::from_secs(1), ..config() })
}

async fn secure(
    door: &Door<Fake>,
    authority: &Authority,
    identity: Option<&Identity>,
) -> std::io::Result<Raw<TlsStream<TcpStream>>> {
    secure_by(door, authority, identity, rustls::ALL_VERSIONS).await
}

async fn secure_by(
    door: &Door<Fake>,
    authority: &Authority,
    identity: Option<&Identity>,
    versions: &[&'static rustls::SupportedProtocolVersion],
) -> std::io::Result<Raw<TlsStream<TcpStream>>> {
    let mut roots = rustls::RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(authority.pem().as_bytes()).expect("PEM")).expect("a root");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = rustls::ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(versions)
        .expect("versions")
        .with_root_certificates(roots);
    let config = match identity {
        None => builder.with_no_client_auth(),
        Some(identity) => {
            let chain = CertificateDer::from_pem_slice(identity.chain_pem.as_bytes()).expect("PEM");
            let key = PrivateKeyDer::from_pem_slice(identity.key_pem.as_bytes()).expect("PEM");
            builder.with_client_auth_cert(vec![chain], key).expect("they fit")
        }
    };
    let stream = TcpStream::connect(door.local_addr()).await?;
    let name = ServerName::try_from("localhost").expect("a name");
    let stream = TlsConnector::from(Arc::new(config)).connect(name, stream).await?;
    Ok(Raw { stream })
}

#[tokio::test]
async fn a_client_without_a_certificate_is_served_and_said_to_have_none() {
    let authority = Authority::new();
    for clients in [ClientCertificates::None, ClientCertificates::Optional(authority.pem().as_bytes())] {
        let (door, fake) = door(&authority, clients);
        let mut gateway = secure(&door, &authority, None).await.expect("a handshake");
        gateway.connect(&connect(Version::V5, "g")).await;
        gateway.send(publish(Version::V5, 1, "t", vec![b'x'; 100_000])).await;
        gateway.expect_pubacks([1]).await;
        let peer = fake.peers.lock()[0].clone();
        assert!(peer.tls && peer.certificates.is_empty());
    }
}

#[tokio::test]
async fn a_client_is_known_by_its_certificate() {
    let authority = Authority::new();
    let gateway = authority.issue("gateway-7");
    let pem = authority.pem();
    for clients in
        [ClientCertificates::Optional(pem.as_bytes()), ClientCertificates::Required(pem.as_bytes())]
    {
        let (door, fake) = door(&authority, clients);
        let mut raw = secure(&door, &authority, Some(&gateway)).await.expect("a handshake");
        raw.connect(&connect(Version::V3, "g")).await;
        let shown = fake.peers.lock()[0].certificates.clone();
        assert_eq!(shown, [CertificateDer::from_pem_slice(gateway.chain_pem.as_bytes()).expect("PEM")]);
    }
}

#[tokio::test]
async fn a_missing_or_foreign_certificate_stays_outside() {
    let authority = Authority::new();
    let stranger = Authority::new().issue("gateway-7");
    let (door, fake) = door(&authority, ClientCertificates::Required(authority.pem().as_bytes()));
    for identity in [None, Some(&stranger)] {
        // In TLS 1.3 the client learns of it only when it reads.
        if let Ok(mut raw) = secure(&door, &authority, identity).await {
            let _ = tokio::io::AsyncWriteExt::write_all(&mut raw.stream, &connect(Version::V3, "g").bytes())
                .await;
            assert!(raw.rest().await.is_empty());
        }
    }
    assert!(fake.told().is_empty());
    assert_eq!(door.stats().tls_failed, 2);
}

#[tokio::test]
async fn a_silent_or_plain_peer_on_the_tls_port_is_closed_and_holds_nobody_up() {
    let authority = Authority::new();
    let (door, _fake) = door(&authority, ClientCertificates::None);
    let mut silent = dial(&door).await;
    let mut plain = dial(&door).await;
    plain.send(connect(Version::V3, "g").bytes()).await;
    let mut good = secure(&door, &authority, None).await.expect("a handshake beside the silent one");
    good.connect(&connect(Version::V3, "good")).await;
    // A TLS alert may come first.
    plain.rest().await;
    silent.rest().await;
    assert_eq!((door.stats().tls_failed, door.stats().connections), (2, 1));
}

#[tokio::test]
async fn one_identifier_is_one_client_on_both_sockets() {
    let authority = Authority::new();
    let (door, _fake) = door(&authority, ClientCertificates::None);
    let mut secure = secure(&door, &authority, None).await.expect("a handshake");
    secure.connect(&connect(Version::V5, "g")).await;
    let mut plain = Raw { stream: TcpStream::connect(door.local_addrs()[1]).await.expect("listens") };
    plain.connect(&connect(Version::V5, "g")).await;
    assert_eq!(secure.rest().await, [0xE0, 1, 0x8E]);
}

#[tokio::test]
async fn tls_1_2_is_spoken_where_it_is_asked_for_and_nowhere_else() {
    let authority = Authority::new();
    let own = authority.issue("localhost");
    for tls_1_2 in [false, true] {
        let spoken = Material { tls_1_2, ..material(&own, ClientCertificates::None) };
        let tls = Current::new(server_config(&spoken).expect("TLS"));
        let listen = vec![Listen { addr: ([127, 0, 0, 1], 0).into(), tls: Some(tls) }];
        let (door, _fake) = open_with(Receipts::Commit, Config { listen, ..config() });
        let old = secure_by(&door, &authority, None, &[&rustls::version::TLS12]).await;
        assert_eq!(old.is_ok(), tls_1_2);
        assert!(secure(&door, &authority, None).await.is_ok());
    }
}

#[tokio::test]
async fn a_certificate_that_is_changed_is_for_whoever_comes_later() {
    let authority = Authority::new();
    let tls =
        || server_config(&material(&authority.issue("localhost"), ClientCertificates::None)).expect("TLS");
    let current = Current::new(tls());
    let listen = vec![Listen { addr: ([127, 0, 0, 1], 0).into(), tls: Some(current.clone()) }];
    let (door, _fake) = open_with(Receipts::Commit, Config { listen, ..config() });
    let shown =
        |raw: &Raw<TlsStream<TcpStream>>| raw.stream.get_ref().1.peer_certificates().expect("shown").to_vec();
    let mut before = secure(&door, &authority, None).await.expect("a handshake");
    before.connect(&connect(Version::V5, "before")).await;
    current.set(tls());
    let after = secure(&door, &authority, None).await.expect("a handshake");
    assert_ne!(shown(&before), shown(&after));
    before.send(publish(Version::V5, 1, "t", b"still here")).await;
    before.expect_pubacks([1]).await;
}

#[test]
fn bad_pem_is_named() {
    let authority = Authority::new();
    let own = authority.issue("localhost");
    let (chain, key) = (own.chain_pem.as_bytes(), own.key_pem.as_bytes());
    let other_key = authority.issue("localhost").key_pem;
    let cases: [(&[u8], &[u8], ClientCertificates<'_>, &str); 5] = [
        (b"", key, ClientCertificates::None, "certificate chain: no certificate in it"),
        (chain, b"", ClientCertificates::None, "private key: "),
        (chain, chain, ClientCertificates::None, "private key: "),
        (chain, key, ClientCertificates::Required(b""), "client certificate authorities: no certificate"),
        (chain, other_key.as_bytes(), ClientCertificates::None, "keys may not be consistent"),
    ];
    for (chain, key, clients, says) in cases {
        let bad = Material { chain_pem: chain, key_pem: key, ..material(&own, clients) };
        let error: TlsError = server_config(&bad).expect_err(says);
        assert!(error.to_string().contains(says), "{error} does not say {says}");
    }
}
