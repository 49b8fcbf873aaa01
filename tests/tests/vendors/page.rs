//! The first five minutes: the page's commands are run as they stand, and its answers have to come.

use std::{fs, path::Path, process::Command, time::Instant};

use davy_tests::{Davy, Grpc, Said, davy_binary, has_mosquitto, workspace};

/// What differs from run to run.
const ANYTHING: &str = "…";

#[derive(Debug, PartialEq, Eq)]
struct Block {
    is_answer: bool,
    text: String,
}

/// The blocks of a page, in their order.
fn blocks(page: &str) -> Vec<Block> {
    let text = fs::read_to_string(workspace().join(page)).unwrap_or_else(|error| panic!("{page}: {error}"));
    let mut found = Vec::new();
    for part in text.split("```").skip(1).step_by(2) {
        let (kind, text) = part.split_once('\n').unwrap_or_else(|| panic!("{page}: a block without an end"));
        assert!(["sh", "text"].contains(&kind), "{page}: a block of {kind:?}");
        found.push(Block { is_answer: kind == "text", text: text.trim_end().to_owned() });
    }
    found
}

/// Whether a line says what a page says it does: blanks do not count, and `…` is anything.
fn is_like(line: &str, pattern: &str) -> bool {
    let plain = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let (line, pattern) = (plain(line), plain(pattern));
    let parts: Vec<&str> = pattern.split(ANYTHING).collect();
    let Some(mut rest) = line.find(parts[0]).map(|at| &line[at + parts[0].len()..]) else { return false };
    for part in &parts[1..] {
        let Some(at) = rest.find(part.trim()) else { return false };
        rest = &rest[at + part.trim().len()..];
    }
    rest.is_empty() || pattern.ends_with(ANYTHING)
}

/// Every line of the answer has to come, in that order.
fn compare(said: &str, answer: &str) {
    let mut lines = said.lines();
    for pattern in answer.lines() {
        assert!(
            lines.any(|line| is_like(line, pattern)),
            "expected, and not said:\n{pattern}\n--- said:\n{said}"
        );
    }
}

/// The words of the page for a Davy on other ports than the default ones.
fn with_ports(text: &str, server: &Davy, door: u16) -> String {
    let mut text = text.replace("127.0.0.1:8080", &server.http().to_string());
    text = text.replace("127.0.0.1:1883", &format!("127.0.0.1:{door}"));
    for client in ["mosquitto_pub ", "mosquitto_rr "] {
        text = text.replace(client, &format!("{client}-p {door} "));
    }
    text
}

async fn run(folder: &Path, script: &str, server: Option<(&Davy, u16)>) -> String {
    let here = davy_binary();
    let here = here.parent().expect("a binary is in a folder").display().to_string();
    let mut command = Command::new("sh");
    command.current_dir(folder).args(["-e", "-c", script]);
    command.env("PATH", format!("{here}:{}", std::env::var("PATH").unwrap_or_default()));
    command.env("SAMPLES", workspace().join("docs/vendors/samples"));
    if let Some((server, door)) = server {
        command.env("DAVY_SERVER", server.url()).env("GW_PORT", door.to_string());
    }
    let said = Said::by(command).await.ended(0);
    said.out + &said.err
}

#[tokio::test]
async fn the_first_five_minutes_end_with_a_green_device() {
    if !has_mosquitto() {
        return;
    }
    let folder = tempfile::Builder::new().prefix("davy-newcomer-").tempdir().expect("a folder");
    let (started, mut said, mut server) = (Instant::now(), String::new(), None);
    for Block { is_answer, text } in blocks("docs/vendors/README.md") {
        if is_answer {
            let answer = server.as_ref().map(|(davy, door)| with_ports(&text, davy, *door));
            compare(&said, &answer.unwrap_or(text));
        } else if let Some(words) = text.strip_prefix("davy serve") {
            let words: Vec<&str> = std::iter::once("serve").chain(words.split_whitespace()).collect();
            let davy = Davy::as_a_page_says(folder.path(), &words).await;
            let door = davy.door().await.port();
            said = davy.log() + &davy.out();
            server = Some((davy, door));
        } else if let Some((davy, door)) = &server {
            said = run(folder.path(), &with_ports(&text, davy, *door), Some((davy, *door))).await;
        } else {
            said = run(folder.path(), &text, None).await;
        }
    }
    println!("from an empty folder to a green device and a sample: {:?}", started.elapsed());
    let (davy, _) = server.expect("the page starts a Davy");
    let grpc = Grpc::connect(davy.http()).await;
    let counts = grpc.site("workshop").await.readings.expect("a site has counts");
    // Two by hand, one that alarms, ten of the sample; and the one with the wrong unit.
    assert_eq!((counts.received, counts.evaluated, counts.rejected), (14, 13, 1), "{counts:?}");
}

#[test]
fn the_chinese_page_has_the_same_commands_and_answers() {
    assert_eq!(blocks("docs/vendors/zh/README.md"), blocks("docs/vendors/README.md"));
}

#[test]
fn an_answer_that_differs_is_seen() {
    assert!(is_like("  ▲ orange   active   8 ppm", "▲ orange …  8 ppm"));
    assert!(is_like(r#"{"accepted":2}"#, r#"{"accepted":…"#));
    assert!(!is_like(r#"{"accepted":2,"rejected":1}"#, r#"{"accepted":2,"rejected":0}"#));
    assert!(!is_like("readings: 10, 3 lost", "readings: 10"));
}
