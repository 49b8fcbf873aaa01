//! What `deploy/compose` starts: the file is sound, nothing in it is open or secret, and its secrets are made.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use davy_tests::{must_have_everything, workspace};
use serde_json::Value;

fn folder() -> PathBuf {
    workspace().join("deploy/compose")
}

fn compose() -> Value {
    let text = fs::read_to_string(folder().join("compose.yaml")).expect("readable");
    serde_saphyr::from_str(&text).expect("YAML")
}

/// The command there is: the plugin, or what came before it. `None`, said aloud, where there is neither.
fn command() -> Option<Command> {
    let works = |program: &str, words: &[&str]| {
        let mut command = Command::new(program);
        command.args(words).stdout(Stdio::null()).stderr(Stdio::null());
        command.status().is_ok_and(|status| status.success())
    };
    if works("docker", &["compose", "version"]) {
        let mut command = Command::new("docker");
        command.arg("compose");
        return Some(command);
    }
    if works("docker-compose", &["version"]) {
        return Some(Command::new("docker-compose"));
    }
    assert!(!must_have_everything(), "neither docker compose nor docker-compose is installed");
    eprintln!("skipped: neither docker compose nor docker-compose is installed");
    None
}

#[test]
fn compose_understands_its_file() {
    let Some(mut command) = command() else { return };
    let said = command.current_dir(folder()).args(["--profile", "grafana", "config", "-q"]).output();
    let said = said.expect("it runs");
    assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
}

#[test]
fn nothing_is_open_unpinned_or_secret_and_every_file_is_there() {
    let compose = compose();
    let secrets = compose["secrets"].as_object().expect("secrets");
    for (name, service) in compose["services"].as_object().expect("services") {
        let image = service["image"].as_str().expect("an image");
        let version = image.split_once(':').unwrap_or_else(|| panic!("{name}: {image} names no version")).1;
        assert!(
            version.starts_with(|first: char| first.is_ascii_digit()),
            "{name}: {image} may be another tomorrow"
        );
        for port in list(service, "ports") {
            assert!(port.starts_with("127.0.0.1:"), "{name}: {port} is open to other machines");
        }
        for secret in list(service, "secrets") {
            assert!(secrets.contains_key(&secret), "{name}: no secret {secret}");
        }
        assert_eq!(list(service, "security_opt"), ["no-new-privileges:true"], "{name}");
        for volume in list(service, "volumes") {
            let from = volume.split(':').next().expect("a source");
            let named = compose["volumes"].as_object().expect("volumes").contains_key(from);
            assert!(named || folder().join(from).exists(), "{name}: nothing at {from}");
        }
        let environment = service["environment"].as_object().cloned().unwrap_or_default();
        for (key, value) in environment.iter().filter(|(key, _)| key.contains("PASSWORD")) {
            assert!(
                value.as_str().is_some_and(|value| value.starts_with("/run/secrets/")),
                "{name}: {key} is in the file"
            );
        }
    }
    for (name, secret) in secrets {
        assert_eq!(secret["file"], format!("./secrets/{name}"), "it is a file");
    }
}

#[test]
fn whatever_the_image_copies_is_in_the_workspace() {
    let text = fs::read_to_string(folder().join("Dockerfile")).expect("readable");
    let copied =
        text.lines().filter_map(|line| line.strip_prefix("COPY ")).filter(|line| !line.starts_with("--"));
    let mut seen = 0;
    for line in copied {
        let mut words: Vec<&str> = line.split_whitespace().collect();
        words.pop();
        for path in words {
            assert!(workspace().join(path).exists(), "COPY {path}");
            seen += 1;
        }
    }
    assert!(seen > 5, "{text}");
}

#[test]
fn secrets_are_made_once_and_davy_reads_its_configuration() {
    let place = tempfile::tempdir().expect("a folder");
    for name in ["make-secrets.sh", "compose.yaml", "davy.toml"] {
        fs::copy(folder().join(name), place.path().join(name)).expect("copied");
    }
    let make = || {
        let made =
            Command::new("bash").arg(place.path().join("make-secrets.sh")).output().expect("bash runs");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    };
    make();
    let read = |name: &str| fs::read_to_string(place.path().join("secrets").join(name)).expect("made");
    let names: Vec<String> = compose()["secrets"].as_object().expect("secrets").keys().cloned().collect();
    let first: Vec<String> = names.iter().map(|name| read(name)).collect();
    for (name, secret) in names.iter().zip(&first) {
        assert!(secret.len() >= 48, "{name}: {secret}");
        assert_eq!(first.iter().filter(|other| *other == secret).count(), 1, "{name} is another's, too");
    }
    let mode = fs::metadata(place.path().join("secrets")).expect("made").permissions().mode();
    assert_eq!(mode & 0o077, 0, "anybody may look into the folder");
    let users = read("mosquitto-users");
    let hashed = |user: &str| users.lines().any(|line| line.starts_with(&format!("{user}:$7$101$")));
    assert!(hashed("davy") && hashed("gateway") && users.lines().count() == 2, "{users}");
    make();
    assert_eq!(names.iter().map(|name| read(name)).collect::<Vec<_>>(), first, "what is there stays");
    check_config(place.path());
}

/// Davy's configuration, with its paths where they are here.
fn check_config(place: &Path) {
    let text = fs::read_to_string(place.join("davy.toml")).expect("readable");
    let secrets = place.join("secrets").display().to_string();
    let sample = workspace().join("deploy/sample").display().to_string();
    let text = text.replace("/run/secrets", &secrets).replace("/etc/davy/sites", &sample);
    fs::write(place.join("davy.toml"), text).expect("writable");
    let mut command = Command::new(davy_tests::davy_binary());
    let said =
        command.args(["check-config", "--config"]).arg(place.join("davy.toml")).output().expect("davy runs");
    assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
}

/// A list of words; empty where there is none.
fn list(service: &Value, key: &str) -> Vec<String> {
    let items = service[key].as_array().cloned().unwrap_or_default();
    items.iter().map(|item| item.as_str().expect("a word").to_owned()).collect()
}
