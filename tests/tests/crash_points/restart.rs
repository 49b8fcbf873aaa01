//! What a killed process left is not believed before it is written again: its last flush may have failed, and the system
//! says yes to a second flush of the same bytes without writing them.

use std::fs;

use davy_tests::{Davy, has_strace, strace};

use crate::fault::Bench;
use crate::script::SITE;

#[tokio::test]
async fn a_start_writes_the_log_again_before_anything_relies_on_it() {
    if !has_strace() {
        return;
    }
    let mut bench = Bench::fresh().await;
    for step in 0..20 {
        bench.delivers(f64::from(step % 10)).await;
    }
    bench.server.kill();
    let journal = bench.setup.journal(SITE);
    let wal = format!("{}-wal", journal.display());
    let wal_len = fs::metadata(&wal).expect("there is a log").len();
    assert!(wal_len > 20 * 4096, "it holds the commits: {wal_len}");

    let log = bench.setup.path("strace.log");
    let mut server = Davy::start_under(&strace(&journal, None, &log), &bench.setup.config());
    server.until_it_listens().await;
    assert_eq!(server.stop().await, 0);
    let text = fs::read_to_string(&log).expect("strace wrote");
    let flushed = text.lines().position(|line| line.contains("sync(") && line.contains(&wal));
    let flushed = flushed.expect("the log is flushed");
    let before: Vec<&str> = text.lines().take(flushed).collect();
    let written: u64 = before
        .iter()
        .filter(|line| line.contains("pwrite64(") && line.contains(&wal))
        .filter_map(|line| line.rsplit("= ").next()?.trim().parse::<u64>().ok())
        .sum();
    assert!(written >= wal_len, "{written} of {wal_len} bytes were written again:\n{text}");
    let early = before.iter().find(|line| line.contains("pwrite64(") && line.contains(".sqlite>"));
    assert!(early.is_none(), "the database was written first: {early:?}");
    crate::script::check(&bench.setup, bench.promised).await;
}
