//! Pages that newcomers follow: their commands are run as they stand, and their answers have to come.

use std::{fs, path::Path, process::Command, time::Instant};

use tempfile::TempDir;

use crate::{Davy, Said, davy_binary, workspace};

/// What differs from run to run.
const ANYTHING: &str = "…";

/// A block of a page.
#[derive(Debug, PartialEq, Eq)]
pub struct Block {
    /// Whether it is what comes, and not what is typed.
    pub is_answer: bool,
    /// What stands in it.
    pub text: String,
}

/// The blocks of a page, in their order.
///
/// # Panics
/// When there is no such page, or a block of it is neither typed nor an answer.
pub fn blocks(page: &str) -> Vec<Block> {
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

/// Follows a page word for word in a folder of its own: types what is to be typed, and sees that the answers come. Gives the
/// folder and the Davy that the page starts.
///
/// # Panics
/// When an answer does not come, or the page starts no Davy.
pub async fn follow(page: &str) -> (TempDir, Davy) {
    let folder = tempfile::Builder::new().prefix("davy-newcomer-").tempdir().expect("a folder");
    let (started, mut said, mut server) = (Instant::now(), String::new(), None);
    for Block { is_answer, text } in blocks(page) {
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
    println!("{page}: followed to its end in {:?}", started.elapsed());
    (folder, server.expect("the page starts a Davy").0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_that_differs_is_seen() {
        assert!(is_like("  ▲ orange   active   8 ppm", "▲ orange …  8 ppm"));
        assert!(is_like(r#"{"accepted":2}"#, r#"{"accepted":…"#));
        assert!(!is_like(r#"{"accepted":2,"rejected":1}"#, r#"{"accepted":2,"rejected":0}"#));
        assert!(!is_like("readings: 10, 3 lost", "readings: 10"));
    }
}
