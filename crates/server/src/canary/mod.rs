//! The canary: an alarm that Davy raises and clears all the time through its own door, and hears as any consumer would.
//!
//! Its site, `davy-canary`, is served like any other, with a log, a writer and a journal of its own; only nobody is told of
//! it who does not ask for it by name (docs/decisions/0007-the-canary-is-a-site.md).

mod round;
mod runner;
mod site;
mod state;

pub(crate) use round::Ends;
pub(crate) use runner::run;
pub(crate) use site::{Gateway, SITE, loaded};
pub(crate) use state::{Canary, Standing};
