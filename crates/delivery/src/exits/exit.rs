//! What every kind of exit can do.

use std::time::Duration;

use async_trait::async_trait;
use davy_proto::v1;

use super::Notice;

/// What became of telling a receiver something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It has it, and said so in these words.
    Delivered(String),
    /// It may take it later: the same is told again, and nothing else before it.
    Again {
        /// Why not now.
        why: String,
        /// Not before that time has passed, where the receiver asked for some.
        after: Option<Duration>,
    },
    /// It will never take this one.
    Refused(String),
    /// It wants nothing more.
    Gone(String),
}

impl Outcome {
    /// Once more, as soon as that is decent.
    pub fn again(why: impl Into<String>) -> Outcome {
        Outcome::Again { why: why.into(), after: None }
    }
}

/// A way out of Davy to one receiver. It tells what it is given and judges the answer; what comes next, and when, is decided by
/// whoever drives it.
#[async_trait]
pub trait Exit: Send + Sync {
    /// Tells one thing, and ends within a bounded time.
    async fn deliver(&mut self, notice: &Notice) -> Outcome;

    /// Tells again what was refused. `last` is the last transition of its alarm, where that is known and wanted: a receiver that
    /// keeps how alarms stand must not be told an old state over it.
    async fn replay(&mut self, notice: &Notice, _last: Option<&v1::Alert>) -> Outcome {
        self.deliver(notice).await
    }

    /// How often the receiver is to be reminded of what stands, when it forgets by itself.
    fn reminds_every(&self) -> Option<Duration> {
        None
    }

    /// Tells how alarms stand: each by its last transition.
    async fn remind(&mut self, _standing: &[v1::Alert]) -> Outcome {
        Outcome::Delivered(String::new())
    }
}
