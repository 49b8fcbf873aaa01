//! The pages of the reason codes do what they say: the commands that reproduce a code are run, and the code comes out.

use std::{fs, path::PathBuf, process::Command};

use davy_tests::{Davy, Said, Setup, davy_binary, has_mosquitto, workspace};

/// Codes whose page says that no command reproduces them. A page cannot join them unseen.
const NOT_BY_A_COMMAND: [&str; 28] = [
    "ALREADY_ACKNOWLEDGED",
    "ALREADY_SUPPRESSED",
    "ALREADY_VERIFIED",
    "AUDIT_UNAVAILABLE",
    "AUTH_FAILED",
    "BACKPRESSURE",
    "CALLS_TOO_MANY",
    "CONSUMERS_TOO_MANY",
    "CONSUMER_CONNECTED",
    "COUNTERSIGNATURE_INVALID",
    "DEADLINE_EXCEEDED",
    "HISTORY_UNAVAILABLE",
    "INTERNAL",
    "LINK_REFUSED",
    "METHOD_UNKNOWN",
    "NOT_ALLOWED",
    "NOT_SUPPRESSED",
    "NO_LONGER_KEPT",
    "PASSWORD_MISMATCH",
    "RATE_LIMITED",
    "REVISIONS_TOO_MANY",
    "REVISION_BASE_MOVED",
    "RULE_UNKNOWN",
    "SITE_FORWARDED",
    "SPARKPLUG_SEQ_GAP",
    "STOPPING",
    "STORAGE_UNAVAILABLE",
    "WATCHERS_TOO_MANY",
];

/// What a page has to print when it is not the code itself: the last line of the commands.
const SAYS: &str = "# says: ";

struct Page {
    code: String,
    commands: Option<String>,
}

fn pages() -> Vec<Page> {
    let read = |path: PathBuf| {
        let code = path.file_stem().and_then(|stem| stem.to_str()).expect("a name").to_owned();
        let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let part = text.split_once("**Reproduce.**").map(|(_, rest)| rest.split("## 中文").next());
        let part = part.flatten().unwrap_or_default();
        let block = part.split_once("```sh\n").and_then(|(_, rest)| rest.split_once("\n```"));
        Page { code, commands: block.map(|(commands, _)| commands.to_owned()) }
    };
    let entries = fs::read_dir(workspace().join("docs/errors")).expect("the folder is there");
    let paths = entries.map(|entry| entry.expect("readable").path());
    let mut pages: Vec<Page> = paths.map(read).filter(|page| page.code != "README").collect();
    pages.sort_by(|a, b| a.code.cmp(&b.code));
    pages
}

/// Runs the commands as a reader would, but for the ports: his Davy has the default ones.
async fn run(page: &str, commands: &str, server: Option<&Davy>) -> String {
    let mut script = commands.to_owned();
    let mut command = Command::new("sh");
    let here = davy_binary();
    let here = here.parent().expect("a binary is in a folder").display().to_string();
    command.env("PATH", format!("{here}:{}", std::env::var("PATH").unwrap_or_default()));
    if let Some(server) = server {
        let door = server.door().await.port();
        for client in ["mosquitto_pub ", "mosquitto_rr ", "mosquitto_sub "] {
            script = script.replace(client, &format!("{client}-p {door} "));
        }
        script = script.replace("http://127.0.0.1:8080", &server.url());
        command.env("DAVY_SERVER", server.url());
    }
    let said = Said::by({
        command.current_dir(workspace()).args(["-c", &script]);
        command
    })
    .await;
    assert!(!said.err.contains("not found"), "{page}: {}", said.err);
    said.out + &said.err
}

#[tokio::test]
async fn every_page_does_what_it_says() {
    if !has_mosquitto() {
        return;
    }
    let (mut without, mut wrong, mut ran) = (Vec::new(), Vec::new(), 0);
    for Page { code, commands } in pages() {
        let Some(commands) = commands else {
            without.push(code);
            continue;
        };
        let needs_davy = [
            "mosquitto_",
            "davy alarms",
            "davy deadletters",
            "davy devices",
            "davy consumers",
            "davy exits",
            "davy rules propose",
            "davy rules history",
            "curl ",
        ]
        .iter()
        .any(|it| commands.contains(it));
        let mut setup = Setup::new();
        let server = if needs_davy {
            setup.sample("park");
            setup.configure("");
            Some(Davy::serve(&setup.config()).await)
        } else {
            None
        };
        let out = run(&code, &commands, server.as_ref()).await;
        let last = commands.lines().last().unwrap_or_default();
        let wanted = last.strip_prefix(SAYS).unwrap_or(&code);
        ran += 1;
        if !out.contains(wanted) {
            wrong.push(format!("--- {code}: its commands say\n{out}\n--- and not {wanted:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(without, NOT_BY_A_COMMAND, "pages whose commands nobody can run");
    println!("{ran} pages did what they say");
}

#[test]
fn every_code_that_the_services_answer_with_has_its_page() {
    let crates = workspace().join("crates");
    let folders = ["server/src/rpc", "server/src/rpc/rules", "server/src/rpc/telemetry"]
        .map(|folder| crates.join(folder));
    let beside =
        ["server/src/revisions/refused.rs", "workbench/src/revision/life.rs"].map(|file| crates.join(file));
    let entries = folders.iter().flat_map(|folder| fs::read_dir(folder).expect("the services are there"));
    let paths = entries.map(|entry| entry.expect("readable").path()).filter(|path| path.is_file());
    let mut looked_at = 0;
    for path in paths.chain(beside) {
        let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let is_code =
            |word: &&str| word.len() > 5 && word.chars().all(|c| c.is_ascii_uppercase() || c == '_');
        // What the compiler is asked for is no code.
        let text = text.replace("env!(\"", "env!(\"of the build ");
        for code in text.split('"').skip(1).step_by(2).filter(is_code) {
            looked_at += 1;
            let page = workspace().join(format!("docs/errors/{code}.md"));
            assert!(page.is_file(), "{} answers {code}, which has no page", path.display());
        }
    }
    assert!(looked_at > 5, "only {looked_at} codes were found: they are not looked for as they are written");
}
