//! What every target shares: bytes that are nearly right, the bounds they are held to, and what is told of a failure.

mod corpus;
mod dice;
mod fails;
mod gauge;
mod growth;
mod mutate;
mod pool;
mod run;
mod settings;
mod target;
mod watchdog;

pub(crate) use corpus::{strays, text};
pub(crate) use dice::Dice;
pub(crate) use fails::hush;
pub(crate) use gauge::Gauge;
pub(crate) use growth::grow;
pub(crate) use run::{Done, fuzz};
pub(crate) use settings::Settings;
pub(crate) use target::{Growth, Heap, Target};
