//! A whole Davy with TLS: gRPC by it, what it says of a certificate that ends, and a new one that is taken without a restart.

use std::{fs, path::Path, time::Duration};

use davy_proto::v1::{AlarmServiceListRequest, Condition, SystemServiceGetStatusRequest};
use davy_server::{
    Config, Flags, Server,
    rpc::v1::{alarm_service_client::AlarmServiceClient, system_service_client::SystemServiceClient},
};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, date_time_ymd};
use tempfile::TempDir;
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint};

type Authority = CertifiedIssuer<'static, KeyPair>;

fn authority() -> Authority {
    let mut params = CertificateParams::new(Vec::new()).expect("no names");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().expect("a key")).expect("a certificate")
}

/// A pair for localhost that ends in that year.
fn write_pair(folder: &Path, authority: &Authority, ends_in: i32) {
    let mut params = CertificateParams::new(vec!["localhost".to_owned()]).expect("a name");
    params.not_after = date_time_ymd(ends_in, 1, 1);
    let key = KeyPair::generate().expect("a key");
    let certificate = params.signed_by(&key, authority).expect("signed");
    fs::write(folder.join("server.pem"), certificate.pem()).expect("written");
    fs::write(folder.join("server.key"), key.serialize_pem()).expect("written");
}

/// A configuration of one's own, with a site in it, and more under `[http]`.
fn configured(folder: &Path, http: &str) -> Result<Config, Vec<String>> {
    let site = folder.join("park");
    fs::create_dir_all(&site).expect("a folder");
    fs::write(site.join("site.yaml"), "site: park\n").expect("written");
    fs::write(site.join("tags.csv"), "tag,quantity\nT,number\n").expect("written");
    let text = format!(
        "sites = [\"park\"]\n[canary]\nenabled = false\n[heartbeat]\nevery = \"100ms\"\n[door]\nlisten = \"127.0.0.1:0\"\n\
         [http]\nlisten = \"127.0.0.1:0\"\n{http}"
    );
    fs::write(folder.join("davy.toml"), text).expect("written");
    let config = Config::load(Some(&folder.join("davy.toml")), &Flags::default());
    config.map_err(|problems| problems.iter().map(ToString::to_string).collect())
}

const PAIR: &str =
    "tls_listen = \"127.0.0.1:0\"\ncertificate_file = \"server.pem\"\nkey_file = \"server.key\"\n";

async fn dial(server: &Server, authority: &Authority) -> Result<Channel, tonic::transport::Error> {
    let url = format!("https://localhost:{}", server.https_addr().expect("it has TLS").port());
    let tls = ClientTlsConfig::new().ca_certificate(Certificate::from_pem(authority.pem()));
    Endpoint::from_shared(url)?.tls_config(tls)?.connect().await
}

/// What Davy's own alarms that are active are about.
async fn faults(server: &Server) -> Vec<String> {
    let channel = Endpoint::from_shared(format!("http://{}", server.http_addr())).expect("an address");
    let mut alarms = AlarmServiceClient::new(channel.connect().await.expect("it listens"));
    let listed = alarms.list(AlarmServiceListRequest::default()).await.expect("answered").into_inner().alarms;
    let active = listed.into_iter().filter(|alarm| alarm.rule == "davy-fault");
    active.filter(|alarm| alarm.condition() == Condition::Active).map(|alarm| alarm.subject).collect()
}

async fn until_faults(server: &Server, due: &[&str]) {
    let end = std::time::Instant::now() + Duration::from_secs(30);
    loop {
        let faults = faults(server).await;
        if faults == due {
            return;
        }
        assert!(std::time::Instant::now() < end, "{faults:?} instead of {due:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_certificate_that_has_ended_is_an_alarm_until_a_new_one_is_put_into_its_place() {
    let folder: TempDir = tempfile::tempdir().expect("a folder");
    let authority = authority();
    write_pair(folder.path(), &authority, 2020);
    let server = Server::start(configured(folder.path(), PAIR).expect("good")).await.expect("it starts");
    until_faults(&server, &["certificate-http"]).await;
    assert!(dial(&server, &authority).await.is_err(), "clients look at the date too");
    write_pair(folder.path(), &authority, 2999);
    server.reload().await.expect("the sites' files are what they were");
    let mut system = SystemServiceClient::new(dial(&server, &authority).await.expect("encrypted"));
    let status = system.get_status(SystemServiceGetStatusRequest {}).await.expect("answered").into_inner();
    assert_eq!(status.sites[0].site, "park");
    until_faults(&server, &[]).await;
    fs::write(folder.path().join("server.key"), "no key").expect("written");
    server.reload().await.expect("the sites' files are what they were");
    until_faults(&server, &["certificate-http-files"]).await;
    assert!(dial(&server, &authority).await.is_ok(), "the one before is served on");
    server.shutdown().await;
}

#[test]
fn what_would_let_everybody_in_or_nobody_is_refused_with_its_key() {
    let folder = tempfile::tempdir().expect("a folder");
    write_pair(folder.path(), &authority(), 2999);
    let wider = PAIR.replace("127.0.0.1:0", "0.0.0.0:8443");
    for (http, says) in [
        (PAIR.to_owned(), ""),
        (format!("{wider}[access]\naccounts_file = \"accounts.toml\"\n"), ""),
        (wider, "http.tls_listen: only a loopback address without [access]"),
        ("tls_listen = \"127.0.0.1:0\"\n".to_owned(), "TLS needs http.certificate_file"),
        (format!("{PAIR}client_certificate = \"required\"\n"), "TLS needs http.client_ca_file"),
        (format!("{PAIR}client_revoked_file = \"crl.pem\"\n"), "http.client_revoked_file means nothing"),
        (PAIR.replace("server.key", "server.pem"), "private key"),
        (PAIR.replace("server.pem", "none.pem"), "none.pem"),
        ("connections_max = 0\n".to_owned(), "http.connections_max"),
        ("allowed_origins = [\"https://a.example/path\"]\n".to_owned(), "http.allowed_origins"),
        ("allowed_origins = [\"*\"]\n".to_owned(), "http.allowed_origins"),
    ] {
        let found = configured(folder.path(), &http).err().unwrap_or_default().join("\n");
        assert!(found.contains(says) && found.is_empty() == says.is_empty(), "{http}\n{found}");
    }
    let plain = configured(folder.path(), "").expect("good");
    assert!(plain.memory_max_bytes() > plain.port.limits.memory_max_bytes());
}
