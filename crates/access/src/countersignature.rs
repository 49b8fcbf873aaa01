//! A second person's word for one command.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use davy_model::Timestamp;

use crate::{Caller, Secret, TokenHash, token_hash};

/// What the token of a countersignature begins with.
const BEGINNING: &str = "davy_c_";
/// How long one is good.
const GOOD_FOR: Duration = Duration::from_secs(5 * 60);
/// How many wait to be used at most: then the oldest goes.
const WAITING_MAX: usize = 1000;

/// Countersignatures that were given and not used yet, by the hashes of their tokens.
#[derive(Clone, Debug, Default)]
pub struct Countersignatures {
    by_token: BTreeMap<TokenHash, Waiting>,
}

/// What was countersigned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Countersigned {
    /// The alarm's id.
    pub alarm: String,
    /// The occurrence that the second person saw.
    pub occurrence: u64,
    /// The command's word.
    pub command: String,
}

#[derive(Clone, Debug)]
struct Waiting {
    by: Arc<str>,
    subject: Arc<str>,
    what: Countersigned,
    given: Timestamp,
}

impl Countersignatures {
    /// Gives one; and until when it is good.
    pub fn give(
        &mut self,
        by: &Caller,
        what: Countersigned,
        random: [u8; 32],
        now: Timestamp,
    ) -> (Secret, Timestamp) {
        self.by_token.retain(|_, waiting| waiting.is_good(now));
        if self.by_token.len() >= WAITING_MAX {
            let oldest = self.by_token.iter().min_by_key(|(_, waiting)| waiting.given).map(|(hash, _)| *hash);
            oldest.and_then(|hash| self.by_token.remove(&hash));
        }
        let token = Secret::new(BEGINNING, random);
        let (by, subject) = (Arc::clone(by.name()), Arc::clone(by.subject()));
        self.by_token
            .insert(token_hash(token.reveal().as_bytes()), Waiting { by, subject, what, given: now });
        (token, now.plus(GOOD_FOR))
    }

    /// Uses one, once: the name of who gave it. `None` when it is not for that, is too old, was used, or is of whoever asks
    /// themselves, by whichever account.
    pub fn take(
        &mut self,
        token: &str,
        asks: &Caller,
        what: &Countersigned,
        now: Timestamp,
    ) -> Option<Arc<str>> {
        let hash = token_hash(token.as_bytes());
        let waiting = self.by_token.get(&hash)?;
        let fits = waiting.what == *what && waiting.is_good(now) && waiting.subject != *asks.subject();
        if !fits {
            return None;
        }
        self.by_token.remove(&hash).map(|waiting| waiting.by)
    }
}

impl Waiting {
    fn is_good(&self, now: Timestamp) -> bool {
        now < self.given.plus(GOOD_FOR)
    }
}
