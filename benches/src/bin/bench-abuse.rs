//! What those who mean well wait for while Davy is abused, against what they wait for when it is not.
//!
//! Floor: the same gateways, listener and lister on the same Davy, undisturbed. Budget: p99 ≤ 2 × for readings, alerts and lists.
//! Each round has a Davy of its own for each group, and its pieces in another order. In a plant whoever abuses sits elsewhere;
//! here it gets the time that nobody else wants, and is in the way all the same: Linux may take a core from it only when
//! the clock ticks. So there is a third piece, in company: nobody disturbs Davy, and somebody takes as much of the cores as
//! whoever abuses. What an abuser may say of its own goes to the same disk, so how long a flush of somebody else's took is told
//! too, and the cores at work. `TMPDIR=/dev/shm` leaves the disk out.
//!
//!   bench-abuse                                      all groups
//!   bench-abuse mqtt/floods                          one
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

use anyhow::{Result, anyhow};
use davy_benches::{
    process::cpu_us,
    table::{line, median},
};
use davy_tests::abuse::{House, Waits, grpc, mqtt, web};
use rustix::time::{ClockId, clock_gettime};
use thread_priority::{
    NormalThreadSchedulePolicy, ThreadPriority, ThreadSchedulePolicy, set_thread_priority_and_policy,
    thread_native_id,
};
use tokio::{
    runtime::Builder,
    task::block_in_place,
    time::{Instant, sleep},
};

const ROUNDS: usize = 3;
/// How long nobody disturbs; and a group that is through before is tried again.
const PIECE: Duration = Duration::from_secs(20);
const FLUSH_EVERY: Duration = Duration::from_millis(50);
/// How long company takes a core at a time, about what a case takes whoever abuses.
const BURST: Duration = Duration::from_millis(4);

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

/// Abuses for the length of a piece. Returns the share of a core that this took, 0 to 1.
async fn again(house: &House, abuse: &Group) -> f64 {
    beside(|| {
        let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let began = Instant::now();
            while began.elapsed() < PIECE {
                abuse(house).await;
            }
        });
    })
}

/// Takes a share of a core for the length of a piece, and does nothing with it.
fn company(share: f64) {
    beside(|| {
        let began = Instant::now();
        while began.elapsed() < PIECE {
            let burst = Instant::now();
            while burst.elapsed() < BURST {
                std::hint::spin_loop();
            }
            thread::sleep(BURST.mul_f64((1.0 - share).max(0.0) / share.max(0.01)));
        }
    });
}

/// Does it on a thread that gets what others leave. Returns the share of a core that it took, 0 to 1.
fn beside(work: impl FnOnce() + Send) -> f64 {
    let on_thread = || {
        step_aside().expect("anybody may ask for less");
        let began = Instant::now();
        work();
        let taken = clock_gettime(ClockId::ThreadCPUTime);
        (taken.tv_sec as f64 + taken.tv_nsec as f64 / 1e9) / began.elapsed().as_secs_f64()
    };
    block_in_place(|| {
        thread::scope(|scope| scope.spawn(on_thread).join().expect("whoever abuses found nothing"))
    })
}

/// Idle, not merely nice: Linux lets a nice thread finish its slice, of a millisecond or three, when somebody else wakes.
fn step_aside() -> Result<(), thread_priority::Error> {
    let idle = ThreadSchedulePolicy::Normal(NormalThreadSchedulePolicy::Idle);
    set_thread_priority_and_policy(thread_native_id(), ThreadPriority::Min, idle)
}

/// The pieces of a round.
struct Round {
    quiet: Piece,
    company: Piece,
    abused: Piece,
}

/// A round, and the share of a core that whoever abuses took. `share` is what company takes: before the first round it is not known,
/// so company comes last there.
async fn round(name: &str, abuse: &Group, number: usize, mut share: f64) -> Result<(Round, f64)> {
    const ORDERS: [[usize; 3]; 3] = [[2, 0, 1], [0, 1, 2], [1, 2, 0]];
    let mut house = House::open().await;
    // What a Davy does once is no part of any.
    let (_, mut acknowledged) = piece(&house, sleep(PIECE / 10)).await?;
    let mut pieces = [None, None, None];
    for which in ORDERS[number % ORDERS.len()] {
        let (piece, more) = match which {
            0 => piece(&house, sleep(PIECE)).await?,
            1 => piece(&house, async { company(share) }).await?,
            _ => piece(&house, async { share = again(&house, abuse).await }).await?,
        };
        acknowledged += more;
        pieces[which] = Some(piece);
    }
    house.check(name, acknowledged).await;
    let [quiet, company, abused] = pieces.map(|piece| piece.expect("each has its turn"));
    Ok((Round { quiet, company, abused }, share))
}

fn show(what: &str, budget: &str, rounds: &[Round], waits: fn(&Piece) -> &[Duration]) {
    let p99_ms = |piece: &Piece| Waits::p99(waits(piece)).as_secs_f64() * 1e3;
    let of = |side: &dyn Fn(&Round) -> f64| median(rounds.iter().map(side).collect());
    let abused = of(&|round| p99_ms(&round.abused));
    let (quiet, company) = (of(&|round| p99_ms(&round.quiet)), of(&|round| p99_ms(&round.company)));
    let to_quiet = of(&|round| p99_ms(&round.abused) / p99_ms(&round.quiet));
    let to_company = of(&|round| p99_ms(&round.abused) / p99_ms(&round.company));
    line(
        what,
        &format!("p99 {abused:.2} ms, {quiet:.2} undisturbed, {company:.2} in company"),
        &format!("ratios {to_quiet:.2}, {to_company:.2}{budget}"),
    );
}

async fn measure(name: &str, abuse: &Group) -> Result<()> {
    let (mut rounds, mut share) = (Vec::new(), 0.0);
    for number in 0..ROUNDS {
        let (round, taken) = round(name, abuse, number, share).await?;
        rounds.push(round);
        share = taken;
    }
    println!("{name}, {ROUNDS} rounds");
    show("reading → acknowledged", "; budget ≤ 2", &rounds, |piece| &piece.waits.pubacks);
    show("reading → alert heard", "; budget ≤ 2", &rounds, |piece| &piece.waits.alerts);
    show("list → answer", "; budget ≤ 2", &rounds, |piece| &piece.waits.lists);
    show("a flush of somebody else's", "", &rounds, |piece| &piece.flushes);
    let of = |side: &dyn Fn(&Round) -> f64| median(rounds.iter().map(side).collect());
    let cores = |piece: fn(&Round) -> &Piece| {
        format!("{:.2}, {:.2}", of(&|round| piece(round).davy), of(&|round| piece(round).clients))
    };
    let (abused, quiet) = (cores(|round| &round.abused), cores(|round| &round.quiet));
    let company = cores(|round| &round.company);
    line(
        "cores at work: Davy, and all clients",
        &abused,
        &format!("undisturbed {quiet}; in company {company}"),
    );
    Ok(())
}

#[tokio::main]
async fn main() -> Result<()> {
    let asked: Vec<String> = env::args().skip(1).collect();
    let asked = if asked.is_empty() { GROUPS.map(str::to_owned).to_vec() } else { asked };
    for name in asked {
        let abuse =
            group(&name).ok_or_else(|| anyhow!("{name} is none of {GROUPS:?}, and no flood of one"))?;
        measure(&name, &abuse).await?;
    }
    Ok(())
}
