//! Where a subscriber stands: one sequence a site. Opaque to clients.

use std::{collections::BTreeMap, fmt, str::FromStr, sync::Arc};

use davy_model::is_name;

/// The last sequence seen of each site.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Token {
    seen: BTreeMap<Arc<str>, u64>,
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
    /// The last sequence seen of a site; `None` when the token does not speak of it.
    pub fn seen(&self, site: &str) -> Option<u64> {
        self.seen.get(site).copied()
    }

    /// Notes that everything of a site up to `sequence` was seen.
    pub fn see(&mut self, site: &Arc<str>, sequence: u64) {
        match self.seen.get_mut(site) {
            Some(seen) => *seen = sequence,
            None => {
                self.seen.insert(Arc::clone(site), sequence);
            }
        }
    }
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(PREFIX)?;
        for (place, (site, sequence)) in self.seen.iter().enumerate() {
            let comma = if place == 0 { "" } else { "," };
            write!(f, "{comma}{site}:{sequence}")?;
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
            let (site, sequence) = part.split_once(':').ok_or_else(wrong)?;
            let sequence = sequence.parse().map_err(|_| wrong())?;
            if !is_name(site) || token.seen.insert(site.into(), sequence).is_some() {
                return Err(wrong());
            }
        }
        Ok(token)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_reads_back() {
        let mut token = Token::default();
        assert_eq!(token.to_string().parse(), Ok(token.clone()));
        token.see(&"park".into(), 12);
        token.see(&"mine".into(), 0);
        token.see(&"park".into(), 13);
        assert_eq!(token.to_string(), "d1.mine:0,park:13");
        assert_eq!(token.to_string().parse(), Ok(token.clone()));
        assert_eq!((token.seen("park"), token.seen("gas")), (Some(13), None));
    }

    #[test]
    fn what_is_not_a_token_is_refused() {
        for text in
            ["", "park:1", "d1.park", "d1.park:-1", "d1.park:1,park:2", "d1.a b:1", "d1.park:1,", "d2.park:1"]
        {
            assert!(text.parse::<Token>().is_err(), "{text}");
        }
    }
}
