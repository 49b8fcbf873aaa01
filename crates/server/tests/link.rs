//! A link over TLS, between Davys that know each other by certificates.

use std::{fs, path::Path, time::Duration};

use davy_access::token_hash;
use davy_proto::v1::{
    AlarmServiceAcknowledgeRequest, AlarmServiceListTransitionsRequest, Alert, AlertServiceSubscribeRequest,
    AlertServiceSubscribeResponse, CommandTarget, GapReason, Heartbeat, LinkBeat, LinkHello,
    LinkServiceForwardRequest, LinkServiceGetTreeRequest, LinkSite, LowerDavy, SystemServiceGetStatusRequest,
    UpperDavy, alert_service_subscribe_request::Start, alert_service_subscribe_response::Event,
    link_service_forward_request::Brought,
};
use davy_server::{
    Config, Flags, Server,
    rpc::v1::{
        alarm_service_client::AlarmServiceClient, alert_service_client::AlertServiceClient,
        link_service_client::LinkServiceClient, system_service_client::SystemServiceClient,
    },
};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
};
use tonic::{Request, transport::Endpoint};

type Authority = CertifiedIssuer<'static, KeyPair>;

fn authority() -> Authority {
    let mut params = CertificateParams::new(Vec::new()).expect("no names");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().expect("a key")).expect("a certificate")
}

/// Writes `NAME.pem` and `NAME.key`.
fn certify(folder: &Path, authority: &Authority, name: &str, purpose: ExtendedKeyUsagePurpose) {
    let mut params = CertificateParams::new(vec![name.to_owned()]).expect("a name");
    params.distinguished_name.push(DnType::CommonName, name);
    params.extended_key_usages = vec![purpose];
    let key = KeyPair::generate().expect("a key");
    write(folder, &format!("{name}.pem"), &params.signed_by(&key, authority).expect("signed").pem());
    write(folder, &format!("{name}.key"), &key.serialize_pem());
}

fn write(folder: &Path, name: &str, text: &str) {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
    fs::write(path, text).expect("written");
}

/// A Davy with these sites.
async fn serve(folder: &Path, sites: &[&str], more: &str) -> Server {
    for site in sites {
        write(folder, &format!("{site}/site.yaml"), &format!("site: {site}\n"));
        write(folder, &format!("{site}/tags.csv"), "tag,quantity\nT,number\n");
    }
    let text = format!(
        "sites = {sites:?}\n[canary]\nenabled = false\n[door]\nlisten = \"127.0.0.1:0\"\n[http]\nlisten = \"127.0.0.1:0\"\n{more}"
    );
    write(folder, "davy.toml", &text);
    let config = Config::load(Some(&folder.join("davy.toml")), &Flags::default()).expect("it is sound");
    Server::start(config).await.expect("it starts")
}

/// The city, which knows a park by its certificate: `park` and `jetty` may come, and the account's role reaches `park` alone.
async fn city(folder: &Path, authority: &Authority) -> Server {
    certify(folder, authority, "localhost", ExtendedKeyUsagePurpose::ServerAuth);
    write(folder, "ca.pem", &authority.pem());
    let account = |name: &str, scope: &str| {
        format!(
            "[[account]]\nname = \"{name}\"\ncertificate = \"{name}.example\"\ngrants = [{{ role = \"link\", scope = \"{scope}\" }}]\n"
        )
    };
    write(
        folder,
        "accounts.toml",
        &format!(
            "{}{}{}{}",
            account("park-7", "370000/370500"),
            account("stranger", "*"),
            viewer("everywhere", "*"),
            viewer("harbour", "370000/370600"),
        ),
    );
    let more = "tls_listen = \"127.0.0.1:0\"\ncertificate_file = \"localhost.pem\"\nkey_file = \"localhost.key\"\n\
        client_ca_file = \"ca.pem\"\nclient_certificate = \"optional\"\n[access]\naccounts_file = \"accounts.toml\"\n\
        [tree]\npark = \"370000/370500\"\njetty = \"370000/370600\"\n\
        [[lower]]\nname = \"park-7\"\nsites = [\"park\", \"jetty\"]\n";
    serve(folder, &["city"], more).await
}

/// An account that looks on, and shows its name as its token.
fn viewer(name: &str, scope: &str) -> String {
    by_token(name, "viewer", scope)
}

/// An account that shows its name as its token.
fn by_token(name: &str, role: &str, scope: &str) -> String {
    let hash: String = token_hash(name.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
    format!(
        "[[account]]\nname = \"{name}\"\ntoken_sha256 = \"{hash}\"\ngrants = [{{ role = \"{role}\", scope = \"{scope}\" }}]\n"
    )
}

/// A park that calls the city with the certificate of that name.
async fn park(folder: &Path, city: &Server, ca: &Authority, whose: &str) -> Server {
    write(folder, "city-ca.pem", &ca.pem());
    let port = city.https_addr().expect("it has TLS").port();
    let own = match whose {
        "" => String::new(),
        name => format!("certificate_file = \"{name}.pem\"\nkey_file = \"{name}.key\"\n"),
    };
    let more = format!(
        "[link]\nurl = \"https://localhost:{port}\"\nca_file = \"city-ca.pem\"\nname = \"park-7\"\n{own}"
    );
    serve(folder, &["park", "jetty"], &more).await
}

/// How the link of a park stands, once that is as wanted.
async fn upper(park: &Server, wanted: impl Fn(&UpperDavy) -> bool) -> UpperDavy {
    let endpoint = Endpoint::from_shared(format!("http://{}", park.http_addr())).expect("an address");
    let mut client = LinkServiceClient::new(endpoint.connect().await.expect("it listens"));
    let mut last = UpperDavy::default();
    for _ in 0..200 {
        let tree = client.get_tree(LinkServiceGetTreeRequest {}).await.expect("a tree").into_inner();
        last = tree.upper.expect("one is configured");
        if wanted(&last) {
            return last;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("never as wanted: {last:?}");
}

/// The Davys below a city, as a viewer's status tells.
async fn lowers(city: &Server, viewer: &str) -> Vec<LowerDavy> {
    let endpoint = Endpoint::from_shared(format!("http://{}", city.http_addr())).expect("an address");
    let mut client = SystemServiceClient::new(endpoint.connect().await.expect("it listens"));
    let mut request = Request::new(SystemServiceGetStatusRequest {});
    request.metadata_mut().insert("authorization", format!("Bearer {viewer}").parse().expect("a header"));
    client.get_status(request).await.expect("a status").into_inner().lowers
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_known_by_a_certificate_brings_what_lies_in_the_scope_and_nobody_else_brings_anything() {
    let (ours, theirs) = (authority(), authority());
    let folder = tempfile::tempdir().expect("a folder");
    let city = city(folder.path(), &ours).await;
    let good = tempfile::tempdir().expect("a folder");
    certify(good.path(), &ours, "park-7.example", ExtendedKeyUsagePurpose::ClientAuth);
    let known = park(good.path(), &city, &ours, "park-7.example").await;
    let stands = upper(&known, |upper| upper.connected).await;
    let [refused] = &stands.refused[..] else { panic!("{stands:?}") };
    assert_eq!(refused.site, "jetty");
    assert!(refused.refused.contains("does not reach its place"), "{refused:?}");

    for (what, signed_by, whose, says) in [
        ("shows nothing", &ours, "", "log in, or show a token"),
        ("is not in [[lower]]", &ours, "stranger.example", "no lower Davy is called stranger"),
        ("has no account", &ours, "nobody.example", "log in, or show a token"),
        ("is another authority's", &theirs, "park-7.example", ""),
    ] {
        let folder = tempfile::tempdir().expect("a folder");
        if !whose.is_empty() {
            certify(folder.path(), signed_by, whose, ExtendedKeyUsagePurpose::ClientAuth);
        }
        let unknown = park(folder.path(), &city, &ours, whose).await;
        let stands = upper(&unknown, |upper| upper.why != "not called yet").await;
        assert!(!stands.connected && stands.why.contains(says), "{what}: {stands:?}");
        unknown.shutdown().await;
    }
    // A city that is not who it says it is, is told nothing.
    let folder = tempfile::tempdir().expect("a folder");
    certify(folder.path(), &theirs, "park-7.example", ExtendedKeyUsagePurpose::ClientAuth);
    let deceived = park(folder.path(), &city, &theirs, "park-7.example").await;
    let stands = upper(&deceived, |upper| upper.why != "not called yet").await;
    assert!(!stands.connected && !stands.why.is_empty(), "{stands:?}");
    // Whoever looks on sees of a lower Davy the sites in his scope.
    for (viewer, sites) in [("everywhere", &["park", "jetty"][..]), ("harbour", &["jetty"])] {
        let seen: Vec<_> = lowers(&city, viewer).await.into_iter().flat_map(|lower| lower.sites).collect();
        assert_eq!(seen.iter().map(|site| site.site.as_str()).collect::<Vec<_>>(), sites, "{viewer}");
    }
    // The one that is known was disturbed by none of them.
    assert!(upper(&known, |_| true).await.connected);
    for server in [deceived, known, city] {
        server.shutdown().await;
    }
}

/// A lower Davy that says hello and then beats, whatever is answered, for as long as it is let.
async fn beating(city: &Server, token: &str, reads: bool) {
    let mut endpoint = Endpoint::from_shared(format!("http://{}", city.http_addr())).expect("an address");
    if !reads {
        // Nothing of an answer has room: not even its end gets through.
        endpoint = endpoint.initial_stream_window_size(0);
    }
    let mut client = LinkServiceClient::new(endpoint.connect().await.expect("it listens"));
    let (bring, brought) = tokio::sync::mpsc::channel(1);
    let says = |brought| LinkServiceForwardRequest { brought: Some(brought) };
    let sites = vec![LinkSite { site: "park".into(), sequence: 0 }];
    let hello = LinkHello { protocol: 1, node: "park-7".into(), sites, ..Default::default() };
    bring.send(says(Brought::Hello(hello))).await.expect("it is heard");
    let mut request = Request::new(tokio_stream::wrappers::ReceiverStream::new(brought));
    request.metadata_mut().insert("authorization", format!("Bearer {token}").parse().expect("a header"));
    let mut answers = client.forward(request).await.expect("let in").into_inner();
    if reads {
        answers.message().await.expect("welcome").expect("welcome");
    }
    for number in 1.. {
        let heartbeat = Heartbeat {
            site: "park".into(),
            number,
            recorded_time: Some(prost_types::Timestamp { seconds: 1_764_000_000, nanos: 0 }),
            ..Default::default()
        };
        let beat = LinkBeat { heartbeat: Some(heartbeat), ..Default::default() };
        if bring.send(says(Brought::Beat(beat))).await.is_err() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lower_davy_that_is_shut_out_is_not_heard_any_more_though_it_beats_on() {
    tokio::join!(is_shut_out(true), is_shut_out(false));
}

/// Shuts a lower Davy out that beats on, and may read what it is answered.
async fn is_shut_out(reads: bool) {
    let folder = tempfile::tempdir().expect("a folder");
    let (seen_by, park) = (viewer("everywhere", "*"), by_token("park-7", "link", "*"));
    write(folder.path(), "accounts.toml", &(seen_by.clone() + &park));
    let more =
        "[access]\naccounts_file = \"accounts.toml\"\n[[lower]]\nname = \"park-7\"\nsites = [\"park\"]\n";
    let city = serve(folder.path(), &["city"], more).await;
    let looks = async {
        let is_heard = |lower: &LowerDavy| {
            let age = lower.heard_age.as_ref().map_or(i64::MAX, |age| age.seconds);
            lower.connected && age < 2
        };
        let look = async || lowers(&city, "everywhere").await.remove(0);
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert!(is_heard(&look().await), "it beats");
        write(folder.path(), "accounts.toml", &seen_by);
        tokio::time::sleep(Duration::from_secs(13)).await;
        let stands = look().await;
        assert!(!is_heard(&stands), "its account is gone, and it reads: {reads}: {stands:?}");
    };
    let beats = async {
        beating(&city, "park-7", reads).await;
        std::future::pending::<()>().await;
    };
    tokio::select! { () = looks => {}, () = beats => {} }
    city.shutdown().await;
}

/// What a Davy has of a site in its journal: of each transition, its number and its id.
async fn transitions(davy: &Server, site: &str) -> Vec<(u64, String)> {
    let endpoint = Endpoint::from_shared(format!("http://{}", davy.http_addr())).expect("an address");
    let mut client = AlarmServiceClient::new(endpoint.connect().await.expect("it listens"));
    let request =
        AlarmServiceListTransitionsRequest { site: site.into(), page_size: 1000, ..Default::default() };
    let page = client.list_transitions(request).await.expect("a page").into_inner();
    page.transitions.into_iter().map(|alert| (alert.sequence, alert.id)).collect()
}

/// Somebody acknowledges an alarm, and is answered when that is on disk.
async fn acknowledge(davy: &Server, raised: &Alert) -> impl Future<Output = ()> + use<> {
    let endpoint = Endpoint::from_shared(format!("http://{}", davy.http_addr())).expect("an address");
    let mut client = AlarmServiceClient::new(endpoint.connect().await.expect("it listens"));
    let target = CommandTarget {
        alarm: raised.alarm.clone(),
        occurrence: Some(raised.occurrence),
        actor: "ann".into(),
        ..Default::default()
    };
    let request = AlarmServiceAcknowledgeRequest { target: Some(target) };
    let asked = tokio::spawn(async move { client.acknowledge(request).await });
    async { drop(asked.await.expect("it is asked").expect("it is on disk")) }
}

/// Somebody who hears the alerts of a Davy.
struct Ear(tonic::Streaming<AlertServiceSubscribeResponse>);

impl Ear {
    async fn new(davy: &Server, start: Start) -> Ear {
        let endpoint = Endpoint::from_shared(format!("http://{}", davy.http_addr())).expect("an address");
        let mut client = AlertServiceClient::new(endpoint.connect().await.expect("it listens"));
        let request = AlertServiceSubscribeRequest { start: Some(start), ..Default::default() };
        Ear(client.subscribe(request).await.expect("let in").into_inner())
    }

    /// The next alert or gap.
    async fn hears(&mut self) -> Event {
        let next = async {
            loop {
                let message = self.0.message().await.expect("the stream stands").expect("the stream stands");
                if let Some(event @ (Event::Alert(_) | Event::Gap(_))) = message.event {
                    return event;
                }
            }
        };
        tokio::time::timeout(Duration::from_secs(30), next).await.expect("it is told")
    }

    /// The next is that alert.
    async fn hears_alert(&mut self, sequence: u64, durable: bool) -> Alert {
        match self.hears().await {
            Event::Alert(alert) if (alert.sequence, alert.durable) == (sequence, durable) => alert,
            other => panic!("not {sequence}, durable {durable}: {other:?}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_told_while_the_disk_failed_comes_up_once_it_is_written() {
    let folders = [tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder")];
    let quick = "[heartbeat]\nevery = \"250ms\"\n";
    let lower = format!("{quick}[[lower]]\nname = \"park-7\"\nsites = [\"park\"]\n");
    let city = serve(folders[0].path(), &["city"], &lower).await;
    let link = format!("{quick}[link]\nurl = \"http://{}\"\nname = \"park-7\"\n", city.http_addr());
    let park = serve(folders[1].path(), &["park"], &link).await;
    upper(&park, |upper| upper.connected).await;
    let mut live = Ear::new(&park, Start::FromNow(true)).await;
    // Somebody else holds the journal, and it fails. Davy's own alarm of that goes out, and is on no disk.
    let journal = folders[1].path().join("data/park.sqlite");
    let thief = rusqlite::Connection::open(journal).expect("it is there");
    thief.execute_batch("BEGIN IMMEDIATE").expect("it is taken");
    let raised = live.hears_alert(1, false).await;
    assert_eq!(raised.subject, "journal");
    // Whoever comes now is told that it is missing; the link looks for it again, before the next goes out and after.
    let mut late = Ear::new(&park, Start::AfterToken("d1.park:0".into())).await;
    let Event::Gap(gap) = late.hears().await else { panic!("no word of what is missing") };
    assert_eq!((gap.from_sequence, gap.to_sequence, gap.reason()), (1, 1, GapReason::NotDurable));
    tokio::time::sleep(Duration::from_secs(2)).await;
    let acknowledged = acknowledge(&park, &raised).await;
    let second = live.hears_alert(2, false).await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(transitions(&city, "park").await, []);
    thief.execute_batch("ROLLBACK").expect("it is given back");
    acknowledged.await;
    // Everybody has all of it in the end.
    late.hears_alert(2, false).await;
    assert_eq!(late.hears_alert(1, true).await.id, raised.id);
    assert_eq!(late.hears_alert(2, true).await.id, second.id);
    let cleared = late.hears_alert(3, true).await;
    upper(&park, |upper| upper.connected && upper.owed == 0).await;
    assert_eq!(transitions(&city, "park").await, [(1, raised.id), (2, second.id), (3, cleared.id)]);
    for server in [park, city] {
        server.shutdown().await;
    }
}
