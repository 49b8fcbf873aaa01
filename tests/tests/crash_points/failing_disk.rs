//! Errors of the disk's calls, one by one: a flush, a write, a short write, a cut that fails, once or for as long as it lasts.

use std::time::Duration;

use davy_proto::v1::TransitionKind;
use davy_tests::{Fault, LONG, has_strace, wait_until};

use crate::{
    fault::{Bench, JOURNAL_FAULT},
    script::{LIMIT, SITE, alarm},
};

/// What fails for as long as it lasts. A `retval=0` of a write is a short write: nothing of it was written.
const LASTING: &[&str] = &[
    "fsync,fdatasync:error=EIO",
    "pwrite64,write:error=EIO",
    "pwrite64,write:error=ENOSPC",
    "pwrite64:retval=0",
    "pwrite64,write,ftruncate,fsync,fdatasync:error=EIO",
    "pwrite64,write:error=EROFS",
    "fsync,fdatasync:error=EDQUOT",
];

/// What fails once, with its call.
const PASSING: &[&str] = &[
    "fsync,fdatasync:error=EIO:when=1",
    "pwrite64:error=EIO:when=1",
    "pwrite64:error=EIO:when=2",
    "pwrite64:error=EIO:when=3",
    "pwrite64:error=ENOSPC:when=1",
    "pwrite64:retval=0:when=2",
];

/// What is only noise: a call that was interrupted, or did less than it was asked to.
const NOISE: &[&str] = &["pwrite64:error=EINTR:when=1", "pwrite64:error=EINTR:when=2+3"];

#[tokio::test]
async fn while_a_disk_fails_alarms_go_on_and_nothing_is_acknowledged() {
    if !has_strace() {
        return;
    }
    let mut bench = Bench::fresh().await;
    for inject in LASTING {
        println!("{inject}");
        let fault = Fault::begin(&bench.server, &bench.setup.journal(SITE), inject).await;
        let open = bench.fails_loudly().await;
        fault.end().await;
        bench.recovers(open).await;
    }
    println!("disk faults that last: {}", LASTING.len());
    bench.ends().await;
}

#[tokio::test]
async fn killed_while_its_disk_fails_it_has_what_it_acknowledged() {
    if !has_strace() {
        return;
    }
    for inject in LASTING {
        println!("{inject}");
        let mut bench = Bench::fresh().await;
        let fault = Fault::begin(&bench.server, &bench.setup.journal(SITE), inject).await;
        bench.fails_loudly().await;
        drop(fault);
        bench.killed().await;
    }
    println!("kills while the disk fails: {}", LASTING.len());
}

#[tokio::test]
async fn a_call_that_fails_once_is_tried_again_and_costs_nothing() {
    if !has_strace() {
        return;
    }
    let mut bench = Bench::fresh().await;
    for inject in PASSING {
        println!("{inject}");
        let fault = Fault::begin(&bench.server, &bench.setup.journal(SITE), inject).await;
        bench.delivers(LIMIT + 1.0).await;
        let raised = bench.hears(&alarm(0), TransitionKind::Raised, None).await;
        bench.promised.told.push(raised.id);
        bench.hears(JOURNAL_FAULT, TransitionKind::Cleared, Some(true)).await;
        fault.end().await;
        bench.is_well().await;
        bench.delivers(1.0).await;
    }
    for inject in NOISE {
        println!("{inject}");
        let fault = Fault::begin(&bench.server, &bench.setup.journal(SITE), inject).await;
        bench.delivers(LIMIT + 1.0).await;
        bench.delivers(1.0).await;
        fault.end().await;
    }
    println!("disk faults that pass: {}", PASSING.len() + NOISE.len());
    bench.ends().await;
}

/// A snapshot is large: what its failed flush leaves behind the log's end must not be taken for more than it is.
#[tokio::test]
async fn an_end_whose_flush_fails_leaves_a_journal_that_goes_on() {
    if !has_strace() {
        return;
    }
    for when in 1..=6 {
        let mut bench = Bench::fresh().await;
        for step in 0..20 {
            bench.delivers(f64::from(step % 10)).await;
        }
        let inject = format!("fsync,fdatasync:error=EIO:when={when}");
        let _fault = Fault::begin(&bench.server, &bench.setup.journal(SITE), &inject).await;
        bench.server.ask_to_stop();
        let server = &mut bench.server;
        wait_until("it ends, well or not", LONG + Duration::from_secs(5), async || {
            server.has_ended().then_some(())
        })
        .await;
        crate::script::check(&bench.setup, bench.promised).await;
    }
    println!("ends whose flush fails: 6");
}
