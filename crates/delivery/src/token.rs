//! Where a subscriber stands: one mark a site. Opaque to clients.

use std::{collections::BTreeMap, fmt, str::FromStr, sync::Arc};

use davy_model::{Timestamp, Transition, is_name};

/// The last transition seen of each site.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Token {
    seen: BTreeMap<Arc<str>, Mark>,
}

/// A transition, as a token knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// Its number; 0 before the first.
    pub sequence: u64,
    /// When it was recorded: another journal of the site, or an older copy of it that went on, has another transition of
    /// that number. `None` when it is not known.
    pub recorded_time: Option<Timestamp>,
}

/// Not a token of ours.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a resume token: {0:?}")]
pub struct TokenError(String);

/// Layout of the text.
const PREFIX: &str = "d1.";
/// Longest text taken, bytes.
const LEN_MAX: usize = 64 * 1024;

impl Token {
    /// The last transition seen of a site; `None` when the token does not speak of it.
    pub fn seen(&self, site: &str) -> Option<Mark> {
        self.seen.get(site).copied()
    }

    /// Notes that everything of a site up to there was seen.
    pub fn see(&mut self, site: &Arc<str>, mark: impl Into<Mark>) {
        let mark = mark.into();
        match self.seen.get_mut(site) {
            Some(seen) => *seen = mark,
            None => {
                self.seen.insert(Arc::clone(site), mark);
            }
        }
    }
}

/// A number alone.
impl From<u64> for Mark {
    fn from(sequence: u64) -> Mark {
        Mark { sequence, recorded_time: None }
    }
}

impl From<&Transition> for Mark {
    fn from(transition: &Transition) -> Mark {
        Mark { sequence: transition.sequence, recorded_time: Some(transition.recorded_time) }
    }
}

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.sequence)?;
        self.recorded_time.map_or(Ok(()), |at| write!(f, "@{}", at.as_micros()))
    }
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(PREFIX)?;
        for (at, (site, mark)) in self.seen.iter().enumerate() {
            let comma = if at == 0 { "" } else { "," };
            write!(f, "{comma}{site}:{mark}")?;
        }
        Ok(())
    }
}

impl FromStr for Token {
    type Err = TokenError;

    fn from_str(text: &str) -> Result<Token, TokenError> {
        let wrong = || TokenError(text.chars().take(80).collect());
        let body = text.strip_prefix(PREFIX).filter(|_| text.len() <= LEN_MAX).ok_or_else(wrong)?;
        let mut token = Token::default();
        for part in body.split(',').filter(|_| !body.is_empty()) {
            let (site, mark) = part.split_once(':').ok_or_else(wrong)?;
            let mark = mark_of(mark).ok_or_else(wrong)?;
            if !is_name(site) || token.seen.insert(site.into(), mark).is_some() {
                return Err(wrong());
            }
        }
        Ok(token)
    }
}

fn mark_of(text: &str) -> Option<Mark> {
    let Some((sequence, at)) = text.split_once('@') else { return text.parse().ok().map(u64::into) };
    let recorded_time = Some(Timestamp::from_micros(at.parse().ok()?));
    Some(Mark { sequence: sequence.parse().ok()?, recorded_time })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recorded(sequence: u64, us: i64) -> Mark {
        Mark { sequence, recorded_time: Some(Timestamp::from_micros(us)) }
    }

    #[test]
    fn a_token_reads_back() {
        let mut token = Token::default();
        assert_eq!(token.to_string().parse(), Ok(token.clone()));
        token.see(&"park".into(), 12_u64);
        token.see(&"mine".into(), 0_u64);
        token.see(&"park".into(), recorded(13, 700));
        assert_eq!(token.to_string(), "d1.mine:0,park:13@700");
        assert_eq!(token.to_string().parse(), Ok(token.clone()));
        assert_eq!((token.seen("park"), token.seen("gas")), (Some(recorded(13, 700)), None));
    }

    #[test]
    fn what_is_not_a_token_is_refused() {
        for text in [
            "",
            "park:1",
            "d1.park",
            "d1.park:-1",
            "d1.park:1,park:2",
            "d1.a b:1",
            "d1.park:1,",
            "d2.park:1",
            "d1.park:1@",
            "d1.park:@5",
            "d1.park:1@x",
            "d1.park:1@5@6",
        ] {
            assert!(text.parse::<Token>().is_err(), "{text}");
        }
    }
}
