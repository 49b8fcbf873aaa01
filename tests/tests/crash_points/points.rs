//! SIGKILL at the n-th call that makes something durable: of a sample of all calls in CI, of all of them on demand.

use std::{collections::BTreeMap, env, fs, sync::Mutex, thread};

use davy_tests::{Davy, Setup, calls_in, has_strace, strace};

use crate::script::{SITE, check, copy_data, play, setup};

/// How many points CI takes, over both beginnings, unless `DAVY_CRASH_POINTS` says otherwise.
const SAMPLE: usize = 220;
/// How many run at once.
const AT_ONCE: usize = 3;

/// What Davy begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Begin {
    /// No journal yet.
    Cold,
    /// A journal whose writer was killed: its write-ahead log is full of commits.
    Warm,
}

/// Where to kill.
#[derive(Clone, Debug)]
struct Point {
    begin: Begin,
    call: String,
    number: u32,
}

fn number(name: &str, otherwise: usize) -> usize {
    env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

fn seed() -> usize {
    number("DAVY_SEED", 0)
}

#[tokio::test]
async fn killed_at_any_call_to_the_disk_it_loses_and_doubles_nothing() {
    if !has_strace() {
        return;
    }
    println!("DAVY_SEED={}", seed());
    let left = left_by_a_kill().await;
    let mut all = Vec::new();
    for begin in [Begin::Cold, Begin::Warm] {
        all.extend(dry_run(begin, &left).await);
    }
    let total = all.len();
    let chosen = if number("DAVY_CRASH_ALL", 0) == 1 { all } else { sample(&all) };
    let points = chosen.len();
    let killed = spread(chosen, &left);
    println!("crash points: {killed} kills at {points} of {total} calls to the disk");
    // Heartbeats and the like make a run a few calls longer or shorter than the one that was counted.
    assert!(killed * 100 >= points * 95, "too many points were never reached: {killed} of {points}");
}

/// Kills at all of these, a few at a time. How many kills there were.
fn spread(points: Vec<Point>, left: &Setup) -> usize {
    let points = Mutex::new(points.into_iter());
    let work = || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let mut killed = 0;
        loop {
            let Some(point) = points.lock().expect("nobody panics with it").next() else { return killed };
            killed += usize::from(runtime.block_on(kill_at(&point, left)));
        }
    };
    thread::scope(|scope| {
        let workers: Vec<_> = (0..AT_ONCE).map(|_| scope.spawn(work)).collect();
        workers.into_iter().map(|worker| worker.join().expect("which point failed is told above")).sum()
    })
}

/// Every so many, so that all kinds of calls are in it from first to last.
fn sample(all: &[Point]) -> Vec<Point> {
    let shift = seed() % all.len();
    let len = number("DAVY_CRASH_POINTS", SAMPLE).min(all.len());
    let place = |number: usize| (number * all.len() / len + shift) % all.len();
    (0..len).map(|number| all[place(number)].clone()).collect()
}

/// A folder as a Davy leaves it that is killed after the whole script but its end.
async fn left_by_a_kill() -> Setup {
    let setup = setup();
    let mut server = Davy::serve(&setup.config()).await;
    let mut gateway = crate::script::Gateway::connect(&server).await.expect("let in");
    for step in 0..100 {
        gateway.deliver(|tag| f64::from(step % 10 + tag as u32)).await.expect("taken");
    }
    server.kill();
    setup
}

fn begun(begin: Begin, left: &Setup) -> Setup {
    let setup = setup();
    match begin {
        Begin::Cold => fs::create_dir_all(setup.path("data")).expect("a folder"),
        Begin::Warm => copy_data(left, &setup),
    }
    setup
}

/// Every point of a run that is not killed.
async fn dry_run(begin: Begin, left: &Setup) -> Vec<Point> {
    let setup = begun(begin, left);
    let log = setup.path("strace.log");
    let mut server = Davy::start_under(&strace(&setup.journal(SITE), None, &log), &setup.config());
    let promised = play(&mut server, &setup).await;
    assert!(promised.done, "nobody killed it:\n{}", server.log());
    let calls: BTreeMap<String, u32> = calls_in(&log);
    println!("{begin:?}: {calls:?}");
    let of = |(call, count): (&String, &u32)| -> Vec<Point> {
        (1..=*count).map(|number| Point { begin, call: call.clone(), number }).collect()
    };
    let points = calls.iter().flat_map(of).collect();
    check(&setup, promised).await;
    points
}

/// Whether it was killed: a run may be shorter than the one that was counted.
async fn kill_at(point: &Point, left: &Setup) -> bool {
    let setup = begun(point.begin, left);
    let told = Told(point.clone());
    let inject = format!("{}:signal=SIGKILL:when={}", point.call, point.number);
    let wrapper = strace(&setup.journal(SITE), Some(&inject), &setup.path("strace.log"));
    let mut server = Davy::start_under(&wrapper, &setup.config());
    let promised = play(&mut server, &setup).await;
    let killed = !promised.done;
    server.kill();
    check(&setup, promised).await;
    drop(told);
    killed
}

/// Says which point it was when the test fails.
struct Told(Point);

impl Drop for Told {
    fn drop(&mut self) {
        if thread::panicking() {
            eprintln!("--- this was at {:?}", self.0);
        }
    }
}
