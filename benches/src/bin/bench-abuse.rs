//! What those who mean well wait for while Davy is abused, against what they wait for when it is not.
//!
//! Floor: the same gateways, listener and lister on the same Davy, undisturbed. Budget: p99 ≤ 2 × for readings, alerts and lists.
//! Each round has a Davy of its own for each group; what is undisturbed comes first in one round and last in the next. In a
//! plant whoever abuses sits elsewhere and takes no core from Davy: here it has one of its own, and Davy and those who mean well
//! have the others, undisturbed and abused alike. With `--same-cores` it works on those of Davy, in the time that nobody else
//! wants; Linux may let it finish all the same until the clock ticks, and whoever waits for that core waits milliseconds.
//! What an abuser may say of its own goes to the same disk, so how long a flush of somebody else's took is told too, and the
//! cores at work. `TMPDIR=/dev/shm` leaves the disk out.
//!
//!   bench-abuse                                      all groups
//!   bench-abuse mqtt/floods                          one
//!   bench-abuse --same-cores grpc                    one, and no core is anybody's own
//!   bench-abuse 'grpc/floods/DATA of nothing but padding'    one flood of it, again and again

use std::{
    env,
    fs::File,
    io::Write,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use anyhow::{Result, anyhow, ensure};
use davy_benches::{
    process::cpu_us,
    table::{line, median},
};
use davy_tests::abuse::{House, Waits, grpc, mqtt, web};
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};
use thread_priority::{
    NormalThreadSchedulePolicy, ThreadPriority, ThreadSchedulePolicy, set_thread_priority_and_policy,
    thread_native_id,
};
use tokio::{
    runtime::{Builder, Runtime},
    task::block_in_place,
    time::{Instant, sleep},
};

const ROUNDS: usize = 3;
/// How long nobody disturbs; and a group that is through before is tried again.
const PIECE: Duration = Duration::from_secs(20);
const FLUSH_EVERY: Duration = Duration::from_millis(50);

type Abuse<'a> = Pin<Box<dyn Future<Output = ()> + 'a>>;
type Group = Box<dyn Fn(&House) -> Abuse<'_> + Sync>;

/// Each by its name in `docs/security/abuse.md`. `web/sessions` is not among them: its guessing locks a name for good.
const GROUPS: [&str; 6] = ["mqtt", "mqtt/floods", "grpc", "grpc/floods", "web", "web/floods"];

/// A group, or one flood, by its name; `None` when nothing is called so.
fn group(name: &str) -> Option<Group> {
    const FLOODS: [(&str, &[&str]); 3] =
        [("mqtt", &mqtt::FLOODS), ("grpc", &grpc::FLOODS), ("web", &web::FLOODS)];
    for (of, floods) in FLOODS {
        let wanted: Vec<&str> =
            floods.iter().copied().filter(|flood| *flood == name || name == format!("{of}/floods")).collect();
        if !wanted.is_empty() {
            return Some(Box::new(move |house| Box::pin(flood(house, of, wanted.clone()))));
        }
    }
    match name {
        "mqtt" => Some(Box::new(|house| Box::pin(mqtt_cases(house)))),
        "grpc" => Some(Box::new(|house| Box::pin(grpc_cases(house)))),
        "web" => Some(Box::new(|house| Box::pin(web_cases(house)))),
        _ => None,
    }
}

async fn flood(house: &House, of: &str, floods: Vec<&str>) {
    for flood in floods {
        match of {
            "mqtt" => house.flood(flood).await,
            "grpc" => house.flood_of_frames(flood).await,
            _ => house.flood_of_requests(flood).await,
        }
    }
}

async fn mqtt_cases(house: &House) {
    for case in mqtt::cases() {
        case.try_on(house).await.unwrap_or_else(|wrong| panic!("{wrong}"));
    }
}

async fn grpc_cases(house: &House) {
    for case in grpc::cases().into_iter().chain(grpc::values()) {
        case.try_on(house).await.unwrap_or_else(|wrong| panic!("{wrong}"));
    }
}

async fn web_cases(house: &House) {
    for case in web::cases() {
        case.try_on(house).await.unwrap_or_else(|wrong| panic!("{wrong}"));
    }
}

/// Somebody who flushes a page to the disk of Davy's journals, again and again.
struct Flusher {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<Result<Vec<Duration>>>,
}

impl Flusher {
    fn begin() -> Flusher {
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let thread = thread::spawn(move || {
            let (mut file, mut took) = (tempfile::tempfile()?, Vec::new());
            while !stopped.load(Ordering::Relaxed) {
                took.push(flush(&mut file)?);
                thread::sleep(FLUSH_EVERY);
            }
            Ok(took)
        });
        Flusher { stop, thread }
    }

    fn end(self) -> Result<Vec<Duration>> {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().map_err(|_| anyhow!("who flushes panicked"))?
    }
}

fn flush(file: &mut File) -> Result<Duration> {
    let began = Instant::now();
    file.write_all(&[0; 4096])?;
    file.sync_data()?;
    Ok(began.elapsed())
}

/// What a piece of a round gave.
struct Piece {
    waits: Waits,
    flushes: Vec<Duration>,
    /// Cores that Davy was at work on.
    davy: f64,
    /// Cores that this process was: who means well, and who does not.
    clients: f64,
}

async fn piece(house: &House, meanwhile: impl Future<Output = ()>) -> Result<(Piece, u64)> {
    let cpu = || anyhow::Ok((cpu_us(house.davy.pid())?, cpu_us(std::process::id())?));
    let (before, began) = (cpu()?, Instant::now());
    let (honest, flusher) = (house.honest().await, Flusher::begin());
    meanwhile.await;
    let (waits, acknowledged) = honest.end().await;
    let flushes = flusher.end()?;
    let (after, took_us) = (cpu()?, began.elapsed().as_micros() as f64);
    let (davy, clients) = ((after.0 - before.0) as f64 / took_us, (after.1 - before.1) as f64 / took_us);
    Ok((Piece { waits, flushes, davy, clients }, acknowledged))
}

/// Where whoever abuses works.
#[derive(Clone, Copy)]
enum Place {
    /// On these cores, on which nobody else of this bench works.
    Apart(CpuSet),
    /// On everybody's cores, in the time that is left.
    Aside,
}

impl Place {
    /// Leaves the last core to whoever abuses: this thread, and all threads and processes that come of it, keep to the others.
    fn apart() -> Result<Place> {
        let mut others = sched_getaffinity(None)?;
        ensure!(others.count() > 1, "one core: there is none for whoever abuses; try --same-cores");
        let last = (0..CpuSet::MAX_CPU).rev().find(|core| others.is_set(*core)).expect("there are two");
        let mut own = CpuSet::new();
        own.set(last);
        others.unset(last);
        sched_setaffinity(None, &others)?;
        Ok(Place::Apart(own))
    }

    fn go(self) -> Result<()> {
        match self {
            Place::Apart(own) => sched_setaffinity(None, &own)?,
            Place::Aside => step_aside()?,
        }
        Ok(())
    }
}

/// Abuses for the length of a piece.
async fn again(house: &House, abuse: &Group, place: Place) {
    block_in_place(|| {
        thread::scope(|scope| {
            scope.spawn(|| villain(house, abuse, place));
        });
    });
}

fn villain(house: &House, abuse: &Group, place: Place) {
    place.go().expect("anybody may keep to a core, or ask for less");
    let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let began = Instant::now();
        while began.elapsed() < PIECE {
            abuse(house).await;
        }
    });
}

/// Idle, not merely nice: Linux lets a nice thread finish its slice, of a millisecond or three, when somebody else wakes.
fn step_aside() -> Result<(), thread_priority::Error> {
    let idle = ThreadSchedulePolicy::Normal(NormalThreadSchedulePolicy::Idle);
    set_thread_priority_and_policy(thread_native_id(), ThreadPriority::Min, idle)
}

/// Both pieces of a round: undisturbed, and disturbed.
async fn round(name: &str, abuse: &Group, place: Place, quiet_first: bool) -> Result<(Piece, Piece)> {
    let mut house = House::open().await;
    // What a Davy does once is no part of either.
    let (_, first) = piece(&house, sleep(PIECE / 10)).await?;
    let (quiet, abused);
    if quiet_first {
        quiet = piece(&house, sleep(PIECE)).await?;
        abused = piece(&house, again(&house, abuse, place)).await?;
    } else {
        abused = piece(&house, again(&house, abuse, place)).await?;
        quiet = piece(&house, sleep(PIECE)).await?;
    }
    house.check(name, first + quiet.1 + abused.1).await;
    Ok((quiet.0, abused.0))
}

fn show(what: &str, budget: &str, rounds: &[(Piece, Piece)], waits: fn(&Piece) -> &[Duration]) {
    let p99_ms = |piece: &Piece| Waits::p99(waits(piece)).as_secs_f64() * 1e3;
    let of = |side: &dyn Fn(&(Piece, Piece)) -> f64| median(rounds.iter().map(side).collect());
    let (quiet, abused) = (of(&|round| p99_ms(&round.0)), of(&|round| p99_ms(&round.1)));
    let ratio = of(&|round| p99_ms(&round.1) / p99_ms(&round.0));
    line(
        what,
        &format!("p99 {abused:.2} ms, {quiet:.2} ms undisturbed"),
        &format!("ratio {ratio:.2}{budget}"),
    );
}

async fn measure(name: &str, abuse: &Group, place: Place) -> Result<()> {
    let mut rounds = Vec::new();
    for number in 0..ROUNDS {
        rounds.push(round(name, abuse, place, number.is_multiple_of(2)).await?);
    }
    println!("{name}, {ROUNDS} rounds");
    show("reading → acknowledged", "; budget ≤ 2", &rounds, |piece| &piece.waits.pubacks);
    show("reading → alert heard", "; budget ≤ 2", &rounds, |piece| &piece.waits.alerts);
    show("list → answer", "; budget ≤ 2", &rounds, |piece| &piece.waits.lists);
    show("a flush of somebody else's", "", &rounds, |piece| &piece.flushes);
    let of = |side: &dyn Fn(&(Piece, Piece)) -> f64| median(rounds.iter().map(side).collect());
    line(
        "cores at work: Davy, and all clients",
        &format!("{:.2}, {:.2}", of(&|round| round.1.davy), of(&|round| round.1.clients)),
        &format!("undisturbed {:.2}, {:.2}", of(&|round| round.0.davy), of(&|round| round.0.clients)),
    );
    Ok(())
}

async fn measure_all(asked: &[String], place: Place) -> Result<()> {
    for name in asked {
        let abuse =
            group(name).ok_or_else(|| anyhow!("{name} is none of {GROUPS:?}, and no flood of one"))?;
        measure(name, &abuse, place).await?;
    }
    Ok(())
}

fn main() -> Result<()> {
    let (options, mut asked): (Vec<String>, Vec<String>) =
        env::args().skip(1).partition(|word| word == "--same-cores");
    if asked.is_empty() {
        asked = GROUPS.map(str::to_owned).to_vec();
    }
    let place = if options.is_empty() { Place::apart()? } else { Place::Aside };
    // Its threads are begun where this one may work.
    Runtime::new()?.block_on(measure_all(&asked, place))
}
