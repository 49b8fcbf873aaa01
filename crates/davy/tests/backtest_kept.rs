//! A journal that keeps six hours of a day is judged as far as it reaches, and says where to look for the rest.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "../../server/tests/day/mod.rs"]
mod day;

use std::{
    path::Path,
    process::{Command, Output},
    time::Duration,
};

use davy_server::Retention;
use day::*;

fn backtest(journal: &Path, args: &[&str]) -> Output {
    let journal = journal.to_str().unwrap();
    let words = ["rules", "backtest", "--journal", journal];
    Command::new(env!("CARGO_BIN_EXE_davy")).args(words.iter().chain(args)).output().unwrap()
}

#[test]
fn what_a_journal_let_go_is_refused_and_history_is_named() {
    let folder = folder();
    let journal = folder.path().join("s0.sqlite");
    let retention = Retention { keep: Duration::from_secs(6 * 3600), ..Retention::default() };
    let mut site = Served::new(0, &journal, retention);
    site.open();
    (0..86_400).step_by(STEP_S as usize).for_each(|second| site.second(second));
    drop(site);
    let time = |second: i64| at(second).to_string();

    // All that is left of it, and any part of that.
    for args in [vec![], vec!["--last", "240h"], vec!["--from", &time(86_400 - 3600)]] {
        let said = backtest(&journal, &args);
        let text = String::from_utf8_lossy(&said.stdout);
        assert_eq!(said.status.code(), Some(0), "{args:?}: {said:?}");
        assert!(text.contains("the same to the byte"), "{args:?}: {text}");
        let remark =
            text.lines().find(|line| line.contains("the journal keeps commits from")).expect("a remark");
        assert!(remark.contains("--history"), "{remark}");
    }
    for args in [["--from", &time(3600)], ["--until", &time(7200)]] {
        let said = backtest(&journal, &args);
        let err = String::from_utf8_lossy(&said.stderr);
        assert_eq!(said.status.code(), Some(1), "{args:?}: {err}");
        assert!(
            err.contains("NO_LONGER_KEPT") && err.contains("davy rules backtest --history"),
            "{args:?}: {err}"
        );
        assert!(err.contains("can be judged from 20"), "{args:?}: {err}");
    }
}
