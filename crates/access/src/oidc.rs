//! People whom an issuer of tokens vouches for (OpenID Connect).

use std::{sync::Arc, time::Duration};

use davy_model::Timestamp;
use serde_json::Value;

use crate::{Caller, CallerKind, Denied, Grant, Keys, Tree, jws, strict_json::Members};

/// How far clocks may be apart.
const LEEWAY: Duration = Duration::from_secs(60);
/// How old a token may be, and how long it may last: a working day and a night shift behind it.
const AGE_MAX: Duration = Duration::from_secs(24 * 3600);
/// Bytes of a name or a subject at most.
const NAME_LEN_MAX: usize = 128;

/// An issuer whose tokens are believed.
#[derive(Clone, Debug)]
pub struct Issuer {
    /// What `iss` has to be, letter for letter.
    pub issuer: String,
    /// What `aud` has to be, or to hold.
    pub audience: String,
    /// Where in a token the roles are; dots lead into objects, as in `realm_access.roles`.
    pub roles_claim: String,
    /// Where the name for the record is.
    pub name_claim: String,
    /// Which value of that claim gives what.
    pub grants: Vec<(String, Grant)>,
}

/// What a token says that is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClaimError {
    /// Another issuer, or none.
    #[error("its iss is another")]
    Issuer,
    /// For somebody else, or for nobody.
    #[error("its aud is another")]
    Audience,
    /// `exp` is missing, no number, or past.
    #[error("its exp is missing or past")]
    Expired,
    /// `nbf` is no number, or to come.
    #[error("its nbf is to come")]
    NotYet,
    /// `iat` is missing, no number, to come, or too long ago.
    #[error("its iat is missing, to come, or more than 24 h ago")]
    Age,
    /// It lasts too long.
    #[error("it lasts more than 24 h")]
    Lasts,
    /// Nobody, or a name that would not read in a record as what it is.
    #[error("its sub or its name is missing or cannot be written in a record")]
    Name,
}

impl Issuer {
    /// Who a token is of.
    ///
    /// # Errors
    /// [`Denied::Jws`] when it is not the issuer's, [`Denied::Claim`] when it says the wrong thing.
    pub fn caller(
        &self,
        token: &str,
        keys: &Keys,
        tree: &Arc<Tree>,
        now: Timestamp,
    ) -> Result<Caller, Denied> {
        let claims = jws::verified(token, keys)?;
        self.check(&claims, now)?;
        let subject = name(claims.get("sub")).ok_or(ClaimError::Name)?;
        let called = match find(&claims, &self.name_claim) {
            None => subject,
            found => name(found).ok_or(ClaimError::Name)?,
        };
        let grants = self.grants_of(&claims);
        Ok(Caller::new(CallerKind::Person, called, subject, grants, Arc::clone(tree)))
    }

    fn check(&self, claims: &Members, now: Timestamp) -> Result<(), ClaimError> {
        if claims.get("iss").and_then(Value::as_str) != Some(&self.issuer) {
            return Err(ClaimError::Issuer);
        }
        let is_for_us = match claims.get("aud") {
            Some(Value::String(audience)) => *audience == self.audience,
            Some(Value::Array(all)) => {
                all.iter().all(Value::is_string) && all.iter().any(|one| one.as_str() == Some(&self.audience))
            }
            _ => false,
        };
        if !is_for_us {
            return Err(ClaimError::Audience);
        }
        let expires = time(claims, "exp").flatten().ok_or(ClaimError::Expired)?;
        if now >= expires.plus(LEEWAY) {
            return Err(ClaimError::Expired);
        }
        let from = time(claims, "nbf").ok_or(ClaimError::NotYet)?;
        if from.is_some_and(|from| now.plus(LEEWAY) < from) {
            return Err(ClaimError::NotYet);
        }
        let issued = time(claims, "iat").flatten().ok_or(ClaimError::Age)?;
        if now.plus(LEEWAY) < issued || now.since(issued) > AGE_MAX + LEEWAY {
            return Err(ClaimError::Age);
        }
        if expires.since(issued) > AGE_MAX { Err(ClaimError::Lasts) } else { Ok(()) }
    }

    fn grants_of(&self, claims: &Members) -> Vec<Grant> {
        let held: Vec<&str> = match find(claims, &self.roles_claim) {
            Some(Value::String(one)) => vec![one],
            Some(Value::Array(all)) => all.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        };
        let given = self.grants.iter().filter(|(value, _)| held.contains(&value.as_str()));
        given.map(|(_, grant)| grant.clone()).collect()
    }
}

/// A claim; by its whole name, or else step by step.
fn find<'a>(claims: &'a Members, path: &str) -> Option<&'a Value> {
    if let Some(found) = claims.get(path) {
        return Some(found);
    }
    let mut steps = path.split('.');
    let first = claims.get(steps.next()?)?;
    steps.try_fold(first, |at, step| at.get(step))
}

/// A time in seconds since 1970: `None` when the claim is no such number, `Some(None)` when it is not there.
fn time(claims: &Members, claim: &str) -> Option<Option<Timestamp>> {
    let Some(found) = claims.get(claim) else { return Some(None) };
    let seconds = found.as_f64().filter(|seconds| (0.0..1e11).contains(seconds))?;
    Some(Some(Timestamp::from_micros((seconds * 1e6) as i64)))
}

/// A text that reads in a record as what it is: no controls, nothing invisible, nothing that turns the direction of writing.
fn name(found: Option<&Value>) -> Option<&str> {
    let text = found?.as_str()?;
    let misleads = |c: char| {
        c.is_control()
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
    };
    let sound =
        !text.is_empty() && text.len() <= NAME_LEN_MAX && text.trim() == text && !text.contains(misleads);
    sound.then_some(text)
}
