//! Who has logged in with a password.

use std::{collections::BTreeMap, time::Duration};

use davy_model::Timestamp;

use crate::{Accounts, Caller, Denied, Secret, TokenHash, token_hash};

/// What the token of a session begins with.
const BEGINNING: &str = "davy_s_";
/// After so long without a call a session ends (IEC 62443-4-2, CR 2.5 and 2.6).
pub(crate) const IDLE: Duration = Duration::from_secs(30 * 60);
/// A session ends after so long, whatever is done in it: a shift.
pub(crate) const WHOLE: Duration = Duration::from_secs(12 * 3600);
/// Sessions at once, and of one account.
const SESSIONS_MAX: usize = 10_000;
const OF_ONE_MAX: usize = 20;

/// Sessions, by the hashes of their tokens. Where there are too many, the one that was used longest ago ends.
#[derive(Clone, Debug, Default)]
pub struct Sessions {
    by_token: BTreeMap<TokenHash, Session>,
}

/// One session.
#[derive(Clone, Debug)]
pub struct Session {
    /// Whose.
    pub name: Box<str>,
    /// Since when.
    pub begun: Timestamp,
    /// When it was used last.
    pub used: Timestamp,
    /// The password that it was begun with: another one ends it, and so does none.
    password: TokenHash,
}

impl Session {
    /// When it ends, if nothing more is done in it.
    pub fn ends(&self) -> Timestamp {
        self.used.plus(IDLE).min(self.begun.plus(WHOLE))
    }
}

impl Sessions {
    /// Begins one for somebody whose password was right.
    ///
    /// # Errors
    /// [`Denied`] when there is no such account any more.
    pub fn begin(
        &mut self,
        accounts: &Accounts,
        name: &str,
        random: [u8; 32],
        now: Timestamp,
    ) -> Result<(Secret, Session), Denied> {
        let password = mark(accounts, name)?;
        self.by_token.retain(|_, session| now < session.ends());
        while self.by_token.values().filter(|session| *session.name == *name).count() >= OF_ONE_MAX {
            self.end_oldest(Some(name));
        }
        if self.by_token.len() >= SESSIONS_MAX {
            self.end_oldest(None);
        }
        let token = Secret::new(BEGINNING, random);
        let session = Session { name: name.into(), begun: now, used: now, password };
        self.by_token.insert(token_hash(token.reveal().as_bytes()), session.clone());
        Ok((token, session))
    }

    /// Whose a token is; the session counts as used. The account is looked up anew, so that what was taken from it since is
    /// gone at once.
    ///
    /// # Errors
    /// [`Denied`].
    pub fn caller(&mut self, accounts: &Accounts, token: &[u8], now: Timestamp) -> Result<Caller, Denied> {
        let hash = token_hash(token);
        let session = self.by_token.get_mut(&hash).ok_or(Denied::Token)?;
        let is_over = now >= session.ends();
        let is_stale = mark(accounts, &session.name).ok() != Some(session.password);
        if is_over || is_stale {
            self.by_token.remove(&hash);
            return Err(Denied::Expired);
        }
        session.used = now.max(session.used);
        let account = accounts.get(&session.name).ok_or(Denied::Token)?;
        accounts.caller(account, now)
    }

    /// Ends the session of a token; whether there was one.
    pub fn end(&mut self, token: &[u8]) -> bool {
        self.by_token.remove(&token_hash(token)).is_some()
    }

    /// The session of a token.
    pub fn get(&self, token: &[u8]) -> Option<&Session> {
        self.by_token.get(&token_hash(token))
    }

    /// Whether a text could be the token of a session.
    pub fn is_token(text: &str) -> bool {
        text.starts_with(BEGINNING)
    }

    /// How many there are, those included that ended and were not looked at since.
    pub fn len(&self) -> usize {
        self.by_token.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.by_token.is_empty()
    }

    fn end_oldest(&mut self, of: Option<&str>) {
        let theirs = self.by_token.iter().filter(|(_, session)| of.is_none_or(|name| *session.name == *name));
        let oldest = theirs.min_by_key(|(_, session)| session.used).map(|(hash, _)| *hash);
        oldest.and_then(|hash| self.by_token.remove(&hash));
    }
}

fn mark(accounts: &Accounts, name: &str) -> Result<TokenHash, Denied> {
    let account = accounts.get(name).ok_or(Denied::Password)?;
    account.password.as_ref().map(crate::PasswordHash::mark).ok_or(Denied::Password)
}
