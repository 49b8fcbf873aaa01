//! A target's run: what failed once, the corpus, and then as many new inputs as are asked for.

use std::{
    fs,
    time::{Duration, Instant},
};

use super::{
    Dice, Gauge, Settings, Target, corpus,
    fails::{attempt, on_thread, shorten},
    mutate,
    pool::Pool,
    watchdog::{self, Watchdog},
};

/// What a run came to.
#[derive(Clone, Debug, Default)]
pub(crate) struct Done {
    /// Inputs tried.
    pub(crate) tried: u64,
    /// How long it took.
    pub(crate) took: Duration,
    /// Inputs that came to something new, the corpus included.
    pub(crate) kinds: usize,
    /// The longest the parser took for one input.
    pub(crate) slowest: Duration,
    /// The most heap an input took of what it may, and what it may, bytes.
    pub(crate) heap: (u64, u64),
}

/// An input that must not fail, and did.
struct Failing {
    input: Vec<u8>,
    /// Where it came from.
    origin: String,
    message: String,
}

/// Runs a target.
///
/// # Errors
/// What failed, and how to see it again.
pub(crate) fn fuzz(target: &'static Target, settings: &Settings) -> Result<Done, String> {
    if let Some(path) = &settings.input {
        let input = fs::read(path).map_err(|error| format!("{}: {error}", path.display()))?;
        on_thread(target, || attempt(target, &input))?;
        return Ok(Done { tried: 1, ..Done::default() });
    }
    on_thread(target, || all(target, settings)).map_err(|failing| tell(target, settings, failing))
}

fn all(target: &'static Target, settings: &Settings) -> Result<Done, Failing> {
    let start = Instant::now();
    let watchdog = Watchdog::over(target.name);
    let mut done = Done::default();
    for (name, input) in corpus::regressions(target) {
        one(target, &watchdog, &mut done, &input, || format!("regression {name}"))?;
    }
    let mut pool = Pool::default();
    for (place, input) in corpus::of(target).into_iter().enumerate() {
        let gauge = one(target, &watchdog, &mut done, &input, || format!("input {place} of the corpus"))?;
        pool.give(gauge.signature(), input);
    }
    let mut dice = Dice::new(settings.seed, target.name);
    let runs = settings.runs.unwrap_or(target.runs);
    let mut run = 0;
    while settings.span.map_or(run < runs, |span| run % 64 != 0 || start.elapsed() < span) {
        let input = mutate::next(target, &pool, &mut dice);
        let gauge = one(target, &watchdog, &mut done, &input, || format!("run {run}"))?;
        pool.note(gauge.signature(), &input);
        run += 1;
    }
    if settings.keep {
        let kept = corpus::keep(target, pool.found());
        println!("{}: {kept} inputs went into the corpus", target.name);
    }
    (done.took, done.kinds) = (start.elapsed(), pool.kinds());
    Ok(done)
}

fn one(
    target: &Target,
    watchdog: &Watchdog,
    done: &mut Done,
    input: &[u8],
    origin: impl Fn() -> String,
) -> Result<Gauge, Failing> {
    watchdog.note(input);
    let gauge = attempt(target, input).map_err(|message| Failing {
        input: input.to_vec(),
        origin: origin(),
        message,
    })?;
    done.tried += 1;
    done.slowest = done.slowest.max(gauge.took);
    if gauge.peak * done.heap.1.max(1) >= done.heap.0 * gauge.peak_max {
        done.heap = (gauge.peak, gauge.peak_max);
    }
    Ok(gauge)
}

fn tell(target: &Target, settings: &Settings, failing: Failing) -> String {
    let Failing { input, origin, message } = failing;
    let (input, message) = shorten(target, &input, message);
    let path = watchdog::folder().join(format!("{}-{}", target.name, corpus::name_of(&input)));
    let written =
        fs::write(&path, &input).map_or_else(|error| error.to_string(), |()| path.display().to_string());
    let name = target.name;
    let hex: String = input.iter().take(512).map(|byte| format!("{byte:02x}")).collect();
    let more = if input.len() > 512 { "…" } else { "" };
    format!(
        "{message}\n\n{name}, seed {}, {origin}; shortened to {} bytes: {written}\nhex  {hex}{more}\ntext {:?}\n\
         again: DAVY_FUZZ_INPUT={} cargo test -p davy-tests --test fuzz -- --exact {name}\n\
         all:   DAVY_FUZZ_SEED={} cargo test -p davy-tests --test fuzz -- --exact {name}",
        settings.seed,
        input.len(),
        String::from_utf8_lossy(&input[..input.len().min(512)]),
        path.display(),
        settings.seed,
    )
}
