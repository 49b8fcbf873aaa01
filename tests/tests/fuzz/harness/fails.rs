//! One try of one input, and the smallest input that still fails.

use std::{
    cell::RefCell,
    panic::{self, AssertUnwindSafe},
    thread,
    time::{Duration, Instant},
};

use super::{Gauge, Target};

thread_local! {
    /// Where and why this thread panicked last.
    static LAST: RefCell<String> = const { RefCell::new(String::new()) };
}

/// How long a parser may work on one input of at most 256 KiB: a guard against loops, far from what anything takes.
const TOOK_MAX: Duration = Duration::from_secs(10);
/// How many tries the shortening of a failing input gets.
const TRIES_MAX: usize = 1500;

/// Keeps panics of targets from the log: what is to be said of them is said once, at the end.
pub(crate) fn hush() {
    let loud = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        if thread::current().name().is_some_and(|name| name.starts_with("fuzz ")) {
            LAST.with_borrow_mut(|last| *last = info.to_string());
        } else {
            loud(info);
        }
    }));
}

/// Tries one input on this thread.
pub(super) fn attempt(target: &Target, input: &[u8]) -> Result<Gauge, String> {
    let mut took = Duration::MAX;
    // Once slow may be the machine's fault, three times is not.
    for _ in 0..3 {
        let mut gauge = Gauge::new(target.heap);
        panic::catch_unwind(AssertUnwindSafe(|| (target.check)(&mut gauge, input)))
            .map_err(|_| LAST.with_borrow(String::clone))?;
        if gauge.took <= TOOK_MAX {
            return Ok(gauge);
        }
        took = took.min(gauge.took);
    }
    Err(format!("{} bytes took {took:?} three times over; at most {TOOK_MAX:?}", input.len()))
}

/// Runs `work` on a thread with the target's stack, with no panic before it.
pub(super) fn on_thread<T: Send>(target: &Target, work: impl FnOnce() -> T + Send) -> T {
    let named = thread::Builder::new().name(format!("fuzz {}", target.name)).stack_size(target.stack_len);
    thread::scope(|scope| {
        let running = named.spawn_scoped(scope, work).expect("a thread can be started");
        // A target's panics are caught: this one is of the harness, and goes on with its words.
        running.join().unwrap_or_else(|words| panic::resume_unwind(words))
    })
}

/// The shortest input found that still fails, and how it fails.
pub(super) fn shorten(target: &Target, input: &[u8], message: String) -> (Vec<u8>, String) {
    let start = Instant::now();
    let (mut best, mut said) = (input.to_vec(), message);
    let (mut tries, mut piece) = (0, best.len().div_ceil(2).max(1));
    loop {
        let mut at = 0;
        while at < best.len() && tries < TRIES_MAX && start.elapsed() < Duration::from_secs(20) {
            let shorter = [&best[..at], &best[(at + piece).min(best.len())..]].concat();
            tries += 1;
            match on_thread(target, || attempt(target, &shorter)) {
                Err(message) => (best, said) = (shorter, message),
                Ok(_) => at += piece,
            }
        }
        if piece == 1 {
            return (best, said);
        }
        piece = piece.div_ceil(2);
    }
}
