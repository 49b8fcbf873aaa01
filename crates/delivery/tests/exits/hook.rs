//! A program is run for each alert, and its exit status is its answer.

use std::{fs, time::Duration};

use davy_delivery::exits::{Exit, Hook, HookConfig, Notice, Outcome};
use davy_model::Tier;
use davy_proto::alert_of;

use crate::plant::transition;

async fn run(script: &str) -> (Outcome, String) {
    let folder = tempfile::tempdir().unwrap();
    let said = folder.path().join("said");
    let arguments = ["-c", script, "hook", said.to_str().unwrap()].map(str::to_owned).to_vec();
    let config = HookConfig { program: "/bin/sh".into(), arguments, timeout: Duration::from_millis(500) };
    let notice = Notice::Alert(Box::new(alert_of(&transition(1, Tier::Red), true)));
    let outcome = Hook::new(config).deliver(&notice).await;
    (outcome, fs::read_to_string(&said).unwrap_or_default())
}

#[tokio::test]
async fn a_program_gets_the_alert_as_one_line_and_answers_by_its_status() {
    let (outcome, said) = run(r#"{ cat; echo "$DAVY_TIER $DAVY_EVENT $HOME"; } > "$1""#).await;
    assert!(matches!(outcome, Outcome::Delivered(_)), "{outcome:?}");
    let lines: Vec<&str> = said.lines().collect();
    let alert: serde_json::Value = serde_json::from_str(lines[0]).unwrap();
    assert_eq!(alert["id"], "park:h2s:AT-0412/h2s#1.1");
    // Nothing of Davy's own environment is handed on.
    assert_eq!(lines[1..], ["red raised "]);

    let (outcome, _) = run("echo no such number >&2; exit 65").await;
    assert!(matches!(&outcome, Outcome::Refused(why) if why.contains("no such number")), "{outcome:?}");
    for script in ["exit 1", "exit 75", "kill -9 $$", "sleep 5", "head -c 1000000 /dev/zero >&2; exit 2"] {
        let (outcome, _) = run(script).await;
        assert!(matches!(outcome, Outcome::Again { .. }), "{script}: {outcome:?}");
    }
    // A program that reads nothing is no failure.
    let (outcome, _) = run("exit 0").await;
    assert!(matches!(outcome, Outcome::Delivered(_)), "{outcome:?}");
}
