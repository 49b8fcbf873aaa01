//! What the environment asks for.

use std::{
    env,
    path::PathBuf,
    str::FromStr,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

/// How long, how often, from which seed.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    /// `DAVY_FUZZ_RUNS`: inputs a target, in place of each target's own count.
    pub(crate) runs: Option<u64>,
    /// `DAVY_FUZZ_FOR`: how long each target goes on, in place of a count: `600s`, `10m`, `24h`.
    pub(crate) span: Option<Duration>,
    /// `DAVY_FUZZ_SEED`. Without one it is the same every time, or, with `DAVY_FUZZ_FOR`, another.
    pub(crate) seed: u64,
    /// `DAVY_FUZZ_TARGET`: that one alone.
    pub(crate) target: Option<String>,
    /// `DAVY_FUZZ_INPUT`: that file alone, of the target named.
    pub(crate) input: Option<PathBuf>,
    /// `DAVY_FUZZ_KEEP=1`: what came to something new goes into the corpus.
    pub(crate) keep: bool,
}

const SEED: u64 = 0x5eed;

impl Settings {
    /// Reads the environment.
    ///
    /// # Panics
    /// When a variable does not read.
    pub(crate) fn read() -> Settings {
        let span = env::var("DAVY_FUZZ_FOR").ok().map(|text| {
            let span: jiff::SignedDuration =
                text.parse().unwrap_or_else(|error| panic!("DAVY_FUZZ_FOR={text}: {error}"));
            span.unsigned_abs()
        });
        let now =
            || SystemTime::now().duration_since(UNIX_EPOCH).map_or(SEED, |since| since.as_micros() as u64);
        Settings {
            runs: number("DAVY_FUZZ_RUNS"),
            span,
            seed: number("DAVY_FUZZ_SEED").unwrap_or_else(|| if span.is_some() { now() } else { SEED }),
            target: env::var("DAVY_FUZZ_TARGET").ok(),
            input: env::var_os("DAVY_FUZZ_INPUT").map(PathBuf::from),
            keep: env::var_os("DAVY_FUZZ_KEEP").is_some(),
        }
    }
}

fn number<T: FromStr>(name: &str) -> Option<T> {
    let text = env::var(name).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{name}={text}: not a number")))
}
