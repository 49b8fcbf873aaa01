//! Every sample, as a vendor would run it: over TLS with its token, with a wrong unit, and while Davy dies.

use std::{collections::BTreeMap, fs, net::TcpListener, path::Path, process::Command};

use davy_proto::v1::EdgeNodeState;
use davy_tests::{Davy, Grpc, LONG, Said, Setup, davy, wait_until, workspace};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use tempfile::TempDir;
use tokio::task::JoinSet;

use super::bench::{LANGUAGES, Sample};

/// What a vendor reads.
const SOURCES: [&str; 7] = [
    "shell/gateway.sh",
    "python/gateway.py",
    "java/Gateway.java",
    "go/gateway.go",
    "c-esp-idf/main/gateway.c",
    "c-esp-idf/main/app_main.c",
    "c-esp-idf/linux/main.c",
];

/// Readings of one run in which Davy is killed.
const MANY: u32 = 240;

const TOKEN: &str = "correct-horse-battery-staple";
/// `printf %s correct-horse-battery-staple | sha256sum`
const TOKEN_SHA256: &str = "87cbebfeebc05f7c54ac9336c4b4bbec831227a641951a4bde7edd56020f8590";

fn scratch() -> TempDir {
    tempfile::Builder::new().prefix("davy-vendors-").tempdir().expect("a folder")
}

/// A site with an edge node and a tag for each sample.
fn site() -> Setup {
    let nodes: Vec<String> = LANGUAGES.iter().map(|language| format!("{{id: gw-{language}}}")).collect();
    let row = |language: &&str| format!("AT-{language}/h2s,gas.h2s,ppm,0,100,1s,gw-{language}\n");
    let rows: String = LANGUAGES.iter().map(row).collect();
    let mut setup = Setup::new();
    setup.site(
        "workshop",
        &[
            ("site.yaml", &format!("site: workshop\nedge_nodes: [{}]\n", nodes.join(", "))),
            ("tags.csv", &format!("tag,quantity,unit,low,high,interval,edge_node\n{rows}")),
        ],
    );
    setup
}

/// Runs them all at once; what each said, by language.
async fn run_all(
    samples: &[Sample],
    folder: &Path,
    port: u16,
    settings: &[(&str, &str)],
) -> BTreeMap<&'static str, String> {
    let mut running = JoinSet::new();
    for sample in samples {
        let (language, command) = (sample.language, sample.command(folder, port, settings));
        running.spawn(async move { (language, Said::by(command).await) });
    }
    let mut said = BTreeMap::new();
    for (language, one) in running.join_all().await {
        let one = one.ended(0);
        said.insert(language, one.out + &one.err);
    }
    said
}

/// The values that a site's journal has of each sample's tag, in the order in which they were judged.
async fn values(setup: &Setup) -> BTreeMap<&'static str, Vec<f64>> {
    // The journal knows tags by number: by name, from 0.
    let mut languages = LANGUAGES;
    languages.sort_unstable();
    let journal = setup.journal("workshop").display().to_string();
    let exported = davy(["journal", "export", &journal]).await.ended(0);
    let mut found: BTreeMap<_, Vec<f64>> = BTreeMap::new();
    for line in exported.json().iter().filter(|line| line["input"] == "readings") {
        for reading in line["value"]["readings"].as_array().expect("readings are a list") {
            let tag = reading["tag"].as_u64().and_then(|tag| usize::try_from(tag).ok()).expect("a tag");
            found.entry(languages[tag]).or_default().push(reading["value"].as_f64().expect("a value"));
        }
    }
    found
}

/// A port that nobody listens on just now.
fn free_port() -> u16 {
    let free = TcpListener::bind("127.0.0.1:0").and_then(|socket| socket.local_addr());
    free.expect("a free port").port()
}

/// A door with TLS on `localhost` and one client with a token; the file of the authority.
fn lock_the_door(setup: &Setup, port: u16) -> String {
    let key = || KeyPair::generate().expect("a key");
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(params, key()).expect("an authority");
    let (own, names) = (key(), vec!["localhost".to_owned()]);
    let mut params = CertificateParams::new(names).expect("a name");
    // Nobody's certificate is called as its issuer is: OpenSSL would take it for self-signed.
    params.distinguished_name.push(DnType::CommonName, "localhost");
    let certificate = params.signed_by(&own, &authority).expect("a certificate");
    setup.write("ca.pem", &authority.pem());
    setup.write("door.pem", &certificate.pem());
    setup.write("door.key", &own.serialize_pem());
    let grant = r#"[{ site = "workshop", edge_node = "gw-*" }]"#;
    let client =
        format!("[[client]]\nname = \"gateways\"\ntoken_sha256 = \"{TOKEN_SHA256}\"\ngrants = {grant}\n");
    setup.write("clients.toml", &client);
    setup.configure(&format!(
        "[door]\nlisten = \"127.0.0.1:0\"\ntls_listen = \"127.0.0.1:{port}\"\ncertificate_file = \"door.pem\"\n\
         key_file = \"door.key\"\nclients_file = \"clients.toml\"\n"
    ));
    setup.path("ca.pem").display().to_string()
}

#[tokio::test]
async fn every_sample_comes_in_by_tls_and_hears_what_became_of_its_readings() {
    let (folder, setup, port) = (scratch(), site(), free_port());
    let samples = Sample::all(folder.path()).await;
    let ca = lock_the_door(&setup, port);
    let server = Davy::serve(&setup.config()).await;
    let grpc = Grpc::connect(server.http()).await;
    let mut settings =
        vec![("GW_CA", &*ca), ("GW_USER", "gateways"), ("GW_TOKEN", TOKEN), ("GW_PERIOD_MS", "50")];
    let good = run_all(&samples, folder.path(), port, &settings).await;
    let count = 20 * samples.len() as u64;
    let totals = grpc.site("workshop").await.readings.expect("a site has counts");
    assert_eq!((totals.received, totals.evaluated), (count, count), "{good:#?}");
    settings.push(("GW_UNIT", "kPa"));
    let wrong = run_all(&samples, folder.path(), port, &settings).await;
    for Sample { language, .. } in &samples {
        let (good, wrong) = (&good[language], &wrong[language]);
        assert!(good.contains(r#""rejected":0,"problems":[]"#), "{language} heard nothing good:\n{good}");
        assert!(wrong.contains("UNIT_MISMATCH"), "{language} did not hear of its wrong unit:\n{wrong}");
    }
    let totals = grpc.site("workshop").await.readings.expect("a site has counts");
    assert_eq!((totals.received, totals.evaluated), (2 * count, count), "{wrong:#?}");
}

#[tokio::test]
async fn no_sample_loses_a_reading_when_davy_is_killed_in_the_middle() {
    let (folder, setup, port) = (scratch(), site(), free_port());
    let samples = Sample::all(folder.path()).await;
    setup.configure(&format!("[door]\nlisten = \"127.0.0.1:{port}\"\n"));
    let mut server = Davy::serve(&setup.config()).await;
    let count = MANY.to_string();
    let settings = [("GW_COUNT", &*count), ("GW_BATCH", "3"), ("GW_PERIOD_MS", "100")];
    let running = run_all(&samples, folder.path(), port, &settings);
    let kill = async {
        let grpc = Grpc::connect(server.http()).await;
        wait_until("every sample is in the middle of its run", LONG, async || {
            let site = grpc.site("workshop").await;
            let online = site.edge_nodes.iter().filter(|node| node.state() == EdgeNodeState::Online);
            let received = site.readings.map_or(0, |counts| counts.received);
            (online.count() == samples.len() && received >= 15 * samples.len() as u64).then_some(())
        })
        .await;
        server.kill();
        if samples.iter().any(|sample| sample.language == "shell") {
            // It measures again only after a try: two messages that wait mean that one was refused.
            let outbox = folder.path().join("outbox-gw-shell");
            wait_until("the shell has tried in vain", LONG, async || {
                fs::read_dir(&outbox).is_ok_and(|files| files.count() >= 2).then_some(())
            })
            .await;
        }
        server = Davy::serve(&setup.config()).await;
    };
    let (said, ()) = tokio::join!(running, kill);
    assert_eq!(server.stop().await, 0);
    let values = values(&setup).await;
    for Sample { language, .. } in &samples {
        // What was sent twice was judged once; what came in another order was not judged, and would be missing here.
        let mut sent: Vec<f64> = values[language].clone();
        sent.sort_unstable_by(f64::total_cmp);
        sent.dedup();
        let expected: Vec<f64> = (0..MANY).map(|number| f64::from(number) / 100.0).collect();
        assert_eq!(sent, expected, "{language} lost something; it said:\n{}", said[language]);
        let noticed = said[language].contains("again in");
        assert!(noticed, "{language} did not notice:\n{}", said[language]);
    }
}

/// ESP-IDF is no package of Debian: its file is compiled against a stub of the headers, and never run.
#[tokio::test]
async fn the_file_for_esp_idf_is_c_that_fits_its_headers() {
    let sample = workshop_sample("c-esp-idf");
    let mut command = Command::new("cc");
    command.current_dir(sample).args(["-std=gnu11", "-Wall", "-Wextra", "-Werror", "-fsyntax-only"]);
    Said::by({
        command.args(["-Istub", "-Imain", "main/app_main.c"]);
        command
    })
    .await
    .ended(0);
}

#[test]
fn no_sample_is_longer_than_a_person_reads() {
    for file in SOURCES {
        let text =
            fs::read_to_string(workshop_sample(file)).unwrap_or_else(|error| panic!("{file}: {error}"));
        let says_something = |line: &&str| {
            let line = line.trim_start();
            !line.is_empty() && !["//", "/*", "*", "#"].iter().any(|mark| line.starts_with(mark))
        };
        let lines = text.lines().filter(says_something).count();
        assert!(lines <= 150, "{file} has {lines} lines of code, at most 150 are shown to a newcomer");
    }
}

fn workshop_sample(below: &str) -> std::path::PathBuf {
    workspace().join("docs/vendors/samples").join(below)
}
