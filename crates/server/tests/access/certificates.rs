//! A machine that is known by its certificate.

use std::{fs, path::Path};

use davy_proto::v1::{SessionServiceWhoAmIRequest, SystemServiceGetStatusRequest};
use davy_server::{
    Config, Flags, Server,
    rpc::v1::{session_service_client::SessionServiceClient, system_service_client::SystemServiceClient},
};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
};
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint, Identity};

type Authority = CertifiedIssuer<'static, KeyPair>;

fn authority() -> Authority {
    let mut params = CertificateParams::new(Vec::new()).expect("no names");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().expect("a key")).expect("a certificate")
}

fn pair(authority: &Authority, name: &str, purpose: ExtendedKeyUsagePurpose) -> (String, String) {
    let mut params = CertificateParams::new(vec![name.to_owned()]).expect("a name");
    params.distinguished_name.push(DnType::CommonName, name);
    params.extended_key_usages = vec![purpose];
    let key = KeyPair::generate().expect("a key");
    (params.signed_by(&key, authority).expect("signed").pem(), key.serialize_pem())
}

/// All by files, as whoever runs Davy has it.
fn configured(folder: &Path, authority: &Authority) -> Config {
    let write = |name: &str, text: &str| fs::write(folder.join(name), text).expect("written");
    for site in ["park", "mine"] {
        fs::create_dir_all(folder.join(site)).expect("a folder");
        write(&format!("{site}/site.yaml"), &format!("site: {site}\n"));
        write(&format!("{site}/tags.csv"), "tag,quantity\nT,number\n");
    }
    let (chain, key) = pair(authority, "localhost", ExtendedKeyUsagePurpose::ServerAuth);
    write("server.pem", &chain);
    write("server.key", &key);
    write("ca.pem", &authority.pem());
    write(
        "accounts.toml",
        "[[account]]\nname = \"scada\"\ncertificate = \"scada.park\"\ngrants = [{ role = \"viewer\", scope = \"370000/370500\" }]\n",
    );
    write(
        "davy.toml",
        "sites = [\"park\", \"mine\"]\n[canary]\nenabled = false\n[door]\nlisten = \"127.0.0.1:0\"\n\
         [http]\nlisten = \"127.0.0.1:0\"\ntls_listen = \"127.0.0.1:0\"\ncertificate_file = \"server.pem\"\n\
         key_file = \"server.key\"\nclient_ca_file = \"ca.pem\"\nclient_certificate = \"optional\"\n\
         [tree]\npark = \"370000/370500\"\nmine = \"370000/370600\"\n[access]\naccounts_file = \"accounts.toml\"\n",
    );
    Config::load(Some(&folder.join("davy.toml")), &Flags::default()).expect("it is sound")
}

async fn dial(server: &Server, authority: &Authority, pair: Option<(String, String)>) -> Channel {
    let url = format!("https://localhost:{}", server.https_addr().expect("it has TLS").port());
    let tls = ClientTlsConfig::new().ca_certificate(Certificate::from_pem(authority.pem()));
    let tls = match pair {
        Some((chain, key)) => tls.identity(Identity::from_pem(chain, key)),
        None => tls,
    };
    let endpoint = Endpoint::from_shared(url).expect("an address").tls_config(tls).expect("sound");
    endpoint.connect().await.expect("it listens")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_certificate_gives_its_accounts_rights_and_a_strangers_none() {
    let folder = tempfile::tempdir().expect("a folder");
    let authority = authority();
    let server = Server::start(configured(folder.path(), &authority)).await.expect("it starts");
    let client = |name: &str| Some(pair(&authority, name, ExtendedKeyUsagePurpose::ClientAuth));
    let scada = dial(&server, &authority, client("scada.park")).await;
    let me = SessionServiceClient::new(scada.clone()).who_am_i(SessionServiceWhoAmIRequest {}).await;
    let me = me.expect("known").into_inner();
    assert_eq!((me.name.as_str(), me.kind.as_str()), ("scada", "machine"));
    let told = SystemServiceClient::new(scada.clone()).get_status(SystemServiceGetStatusRequest {}).await;
    let sites: Vec<String> =
        told.expect("told").into_inner().sites.into_iter().map(|site| site.site).collect();
    assert_eq!(sites, ["park"]);
    // Whoever shows a token that is wrong is not let in by their certificate instead.
    let mut request = tonic::Request::new(SessionServiceWhoAmIRequest {});
    request.metadata_mut().insert("authorization", "Bearer wrong".parse().expect("a header"));
    let refused = SessionServiceClient::new(scada).who_am_i(request).await.expect_err("refused");
    assert_eq!(refused.code(), tonic::Code::Unauthenticated);
    for (what, pair) in [("genuine, and nobody's", client("stranger.park")), ("none", None)] {
        let channel = dial(&server, &authority, pair).await;
        let answer = SessionServiceClient::new(channel).who_am_i(SessionServiceWhoAmIRequest {}).await;
        assert_eq!(answer.expect_err(what).code(), tonic::Code::Unauthenticated, "{what}");
    }
}
