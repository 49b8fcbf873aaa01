//! A plant's own authority, made and used as a person would, and looked at by OpenSSL.

use std::{
    fs,
    io::{BufRead, BufReader},
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Child, Command, Output, Stdio},
};

use tempfile::TempDir;

fn davy(folder: &Path, args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_davy"));
    for variable in ["DAVY_SERVER", "DAVY_CA", "DAVY_CERTIFICATE", "DAVY_KEY", "DAVY_TOKEN_FILE"] {
        command.env_remove(variable);
    }
    command.args(args).current_dir(folder).output().expect("the binary runs")
}

/// Does what has to work.
fn does(folder: &Path, args: &[&str]) -> String {
    let output = davy(folder, args);
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text")
}

/// What is said of what does not work.
fn refused(folder: &Path, args: &[&str]) -> String {
    let output = davy(folder, args);
    assert!(!output.status.success(), "{args:?}");
    String::from_utf8(output.stderr).expect("text")
}

fn plant() -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    does(folder.path(), &["pki", "init", "--name", "Test plant"]);
    does(folder.path(), &["pki", "server", "localhost", "davy.plant.example", "127.0.0.1", "::1"]);
    does(folder.path(), &["pki", "client", "console-1"]);
    folder
}

/// What OpenSSL says of a certificate for a purpose, with the list looked at; `Ok` when it holds.
fn verified(folder: &Path, purpose: &str, certificate: &str) -> Result<(), String> {
    let mut command = Command::new("openssl");
    command.args(["verify", "-x509_strict", "-crl_check", "-purpose", purpose]);
    command.args(["-CAfile", "pki/ca.pem", "-CRLfile", "pki/crl.pem", certificate]);
    let output = command.current_dir(folder).output().expect("openssl is there");
    let told = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    if output.status.success() { Ok(()) } else { Err(told) }
}

fn shown(folder: &Path, certificate: &str) -> String {
    let mut command = Command::new("openssl");
    command.args(["x509", "-noout", "-text", "-in", certificate]).current_dir(folder);
    String::from_utf8(command.output().expect("openssl is there").stdout).expect("text")
}

#[test]
fn what_is_signed_is_for_its_purpose_and_its_names() {
    let folder = plant();
    let path = folder.path();
    let (server, client) = ("pki/server-localhost.pem", "pki/client-console-1.pem");
    assert_eq!(verified(path, "sslserver", server), Ok(()));
    assert_eq!(verified(path, "sslclient", client), Ok(()));
    assert!(verified(path, "sslclient", server).is_err());
    assert!(verified(path, "sslserver", client).is_err());
    let text = shown(path, server);
    for part in [
        "Issuer: CN = Test plant",
        "NIST CURVE: P-256",
        "ecdsa-with-SHA256",
        "DNS:localhost, DNS:davy.plant.example, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1",
        "TLS Web Server Authentication",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(shown(path, client).contains("Subject: CN = console-1"));
    assert!(shown(path, "pki/ca.pem").contains("CA:TRUE, pathlen:0"));
}

#[test]
fn what_was_revoked_is_on_the_list_and_can_be_had_anew() {
    let folder = plant();
    let path = folder.path();
    let client = "pki/client-console-1.pem";
    assert!(does(path, &["pki", "revoke", "console-1"]).contains("holds no more"));
    assert!(verified(path, "sslclient", client).expect_err("it is on the list").contains("revoked"));
    assert_eq!(verified(path, "sslserver", "pki/server-localhost.pem"), Ok(()), "the others hold");
    assert!(refused(path, &["pki", "revoke", "console-1"]).contains("davy pki list"));
    assert!(refused(path, &["pki", "client", "console-1"]).contains("is there already"));
    fs::remove_file(path.join(client)).expect("moved away");
    fs::remove_file(path.join("pki/client-console-1.key")).expect("moved away");
    does(path, &["pki", "client", "console-1", "--days", "7"]);
    assert_eq!(verified(path, "sslclient", client), Ok(()));
    let listed = does(path, &["pki", "list", "--json"]);
    let states: Vec<(String, String)> = listed
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .map(|one: serde_json::Value| {
            (one["name"].as_str().expect("text").to_owned(), one["state"].as_str().expect("text").to_owned())
        })
        .collect();
    let due = [("localhost", "holds"), ("console-1", "revoked"), ("console-1", "holds")];
    assert_eq!(states, due.map(|(name, state)| (name.to_owned(), state.to_owned())));
    let table = does(path, &["pki", "list"]);
    assert!(table.contains("SERIAL") && table.contains("revoked"), "{table}");
    // By its number, of all that are called so.
    let serial: serde_json::Value =
        serde_json::from_str(listed.lines().last().expect("a line")).expect("JSON");
    does(path, &["pki", "revoke", serial["serial"].as_str().expect("text")]);
    assert!(verified(path, "sslclient", client).is_err());
}

#[test]
fn keys_are_their_owners_alone_and_nothing_is_written_over() {
    let folder = plant();
    let path = folder.path();
    for key in ["ca.key", "server-localhost.key", "client-console-1.key"] {
        let mode = fs::metadata(path.join("pki").join(key)).expect(key).permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{key}");
    }
    let before = fs::read(path.join("pki/ca.key")).expect("a key");
    assert!(refused(path, &["pki", "init"]).contains("nothing is written over"));
    assert!(refused(path, &["pki", "server", "localhost"]).contains("nothing is written over"));
    assert_eq!(fs::read(path.join("pki/ca.key")).expect("a key"), before);
    assert!(refused(path, &["pki", "client", "../ca"]).contains("a client's name is"));
    assert!(refused(path, &["pki", "server", "a b"]).contains("not a DNS name"));
    assert!(refused(path, &["pki", "list", "--dir", "none"]).contains("davy pki init"));
    assert!(!path.join("none").exists(), "a wrong folder is not made");
    fs::write(path.join("pki/issued.csv"), "serial,use,name,from,until,revoked\nx,client,a,b,c,\n")
        .expect("spoilt");
    assert!(refused(path, &["pki", "list"]).contains("issued.csv, line 2"));
}

/// A Davy of this folder's configuration, until it is dropped.
struct Served(Child);

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Serves, and says where by TLS.
fn serve(folder: &Path) -> (Served, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_davy"));
    command.args(["serve", "--config", "davy.toml"]).current_dir(folder).stderr(Stdio::piped());
    let mut served = Served(command.spawn().expect("the binary runs"));
    let mut lines = BufReader::new(served.0.stderr.take().expect("piped")).lines();
    let at = "the same, encrypted, on https://127.0.0.1:";
    let line = lines.find_map(|line| line.expect("text").strip_prefix(at).map(str::to_owned));
    let port = line.expect("it says where");
    // What it says further is read, so that it can say it.
    std::thread::spawn(move || lines.for_each(drop));
    (served, format!("https://localhost:{port}"))
}

/// A site, and a configuration with TLS beside the plain port, and `more` after it.
fn configure(folder: &Path, more: &str) {
    fs::create_dir(folder.join("park")).expect("a folder");
    fs::write(folder.join("park/site.yaml"), "site: park\n").expect("written");
    fs::write(folder.join("park/tags.csv"), "tag,quantity\nT,number\n").expect("written");
    let text = format!(
        "sites = [\"park\"]\n[canary]\nenabled = false\n[door]\nlisten = \"127.0.0.1:0\"\n\
         [http]\nlisten = \"127.0.0.1:0\"\ntls_listen = \"127.0.0.1:0\"\n{more}"
    );
    fs::write(folder.join("davy.toml"), text).expect("written");
}

const CA: [&str; 2] = ["--ca", "pki/ca.pem"];
const CONSOLE: [&str; 4] = ["--certificate", "pki/client-console-1.pem", "--key", "pki/client-console-1.key"];

#[test]
fn what_it_prints_is_put_into_davy_toml_and_the_verbs_ask_by_it() {
    let folder = plant();
    let path = folder.path();
    let printed = does(path, &["pki", "server", "127.0.0.1", "localhost"]);
    let (_, keys) = printed.split_once("\n\n").expect("the keys follow");
    configure(path, keys);
    assert!(!does(path, &["check-config"]).contains("the certificate of"));
    let (_served, url) = serve(path);
    let list = ["alarms", "list", "--server", &url];
    does(path, &[&list[..], &CA, &CONSOLE].concat());
    let told = refused(path, &[&list[..], &CA].concat());
    assert!(told.contains("--certificate"), "{told}");
    let told = refused(path, &[&list[..], &CONSOLE].concat());
    assert!(told.contains("--ca"), "{told}");
    does(path, &["pki", "revoke", "console-1"]);
    let end = std::time::Instant::now() + std::time::Duration::from_secs(30);
    while davy(path, &[&list[..], &CA, &CONSOLE].concat()).status.success() {
        assert!(std::time::Instant::now() < end, "it is still let in");
    }
}

#[test]
fn a_certificate_that_ends_soon_is_told_by_check_config() {
    let folder = plant();
    let path = folder.path();
    let printed = does(path, &["pki", "server", "short.plant.example", "--days", "9"]);
    configure(path, printed.split_once("\n\n").expect("the keys follow").1);
    let told = does(path, &["check-config"]);
    assert!(told.contains("the certificate of http ends in 8 days"), "{told}");
}

#[test]
fn whoever_calls_is_known_by_certificate_or_token_and_may_what_their_role_may() {
    const TOKEN: &str = "s3cret-s3cret-s3cret-s3cret-s3cret";
    let folder = plant();
    let path = folder.path();
    does(path, &["pki", "client", "stranger"]);
    let keys = "certificate_file = \"pki/server-localhost.pem\"\nkey_file = \"pki/server-localhost.key\"\n\
                client_certificate = \"optional\"\nclient_ca_file = \"pki/ca.pem\"\nclient_revoked_file = \"pki/crl.pem\"\n\
                [access]\naccounts_file = \"accounts.toml\"\n";
    configure(path, keys);
    let hash =
        Command::new("sh").args(["-c", &format!("printf %s {TOKEN} | sha256sum | cut -c1-64")]).output();
    let hash = String::from_utf8(hash.expect("it runs").stdout).expect("text");
    let accounts = format!(
        "[[account]]\nname = \"console\"\ncertificate = \"console-1\"\ngrants = [{{ role = \"viewer\", scope = \"*\" }}]\n\
         [[account]]\nname = \"scada\"\ntoken_sha256 = \"{}\"\ngrants = [{{ role = \"viewer\", scope = \"*\" }}]\n",
        hash.trim()
    );
    fs::write(path.join("accounts.toml"), accounts).expect("written");
    fs::set_permissions(path.join("accounts.toml"), fs::Permissions::from_mode(0o600)).expect("ours");
    fs::write(path.join("token"), format!("{TOKEN}\n")).expect("written");
    fs::write(path.join("wrong"), "another-another-another-another-xx\n").expect("written");
    let (_served, url) = serve(path);
    let stranger = ["--certificate", "pki/client-stranger.pem", "--key", "pki/client-stranger.key"];
    for (who, credentials, says) in [
        ("a certificate of an account's", &CONSOLE[..], ""),
        ("a certificate of nobody's", &stranger, "AUTH_FAILED"),
        ("a token of an account's", &["--token-file", "token"], ""),
        ("a token of nobody's", &["--token-file", "wrong"], "AUTH_FAILED"),
        ("nothing", &[], "AUTH_FAILED"),
    ] {
        let asked = [&["alarms", "list", "--server", &url], &CA[..], credentials].concat();
        let output = davy(path, &asked);
        let told = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.success(), says.is_empty(), "{who}: {told}");
        assert!(told.contains(says), "{who}: {told}");
        assert!(!told.contains("s3cret"), "{who}: {told}");
    }
    let letters = ["deadletters", "list", "--server", &url];
    let told = refused(path, &[&letters[..], &CA, &CONSOLE].concat());
    assert!(told.contains("NOT_ALLOWED"), "dead letters are none of a viewer's business: {told}");
}
