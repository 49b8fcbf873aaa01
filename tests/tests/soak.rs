//! `tests/soak` runs, stops at a failure, and says how to have that failure again.

use std::process::Command;

use davy_tests::{Said, davy_binary, workspace};

async fn soak(davy: &std::path::Path, args: &[&str]) -> Said {
    let mut command = Command::new("bash");
    command.arg(workspace().join("tests/soak")).args(args).env("DAVY_BIN", davy);
    Said::by(command).await
}

#[tokio::test]
async fn a_quick_round_runs_and_a_failure_says_how_to_have_it_again() {
    let quick = ["--rounds", "1", "--quick", "--only", "kills", "--seed", "11"];
    let said = soak(&davy_binary(), &quick).await.ended(0);
    assert!(said.out.contains("kill -9: 5 kills") && said.out.contains("1 whole rounds"), "{}", said.out);

    let said = soak("/bin/false".as_ref(), &quick).await.ended(1);
    let again = said.out.lines().last().unwrap_or_default();
    assert!(again.contains("DAVY_SEED=11 DAVY_KILLS=5") && again.contains("--test kill"), "{}", said.out);

    soak(&davy_binary(), &["--for", "ever"]).await.ended(2);
}
